/* Training: progress and stopping, files, warnings, and everything that can be wrong with its arguments. */
#include "common.h"

typedef struct watcher {
  size_t calls;
  size_t last_epoch;
  size_t stop_after;
  bool sound;
} watcher;

static bool watch(const intent_progress *now, void *context) {
  watcher *w = (watcher *)context;
  w->calls++;
  w->sound = w->sound && now->epoch == w->last_epoch + 1 && now->epoch <= now->epochs && now->loss > 0.0 &&
             now->seconds_left >= 0.0 && (now->phase == INTENT_PHASE_HELDOUT || now->phase == INTENT_PHASE_FINAL) &&
             (now->phase == INTENT_PHASE_HELDOUT || isnan(now->heldout_score));
  w->last_epoch = now->epoch;
  return w->calls != w->stop_after;
}

static void progress_is_reported_and_can_stop(void) {
  dataset d = all_lines();
  intent_options *o = quick_options();
  intent_classifier *c = NULL;
  watcher w = {0, 0, 0, true};
  OK(intent_options_set_epochs(o, 2, &problem));
  OK(intent_options_set_progress(o, watch, &w, &problem));
  OK(intent_train(d.texts, LINE_COUNT, d.labels, d.label_counts, o, &c, &problem));
  /* So few lines are held out in several runs, of two epochs each as the final one. */
  CHECK(w.calls >= 4 && w.calls % 2 == 0 && w.sound);
  CHECK(intent_heldout_accuracy(c) >= 0.0 && intent_heldout_accuracy(c) <= 1.0);
  CHECK(intent_familiar_accuracy(c) >= 0.0 && intent_familiar_accuracy(c) <= 1.0);
  CHECK(intent_heldout_answered(c) >= 0.0 && intent_heldout_answered(c) <= 1.0);
  CHECK(intent_heldout_count(c) >= 10 && intent_heldout_count(c) <= LINE_COUNT);
  intent_free(c);

  watcher stopping = {0, 0, 3, true};
  intent_classifier *none = NULL;
  OK(intent_options_set_progress(o, watch, &stopping, &problem));
  FAILS(STOPPED, "stopped", intent_train(d.texts, LINE_COUNT, d.labels, d.label_counts, o, &none, &problem));
  CHECK(none == NULL && stopping.calls == 3);
  intent_options_free(o);
}

/* Writes the lines as JSON Lines; none of them needs escaping. */
static void write_lines(const char *path) {
  FILE *file = fopen(path, "wb");
  CHECK(file != NULL);
  for (size_t i = 0; i < LINE_COUNT; i++) {
    const line *l = &LINES[i];
    fprintf(file, "{\"text\": \"%s\", \"labels\": [", l->text);
    for (size_t j = 0; j < 2 && l->labels[j] != NULL; j++) {
      fprintf(file, "%s\"%s\"", j > 0 ? ", " : "", l->labels[j]);
    }
    fputs("]}\n", file);
  }
  CHECK(fclose(file) == 0);
}

static uint8_t *saved(const intent_classifier *c, char **arguments, size_t *length) {
  const char *path = in_folder(arguments, "saved.intent");
  OK(intent_save(c, text_of(path), &problem));
  return read_whole_file(path, length);
}

