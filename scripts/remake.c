/* `remake DATA MODEL` trains on a JSON Lines file with the default options and saves the model. */
#include "intentkit.h"
#include <stdio.h>
#include <string.h>

int main(int count, char **arguments) {
  intent_classifier *classifier = NULL;
  intent_error *problem = NULL;
  if (count != 3) {
    fprintf(stderr, "usage: remake DATA MODEL\n");
    return 1;
  }
  intent_text data = {(const uint8_t *)arguments[1], strlen(arguments[1])};
  intent_text model = {(const uint8_t *)arguments[2], strlen(arguments[2])};
  intent_status status = intent_train_file(data, INTENT_FORMAT_JSON_LINES, NULL, &classifier, &problem);
  if (status == INTENT_STATUS_OK) {
    status = intent_save(classifier, model, &problem);
  }
  if (status != INTENT_STATUS_OK) {
    fprintf(stderr, "remake: %s\n", intent_error_message(problem));
  }
  intent_error_free(problem);
  intent_free(classifier);
  return status != INTENT_STATUS_OK;
}
