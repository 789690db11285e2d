/* The two halves of predicting, and training on feature rows. */
#include "common.h"

static void the_halves_make_the_whole(const intent_classifier *c) {
  static float rows[INTENT_MAX_CLAUSES * INTENT_FEATURES];
  float features[INTENT_FEATURES];
  for (size_t i = 0; i < LINE_COUNT; i++) {
    intent_scored whole[3], halves[3];
    size_t count, other, row_count;
    intent_predict_options all = INTENT_PREDICT_OPTIONS_INIT;
    all.top = 3;
    OK(intent_vectorize_rows(c, text_of(LINES[i].text), rows, INTENT_MAX_CLAUSES, &row_count, &problem));
    OK(intent_predict(c, text_of(LINES[i].text), &all, whole, 3, &count, &problem));
    OK(intent_predict_features(c, rows_of(rows, row_count), &all, halves, 3, &other, &problem));
    CHECK(count == other && memcmp(whole, halves, count * sizeof whole[0]) == 0);
    OK(intent_vectorize(c, text_of(LINES[i].text), features, &problem));
    CHECK(row_count == 1 && memcmp(rows, features, sizeof features) == 0);
    double square = 0.0;
    for (size_t j = 0; j < INTENT_FEATURES; j++) square += (double)features[j] * features[j];
    CHECK(fabs(square - 1.0) < 1e-5);
  }
  size_t count = 99;
  OK(intent_vectorize(c, text_with(NULL, 0), features, &problem));
  for (size_t j = 0; j < INTENT_FEATURES; j++) CHECK(features[j] == 0.0f);
  OK(intent_vectorize_rows(c, text_with(NULL, 0), NULL, 0, &count, &problem));
  CHECK(count == 0);
  OK(intent_predict_features(c, rows_of(features, 1), NULL, NULL, 0, &count, &problem));
  CHECK(count == 0);
  OK(intent_predict_features(c, rows_of(NULL, 0), NULL, NULL, 0, &count, &problem));
  CHECK(count == 0);
}

/* A classifier that was told to cut at `and` reads each clause by itself. */
static void clauses_are_rows(void) {
  dataset d = all_lines();
  intent_options *o = quick_options();
  intent_text joiner = text_of("and");
  OK(intent_options_set_clause_separators(o, &joiner, 1, &problem));
  intent_classifier *c = NULL;
  OK(intent_train(d.texts, LINE_COUNT, d.labels, d.label_counts, o, &c, &problem));
  static float rows[3 * INTENT_FEATURES];
  float alone[INTENT_FEATURES];
  size_t count = 99;
  OK(intent_vectorize_rows(c, text_of("play jazz and, and turn on the lamp"), rows, 3, &count, &problem));
  CHECK(count == 2);
  OK(intent_vectorize(c, text_of("turn on the lamp"), alone, &problem));
  CHECK(memcmp(rows + INTENT_FEATURES, alone, sizeof alone) == 0);
  OK(intent_vectorize_rows(c, text_of("play jazz and turn on the lamp"), NULL, 0, &count, &problem));
  CHECK(count == 2);
  intent_free(c);
  intent_options_free(o);
}

static void wrong_arguments_are_refused(const intent_classifier *c) {
  float features[INTENT_FEATURES] = {42.0f};
  intent_scored best[1] = {{9, 9.0f}};
  size_t count = 99;
  FAILS(NULL_ARGUMENT, "`classifier`", intent_vectorize(NULL, text_of("hi"), features, &problem));
  FAILS(NULL_ARGUMENT, "`text`", intent_vectorize(c, text_with(NULL, 2), features, &problem));
  FAILS(NULL_ARGUMENT, "`features_out`", intent_vectorize(c, text_of("hi"), NULL, &problem));
  FAILS(INVALID_UTF8, BAD_UTF8_WORDS, intent_vectorize(c, BAD_UTF8, features, &problem));
  FAILS(TEXT_TOO_LONG, "", intent_vectorize(c, text_with(BYTES("hi"), INTENT_MAX_TEXT_BYTES + 1), features, &problem));
  FAILS(NULL_ARGUMENT, "`classifier`", intent_vectorize_rows(NULL, text_of("hi"), features, 1, &count, &problem));
  FAILS(NULL_ARGUMENT, "`text`", intent_vectorize_rows(c, text_with(NULL, 2), features, 1, &count, &problem));
  FAILS(NULL_ARGUMENT, "`rows_out`", intent_vectorize_rows(c, text_of("hi"), NULL, 1, &count, &problem));
  FAILS(NULL_ARGUMENT, "`count_out`", intent_vectorize_rows(c, text_of("hi"), features, 1, NULL, &problem));
  FAILS(INVALID_UTF8, BAD_UTF8_WORDS, intent_vectorize_rows(c, BAD_UTF8, features, 1, &count, &problem));
  CHECK(features[0] == 42.0f && count == 99);

  FAILS(NULL_ARGUMENT, "`classifier`", intent_predict_features(NULL, rows_of(features, 1), NULL, best, 1, &count, &problem));
  FAILS(NULL_ARGUMENT, "`rows`", intent_predict_features(c, rows_of(NULL, 1), NULL, best, 1, &count, &problem));
  FAILS(INVALID_ARGUMENT, "`rows` has length",
        intent_predict_features(c, rows_of(features, SIZE_MAX / 8), NULL, best, 1, &count, &problem));
  FAILS(NULL_ARGUMENT, "`labels_out`", intent_predict_features(c, rows_of(features, 1), NULL, NULL, 1, &count, &problem));
  FAILS(NULL_ARGUMENT, "`count_out`", intent_predict_features(c, rows_of(features, 1), NULL, best, 1, NULL, &problem));
  intent_predict_options o = INTENT_PREDICT_OPTIONS_INIT;
  o.acceptance_rate = 2.0f;
  FAILS(INVALID_ARGUMENT, "`keep` is 2", intent_predict_features(c, rows_of(features, 1), &o, best, 1, &count, &problem));
  o.size = 1;
  FAILS(INVALID_ARGUMENT, "`options->size`", intent_predict_features(c, rows_of(features, 1), &o, best, 1, &count, &problem));
  features[7] = (float)INFINITY;
  FAILS(INVALID_ARGUMENT, "inf at index 7", intent_predict_features(c, rows_of(features, 1), NULL, best, 1, &count, &problem));
  CHECK(count == 99 && best[0].label == 9);
}

