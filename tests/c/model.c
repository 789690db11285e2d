/* Model files: `model FOLDER save` writes one with its answers, `model FOLDER load`, another process, reads both. */
#include "common.h"

typedef struct answer {
  size_t count;
  intent_scored best[3];
} answer;

static void answer_all(const intent_classifier *c, answer *answers) {
  intent_predict_options all = INTENT_PREDICT_OPTIONS_INIT;
  all.top = 3;
  memset(answers, 0, LINE_COUNT * sizeof *answers);
  for (size_t i = 0; i < LINE_COUNT; i++) {
    OK(intent_predict(c, text_of(LINES[i].text), &all, answers[i].best, 3, &answers[i].count, &problem));
  }
}

static void save(char **arguments) {
  static answer answers[LINE_COUNT];
  intent_classifier *c = trained();
  answer_all(c, answers);
  write_file(in_folder(arguments, "answers"), answers, sizeof answers);
  const char *path = in_folder(arguments, "saved.intent");
  OK(intent_save(c, text_of(path), &problem));
  OK(intent_save(c, text_of(path), &problem)); /* over itself */

  FAILS(NULL_ARGUMENT, "`classifier`", intent_save(NULL, text_of(path), &problem));
  FAILS(NULL_ARGUMENT, "`path`", intent_save(c, text_with(NULL, 0), &problem));
  FAILS(NULL_ARGUMENT, "`path`", intent_save(c, text_with(NULL, 4), &problem));
  FAILS(INVALID_ARGUMENT, "`path` is empty", intent_save(c, text_of(""), &problem));
  FAILS(INVALID_UTF8, BAD_UTF8_WORDS, intent_save(c, BAD_UTF8, &problem));
  FAILS(IO, "/nowhere/m.intent", intent_save(c, text_of("/nowhere/m.intent"), &problem));
  intent_free(c);
}

static void answers_are_those_that_were_saved(const intent_classifier *c, char **arguments) {
  static answer now[LINE_COUNT];
  size_t length;
  uint8_t *then = read_whole_file(in_folder(arguments, "answers"), &length);
  answer_all(c, now);
  CHECK(length == sizeof now && memcmp(then, now, length) == 0);
  CHECK(intent_label_count(c) == 3 && strcmp(intent_label(c, 2, NULL), "timer") == 0);
  CHECK(intent_warning_count(c) == 0 && !isnan(intent_heldout_accuracy(c)));
  CHECK(intent_heldout_count(c) >= 10 && !isnan(intent_familiar_accuracy(c)) && !isnan(intent_heldout_answered(c)));
  free(then);
}

static void damaged_bytes_are_refused(uint8_t *bytes, size_t length) {
  intent_classifier *none = NULL;
  FAILS(NOT_A_MODEL, "not an IntentKit model", intent_load_bytes(NULL, 0, &none, &problem));
  FAILS(NOT_A_MODEL, "not an IntentKit model", intent_load_bytes(BYTES("hello, I am no model"), 20, &none, &problem));
  FAILS(NULL_ARGUMENT, "`bytes`", intent_load_bytes(NULL, 4, &none, &problem));
  FAILS(NULL_ARGUMENT, "`classifier_out`", intent_load_bytes(bytes, length, NULL, &problem));
  FAILS(INVALID_ARGUMENT, "`bytes` has length", intent_load_bytes(bytes, SIZE_MAX, &none, &problem));
  /* Of a false length no more is believed than the header says. */
  FAILS(WRONG_LENGTH, "its header says", intent_load_bytes(bytes, SIZE_MAX >> 20, &none, &problem));
  if (sizeof(size_t) == 8) {
    FAILS(INVALID_ARGUMENT, "`bytes` has length", intent_load_bytes(bytes, SIZE_MAX >> 4, &none, &problem));
  }

  /* Cut short anywhere. */
  for (size_t cut = 0; cut < length; cut = cut < 100 ? cut + 1 : cut * 2) {
    CHECK(intent_load_bytes(bytes, cut, &none, &problem) == (cut < 8 ? INTENT_STATUS_NOT_A_MODEL : INTENT_STATUS_WRONG_LENGTH));
    intent_error_free(problem);
    problem = NULL;
  }
  FAILS(WRONG_LENGTH, "its header says", intent_load_bytes(bytes, length - 1, &none, &problem));

  /* Longer than it should be. The buffer has a byte to spare. */
  bytes[length] = 0;
  FAILS(WRONG_LENGTH, "its header says", intent_load_bytes(bytes, length + 1, &none, &problem));

  /* One flipped bit among the numbers. */
  bytes[length - 9] ^= 16;
  FAILS(CHECKSUM_MISMATCH, "checksum", intent_load_bytes(bytes, length, &none, &problem));
  bytes[length - 9] ^= 16;

  /* One flipped bit anywhere in the header: whatever it is called, it is refused. */
  for (size_t i = 0; i < 400; i += 7) {
    bytes[i] ^= 1;
    intent_status status = intent_load_bytes(bytes, length, &none, &problem);
    CHECK(status >= INTENT_STATUS_NOT_A_MODEL && status <= INTENT_STATUS_ABSURD_SIZE);
    CHECK(intent_error_status(problem) == status);
    intent_error_free(problem);
    problem = NULL;
    bytes[i] ^= 1;
  }
  CHECK(none == NULL);
}

