/*
 * IntentKit: an on-device intent classifier.
 *
 * It turns a short text ("can you see my screen?") into the set of labels it asks for, trains on the device itself, and
 * answers in microseconds. This is the whole interface; it needs C99 or C++ and nothing else. intent_train(),
 * intent_load() or intent_new() makes a classifier, intent_predict() asks it, intent_update() corrects it, intent_free()
 * releases it.
 *
 * Threads. Any number of threads may make calls with one object that take it as `const`, at once: predictions wait for nothing,
 * not even for a classifier that is learning. Without `const` the object must not be in use elsewhere during the call.
 * Training uses threads of its own and calls the progress callback from them, one at a time. Where the system gives no threads, trainings,
 * updates and batches are done on the calling one, while intent_predict_async() and intent_retrain() fail and say so.
 *
 * Processes. A forked process may use whatever it inherits, unless another thread was inside a call at the time of the fork. Its batches,
 * trainings and requests get threads of its own. Requests and trainings in the background that were going on stay with the parent: their
 * callbacks come there alone, and the child can't cancel or wait for them. Only one of the two may go on with a training-state file.
 *
 * Memory. Who makes it frees it: what the library hands out is released with the library's own function for it, never with
 * free(). What the caller hands in is borrowed for the time of the call, and nothing is kept unless its comment says so.
 * Predicting allocates nothing. Training, learning and loading ask for their large blocks first, and return OUT_OF_MEMORY where one can't be
 * had; nothing has changed then. A small block that can't be had ends the process.
 *
 * Stack. A prediction fits a thread with a stack of 64 kB for a model of up to 2,048 labels, and one of 192 kB for more. Every other call
 * fits one of 256 kB.
 *
 * Text is UTF-8, given as a pointer and a number of bytes, not NUL-terminated; NULL with length 0 is the empty text. Paths
 * are such texts. Strings that the library returns are NUL-terminated.
 *
 * Errors. A call that can fail returns an intent_status. Results come last, through pointers that are written only on
 * success. `error_out` may be NULL; otherwise it is written only on failure and receives an error with a sentence to
 * show, which is to be released with intent_error_free(). The comments below list the statuses of each call without their
 * INTENT_STATUS_ prefix.
 */

#ifndef INTENTKIT_H
#define INTENTKIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The version of this header; intent_version() gives that of the library. */
#define INTENTKIT_VERSION_MAJOR 0
#define INTENTKIT_VERSION_MINOR 1
#define INTENTKIT_VERSION_PATCH 0
#define INTENTKIT_VERSION "0.1.0"
/** The same as one number: a byte for each part, 0x010203 for 1.2.3. */
#define INTENTKIT_VERSION_NUMBER 0x000100

/** Fills an intent_predict_options with the model's own rule: intent_predict_options o = INTENT_PREDICT_OPTIONS_INIT; */
#define INTENT_PREDICT_OPTIONS_INIT { sizeof(intent_predict_options), -1.0f, 0, 0.0f, -1.0f, 0.0f }

/** Fills an intent_export_options with the defaults: intent_export_options o = INTENT_EXPORT_OPTIONS_INIT; */
#define INTENT_EXPORT_OPTIONS_INIT { sizeof(intent_export_options), 0, 0, NULL, 0, NULL, 0 }

/** Fills an intent_text with a string literal: intent_text t = INTENT_TEXT("turn on the lights"); */
#define INTENT_TEXT(literal) { (const uint8_t *)(literal), sizeof(literal) - 1 }

/** Numbers in a feature vector. */
#define INTENT_FEATURES 256

/** Longest text that can be classified or trained on, in bytes. */
#define INTENT_MAX_TEXT_BYTES 1048576

/** Most clauses that a text is cut into. */
#define INTENT_MAX_CLAUSES 32

/**
 * What a call returns. Zero is success. Numbers are never reused; a later version may add some, so treat an unknown one
 * as a failure and read its message.
 */
typedef enum intent_status {
  /** It worked. */
  INTENT_STATUS_OK = 0,
  /** A pointer that must not be NULL is NULL. */
  INTENT_STATUS_NULL_ARGUMENT = 1,
  /** A text, name or path is not UTF-8. */
  INTENT_STATUS_INVALID_UTF8 = 2,
  /** An argument or option is out of its range, or contradicts another. */
  INTENT_STATUS_INVALID_ARGUMENT = 3,
  /** A text has more than INTENT_MAX_TEXT_BYTES bytes. */
  INTENT_STATUS_TEXT_TOO_LONG = 4,
  /** A defect inside the library, caught at its border. Please report it. */
  INTENT_STATUS_PANICKED = 5,
  /** The bytes are no IntentKit model file. */
  INTENT_STATUS_NOT_A_MODEL = 10,
  /** The model file was written by a newer library. */
  INTENT_STATUS_NEWER_FORMAT = 11,
  /** The model file is shorter or longer than its header says. */
  INTENT_STATUS_WRONG_LENGTH = 12,
  /** The model file's bytes have changed since it was written. */
  INTENT_STATUS_CHECKSUM_MISMATCH = 13,
  /** A tensor of the model file is missing, or has another shape or type than it should. */
  INTENT_STATUS_WRONG_TENSOR = 14,
  /** The model file holds a size that no model may have. */
  INTENT_STATUS_ABSURD_SIZE = 15,
  /** A line of a data file, or a lexicon, can't be read; the message names file and line. */
  INTENT_STATUS_BAD_DATA = 20,
  /** The training-state file is corrupt, is not one, is locked by another process, or was replaced by another file while it was open. */
  INTENT_STATUS_BAD_LEARNER = 21,
  /** The examples can't be learned from. */
  INTENT_STATUS_UNTRAINABLE = 30,
  /** The progress callback stopped the training. */
  INTENT_STATUS_STOPPED = 31,
  /** A file can't be read or written. */
  INTENT_STATUS_IO = 40,
  /** There is no memory for a large block. */
  INTENT_STATUS_OUT_OF_MEMORY = 41,
  /** The model was trained from feature rows and can't read texts. */
  INTENT_STATUS_NO_VECTORIZER = 50,
  /** As many requests are waiting as the queue takes. */
  INTENT_STATUS_BUSY = 60,
  /** The request was cancelled before it was answered. */
  INTENT_STATUS_CANCELLED = 61,
  /** The classifier takes no requests any more. */
  INTENT_STATUS_SHUT_DOWN = 62,
} intent_status;

/** A run of a training. With two threads or more, the held-out and the final run are on at the same time. */
typedef enum intent_phase {
  /** On some lines with several labels, to see whether texts are better cut into clauses. */
  INTENT_PHASE_CLAUSES = 0,
  /** On the lines that are not held out, to choose epochs, calibration and the rejection threshold. */
  INTENT_PHASE_HELDOUT = 1,
  /** On all lines, to make the weights that are kept. */
  INTENT_PHASE_FINAL = 2,
} intent_phase;

/** What an answer comes from. */
typedef enum intent_source {
  /** The network alone. */
  INTENT_SOURCE_NETWORK = 0,
  /** A keyword rule, and the network behind it. */
  INTENT_SOURCE_RULE = 1,
} intent_source;

/** The recipes of training, for intent_options_set_preset(). */
typedef enum intent_preset {
  /** Multi when more than 1 % of the labelled lines have two or more labels, else single. The default. */
  INTENT_PRESET_AUTO = 0,
  /** One label a text: the best alone is answered. */
  INTENT_PRESET_SINGLE = 1,
  /** Sets of labels: every label at or over its threshold is answered. */
  INTENT_PRESET_MULTI = 2,
  /** The original system to the letter, as the baseline of comparisons. Not for use. */
  INTENT_PRESET_REFERENCE = 3,
} intent_preset;

/** How a data file is written, for intent_train_file() and intent_options_set_valid_file(). */
typedef enum intent_format {
  /** By the file's extension: .jsonl, .ndjson, .json; .txt, .ft, .fasttext; .csv. */
  INTENT_FORMAT_BY_EXTENSION = 0,
  /** One object a line: {"text": "...", "labels": ["a", "b"]}. */
  INTENT_FORMAT_JSON_LINES = 1,
  /** fastText lines: __label__a __label__b some text. */
  INTENT_FORMAT_FASTTEXT = 2,
  /** A header with the columns text and labels; the labels of a record are separated by |. */
  INTENT_FORMAT_CSV = 3,
} intent_format;