static void rows_can_be_trained_on(const intent_classifier *reader) {
  static float rows[LINE_COUNT * INTENT_FEATURES];
  dataset d = all_lines();
  for (size_t i = 0; i < LINE_COUNT; i++) {
    OK(intent_vectorize(reader, text_of(LINES[i].text), rows + i * INTENT_FEATURES, &problem));
  }
  intent_options *o = quick_options();
  intent_classifier *c = NULL;
  OK(intent_train_features(rows_of(rows, LINE_COUNT), d.labels, d.label_counts, o, &c, &problem));

  size_t right = 0;
  for (size_t i = 0; i < LINE_COUNT; i++) {
    intent_scored best[1];
    size_t count;
    OK(intent_predict_features(c, rows_of(rows + i * INTENT_FEATURES, 1), NULL, best, 1, &count, &problem));
    right += LINES[i].labels[0] != NULL && count > 0 &&
             (strcmp(intent_label(c, best[0].label, NULL), LINES[i].labels[0]) == 0 ||
              (LINES[i].labels[1] != NULL && strcmp(intent_label(c, best[0].label, NULL), LINES[i].labels[1]) == 0));
  }
  CHECK(right >= 26); /* of 34 */

  /* Such a classifier can't read texts. */
  float features[INTENT_FEATURES];
  intent_text text = text_of("play jazz");
  size_t count = 99;
  FAILS(NO_VECTORIZER, "feature rows", intent_predict(c, text_of("play jazz"), NULL, NULL, 0, &count, &problem));
  FAILS(NO_VECTORIZER, "feature rows", predict_batch(c, &text, 1, NULL, NULL, 0, &count, &problem));
  FAILS(NO_VECTORIZER, "feature rows", intent_vectorize(c, text_of("play jazz"), features, &problem));
  CHECK(count == 99);
  intent_free(c);

  intent_classifier *none = NULL;
  FAILS(UNTRAINABLE, "no examples", intent_train_features(rows_of(NULL, 0), NULL, NULL, o, &none, &problem));
  FAILS(NULL_ARGUMENT, "`rows`", intent_train_features(rows_of(NULL, LINE_COUNT), d.labels, d.label_counts, o, &none, &problem));
  FAILS(NULL_ARGUMENT, "`labels`", intent_train_features(rows_of(rows, LINE_COUNT), NULL, d.label_counts, o, &none, &problem));
  FAILS(NULL_ARGUMENT, "`label_counts`", intent_train_features(rows_of(rows, LINE_COUNT), d.labels, NULL, o, &none, &problem));
  FAILS(NULL_ARGUMENT, "`classifier_out`",
        intent_train_features(rows_of(rows, LINE_COUNT), d.labels, d.label_counts, o, NULL, &problem));
  FAILS(INVALID_ARGUMENT, "`rows` has length",
        intent_train_features(rows_of(rows, SIZE_MAX / 1024), d.labels, d.label_counts, o, &none, &problem));
  d.labels[4].bytes = BYTES("\xc3");
  d.labels[4].length = 1;
  FAILS(INVALID_UTF8, "`labels[4]`",
        intent_train_features(rows_of(rows, LINE_COUNT), d.labels, d.label_counts, o, &none, &problem));
  d = all_lines();
  rows[2 * INTENT_FEATURES + 5] = (float)NAN;
  FAILS(INVALID_ARGUMENT, "row 2 holds NaN at index 5",
        intent_train_features(rows_of(rows, LINE_COUNT), d.labels, d.label_counts, o, &none, &problem));
  rows[2 * INTENT_FEATURES + 5] = 0.0f;
  CHECK(none == NULL);
  intent_options_free(o);
}

int main(void) {
  intent_classifier *c = trained();
  the_halves_make_the_whole(c);
  clauses_are_rows();
  wrong_arguments_are_refused(c);
  rows_can_be_trained_on(c);
  intent_free(c);
  return 0;
}