/* A format number from the future is looked at before the checksum. */
static void a_newer_format_is_named(uint8_t *bytes, size_t length) {
  static const char field[] = "\\\"format\\\":";
  intent_classifier *none = NULL;
  for (size_t i = 0; i + sizeof field < length; i++) {
    if (memcmp(bytes + i, field, sizeof field - 1) == 0) {
      uint8_t *number = bytes + i + sizeof field - 1, own = *number;
      *number = '9';
      FAILS(NEWER_FORMAT, "format 9, this library reads formats 1 to", intent_load_bytes(bytes, length, &none, &problem));
      *number = own;
      return;
    }
  }
  CHECK(!"the header tells its format");
}

static void load(char **arguments) {
  intent_classifier *mapped = NULL, *copied = NULL, *none = NULL;
  size_t length;
  const char *path = in_folder(arguments, "saved.intent");
  uint8_t *bytes = read_whole_file(path, &length);
  OK(intent_load(text_of(path), &mapped, &problem));
  OK(intent_prepare(mapped, &problem));
  OK(intent_load_bytes(bytes, length, &copied, &problem));
  damaged_bytes_are_refused(bytes, length);
  a_newer_format_is_named(bytes, length);
  memset(bytes, 0, length);
  free(bytes);
  answers_are_those_that_were_saved(mapped, arguments);
  answers_are_those_that_were_saved(copied, arguments);

  /* Replacing the file leaves the classifier that maps it whole. */
  path = in_folder(arguments, "saved.intent");
  OK(intent_save(copied, text_of(path), &problem));
  answers_are_those_that_were_saved(mapped, arguments);

  path = in_folder(arguments, "answers");
  FAILS(NOT_A_MODEL, path, intent_load(text_of(path), &none, &problem));
  FAILS(IO, arguments[1], intent_load(text_of(arguments[1]), &none, &problem));
  FAILS(IO, "/nowhere/m.intent", intent_load(text_of("/nowhere/m.intent"), &none, &problem));
  FAILS(NULL_ARGUMENT, "`path`", intent_load(text_with(NULL, 0), &none, &problem));
  FAILS(NULL_ARGUMENT, "`path`", intent_load(text_with(NULL, 4), &none, &problem));
  FAILS(INVALID_ARGUMENT, "`path` is empty", intent_load(text_of(""), &none, &problem));
  FAILS(INVALID_UTF8, BAD_UTF8_WORDS, intent_load(BAD_UTF8, &none, &problem));
  FAILS(NULL_ARGUMENT, "`classifier_out`", intent_load(text_of(path), NULL, &problem));
  CHECK(none == NULL);
  intent_free(mapped);
  intent_free(copied);
}

int main(int count, char **arguments) {
  CHECK(count == 3);
  if (strcmp(arguments[2], "save") == 0) {
    save(arguments);
  } else {
    load(arguments);
  }
  return 0;
}
