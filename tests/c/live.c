/* Learning, rules, requests and statistics through the C interface. */
#include "common.h"

static const char *best(const intent_classifier *c, const char *text) {
  intent_scored label;
  size_t count = 0;
  OK(intent_predict(c, text_of(text), NULL, &label, 1, &count, &problem));
  return count == 0 ? "" : intent_label(c, label.label, NULL);
}

static intent_update_report learn(const intent_classifier *c, const char *text, const char *label) {
  intent_text example = text_of(text), name = text_of(label);
  size_t one = 1;
  intent_update_report update;
  OK(intent_update(c, &example, 1, &name, &one, &update, &problem));
  return update;
}

static void corrections_and_new_labels_are_known_at_once(void) {
  intent_classifier *c = trained();
  uint32_t before = intent_label_count(c);
  const char *light = intent_label(c, 0, NULL);
  intent_update_report update = learn(c, "zebra quokka tango", "garden");
  CHECK(update.examples == 1 && update.right == 1 && update.new_labels == 1 && update.model_version == 2);
  CHECK(intent_label_count(c) == before + 1 && strcmp(best(c, "zebra quokka tango"), "garden") == 0);
  CHECK(intent_label(c, 0, NULL) == light);
  update = learn(c, "zebra quokka tango", "music");
  CHECK(update.new_labels == 0 && strcmp(best(c, "zebra quokka tango"), "music") == 0);

  /* A text of no label. */
  intent_text example = text_of("zebra quokka tango");
  size_t none = 0;
  OK(intent_update(c, &example, 1, NULL, &none, NULL, &problem));
  CHECK(strcmp(best(c, "zebra quokka tango"), "") == 0);

  OK(intent_allow_new_labels(c, false, &problem));
  intent_text stranger = text_of("stranger");
  size_t one = 1;
  FAILS(INVALID_ARGUMENT, "`stranger`", intent_update(c, &example, 1, &stranger, &one, NULL, &problem));
  FAILS(NULL_ARGUMENT, "`classifier`", intent_update(NULL, &example, 1, &stranger, &one, NULL, &problem));
  FAILS(NULL_ARGUMENT, "`texts`", intent_update(c, NULL, 1, &stranger, &one, NULL, &problem));
  intent_free(c);
}

static void labels_are_renamed_merged_and_removed(void) {
  intent_classifier *c = trained();
  learn(c, "zebra quokka tango", "garden");
  const char *garden = intent_label(c, intent_label_count(c) - 1, NULL);
  OK(intent_rename_label(c, text_of("garden"), text_of("plants"), &problem));
  CHECK(strcmp(best(c, "zebra quokka tango"), "plants") == 0);
  CHECK(strcmp(garden, "garden") == 0); /* What was handed out stays. */
  OK(intent_merge_label(c, text_of("plants"), text_of("music"), &problem));
  CHECK(strcmp(best(c, "zebra quokka tango"), "music") == 0);
  uint32_t count = intent_label_count(c);
  OK(intent_remove_label(c, text_of("music"), &problem));
  CHECK(intent_label_count(c) == count - 1 && strcmp(best(c, "zebra quokka tango"), "music") != 0);
  FAILS(INVALID_ARGUMENT, "there is no label `music`", intent_remove_label(c, text_of("music"), &problem));
  FAILS(INVALID_ARGUMENT, "merge", intent_rename_label(c, text_of("light"), text_of("timer"), &problem));
  FAILS(INVALID_ARGUMENT, "into itself", intent_merge_label(c, text_of("light"), text_of("light"), &problem));
  FAILS(NULL_ARGUMENT, "`classifier`", intent_remove_label(NULL, text_of("light"), &problem));
  intent_free(c);
}

