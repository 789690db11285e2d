/* Errors: made only where something failed, readable, optional; and what NULL means to each accessor. */
#include "common.h"

int main(void) {
  /* A failure without anywhere to put the error. */
  CHECK(intent_prepare(NULL, NULL) == INTENT_STATUS_NULL_ARGUMENT);

  /* A status and a sentence. */
  CHECK(intent_prepare(NULL, &problem) == INTENT_STATUS_NULL_ARGUMENT);
  CHECK(problem != NULL);
  CHECK(intent_error_status(problem) == INTENT_STATUS_NULL_ARGUMENT);
  CHECK(strcmp(intent_error_message(problem), "`classifier` is NULL; it must not be") == 0);
  intent_error_free(problem);
  problem = NULL;

  /* Files: the message names the file. A NUL inside a path does not cut the message short. */
  intent_classifier *classifier = NULL;
  FAILS(IO, "/nowhere/at/all.intent", intent_load(text_of("/nowhere/at/all.intent"), &classifier, &problem));
  FAILS(IO, "tail", intent_load(text_with(BYTES("nul\0tail"), 8), &classifier, &problem));
  CHECK(classifier == NULL);

  /* Success writes no error. */
  classifier = trained();
  OK(intent_prepare(classifier, &problem));
  OK(intent_prepare(classifier, NULL));

  /* NULL objects. */
  size_t length = 77;
  CHECK(intent_error_status(NULL) == INTENT_STATUS_OK);
  CHECK(intent_error_message(NULL) == NULL);
  CHECK(intent_label_count(NULL) == 0);
  CHECK(intent_label(NULL, 0, &length) == NULL);
  CHECK(intent_warning_count(NULL) == 0);
  CHECK(intent_warning(NULL, 0, &length) == NULL);
  CHECK(isnan(intent_heldout_accuracy(NULL)) && isnan(intent_familiar_accuracy(NULL)));
  CHECK(isnan(intent_heldout_answered(NULL)) && intent_heldout_count(NULL) == 0);
  CHECK(length == 77);
  intent_error_free(NULL);
  intent_options_free(NULL);
  intent_free(NULL);

  /* Labels: in the order of their first appearance, each a C string with its length. */
  CHECK(intent_label_count(classifier) == 3);
  CHECK(strcmp(intent_label(classifier, 0, NULL), "light") == 0);
  CHECK(strcmp(intent_label(classifier, 1, &length), "music") == 0 && length == 5);
  CHECK(strcmp(intent_label(classifier, 2, NULL), "timer") == 0);
  CHECK(intent_label(classifier, 0, NULL) == intent_label(classifier, 0, NULL));
  CHECK(intent_label(classifier, 3, &length) == NULL && length == 5);
  CHECK(intent_label(classifier, UINT32_MAX, NULL) == NULL);
  intent_free(classifier);
  return 0;
}
