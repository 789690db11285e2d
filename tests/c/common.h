/* What the C tests share: checks that say where they failed, and forty lines to train on. */
#ifndef COMMON_H
#define COMMON_H

#include "intentkit.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                         \
  do {                                                                           \
    if (!(condition)) {                                                          \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);    \
      exit(1);                                                                   \
    }                                                                            \
  } while (0)

/* Every call writes its error here. */
static intent_error *problem = NULL;

/* The call succeeds and leaves the error alone. */
#define OK(call) succeeded((call), __FILE__, __LINE__)

/* The call fails with this status, and with a message that holds these words. */
#define FAILS(status, words, call) failed(INTENT_STATUS_##status, (words), (call), __FILE__, __LINE__)

static inline void succeeded(intent_status status, const char *file, int line) {
  if (status != INTENT_STATUS_OK || problem != NULL) {
    fprintf(stderr, "%s:%d: status %d: %s\n", file, line, (int)status, problem ? intent_error_message(problem) : "-");
    exit(1);
  }
}

static inline void failed(intent_status wanted, const char *words, intent_status status, const char *file, int line) {
  const char *message = problem ? intent_error_message(problem) : "(no error)";
  if (status != wanted || intent_error_status(problem) != wanted || strstr(message, words) == NULL) {
    fprintf(stderr, "%s:%d: status %d, wanted %d with `%s`: %s\n", file, line, (int)status, (int)wanted, words, message);
    exit(1);
  }
  intent_error_free(problem);
  problem = NULL;
}

#define BYTES(string) ((const uint8_t *)(string))

static inline intent_text text_with(const void *bytes, size_t length) {
  intent_text text;
  text.bytes = BYTES(bytes);
  text.length = length;
  return text;
}

static inline intent_text text_of(const char *string) { return text_with(string, strlen(string)); }

/* Not UTF-8 from its third byte on. */
#define BAD_UTF8 text_of("ok\xff")
#define BAD_UTF8_WORDS "not UTF-8: bad byte at offset 2"

/* NULL where some bytes should be. */
#define NULL_TEXT text_with(NULL, 3)

static inline intent_feature_rows rows_of(const float *features, size_t count) {
  intent_feature_rows rows;
  rows.features = features;
  rows.count = count;
  return rows;
}

typedef struct line {
  const char *text;
  const char *labels[2];
} line;

static const line LINES[] = {
    {"turn on the lights", {"light", NULL}},
    {"switch the kitchen lamp off", {"light", NULL}},
    {"make it brighter in here", {"light", NULL}},
    {"dim the bedroom lights", {"light", NULL}},
    {"lights out please", {"light", NULL}},
    {"turn the hall lamp on", {"light", NULL}},
    {"I need more light at the desk", {"light", NULL}},
    {"switch off all lamps", {"light", NULL}},
    {"make the bedroom lamp dimmer", {"light", NULL}},
    {"kitchen lights on", {"light", NULL}},
    {"play some jazz", {"music", NULL}},
    {"put on my favourite song", {"music", NULL}},
    {"skip this track", {"music", NULL}},
    {"play the new album", {"music", NULL}},
    {"stop the music", {"music", NULL}},
    {"louder music please", {"music", NULL}},
    {"play that song again", {"music", NULL}},
    {"next song", {"music", NULL}},
    {"I want to hear some piano music", {"music", NULL}},
    {"pause the song", {"music", NULL}},
    {"set a timer for ten minutes", {"timer", NULL}},
    {"remind me in an hour", {"timer", NULL}},
    {"how long is left on the timer", {"timer", NULL}},
    {"cancel the egg timer", {"timer", NULL}},
    {"start a five minute timer", {"timer", NULL}},
    {"stop the timer", {"timer", NULL}},
    {"wake me in twenty minutes", {"timer", NULL}},
    {"add two minutes to the timer", {"timer", NULL}},
    {"timer for the pasta", {"timer", NULL}},
    {"count down from sixty minutes", {"timer", NULL}},
    {"turn on the lights and play some jazz", {"light", "music"}},
    {"lights off and stop the music", {"light", "music"}},
    {"set a timer and play a song", {"timer", "music"}},
    {"dim the lamp and start a timer", {"light", "timer"}},
    {"who won the match yesterday", {NULL, NULL}},
    {"what is the capital of Peru", {NULL, NULL}},
    {"how tall is that mountain", {NULL, NULL}},
    {"translate bread into French", {NULL, NULL}},
    {"is it going to rain", {NULL, NULL}},
    {"tell me a joke about cats", {NULL, NULL}},
};

