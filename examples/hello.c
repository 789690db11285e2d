/* Trains a classifier on eight sentences and asks it about three others.
 *
 *   cargo build --release --no-default-features --lib
 *   cc examples/hello.c -Iinclude target/release/libintentkit.a -lpthread -ldl -lm -o hello && ./hello
 */
#include "intentkit.h"
#include <stdio.h>
#include <string.h>

static const intent_text texts[] = {
    INTENT_TEXT("turn on the lights"), INTENT_TEXT("switch the kitchen lamp off"),
    INTENT_TEXT("make it brighter in here"), INTENT_TEXT("dim the bedroom lights"),
    INTENT_TEXT("play some jazz"), INTENT_TEXT("put on my favourite song"),
    INTENT_TEXT("skip this track"), INTENT_TEXT("turn the music up"),
};
static const intent_text labels[] = {
    INTENT_TEXT("light"), INTENT_TEXT("light"), INTENT_TEXT("light"), INTENT_TEXT("light"),
    INTENT_TEXT("music"), INTENT_TEXT("music"), INTENT_TEXT("music"), INTENT_TEXT("music"),
};
static const size_t label_counts[] = {1, 1, 1, 1, 1, 1, 1, 1};

int main(void) {
  const char *asked[] = {"switch off the bedroom lamp", "play that song again", "Wie wird das Wetter morgen?"};
  intent_classifier *classifier = NULL;
  intent_error *error = NULL;
  if (intent_train(texts, 8, labels, label_counts, NULL, &classifier, &error) != INTENT_STATUS_OK) {
    fprintf(stderr, "cannot train: %s\n", intent_error_message(error));
    intent_error_free(error);
    return 1;
  }
  for (int i = 0; i < 3; i++) {
    intent_scored best;
    size_t count;
    if (intent_predict(classifier, (const uint8_t *)asked[i], strlen(asked[i]), NULL, &best, 1, &count, NULL)) {
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
