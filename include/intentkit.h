/*
 * IntentKit: an on-device intent classifier.
 *
 * IntentKit turns a short text ("can you see my screen?") into the set of labels it asks for. It
 * trains on the device and predicts in microseconds. This header is the whole C interface. It needs
 * C99 or C++, and no other library.
 *
 * Overview
 *
 *   intent_train()       creates a classifier from examples
 *   intent_load()        creates a classifier from a model file
 *   intent_from_rules()  creates a classifier from keyword rules
 *   intent_predict()     classifies a text
 *   intent_update()      corrects the classifier
 *   intent_save()        writes the model to a file
 *   intent_free()        releases the classifier
 *
 * Terms
 *
 *   Label         what a text asks for. A text has any number of labels.
 *   Out of scope  asking for no label. The classifier should reject such a text, that is, answer
 *                 with no labels.
 *   n-gram        one to three consecutive words, or three or four consecutive characters within a
 *                 single word.
 *   Known         a text contains something known if one of its words occurs in the examples or in
 *                 the lexicon, or if three consecutive characters of a word occur in the examples.
 *                 The network rejects a text in which nothing is known.
 *   Clause        part of a text that asks for one thing. "dim the light and play jazz" has two. A
 *                 classifier that cuts texts into clauses finds the labels of each.
 *   Held out      left out of a training in order to measure its result.
 *
 * Text
 *
 *   Texts, names and paths are passed as intent_text: a pointer and a length in bytes. They are
 *   UTF-8 and not NUL-terminated. NULL with length 0 is the empty text.
 *
 *   Strings that the library returns are NUL-terminated. Text that it writes into a buffer of the
 *   caller is not.
 *
 * Errors
 *
 *   A call that can fail returns an intent_status. Its results are written through the pointers at
 *   the end of the argument list, on success only.
 *
 *   `error_out` may be NULL. Otherwise it receives an error with a message on failure, and is left
 *   alone on success. Release the error with intent_error_free().
 *
 *   Comments list the statuses of a call without their INTENT_STATUS_ prefix. Every call may also
 *   return PANICKED, which is a defect of the library.
 *
 * Memory
 *
 *   The library frees what it allocates: release an object with its own function, never with
 *   free(). Arguments are borrowed for the duration of the call, unless the comment says that they
 *   are copied.
 *
 *   A prediction by intent_predict() on the CPU allocates nothing, except a few bytes in the first
 *   prediction on a thread.
 *
 *   A call whose comment lists OUT_OF_MEMORY allocates its large blocks first, and returns that
 *   status if one is not available. Nothing has changed then. intent_load() needs no large block:
 *   it maps the file. In every call that allocates, the process ends if a small block is not
 *   available.
 *
 * Threads
 *
 *   Calls that take an object as `const` may run on any number of threads at the same time. Other
 *   calls need the object for themselves. Predictions on the CPU never wait, and no prediction
 *   waits for an update. Predictions through Core ML wait for each other.
 *
 *   Training uses threads of its own. If the system can't start a thread, trainings, updates and
 *   batches run on the calling thread, and intent_predict_async() and intent_retrain() fail with
 *   OUT_OF_MEMORY.
 *
 * Processes
 *
 *   A forked process may use the objects it inherits, unless another thread was inside a call
 *   during the fork. Waiting requests and background trainings stay with the parent. The callbacks
 *   of those requests run in the parent only. The child can neither cancel nor wait for the
 *   requests and the trainings. Only one of the two processes may go on with a training-state file.
 *
 * Stack
 *
 *   A prediction needs a thread with a stack of 64 kB for models of up to 2,048 labels, and of 192
 *   kB for more. Every other call needs 256 kB.
 *
 * Structs that start with their size
 *
 *   Later versions may add fields at the end of these structs. Fill them with their _INIT macro,
 *   which sets the size. A library accepts the smaller struct of an older header and uses the
 *   defaults of the missing fields.
 *
 *   Other structs change only when the major version changes. Before 1.0.0 they may also change
 *   when the minor version changes.
 */

#ifndef INTENTKIT_H
#define INTENTKIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Version of this header. intent_version() returns that of the library. */
#define INTENTKIT_VERSION_MAJOR 0
#define INTENTKIT_VERSION_MINOR 1
#define INTENTKIT_VERSION_PATCH 0
#define INTENTKIT_VERSION "0.1.0"
/** The version as one number with a byte for each part: 0x010203 for 1.2.3. */
#define INTENTKIT_VERSION_NUMBER 0x000100

/** Marks every function of this interface. Define it before including this header to replace it. */
#ifndef INTENT_API
#if defined(__GNUC__)
#define INTENT_API __attribute__((visibility("default")))
#else
#define INTENT_API
#endif
#endif

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/* =============================================================================================
 * Version
 * ============================================================================================= */

/**
 * Returns the version of the running library, such as "0.1.0".
 *
 * INTENTKIT_VERSION is the version of this header.
 *
 * @return Static NUL-terminated string. Must not be freed.
 */
INTENT_API const char *intent_version(void);

/**
 * Returns the version of the running library as one number, packed like INTENTKIT_VERSION_NUMBER.
 *
 * @return major * 65536 + minor * 256 + patch.
 */
INTENT_API uint32_t intent_version_number(void);

/* =============================================================================================
 * Status and errors
 * ============================================================================================= */

/**
 * Result of a call. Zero is success.
 *
 * Numbers are never reused. A later version may add numbers: treat an unknown one as a failure and
 * read the error's message.
 */
typedef enum intent_status {
  /** Success. */
  INTENT_STATUS_OK = 0,
  /** A pointer that must not be NULL is NULL. */
  INTENT_STATUS_NULL_ARGUMENT = 1,
  /** A text, name or path is not UTF-8. */
  INTENT_STATUS_INVALID_UTF8 = 2,
  /** An argument or option is out of its range, or contradicts another. */
  INTENT_STATUS_INVALID_ARGUMENT = 3,
  /**
   * A text, name or path has more than INTENT_MAX_TEXT_BYTES bytes. A label name of 256 bytes up
   * to this limit is INVALID_ARGUMENT.
   */
  INTENT_STATUS_TEXT_TOO_LONG = 4,
  /** A defect inside the library, caught at its boundary. Please report it. */
  INTENT_STATUS_PANICKED = 5,
  /** The bytes are not an IntentKit model file. */
  INTENT_STATUS_NOT_A_MODEL = 10,
  /** The model file was written by a newer library. */
  INTENT_STATUS_NEWER_FORMAT = 11,
  /** The model file is shorter or longer than its header says. */
  INTENT_STATUS_WRONG_LENGTH = 12,
  /** The model file is corrupt: its checksum does not match. */
  INTENT_STATUS_CHECKSUM_MISMATCH = 13,
  /** A tensor of the model file is missing or has the wrong shape or type. */
  INTENT_STATUS_WRONG_TENSOR = 14,
  /** The model file holds a size outside the allowed range. */
  INTENT_STATUS_ABSURD_SIZE = 15,
  /** A line of a data file or a lexicon can't be parsed. The message names the file and the line. */
  INTENT_STATUS_BAD_DATA = 20,
  /**
   * The training-state file is corrupt, is not a training-state file, was written by a newer
   * library, or is in use by another classifier or process. A call that changes the classifier
   * also fails with it when the file is read-only, or when another program has replaced or
   * changed the file while it was open.
   */
  INTENT_STATUS_BAD_TRAINING_STATE = 21,
  /** The examples can't be trained on. The message says why. */
  INTENT_STATUS_UNTRAINABLE = 30,
  /** The progress callback stopped the training. */
  INTENT_STATUS_STOPPED = 31,
  /** A file can't be read or written. */
  INTENT_STATUS_IO = 40,
  /**
   * A large block of memory can't be allocated, or the system can't start a thread for the
   * request queue or for a background training.
   */
  INTENT_STATUS_OUT_OF_MEMORY = 41,
  /** The model was trained on feature rows and can't read texts. */
  INTENT_STATUS_NO_VECTORIZER = 50,
  /** The request queue is full. */
  INTENT_STATUS_BUSY = 60,
  /** The request was cancelled before it was answered. */
  INTENT_STATUS_CANCELLED = 61,
  /** The classifier accepts no more requests, since intent_finish() was called. */
  INTENT_STATUS_SHUT_DOWN = 62,
} intent_status;

/** Error of a failed call: a status and a message. Release it with intent_error_free(). */
typedef struct intent_error intent_error;

/**
 * Returns the status of an error, the same that the failed call returned.
 *
 * @param error Error. May be NULL.
 * @return The status; OK for NULL.
 */
INTENT_API intent_status intent_error_status(const intent_error *error);

/**
 * Returns the message of an error: one English sentence that names the argument, the value or the
 * file at fault, and the next step if there is one.
 *
 * The message never quotes a text that was classified or trained on.
 *
 * @param error Error. May be NULL.
 * @return UTF-8, NUL-terminated, valid until the error is released; NULL for NULL.
 */
INTENT_API const char *intent_error_message(const intent_error *error);

/**
 * Releases an error and its message.
 *
 * @param error Error. May be NULL.
 */
INTENT_API void intent_error_free(intent_error *error);

/* =============================================================================================
 * Texts, feature rows and labels
 * ============================================================================================= */

/** UTF-8 text, not NUL-terminated. The library borrows it for the duration of the call. */
typedef struct intent_text {
  /** First byte. May be NULL when `length` is 0. */
  const uint8_t *bytes;
  /** Number of bytes. */
  size_t length;
} intent_text;

/** Initialises an intent_text with a string literal: intent_text t = INTENT_TEXT("lights on"); */
#define INTENT_TEXT(literal) { (const uint8_t *)(literal), sizeof(literal) - 1 }

/**
 * Feature rows: `count` rows of INTENT_FEATURES floats each, one row after the other. The library
 * borrows them for the duration of the call.
 */
typedef struct intent_feature_rows {
  /**
   * First number of the first row. May be NULL when `count` is 0. Every number must be from -1e6
   * to 1e6. Rows that you compute yourself, not with intent_vectorize(), should have Euclidean
   * norm 1.
   */
  const float *features;
  /** Number of rows. */
  size_t count;
} intent_feature_rows;

/** A label and its probability. */
typedef struct intent_scored {
  /** Index of the label: see intent_label(). */
  uint32_t label;
  /** Calibrated probability, 0 to 1. 0.85 for the labels of keyword rules. */
  float probability;
} intent_scored;

/* =============================================================================================
 * Classifier
 * ============================================================================================= */

/**
 * Classifier: a model, plus the data that updates, requests and statistics need. Release it with
 * intent_free().
 *
 * A classifier swaps its model for a new one when it learns. Predictions never wait for learning,
 * and on the CPU they never wait for each other. Each prediction uses one model, the old or the
 * new. Every call except intent_free() may run on any thread at any time.
 */