/** What a Core ML package computes in. */
typedef enum intent_precision {
  /** Weights and activations in float16, what the Neural Engine computes in. From macOS 12, iOS 15. The default. */
  INTENT_PRECISION_FLOAT16 = 0,
  /** Everything in float32, which the Neural Engine never runs. From macOS 12, iOS 15. */
  INTENT_PRECISION_FLOAT32 = 1,
  /** The model's own integer weights, activations in float16: half of the size. From macOS 13, iOS 16. */
  INTENT_PRECISION_INT8 = 2,
} intent_precision;

/** What computes, for intent_set_runtime(). */
typedef enum intent_runtime_choice {
  /** The CPU. The default: for one text at a time it is likely to be the fastest everywhere. */
  INTENT_RUNTIME_CHOICE_CPU = 0,
  /** The fastest engine that agrees with the CPU, for one text and for batches apart. */
  INTENT_RUNTIME_CHOICE_AUTO = 1,
  /**
   * Core ML, even where the CPU is faster, as long as it agrees with the CPU, on the fastest of the compute units that are tried for
   * INTENT_RUNTIME_CHOICE_AUTO: the Neural Engine with the CPU, and the CPU alone.
   */
  INTENT_RUNTIME_CHOICE_CORE_ML = 2,
  /** Core ML on whatever compute units the system likes. */
  INTENT_RUNTIME_CHOICE_CORE_ML_ALL = 3,
  /** Core ML on the CPU and the Neural Engine. From macOS 13, iOS 16 on. */
  INTENT_RUNTIME_CHOICE_CORE_ML_NEURAL_ENGINE = 4,
  /** Core ML on the CPU and the GPU. */
  INTENT_RUNTIME_CHOICE_CORE_ML_GPU = 5,
  /** Core ML on the CPU. */
  INTENT_RUNTIME_CHOICE_CORE_ML_CPU = 6,
} intent_runtime_choice;

/**
 * A classifier: made by intent_train(), intent_load(), intent_new() and their kin, released with intent_free(). It holds a model, and swaps
 * it for another when it learns. Every call but intent_free() may be made from any thread at any time: predictions never wait for learning
 * or for each other, and each is made by one model, the old or the new.
 */
typedef struct intent_classifier intent_classifier;

/** What went wrong: a status and a sentence. Made by the library where a call fails, released with intent_error_free(). */
typedef struct intent_error intent_error;

/**
 * Why a text gets its labels: made by intent_explain(), released with intent_explanation_free(). It belongs to no classifier
 * and may outlive the one that made it.
 */
typedef struct intent_explanation intent_explanation;

/**
 * How to train: made with intent_options_new() with every option at its default, released with intent_options_free().
 * Trainings only read it.
 */
typedef struct intent_options intent_options;

/** A hold on a request, to cancel it by. Released with intent_request_free(), before or after the answer. */
typedef struct intent_request intent_request;

/** A text or a name: UTF-8, not NUL-terminated, borrowed from the caller for the time of one call. */
typedef struct intent_text {
  /** The first byte. May be NULL when `length` is 0. */
  const uint8_t *bytes;
  /** Number of bytes. */
  size_t length;
} intent_text;

/** Where a training stands. */
typedef struct intent_progress {
  /** The run that the last epoch belongs to. */
  intent_phase phase;
  /** Epochs done, over all runs. */
  size_t epoch;
  /** Epochs in all, over all runs, as far as known. */
  size_t epochs;
  /** Mean loss of a line over the last epoch. */
  double loss;
  /** Share of the held-out lines answered right after this epoch, 0 to 1; NaN when there is none to tell. */
  double heldout_score;
  /** Estimate of the seconds to go. */
  double seconds_left;
} intent_progress;

/**
 * Called after each epoch, on a thread of the library's, never two at once for one training. It must return, not throw
 * or jump out.
 *
 * @param now     Where the training stands; valid during the call only.
 * @param context The pointer given to intent_options_set_progress().
 * @return true to go on, false to stop: the training then returns INTENT_STATUS_STOPPED and makes no model.
 */
typedef bool (*intent_progress_callback)(const intent_progress *now, void *context);

/** What a caller may ask of a prediction. Start from INTENT_PREDICT_OPTIONS_INIT, which is the model's own rule. */
typedef struct intent_predict_options {
  /** sizeof(intent_predict_options), so that later versions can add fields. */
  size_t size;
  /** Least probability of a chosen label, 0 to 1, instead of the model's thresholds. Negative: the model's. */
  float threshold;
  /** The `top` best labels, whatever the model's thresholds say; `threshold` still holds. 0: as the model's rule chooses. */
  size_t top;
  /**
   * Share of in-scope texts to let through, over 0 and at most 1, instead of the share given in training; 1 answers every
   * text in which anything is known. 0: the model's.
   */
  float keep;
  /**
   * Cost of rejecting a text that has a label, that is, of asking back, 0 to 1, where a wrong action costs 1. A text is then
   * rejected where that is cheaper on average. `keep` must be 0 with it. Negative: no cost is given.
   */
  float ask_back_cost;
  /** Share of texts that belong to none of the labels, 0 to 1; answering one costs 1. Read only if `ask_back_cost` is not negative. */
  float foreign_share;
} intent_predict_options;

/** A label and how probable it is. */
typedef struct intent_scored {
  /** Index of the label, in the order of the model's labels. */
  uint32_t label;
  /** 0 to 1. */
  float probability;
} intent_scored;

/** What was decided about a text. */
typedef struct intent_decision {
  /** How many labels were chosen, which may be more than fit; 0 exactly when the text is rejected. */
  size_t count;
  /**
   * Number of the model that answered: 1 for the first, one more with each swap. Label indices are those of this model; they
   * stay the same in later ones until a label is removed or merged.
   */
  uint64_t model_version;
  /** What the labels come from. */
  intent_source source;
} intent_decision;

/** The answer to a request. It and what it points to are valid during the callback only. */
typedef struct intent_answer {
  /** OK, or CANCELLED for a request that was cancelled, by its owner or by intent_free(); in rare cases another failure. */
  intent_status status;
  /** The chosen labels, best first. NULL when there are none. */
  const intent_scored *labels;
  /** Their number; 0 when the text is rejected, or the status is not OK. */
  size_t count;
  /** Number of the model that answered, as in intent_decision; 0 when the status is not OK. */
  uint64_t model_version;
  /** What the labels come from. */
  intent_source source;
  /** A sentence when the status is not OK, NUL-terminated; otherwise NULL. */
  const char *message;
} intent_answer;

/**
 * Called once for each request that was accepted, on a thread of the library's. It may call whatever it likes, intent_free() among it, and
 * must return, not throw or jump out. While it runs, its thread answers nothing else.
 *
 * @param answer  The answer; valid during the call only.
 * @param context The pointer given with the request.
 */
typedef void (*intent_answer_callback)(const intent_answer *answer, void *context);

/** What came of intent_update(). */
typedef struct intent_update_report {
  /** Examples that were learned; of several with the same text the last counts. */
  size_t examples;
  /** Those that are answered exactly right now. */
  size_t right;
  /** Labels that are new. Their indices are behind those there were. */
  size_t new_labels;
  /** Number of the model that knows them, as in intent_decision. */
  uint64_t model_version;
} intent_update_report;

/** Times in microseconds; percentiles are right to a thirty-second. All is 0 when nothing was timed. */
typedef struct intent_latency {
  /** The mean. */
  double mean_us;
  /** The median. */
  double p50_us;
  /** What 95 in 100 don't exceed. */
  double p95_us;
  /** What 99 in 100 don't exceed. */
  double p99_us;
  /** The longest. */
  double max_us;
} intent_latency;

/** What a classifier has done since it was made. intent_stats_json() says more. */
typedef struct intent_statistics {
  /** Texts that were answered, rejected ones among them. */
  uint64_t predictions;
  /** Texts that were rejected. */
  uint64_t rejected;
  /** Texts whose labels keyword rules asked for, those of intent_predict_batch() apart. */
  uint64_t by_rule;
  /** Texts whose network another engine than the CPU computed. */
  uint64_t accelerated;
  /** Predictions a second, over the whole time. */
  double per_second;
  /** Mean probability of the best label of the texts that were not rejected. */
  double mean_confidence;
  /** Of whole predictions. */
  intent_latency latency;
  /** Requests that found the queue full. */
  uint64_t busy;
  /** Requests that were cancelled. */
  uint64_t cancelled;
  /** Number of the model in use: 1 for the first, one more with each swap. */
  uint64_t model_version;
  /** Bytes of its file. */
  uint64_t model_bytes;
  /** Bytes that learning takes in memory, about. */
  uint64_t learner_bytes;
  /** Examples that were learned. */
  uint64_t learned;
  /** Examples that are kept. */
  uint64_t kept;
  /** Trainings in the background that gave a new model. */
  uint64_t retrained;
  /** Those whose model was worse or could not be made; `last_refusal` of intent_stats_json() says why. */
  uint64_t retrainings_refused;
  /** Whether one is going on. */
  bool retraining;
} intent_statistics;

