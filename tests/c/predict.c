/* Predicting: what is chosen, how it is written, one by one and many at once, and every wrong argument. */
#include "common.h"

static void labels_are_chosen_and_the_best_written(const intent_classifier *c) {
  intent_scored best[3] = {{9, 9.0f}, {9, 9.0f}, {9, 9.0f}};
  size_t count = 99;
  OK(intent_predict(c, text_of("start a timer for ten minutes"), NULL, best, 3, &count, &problem));
  CHECK(count == 1 && strcmp(intent_label(c, best[0].label, NULL), "timer") == 0);
  CHECK(best[0].probability >= 0.5f && best[0].probability <= 1.0f);
  CHECK(best[1].label == 9); /* nothing is written after the count */

  /* More chosen than fit: the best are written, the count says how many there are. */
  intent_predict_options all = INTENT_PREDICT_OPTIONS_INIT;
  intent_scored one[1];
  all.top = 3;
  OK(intent_predict(c, text_of("start a timer for ten minutes"), &all, best, 3, &count, &problem));
  CHECK(count == 3 && best[0].probability >= best[1].probability && best[1].probability >= best[2].probability);
  OK(intent_predict(c, text_of("start a timer for ten minutes"), &all, one, 1, &count, &problem));
  CHECK(count == 3 && memcmp(one, best, sizeof one) == 0);
  OK(intent_predict(c, text_of("start a timer for ten minutes"), &all, NULL, 0, &count, &problem));
  CHECK(count == 3);

  /* A threshold of the caller's. */
  intent_predict_options any = INTENT_PREDICT_OPTIONS_INIT, sure = INTENT_PREDICT_OPTIONS_INIT;
  any.threshold = 0.0f;
  sure.threshold = 1.0f;
  OK(intent_predict(c, text_of("start a timer for ten minutes"), &any, NULL, 0, &count, &problem));
  CHECK(count == 3);
  OK(intent_predict(c, text_of("start a timer for ten minutes"), &sure, NULL, 0, &count, &problem));
  CHECK(count == 0);

  /* The model's own rule, said in words. */
  intent_predict_options own = INTENT_PREDICT_OPTIONS_INIT;
  intent_scored by_default[1], by_words[1];
  OK(intent_predict(c, text_of("play a song"), NULL, by_default, 1, &count, &problem));
  OK(intent_predict(c, text_of("play a song"), &own, by_words, 1, &count, &problem));
  CHECK(count >= 1 && memcmp(by_default, by_words, sizeof by_words) == 0);

  /* Rejected: nothing known, or nothing at all. */
  OK(intent_predict(c, text_of("\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82"), NULL, best, 3, &count, &problem));
  CHECK(count == 0);
  count = 99;
  OK(intent_predict(c, text_with(NULL, 0), NULL, best, 3, &count, &problem));
  CHECK(count == 0);
}