typedef struct intent_classifier intent_classifier;

/**
 * Loads the model into memory and chooses the CPU kernels, so that the next prediction is fast.
 *
 * Optional. Call it on a background thread after intent_load(), for instance.
 *
 * @param classifier Classifier. Must not be NULL.
 * @param error_out  Optional. Receives the error on failure.
 * @return OK or NULL_ARGUMENT.
 */
INTENT_API
intent_status intent_prepare(const intent_classifier *classifier,
                             intent_error **error_out);

/**
 * Replaces the model and the learning data of one classifier by those of another classifier.
 *
 * Use it to bring in a model that was trained anew. Predictions during the call use the old or the
 * new model, later ones the new model. The labels and their indices are those of the new model.
 * Settings and statistics of `classifier` stay. The replacement can't be rolled back.
 *
 * `with` keeps its model and may be freed. Its training state and training-state file move to
 * `classifier`. Any background training of either classifier is ended.
 *
 * If `with` has no training-state file, `classifier` goes on using its own file. That file then
 * holds the model of `with` and the examples that `with` keeps, if any.
 *
 * @param classifier Classifier. Must not be NULL.
 * @param with       Another classifier. Must not be NULL.
 * @param error_out  Optional. Receives the error on failure.
 * @return OK, NULL_ARGUMENT, BAD_TRAINING_STATE, OUT_OF_MEMORY or IO; INVALID_ARGUMENT when both
 *         are the same; INVALID_ARGUMENT or NO_VECTORIZER when `classifier` has a training-state
 *         file and the model of `with` can't be updated. On failure neither classifier has
 *         changed.
 */
INTENT_API
intent_status intent_replace(const intent_classifier *classifier,
                             const intent_classifier *with,
                             intent_error **error_out);

/**
 * Returns the version of the model in use: 1 for the first, one more with each swap.
 *
 * If the version is the same before and after you read labels, all those labels belong to one
 * model.
 *
 * @param classifier Classifier. May be NULL.
 * @return The version; 0 for NULL.
 */
INTENT_API uint64_t intent_model_version(const intent_classifier *classifier);

/**
 * Releases a classifier with its labels and warnings.
 *
 * Cancels the requests that no thread has started, and stops a background training. Blocks until
 * the requests and the training have ended and all callbacks have returned. If intent_free() is
 * called from a callback, it does not wait for other callbacks: they may run after it has
 * returned. The `context` of a request may be freed when its callback has returned.
 *
 * No other call with the classifier may be running on any thread, and none may follow, not even in
 * a callback.
 *
 * @param classifier Classifier. May be NULL.
 */
INTENT_API void intent_free(intent_classifier *classifier);

/* =============================================================================================
 * Training options
 * ============================================================================================= */

/**
 * Options of a training. Create them with intent_options_new() and release them with
 * intent_options_free().
 *
 * Trainings only read their options, so that one object may serve several.
 */
typedef struct intent_options intent_options;

/**
 * Creates options with every value at its default.
 *
 * @return Options. Release them with intent_options_free(). Never NULL.
 */
INTENT_API intent_options *intent_options_new(void);

/**
 * Releases options.
 *
 * @param options Options. May be NULL.
 */
INTENT_API void intent_options_free(intent_options *options);

/** Recipe of a training, for intent_options_set_preset(). */
typedef enum intent_preset {
  /**
   * MULTI if more than 1 % of the labelled examples have two or more labels, otherwise SINGLE.
   * The default.
   */
  INTENT_PRESET_AUTO = 0,
  /** One label per text: the top label. */
  INTENT_PRESET_SINGLE = 1,
  /** A set of labels per text: every label that reaches its threshold. */
  INTENT_PRESET_MULTI = 2,
  /** The baseline of comparisons, described in docs/decisions/training.md. Not for production. */
  INTENT_PRESET_REFERENCE = 3,
} intent_preset;

/**
 * Sets the recipe. Defaults to INTENT_PRESET_AUTO.
 *
 * @param options   Options. Must not be NULL.
 * @param preset    One of the INTENT_PRESET_ constants.
 * @param error_out Optional. Receives the error on failure.
 * @return OK, NULL_ARGUMENT or INVALID_ARGUMENT.
 */
INTENT_API
intent_status intent_options_set_preset(intent_options *options,
                                        uint32_t preset,
                                        intent_error **error_out);

/**
 * Sets the number of epochs, passes over the examples.
 *
 * The default is between 6 and 100: the fewer examples, the more epochs. If this function is not
 * called, training uses fewer epochs when they are clearly better on the held-out examples.
 *
 * @param options   Options. Must not be NULL.
 * @param epochs    1 to 100000.
 * @param error_out Optional. Receives the error on failure.
 * @return OK, NULL_ARGUMENT or INVALID_ARGUMENT.
 */
INTENT_API
intent_status intent_options_set_epochs(intent_options *options,
                                        size_t epochs,
                                        intent_error **error_out);

/**
 * Sets the random seed. Defaults to 1.
 *
 * The same data, options and seed give the same model, byte for byte.
 *
 * @param options   Options. Must not be NULL.
 * @param seed      Any number.
 * @param error_out Optional. Receives the error on failure.
 * @return OK or NULL_ARGUMENT.
 */
INTENT_API
intent_status intent_options_set_seed(intent_options *options,
                                      uint64_t seed,
                                      intent_error **error_out);

/**
 * Sets the number of threads. Defaults to 0, all cores. The model does not depend on it.
 *
 * @param options   Options. Must not be NULL.
 * @param threads   0 for all cores, or 1 to 1024.
 * @param error_out Optional. Receives the error on failure.
 * @return OK, NULL_ARGUMENT or INVALID_ARGUMENT.
 */
INTENT_API
intent_status intent_options_set_threads(intent_options *options,
                                         size_t threads,
                                         intent_error **error_out);

/**
 * Sets the acceptance rate: the share of labelled held-out examples that the rejection threshold
 * accepts. Defaults to 0.95.
 *
 * With 1, the rejection threshold rejects no text. A text is then rejected only if nothing in it
 * is known, or if no label reaches its own threshold.
 *
 * @param options         Options. Must not be NULL.
 * @param acceptance_rate > 0 and <= 1.
 * @param error_out       Optional. Receives the error on failure.
 * @return OK, NULL_ARGUMENT or INVALID_ARGUMENT.
 */
INTENT_API
intent_status intent_options_set_acceptance_rate(intent_options *options,
                                                 double acceptance_rate,
                                                 intent_error **error_out);

/**
 * Sets the costs of mistakes, instead of an acceptance rate. No costs by default.
 *
 * Training chooses the acceptance rate at which the mean cost of the held-out examples is lowest.
 * An answer with wrong labels costs 1, however many are wrong. So does any answer to a text that
 * is out of scope.
 *
 * If costs are set and intent_options_set_acceptance_rate() has also set a rate other than the
 * default, training fails with INVALID_ARGUMENT.
 *
 * @param options       Options. Must not be NULL.
 * @param ask_back_cost Cost, 0 to 1, of rejecting a text that has a label: the program must then
 *                      ask the user again.
 * @param foreign_share Share of texts in use that are out of scope, 0 to 1.
 * @param error_out     Optional. Receives the error on failure.
 * @return OK, NULL_ARGUMENT or INVALID_ARGUMENT.
 */
INTENT_API
intent_status intent_options_set_cost(intent_options *options,
                                      float ask_back_cost,
                                      float foreign_share,
                                      intent_error **error_out);

/**
 * Sets the learning rate of the network. The default is 0.002 below 500 labels, and 0.003 for 500
 * labels or more.
 *
 * @param options       Options. Must not be NULL.
 * @param learning_rate > 0 and <= 1.
 * @param error_out     Optional. Receives the error on failure.
 * @return OK, NULL_ARGUMENT or INVALID_ARGUMENT.
 */
INTENT_API
intent_status intent_options_set_learning_rate(intent_options *options,
                                               float learning_rate,
                                               intent_error **error_out);

/**
 * Sets the batch size in examples. Defaults to 128.
 *
 * The default is 32 instead if there are fewer than 500 labels and few examples. With MULTI, few
 * means fewer than 10,000. With SINGLE, few means fewer than 5,000, or on average at most 20 per
 * label.
 *
 * @param options   Options. Must not be NULL.
 * @param batch     >= 1.
 * @param error_out Optional. Receives the error on failure.
 * @return OK, NULL_ARGUMENT or INVALID_ARGUMENT.
 */
INTENT_API
intent_status intent_options_set_batch(intent_options *options,
                                       size_t batch,
                                       intent_error **error_out);

/**
 * Sets the probability that an n-gram is left out of a training text.
 *
 * Defaults to 0.5. It is 0.4 in two cases: with MULTI and 10,000 examples or more, and with
 * SINGLE, a lexicon and on average at most 20 examples per label.
 *
 * @param options         Options. Must not be NULL.
 * @param feature_dropout >= 0 and < 1.
 * @param error_out       Optional. Receives the error on failure.
 * @return OK, NULL_ARGUMENT or INVALID_ARGUMENT.
 */
INTENT_API
intent_status intent_options_set_feature_dropout(intent_options *options,
                                                 float feature_dropout,
                                                 intent_error **error_out);

/**
 * Sets the share of synthetic negatives. A synthetic negative mixes two examples with different
 * labels, and is trained as out of scope.
 *
 * Defaults to 0 with MULTI and to 0.1 with SINGLE. With SINGLE it is 0.3 if there is no lexicon
 * and there are on average at most 20 examples per label.
 *
 * @param options   Options. Must not be NULL.
 * @param share     Probability that an example is replaced by a synthetic negative, >= 0 and < 1.
 * @param error_out Optional. Receives the error on failure.
 * @return OK, NULL_ARGUMENT or INVALID_ARGUMENT.
 */
INTENT_API
intent_status intent_options_set_synthetic_negatives(intent_options *options,
                                                     float share,
                                                     intent_error **error_out);

/**
 * Sets the words and punctuation marks that separate clauses, such as `and` and `,`.
 *
 * By default clause separators are learned from examples with several labels, and used if they
 * improve the results on held-out examples.
 *
 * @param options    Options. Must not be NULL.
 * @param separators Array of `count` texts, each one word or one punctuation mark, copied. May be
 *                   NULL when the count is 0.
 * @param count      Number of separators, at most 64. With 0, texts are not cut into clauses.
 * @param error_out  Optional. Receives the error on failure.
 * @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT or TEXT_TOO_LONG.
 */
INTENT_API
intent_status intent_options_set_clause_separators(intent_options *options,
                                                   const intent_text *separators,
                                                   size_t count,
                                                   intent_error **error_out);