/** How a Core ML package is written. Start from INTENT_EXPORT_OPTIONS_INIT: float16, a row at a time, no names. */
typedef struct intent_export_options {
  /** sizeof(intent_export_options), so that later versions can add fields. */
  size_t size;
  /** One of the INTENT_PRECISION_ constants. */
  uint32_t precision;
  /** Rows of features that the package takes at a time, 1 to 4096. 0: 1. */
  uint32_t rows;
  /** Who made the model, for the package's description. UTF-8. May be NULL when the length is 0. */
  const uint8_t *author;
  /** Bytes of `author`. */
  size_t author_length;
  /** The licence of the model, for the package's description. UTF-8. May be NULL when the length is 0. */
  const uint8_t *license;
  /** Bytes of `license`. */
  size_t license_length;
} intent_export_options;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The version of the library that runs, such as "0.1.0". Compare with INTENTKIT_VERSION, that of the header.
 *
 * @return A static NUL-terminated string; do not free it.
 */
const char *intent_version(void);

/**
 * The version of the library that runs as one number, packed as INTENTKIT_VERSION_NUMBER is.
 *
 * @return major * 65536 + minor * 256 + patch.
 */
uint32_t intent_version_number(void);

/**
 * The status that the failed call returned as well.
 *
 * @param error An error. NULL is allowed.
 * @return The status; INTENT_STATUS_OK for NULL.
 */
intent_status intent_error_status(const intent_error *error);

/**
 * One sentence, in English and UTF-8, that names the argument, the value or the file, and the next step where there is
 * one. It never quotes a text that was classified or trained on.
 *
 * @param error An error. NULL is allowed.
 * @return A NUL-terminated string, valid until the error is freed; NULL for NULL.
 */
const char *intent_error_message(const intent_error *error);

/**
 * Releases an error and its message.
 *
 * @param error An error, not to be used afterwards. NULL is allowed and does nothing.
 */
void intent_error_free(intent_error *error);

/**
 * Makes options with every value at its default.
 *
 * @return Options to release with intent_options_free(). Not NULL.
 */
intent_options *intent_options_new(void);

/**
 * Releases options.
 *
 * @param options Options, not to be used afterwards. NULL is allowed and does nothing.
 */
void intent_options_free(intent_options *options);

/**
 * Chooses the recipe. Default: INTENT_PRESET_AUTO.
 *
 * @param options   Options to change. Not NULL.
 * @param preset    One of the INTENT_PRESET_ constants.
 * @param error_out Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT, INVALID_ARGUMENT or PANICKED.
 */
intent_status intent_options_set_preset(intent_options *options, uint32_t preset, intent_error **error_out);

/**
 * Sets the number of passes over the data. Default: by the preset and the number of lines.
 *
 * @param options   Options to change. Not NULL.
 * @param epochs    1 to 100000.
 * @param error_out Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT, INVALID_ARGUMENT or PANICKED.
 */
intent_status intent_options_set_epochs(intent_options *options, size_t epochs, intent_error **error_out);

/**
 * Sets the seed of all randomness. Default: 1. The same data, options and seed give the same model, byte for byte.
 *
 * @param options   Options to change. Not NULL.
 * @param seed      Any number.
 * @param error_out Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT or PANICKED.
 */
intent_status intent_options_set_seed(intent_options *options,
                                      uint64_t seed,
                                      intent_error **error_out);

/**
 * Sets the number of threads that train. Default: 0, all cores. The model does not depend on it.
 *
 * @param options   Options to change. Not NULL.
 * @param threads   0 for all cores, or 1 to 1024.
 * @param error_out Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT, INVALID_ARGUMENT or PANICKED.
 */
intent_status intent_options_set_threads(intent_options *options, size_t threads, intent_error **error_out);

/**
 * Sets the acceptance rate: the share of the held-out lines with labels that the rejection threshold accepts. Default: 0.95; 1 answers
 * every text in which anything is known.
 *
 * @param options   Options to change. Not NULL.
 * @param keep      Over 0 and at most 1.
 * @param error_out Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT, INVALID_ARGUMENT or PANICKED.
 */
intent_status intent_options_set_keep(intent_options *options,
                                      double keep,
                                      intent_error **error_out);

/**
 * Sets what mistakes cost, instead of an acceptance rate: a text is rejected where that is cheaper on average. A wrong action costs
 * 1, and so does answering a text that belongs to none of the labels. Training fails with INVALID_ARGUMENT if
 * intent_options_set_keep() sets another value than the default as well. Default: no cost is given.
 *
 * @param options       Options to change. Not NULL.
 * @param ask_back_cost Cost of rejecting a text that has a label, that is, of asking back, 0 to 1.
 * @param foreign_share Share of texts that belong to none of the labels, 0 to 1.
 * @param error_out     Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT, INVALID_ARGUMENT or PANICKED.
 */
intent_status intent_options_set_cost(intent_options *options,
                                      float ask_back_cost,
                                      float foreign_share,
                                      intent_error **error_out);

/**
 * Sets the learning rate of the network. Default: 0.002.
 *
 * @param options       Options to change. Not NULL.
 * @param learning_rate Over 0 and at most 1.
 * @param error_out     Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT, INVALID_ARGUMENT or PANICKED.
 */
intent_status intent_options_set_learning_rate(intent_options *options,
                                               float learning_rate,
                                               intent_error **error_out);

/**
 * Sets the number of lines a step. Default: 128, or 32 for small data.
 *
 * @param options   Options to change. Not NULL.
 * @param batch     1 or more.
 * @param error_out Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT, INVALID_ARGUMENT or PANICKED.
 */
intent_status intent_options_set_batch(intent_options *options, size_t batch, intent_error **error_out);

/**
 * Sets the chance that an n-gram is left out of a text while training. Default: by the preset.
 *
 * @param options         Options to change. Not NULL.
 * @param feature_dropout At least 0 and under 1.
 * @param error_out       Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT, INVALID_ARGUMENT or PANICKED.
 */
intent_status intent_options_set_feature_dropout(intent_options *options,
                                                 float feature_dropout,
                                                 intent_error **error_out);

/**
 * Sets the chance that a line is replaced by a mixture of two lines that belongs to neither's label, which teaches what
 * out-of-scope texts look like. Default: by the preset and the number of lines.
 *
 * @param options   Options to change. Not NULL.
 * @param outliers  At least 0 and under 1.
 * @param error_out Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT, INVALID_ARGUMENT or PANICKED.
 */
intent_status intent_options_set_outliers(intent_options *options,
                                          float outliers,
                                          intent_error **error_out);

/**
 * Names the words and marks at which texts are cut into clauses, such as `and` and `,`. Default: learned from the data, and
 * used if that makes held-out lines better.
 *
 * @param options   Options to change. Not NULL.
 * @param joiners   Array of `count` texts, each one word or one punctuation mark, copied. May be NULL when the count is 0.
 * @param count     Number of joiners, at most 64; 0 cuts nothing.
 * @param error_out Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, TEXT_TOO_LONG or PANICKED.
 */
intent_status intent_options_set_joiners(intent_options *options,
                                         const intent_text *joiners,
                                         size_t count,
                                         intent_error **error_out);

/**
 * Says whether the name of a label with few lines is one more line of it, underscores as spaces. Default: true.
 *
 * @param options     Options to change. Not NULL.
 * @param label_names Whether names are lines.
 * @param error_out   Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT or PANICKED.
 */
intent_status intent_options_set_label_names(intent_options *options,
                                             bool label_names,
                                             intent_error **error_out);

/**
 * Describes a label in the words of its texts: one more line of the label, instead of its name. Default: none.
 *
 * @param options            Options to change. Not NULL.
 * @param label              Name of a label that the data has, UTF-8, copied. Not NULL.
 * @param label_length       Bytes of `label`.
 * @param description        UTF-8, copied, replacing one given before. Not NULL.
 * @param description_length Bytes of `description`.
 * @param error_out          Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT, INVALID_UTF8, TEXT_TOO_LONG or PANICKED.
 */
intent_status intent_options_set_description(intent_options *options,
                                             const uint8_t *label,
                                             size_t label_length,
                                             const uint8_t *description,
                                             size_t description_length,
                                             intent_error **error_out);

