/* Explanations: JSON with documented keys, errors, lifetimes. */
#include "common.h"

/* The place of a number behind a key, from `json` on. */
static double number(const char **json, const char *key) {
  char mark[32];
  CHECK(snprintf(mark, sizeof mark, "\"%s\":", key) < (int)sizeof mark);
  const char *place = strstr(*json, mark);
  CHECK(place != NULL);
  *json = place + strlen(mark);
  return strtod(*json, NULL);
}

static void every_key_is_there_and_the_shares_add_up(const intent_classifier *c) {
  intent_explanation *explanation = NULL;
  OK(intent_explain(c, text_of("please play the song"), NULL, &explanation, &problem));
  CHECK(explanation != NULL);
  size_t length = 0;
  const char *json = intent_explanation_json(explanation, &length);
  CHECK(json != NULL && strlen(json) == length && json == intent_explanation_json(explanation, NULL));
  CHECK(strncmp(json, "{\"text\":\"please play the song\",\"rejected\":", 42) == 0);
  static const char *const keys[] = {"score", "reject_below", "labels", "label", "logit", "probability", "chosen",
                                     "clauses", "known", "base", "shares", "ngram", "word", "share", "others", "rest"};
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
    const char *place = json;
    number(&place, keys[i]);
  }
  CHECK(strstr(json, "{\"ngram\":\"<pla\",\"word\":\"play\",\"share\":") != NULL);
  CHECK(strstr(json, "{\"ngram\":\"song $\",\"share\":") != NULL);

  /* The first label of the only clause. */
  const char *place = strstr(json, "\"clauses\":");
  double logit = number(&place, "logit"), sum = number(&place, "base");
  const char *others = strstr(place, "\"others\":");
  for (const char *next = place; (next = strstr(next, "\"share\":")) != NULL && next < others;) {
    sum += number(&next, "share");
  }
  sum += number(&place, "others");
  sum += number(&place, "rest");
  CHECK(fabs(sum - logit) < 1e-4 * (1.0 + fabs(logit)));
  intent_explanation_free(explanation);
}

static void an_explanation_outlives_its_classifier(void) {
  intent_classifier *c = trained();
  intent_explanation *explanation = NULL;
  intent_predict_options o = INTENT_PREDICT_OPTIONS_INIT;
  o.top = 3;
  OK(intent_explain(c, text_with(NULL, 0), &o, &explanation, NULL));
  intent_free(c);
  CHECK(strstr(intent_explanation_json(explanation, NULL), "\"rejected\":true,\"score\":null,") != NULL);
  intent_explanation_free(explanation);
}

static void wrong_arguments_are_refused(const intent_classifier *c) {
  intent_explanation *none = NULL;
  size_t length = 99;
  FAILS(NULL_ARGUMENT, "`classifier`", intent_explain(NULL, text_of("hi"), NULL, &none, &problem));
  FAILS(NULL_ARGUMENT, "`text`", intent_explain(c, text_with(NULL, 2), NULL, &none, &problem));
  FAILS(NULL_ARGUMENT, "`explanation_out`", intent_explain(c, text_of("hi"), NULL, NULL, &problem));
  FAILS(INVALID_UTF8, BAD_UTF8_WORDS, intent_explain(c, BAD_UTF8, NULL, &none, &problem));
  FAILS(TEXT_TOO_LONG, "", intent_explain(c, text_with(BYTES("hi"), INTENT_MAX_TEXT_BYTES + 1), NULL, &none, &problem));
  intent_predict_options o = INTENT_PREDICT_OPTIONS_INIT;
  o.threshold = 2.0f;
  FAILS(INVALID_ARGUMENT, "`threshold` is 2", intent_explain(c, text_of("hi"), &o, &none, &problem));
  o.size = 1;
  FAILS(INVALID_ARGUMENT, "`options->size`", intent_explain(c, text_of("hi"), &o, &none, &problem));
  CHECK(intent_explain(NULL, text_with(NULL, 0), NULL, NULL, NULL) == INTENT_STATUS_NULL_ARGUMENT);
  CHECK(none == NULL);

  CHECK(intent_explanation_json(NULL, NULL) == NULL && intent_explanation_json(NULL, &length) == NULL && length == 99);
  intent_explanation_free(NULL);
}

static void a_classifier_of_feature_rows_has_no_words_to_explain(void) {
  static float rows[LINE_COUNT * INTENT_FEATURES];
  dataset d = all_lines();
  for (size_t i = 0; i < LINE_COUNT; i++) rows[i * INTENT_FEATURES + i] = 1.0f;
  intent_options *o = quick_options();
  intent_classifier *c = NULL;
  intent_explanation *none = NULL;
  OK(intent_train_features(rows_of(rows, LINE_COUNT), d.labels, d.label_counts, o, &c, &problem));
  FAILS(NO_VECTORIZER, "feature rows", intent_explain(c, text_of("hi"), NULL, &none, &problem));
  CHECK(none == NULL);
  intent_free(c);
  intent_options_free(o);
}

int main(void) {
  intent_classifier *c = trained();
  every_key_is_there_and_the_shares_add_up(c);
  wrong_arguments_are_refused(c);
  intent_free(c);
  an_explanation_outlives_its_classifier();
  a_classifier_of_feature_rows_has_no_words_to_explain();
  return 0;
}
