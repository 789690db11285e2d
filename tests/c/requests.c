/* Requests that are answered later, and sixteen threads that ask while one learns. */
#if !defined(_POSIX_C_SOURCE)
#define _POSIX_C_SOURCE 200809L
#endif
#include "common.h"
#include <pthread.h>
#include <time.h>

/* What a host keeps for its requests. */
typedef struct inbox {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  int answered, cancelled, inside;
  bool hold;
  const intent_classifier *again; /* Ask once more in the callback. */
} inbox;

static inbox new_inbox(void) {
  inbox box;
  memset(&box, 0, sizeof box);
  CHECK(pthread_mutex_init(&box.lock, NULL) == 0 && pthread_cond_init(&box.changed, NULL) == 0);
  return box;
}

static void arrived(const intent_answer *answer, void *context) {
  inbox *box = (inbox *)context;
  const intent_classifier *again = NULL;
  CHECK(pthread_mutex_lock(&box->lock) == 0);
  box->inside++;
  pthread_cond_broadcast(&box->changed);
  while (box->hold) {
    pthread_cond_wait(&box->changed, &box->lock);
  }
  if (answer->status == INTENT_STATUS_OK) {
    CHECK(answer->message == NULL && answer->model_version >= 1);
    CHECK(answer->count == 0 || (answer->labels != NULL && answer->labels[0].probability > 0.0f));
    box->answered++;
  } else {
    CHECK(answer->status == INTENT_STATUS_CANCELLED && answer->count == 0 && strstr(answer->message, "cancelled") != NULL);
    box->cancelled++;
  }
  again = box->again;
  box->again = NULL;
  pthread_cond_broadcast(&box->changed);
  pthread_mutex_unlock(&box->lock);
  if (again != NULL) {
    CHECK(intent_predict_async(again, text_of("play some jazz"), NULL, arrived, context, NULL, NULL) == INTENT_STATUS_OK);
  }
}

static void wait_for(inbox *box, const int *number, int wanted) {
  CHECK(pthread_mutex_lock(&box->lock) == 0);
  while (*number < wanted) {
    pthread_cond_wait(&box->changed, &box->lock);
  }
  pthread_mutex_unlock(&box->lock);
}

static void release(inbox *box) {
  CHECK(pthread_mutex_lock(&box->lock) == 0);
  box->hold = false;
  pthread_cond_broadcast(&box->changed);
  pthread_mutex_unlock(&box->lock);
}

static void every_request_is_answered_once(void) {
  intent_classifier *c = trained();
  inbox box = new_inbox();
  box.again = c;
  for (int i = 0; i < 200; i++) {
    OK(intent_predict_async(c, text_of("play some jazz"), NULL, arrived, &box, NULL, &problem));
  }
  wait_for(&box, &box.answered, 201);
  OK(intent_finish(c, &problem));
  FAILS(SHUT_DOWN, "no more requests", intent_predict_async(c, text_of("hi"), NULL, arrived, &box, NULL, &problem));
  CHECK(box.answered == 201 && box.cancelled == 0);
  intent_free(c);
}