/**
 * Gives word vectors from elsewhere, a help where examples are few: those that the system has, for instance. The model holds
 * rows of the words that matter to it, so neither words nor vectors are needed after training. Default: none.
 *
 * @param options    Options to change. Not NULL.
 * @param words      Array of `count` texts, the most frequent first, copied. Those that are not exactly one word are left out; the
 *                   first of equal words wins. May be NULL when the count is 0.
 * @param count      Number of words; 0 takes the lexicon away again.
 * @param vectors    `count` times `dimensions` finite numbers, row after row, copied. May be NULL when the count is 0.
 * @param dimensions Numbers of each vector, 2 to 2048; any when the count is 0.
 * @param error_out  Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, TEXT_TOO_LONG or PANICKED.
 */
intent_status intent_options_set_lexicon(intent_options *options,
                                         const intent_text *words,
                                         size_t count,
                                         const float *vectors,
                                         size_t dimensions,
                                         intent_error **error_out);

/**
 * Reads word vectors from a file, as intent_options_set_lexicon() takes them: a text file with a word and its numbers on each
 * line (the .vec of fastText and word2vec, GloVe), or the folder of a Model2Vec model or of a sentence-transformers model with static
 * embeddings. It is read now. Default: none.
 *
 * @param options     Options to change. Not NULL.
 * @param path        UTF-8. NULL with length 0 takes the lexicon away again.
 * @param path_length Bytes of `path`.
 * @param error_out   Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, BAD_DATA, IO or PANICKED.
 */
intent_status intent_options_set_lexicon_file(intent_options *options,
                                              const uint8_t *path,
                                              size_t path_length,
                                              intent_error **error_out);

/**
 * Names a file of examples that takes the place of the lines which training would hold out; it is read when a training
 * starts. For trainings on texts only. Default: none.
 *
 * @param options     Options to change. Not NULL.
 * @param path        UTF-8, copied. NULL with length 0 takes the file away again.
 * @param path_length Bytes of `path`.
 * @param format      One of the INTENT_FORMAT_ constants.
 * @param error_out   Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT or PANICKED.
 */
intent_status intent_options_set_valid_file(intent_options *options,
                                            const uint8_t *path,
                                            size_t path_length,
                                            uint32_t format,
                                            intent_error **error_out);

/**
 * Sets a function to be called after each epoch. Default: none.
 *
 * @param options   Options to change. Not NULL.
 * @param progress  The function; NULL for none.
 * @param context   Handed to the function as it is; may be NULL. It must stay valid while a training with these options
 *                  runs.
 * @param error_out Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT or PANICKED.
 */
intent_status intent_options_set_progress(intent_options *options,
                                          intent_progress_callback progress,
                                          void *context,
                                          intent_error **error_out);

/**
 * Keeps what learning from corrections needs, the examples of the training among it, in memory and in a file: see
 * intent_save_learner(). Only for trainings on texts, and for every preset but the reference. The default keeps nothing but the model.
 *
 * @param options     Options. Not NULL.
 * @param path        UTF-8, by custom NAME.learner; copied. Not NULL.
 * @param path_length Bytes of `path`, 1 or more.
 * @param power_safe  As for intent_load_learner().
 * @param error_out   Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT or PANICKED.
 */
intent_status intent_options_set_learner(intent_options *options,
                                         const uint8_t *path,
                                         size_t path_length,
                                         bool power_safe,
                                         intent_error **error_out);

/**
 * Trains on texts and writes the classifier.
 *
 * Each text has a set of label names; a text without labels is an example of what belongs to none. Labels get their
 * indices in the order of their first appearance. Blocks until done, which the progress callback of the options can cut
 * short. The same data, options and seed give the same model, byte for byte, on every machine.
 *
 * @param texts          Array of `text_count` texts, up to INTENT_MAX_TEXT_BYTES bytes each. May be NULL when the count
 *                       is 0 (which then is UNTRAINABLE).
 * @param text_count     Number of texts.
 * @param labels         The label names of all texts, one text's behind the other's: as many as the sum of
 *                       `label_counts`. A name has 1 to 255 bytes, no control characters. May be NULL when the sum is 0.
 * @param label_counts   Array of `text_count` numbers: how many of `labels` belong to each text, 0 or more.
 * @param options        How to train. NULL for the defaults.
 * @param classifier_out Receives the classifier, to release with intent_free(). Not NULL. Written only on success.
 * @param error_out      Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, TEXT_TOO_LONG, UNTRAINABLE, OUT_OF_MEMORY, STOPPED or PANICKED; with a
 *         validation file BAD_DATA and IO as well.
 */
intent_status intent_train(const intent_text *texts,
                           size_t text_count,
                           const intent_text *labels,
                           const size_t *label_counts,
                           const intent_options *options,
                           intent_classifier **classifier_out,
                           intent_error **error_out);

/**
 * Trains on a data file and writes the classifier. As intent_train() otherwise.
 *
 * @param path           UTF-8. Not NULL.
 * @param path_length    Bytes of `path`, 1 or more.
 * @param format         One of the INTENT_FORMAT_ constants.
 * @param options        How to train. NULL for the defaults.
 * @param classifier_out Receives the classifier, to release with intent_free(). Not NULL. Written only on success.
 * @param error_out      Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, BAD_DATA, UNTRAINABLE, OUT_OF_MEMORY, STOPPED, IO or PANICKED.
 */
intent_status intent_train_file(const uint8_t *path,
                                size_t path_length,
                                uint32_t format,
                                const intent_options *options,
                                intent_classifier **classifier_out,
                                intent_error **error_out);

/**
 * Trains on feature rows of the caller's instead of texts. The classifier answers intent_predict_features() only:
 * calls with a text return INTENT_STATUS_NO_VECTORIZER. As intent_train() otherwise.
 *
 * @param rows           `row_count` rows of INTENT_FEATURES floats each, row after row: finite numbers up to a million,
 *                       best of unit length. May be NULL when the count is 0 (which then is UNTRAINABLE).
 * @param row_count      Number of rows.
 * @param labels         As for intent_train().
 * @param label_counts   Array of `row_count` numbers, as for intent_train().
 * @param options        How to train. NULL for the defaults.
 * @param classifier_out Receives the classifier, to release with intent_free(). Not NULL. Written only on success.
 * @param error_out      Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, UNTRAINABLE, OUT_OF_MEMORY, STOPPED or PANICKED.
 */
intent_status intent_train_features(const float *rows,
                                    size_t row_count,
                                    const intent_text *labels,
                                    const size_t *label_counts,
                                    const intent_options *options,
                                    intent_classifier **classifier_out,
                                    intent_error **error_out);

/**
 * Returns when the next prediction will be fast: the kernels are chosen and the model's pages are in memory. Calling it is
 * never needed, only useful, for instance on a background thread behind intent_load().
 *
 * @param classifier A classifier. Not NULL.
 * @param error_out  Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT or PANICKED.
 */
intent_status intent_prepare(const intent_classifier *classifier,
                             intent_error **error_out);

/**
 * Writes the model to a file, replacing one that is there: to a temporary file beside it first, which is synced and
 * renamed, so that an interruption leaves the old file or the new one, whole. Classifiers that were loaded from the old
 * file go on with what they loaded.
 *
 * If `path` is a symbolic link, the file it leads to is replaced. The new file keeps the mode of the old one, and its owner where
 * the system allows it. Temporary files of killed processes are removed from the folder.
 *
 * @param classifier  A classifier. Not NULL.
 * @param path        UTF-8, by custom NAME.intent. Not NULL.
 * @param path_length Bytes of `path`, 1 or more.
 * @param error_out   Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, IO or PANICKED.
 */
intent_status intent_save(const intent_classifier *classifier,
                          const uint8_t *path,
                          size_t path_length,
                          intent_error **error_out);

/**
 * Opens a model file. It is mapped into memory: while the classifier lives, replace the file by renaming another over it,
 * as intent_save() does, and never change its bytes in place.
 *
 * @param path           UTF-8. Not NULL.
 * @param path_length    Bytes of `path`, 1 or more.
 * @param classifier_out Receives the classifier, to release with intent_free(). Not NULL. Written only on success.
 * @param error_out      Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, NOT_A_MODEL, NEWER_FORMAT, WRONG_LENGTH, CHECKSUM_MISMATCH,
 *         WRONG_TENSOR, ABSURD_SIZE, IO or PANICKED.
 */
intent_status intent_load(const uint8_t *path,
                          size_t path_length,
                          intent_classifier **classifier_out,
                          intent_error **error_out);

/**
 * Opens a model from the bytes of a model file, which are copied.
 *
 * @param bytes          The bytes. May be NULL when the length is 0 (which then is NOT_A_MODEL).
 * @param length         Their number.
 * @param classifier_out Receives the classifier, to release with intent_free(). Not NULL. Written only on success.
 * @param error_out      Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT, INVALID_ARGUMENT, NOT_A_MODEL, NEWER_FORMAT, WRONG_LENGTH, CHECKSUM_MISMATCH, WRONG_TENSOR,
 *         ABSURD_SIZE, OUT_OF_MEMORY or PANICKED.
 */
