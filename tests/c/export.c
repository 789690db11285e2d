/* Core ML: packages (options, replacing, refusals; what is in them, tests/export.rs checks) and the choice of an engine. */
#include "common.h"

static void is_a_package(const char *path) {
  char file[4096];
  static const char *const names[] = {"Manifest.json", "Data/com.apple.CoreML/model.mlmodel",
                                      "Data/com.apple.CoreML/weights/weight.bin"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    size_t length = 0;
    CHECK(snprintf(file, sizeof file, "%s/%s", path, names[i]) < (int)sizeof file);
    uint8_t *bytes = read_whole_file(file, &length);
    CHECK(length > 100);
    free(bytes);
  }
}

int main(int count, char **arguments) {
  CHECK(count == 2);
  intent_classifier *c = trained();
  const char *path = in_folder(arguments, "Small model.mlpackage");
  OK(intent_export_coreml(c, text_of(path), NULL, &problem));
  is_a_package(path);

  intent_export_options options = INTENT_EXPORT_OPTIONS_INIT;
  options.author = text_of("Ada");
  options.rows = 16;
  for (uint32_t precision = INTENT_PRECISION_FLOAT16; precision <= INTENT_PRECISION_INT8; precision++) {
    options.precision = precision;
    OK(intent_export_coreml(c, text_of(path), &options, &problem)); /* over the one before */
    is_a_package(path);
  }

  options.precision = 3;
  FAILS(INVALID_ARGUMENT, "`options->precision` is 3", intent_export_coreml(c, text_of(path), &options, &problem));
  options.precision = 0;
  options.rows = 5000;
  FAILS(INVALID_ARGUMENT, "`rows` is 5000", intent_export_coreml(c, text_of(path), &options, &problem));
  options.rows = 0;
  options.author = NULL_TEXT;
  FAILS(NULL_ARGUMENT, "`options->author`", intent_export_coreml(c, text_of(path), &options, &problem));
  /* A program that was compiled before packages had authors passes a shorter struct. */
  options.size = offsetof(intent_export_options, author);
  OK(intent_export_coreml(c, text_of(path), &options, &problem));
  is_a_package(path);
  options.size = 4;
  FAILS(INVALID_ARGUMENT, "`options->size` is 4", intent_export_coreml(c, text_of(path), &options, &problem));

  FAILS(NULL_ARGUMENT, "`classifier`", intent_export_coreml(NULL, text_of(path), NULL, &problem));
  FAILS(NULL_ARGUMENT, "`path`", intent_export_coreml(c, text_with(NULL, 0), NULL, &problem));
  FAILS(INVALID_UTF8, BAD_UTF8_WORDS, intent_export_coreml(c, BAD_UTF8, NULL, &problem));
  FAILS(IO, "/nowhere/x.mlpackage", intent_export_coreml(c, text_of("/nowhere/x.mlpackage"), NULL, &problem));
  const char *file = in_folder(arguments, "mine.mlpackage");
  write_file(file, "mine", 4);
  FAILS(INVALID_ARGUMENT, "is not a Core ML package", intent_export_coreml(c, text_of(file), NULL, &problem));

  for (uint32_t runtime = INTENT_ENGINE_CHOICE_CPU; runtime <= INTENT_ENGINE_CHOICE_CORE_ML_CPU; runtime++) {
    intent_scored best;
    size_t chosen = 0;
    OK(intent_set_engine_choice(c, runtime, &problem));
    OK(intent_predict(c, text_of("play the song"), NULL, &best, 1, &chosen, &problem));
    CHECK(chosen == 1 && intent_engine(c, false) != NULL && intent_engine(c, true) != NULL);
  }
  OK(intent_set_engine_choice(c, INTENT_ENGINE_CHOICE_CPU, &problem));
  CHECK(strcmp(intent_engine(c, false), "cpu-int8") == 0 && intent_engine(NULL, true) == NULL);
  char json[4096];
  size_t length = 0;
  OK(intent_engine_json(c, NULL, 0, &length, &problem));
  CHECK(length > 10 && length < sizeof json);
  OK(intent_engine_json(c, (uint8_t *)json, sizeof json, &length, &problem));
  json[length] = 0;
  CHECK(strncmp(json, "{\"asked\":\"cpu\",", 15) == 0 && strstr(json, "\"single\":\"cpu-int8\"") != NULL);
  FAILS(NULL_ARGUMENT, "`buffer`", intent_engine_json(c, NULL, 5, &length, &problem));
  FAILS(NULL_ARGUMENT, "`length_out`", intent_engine_json(c, NULL, 0, NULL, &problem));
  FAILS(NULL_ARGUMENT, "`classifier`", intent_engine_json(NULL, NULL, 0, &length, &problem));
  FAILS(INVALID_ARGUMENT, "`choice` is 7", intent_set_engine_choice(c, 7, &problem));
  FAILS(NULL_ARGUMENT, "`classifier`", intent_set_engine_choice(NULL, 0, &problem));
  intent_free(c);
  return 0;
}
