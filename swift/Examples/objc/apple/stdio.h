// The part of the C library that the host uses: see Foundation.h.
typedef struct __sFILE FILE;
extern FILE *__stderrp;
#define stderr __stderrp
int printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
int fprintf(FILE *to, const char *format, ...) __attribute__((format(printf, 2, 3)));