intent_status intent_load_bytes(const uint8_t *bytes,
                                size_t length,
                                intent_classifier **classifier_out,
                                intent_error **error_out);

/**
 * Releases a classifier with its labels and warnings. No other call with it may be running.
 *
 * @param classifier A classifier, not to be used afterwards. NULL is allowed and does nothing.
 */
void intent_free(intent_classifier *classifier);

/**
 * Number of the model in use, as in intent_decision: 1 for the first, one more with each swap. Labels read while it stays the same are those
 * of that model.
 *
 * @param classifier A classifier. NULL is allowed.
 * @return The number; 0 for NULL.
 */
uint64_t intent_model_version(const intent_classifier *classifier);

/**
 * How many labels the classifier knows; their indices are 0 up to that. Learning adds labels behind those there are; only
 * intent_remove_label() and intent_merge_label() number them anew.
 *
 * @param classifier A classifier. NULL is allowed.
 * @return Number of labels; 0 for NULL.
 */
uint32_t intent_label_count(const intent_classifier *classifier);

/**
 * The name of a label.
 *
 * @param classifier A classifier. NULL is allowed.
 * @param index      Index of the label, as in intent_scored.
 * @param length_out Optional. Receives the bytes of the name without the NUL. Written only when there is a name.
 * @return UTF-8, NUL-terminated, valid until the classifier is freed; NULL for an index without a label, or for NULL.
 */
const char *intent_label(const intent_classifier *classifier,
                         uint32_t index,
                         size_t *length_out);

/**
 * Number of warnings that the training of this classifier gave. A loaded classifier has none.
 *
 * A warning is one sentence about a likely mistake in the data, such as a label with one example, or equal texts with different
 * labels, or about fewer than 10 held-out lines with labels. It names the examples it is about by their numbers, counted from 1, and never quotes a text.
 *
 * @param classifier A classifier. NULL is allowed.
 * @return Number of warnings; 0 for NULL.
 */
size_t intent_warning_count(const intent_classifier *classifier);

/**
 * One warning of the training, see intent_warning_count().
 *
 * @param classifier A classifier. NULL is allowed.
 * @param index      0 up to the number of warnings.
 * @param length_out Optional. Receives the bytes of the warning without the NUL. Written only when there is one.
 * @return UTF-8, NUL-terminated, valid until the classifier is freed; NULL for an index without a warning, or for NULL.
 */
const char *intent_warning(const intent_classifier *classifier,
                           size_t index,
                           size_t *length_out);

/**
 * Number of lines with labels that training held out, or that the validation file has. What the training measured rests on
 * them; training warns if there are fewer than 10. The number is saved with the model.
 *
 * @param classifier A classifier. NULL is allowed.
 * @return Number of lines; 0 when no line could be held out, or for NULL.
 */
size_t intent_heldout_count(const intent_classifier *classifier);

/**
 * Accuracy to expect for new wording: the share of the held-out lines with labels whose best label was right in training,
 * 0 to 1, before any text is rejected. No near-duplicate of a held-out line is trained on. The number is saved with the model.
 *
 * @param classifier A classifier. NULL is allowed.
 * @return The share; NaN when no line could be held out, or for NULL.
 */
double intent_heldout_accuracy(const intent_classifier *classifier);

/**
 * Accuracy to expect for wording like that of the training lines: as intent_heldout_accuracy(), but near-duplicates of the lines
 * are trained on. The number is saved with the model.
 *
 * @param classifier A classifier. NULL is allowed.
 * @return The share, 0 to 1; NaN when it was not measured, such as with a validation file, or for NULL.
 */
double intent_familiar_accuracy(const intent_classifier *classifier);

/**
 * Share of the held-out lines with labels that were answered with exactly their labels, 0 to 1. A line that is rejected counts as
 * wrong. The number is saved with the model.
 *
 * @param classifier A classifier. NULL is allowed.
 * @return The share; NaN when it was not measured, or for NULL.
 */
double intent_heldout_answered(const intent_classifier *classifier);

/**
 * Chooses the labels of a text, best first. Allocates nothing and takes no lock, unless it fails; the first prediction of a thread may
 * allocate a few bytes for it.
 *
 * A text is rejected when it holds nothing known, when its best score is under the rejection threshold, or when no label reaches
 * its threshold: `*count_out` is 0 then, and only then.
 *
 * @param classifier  A classifier. Not NULL. Any number of threads may predict with one at once.
 * @param text        UTF-8, not NUL-terminated, up to INTENT_MAX_TEXT_BYTES. May be NULL when the length is 0.
 * @param text_length Bytes of `text`.
 * @param options     What to ask for. NULL for the model's own rule.
 * @param labels_out  Room for `capacity` labels; the best are written. May be NULL when the capacity is 0.
 * @param capacity    Number of labels that fit. 1 suffices for a single-label model without `top`.
 * @param count_out   Receives how many labels were chosen, which may be more than fit; that is no error. Not NULL.
 * @param error_out   Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, TEXT_TOO_LONG, NO_VECTORIZER or PANICKED. Results are written
 *         only on success.
 */
intent_status intent_predict(const intent_classifier *classifier,
                             const uint8_t *text,
                             size_t text_length,
                             const intent_predict_options *options,
                             intent_scored *labels_out,
                             size_t capacity,
                             size_t *count_out,
                             intent_error **error_out);

/**
 * As intent_predict(), and says besides which model answered and whether a keyword rule did.
 *
 * @param classifier   As for intent_predict().
 * @param text         As for intent_predict().
 * @param text_length  As for intent_predict().
 * @param options      As for intent_predict().
 * @param labels_out   As for intent_predict().
 * @param capacity     As for intent_predict().
 * @param decision_out Receives what was decided. Not NULL.
 * @param error_out    Optional. Written only on failure.
 * @return As intent_predict().
 */
intent_status intent_predict_from(const intent_classifier *classifier,
                                  const uint8_t *text,
                                  size_t text_length,
                                  const intent_predict_options *options,
                                  intent_scored *labels_out,
                                  size_t capacity,
                                  intent_decision *decision_out,
                                  intent_error **error_out);

/**
 * Chooses the labels of many texts, on all cores; 256 and fewer are answered on the calling thread, and so are all where the system gives no
 * threads. The answers are those of intent_predict().
 *
 * @param classifier A classifier. Not NULL.
 * @param texts      Array of `text_count` texts, up to INTENT_MAX_TEXT_BYTES bytes each. May be NULL when the count is 0.
 * @param text_count Number of texts.
 * @param options    What to ask for, the same for all. NULL for the model's own rule.
 * @param labels_out Room for `text_count` times `capacity` labels: those of text i start at labels_out[i * capacity]. May
 *                   be NULL when there is none.
 * @param capacity   Number of labels that fit for each text.
 * @param counts_out Array of `text_count` places: how many labels were chosen for each text, which may be more than
 *                   fit. May be NULL when the count is 0.
 * @param error_out  Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, TEXT_TOO_LONG, NO_VECTORIZER or PANICKED. All texts are
 *         checked first: results are written only when all of them can be answered (but PANICKED may leave some written).
 */
intent_status intent_predict_batch(const intent_classifier *classifier,
                                   const intent_text *texts,
                                   size_t text_count,
                                   const intent_predict_options *options,
                                   intent_scored *labels_out,
                                   size_t capacity,
                                   size_t *counts_out,
                                   intent_error **error_out);

/**
 * Writes the features of a text as a whole. A classifier that learned to cut texts into clauses predicts from one vector for
 * each clause instead: see intent_vectorize_rows().
 *
 * @param classifier   A classifier. Not NULL.
 * @param text         As for intent_predict().
 * @param text_length  Bytes of `text`.
 * @param features_out Room for INTENT_FEATURES floats, which receives a vector of unit length, or zeros when nothing in the
 *                     text is known. Not NULL. Written only on success.
 * @param error_out    Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, TEXT_TOO_LONG, NO_VECTORIZER or PANICKED.
 */
intent_status intent_vectorize(const intent_classifier *classifier,
                               const uint8_t *text,
                               size_t text_length,
                               float *features_out,
                               intent_error **error_out);

