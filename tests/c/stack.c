/* A prediction fits a thread of 64 kB, whatever the text, for a model of up to 256 labels; every other call fits one of 256 kB. */
#if !defined(_POSIX_C_SOURCE)
#define _POSIX_C_SOURCE 200809L
#endif
#include "common.h"
#include <pthread.h>

enum { LABELS = 256 };

/* Several clauses, letters beyond ASCII, marks to be put in order, a long word, emoji, no end of commas. */
static const char *const TEXTS[] = {
    "",
    "turn on light number three and play song number nine, then light number two",
    "t\xc3\xbcrn \xc3\xb6n light number three and pl\xc3\xa4y song number nine, then light number two",
    "e\xcc\x81\xcc\xa3\xcc\x80\xcc\xa7 light \xef\xac\x81 number \xe0\xa4\x95\xe0\xa5\x8d\xe0\xa4\xb7\xe0\xa4\xbf and song \xed\x95\x9c\xea\xb8\x80 \xe4\xbd\xa0\xe5\xa5\xbd",
    "lightlightlightlightlightlightlightlightlightlightlightlightlightlightlightlightlightlight number one",
    "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7 light \xf0\x9f\x8e\xb5 song \xf0\x9f\x87\xa9\xf0\x9f\x87\xaa, song, light, song, light, song, light",
};
enum { TEXT_COUNT = sizeof TEXTS / sizeof TEXTS[0] };

static const intent_classifier *classifier;
static intent_scored answers[TEXT_COUNT][4], again[TEXT_COUNT][4];
static intent_decision decisions[TEXT_COUNT];

static void ask(intent_scored (*to)[4]) {
  for (int i = 0; i < TEXT_COUNT; i++) {
    size_t count = 0;
    /* Some predictions are measured by stages, on a way of their own. */
    for (int j = 0; j < 200; j++) {
      OK(intent_predict(classifier, text_of(TEXTS[i]), NULL, to[i], 4, &count, &problem));
    }
    OK(intent_predict_detailed(classifier, text_of(TEXTS[i]), NULL, to[i], 4, &decisions[i], &problem));
    CHECK(decisions[i].count == count);
  }
}

static void *ask_in_thread(void *context) {
  (void)context;
  ask(again);
  return NULL;
}

static void *do_everything_else(void *context) {
  static uint8_t json[1 << 16];
  char **arguments = (char **)context;
  const char *path = in_folder(arguments, "stack.intent");
  intent_classifier *c = trained(), *again = NULL, *rules = NULL;
  OK(intent_prepare(c, &problem));
  OK(intent_save(c, text_of(path), &problem));
  OK(intent_load(text_of(path), &again, &problem));
  OK(intent_from_rules(text_of("[{\"label\": \"light\", \"keywords\": [\"lamp\"]}]"), &rules, &problem));
  intent_text example = text_of("zebra quokka tango"), label = text_of("garden");
  size_t one = 1, length = 0;
  OK(intent_update(again, &example, 1, &label, &one, NULL, &problem));
  OK(intent_update(rules, &example, 1, &label, &one, NULL, &problem));
  OK(intent_stats_json(again, json, sizeof json, &length, &problem));
  for (int i = 0; i < TEXT_COUNT; i++) {
    intent_explanation *explanation = NULL;
    intent_scored best;
    size_t chosen = 0;
    intent_text text = text_of(TEXTS[i]);
    OK(intent_explain(classifier, text_of(TEXTS[i]), NULL, &explanation, &problem));
    intent_explanation_free(explanation);
    OK(predict_batch(classifier, &text, 1, NULL, &best, 1, &chosen, &problem));
  }
  intent_free(rules);
  intent_free(again);
  intent_free(c);
  return NULL;
}

static void on_a_stack_of(size_t bytes, void *(*work)(void *), void *context) {
  pthread_attr_t attributes;
  pthread_t thread;
  CHECK(pthread_attr_init(&attributes) == 0);
  if (pthread_attr_setstacksize(&attributes, bytes) != 0) {
    fprintf(stderr, "the system has no stacks as small as %d bytes\n", (int)bytes);
  }
  CHECK(pthread_create(&thread, &attributes, work, context) == 0 && pthread_join(thread, NULL) == 0);
  CHECK(pthread_attr_destroy(&attributes) == 0);
}

int main(int count, char **arguments) {
  CHECK(count > 1);
  static char lines[2 * LABELS][32], names[LABELS][16];
  static intent_text texts[2 * LABELS], labels[2 * LABELS];
  static size_t label_counts[2 * LABELS];
  static const char *const digits[16] = {"zero", "one", "two",    "three",  "four",     "five",    "six",     "seven",
                                         "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen"};
  for (int i = 0; i < LABELS; i++) {
    CHECK(snprintf(names[i], sizeof names[i], "label %d", i) > 0);
    for (int j = 0; j < 2; j++) {
      const char *what = j ? "song" : "light";
      CHECK(snprintf(lines[2 * i + j], sizeof lines[0], "%s %s %s", what, digits[i / 16], digits[i % 16]) > 0);
      texts[2 * i + j] = text_of(lines[2 * i + j]);
      labels[2 * i + j] = text_of(names[i]);
      label_counts[2 * i + j] = 1;
    }
  }
  intent_options *options = intent_options_new();
  intent_text joiners[2] = {INTENT_TEXT("and"), INTENT_TEXT(",")};
  OK(intent_options_set_preset(options, INTENT_PRESET_MULTI, &problem));
  OK(intent_options_set_clause_separators(options, joiners, 2, &problem));
  OK(intent_options_set_epochs(options, 2, &problem));
  intent_classifier *made = NULL;
  OK(intent_train(texts, 2 * LABELS, labels, label_counts, options, &made, &problem));
  CHECK(intent_label(made, LABELS - 1, NULL) != NULL && intent_label(made, LABELS, NULL) == NULL);
  classifier = made;
  ask(answers);

  on_a_stack_of(64 << 10, ask_in_thread, NULL);
  CHECK(memcmp(answers, again, sizeof answers) == 0);
  on_a_stack_of(256 << 10, do_everything_else, arguments);
  intent_free(made);
  intent_options_free(options);
  return 0;
}