static void a_file_trains_the_same_model_as_arrays(char **arguments) {
  intent_options *o = quick_options();
  intent_classifier *from_arrays = trained(), *from_file = NULL, *watched = NULL;
  write_lines(in_folder(arguments, "lines.jsonl"));
  OK(intent_train_file(text_of(in_folder(arguments, "lines.jsonl")), INTENT_FORMAT_BY_EXTENSION, o, &from_file, &problem));
  size_t length, other;
  uint8_t *bytes = saved(from_arrays, arguments, &length), *others = saved(from_file, arguments, &other);
  CHECK(length == other && memcmp(bytes, others, length) == 0);
  free(bytes);
  free(others);
  intent_free(from_arrays);
  intent_free(from_file);

  /* A validation file takes the place of held-out lines. */
  dataset d = all_lines();
  OK(intent_options_set_epochs(o, 1, &problem));
  OK(intent_options_set_valid_file(o, text_of(in_folder(arguments, "lines.jsonl")), INTENT_FORMAT_JSON_LINES, &problem));
  OK(intent_train(d.texts, LINE_COUNT, d.labels, d.label_counts, o, &watched, &problem));
  CHECK(!isnan(intent_heldout_accuracy(watched)) && isnan(intent_familiar_accuracy(watched)));
  CHECK(intent_heldout_count(watched) == 34); /* those with labels */
  intent_free(watched);

  intent_classifier *none = NULL;
  OK(intent_options_set_valid_file(o, text_of("/nowhere/valid.csv"), INTENT_FORMAT_BY_EXTENSION, &problem));
  FAILS(IO, "/nowhere/valid.csv",
        intent_train(d.texts, LINE_COUNT, d.labels, d.label_counts, o, &none, &problem));
  intent_options_free(o);
}

static void vectors_of_the_hosts_go_into_the_model(char **arguments) {
  dataset d = all_lines();
  intent_options *o = quick_options();
  intent_classifier *without = NULL, *with = NULL, *from_file = NULL;
  intent_text words[3] = {text_of("lights"), text_of("lantern"), text_of("weather")};
  const float vectors[6] = {1.0f, 0.5f, 1.0f, 0.25f, -1.0f, 0.5f};
  OK(intent_train(d.texts, LINE_COUNT, d.labels, d.label_counts, o, &without, &problem));
  OK(intent_options_set_lexicon(o, words, 3, vectors, 2, &problem));
  OK(intent_train(d.texts, LINE_COUNT, d.labels, d.label_counts, o, &with, &problem));
  const char *path = in_folder(arguments, "words.vec");
  static const char lines[] = "3 2\nlights 1 0.5\nlantern 1 0.25\nweather -1 0.5\n";
  write_file(path, lines, strlen(lines));
  OK(intent_options_set_lexicon_file(o, text_of(path), &problem));
  OK(intent_train(d.texts, LINE_COUNT, d.labels, d.label_counts, o, &from_file, &problem));

  size_t length, same, shorter;
  uint8_t *bytes = saved(with, arguments, &length), *others = saved(from_file, arguments, &same);
  uint8_t *plain = saved(without, arguments, &shorter);
  CHECK(length == same && memcmp(bytes, others, length) == 0);
  CHECK(shorter < length);
  free(bytes);
  free(others);
  free(plain);

  path = in_folder(arguments, "short.vec");
  write_file(path, "a 1 2\nb 1\n", 10);
  FAILS(BAD_DATA, "line 2", intent_options_set_lexicon_file(o, text_of(path), &problem));
  intent_free(without);
  intent_free(with);
  intent_free(from_file);
  intent_options_free(o);
}