/**
 * Writes the features of each clause of a text in which anything is known: the first half of intent_predict(). A classifier
 * that cuts no texts writes one row at most, that of intent_vectorize().
 *
 * @param classifier   A classifier. Not NULL.
 * @param text         As for intent_predict().
 * @param text_length  Bytes of `text`.
 * @param rows_out     Room for `capacity` rows of INTENT_FEATURES floats, each of unit length. May be NULL when there is none.
 * @param capacity     Number of rows that fit; INTENT_MAX_CLAUSES always suffice.
 * @param count_out    Receives the number of rows, which may be more than fit; that is no error, the first are written. 0 when
 *                     nothing in the text is known. Not NULL.
 * @param error_out    Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, TEXT_TOO_LONG, NO_VECTORIZER or PANICKED. Results are written
 *         only on success.
 */
intent_status intent_vectorize_rows(const intent_classifier *classifier,
                                    const uint8_t *text,
                                    size_t text_length,
                                    float *rows_out,
                                    size_t capacity,
                                    size_t *count_out,
                                    intent_error **error_out);

/**
 * Chooses labels for feature vectors, one for each clause of a text: the second half of intent_predict(). With the rows of
 * intent_vectorize_rows() the answer is that of intent_predict(), bit for bit. Vectors of zeros say nothing; where there
 * is no other the text is rejected.
 *
 * @param classifier A classifier. Not NULL.
 * @param rows       `row_count` times INTENT_FEATURES finite floats up to a million, each row best of unit length. May be NULL
 *                   when the count is 0.
 * @param row_count  Number of rows.
 * @param options    As for intent_predict().
 * @param labels_out As for intent_predict().
 * @param capacity   As for intent_predict().
 * @param count_out  As for intent_predict(). Not NULL.
 * @param error_out  Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT, INVALID_ARGUMENT or PANICKED. Results are written only on success.
 */
intent_status intent_predict_features(const intent_classifier *classifier,
                                      const float *rows,
                                      size_t row_count,
                                      const intent_predict_options *options,
                                      intent_scored *labels_out,
                                      size_t capacity,
                                      size_t *count_out,
                                      intent_error **error_out);

/**
 * Queues a text and returns at once; the callback is called with the answer, exactly once, unless this fails.
 *
 * Requests are answered by a few threads of the library's in the order they come, several at a time where they pile up. A full queue
 * refuses with BUSY instead of growing.
 *
 * @param classifier  A classifier. Not NULL. Other threads may use it at the same time.
 * @param text        As for intent_predict(); copied.
 * @param text_length Bytes of `text`.
 * @param options     As for intent_predict(); copied.
 * @param callback    Called with the answer. Not NULL.
 * @param context     Handed to the callback. May be NULL.
 * @param request_out Optional. Receives a hold on the request, to release with intent_request_free(). Written only on success, and maybe
 *                    after the callback was called.
 * @param error_out   Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT (also when the system gives no threads for the queue), TEXT_TOO_LONG,
 *         NO_VECTORIZER, BUSY, SHUT_DOWN (after intent_finish()) or PANICKED. The callback is not called unless it is OK.
 */
intent_status intent_predict_async(const intent_classifier *classifier,
                                   const uint8_t *text,
                                   size_t text_length,
                                   const intent_predict_options *options,
                                   intent_answer_callback callback,
                                   void *context,
                                   intent_request **request_out,
                                   intent_error **error_out);

/**
 * Cancels a request if no thread has started it. Its callback is called with CANCELLED then, and with the answer otherwise.
 *
 * @param request A request. NULL is allowed.
 * @return Whether it was cancelled; false for NULL, and for a request that was started, answered or cancelled already.
 */
bool intent_request_cancel(const intent_request *request);

/**
 * Releases a hold on a request. The request itself goes on.
 *
 * @param request A request, not to be used afterwards. NULL is allowed and does nothing.
 */
void intent_request_free(intent_request *request);

/**
 * Sets how many threads answer requests and how many requests may wait. Without it there are as many threads as cores but one, four at
 * most, and room for 1024 requests.
 *
 * @param classifier A classifier. Not NULL. Other threads may use it at the same time.
 * @param workers    Threads, 1 to 1024.
 * @param capacity   Requests, 1 to 65536.
 * @param error_out  Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT, INVALID_ARGUMENT (also when the first request was made already) or PANICKED.
 */
intent_status intent_set_queue(const intent_classifier *classifier,
                               size_t workers,
                               size_t capacity,
                               intent_error **error_out);

/**
 * Takes no more requests, and returns when the callbacks of all that wait have returned. Called in a callback it returns at once, and they
 * are answered behind it. intent_free() without it cancels what waits.
 *
 * @param classifier A classifier. Not NULL. Other threads may use it at the same time.
 * @param error_out  Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT or PANICKED.
 */
intent_status intent_finish(const intent_classifier *classifier,
                            intent_error **error_out);

/**
 * Learns from a few examples without a full training: corrections of what the classifier got wrong, new texts, new labels.
 *
 * Blocks until they are learned: some milliseconds an example, about a tenth of a second for a new label. Predictions on other threads go
 * on with the model there was, and when this returns, the model that knows the examples answers. Changes are made one after the other.
 * A classifier that was trained with intent_options_set_learner(), or that comes from intent_load_learner() or intent_new(), has the
 * examples it was trained on and protects the other labels with them; any other protects them less well, by its own answers.
 * Training again in the background follows when enough was learned: see intent_set_retraining().
 *
 * If the training-state file was deleted, it is written again. If another file took its place, the update fails with BAD_LEARNER and
 * leaves that file as it is: save the training state to another path with intent_save_learner(), or load the file that is there now.
 *
 * @param classifier   A classifier. Not NULL. Other threads may use it at the same time.
 * @param texts        Array of `text_count` texts, as for intent_train(). May be NULL when the count is 0.
 * @param text_count   Number of texts.
 * @param labels       The label names of all texts, as for intent_train(). A name that is no label yet becomes one.
 * @param label_counts Array of `text_count` numbers, as for intent_train(); 0 for a text that belongs to no label.
 * @param update_out   Optional. Receives what came of it. Written only on success.
 * @param error_out    Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT (also for a new label where intent_allow_new_labels() forbids them, for a text
 *         with labels that holds nothing to tell them by, and for models of the reference preset), TEXT_TOO_LONG, NO_VECTORIZER, BAD_LEARNER
 *         (the training-state file can only be read, or was replaced or changed by another program), OUT_OF_MEMORY, IO (the training-state
 *         file can't be written) or PANICKED. Nothing was learned unless it is OK.
 */
intent_status intent_update(const intent_classifier *classifier,
                            const intent_text *texts,
                            size_t text_count,
                            const intent_text *labels,
                            const size_t *label_counts,
                            intent_update_report *update_out,
                            intent_error **error_out);

/**
 * Whether intent_update() may be given labels that are none yet. It may, unless this says otherwise.
 *
 * @param classifier A classifier. Not NULL. Other threads may use it at the same time.
 * @param allowed    false to refuse examples with unknown labels, true to take them.
 * @param error_out  Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT or PANICKED.
 */
intent_status intent_allow_new_labels(const intent_classifier *classifier,
                                      bool allowed,
                                      intent_error **error_out);

/**
 * Gives a label another name. Its index stays, and its rules follow it.
 *
 * @param classifier A classifier. Not NULL. Other threads may use it at the same time.
 * @param label      The label's name until now.
 * @param to         A name that no label has.
 * @param error_out  Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, NO_VECTORIZER, BAD_LEARNER, OUT_OF_MEMORY and IO as for intent_update(), or
 *         PANICKED. Nothing has changed unless it is OK.
 */
intent_status intent_rename_label(const intent_classifier *classifier,
                                  intent_text label,
                                  intent_text to,
                                  intent_error **error_out);

/**
 * Makes one label of two: from then on `into` answers for both. Takes some tenths of a second. The label's index goes, and the indices
 * behind it go down by one: intent_decision says which model a prediction is of.
 *
 * @param classifier A classifier. Not NULL. Other threads may use it at the same time.
 * @param label      The name of the label that goes.
 * @param into       The name of the label that stays.
 * @param error_out  Optional. Written only on failure.
 * @return As intent_rename_label().
 */
intent_status intent_merge_label(const intent_classifier *classifier,
                                 intent_text label,
                                 intent_text into,
                                 intent_error **error_out);

/**
 * Takes a label away, with its rules and the kept examples that have no other label. The indices behind it go down by one:
 * intent_decision says which model a prediction is of.
 *
 * @param classifier A classifier. Not NULL. Other threads may use it at the same time.
 * @param label      The label's name.
 * @param error_out  Optional. Written only on failure.
 * @return As intent_rename_label(). The last label can't be removed.
 */
intent_status intent_remove_label(const intent_classifier *classifier,
                                  intent_text label,
                                  intent_error **error_out);