static void wrong_arguments_are_refused(const intent_classifier *c) {
  intent_scored best[1] = {{9, 9.0f}};
  size_t count = 99;
  intent_predict_options o = INTENT_PREDICT_OPTIONS_INIT;
  static uint8_t endless[INTENT_MAX_TEXT_BYTES + 1];
  memset(endless, 'a', sizeof endless);

  FAILS(NULL_ARGUMENT, "`classifier`", intent_predict(NULL, text_of("hi"), NULL, best, 1, &count, &problem));
  FAILS(NULL_ARGUMENT, "`text`", intent_predict(c, text_with(NULL, 2), NULL, best, 1, &count, &problem));
  FAILS(NULL_ARGUMENT, "`labels_out`", intent_predict(c, text_of("play jazz"), NULL, NULL, 1, &count, &problem));
  FAILS(NULL_ARGUMENT, "`count_out`", intent_predict(c, text_of("play jazz"), NULL, best, 1, NULL, &problem));
  FAILS(INVALID_UTF8, "`text` is not UTF-8: bad byte at offset 2",
        intent_predict(c, BAD_UTF8, NULL, best, 1, &count, &problem));
  FAILS(TEXT_TOO_LONG, "1048577", intent_predict(c, text_with(endless, sizeof endless), NULL, best, 1, &count, &problem));
  FAILS(TEXT_TOO_LONG, "", intent_predict(c, text_with(endless, SIZE_MAX), NULL, best, 1, &count, &problem));
  FAILS(INVALID_ARGUMENT, "`labels_out` has length",
        intent_predict(c, text_of("play jazz"), NULL, best, SIZE_MAX / 2, &count, &problem));
  FAILS(INVALID_ARGUMENT, "boundary",
        intent_predict(c, text_of("play jazz"), NULL, (intent_scored *)(void *)(endless + 1 + ((uintptr_t)endless & 1)), 1, &count, &problem));
  o.size = 0;
  FAILS(INVALID_ARGUMENT, "`options->size` is 0", intent_predict(c, text_of("hi"), &o, best, 1, &count, &problem));
  o.size = sizeof o + 8;
  FAILS(INVALID_ARGUMENT, "`options->size`", intent_predict(c, text_of("hi"), &o, best, 1, &count, &problem));
  o.size = sizeof o;
  o.threshold = 1.5f;
  FAILS(INVALID_ARGUMENT, "`threshold` is 1.5", intent_predict(c, text_of("hi"), &o, best, 1, &count, &problem));
  o.threshold = (float)NAN;
  FAILS(INVALID_ARGUMENT, "`threshold` is NaN", intent_predict(c, text_of("hi"), &o, best, 1, &count, &problem));
  CHECK(count == 99 && best[0].label == 9); /* a failure writes no result */

  /* The longest text that is allowed. */
  OK(intent_predict(c, text_with(endless, INTENT_MAX_TEXT_BYTES), NULL, best, 1, &count, &problem));
}

/* Number of lines that are answered. */
static size_t answered(const intent_classifier *c, const intent_predict_options *o) {
  size_t total = 0;
  for (size_t i = 0; i < LINE_COUNT; i++) {
    size_t count = 0;
    OK(intent_predict(c, text_of(LINES[i].text), o, NULL, 0, &count, &problem));
    total += count > 0;
  }
  return total;
}

static void costs_say_what_to_reject(const intent_classifier *c) {
  intent_predict_options o = INTENT_PREDICT_OPTIONS_INIT;
  intent_scored best[1] = {{9, 9.0f}};
  size_t count = 99;
  o.foreign_share = 0.2f;
  o.ask_back_cost = 0.0f;
  size_t free = answered(c, &o);
  o.ask_back_cost = 1.0f;
  size_t dear = answered(c, &o);
  CHECK(free < dear && dear <= LINE_COUNT);

  /* In training: the model's own rule is what the costs say. */
  dataset d = all_lines();
  size_t by_cost[2];
  for (int i = 0; i < 2; i++) {
    intent_options *options = quick_options();
    intent_classifier *made = NULL;
    OK(intent_options_set_cost(options, (float)i, 0.2f, &problem));
    OK(intent_train(d.texts, LINE_COUNT, d.labels, d.label_counts, options, &made, &problem));
    by_cost[i] = answered(made, NULL);
    intent_options_free(options);
    intent_free(made);
  }
  CHECK(by_cost[0] == free && by_cost[1] == dear);

  /* Out of range, or a share as well. */
  o.ask_back_cost = 1.5f;
  FAILS(INVALID_ARGUMENT, "`ask_back` is 1.5", intent_predict(c, text_of("hi"), &o, best, 1, &count, &problem));
  o.ask_back_cost = (float)NAN;
  FAILS(INVALID_ARGUMENT, "`ask_back` is NaN", intent_predict(c, text_of("hi"), &o, best, 1, &count, &problem));
  o.ask_back_cost = 0.5f;
  o.foreign_share = -0.5f;
  FAILS(INVALID_ARGUMENT, "`foreign` is -0.5", intent_predict(c, text_of("hi"), &o, best, 1, &count, &problem));
  o.foreign_share = 0.2f;
  o.acceptance_rate = 0.9f;
  FAILS(INVALID_ARGUMENT, "`keep` and `cost`", intent_predict(c, text_of("hi"), &o, best, 1, &count, &problem));
  CHECK(count == 99 && best[0].label == 9);
}