enum { LINE_COUNT = sizeof(LINES) / sizeof(LINES[0]) };

/* The lines as intent_train() takes them. */
typedef struct dataset {
  intent_text texts[LINE_COUNT];
  size_t label_counts[LINE_COUNT];
  intent_text labels[2 * LINE_COUNT];
} dataset;

static inline dataset all_lines(void) {
  dataset data;
  size_t labels = 0;
  for (size_t i = 0; i < LINE_COUNT; i++) {
    data.texts[i] = text_of(LINES[i].text);
    data.label_counts[i] = 0;
    for (size_t j = 0; j < 2 && LINES[i].labels[j] != NULL; j++) {
      data.labels[labels++] = text_of(LINES[i].labels[j]);
      data.label_counts[i]++;
    }
  }
  return data;
}

/* Few enough epochs for an emulated processor. */
static inline intent_options *quick_options(void) {
  intent_options *options = intent_options_new();
  CHECK(options != NULL);
  OK(intent_options_set_epochs(options, 12, &problem));
  OK(intent_options_set_threads(options, 2, &problem));
  return options;
}

static inline intent_classifier *trained(void) {
  dataset data = all_lines();
  intent_options *options = quick_options();
  intent_classifier *classifier = NULL;
  OK(intent_train(data.texts, LINE_COUNT, data.labels, data.label_counts, options, &classifier, &problem));
  CHECK(classifier != NULL);
  intent_options_free(options);
  return classifier;
}

static inline intent_status predict_batch(const intent_classifier *classifier, const intent_text *texts, size_t text_count,
                                          const intent_predict_options *options, intent_scored *labels_out,
                                          size_t capacity, size_t *counts_out, intent_error **error_out) {
  intent_batch batch = INTENT_BATCH_INIT;
  batch.texts = texts;
  batch.text_count = text_count;
  batch.labels_out = labels_out;
  batch.capacity = capacity;
  batch.counts_out = counts_out;
  return intent_predict_batch(classifier, &batch, options, error_out);
}

/* FOLDER/NAME, where FOLDER is the program's first argument. Each use overwrites the last. */
static inline const char *in_folder(char **arguments, const char *name) {
  static char path[4096];
  CHECK(snprintf(path, sizeof path, "%s/%s", arguments[1], name) < (int)sizeof path);
  return path;
}

static inline void write_file(const char *path, const void *bytes, size_t length) {
  FILE *file = fopen(path, "wb");
  CHECK(file != NULL);
  CHECK(fwrite(bytes, 1, length, file) == length);
  CHECK(fclose(file) == 0);
}

/* The bytes of a file, to be freed. */
static inline uint8_t *read_whole_file(const char *path, size_t *length) {
  FILE *file = fopen(path, "rb");
  CHECK(file != NULL);
  CHECK(fseek(file, 0, SEEK_END) == 0);
  long end = ftell(file);
  CHECK(end >= 0);
  rewind(file);
  *length = (size_t)end;
  uint8_t *bytes = (uint8_t *)malloc(*length + 1);
  CHECK(bytes != NULL);
  CHECK(fread(bytes, 1, *length, file) == *length);
  CHECK(fclose(file) == 0);
  return bytes;
}

#endif