/**
 * Opens a learner file: the model in it as it was after the last change, ready to predict and to learn. Every change to come is written to
 * the file before it is made, so that nothing accepted is lost, however the process ends. What a crash left half written is dropped.
 *
 * @param path           UTF-8, by custom NAME.learner. Not NULL.
 * @param path_length    Bytes of `path`, 1 or more.
 * @param power_safe     true to wait for the disk with each change, so that a loss of power loses none either; costs what the disk takes.
 * @param classifier_out Receives the classifier, to release with intent_free(). Not NULL. Written only on success.
 * @param error_out      Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, BAD_LEARNER (damaged, no learner file, or open elsewhere: one classifier at a time
 *         can learn in a file), OUT_OF_MEMORY, IO or PANICKED.
 */
intent_status intent_load_learner(const uint8_t *path,
                                  size_t path_length,
                                  bool power_safe,
                                  intent_classifier **classifier_out,
                                  intent_error **error_out);

/**
 * Keeps the learner in a file from now on: the model, what learning needs besides, the texts kept for it, and every change to come. The
 * file takes 1 kB for each row of the table in use (8 MB for most models) and the texts; only its owner can read it. intent_save() writes
 * the model alone, without any text.
 *
 * @param classifier  A classifier. Not NULL. Other threads may use it at the same time.
 * @param path        UTF-8, by custom NAME.learner. Not NULL. A file that is there is replaced in one step.
 * @param path_length Bytes of `path`, 1 or more.
 * @param power_safe  As for intent_load_learner().
 * @param error_out   Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, NO_VECTORIZER, BAD_LEARNER, OUT_OF_MEMORY, IO or PANICKED.
 */
intent_status intent_save_learner(const intent_classifier *classifier,
                                  const uint8_t *path,
                                  size_t path_length,
                                  bool power_safe,
                                  intent_error **error_out);

/**
 * Drops all texts that are kept for learning, in memory and in the learner file. What was learned from them stays. From then on the
 * classifier protects its labels by its own answers, and can't train again by itself.
 *
 * @param classifier A classifier. Not NULL. Other threads may use it at the same time.
 * @param error_out  Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT, BAD_LEARNER, OUT_OF_MEMORY and IO as for intent_update() (nothing was dropped then), or PANICKED.
 */
intent_status intent_forget_examples(const intent_classifier *classifier,
                                     intent_error **error_out);

/**
 * When to train again from everything that is kept: in the background, on one thread of low priority. The new model takes the place of the
 * current one unless it is worse: on the lines it holds out or on up to 500 kept examples, by more than two standard errors, or on the
 * golden examples, by one. Corrections that contradict the other examples don't count. Without this call a classifier trains again behind
 * every 100 examples that it learned.
 *
 * @param classifier   A classifier. Not NULL. Other threads may use it at the same time.
 * @param after        Behind how many examples; 0 for never by itself.
 * @param options      How to train, copied; its validation file, progress callback and learner don't count, and preset, seed, share to
 *                     keep and joiners are the model's. What else the first training had, such as descriptions, is to be
 *                     given again. NULL for the defaults on one thread.
 * @param golden       Array of `golden_count` texts that must not get worse, copied. May be NULL when the count is 0.
 * @param golden_count Number of texts.
 * @param labels       Their label names, as for intent_train().
 * @param label_counts Array of `golden_count` numbers, as for intent_train().
 * @param error_out    Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, TEXT_TOO_LONG or PANICKED.
 */
intent_status intent_set_retraining(const intent_classifier *classifier,
                                    size_t after,
                                    const intent_options *options,
                                    const intent_text *golden,
                                    size_t golden_count,
                                    const intent_text *labels,
                                    const size_t *label_counts,
                                    intent_error **error_out);

/**
 * Starts training again in the background now, and returns at once. Of no effect while that is going on already.
 *
 * @param classifier A classifier. Not NULL. Other threads may use it at the same time.
 * @param error_out  Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT, INVALID_ARGUMENT (when the examples of training are not kept), NO_VECTORIZER, UNTRAINABLE, OUT_OF_MEMORY or PANICKED.
 */
intent_status intent_retrain(const intent_classifier *classifier,
                             intent_error **error_out);

/**
 * Waits until no training is going on in the background. intent_stats() says what came of it.
 *
 * @param classifier A classifier. Not NULL. Other threads may use it at the same time.
 * @param seconds    Timeout in seconds, 0 or more; infinity waits to the end.
 * @param done_out   Receives whether none is going on. Not NULL.
 * @param error_out  Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT, INVALID_ARGUMENT or PANICKED.
 */
intent_status intent_wait_for_retraining(const intent_classifier *classifier,
                                         double seconds,
                                         bool *done_out,
                                         intent_error **error_out);

/**
 * Puts another classifier's model in the place of this one's, with what it keeps for learning: one that was trained anew, say. Predictions go
 * on with the model there was until then, and settings and statistics stay. The other keeps its model and may be freed; its learner and its
 * learner file go over, and a training of it in the background ends. When it has no file and this classifier has, that is written anew. There is no way back.
 *
 * @param classifier A classifier. Not NULL. Other threads may use it at the same time.
 * @param with       Another classifier. Not NULL. Other threads may use it at the same time.
 * @param error_out  Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT, INVALID_ARGUMENT (when both are the same), NO_VECTORIZER, BAD_LEARNER, OUT_OF_MEMORY and IO as for intent_update(), or
 *         PANICKED. Nothing has changed unless it is OK.
 */
intent_status intent_replace(const intent_classifier *classifier,
                             const intent_classifier *with,
                             intent_error **error_out);

/**
 * Goes back to the model from before the last training in the background. What was learned since is learned again by it.
 *
 * @param classifier A classifier. Not NULL. Other threads may use it at the same time.
 * @param error_out  Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT, INVALID_ARGUMENT (when there is none), BAD_LEARNER, OUT_OF_MEMORY and IO as for intent_update(), or PANICKED. Nothing has
 *         changed unless it is OK.
 */
intent_status intent_roll_back(const intent_classifier *classifier,
                               intent_error **error_out);

/**
 * The texts that are kept for learning, as JSON Lines that intent_train_file() reads: for a look at what is stored, or a training
 * elsewhere.
 *
 * @param classifier A classifier. Not NULL. Other threads may use it at the same time.
 * @param buffer     As for intent_stats_json().
 * @param capacity   As for intent_stats_json().
 * @param length_out As for intent_stats_json().
 * @param error_out  Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT, INVALID_ARGUMENT or PANICKED.
 */
intent_status intent_kept_examples(const intent_classifier *classifier,
                                   uint8_t *buffer,
                                   size_t capacity,
                                   size_t *length_out,
                                   intent_error **error_out);

/**
 * Makes a classifier of keyword rules alone, without any training: a first version. It answers what the rules ask for, rejects everything
 * else, and learns from intent_update(); behind 100 examples it trains itself.
 *
 * @param rules          Rules as JSON: [{"label": "vision", "keywords": ["screenshot"], "phrases": ["what is this"]}, ...]. Keywords are
 *                       one to eight words in a row that ask for the label wherever they stand; phrases are whole texts. Case,
 *                       punctuation and forms of letters don't matter. One rule at least. Not NULL.
 * @param length         Bytes of `rules`.
 * @param classifier_out Receives the classifier, to release with intent_free(). Not NULL. Written only on success.
 * @param error_out      Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT (naming the rule) or PANICKED.
 */
intent_status intent_new(const uint8_t *rules,
                         size_t length,
                         intent_classifier **classifier_out,
                         intent_error **error_out);

/**
 * Puts keyword rules in the place of those there are. Labels that are none yet are added. The rules are part of the model and saved with
 * it. A network that is sure of its best label, with a probability of 0.85 or more, goes before rules; otherwise what rules ask for comes
 * first, with that probability, and in multi-label models what the network would have chosen follows. A single-label model has the label of
 * the longest match alone. intent_predict_from() says whether a rule answered.
 *
 * @param classifier A classifier. Not NULL. Other threads may use it at the same time.
 * @param rules      As for intent_new(), but [] is allowed and takes all rules away.
 * @param length     Bytes of `rules`.
 * @param error_out  Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT (naming the rule), BAD_LEARNER and IO as for intent_update(), or
 *         PANICKED. Nothing has changed unless it is OK.
 */
intent_status intent_set_rules(const intent_classifier *classifier,
                               const uint8_t *rules,
                               size_t length,
                               intent_error **error_out);

/**
 * Writes what the classifier has done.
 *
 * @param classifier A classifier. Not NULL. Other threads may use it at the same time.
 * @param stats_out  Receives the figures. Not NULL. Written only on success.
 * @param error_out  Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT or PANICKED.
 */