/* Bytes up to the end of a field. */
#define UP_TO(type, field) (offsetof(type, field) + sizeof(((type *)0)->field))

/* A program that was compiled with an older header passes a shorter struct. What is behind its end is not read. */
static void older_and_smaller_structs_are_accepted(const intent_classifier *c) {
  static const size_t sizes[] = {
      sizeof(size_t),
      UP_TO(intent_predict_options, top),
      UP_TO(intent_predict_options, threshold),
      UP_TO(intent_predict_options, acceptance_rate),
      UP_TO(intent_predict_options, ask_back_cost),
  };
  intent_scored by_default[3], by_less[3];
  size_t count = 0, less = 0;
  intent_predict_options o = INTENT_PREDICT_OPTIONS_INIT;
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    /* Exactly as many bytes as it says, so that a sanitizer sees who reads more. */
    intent_predict_options *older = (intent_predict_options *)malloc(sizes[i]);
    CHECK(older != NULL && sizes[i] < sizeof o);
    o.size = sizes[i];
    o.top = i >= 1 ? 3 : 0;
    memcpy(older, &o, sizes[i]);
    OK(intent_predict(c, text_of("play a song"), older, by_less, 3, &less, &problem));
    free(older);
    o.size = sizeof o;
    OK(intent_predict(c, text_of("play a song"), &o, by_default, 3, &count, &problem));
    CHECK(less == count && (i == 0 || count == 3) && memcmp(by_less, by_default, count * sizeof by_less[0]) == 0);
  }

  /* Fields behind the end have their defaults, whatever is there. */
  o.size = UP_TO(intent_predict_options, top);
  o.threshold = o.acceptance_rate = o.ask_back_cost = 9.0f;
  OK(intent_predict(c, text_of("play a song"), &o, NULL, 0, &count, &problem));
  CHECK(count == 3);

  /* No version of the struct ends in the middle of a field, or before its size. */
  o.size = sizeof(size_t) - 1;
  FAILS(INVALID_ARGUMENT, "`options->size`", intent_predict(c, text_of("hi"), &o, NULL, 0, &count, &problem));
  o.size = UP_TO(intent_predict_options, top) + 1;
  FAILS(INVALID_ARGUMENT, "`options->size`", intent_predict(c, text_of("hi"), &o, NULL, 0, &count, &problem));

  /* So it is with the other structs. */
  intent_batch batch = INTENT_BATCH_INIT;
  batch.size = sizeof(size_t);
  batch.text_count = 7;
  OK(intent_predict_batch(c, &batch, NULL, &problem));
  batch.size = sizeof batch + 8;
  FAILS(INVALID_ARGUMENT, "`batch->size`", intent_predict_batch(c, &batch, NULL, &problem));
  FAILS(NULL_ARGUMENT, "`batch`", intent_predict_batch(c, NULL, NULL, &problem));
  intent_retraining_options retraining = INTENT_RETRAINING_OPTIONS_INIT;
  retraining.size = UP_TO(intent_retraining_options, after);
  retraining.golden_count = 7;
  OK(intent_set_retraining(c, &retraining, &problem));
  retraining.size = 1;
  FAILS(INVALID_ARGUMENT, "`options->size` is 1", intent_set_retraining(c, &retraining, &problem));
  OK(intent_set_retraining(c, NULL, &problem));
}

enum { MANY = 5 * LINE_COUNT, ROOM = 2 };