static void requests_are_cancelled_refused_and_swept_up(void) {
  intent_classifier *c = trained();
  OK(intent_set_queue(c, 1, 4, &problem));
  inbox box = new_inbox();
  box.hold = true;
  OK(intent_predict_async(c, text_of("hold on"), NULL, arrived, &box, NULL, &problem));
  wait_for(&box, &box.inside, 1);
  intent_request *requests[4];
  for (int i = 0; i < 4; i++) {
    OK(intent_predict_async(c, text_of("play some jazz"), NULL, arrived, &box, &requests[i], &problem));
  }
  intent_request *none = NULL;
  FAILS(BUSY, "the queue is full with 4 requests", intent_predict_async(c, text_of("hi"), NULL, arrived, &box, &none, &problem));
  CHECK(none == NULL && intent_request_cancel(requests[1]) && !intent_request_cancel(requests[1]));
  intent_request_free(requests[1]);
  release(&box);
  wait_for(&box, &box.answered, 4);
  CHECK(box.cancelled == 1 && !intent_request_cancel(requests[0]));
  intent_request_free(requests[0]);
  intent_request_free(requests[2]);
  intent_request_free(requests[3]);
  FAILS(INVALID_ARGUMENT, "before the first request", intent_set_queue(c, 2, 4, &problem));
  FAILS(INVALID_ARGUMENT, "`workers` is 0; it must be 1 to 1024", intent_set_queue(c, 0, 4, &problem));
  FAILS(INVALID_ARGUMENT, "`workers`", intent_set_queue(c, 1025, 4, &problem));
  FAILS(INVALID_ARGUMENT, "`capacity` is 0; it must be 1 to 65536", intent_set_queue(c, 1, 0, &problem));
  FAILS(INVALID_ARGUMENT, "`capacity`", intent_set_queue(c, 1, SIZE_MAX, &problem));
  FAILS(INVALID_ARGUMENT, "`capacity`", intent_set_queue(c, 1, 65537, &problem));
  FAILS(NULL_ARGUMENT, "`callback`", intent_predict_async(c, text_of("hi"), NULL, NULL, NULL, NULL, &problem));
  FAILS(NULL_ARGUMENT, "`text`", intent_predict_async(c, text_with(NULL, 1), NULL, arrived, &box, NULL, &problem));
  CHECK(!intent_request_cancel(NULL));
  intent_request_free(NULL);

  /* What waits when the classifier goes is cancelled, and told so. */
  for (int i = 0; i < 4; i++) {
    OK(intent_predict_async(c, text_of("play some jazz"), NULL, arrived, &box, NULL, &problem));
  }
  intent_free(c);
  CHECK(box.answered + box.cancelled == 9);
}

typedef struct reader {
  const intent_classifier *classifier;
  const volatile bool *stop;
  unsigned long long asked;
} reader;

static void *ask(void *context) {
  reader *r = (reader *)context;
  uint64_t last = 0;
  while (!*r->stop) {
    for (int i = 0; i < LINE_COUNT; i++) {
      intent_scored labels[4];
      intent_decision decision;
      CHECK(intent_predict_detailed(r->classifier, text_of(LINES[i].text), NULL, labels, 4, &decision, NULL) == INTENT_STATUS_OK);
      CHECK(decision.model_version >= last);
      last = decision.model_version;
      for (size_t j = 0; j < decision.count && j < 4; j++) {
        CHECK(labels[j].probability >= 0.0f && labels[j].probability <= 1.0f);
        CHECK(intent_label(r->classifier, labels[j].label, NULL) != NULL);
      }
      r->asked++;
    }
  }
  return NULL;
}

static void sixteen_threads_ask_while_one_learns(char **arguments) {
  enum { THREADS = 16, UPDATES = 8 };
  intent_classifier *c = trained();
  volatile bool stop = false;
  pthread_t threads[THREADS];
  reader readers[THREADS];
  for (int i = 0; i < THREADS; i++) {
    readers[i].classifier = c;
    readers[i].stop = &stop;
    readers[i].asked = 0;
    CHECK(pthread_create(&threads[i], NULL, ask, &readers[i]) == 0);
  }
  for (int i = 0; i < UPDATES; i++) {
    char text[64];
    CHECK(snprintf(text, sizeof text, "zebra number %d", i) > 0);
    intent_text example = text_of(text), name = text_of(i % 2 ? "garden" : "light");
    size_t one = 1;
    intent_update_report update;
    OK(intent_update(c, &example, 1, &name, &one, &update, &problem));
    CHECK(update.model_version == (uint64_t)i + 2);
    OK(intent_save(c, text_of(in_folder(arguments, "live.intent")), &problem));
  }
  stop = true;
  unsigned long long asked = 0;
  for (int i = 0; i < THREADS; i++) {
    CHECK(pthread_join(threads[i], NULL) == 0);
    asked += readers[i].asked;
  }
  intent_statistics stats;
  OK(intent_stats(c, &stats, &problem));
  CHECK(stats.predictions == asked && stats.learned == UPDATES && stats.model_version == UPDATES + 1);
  intent_free(c);
}

int main(int count, char **arguments) {
  CHECK(count > 1);
  every_request_is_answered_once();
  requests_are_cancelled_refused_and_swept_up();
  sixteen_threads_ask_while_one_learns(arguments);
  return 0;
}