/**
 * Sets whether the name of a label is used as one more example of the label, with underscores
 * replaced by spaces. This applies only to labels with at most 20 examples. Defaults to true.
 *
 * @param options     Options. Must not be NULL.
 * @param label_names true to use names as examples.
 * @param error_out   Optional. Receives the error on failure.
 * @return OK or NULL_ARGUMENT.
 */
INTENT_API
intent_status intent_options_set_label_names(intent_options *options,
                                             bool label_names,
                                             intent_error **error_out);

/**
 * Sets the description of a label: one more example of it, used instead of its name. None by
 * default.
 *
 * Write it in words that texts of the label use.
 *
 * @param options     Options. Must not be NULL.
 * @param label       Name of the label, copied. This call does not check it. Training fails with
 *                    INVALID_ARGUMENT when no example has the label, so also for a name of 256
 *                    bytes or more.
 * @param description Description, copied. Replaces an earlier one of the same label.
 * @param error_out   Optional. Receives the error on failure.
 * @return OK, NULL_ARGUMENT, INVALID_UTF8 or TEXT_TOO_LONG.
 */
INTENT_API
intent_status intent_options_set_description(intent_options *options,
                                             intent_text label,
                                             intent_text description,
                                             intent_error **error_out);

/**
 * Sets a lexicon: word vectors from elsewhere, such as those of Apple's NLEmbedding. Replaces an
 * earlier lexicon. None by default.
 *
 * A lexicon helps when examples are few. The model stores the vectors that it needs, so that the
 * lexicon is not needed after training.
 *
 * @param options    Options. Must not be NULL.
 * @param words      Array of `count` texts, the most frequent first, copied. A text that is not
 *                   exactly one word is ignored. Of equal words the first counts. May be NULL when
 *                   the count is 0.
 * @param count      Number of words. 0 removes the lexicon.
 * @param vectors    `count` * `dimensions` finite numbers, row by row, copied. May be NULL when
 *                   the count is 0.
 * @param dimensions Length of each vector, 2 to 2048. Ignored when the count is 0.
 * @param error_out  Optional. Receives the error on failure.
 * @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT or TEXT_TOO_LONG.
 */
INTENT_API
intent_status intent_options_set_lexicon(intent_options *options,
                                         const intent_text *words,
                                         size_t count,
                                         const float *vectors,
                                         size_t dimensions,
                                         intent_error **error_out);

/**
 * Sets a lexicon that is read from a file during this call, not when training starts. Replaces an
 * earlier lexicon. None by default.
 *
 * Each line of the file has a word and its numbers, as in the .vec files of fastText and word2vec
 * and in GloVe files. A folder of a Model2Vec model, or of a sentence-transformers model with
 * static embeddings, works too.
 *
 * @param options   Options. Must not be NULL.
 * @param path      Path of the file or folder. NULL with length 0 removes the lexicon.
 * @param error_out Optional. Receives the error on failure.
 * @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, TEXT_TOO_LONG, BAD_DATA or IO.
 */
INTENT_API
intent_status intent_options_set_lexicon_file(intent_options *options,
                                              intent_text path,
                                              intent_error **error_out);

/** Format of a data file, for intent_train_file() and intent_options_set_valid_file(). */
typedef enum intent_format {
  /**
   * By extension: JSON Lines for .jsonl, .ndjson and .json; fastText for .txt, .ft and
   * .fasttext; CSV for .csv.
   */
  INTENT_FORMAT_BY_EXTENSION = 0,
  /** One object per line: {"text": "...", "labels": ["a", "b"]}. */
  INTENT_FORMAT_JSON_LINES = 1,
  /** fastText lines: __label__a __label__b some text. */
  INTENT_FORMAT_FASTTEXT = 2,
  /** CSV with a header and the columns text and labels. Labels are separated by |. */
  INTENT_FORMAT_CSV = 3,
} intent_format;

/**
 * Sets a validation file. None by default.
 *
 * Its examples are used in place of held-out ones: training holds out none of its own examples.
 * The file is read when a training starts. Only trainings on texts can use it.
 *
 * @param options   Options. Must not be NULL.
 * @param path      Path of the data file, copied. NULL with length 0 removes the file.
 * @param format    One of the INTENT_FORMAT_ constants.
 * @param error_out Optional. Receives the error on failure.
 * @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT or TEXT_TOO_LONG.
 */
INTENT_API
intent_status intent_options_set_valid_file(intent_options *options,
                                            intent_text path,
                                            uint32_t format,
                                            intent_error **error_out);

/**
 * Keeps the data that later updates need, including the examples of the training, in memory and in
 * a training-state file: see intent_save_training_state(). By default only the model is kept.
 *
 * Only for trainings on texts, and for every preset except INTENT_PRESET_REFERENCE. Otherwise
 * training fails with INVALID_ARGUMENT.
 *
 * @param options    Options. Must not be NULL.
 * @param path       Path of the training-state file, by convention NAME.learner, copied. Must not
 *                   be empty. The file is written at the end of the training. An existing file is
 *                   replaced in one step.
 * @param power_safe As for intent_load_training_state().
 * @param error_out  Optional. Receives the error on failure.
 * @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT or TEXT_TOO_LONG.
 */
INTENT_API
intent_status intent_options_set_training_state(intent_options *options,
                                                intent_text path,
                                                bool power_safe,
                                                intent_error **error_out);

/**
 * Kind of run. A training makes several runs. With two or more threads INTENT_PHASE_HELDOUT and
 * INTENT_PHASE_FINAL overlap.
 */
typedef enum intent_phase {
  /** Trains on some of the examples, to decide whether to cut texts into clauses. */
  INTENT_PHASE_CLAUSES = 0,
  /**
   * Trains on the examples that are not held out, or on all examples if there is a validation
   * file. Chooses the calibration and the rejection threshold. Also chooses the number of epochs
   * if it is the only run of this kind and intent_options_set_epochs() was not called.
   */
  INTENT_PHASE_HELDOUT = 1,
  /**
   * Trains the weights of the model on all examples, held-out ones included. With a validation
   * file, this run is made only if fewer epochs were chosen.
   */
  INTENT_PHASE_FINAL = 2,
} intent_phase;

/** Progress of a training. */
typedef struct intent_progress {
  /** Kind of the run that the most recently finished epoch belongs to. */
  intent_phase phase;
  /** Number of finished epochs, over all runs. */
  size_t epoch;
  /** Number of epochs, over all runs, as far as known. */
  size_t epochs;
  /** Mean loss per example in the most recently finished epoch. */
  double loss;
  /**
   * Share of held-out examples answered correctly after this epoch, 0 to 1. NaN if it was not
   * measured: INTENT_PHASE_HELDOUT measures it, if there is only one run of that kind.
   */
  double heldout_score;
  /** Estimated seconds to go. */
  double seconds_left;
} intent_progress;

/**
 * Function that is called after each epoch, one call at a time per training. It runs on a thread
 * of the library, or on the calling thread if the system can't start a thread.
 *
 * It must return: it must not throw or jump out.
 *
 * @param now     Progress. Valid during the call only.
 * @param context The pointer given to intent_options_set_progress().
 * @return true to go on. false to stop: the training then fails with STOPPED.
 */
typedef bool (*intent_progress_callback)(const intent_progress *now, void *context);

/**
 * Sets a function to call after each epoch. None by default.
 *
 * @param options   Options. Must not be NULL.
 * @param progress  Function. NULL for none.
 * @param context   Passed to the function. May be NULL. Must stay valid while a training with
 *                  these options runs.
 * @param error_out Optional. Receives the error on failure.
 * @return OK or NULL_ARGUMENT.
 */
INTENT_API
intent_status intent_options_set_progress(intent_options *options,
                                          intent_progress_callback progress,
                                          void *context,
                                          intent_error **error_out);

/* =============================================================================================
 * Training
 * ============================================================================================= */

/**
 * Trains a classifier on texts.
 *
 * Each text has a set of label names. A text without labels is an example of texts that are out of
 * scope. Labels get their indices in order of first appearance. Fails with UNTRAINABLE when no
 * example has a label or when there are more than 16,384 labels.
 *
 * Blocks until the training is done. The progress callback of the options can stop it. The same
 * data, options and seed give the same model, byte for byte, on every machine.
 *
 * @param texts          Array of `text_count` texts, each at most INTENT_MAX_TEXT_BYTES long. May
 *                       be NULL when the count is 0, which fails with UNTRAINABLE.
 * @param text_count     Number of texts.
 * @param labels         Label names of all texts: those of the first text, then those of the
 *                       second, and so on. Their number is the sum of `label_counts`. A name has 1
 *                       to 255 bytes and no control characters; others fail with
 *                       INVALID_ARGUMENT. May be NULL when the sum is 0.
 * @param label_counts   Array of `text_count` numbers: how many of `labels` belong to each text.
 * @param options        How to train. NULL for the defaults.
 * @param classifier_out Receives the classifier. Release it with intent_free(). Must not be NULL.
 * @param error_out      Optional. Receives the error on failure.
 * @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, TEXT_TOO_LONG, UNTRAINABLE,
 *         OUT_OF_MEMORY or STOPPED; with a validation file also BAD_DATA and IO; with a
 *         training-state file also IO, and, at the end of the training, BAD_TRAINING_STATE when
 *         the file is in use by another classifier or process.
 */
INTENT_API
intent_status intent_train(const intent_text *texts,
                           size_t text_count,
                           const intent_text *labels,
                           const size_t *label_counts,
                           const intent_options *options,
                           intent_classifier **classifier_out,
                           intent_error **error_out);

/**
 * Trains a classifier on a data file, otherwise like intent_train().
 *
 * @param path           Path of the data file. Must not be empty.
 * @param format         One of the INTENT_FORMAT_ constants.
 * @param options        How to train. NULL for the defaults.
 * @param classifier_out Receives the classifier. Release it with intent_free(). Must not be NULL.
 * @param error_out      Optional. Receives the error on failure.
 * @return As intent_train(), BAD_DATA or IO.
 */
INTENT_API
intent_status intent_train_file(intent_text path,
                                uint32_t format,
                                const intent_options *options,
                                intent_classifier **classifier_out,
                                intent_error **error_out);

/**
 * Trains a classifier on feature rows instead of texts, otherwise like intent_train().
 *
 * The classifier answers only intent_predict_features(). Calls that classify or learn from texts
 * fail with NO_VECTORIZER, and so do calls that change labels.
 *
 * @param rows           Feature rows, one for each example. If there are no rows, the call fails
 *                       with UNTRAINABLE.
 * @param labels         As for intent_train().
 * @param label_counts   Array of numbers, one for each row, as for intent_train().
 * @param options        How to train. NULL for the defaults.
 * @param classifier_out Receives the classifier. Release it with intent_free(). Must not be NULL.
 * @param error_out      Optional. Receives the error on failure.
 * @return As intent_train().
 */
