/* Trains a classifier on twenty sentences and asks it about three others.
 *
 *   cargo build --release --lib
 *   cc examples/hello.c -Iinclude target/release/libintentkit.a -lpthread -ldl -lm -o hello && ./hello
 */
#include "intentkit.h"
#include <stdio.h>
#include <string.h>

/* Sentences and what they ask for; those without a label show what belongs to none. */
static const char *const examples[20][2] = {
    {"turn on the lights", "light"},       {"switch the kitchen lamp off", "light"},
    {"make it brighter in here", "light"}, {"dim the bedroom lights", "light"},
    {"lights out please", "light"},        {"turn the lamp down", "light"},
    {"it is too dark in here", "light"},   {"switch on all the lamps", "light"},
    {"play some jazz", "music"},           {"put on my favourite song", "music"},
    {"skip this track", "music"},          {"turn the music up", "music"},
    {"stop the song", "music"},            {"play that album again", "music"},
    {"next song please", "music"},         {"I want to hear some piano", "music"},
    {"who won the match", NULL},           {"how tall is that mountain", NULL},
    {"will it rain on Sunday", NULL},      {"translate bread into French", NULL},
};

static intent_text text(const char *string) {
  intent_text text = {(const uint8_t *)string, strlen(string)};
  return text;
}

int main(void) {
  const char *asked[] = {"switch off the bedroom lamp", "play that song again", "what is the capital of Peru?"};
  intent_text texts[20], labels[20];
  size_t label_counts[20], label_total = 0;
  for (int i = 0; i < 20; i++) {
    texts[i] = text(examples[i][0]);
    label_counts[i] = examples[i][1] != NULL; /* a sentence may have several labels; these have one or none */
    if (label_counts[i] == 1) labels[label_total++] = text(examples[i][1]);
  }

  intent_classifier *classifier = NULL;
  intent_error *error = NULL;
  if (intent_train(texts, 20, labels, label_counts, NULL, &classifier, &error) != INTENT_STATUS_OK) {
    fprintf(stderr, "cannot train: %s\n", intent_error_message(error));
    intent_error_free(error);
    return 1;
  }

  for (int i = 0; i < 3; i++) {
    intent_scored best;
    size_t count = 0;
    if (intent_predict(classifier, text(asked[i]), NULL, &best, 1, &count, &error) != INTENT_STATUS_OK) {
      fprintf(stderr, "cannot predict: %s\n", intent_error_message(error));
      intent_error_free(error);
      return 1;
    }
    if (count == 0) {
      printf("%s -> none of them\n", asked[i]);
    } else {
      printf("%s -> %s (%.2f)\n", asked[i], intent_label(classifier, best.label, NULL), best.probability);
    }
  }
  intent_free(classifier);
  return 0;
}
