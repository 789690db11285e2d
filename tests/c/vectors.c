/* The shared vector file: texts, their feature rows and their labels, bit for bit what Rust and Swift read from it too. The second argument is the
   repository. */
#include "common.h"

/* Puts `at` behind the next `mark` and says whether there is one before `end`. */
static int next(const char **at, const char *mark, const char *end) {
  const char *found = strstr(*at, mark);
  if (found == NULL || found >= end) return 0;
  *at = found + strlen(mark);
  return 1;
}

/* A JSON string from behind its first quote on, as far as this file uses them: its length. */
static size_t string(const char **at, char *out, size_t room) {
  size_t length = 0;
  for (; **at != '"'; ++*at) {
    CHECK(**at != '\0' && length < room);
    char byte = **at;
    if (byte == '\\') {
      byte = *++*at;
      CHECK(strchr("\"\\/nt", byte) != NULL);
      if (byte == 'n') byte = '\n';
      if (byte == 't') byte = '\t';
    }
    out[length++] = byte;
  }
  ++*at;
  return length;
}

/* A float32 as the file has it: eight hexadecimal digits of its bits. */
static void check_bits(const char *digits, float value) {
  uint32_t bits;
  char found[9];
  memcpy(&bits, &value, sizeof bits);
  snprintf(found, sizeof found, "%08x", (unsigned)bits);
  CHECK(memcmp(found, digits, 8) == 0);
}

static void check_case(const intent_classifier *c, const char *at, const char *end) {
  static char text[8192], digits[8 * INTENT_FEATURES];
  static float rows[INTENT_MAX_CLAUSES * INTENT_FEATURES];
  intent_scored chosen[16];
  size_t count = 0, seen = 0;
  CHECK(next(&at, "\"", end));
  size_t length = string(&at, text, sizeof text);

  OK(intent_vectorize_rows(c, text_with(text, length), rows, INTENT_MAX_CLAUSES, &count, &problem));
  CHECK(next(&at, "\"rows\": [", end));
  const char *rows_end = strchr(at, ']');
  for (; next(&at, "\"", rows_end); seen++) {
    CHECK(seen < count && string(&at, digits, sizeof digits) == sizeof digits);
    for (size_t i = 0; i < INTENT_FEATURES; i++) check_bits(digits + 8 * i, rows[INTENT_FEATURES * seen + i]);
  }
  CHECK(seen == count);

  OK(intent_predict(c, text_with(text, length), NULL, chosen, 16, &count, &problem));
  CHECK(next(&at, "\"labels\": [", end));
  for (seen = 0; next(&at, "\"", end); seen++) {
    char name[64];
    size_t name_length = string(&at, name, sizeof name), own_length = 0;
    CHECK(seen < count && next(&at, "\"", end) && string(&at, digits, sizeof digits) == 8);
    const char *own = intent_label(c, chosen[seen].label, &own_length);
    CHECK(own != NULL && own_length == name_length && memcmp(own, name, name_length) == 0);
    check_bits(digits, chosen[seen].probability);
  }
  CHECK(seen == count);
}

int main(int count, char **arguments) {
  CHECK(count == 3);
  char path[4096];
  snprintf(path, sizeof path, "%s/models/assistant.intent", arguments[2]);
  intent_classifier *classifier = NULL;
  OK(intent_load(text_of(path), &classifier, &problem));

  size_t length = 0, cases = 0;
  snprintf(path, sizeof path, "%s/tests/vectors/sample.json", arguments[2]);
  char *file = (char *)read_whole_file(path, &length);
  file[length] = '\0';
  const char *at = file, *last = file + length;
  for (int more = next(&at, "\"text\": ", last); more; cases++) {
    const char *this_case = at;
    more = next(&at, "\"text\": ", last);
    check_case(classifier, this_case, more ? at - strlen("\"text\": ") : last);
  }
  CHECK(cases > 20);
  free(file);
  intent_free(classifier);
  return 0;
}