INTENT_API
intent_status intent_train_features(intent_feature_rows rows,
                                    const intent_text *labels,
                                    const size_t *label_counts,
                                    const intent_options *options,
                                    intent_classifier **classifier_out,
                                    intent_error **error_out);

/**
 * Returns the number of warnings that the training of a classifier gave. A loaded classifier has
 * none.
 *
 * A warning is one sentence about a likely mistake in the data, such as a label with one example,
 * equal texts with different labels, or fewer than 10 held-out examples with labels. It names
 * examples by their number, counted from 1, and never quotes a text.
 *
 * @param classifier Classifier. May be NULL.
 * @return Number of warnings; 0 for NULL.
 */
INTENT_API size_t intent_warning_count(const intent_classifier *classifier);

/**
 * Returns a warning of the training.
 *
 * @param classifier Classifier. May be NULL.
 * @param index      Index of the warning, 0 to intent_warning_count() - 1.
 * @param length_out Optional. Receives the length of the warning in bytes, if there is a warning.
 * @return UTF-8, NUL-terminated, valid until the classifier is freed; NULL if no warning has the
 *         index, and for NULL.
 */
INTENT_API
const char *intent_warning(const intent_classifier *classifier,
                           size_t index,
                           size_t *length_out);

/**
 * Returns the number of labelled examples that training held out. If there was a validation file,
 * returns the number of labelled examples in it, which then take the place of held-out ones.
 *
 * The accuracies below are measured on them. Training warns if there are fewer than 10. The number
 * is saved with the model.
 *
 * @param classifier Classifier. May be NULL.
 * @return Number of examples; 0 if there were none, and for NULL.
 */
INTENT_API size_t intent_heldout_count(const intent_classifier *classifier);

/**
 * Returns the accuracy to expect on new wording.
 *
 * This is the share of labelled held-out examples whose top label was right, before any text is
 * rejected. The run that measures it is trained neither on these examples nor on near-duplicates
 * of them. (The final model is trained on all examples.) With a validation file, its examples are
 * measured, and near-duplicates of them stay in the training. The share is saved with the model.
 *
 * @param classifier Classifier. May be NULL.
 * @return Share, 0 to 1; NaN if intent_heldout_count() is 0, and for NULL.
 */
INTENT_API double intent_heldout_accuracy(const intent_classifier *classifier);

/**
 * Returns the accuracy to expect on wording like that of the examples.
 *
 * Measured like intent_heldout_accuracy(), but near-duplicates of the held-out examples, if there
 * are any, are trained on. Not measured with a validation file. The share is saved with the model.
 *
 * @param classifier Classifier. May be NULL.
 * @return Share, 0 to 1; NaN if it was not measured, and for NULL.
 */
INTENT_API double intent_familiar_accuracy(const intent_classifier *classifier);

/**
 * Returns the share of labelled held-out examples that were answered with exactly their labels.
 *
 * A rejected example counts as wrong. With a validation file, its examples are measured. The share
 * is saved with the model.
 *
 * @param classifier Classifier. May be NULL.
 * @return Share, 0 to 1; NaN if it was not measured, and for NULL.
 */
INTENT_API double intent_heldout_answered(const intent_classifier *classifier);

/* =============================================================================================
 * Model files
 * ============================================================================================= */

/**
 * Loads a classifier from a model file.
 *
 * The file is mapped into memory, not copied. While the classifier lives, replace the file only by
 * renaming another over it, as intent_save() does. Never change its bytes in place.
 *
 * @param path           Path of the model file. Must not be empty.
 * @param classifier_out Receives the classifier. Release it with intent_free(). Must not be NULL.
 * @param error_out      Optional. Receives the error on failure.
 * @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, TEXT_TOO_LONG, NOT_A_MODEL,
 *         NEWER_FORMAT, WRONG_LENGTH, CHECKSUM_MISMATCH, WRONG_TENSOR or ABSURD_SIZE; IO when the
 *         file can't be read or mapped into memory.
 */
INTENT_API
intent_status intent_load(intent_text path,
                          intent_classifier **classifier_out,
                          intent_error **error_out);

/**
 * Loads a classifier from the bytes of a model file. The bytes are copied.
 *
 * @param bytes          Bytes of the model file. May be NULL when `length` is 0.
 * @param length         Number of bytes.
 * @param classifier_out Receives the classifier. Release it with intent_free(). Must not be NULL.
 * @param error_out      Optional. Receives the error on failure.
 * @return OK, NULL_ARGUMENT, INVALID_ARGUMENT, NOT_A_MODEL, NEWER_FORMAT, WRONG_LENGTH,
 *         CHECKSUM_MISMATCH, WRONG_TENSOR, ABSURD_SIZE or OUT_OF_MEMORY.
 */
INTENT_API
intent_status intent_load_bytes(const uint8_t *bytes,
                                size_t length,
                                intent_classifier **classifier_out,
                                intent_error **error_out);

/**
 * Saves the model of a classifier to a file. The model holds label names but no training texts.
 *
 * An existing file is replaced in one step: the model is written to a temporary file in the same
 * folder, synced and renamed. After an interruption the old file or the new one is there,
 * complete. Classifiers that were loaded from the old file are not affected.
 *
 * If `path` is a symbolic link, its target is replaced. The new file keeps the mode of the old
 * one, and its owner if the system allows it. Temporary files of killed processes are removed.
 *
 * @param classifier Classifier. Must not be NULL.
 * @param path       Path of the model file, by convention NAME.intent. Must not be empty.
 * @param error_out  Optional. Receives the error on failure.
 * @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, TEXT_TOO_LONG or IO.
 */
INTENT_API
intent_status intent_save(const intent_classifier *classifier,
                          intent_text path,
                          intent_error **error_out);

/* =============================================================================================
 * Labels
 * ============================================================================================= */

/**
 * Returns the number of labels. Label indices run from 0 to this number - 1.
 *
 * Updates add labels at the end. Only intent_remove_label(), intent_merge_label() and
 * intent_replace() change the index of a label.
 *
 * @param classifier Classifier. May be NULL.
 * @return Number of labels; 0 for NULL.
 */
INTENT_API uint32_t intent_label_count(const intent_classifier *classifier);

/**
 * Returns the name of a label.
 *
 * @param classifier Classifier. May be NULL.
 * @param index      Index of the label, as in intent_scored.
 * @param length_out Optional. Receives the length of the name in bytes, if there is a name.
 * @return UTF-8, NUL-terminated, valid until the classifier is freed; NULL if no label has the
 *         index, and for NULL.
 */
INTENT_API
const char *intent_label(const intent_classifier *classifier,
                         uint32_t index,
                         size_t *length_out);

/**
 * Renames a label. Its index stays, and its rules follow it.
 *
 * @param classifier Classifier. Must not be NULL.
 * @param label      Current name of the label.
 * @param to         New name. No other label may have it.
 * @param error_out  Optional. Receives the error on failure.
 * @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, TEXT_TOO_LONG, NO_VECTORIZER,
 *         BAD_TRAINING_STATE, OUT_OF_MEMORY or IO. On failure nothing has changed.
 */
INTENT_API
intent_status intent_rename_label(const intent_classifier *classifier,
                                  intent_text label,
                                  intent_text to,
                                  intent_error **error_out);

/**
 * Merges a label into another, which from then on answers for both. Takes some tenths of a second.
 *
 * The index of `label` disappears, and higher indices go down by one. The model version of a
 * prediction tells which indices it uses: see intent_predict_detailed().
 *
 * @param classifier Classifier. Must not be NULL.
 * @param label      Name of the label to merge. It disappears.
 * @param into       Name of the label that stays.
 * @param error_out  Optional. Receives the error on failure.
 * @return As intent_rename_label().
 */
INTENT_API
intent_status intent_merge_label(const intent_classifier *classifier,
                                 intent_text label,
                                 intent_text into,
                                 intent_error **error_out);

/**
 * Removes a label, with its rules and the kept examples that have no other label.
 *
 * Higher indices go down by one. The model version of a prediction tells which indices it uses:
 * see intent_predict_detailed().
 *
 * @param classifier Classifier. Must not be NULL.
 * @param label      Name of the label. The only remaining label can't be removed.
 * @param error_out  Optional. Receives the error on failure.
 * @return As intent_rename_label().
 */
INTENT_API
intent_status intent_remove_label(const intent_classifier *classifier,
                                  intent_text label,
                                  intent_error **error_out);

/* =============================================================================================
 * Prediction
 * ============================================================================================= */

/** Maximum length of a text to classify or train on, in bytes. */
#define INTENT_MAX_TEXT_BYTES 1048576

/**
 * How to choose labels. Start from INTENT_PREDICT_OPTIONS_INIT. With it, labels are chosen by the
 * decision rule that training fixed.
 */
typedef struct intent_predict_options {
  /** sizeof(intent_predict_options). */
  size_t size;
  /**
   * Number of labels to choose: the best ones. The model's thresholds do not apply to them. If
   * the field `threshold` is 0 or more, they must reach that. A rejected text still gets no
   * labels. 0 means: use the decision rule from training. Defaults to 0.
   */
  size_t top;
  /**
   * Minimum probability of a chosen label, 0 to 1. A negative value means: use the model's
   * thresholds, or no threshold if `top` is not 0. Above 0.85, keyword rules are ignored.
   * Defaults to -1.
   */
  float threshold;
  /**
   * Acceptance rate: the share to accept of those texts that have a label, > 0 and <= 1. With 1,
   * the rejection threshold rejects no text: see intent_options_set_acceptance_rate(). 0 means:
   * use the rate from training. Defaults to 0.
   */
  float acceptance_rate;
  /**
   * Cost, 0 to 1, of rejecting a text that has a label: the program must then ask the user
   * again. Used as in intent_options_set_cost(), instead of `acceptance_rate`, which must be 0
   * then. A negative value means: no costs. Defaults to -1.
   */
  float ask_back_cost;
  /**
   * Share of texts in use that are out of scope, 0 to 1. Ignored without `ask_back_cost`.
   * Defaults to 0.
   */
  float foreign_share;
} intent_predict_options;

/** Initialises an intent_predict_options with the defaults. */
#define INTENT_PREDICT_OPTIONS_INIT { sizeof(intent_predict_options), 0, -1.0f, 0.0f, -1.0f, 0.0f }

/** What decided about a text. */
typedef enum intent_source {
  /** The network alone. */
  INTENT_SOURCE_NETWORK = 0,
  /** A keyword rule chose the first label. The network may have chosen further ones. */
  INTENT_SOURCE_RULE = 1,
} intent_source;