static void a_batch_answers_as_single_calls_do(const intent_classifier *c) {
  static intent_text texts[MANY];
  static intent_scored labels[MANY * ROOM];
  static size_t counts[MANY], counts_alone[MANY];
  for (size_t i = 0; i < MANY; i++) texts[i] = text_of(LINES[i % LINE_COUNT].text);
  texts[7].bytes = NULL;
  texts[7].length = 0;
  OK(predict_batch(c, texts, MANY, NULL, labels, ROOM, counts, &problem));
  OK(predict_batch(c, texts, MANY, NULL, NULL, 0, counts_alone, &problem));
  CHECK(counts[7] == 0 && memcmp(counts, counts_alone, sizeof counts) == 0);
  for (size_t i = 0; i < MANY; i++) {
    intent_scored alone[ROOM];
    size_t count;
    OK(intent_predict(c, texts[i], NULL, alone, ROOM, &count, &problem));
    CHECK(count == counts[i]);
    CHECK(memcmp(alone, labels + i * ROOM, (count < ROOM ? count : (size_t)ROOM) * sizeof alone[0]) == 0);
  }
  OK(predict_batch(c, NULL, 0, NULL, NULL, 4, NULL, &problem));

  /* One text that can't be answered: nothing is written for any. */
  memset(counts, 0x55, sizeof counts);
  memcpy(counts_alone, counts, sizeof counts);
  texts[MANY - 1].bytes = BYTES("ok\xff");
  texts[MANY - 1].length = 3;
  FAILS(INVALID_UTF8, "`texts[199]` is not UTF-8: bad byte at offset 2",
        predict_batch(c, texts, MANY, NULL, labels, ROOM, counts, &problem));
  texts[MANY - 1].bytes = NULL;
  FAILS(NULL_ARGUMENT, "`texts[199]`", predict_batch(c, texts, MANY, NULL, labels, ROOM, counts, &problem));
  texts[MANY - 1].length = INTENT_MAX_TEXT_BYTES + 1;
  FAILS(TEXT_TOO_LONG, "1048577", predict_batch(c, texts, MANY, NULL, labels, ROOM, counts, &problem));
  texts[MANY - 1] = texts[0];

  intent_predict_options o = INTENT_PREDICT_OPTIONS_INIT;
  o.threshold = 2.0f;
  FAILS(INVALID_ARGUMENT, "`threshold`", predict_batch(c, texts, MANY, &o, labels, ROOM, counts, &problem));
  FAILS(NULL_ARGUMENT, "`classifier`", predict_batch(NULL, texts, MANY, NULL, labels, ROOM, counts, &problem));
  FAILS(NULL_ARGUMENT, "`texts`", predict_batch(c, NULL, MANY, NULL, labels, ROOM, counts, &problem));
  FAILS(NULL_ARGUMENT, "`labels_out`", predict_batch(c, texts, MANY, NULL, NULL, ROOM, counts, &problem));
  FAILS(NULL_ARGUMENT, "`counts_out`", predict_batch(c, texts, MANY, NULL, labels, ROOM, NULL, &problem));
  FAILS(INVALID_ARGUMENT, "`text_count` times `capacity`",
        predict_batch(c, texts, MANY, NULL, labels, SIZE_MAX / 2, counts, &problem));
  FAILS(INVALID_ARGUMENT, "`texts` has length",
        predict_batch(c, texts, SIZE_MAX, NULL, labels, ROOM, counts, &problem));
  CHECK(memcmp(counts, counts_alone, sizeof counts) == 0);
}

int main(void) {
  intent_classifier *c = trained();
  labels_are_chosen_and_the_best_written(c);
  wrong_arguments_are_refused(c);
  costs_say_what_to_reject(c);
  older_and_smaller_structs_are_accepted(c);
  a_batch_answers_as_single_calls_do(c);
  intent_free(c);
  return 0;
}