static void what_is_wrong_with_a_file_is_told(char **arguments) {
  intent_classifier *none = NULL;
  const char *path = in_folder(arguments, "bad.jsonl");
  static const char lines[] = "{\"text\": \"a\", \"labels\": [\"b\"]}\n{\"text\": \n";
  write_file(path, lines, strlen(lines));
  FAILS(BAD_DATA, "line 2", intent_train_file(text_of(path), INTENT_FORMAT_BY_EXTENSION, NULL, &none, &problem));
  FAILS(BAD_DATA, "line 1", intent_train_file(text_of(path), INTENT_FORMAT_CSV, NULL, &none, &problem));
  path = in_folder(arguments, "empty.txt");
  write_file(path, "", 0);
  FAILS(UNTRAINABLE, "no examples", intent_train_file(text_of(path), INTENT_FORMAT_FASTTEXT, NULL, &none, &problem));
  FAILS(IO, "/nowhere/a.csv", intent_train_file(text_of("/nowhere/a.csv"), 0, NULL, &none, &problem));
  FAILS(INVALID_ARGUMENT, "the format is unknown", intent_train_file(text_of("a.exe"), 0, NULL, &none, &problem));
  FAILS(INVALID_ARGUMENT, "`format` is 4", intent_train_file(text_of("a.csv"), 4, NULL, &none, &problem));
  FAILS(INVALID_ARGUMENT, "`path` is empty", intent_train_file(text_of(""), 0, NULL, &none, &problem));
  FAILS(NULL_ARGUMENT, "`path`", intent_train_file(text_with(NULL, 0), 0, NULL, &none, &problem));
  FAILS(NULL_ARGUMENT, "`path`", intent_train_file(text_with(NULL, 5), 0, NULL, &none, &problem));
  FAILS(INVALID_UTF8, BAD_UTF8_WORDS, intent_train_file(BAD_UTF8, 0, NULL, &none, &problem));
  FAILS(NULL_ARGUMENT, "`classifier_out`", intent_train_file(text_of("a.csv"), 0, NULL, NULL, &problem));
  CHECK(none == NULL);
}

static void what_is_wrong_with_arrays_is_told(void) {
  dataset d = all_lines();
  intent_classifier *none = NULL;
  intent_text bad = {BYTES("ok\xff"), 3};
  intent_text missing = {NULL, 4};
  static uint8_t endless[INTENT_MAX_TEXT_BYTES + 1];

  FAILS(UNTRAINABLE, "no examples", intent_train(NULL, 0, NULL, NULL, NULL, &none, &problem));
  FAILS(UNTRAINABLE, "no example has a label",
        intent_train(d.texts + LINE_COUNT - 2, 2, NULL, d.label_counts + LINE_COUNT - 2, NULL, &none, &problem));
  FAILS(NULL_ARGUMENT, "`texts`", intent_train(NULL, LINE_COUNT, d.labels, d.label_counts, NULL, &none, &problem));
  FAILS(NULL_ARGUMENT, "`labels`", intent_train(d.texts, LINE_COUNT, NULL, d.label_counts, NULL, &none, &problem));
  FAILS(NULL_ARGUMENT, "`label_counts`", intent_train(d.texts, LINE_COUNT, d.labels, NULL, NULL, &none, &problem));
  FAILS(NULL_ARGUMENT, "`classifier_out`",
        intent_train(d.texts, LINE_COUNT, d.labels, d.label_counts, NULL, NULL, &problem));

  d.texts[3] = bad;
  FAILS(INVALID_UTF8, "`texts[3]` is not UTF-8: bad byte at offset 2",
        intent_train(d.texts, LINE_COUNT, d.labels, d.label_counts, NULL, &none, &problem));
  d.texts[3] = missing;
  FAILS(NULL_ARGUMENT, "`texts[3]` is NULL, but its length is 4",
        intent_train(d.texts, LINE_COUNT, d.labels, d.label_counts, NULL, &none, &problem));
  d.texts[3].bytes = endless;
  d.texts[3].length = sizeof endless;
  FAILS(TEXT_TOO_LONG, "1048577 bytes",
        intent_train(d.texts, LINE_COUNT, d.labels, d.label_counts, NULL, &none, &problem));

  d = all_lines();
  d.labels[5] = bad;
  FAILS(INVALID_UTF8, "`labels[5]`",
        intent_train(d.texts, LINE_COUNT, d.labels, d.label_counts, NULL, &none, &problem));
  d.labels[5].length = 0;
  FAILS(INVALID_ARGUMENT, "example 5: label 1 is empty",
        intent_train(d.texts, LINE_COUNT, d.labels, d.label_counts, NULL, &none, &problem));
  d.labels[5].bytes = BYTES("a\0b");
  d.labels[5].length = 3;
  FAILS(INVALID_ARGUMENT, "control character",
        intent_train(d.texts, LINE_COUNT, d.labels, d.label_counts, NULL, &none, &problem));

  d = all_lines();
  d.label_counts[0] = SIZE_MAX;
  FAILS(INVALID_ARGUMENT, "`label_counts` sum up",
        intent_train(d.texts, LINE_COUNT, d.labels, d.label_counts, NULL, &none, &problem));
  d.label_counts[0] = SIZE_MAX / 2;
  FAILS(INVALID_ARGUMENT, "`labels` has length",
        intent_train(d.texts, LINE_COUNT, d.labels, d.label_counts, NULL, &none, &problem));
  FAILS(INVALID_ARGUMENT, "`texts` has length",
        intent_train(d.texts, SIZE_MAX / 2, d.labels, d.label_counts, NULL, &none, &problem));
  CHECK(none == NULL);
}