/** Decision about a text. */
typedef struct intent_decision {
  /**
   * Number of chosen labels, which may exceed the capacity. 0 if and only if the text is
   * rejected.
   */
  size_t count;
  /**
   * Version of the model that answered: 1 for the first, one more with each swap. Label indices
   * are those of this model. Later models keep them until intent_remove_label(),
   * intent_merge_label() or intent_replace() changes them.
   */
  uint64_t model_version;
  /** What decided. */
  intent_source source;
} intent_decision;

/** Texts to classify at once, and where their labels go. Start from INTENT_BATCH_INIT. */
typedef struct intent_batch {
  /** sizeof(intent_batch). */
  size_t size;
  /**
   * Array of `text_count` texts, each at most INTENT_MAX_TEXT_BYTES long. May be NULL when the
   * count is 0.
   */
  const intent_text *texts;
  /** Number of texts. */
  size_t text_count;
  /**
   * Array of `text_count` * `capacity` labels. Labels of text i start at labels_out[i *
   * capacity]. May be NULL when `capacity` is 0.
   */
  intent_scored *labels_out;
  /** Number of labels that fit for each text. */
  size_t capacity;
  /**
   * Array of `text_count` numbers. Receives the number of chosen labels of each text, which may
   * exceed `capacity`. May be NULL when there are no texts.
   */
  size_t *counts_out;
} intent_batch;

/** Initialises an intent_batch without texts. */
#define INTENT_BATCH_INIT { sizeof(intent_batch), NULL, 0, NULL, 0, NULL }

/**
 * Classifies a text: writes its labels, best first.
 *
 * The network rejects a text when nothing in it is known, when its score is below the rejection
 * threshold, or when no label reaches its own threshold. The score tells how much the text is like
 * the examples. It has no fixed range and is independent of the probabilities.
 *
 * The text is rejected when the network rejects it and no keyword rule gives it a label: see
 * intent_set_rules(). `*count_out` is 0 if and only if the text is rejected.
 *
 * On the CPU, a successful prediction allocates no memory and takes no lock. Only the first
 * prediction on a thread may allocate a few bytes.
 *
 * @param classifier Classifier. Must not be NULL.
 * @param text       Text, at most INTENT_MAX_TEXT_BYTES long. May be empty.
 * @param options    How to choose labels. NULL for the defaults.
 * @param labels_out Array of `capacity` labels. Receives the best ones. May be NULL when the
 *                   capacity is 0.
 * @param capacity   Number of labels that fit. 1 suffices for a single-label model without `top`.
 * @param count_out  Receives the number of chosen labels. It may exceed `capacity`, which is no
 *                   error. Must not be NULL.
 * @param error_out  Optional. Receives the error on failure.
 * @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, TEXT_TOO_LONG or NO_VECTORIZER.
 */
INTENT_API
intent_status intent_predict(const intent_classifier *classifier,
                             intent_text text,
                             const intent_predict_options *options,
                             intent_scored *labels_out,
                             size_t capacity,
                             size_t *count_out,
                             intent_error **error_out);

/**
 * Classifies a text like intent_predict(), and tells which model answered and what decided.
 *
 * @param classifier   As for intent_predict().
 * @param text         As for intent_predict().
 * @param options      As for intent_predict().
 * @param labels_out   As for intent_predict().
 * @param capacity     As for intent_predict().
 * @param decision_out Receives the decision. Must not be NULL.
 * @param error_out    Optional. Receives the error on failure.
 * @return As intent_predict().
 */
INTENT_API
intent_status intent_predict_detailed(const intent_classifier *classifier,
                                      intent_text text,
                                      const intent_predict_options *options,
                                      intent_scored *labels_out,
                                      size_t capacity,
                                      intent_decision *decision_out,
                                      intent_error **error_out);

/**
 * Classifies many texts. Each gets the labels that intent_predict() chooses.
 *
 * A batch of more than 256 texts runs on all cores. A smaller batch runs on the calling thread,
 * and so does every batch if the system can't start a thread.
 *
 * @param classifier Classifier. Must not be NULL.
 * @param batch      Texts, and where their labels go. Must not be NULL.
 * @param options    How to choose labels, the same for all texts. NULL for the defaults.
 * @param error_out  Optional. Receives the error on failure.
 * @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, TEXT_TOO_LONG or NO_VECTORIZER. All
 *         texts are checked first: on failure nothing was written, except after PANICKED.
 */
INTENT_API
intent_status intent_predict_batch(const intent_classifier *classifier,
                                   const intent_batch *batch,
                                   const intent_predict_options *options,
                                   intent_error **error_out);

/* =============================================================================================
 * Requests: predictions in the background
 * ============================================================================================= */

/** Answer to a request. It and what it points to are valid during the callback only. */
typedef struct intent_answer {
  /**
   * OK; CANCELLED if the request was cancelled by intent_request_cancel() or intent_free(); in
   * rare cases another failure.
   */
  intent_status status;
  /** Chosen labels, best first. NULL if there are none. */
  const intent_scored *labels;
  /** Number of labels. 0 if the text is rejected, or the status is not OK. */
  size_t count;
  /** Version of the model that answered, as in intent_decision. 0 if the status is not OK. */
  uint64_t model_version;
  /** What decided. */
  intent_source source;
  /** NUL-terminated message if the status is not OK; NULL otherwise. */
  const char *message;
} intent_answer;

/**
 * Function that receives the answer to a request. Called once for each accepted request, on a
 * thread of the library.
 *
 * The callback may make any call. It may call intent_free() only if no other call is running, and
 * no call may follow that one. It must return: it must not throw or jump out. Its thread answers
 * no other request meanwhile.
 *
 * @param answer  Answer.
 * @param context The pointer given with the request.
 */
typedef void (*intent_answer_callback)(const intent_answer *answer, void *context);

/**
 * Handle of a request, to cancel it. Release it with intent_request_free(), before or after the
 * answer.
 */
typedef struct intent_request intent_request;

/**
 * Queues a text and returns at once. The callback receives the answer.
 *
 * A few threads of the library take requests from the queue in order. If several requests are
 * waiting, a thread takes up to 64 of them, classifies them together, and then calls their
 * callbacks one after the other. A full queue refuses requests with BUSY.
 *
 * @param classifier  Classifier. Must not be NULL.
 * @param text        Text, at most INTENT_MAX_TEXT_BYTES long, copied.
 * @param options     As for intent_predict(), copied.
 * @param callback    If intent_predict_async() succeeds, this is called exactly once, with the
 *                    answer; otherwise never. Must not be NULL.
 * @param context     Passed to the callback. May be NULL.
 * @param request_out Optional. Receives a handle of the request. Release it with
 *                    intent_request_free(). The callback may run before the handle is written
 *                    here.
 * @param error_out   Optional. Receives the error on failure.
 * @return OK, NULL_ARGUMENT, INVALID_UTF8, TEXT_TOO_LONG or NO_VECTORIZER; INVALID_ARGUMENT when
 *         an option is out of range; OUT_OF_MEMORY when the system can't start a thread for the
 *         queue; BUSY when the queue is full; SHUT_DOWN after intent_finish().
 */
INTENT_API
intent_status intent_predict_async(const intent_classifier *classifier,
                                   intent_text text,
                                   const intent_predict_options *options,
                                   intent_answer_callback callback,
                                   void *context,
                                   intent_request **request_out,
                                   intent_error **error_out);

/**
 * Cancels a request if no thread has started it.
 *
 * The callback of a cancelled request receives CANCELLED on a thread of the library, in general
 * after this call has returned. Otherwise it receives the answer.
 *
 * @param request Request. May be NULL.
 * @return true if the request was cancelled; false if it was started, answered or cancelled
 *         before, and for NULL.
 */
INTENT_API bool intent_request_cancel(const intent_request *request);

/**
 * Releases the handle of a request. The request itself goes on.
 *
 * @param request Request. May be NULL.
 */
INTENT_API void intent_request_free(intent_request *request);

/**
 * Sets the size of the request queue and the number of threads that answer requests.
 *
 * Must be called before the first request. By default `workers` is the number of cores minus one,
 * but at least 1 and at most 4, and `capacity` is 1024.
 *
 * @param classifier Classifier. Must not be NULL.
 * @param workers    Number of threads, 1 to 1024.
 * @param capacity   Number of requests that may wait, 1 to 65536.
 * @param error_out  Optional. Receives the error on failure.
 * @return OK or NULL_ARGUMENT; INVALID_ARGUMENT when a number is out of range or the first request
 *         was made already.
 */
INTENT_API
intent_status intent_set_queue(const intent_classifier *classifier,
                               size_t workers,
                               size_t capacity,
                               intent_error **error_out);

/**
 * Stops accepting requests, and blocks until the callbacks of all waiting requests have returned.
 *
 * Called from a callback, it returns at once, and the waiting requests are answered afterwards.
 * intent_free() without this call cancels waiting requests.
 *
 * @param classifier Classifier. Must not be NULL.
 * @param error_out  Optional. Receives the error on failure.
 * @return OK or NULL_ARGUMENT.
 */
INTENT_API
intent_status intent_finish(const intent_classifier *classifier,
                            intent_error **error_out);

/* =============================================================================================
 * Features: the two halves of a prediction
 * ============================================================================================= */

/** Number of floats in a feature row. */
#define INTENT_FEATURES 256

/** Maximum number of clauses that a text is cut into. */
#define INTENT_MAX_CLAUSES 32

/**
 * Writes the features of a whole text.
 *
 * A classifier that cuts texts into clauses predicts from one row per clause instead: see
 * intent_vectorize_rows().
 *
 * @param classifier   Classifier. Must not be NULL.
 * @param text         Text, at most INTENT_MAX_TEXT_BYTES long.
 * @param features_out Array of INTENT_FEATURES floats. Receives a vector with Euclidean norm 1.
 *                     The norm is smaller if some words are unknown. All numbers are zero if
 *                     nothing in the text is known. Must not be NULL.
 * @param error_out    Optional. Receives the error on failure.
 * @return OK, NULL_ARGUMENT, INVALID_UTF8, TEXT_TOO_LONG or NO_VECTORIZER.
 */
INTENT_API
intent_status intent_vectorize(const intent_classifier *classifier,
                               intent_text text,
                               float *features_out,
                               intent_error **error_out);

/**
 * Writes the features of each clause in which anything is known: the first half of
 * intent_predict().
 *
 * A classifier that does not cut texts writes at most one row, that of intent_vectorize().
 *
 * @param classifier Classifier. Must not be NULL.
 * @param text       Text, at most INTENT_MAX_TEXT_BYTES long.
 * @param rows_out   Array of `capacity` rows of INTENT_FEATURES floats. Receives rows like those
 *                   that intent_vectorize() writes. May be NULL when the capacity is 0.
 * @param capacity   Number of rows that fit. INTENT_MAX_CLAUSES always suffices.
 * @param count_out  Receives the number of rows. It may exceed `capacity`, which is no error: the
 *                   first rows are written. 0 if nothing in the text is known. Must not be NULL.
 * @param error_out  Optional. Receives the error on failure.
 * @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, TEXT_TOO_LONG or NO_VECTORIZER.
 */
