/* A classifier that starts from two keyword rules, learns from what it is told, and remembers it in a file.
 *
 *   cargo build --release --lib
 *   cc examples/learn.c -Iinclude target/release/libintentkit.a -lpthread -ldl -lm -o learn && ./learn .
 */
#include "intentkit.h"
#include <stdio.h>
#include <string.h>

static intent_text text(const char *string) {
  intent_text text = {(const uint8_t *)string, strlen(string)};
  return text;
}

/* Says what went wrong and gives the program's exit code. */
static int failed(intent_error *error) {
  fprintf(stderr, "%s\n", intent_error_message(error));
  intent_error_free(error);
  return 1;
}

static int show(const intent_classifier *classifier, const char *question) {
  intent_error *error = NULL;
  intent_scored best;
  intent_decision decision;
  if (intent_predict_detailed(classifier, text(question), NULL, &best, 1, &decision, &error) != INTENT_STATUS_OK) {
    return failed(error);
  }
  printf("%s -> %s%s\n", question, decision.count ? intent_label(classifier, best.label, NULL) : "none of them",
         decision.source == INTENT_SOURCE_RULE ? " (by a rule)" : "");
  return 0;
}

int main(int count, char **arguments) {
  static const char rules[] =
      "[{\"label\": \"light\", \"keywords\": [\"lamp\", \"lights\"]}, {\"label\": \"music\", \"keywords\": [\"song\"]}]";
  char path[4096];
  intent_classifier *classifier = NULL;
  intent_error *error = NULL;
  if (intent_from_rules(text(rules), &classifier, &error) != INTENT_STATUS_OK) return failed(error);
  if (show(classifier, "switch the lamp off") || show(classifier, "it is too dark in here")) return 1;

  /* From here on everything it learns goes to this file first. */
  if (snprintf(path, sizeof path, "%s/home.learner", count > 1 ? arguments[1] : ".") >= (int)sizeof path) return 1;
  if (intent_save_training_state(classifier, text(path), false, &error) != INTENT_STATUS_OK) {
    return failed(error);
  }
  intent_text correction = text("it is too dark in here"), label = text("light");
  size_t one = 1;
  if (intent_update(classifier, &correction, 1, &label, &one, NULL, &error) != INTENT_STATUS_OK) return failed(error);
  intent_free(classifier);

  /* The next time the program starts. */
  if (intent_load_training_state(text(path), false, &classifier, &error) != INTENT_STATUS_OK) {
    return failed(error);
  }
  int code = show(classifier, "it is too dark in here");
  intent_free(classifier);
  remove(path);
  return code;
}