static void a_lone_label_is_warned_about(void) {
  dataset d = all_lines();
  intent_options *o = quick_options();
  intent_classifier *c = NULL;
  size_t length = 0;
  OK(intent_options_set_epochs(o, 1, &problem));
  d.labels[7] = text_of("lone");
  OK(intent_train(d.texts, LINE_COUNT, d.labels, d.label_counts, o, &c, &problem));
  CHECK(intent_warning_count(c) == 2);
  CHECK(strstr(intent_warning(c, 0, &length), "`lone` has 1 example") != NULL);
  CHECK(length == strlen(intent_warning(c, 0, NULL)));
  CHECK(strstr(intent_warning(c, 1, NULL), "several labels") != NULL);
  CHECK(intent_warning(c, 2, NULL) == NULL);
  intent_free(c);
  intent_options_free(o);
}

static void lines_of_a_file_that_were_probably_meant_otherwise_are_warned_about(char **arguments) {
  const char *path = in_folder(arguments, "slips.txt");
  FILE *file = fopen(path, "wb");
  CHECK(file != NULL);
  fputs("__label__on turn on\n_label_off turn off\n__label__on go on\n__label__off go off\n__label__off be off\n", file);
  CHECK(fclose(file) == 0);
  intent_options *o = quick_options();
  intent_classifier *c = NULL;
  OK(intent_options_set_epochs(o, 1, &problem));
  OK(intent_train_file(text_of(path), INTENT_FORMAT_BY_EXTENSION, o, &c, &problem));
  CHECK(intent_warning_count(c) == 2);
  CHECK(strstr(intent_warning(c, 0, NULL), "slips.txt, line 2: the first word") != NULL);
  CHECK(strstr(intent_warning(c, 1, NULL), "could be held out") != NULL && intent_heldout_count(c) < 10);
  intent_free(c);
  OK(intent_options_set_valid_file(o, text_of(path), INTENT_FORMAT_BY_EXTENSION, &problem));
  OK(intent_train_file(text_of(path), INTENT_FORMAT_BY_EXTENSION, o, &c, &problem));
  CHECK(intent_warning_count(c) == 4);
  CHECK(strstr(intent_warning(c, 1, NULL), "slips.txt, line 2: the first word") != NULL);
  CHECK(strstr(intent_warning(c, 2, NULL), "5 validation examples have the text of a training example") != NULL);
  CHECK(strstr(intent_warning(c, 3, NULL), "only 4 validation examples have labels") != NULL);
  intent_free(c);
  intent_options_free(o);
}

int main(int count, char **arguments) {
  CHECK(count == 2);
  progress_is_reported_and_can_stop();
  a_file_trains_the_same_model_as_arrays(arguments);
  vectors_of_the_hosts_go_into_the_model(arguments);
  what_is_wrong_with_a_file_is_told(arguments);
  what_is_wrong_with_arrays_is_told();
  a_lone_label_is_warned_about();
  lines_of_a_file_that_were_probably_meant_otherwise_are_warned_about(arguments);
  return 0;
}
