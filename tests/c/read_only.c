/* A training-state file that may only be read: it answers, and says why it doesn't learn. */
#if !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif
#include "common.h"
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOBODY = 65534 };

static const char *const RULES =
    "[{\"label\":\"light\",\"keywords\":[\"lamp\"]},{\"label\":\"music\",\"keywords\":[\"song\"]}]";

static intent_status learn(intent_classifier *c, const char *text, const char *label) {
  intent_text texts[1], labels[1];
  size_t counts[1] = {1};
  texts[0] = text_of(text);
  labels[0] = text_of(label);
  return intent_update(c, texts, 1, labels, counts, NULL, &problem);
}

static void answers(const intent_classifier *c, const char *text, uint32_t wanted) {
  intent_scored found[2];
  size_t count = 0;
  OK(intent_predict(c, text_of(text), NULL, found, 2, &count, &problem));
  CHECK(count == 1 && found[0].label == wanted);
}

static void reader(const char *path) {
  /* The superuser may write to any file. */
  if (geteuid() == 0) {
    CHECK(setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
  }
  intent_classifier *c = NULL;
  OK(intent_load_training_state(text_of(path), false, &c, &problem));
  answers(c, "the lamp", 0);
  for (int i = 0; i < 2; i++) {
    FAILS(BAD_TRAINING_STATE, "this training-state file is read-only", learn(c, "it is dark", "light"));
    FAILS(BAD_TRAINING_STATE, "is read-only", intent_forget_examples(c, &problem));
    answers(c, "a song", 1);
  }
  intent_free(c);
}

int main(void) {
  /* Not in the program's own folder, which others may not be allowed to enter. */
  char folder[] = "/tmp/intentkit-read-only-XXXXXX";
  CHECK(mkdtemp(folder) != NULL);
  char path[64];
  CHECK(snprintf(path, sizeof path, "%s/x.learner", folder) < (int)sizeof path);
  intent_classifier *c = NULL;
  OK(intent_from_rules(text_of(RULES), &c, &problem));
  OK(intent_save_training_state(c, text_of(path), false, &problem));
  OK(learn(c, "play some jazz", "music"));
  intent_free(c);
  CHECK(chmod(path, 0444) == 0 && chmod(folder, 0555) == 0);
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    reader(path);
    _exit(0);
  }
  int status = -1;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(chmod(folder, 0755) == 0 && unlink(path) == 0 && rmdir(folder) == 0);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  return 0;
}
