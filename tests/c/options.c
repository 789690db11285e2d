/* Options: every setter takes what is in range and refuses the rest by name. */
#include "common.h"

static bool go_on(const intent_progress *now, void *context) {
  (void)now;
  (void)context;
  return true;
}

int main(void) {
  intent_options *o = intent_options_new();
  CHECK(o != NULL);

  OK(intent_options_set_preset(o, INTENT_PRESET_AUTO, &problem));
  OK(intent_options_set_preset(o, INTENT_PRESET_MULTI, &problem));
  OK(intent_options_set_epochs(o, 2, &problem));
  OK(intent_options_set_seed(o, UINT64_MAX, &problem));
  OK(intent_options_set_threads(o, 1, &problem));
  OK(intent_options_set_acceptance_rate(o, 0.9, &problem));
  OK(intent_options_set_cost(o, 0.3f, 0.1f, &problem));
  OK(intent_options_set_learning_rate(o, 0.001f, &problem));
  OK(intent_options_set_batch(o, 8, &problem));
  OK(intent_options_set_feature_dropout(o, 0.2f, &problem));
  OK(intent_options_set_synthetic_negatives(o, 0.0f, &problem));
  OK(intent_options_set_valid_file(o, text_of("somewhere.jsonl"), INTENT_FORMAT_BY_EXTENSION, &problem));
  OK(intent_options_set_valid_file(o, text_with(NULL, 0), INTENT_FORMAT_CSV, &problem));
  intent_text separators[2] = {text_of("And"), text_of(",")};
  OK(intent_options_set_clause_separators(o, separators, 2, &problem));
  OK(intent_options_set_clause_separators(o, NULL, 0, &problem));
  OK(intent_options_set_label_names(o, false, &problem));
  OK(intent_options_set_description(o, text_of("timer"), text_of("count down some minutes"), &problem));
  intent_text words[2] = {text_of("lamp"), text_of("song")};
  const float vectors[6] = {1.0f, 0.5f, 0.0f, 0.0f, 0.5f, -1.0f};
  OK(intent_options_set_lexicon(o, words, 2, vectors, 3, &problem));
  OK(intent_options_set_lexicon(o, NULL, 0, NULL, 0, &problem));
  OK(intent_options_set_lexicon_file(o, text_with(NULL, 0), &problem));
  OK(intent_options_set_progress(o, go_on, NULL, &problem));
  OK(intent_options_set_progress(o, NULL, NULL, &problem));

  FAILS(INVALID_ARGUMENT, "`preset` is 4", intent_options_set_preset(o, 4, &problem));
  FAILS(INVALID_ARGUMENT, "`preset` is 4294967295", intent_options_set_preset(o, UINT32_MAX, &problem));
  FAILS(INVALID_ARGUMENT, "`epochs` is 0", intent_options_set_epochs(o, 0, &problem));
  FAILS(INVALID_ARGUMENT, "`threads` is 1025", intent_options_set_threads(o, 1025, &problem));
  FAILS(INVALID_ARGUMENT, "`keep` is 0", intent_options_set_acceptance_rate(o, 0.0, &problem));
  FAILS(INVALID_ARGUMENT, "`keep` is NaN", intent_options_set_acceptance_rate(o, (double)NAN, &problem));
  FAILS(INVALID_ARGUMENT, "`ask_back` is 1.5", intent_options_set_cost(o, 1.5f, 0.1f, &problem));
  FAILS(INVALID_ARGUMENT, "`ask_back` is NaN", intent_options_set_cost(o, (float)NAN, 0.1f, &problem));
  FAILS(INVALID_ARGUMENT, "`foreign` is -1", intent_options_set_cost(o, 0.5f, -1.0f, &problem));
  FAILS(INVALID_ARGUMENT, "`learning_rate` is -1", intent_options_set_learning_rate(o, -1.0f, &problem));
  FAILS(INVALID_ARGUMENT, "`batch` is 0", intent_options_set_batch(o, 0, &problem));
  FAILS(INVALID_ARGUMENT, "`feature_dropout` is 1", intent_options_set_feature_dropout(o, 1.0f, &problem));
  FAILS(INVALID_ARGUMENT, "`outliers` is -0.5", intent_options_set_synthetic_negatives(o, -0.5f, &problem));
  FAILS(INVALID_ARGUMENT, "`format` is 9", intent_options_set_valid_file(o, text_of("a.csv"), 9, &problem));
  FAILS(INVALID_ARGUMENT, "`path` is empty", intent_options_set_valid_file(o, text_of(""), 0, &problem));
  FAILS(NULL_ARGUMENT, "`path` is NULL", intent_options_set_valid_file(o, text_with(NULL, 3), 0, &problem));
  FAILS(INVALID_UTF8, BAD_UTF8_WORDS, intent_options_set_valid_file(o, BAD_UTF8, 0, &problem));

  separators[1] = text_of("and then");
  FAILS(INVALID_ARGUMENT, "clause separator `and then`", intent_options_set_clause_separators(o, separators, 2, &problem));
  FAILS(NULL_ARGUMENT, "`separators`", intent_options_set_clause_separators(o, NULL, 2, &problem));
  separators[1].bytes = BYTES("\xc3");
  separators[1].length = 1;
  FAILS(INVALID_UTF8, "`separators[1]`", intent_options_set_clause_separators(o, separators, 2, &problem));
  FAILS(NULL_ARGUMENT, "`options`", intent_options_set_clause_separators(NULL, separators, 1, &problem));
  FAILS(NULL_ARGUMENT, "`options`", intent_options_set_lexicon(NULL, words, 2, vectors, 3, &problem));
  FAILS(NULL_ARGUMENT, "`words`", intent_options_set_lexicon(o, NULL, 2, vectors, 3, &problem));
  FAILS(NULL_ARGUMENT, "`vectors`", intent_options_set_lexicon(o, words, 2, NULL, 3, &problem));
  FAILS(INVALID_ARGUMENT, "1 numbers each", intent_options_set_lexicon(o, words, 2, vectors, 1, &problem));
  FAILS(INVALID_ARGUMENT, "more than memory", intent_options_set_lexicon(o, words, 2, vectors, SIZE_MAX, &problem));
  const float not_numbers[4] = {1.0f, 0.0f, 0.0f, NAN};
  FAILS(INVALID_ARGUMENT, "word 1 of the lexicon", intent_options_set_lexicon(o, words, 2, not_numbers, 2, &problem));
  words[1].bytes = BYTES("\xc3");
  words[1].length = 1;
  FAILS(INVALID_UTF8, "`words[1]`", intent_options_set_lexicon(o, words, 2, vectors, 3, &problem));
  FAILS(IO, "no such file.vec", intent_options_set_lexicon_file(o, text_of("no such file.vec"), &problem));
  FAILS(NULL_ARGUMENT, "`path` is NULL", intent_options_set_lexicon_file(o, text_with(NULL, 3), &problem));
  FAILS(NULL_ARGUMENT, "`options`", intent_options_set_lexicon_file(NULL, text_of("a.vec"), &problem));
  FAILS(NULL_ARGUMENT, "`options`", intent_options_set_label_names(NULL, true, &problem));
  FAILS(NULL_ARGUMENT, "`options`", intent_options_set_description(NULL, text_of("a"), text_of("b"), &problem));
  FAILS(NULL_ARGUMENT, "`label`", intent_options_set_description(o, NULL_TEXT, text_of("b"), &problem));
  FAILS(NULL_ARGUMENT, "`description`", intent_options_set_description(o, text_of("a"), NULL_TEXT, &problem));
  FAILS(INVALID_UTF8, BAD_UTF8_WORDS, intent_options_set_description(o, BAD_UTF8, text_of("b"), &problem));
  FAILS(INVALID_UTF8, BAD_UTF8_WORDS, intent_options_set_description(o, text_of("a"), BAD_UTF8, &problem));
  FAILS(NULL_ARGUMENT, "`options`", intent_options_set_preset(NULL, 0, &problem));
  FAILS(NULL_ARGUMENT, "`options`", intent_options_set_epochs(NULL, 1, &problem));
  FAILS(NULL_ARGUMENT, "`options`", intent_options_set_seed(NULL, 1, &problem));
  FAILS(NULL_ARGUMENT, "`options`", intent_options_set_threads(NULL, 1, &problem));
  FAILS(NULL_ARGUMENT, "`options`", intent_options_set_acceptance_rate(NULL, 0.5, &problem));
  FAILS(NULL_ARGUMENT, "`options`", intent_options_set_cost(NULL, 0.5f, 0.1f, &problem));
  FAILS(NULL_ARGUMENT, "`options`", intent_options_set_learning_rate(NULL, 0.1f, &problem));
  FAILS(NULL_ARGUMENT, "`options`", intent_options_set_batch(NULL, 1, &problem));
  FAILS(NULL_ARGUMENT, "`options`", intent_options_set_feature_dropout(NULL, 0.1f, &problem));
  FAILS(NULL_ARGUMENT, "`options`", intent_options_set_synthetic_negatives(NULL, 0.1f, &problem));
  FAILS(NULL_ARGUMENT, "`options`", intent_options_set_valid_file(NULL, text_of("a.csv"), 0, &problem));
  FAILS(NULL_ARGUMENT, "`options`", intent_options_set_progress(NULL, go_on, NULL, &problem));

  /* A cost and a share of the caller's are a contradiction, which is found when training starts. */
  dataset data = all_lines();
  intent_classifier *none = NULL;
  FAILS(INVALID_ARGUMENT, "`keep` and `cost`",
        intent_train(data.texts, LINE_COUNT, data.labels, data.label_counts, o, &none, &problem));
  OK(intent_options_set_acceptance_rate(o, 0.95, &problem));

  /* What was refused was not set: these options still train. One object serves several trainings. */
  for (int i = 0; i < 2; i++) {
    intent_classifier *classifier = NULL;
    OK(intent_train(data.texts, LINE_COUNT, data.labels, data.label_counts, o, &classifier, &problem));
    intent_free(classifier);
  }

  /* So are other contradictions. */
  OK(intent_options_set_preset(o, INTENT_PRESET_REFERENCE, &problem));
  FAILS(INVALID_ARGUMENT, "at their defaults",
        intent_train(data.texts, LINE_COUNT, data.labels, data.label_counts, o, &none, &problem));
  OK(intent_options_set_preset(o, INTENT_PRESET_SINGLE, &problem));
  FAILS(INVALID_ARGUMENT, "several labels",
        intent_train(data.texts, LINE_COUNT, data.labels, data.label_counts, o, &none, &problem));
  CHECK(none == NULL);
  intent_options_free(o);
  return 0;
}
