/* A panic inside the library arrives as a status, and the library goes on. Linked with a library that has the export. */
#include "common.h"

#ifdef __cplusplus
extern "C"
#endif
intent_status intent_test_panic(intent_error **error_out);

int main(void) {
  FAILS(PANICKED, "report", intent_test_panic(&problem));
  CHECK(intent_test_panic(NULL) == INTENT_STATUS_PANICKED);
  intent_classifier *classifier = trained();
  CHECK(intent_label_count(classifier) == 3);
  intent_free(classifier);
  return 0;
}
