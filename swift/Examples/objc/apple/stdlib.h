// As much of the C library as the wrapper uses; see Foundation.h.
#include <stddef.h>
void *malloc(size_t bytes);
void free(void *memory);
