/* The header may be included twice, needs nothing before it, and is the library's. */
#include "intentkit.h"
#include "intentkit.h"

#include <string.h>

int main(void) {
  if (strcmp(intent_version(), INTENTKIT_VERSION) != 0) return 1;
  if (intent_version_number() != INTENTKIT_VERSION_NUMBER) return 2;
  if (INTENTKIT_VERSION_NUMBER !=
      INTENTKIT_VERSION_MAJOR * 65536 + INTENTKIT_VERSION_MINOR * 256 + INTENTKIT_VERSION_PATCH) {
    return 3;
  }
  return 0;
}