static void a_learner_file_brings_everything_back(char **arguments) {
  dataset data = all_lines();
  intent_options *options = quick_options();
  const char *path = in_folder(arguments, "c.learner");
  OK(intent_options_set_training_state(options, text_of(path), false, &problem));
  intent_classifier *c = NULL, *again = NULL;
  OK(intent_train(data.texts, LINE_COUNT, data.labels, data.label_counts, options, &c, &problem));
  learn(c, "zebra quokka tango", "garden");
  FAILS(BAD_TRAINING_STATE, "another process or classifier", intent_load_training_state(text_of(path), false, &again, &problem));
  intent_free(c);
  OK(intent_load_training_state(text_of(path), true, &again, &problem));
  CHECK(strcmp(best(again, "zebra quokka tango"), "garden") == 0);

  size_t length = 0, same = 0;
  OK(intent_kept_examples(again, NULL, 0, &length, &problem));
  char *lines = (char *)calloc(length + 1, 1);
  CHECK(lines != NULL);
  OK(intent_kept_examples(again, (uint8_t *)lines, length, &same, &problem));
  CHECK(same == length && strstr(lines, "{\"text\":\"zebra quokka tango\",\"labels\":[\"garden\"]}\n") != NULL);
  free(lines);

  /* Anew from what is kept, and back. */
  bool done = false;
  intent_statistics stats;
  intent_retraining_options retraining = INTENT_RETRAINING_OPTIONS_INIT;
  CHECK(retraining.after == 100);
  retraining.after = 0;
  retraining.training = options;
  retraining.golden = data.texts;
  retraining.golden_count = 1;
  retraining.golden_labels = data.labels;
  FAILS(NULL_ARGUMENT, "`label_counts`", intent_set_retraining(again, &retraining, &problem));
  retraining.golden_label_counts = data.label_counts;
  OK(intent_set_retraining(again, &retraining, &problem));
  OK(intent_retrain(again, &problem));
  OK(intent_wait_for_retraining(again, 300.0, &done, &problem));
  OK(intent_stats(again, &stats, &problem));
  CHECK(done && !stats.retraining && stats.retrained + stats.retrainings_refused == 1);
  if (stats.retrained == 1) {
    OK(intent_roll_back(again, &problem));
  }
  FAILS(INVALID_ARGUMENT, "no model from before", intent_roll_back(again, &problem));
  FAILS(INVALID_ARGUMENT, "`seconds`", intent_wait_for_retraining(again, -1.0, &done, &problem));
  FAILS(INVALID_ARGUMENT, "`seconds` is NaN", intent_wait_for_retraining(again, NAN, &done, &problem));
  OK(intent_wait_for_retraining(again, INFINITY, &done, &problem));

  OK(intent_forget_examples(again, &problem));
  OK(intent_kept_examples(again, NULL, 0, &length, &problem));
  CHECK(length == 0);
  FAILS(INVALID_ARGUMENT, "are not kept", intent_retrain(again, &problem));
  const char *other = in_folder(arguments, "other.learner");
  OK(intent_save_training_state(again, text_of(other), false, &problem));
  intent_free(again);
  FAILS(IO, "none.learner", intent_load_training_state(text_of(in_folder(arguments, "none.learner")), false, &again, &problem));
  write_file(in_folder(arguments, "bad.learner"), "nonsense", 8);
  FAILS(BAD_TRAINING_STATE, "not an IntentKit training-state",
        intent_load_training_state(text_of(in_folder(arguments, "bad.learner")), false, &again, &problem));
  intent_options_free(options);
}