INTENT_API
intent_status intent_vectorize_rows(const intent_classifier *classifier,
                                    intent_text text,
                                    float *rows_out,
                                    size_t capacity,
                                    size_t *count_out,
                                    intent_error **error_out);

/**
 * Chooses labels for feature rows, one for each clause of a text: the second half of
 * intent_predict().
 *
 * With the rows of intent_vectorize_rows() the labels are those of intent_predict(), bit for bit,
 * if no keyword rule matches the text. Rules need the text, so they are not used here. Rows of
 * zeros are ignored. If there is no other row, the text is rejected.
 *
 * @param classifier Classifier. Must not be NULL.
 * @param rows       Feature rows.
 * @param options    As for intent_predict().
 * @param labels_out As for intent_predict().
 * @param capacity   As for intent_predict().
 * @param count_out  As for intent_predict().
 * @param error_out  Optional. Receives the error on failure.
 * @return OK, NULL_ARGUMENT or INVALID_ARGUMENT.
 */
INTENT_API
intent_status intent_predict_features(const intent_classifier *classifier,
                                      intent_feature_rows rows,
                                      const intent_predict_options *options,
                                      intent_scored *labels_out,
                                      size_t capacity,
                                      size_t *count_out,
                                      intent_error **error_out);

/* =============================================================================================
 * Keyword rules
 * ============================================================================================= */

/**
 * Creates a classifier from keyword rules alone, without training.
 *
 * It answers what the rules match and rejects every other text. It learns from intent_update() and
 * keeps the examples, and after 100 examples a background training starts. intent_save() saves
 * what was learned but not the examples, intent_save_training_state() saves both.
 *
 * @param rules          Rules as JSON, at least one: [{"label": "vision", "keywords":
 *                       ["screenshot"], "phrases": ["what is this"]}]. A keyword is one to eight
 *                       consecutive words, matched anywhere in a text. A phrase matches a whole
 *                       text. Case, punctuation and Unicode forms are ignored. Symbols such as
 *                       + and # count in the rules that contain them: "c++" is not in "vitamin c".
 *                       A keyword's first word also matches what follows an apostrophe: "alarme"
 *                       is in "l'alarme". The endings of English words, as in "can't", are no
 *                       words.
 * @param classifier_out Receives the classifier. Release it with intent_free(). Must not be NULL.
 * @param error_out      Optional. Receives the error on failure.
 * @return OK, NULL_ARGUMENT, INVALID_UTF8 or TEXT_TOO_LONG; INVALID_ARGUMENT when a rule is wrong.
 *         The message names the rule.
 */
INTENT_API
intent_status intent_from_rules(intent_text rules,
                                intent_classifier **classifier_out,
                                intent_error **error_out);

/**
 * Replaces the keyword rules of a classifier. Unknown labels are added. The rules are saved with
 * the model.
 *
 * The network comes first. It decides alone if it does not reject the text and the probability of
 * its top label is 0.85 or more.
 *
 * Otherwise the labels of the matching rules come first, with a probability of 0.85, even if the
 * network rejects the text. In a multi-label model the other labels that the network chooses
 * follow. A single-label model answers only one label: that of the longest match. It answers more
 * if `top` asks for more.
 *
 * Rules are ignored in a prediction with a `threshold` above 0.85. intent_predict_detailed() tells
 * whether a rule answered. A model that was trained on feature rows stores rules but never uses
 * them, since it reads no texts.
 *
 * @param classifier Classifier. Must not be NULL.
 * @param rules      As for intent_from_rules(). [] removes all rules.
 * @param error_out  Optional. Receives the error on failure.
 * @return OK, NULL_ARGUMENT, INVALID_UTF8, TEXT_TOO_LONG, BAD_TRAINING_STATE, OUT_OF_MEMORY or IO;
 *         INVALID_ARGUMENT when a rule is wrong. On failure nothing has changed.
 */
INTENT_API
intent_status intent_set_rules(const intent_classifier *classifier,
                               intent_text rules,
                               intent_error **error_out);

/* =============================================================================================
 * Updates
 * ============================================================================================= */

/** Result of intent_update(). */
typedef struct intent_update_report {
  /**
   * Number of examples that were learned. If several examples have the same text, only the last
   * one is used.
   */
  size_t examples;
  /** Number of examples now classified correctly. */
  size_t right;
  /** Number of new labels. They have the highest indices. */
  size_t new_labels;
  /** Version of the model that knows the examples, as in intent_decision. */
  uint64_t model_version;
} intent_update_report;

/**
 * Teaches a classifier a few examples without a full training: corrections, new texts, new labels.
 *
 * Blocks until the examples are learned: some milliseconds for each, about a tenth of a second for
 * a new label. Predictions on other threads go on with the old model meanwhile. After the call
 * predictions use the new model. Updates of one classifier run one after the other.
 *
 * An update can make predictions for other texts worse. To prevent this, the update also trains on
 * kept examples if the classifier has a training state: it was trained with
 * intent_options_set_training_state(), or comes from intent_load_training_state() or
 * intent_from_rules(). Without a training state, the update uses the classifier's own predictions
 * in place of kept examples. This works less well.
 *
 * If the examples of the training are kept, a background training starts after a number of learned
 * examples: see intent_set_retraining().
 *
 * If the training-state file was deleted, it is written again. If another file took its place, the
 * update fails with BAD_TRAINING_STATE and leaves that file alone: save the training state to
 * another path with intent_save_training_state(), or load the file that is there now.
 *
 * @param classifier   Classifier. Must not be NULL.
 * @param texts        Array of `text_count` texts. May be NULL when the count is 0.
 * @param text_count   Number of texts.
 * @param labels       Label names of all texts, as for intent_train(). An unknown name becomes a
 *                     new label.
 * @param label_counts Array of `text_count` numbers: how many of `labels` belong to each text. 0
 *                     marks a text that is out of scope.
 * @param update_out   Optional. Receives the result.
 * @param error_out    Optional. Receives the error on failure.
 * @return OK, NULL_ARGUMENT, INVALID_UTF8, TEXT_TOO_LONG, NO_VECTORIZER or OUT_OF_MEMORY;
 *         INVALID_ARGUMENT when a label name is empty, has 256 bytes or more or has control
 *         characters, when a label is new and intent_allow_new_labels() forbids it, when a text
 *         with labels holds nothing to learn from, and for models of the reference preset;
 *         BAD_TRAINING_STATE when the training-state file is read-only, or was replaced or changed
 *         by another program; IO when it can't be written. On failure nothing was learned.
 */
INTENT_API
intent_status intent_update(const intent_classifier *classifier,
                            const intent_text *texts,
                            size_t text_count,
                            const intent_text *labels,
                            const size_t *label_counts,
                            intent_update_report *update_out,
                            intent_error **error_out);

/**
 * Allows or forbids new labels in intent_update(). Allowed by default.
 *
 * @param classifier Classifier. Must not be NULL.
 * @param allowed    true to allow new labels, false to make intent_update() refuse them.
 * @param error_out  Optional. Receives the error on failure.
 * @return OK or NULL_ARGUMENT.
 */
INTENT_API
intent_status intent_allow_new_labels(const intent_classifier *classifier,
                                      bool allowed,
                                      intent_error **error_out);

/* =============================================================================================
 * Training state: a file with the data that updates need
 * ============================================================================================= */

/**
 * Loads a classifier from a training-state file, as it was after the last change.
 *
 * Every later change is written to the file before it takes effect, so that no accepted change is
 * lost when the process ends, however it ends. A change that a crash left half written is dropped.
 *
 * @param path           Path of the training-state file. Must not be empty.
 * @param power_safe     true to wait for the disk on every change, so that no change is lost when
 *                       power fails. Changes take longer then.
 * @param classifier_out Receives the classifier. Release it with intent_free(). Must not be NULL.
 * @param error_out      Optional. Receives the error on failure.
 * @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, TEXT_TOO_LONG, OUT_OF_MEMORY or IO;
 *         BAD_TRAINING_STATE when the file is corrupt, is not a training-state file, was written
 *         by a newer library, or is in use by another classifier or process. A read-only file
 *         loads; later changes then fail with BAD_TRAINING_STATE.
 */
INTENT_API
intent_status intent_load_training_state(intent_text path,
                                         bool power_safe,
                                         intent_classifier **classifier_out,
                                         intent_error **error_out);

/**
 * Saves the training state of a classifier to a file. From now on, every change is also written to
 * this file.
 *
 * The file holds the model, the other data that updates need, the texts kept for learning, and
 * every later change. It takes 1 kB for each embedding in use (8 MB for most models) plus the
 * texts. An embedding is the vector stored for an n-gram; several n-grams may share one. Only the
 * owner of the file can read it. intent_save() saves the model alone, without any text.
 *
 * @param classifier Classifier. Must not be NULL.
 * @param path       Path of the training-state file, by convention NAME.learner. Must not be
 *                   empty. An existing file is replaced in one step.
 * @param power_safe As for intent_load_training_state().
 * @param error_out  Optional. Receives the error on failure.
 * @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, TEXT_TOO_LONG, NO_VECTORIZER,
 *         OUT_OF_MEMORY or IO; BAD_TRAINING_STATE when the file is in use by another classifier or
 *         process.
 */
INTENT_API
intent_status intent_save_training_state(const intent_classifier *classifier,
                                         intent_text path,
                                         bool power_safe,
                                         intent_error **error_out);

/**
 * Writes the texts that are kept for learning as JSON Lines, which intent_train_file() reads.
 *
 * @param classifier Classifier. Must not be NULL.
 * @param buffer     As for intent_stats_json().
 * @param capacity   As for intent_stats_json().
 * @param length_out As for intent_stats_json().
 * @param error_out  Optional. Receives the error on failure.
 * @return OK, NULL_ARGUMENT or INVALID_ARGUMENT.
 */
INTENT_API
intent_status intent_kept_examples(const intent_classifier *classifier,
                                   uint8_t *buffer,
                                   size_t capacity,
                                   size_t *length_out,
                                   intent_error **error_out);

/**
 * Deletes all texts that are kept for learning, from memory and from the training-state file.
 *
 * What was learned from them stays. Later updates use the classifier's own predictions instead:
 * see intent_update(). From then on no background training starts.
 *
 * @param classifier Classifier. Must not be NULL.
 * @param error_out  Optional. Receives the error on failure.
 * @return OK, NULL_ARGUMENT, BAD_TRAINING_STATE, OUT_OF_MEMORY or IO. On failure nothing was
 *         deleted.
 */