intent_status intent_stats(const intent_classifier *classifier,
                           intent_statistics *stats_out,
                           intent_error **error_out);

/**
 * What the classifier has done, as one JSON object: what intent_stats has (times under `latency`, with `count` and `sum_us`), and `seconds` (how
 * long it has been there), `stages` (`vectorize`, `network`, `decide`, from one prediction in 64, and `queue`, how long requests waited),
 * `runtimes` (who computed how many networks), `neural_engine` (whether there is one) and `neural_engine_plan`, `labels` (how often each was
 * answered, by the name it had then), `model_checksum`, `statistics_bytes`, `load_ms`, `last_refusal`. Later versions may add keys. No text
 * is in it.
 *
 * @param classifier A classifier. Not NULL. Other threads may use it at the same time.
 * @param buffer     Room for `capacity` bytes; as much as fits is written, without a NUL. May be NULL when the capacity is 0.
 * @param capacity   Bytes of `buffer`.
 * @param length_out Receives the bytes of the whole, which may be more than fit; ask again with more room then, for it may have grown. Not NULL.
 * @param error_out  Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT, INVALID_ARGUMENT or PANICKED.
 */
intent_status intent_stats_json(const intent_classifier *classifier,
                                uint8_t *buffer,
                                size_t capacity,
                                size_t *length_out,
                                intent_error **error_out);

/**
 * What the classifier has done, as OpenMetrics text (version 1.0), which Prometheus and its kin read. Times are in seconds there, and all
 * names start with `intentkit_`. Serve it as `application/openmetrics-text; version=1.0.0; charset=utf-8`. To check it, use an
 * OpenMetrics parser, such as that of the Python package prometheus-client, not `promtool check metrics`, which knows the older text
 * format only.
 *
 * @param classifier A classifier. Not NULL. Other threads may use it at the same time.
 * @param buffer     As for intent_stats_json().
 * @param capacity   As for intent_stats_json().
 * @param length_out As for intent_stats_json().
 * @param error_out  Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT, INVALID_ARGUMENT or PANICKED.
 */
intent_status intent_stats_openmetrics(const intent_classifier *classifier,
                                       uint8_t *buffer,
                                       size_t capacity,
                                       size_t *length_out,
                                       intent_error **error_out);

/**
 * Counts predictions, or not. It counts, unless this says otherwise; that takes some tens of nanoseconds a prediction.
 *
 * @param classifier A classifier. Not NULL. Other threads may use it at the same time.
 * @param on         false to stop counting, true to go on with it.
 * @param error_out  Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT or PANICKED.
 */
intent_status intent_set_stats(const intent_classifier *classifier,
                               bool on,
                               intent_error **error_out);

/**
 * Says why a text gets its labels, or none: its clauses, and what each n-gram adds to the logits. For people who look into a
 * single answer: it takes some ten milliseconds a clause, and it allocates.
 *
 * @param classifier      A classifier. Not NULL. Any number of threads may explain with one at once.
 * @param text            As for intent_predict().
 * @param text_length     Bytes of `text`.
 * @param options         As for intent_predict().
 * @param explanation_out Receives the explanation, to release with intent_explanation_free(). Not NULL. Written only on success.
 * @param error_out       Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, TEXT_TOO_LONG, NO_VECTORIZER or PANICKED.
 */
intent_status intent_explain(const intent_classifier *classifier,
                             const uint8_t *text,
                             size_t text_length,
                             const intent_predict_options *options,
                             intent_explanation **explanation_out,
                             intent_error **error_out);

/**
 * The explanation as one JSON object, which `intent explain --json` prints as well. Later versions may add keys.
 *
 * - `text`: the text. `rejected`: whether it belongs to none of the labels.
 * - `score`: its reject score, null when nothing in it is known. `reject_below`: the score under which texts are rejected,
 *   null when no score rejects.
 * - `labels`: the chosen labels, up to 8, and the three with the largest logits, best first; none when nothing is known. Each has
 *   `label`, `logit` (that of all clauses together), `probability` and `chosen`.
 * - `clauses`: each has `text` (its words), `known` (whether anything in it is known), `score`, and `labels`: for each of the
 *   above `label`, `logit` (that of this clause), and what it is made of: `base`, which stands without any word, `shares`,
 *   `others`, the sum for n-grams too many to list, and `rest`, what rounding leaves over. base + shares + others + rest = logit.
 * - `shares`: strongest first, each with `ngram` and `share`, over 0 for the label and under 0 against it. An n-gram is a few
 *   words, where ^ and $ are the edges of the clause, or a few characters, which have the `word` they belong to as well.
 *
 * @param explanation An explanation. NULL is allowed.
 * @param length_out  Optional. Receives the bytes of the string without the NUL. Written only when there is an explanation.
 * @return UTF-8, NUL-terminated, valid until the explanation is freed; NULL for NULL.
 */
const char *intent_explanation_json(const intent_explanation *explanation,
                                    size_t *length_out);

/**
 * Releases an explanation and its string.
 *
 * @param explanation An explanation, not to be used afterwards. NULL is allowed and does nothing.
 */
void intent_explanation_free(intent_explanation *explanation);

/**
 * Asks for an engine and returns at once. The first time, the engines that are asked for and that the system offers are built, compared with
 * the CPU and measured on a thread of the library's own; until that is done, and wherever none agrees, the CPU answers. An engine that fails
 * later is replaced by the CPU in the same call. On systems without Core ML, or without the compute units that are asked for, the CPU
 * answers whatever is asked for; intent_runtime() tells, and intent_runtime_json() says why.
 *
 * @param classifier A classifier. Not NULL. Other threads may use it at the same time.
 * @param runtime    One of the INTENT_RUNTIME_CHOICE_ constants.
 * @param error_out  Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT, INVALID_ARGUMENT or PANICKED.
 */
intent_status intent_set_runtime(const intent_classifier *classifier,
                                 uint32_t runtime,
                                 intent_error **error_out);

/**
 * The engine in use for one text, or for several at a time: `cpu-int8`, or a name that starts with `core-ml`.
 *
 * @param classifier A classifier. NULL is allowed.
 * @param batch      false for one text, true for several.
 * @return ASCII, NUL-terminated, valid for ever; NULL for NULL.
 */
const char *intent_runtime(const intent_classifier *classifier, bool batch);

/**
 * Which engines are in use and why, as one JSON object: `asked` (cpu, auto, core-ml or the name of an engine), `single` and `batch` (names), `measuring`, `cpu` (its
 * `single_us` and `batch_us`, microseconds for a row by itself and for one of 64; null before measuring), `candidates` (each with its `name`, its
 * `state`, {"agrees": figures}, {"dropped": reason} or {"failed": reason}, and its `plan`: how many `operations` there are and how many are
 * `planned_on_neural_engine`, null where the system doesn't say), `note` (why there is no choice), `neural_engine` (whether there is one, null
 * where the system can't say). Later versions may add keys.
 *
 * @param classifier A classifier. Not NULL. Other threads may use it at the same time.
 * @param buffer     Room for `capacity` bytes; as much of the JSON as fits is written, without a NUL. May be NULL when the capacity is 0.
 * @param capacity   Bytes of `buffer`.
 * @param length_out Receives the bytes of the whole JSON, which may be more than fit; ask again with as much room then. Not NULL.
 * @param error_out  Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT, INVALID_ARGUMENT or PANICKED.
 */
intent_status intent_runtime_json(const intent_classifier *classifier,
                                  uint8_t *buffer,
                                  size_t capacity,
                                  size_t *length_out,
                                  intent_error **error_out);

/**
 * Writes the model's network as a Core ML package, an ML Program: its input `features` takes the 256 float32 of
 * intent_vectorize_rows() for each row, its outputs `probabilities` (calibrated) and `logits` are a float32 for each label. Labels,
 * thresholds and the model's checksum stand in its metadata.
 *
 * The same model and options give the same bytes. The package is written beside `path` and renamed, so that no reader sees half of
 * one; a package that is there is moved aside first, and anything else in the way is refused.
 *
 * @param classifier  A classifier. Not NULL. Other threads may use it at the same time.
 * @param path        UTF-8, by custom NAME.mlpackage, a folder. Not NULL.
 * @param path_length Bytes of `path`, 1 or more.
 * @param options     How to write it. NULL for float16, a row at a time.
 * @param error_out   Optional. Written only on failure.
 * @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT (something else at `path`, or weights that the precision cannot hold), IO or
 *         PANICKED.
 */
intent_status intent_export_coreml(const intent_classifier *classifier,
                                   const uint8_t *path,
                                   size_t path_length,
                                   const intent_export_options *options,
                                   intent_error **error_out);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* INTENTKIT_H */