static void rules_alone_make_a_classifier(void) {
  intent_classifier *c = NULL;
  OK(intent_from_rules(text_of("[{\"label\": \"vision\", \"keywords\": [\"my screen\"], \"phrases\": [\"what is this\"]}]"), &c, &problem));
  intent_scored label;
  intent_decision decision;
  OK(intent_predict_detailed(c, text_of("Look at MY screen!"), NULL, &label, 1, &decision, &problem));
  CHECK(decision.count == 1 && decision.source == INTENT_SOURCE_RULE && decision.model_version == 1);
  CHECK(strcmp(intent_label(c, label.label, NULL), "vision") == 0 && fabsf(label.probability - 0.85f) < 1e-6f);
  OK(intent_predict_detailed(c, text_of("something else"), NULL, &label, 1, &decision, &problem));
  CHECK(decision.count == 0 && decision.source == INTENT_SOURCE_NETWORK);
  learn(c, "describe the picture", "vision");
  OK(intent_predict_detailed(c, text_of("describe the picture"), NULL, &label, 1, &decision, &problem));
  CHECK(decision.count == 1 && decision.source == INTENT_SOURCE_NETWORK && decision.model_version == 2);
  OK(intent_set_rules(c, text_of("[]"), &problem));
  OK(intent_predict_detailed(c, text_of("my screen"), NULL, &label, 1, &decision, &problem));
  CHECK(decision.source == INTENT_SOURCE_NETWORK && decision.model_version == 3);
  FAILS(INVALID_ARGUMENT, "rule 0", intent_set_rules(c, text_of("[{\"label\": \"x\"}]"), &problem));
  FAILS(INVALID_ARGUMENT, "expected rules such as", intent_set_rules(c, text_of("nonsense"), &problem));
  FAILS(INVALID_UTF8, BAD_UTF8_WORDS, intent_set_rules(c, BAD_UTF8, &problem));
  FAILS(NULL_ARGUMENT, "`decision_out`", intent_predict_detailed(c, text_of("x"), NULL, &label, 1, NULL, &problem));
  CHECK(intent_model_version(c) == 3 && intent_model_version(NULL) == 0);
  intent_classifier *other = trained();
  OK(intent_replace(c, other, &problem));
  intent_free(other);
  CHECK(intent_model_version(c) == 4 && strcmp(best(c, "play some jazz"), "music") == 0);
  FAILS(INVALID_ARGUMENT, "replace itself", intent_replace(c, c, &problem));
  FAILS(NULL_ARGUMENT, "`with`", intent_replace(c, NULL, &problem));
  intent_free(c);
  FAILS(INVALID_ARGUMENT, "no rules", intent_from_rules(text_of("[]"), &c, &problem));
}

static void statistics_can_be_read_in_three_ways(void) {
  intent_classifier *c = trained();
  for (int i = 0; i < 100; i++) {
    best(c, i < 60 ? "play some jazz" : "");
  }
  intent_statistics stats;
  OK(intent_stats(c, &stats, &problem));
  CHECK(stats.predictions == 100 && stats.rejected == 40 && stats.model_version == 1 && stats.accelerated == 0);
  CHECK(stats.latency.p50_us > 0.0 && stats.latency.p50_us <= stats.latency.max_us && stats.mean_confidence > 0.3);
  for (int open_metrics = 0; open_metrics < 2; open_metrics++) {
    static char text[65536];
    size_t length = 0;
    if (open_metrics) {
      OK(intent_stats_openmetrics(c, (uint8_t *)text, sizeof text - 1, &length, &problem));
    } else {
      OK(intent_stats_json(c, (uint8_t *)text, sizeof text - 1, &length, &problem));
    }
    CHECK(length < sizeof text);
    text[length] = '\0';
    CHECK(strstr(text, open_metrics ? "intentkit_prediction_seconds_count 100\n" : "\"predictions\":100,") != NULL);
  }
  OK(intent_set_stats(c, false, &problem));
  best(c, "play some jazz");
  OK(intent_stats(c, &stats, &problem));
  CHECK(stats.predictions == 100);
  FAILS(NULL_ARGUMENT, "`stats_out`", intent_stats(c, NULL, &problem));
  FAILS(NULL_ARGUMENT, "`length_out`", intent_stats_json(c, NULL, 0, NULL, &problem));
  intent_free(c);
}

int main(int count, char **arguments) {
  CHECK(count > 1);
  corrections_and_new_labels_are_known_at_once();
  labels_are_renamed_merged_and_removed();
  a_learner_file_brings_everything_back(arguments);
  rules_alone_make_a_classifier();
  statistics_can_be_read_in_three_ways();
  return 0;
}