INTENT_API
intent_status intent_forget_examples(const intent_classifier *classifier,
                                     intent_error **error_out);

/* =============================================================================================
 * Background training
 * ============================================================================================= */

/** When and how to train in the background. Start from INTENT_RETRAINING_OPTIONS_INIT. */
typedef struct intent_retraining_options {
  /** sizeof(intent_retraining_options). */
  size_t size;
  /**
   * Number of learned examples after which a training starts. 0 never starts one. Defaults to
   * 100.
   */
  size_t after;
  /**
   * How to train, copied. NULL for the defaults on one thread. Options of your own use all
   * cores, unless intent_options_set_threads() says otherwise.
   *
   * Validation file, progress callback and training state are ignored. Preset and seed are those
   * of the model. So is the acceptance rate, unless intent_options_set_cost() is used: costs
   * choose it. Clause separators are those of the model unless set here. Other options of the
   * first training, such as descriptions and the lexicon, must be given again.
   */
  const intent_options *training;
  /**
   * Golden examples: array of `golden_count` texts, copied. A new model is refused if it answers
   * one of them incorrectly that the current model answers correctly. May be NULL when the count
   * is 0.
   */
  const intent_text *golden;
  /** Number of golden examples. */
  size_t golden_count;
  /** Label names of all golden examples, as for intent_train(). */
  const intent_text *golden_labels;
  /** Array of `golden_count` numbers, as for intent_train(). */
  const size_t *golden_label_counts;
} intent_retraining_options;

/** Initialises an intent_retraining_options with the defaults. */
#define INTENT_RETRAINING_OPTIONS_INIT \
  { sizeof(intent_retraining_options), 100, NULL, NULL, 0, NULL, NULL }

/**
 * Sets when and how the classifier is trained in the background, from all examples that are kept.
 *
 * The training runs with low priority, by default on one thread. The new model replaces the
 * current one unless it is worse. It is worse if
 *
 * - it loses more than five standard errors on the held-out examples,
 * - it loses more than two standard errors on up to 500 kept examples, or
 * - it answers a golden example incorrectly that the current one answers correctly.
 *
 * In this comparison, corrections that contradict other examples are left out, golden examples
 * never.
 *
 * Without this call a training starts after every 100 learned examples, if the classifier keeps
 * all examples that it learned from. After a training it keeps them only with
 * intent_options_set_training_state(). If they are not kept, the statistics count a refused
 * training instead.
 *
 * @param classifier Classifier. Must not be NULL.
 * @param options    Options. NULL for the defaults.
 * @param error_out  Optional. Receives the error on failure.
 * @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT or TEXT_TOO_LONG.
 */
INTENT_API
intent_status intent_set_retraining(const intent_classifier *classifier,
                                    const intent_retraining_options *options,
                                    intent_error **error_out);

/**
 * Starts a background training now and returns at once. Does nothing while one is running.
 *
 * @param classifier Classifier. Must not be NULL.
 * @param error_out  Optional. Receives the error on failure.
 * @return OK, NULL_ARGUMENT or NO_VECTORIZER; INVALID_ARGUMENT when the examples of the training
 *         are not kept, when no kept example has a label, when the model has a lexicon and the
 *         options of intent_set_retraining() have none, and for models of the reference preset;
 *         OUT_OF_MEMORY when a large block of memory can't be allocated or the system can't start
 *         a thread.
 */
INTENT_API
intent_status intent_retrain(const intent_classifier *classifier,
                             intent_error **error_out);

/**
 * Blocks until no background training is running or `seconds` elapses.
 *
 * intent_stats() tells the result of the training.
 *
 * @param classifier Classifier. Must not be NULL.
 * @param seconds    Timeout in seconds, >= 0. Infinity waits to the end.
 * @param done_out   Receives true if no training is running. Must not be NULL.
 * @param error_out  Optional. Receives the error on failure.
 * @return OK, NULL_ARGUMENT or INVALID_ARGUMENT.
 */
INTENT_API
intent_status intent_wait_for_retraining(const intent_classifier *classifier,
                                         double seconds,
                                         bool *done_out,
                                         intent_error **error_out);

/**
 * Returns to the model from before the last background training.
 *
 * Examples that were learned since are learned again by that model. Labels keep their indices. A
 * background training that is running is ended.
 *
 * @param classifier Classifier. Must not be NULL.
 * @param error_out  Optional. Receives the error on failure.
 * @return OK, NULL_ARGUMENT, BAD_TRAINING_STATE, OUT_OF_MEMORY or IO; INVALID_ARGUMENT when there
 *         is no such model. On failure nothing has changed.
 */
INTENT_API
intent_status intent_roll_back(const intent_classifier *classifier,
                               intent_error **error_out);

/* =============================================================================================
 * Statistics
 * ============================================================================================= */

/** Times in microseconds; 0 if nothing was timed. The error of a percentile is at most 1/32 of it. */
typedef struct intent_latency {
  /** Mean. */
  double mean_us;
  /** Median. */
  double p50_us;
  /** 95th percentile. */
  double p95_us;
  /** 99th percentile. */
  double p99_us;
  /** Maximum. */
  double max_us;
} intent_latency;

/** Counters and times of a classifier since it was created. intent_stats_json() has more. */
typedef struct intent_statistics {
  /** Number of texts that were answered, rejected ones included. */
  uint64_t predictions;
  /** Number of texts that were rejected. */
  uint64_t rejected;
  /** Number of texts answered by a keyword rule, without those of intent_predict_batch(). */
  uint64_t by_rule;
  /** Number of texts for which an engine other than the CPU computed the network. */
  uint64_t accelerated;
  /** Predictions per second, over the whole time. */
  double per_second;
  /**
   * Mean probability of the top label, over texts that were not rejected. Calls with a capacity
   * of 0 are left out.
   */
  double mean_confidence;
  /** Times of whole predictions. */
  intent_latency latency;
  /** Number of requests that found the queue full. */
  uint64_t busy;
  /** Number of requests that were cancelled. */
  uint64_t cancelled;
  /** Version of the model in use: 1 for the first, one more with each swap. */
  uint64_t model_version;
  /** Size of the model file in bytes. */
  uint64_t model_bytes;
  /** Approximate size of the training state in memory, in bytes. */
  uint64_t training_state_bytes;
  /** Number of examples that were learned. */
  uint64_t learned;
  /** Number of examples that are kept. */
  uint64_t kept;
  /** Number of background trainings whose model was taken. */
  uint64_t retrained;
  /**
   * Number of background trainings that failed or whose model was worse. `last_refusal` of
   * intent_stats_json() tells why.
   */
  uint64_t retrainings_refused;
  /** true while a background training is running. */
  bool retraining;
} intent_statistics;

/**
 * Reads the statistics of a classifier.
 *
 * @param classifier Classifier. Must not be NULL.
 * @param stats_out  Receives the statistics. Must not be NULL.
 * @param error_out  Optional. Receives the error on failure.
 * @return OK or NULL_ARGUMENT.
 */
INTENT_API
intent_status intent_stats(const intent_classifier *classifier,
                           intent_statistics *stats_out,
                           intent_error **error_out);

/**
 * Writes the statistics of a classifier as one JSON object. It holds no texts. Later versions may
 * add keys.
 *
 * It has all members of intent_statistics except `accelerated`. `training_state_bytes` is named
 * `learner_bytes`. The times under `latency` also have `count` and `sum_us`. It also has:
 *
 * - `seconds`: age of the classifier.
 * - `stages`: times of `vectorize`, `network` and `decide`, sampled from one prediction in 64, and
 *   waiting times in the `queue`.
 * - `runtimes`: for each engine its `name` and `predictions`: for how many texts it computed the
 *   network.
 * - `neural_engine`: true if the system has a Neural Engine, false if not, null if it doesn't
 *   tell.
 * - `neural_engine_plan`: as `plan` in intent_engine_json(); null if there is none.
 * - `labels`: how often each label was answered, by its name at the time.
 * - `model_checksum`: checksum of the model in use.
 * - `statistics_bytes`: maximum size of the statistics in memory, in bytes.
 * - `load_ms`: milliseconds that it took to load the first model or training state, or to train
 *   with a training state. null for a classifier that was trained without one, and for one from
 *   intent_from_rules().
 * - `last_refusal`: why the last of the `retrainings_refused` failed or was worse; null if none.
 *
 * @param classifier Classifier. Must not be NULL.
 * @param buffer     Buffer of `capacity` bytes. Receives as much of the text as fits, without a
 *                   NUL. May be NULL when the capacity is 0.
 * @param capacity   Size of `buffer` in bytes.
 * @param length_out Receives the length of the whole text in bytes. If it exceeds `capacity`, call
 *                   again with a larger buffer; the text may have grown. Must not be NULL.
 * @param error_out  Optional. Receives the error on failure.
 * @return OK, NULL_ARGUMENT or INVALID_ARGUMENT.
 */
INTENT_API
intent_status intent_stats_json(const intent_classifier *classifier,
                                uint8_t *buffer,
                                size_t capacity,
                                size_t *length_out,
                                intent_error **error_out);

/**
 * Writes the statistics of a classifier as OpenMetrics 1.0 text, for Prometheus and other
 * scrapers.
 *
 * Times are in seconds, and all names start with `intentkit_`. Serve the text as
 * `application/openmetrics-text; version=1.0.0; charset=utf-8`. `promtool check metrics` knows
 * only the older text format: check the text with an OpenMetrics parser, such as that of the
 * Python package prometheus-client.
 *
 * @param classifier Classifier. Must not be NULL.
 * @param buffer     As for intent_stats_json().
 * @param capacity   As for intent_stats_json().
 * @param length_out As for intent_stats_json().
 * @param error_out  Optional. Receives the error on failure.
 * @return OK, NULL_ARGUMENT or INVALID_ARGUMENT.
 */
INTENT_API
intent_status intent_stats_openmetrics(const intent_classifier *classifier,
                                       uint8_t *buffer,
                                       size_t capacity,
                                       size_t *length_out,
                                       intent_error **error_out);

/**
 * Turns the statistics on or off. On by default. They cost some tens of nanoseconds per
 * prediction.
 *
 * @param classifier Classifier. Must not be NULL.
 * @param on         true to count, false to stop counting.
 * @param error_out  Optional. Receives the error on failure.
 * @return OK or NULL_ARGUMENT.
 */
INTENT_API
intent_status intent_set_stats(const intent_classifier *classifier,
                               bool on,
                               intent_error **error_out);

/* =============================================================================================
 * Explanations
 * ============================================================================================= */

/**
 * Explanation of a prediction. Release it with intent_explanation_free().
 *
 * It is independent of the classifier that made it, and may outlive it.
 */
