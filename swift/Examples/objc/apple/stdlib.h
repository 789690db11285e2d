// The part of the C library that the wrapper uses: see Foundation.h.
#include <stddef.h>
void *malloc(size_t bytes);
void free(void *memory);
