/* What happens where there are no threads: in a forked process, which has none of its parent's, and under a limit that the system sets. */
#if !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif
#include "common.h"
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TEXTS = 1000 };
static intent_text texts[TEXTS];
static intent_scored wanted[TEXTS], scored[TEXTS];
static size_t counts[TEXTS];

/* Stands before the system's, for the library too, and refuses when it is told to. On Apple systems a library finds the system's by itself. */
#if defined(__linux__)
#if defined(__cplusplus)
#define NO_THROW noexcept
#else
#define NO_THROW
#endif
static volatile bool no_threads = false;

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *context) NO_THROW {
  typedef int (*create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
  create systems;
  void *found = dlsym(RTLD_NEXT, "pthread_create");
  CHECK(found != NULL);
  memcpy(&systems, &found, sizeof systems);
  return no_threads ? EAGAIN : systems(thread, attributes, start, context);
}
#endif

static void ask_for_a_batch(const intent_classifier *c, intent_scored *answers) {
  OK(predict_batch(c, texts, TEXTS, NULL, answers, 1, counts, &problem));
  for (int i = 0; i < TEXTS; i++) {
    CHECK(counts[i] > 0);
  }
}

static void batch_is_as_ever(const intent_classifier *c) {
  memset(scored, 0, sizeof scored);
  ask_for_a_batch(c, scored);
  CHECK(memcmp(scored, wanted, sizeof wanted) == 0);
}

static int deliveries[2]; /* A pipe that callbacks write to. */

static void arrived(const intent_answer *answer, void *context) {
  (void)context;
  char status = (char)answer->status;
  CHECK(write(deliveries[1], &status, 1) == 1);
}

static int gate[2]; /* A pipe that a callback waits at. */

static void hold(const intent_answer *answer, void *context) {
  char byte;
  (void)answer;
  (void)context;
  CHECK(read(gate[0], &byte, 1) == 1);
}

static void request_is_answered(const intent_classifier *c) {
  char status = 99;
  OK(intent_predict_async(c, text_of("play some jazz"), NULL, arrived, NULL, NULL, &problem));
  CHECK(read(deliveries[0], &status, 1) == 1 && status == (char)INTENT_STATUS_OK);
}

/* The second takes the plane between texts with and without labels to be found anew, where the examples are kept. */
static void learn_two_lines(const intent_classifier *c) {
  intent_text example = text_of("zebra quokka tango"), label = text_of("light");
  size_t one = 1, none = 0;
  OK(intent_update(c, &example, 1, &label, &one, NULL, &problem));
  example = text_of("play some jazz please");
  OK(intent_update(c, &example, 1, NULL, &none, NULL, &problem));
}

/* Ends the process, so that what hangs is an error. */
static void within_a_minute(void) { alarm(60); }

static void child_ended_well(pid_t child) {
  int status = 0;
  CHECK(child > 0 && waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static intent_classifier *trained_to_learn(const char *path) {
  intent_options *options = quick_options();
  OK(intent_options_set_training_state(options, text_of(path), false, &problem));
  dataset data = all_lines();
  intent_classifier *c = NULL;
  OK(intent_train(data.texts, LINE_COUNT, data.labels, data.label_counts, options, &c, &problem));
  intent_retraining_options never = INTENT_RETRAINING_OPTIONS_INIT;
  never.after = 0;
  OK(intent_set_retraining(c, &never, &problem));
  intent_options_free(options);
  return c;
}

static void a_forked_process_works_with_what_its_parent_made(char **arguments) {
  intent_classifier *c = trained(), *closed = trained();
  intent_classifier *learning = trained_to_learn(in_folder(arguments, "parent.learner"));
  bool done = false;
  learn_two_lines(learning);
  OK(intent_retrain(learning, &problem));
  OK(intent_wait_for_retraining(learning, 300.0, &done, &problem));
  ask_for_a_batch(c, wanted);
  request_is_answered(c);
  OK(intent_finish(closed, &problem));
  pid_t child = fork();
  if (child == 0) {
    within_a_minute();
    batch_is_as_ever(c);
    request_is_answered(c);
    FAILS(SHUT_DOWN, "no more requests", intent_predict_async(closed, text_of("hi"), NULL, arrived, NULL, NULL, &problem));
    learn_two_lines(c);
    request_is_answered(c);
    intent_classifier *own = trained_to_learn(in_folder(arguments, "child.learner"));
    learn_two_lines(own);
    intent_free(own);
    intent_free(c);
    intent_free(closed);
    intent_free(learning);
    _exit(0);
  }
  child_ended_well(child);
  /* The parent's threads are where they were. */
  batch_is_as_ever(c);
  request_is_answered(c);
  intent_free(c);
  intent_free(closed);
  intent_free(learning);
}

static void what_waits_in_the_parent_is_not_told_in_the_child(void) {
  intent_classifier *c = trained();
  OK(intent_set_queue(c, 1, 4, &problem));
  OK(intent_predict_async(c, text_of("hold on"), NULL, hold, NULL, NULL, &problem));
  OK(intent_predict_async(c, text_of("play some jazz"), NULL, arrived, NULL, NULL, &problem));
  pid_t child = fork();
  if (child == 0) {
    within_a_minute();
    intent_free(c);
    struct pollfd told = {deliveries[0], POLLIN, 0};
    CHECK(poll(&told, 1, 0) == 0);
    _exit(0);
  }
  child_ended_well(child);
  char status = 99;
  CHECK(write(gate[1], "x", 1) == 1);
  CHECK(read(deliveries[0], &status, 1) == 1 && status == (char)INTENT_STATUS_OK);
  intent_free(c);
}

#if defined(__linux__)
static void lexicon(intent_options *options) {
  /* Wide enough that its reduction is shared out, and several hundred words. */
  enum { WORDS = 400, WIDTH = 300 };
  static float vectors[WORDS * WIDTH];
  static char names[WORDS][16];
  static intent_text words[WORDS];
  uint32_t state = 1;
  for (int i = 0; i < WORDS * WIDTH; i++) {
    state = state * 1664525u + 1013904223u;
    vectors[i] = (float)(state >> 8) / 16777216.0f - 0.5f;
  }
  for (int i = 0; i < WORDS; i++) {
    int a = 'a' + i % 26, b = 'a' + i / 26;
    CHECK(snprintf(names[i], sizeof names[i], "w%c%cx", a, b) > 0);
    words[i] = text_of(i == 0 ? "lights" : names[i]);
  }
  OK(intent_options_set_lexicon(options, words, WORDS, vectors, WIDTH, &problem));
}

static void save_trained_with_a_lexicon(const char *path) {
  dataset data = all_lines();
  intent_options *options = quick_options();
  lexicon(options);
  intent_classifier *c = NULL;
  OK(intent_train(data.texts, LINE_COUNT, data.labels, data.label_counts, options, &c, &problem));
  OK(intent_save(c, text_of(path), &problem));
  intent_free(c);
  intent_options_free(options);
}

static void without_threads_all_is_done_on_the_calling_one(char **arguments) {
  size_t length = 0, other = 0;
  save_trained_with_a_lexicon(in_folder(arguments, "many.intent"));
  uint8_t *many = read_whole_file(in_folder(arguments, "many.intent"), &length);
  intent_classifier *c = trained();
  ask_for_a_batch(c, wanted);
  /* A process that never had any. */
  pid_t child = fork();
  if (child == 0) {
    no_threads = true;
    batch_is_as_ever(c);
    FAILS(OUT_OF_MEMORY, "can't start the", intent_predict_async(c, text_of("hi"), NULL, arrived, NULL, NULL, &problem));
    learn_two_lines(c);
    intent_free(c);
    for (int i = 0; i < 2; i++) {
      save_trained_with_a_lexicon(in_folder(arguments, "one.intent"));
      uint8_t *one = read_whole_file(in_folder(arguments, "one.intent"), &other);
      CHECK(length == other && memcmp(many, one, length) == 0);
      free(one);
    }
    c = trained_to_learn(in_folder(arguments, "one.learner"));
    learn_two_lines(c);
    FAILS(OUT_OF_MEMORY, "cannot start the training thread", intent_retrain(c, &problem));
    ask_for_a_batch(c, wanted);
    /* They may come back. */
    no_threads = false;
    batch_is_as_ever(c);
    request_is_answered(c);
    intent_free(c);
    _exit(0);
  }
  child_ended_well(child);
  free(many);
  intent_free(c);
}
#endif

int main(int count, char **arguments) {
  CHECK(count > 1 && pipe(deliveries) == 0 && pipe(gate) == 0);
  for (int i = 0; i < TEXTS; i++) {
    texts[i] = text_of(i % 2 ? "turn on the lights" : "play some jazz");
  }
  a_forked_process_works_with_what_its_parent_made(arguments);
  what_waits_in_the_parent_is_not_told_in_the_child();
#if defined(__linux__)
  without_threads_all_is_done_on_the_calling_one(arguments);
#endif
  return 0;
}