typedef struct intent_explanation intent_explanation;

/**
 * Explains a prediction: the clauses of the text, and what each n-gram adds to the logits (the
 * scores of the labels before they become probabilities).
 *
 * Meant for people who look into a single text. It takes about ten milliseconds per clause and
 * allocates memory.
 *
 * @param classifier      Classifier. Must not be NULL.
 * @param text            Text, at most INTENT_MAX_TEXT_BYTES long.
 * @param options         As for intent_predict().
 * @param explanation_out Receives the explanation. Release it with intent_explanation_free(). Must
 *                        not be NULL.
 * @param error_out       Optional. Receives the error on failure.
 * @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, TEXT_TOO_LONG or NO_VECTORIZER.
 */
INTENT_API
intent_status intent_explain(const intent_classifier *classifier,
                             intent_text text,
                             const intent_predict_options *options,
                             intent_explanation **explanation_out,
                             intent_error **error_out);

/**
 * Returns an explanation as one JSON object, the same that `intent explain --json` prints. Later
 * versions may add keys.
 *
 * - `text`: the text.
 * - `rejected`: true if no label is chosen.
 * - `score`: score that decides about rejection, as in intent_predict(). null if nothing in the
 *   text is known.
 * - `reject_below`: rejection threshold. null if no score rejects.
 * - `by_rule`: labels of the keyword rules that match. Absent if no rule decided. All numbers are
 *   those of the network.
 * - `labels`: up to 8 chosen labels and the three labels with the largest logits, best first. A
 *   label that is both stands once. Empty if nothing in the text is known, even if a rule chose
 *   labels. Each has:
 *   - `label`: its name.
 *   - `logit`: its logit over all clauses, or `whole` if it was in doubt and is dropped.
 *   - `whole`: its logit in the text read as a whole. Absent unless a label was in doubt: a
 *     clause has it, but could have the label of another clause instead.
 *   - `probability`: the probability that the network gives it.
 *   - `chosen`: true if it is chosen.
 * - `clauses`: the clauses of the text. Each has:
 *   - `text`: its words.
 *   - `known`: true if anything in it is known.
 *   - `score`: its score. null if nothing in it is known.
 *   - `unknown_words`: words that, as far as the model can tell, neither the examples nor the
 *     lexicon contain. May be empty.
 *   - `labels`: for each label above, the parts of its logit. Empty if nothing in the clause is
 *     known.
 *
 * The parts of a label's logit in a clause:
 *
 * - `label`: the name of the label.
 * - `logit`: its logit in this clause: the sum of the four parts below.
 * - `base`: the logit without any word.
 * - `shares`: what each n-gram adds, strongest first. Each has:
 *   - `ngram`: a few words, where ^ and $ are the edges of the clause, or a few characters.
 *   - `word`: the word that the characters belong to. Absent if `ngram` is words.
 *   - `lexicon`: true if the share is that of the word's lexicon vector. Absent otherwise.
 *   - `share`: the number: positive for the label, negative against it.
 * - `others`: the sum for all n-grams that are not listed, since there are too many.
 * - `rest`: rounding errors.
 *
 * @param explanation Explanation. May be NULL.
 * @param length_out  Optional. Receives the length of the string in bytes, if there is an
 *                    explanation.
 * @return UTF-8, NUL-terminated, valid until the explanation is released; NULL for NULL.
 */
INTENT_API
const char *intent_explanation_json(const intent_explanation *explanation,
                                    size_t *length_out);

/**
 * Releases an explanation and its string.
 *
 * @param explanation Explanation. May be NULL.
 */
INTENT_API void intent_explanation_free(intent_explanation *explanation);

/* =============================================================================================
 * Engines
 * ============================================================================================= */

/** Engine to compute the network, for intent_set_engine_choice(). */
typedef enum intent_engine_choice {
  /** The CPU. The default, and likely the fastest everywhere for one text at a time. */
  INTENT_ENGINE_CHOICE_CPU = 0,
  /** The fastest engine that agrees with the CPU, chosen separately for one text and for batches. */
  INTENT_ENGINE_CHOICE_AUTO = 1,
  /**
   * Core ML, if it agrees with the CPU, even if the CPU is faster. Uses the faster of two: Core
   * ML on the CPU alone, or on the CPU and the Neural Engine.
   */
  INTENT_ENGINE_CHOICE_CORE_ML = 2,
  /** Core ML on any compute units. */
  INTENT_ENGINE_CHOICE_CORE_ML_ALL = 3,
  /** Core ML on the CPU and the Neural Engine. Needs macOS 13 or iOS 16. */
  INTENT_ENGINE_CHOICE_CORE_ML_NEURAL_ENGINE = 4,
  /** Core ML on the CPU and the GPU. */
  INTENT_ENGINE_CHOICE_CORE_ML_GPU = 5,
  /** Core ML on the CPU. */
  INTENT_ENGINE_CHOICE_CORE_ML_CPU = 6,
} intent_engine_choice;

/**
 * Chooses the engine that computes the network, and returns at once.
 *
 * When a choice is set for the first time, the engines that it allows are built, compared with the
 * CPU and measured on a background thread. The CPU answers until that is done. If no engine agrees
 * with the CPU, the CPU continues to answer. An engine that fails later is replaced by the CPU
 * within the same call.
 *
 * On systems without Core ML, or without the requested compute units, the CPU answers.
 * intent_engine() tells the engine in use, and intent_engine_json() tells why.
 *
 * @param classifier Classifier. Must not be NULL.
 * @param choice     One of the INTENT_ENGINE_CHOICE_ constants. Without this call,
 *                   INTENT_ENGINE_CHOICE_CPU is used.
 * @param error_out  Optional. Receives the error on failure.
 * @return OK, NULL_ARGUMENT or INVALID_ARGUMENT.
 */
INTENT_API
intent_status intent_set_engine_choice(const intent_classifier *classifier,
                                       uint32_t choice,
                                       intent_error **error_out);

/**
 * Returns the name of the engine in use: `cpu-int8`, or a name that starts with `core-ml`.
 *
 * @param classifier Classifier. May be NULL.
 * @param batch      false: the engine for single texts. true: the engine for batches.
 * @return Static NUL-terminated ASCII string; NULL for NULL.
 */
INTENT_API const char *intent_engine(const intent_classifier *classifier, bool batch);

/**
 * Writes which engines are in use, and why, as one JSON object. Later versions may add keys.
 *
 * - `asked`: the choice: `cpu`, `auto`, `core-ml` or the name of an engine.
 * - `single`: name of the engine in use for single texts.
 * - `batch`: name of the engine in use for batches.
 * - `measuring`: true while engines are being measured.
 * - `cpu`: times of the CPU. null before measuring. It has:
 *   - `single_us`: median microseconds for a single feature row.
 *   - `batch_us`: median microseconds for each row in a batch of 64 rows.
 * - `candidates`: the engines that were tried. Each has:
 *   - `name`: its name.
 *   - `state`: {"agrees": times} if it agrees with the CPU, with times as in `cpu`. {"dropped":
 *     reason} if it could not be built in time or disagrees. {"failed": reason} if it failed
 *     later.
 *   - `plan`: number of `operations`, and how many of them are `planned_on_neural_engine`. null if
 *     the system doesn't tell.
 * - `note`: why no engine of the choice could be tried, so that the CPU answers. null otherwise.
 * - `neural_engine`: true if the system has a Neural Engine, false if not, null if it doesn't
 *   tell.
 *
 * @param classifier Classifier. Must not be NULL.
 * @param buffer     As for intent_stats_json().
 * @param capacity   As for intent_stats_json().
 * @param length_out As for intent_stats_json().
 * @param error_out  Optional. Receives the error on failure.
 * @return OK, NULL_ARGUMENT or INVALID_ARGUMENT.
 */
INTENT_API
intent_status intent_engine_json(const intent_classifier *classifier,
                                 uint8_t *buffer,
                                 size_t capacity,
                                 size_t *length_out,
                                 intent_error **error_out);

/* =============================================================================================
 * Core ML packages
 * ============================================================================================= */

/** Number format that a Core ML package computes in. */
typedef enum intent_precision {
  /**
   * float16 weights and activations, as the Neural Engine computes. Needs macOS 12 or iOS 15.
   * The default.
   */
  INTENT_PRECISION_FLOAT16 = 0,
  /** float32 throughout. Never runs on the Neural Engine. Needs macOS 12 or iOS 15. */
  INTENT_PRECISION_FLOAT32 = 1,
  /**
   * The model's own integer weights and float16 activations: about half the size of a float16
   * package. Needs macOS 13 or iOS 16.
   */
  INTENT_PRECISION_INT8 = 2,
} intent_precision;

/** How to write a Core ML package. Start from INTENT_EXPORT_OPTIONS_INIT. */
typedef struct intent_export_options {
  /** sizeof(intent_export_options). */
  size_t size;
  /** One of the INTENT_PRECISION_ constants. Defaults to INTENT_PRECISION_FLOAT16. */
  uint32_t precision;
  /**
   * Number of feature rows that the package takes at a time, 1 to 4096. 0 means 1. Defaults to
   * 1.
   */
  uint32_t rows;
  /** Author of the model, for the description of the package. Defaults to none. */
  intent_text author;
  /** Licence of the model, for the description of the package. Defaults to none. */
  intent_text license;
} intent_export_options;

/** Initialises an intent_export_options with the defaults. */
#define INTENT_EXPORT_OPTIONS_INIT { sizeof(intent_export_options), 0, 0, { NULL, 0 }, { NULL, 0 } }

/**
 * Writes the network of a classifier as a Core ML package, an ML Program.
 *
 * Its input `features` takes rows of INTENT_FEATURES float32, as intent_vectorize_rows() writes
 * them. Its outputs `probabilities` (calibrated) and `logits` have one float32 per label. Labels,
 * thresholds and the checksum of the model are in its metadata.
 *
 * The same model and options give the same bytes. The package is written under a temporary name
 * and renamed, so that it is never seen half written. An existing package is replaced.
 *
 * @param classifier Classifier. Must not be NULL.
 * @param path       Path of the package, a folder, by convention NAME.mlpackage. Must not be
 *                   empty.
 * @param options    How to write it. NULL for the defaults.
 * @param error_out  Optional. Receives the error on failure.
 * @return OK, NULL_ARGUMENT, INVALID_UTF8, TEXT_TOO_LONG or IO; INVALID_ARGUMENT when an option is
 *         out of range, when something other than a package is at `path`, or when the precision
 *         can't hold the weights.
 */
INTENT_API
intent_status intent_export_coreml(const intent_classifier *classifier,
                                   intent_text path,
                                   const intent_export_options *options,
                                   intent_error **error_out);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* INTENTKIT_H */
