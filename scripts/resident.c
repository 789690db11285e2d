/* What a host sees: `resident MODEL < TEXTS` opens a model, predicts each line and prints the most memory that was resident. */
#include "intentkit.h"
#include <stdio.h>
#include <string.h>

static int failed(const char *what) {
  fprintf(stderr, "resident: %s\n", what);
  return 1;
}

int main(int count, char **arguments) {
  intent_classifier *classifier = NULL;
  intent_error *problem = NULL;
  if (count != 2) {
    return failed("usage: resident MODEL < TEXTS");
  }
  intent_text path = {(const uint8_t *)arguments[1], strlen(arguments[1])};
  if (intent_load(path, &classifier, &problem) != INTENT_STATUS_OK) {
    return failed(intent_error_message(problem));
  }
  size_t texts = 0, chosen = 0;
  static char line[4096];
  while (fgets(line, sizeof line, stdin) != NULL) {
    intent_text text = {(const uint8_t *)line, strcspn(line, "\n")};
    size_t labels = 0;
    intent_scored best[4];
    if (intent_predict(classifier, text, NULL, best, 4, &labels, &problem) != INTENT_STATUS_OK) {
      return failed(intent_error_message(problem));
    }
    texts += 1;
    chosen += labels > 0;
  }
  intent_free(classifier);
  long kilobytes = -1;
  FILE *status = fopen("/proc/self/status", "r");
  while (status != NULL && fgets(line, sizeof line, status) != NULL) {
    sscanf(line, "VmHWM: %ld kB", &kilobytes);
  }
  printf("%ld kB at most, %zu texts, %zu with labels\n", kilobytes, texts, chosen);
  return kilobytes < 0 || texts == 0;
}
