//! Examples and changes from C → a classifier that knows them.

use super::arguments::{IntentText, Out, fill, object, path};
use super::boundary::boundary;
use super::classifier::IntentClassifier;
use super::error::{Failure, IntentError};
use super::options::{IntentOptions, durability};
use super::status::IntentStatus;
use super::train::{label_sets, texts};
use crate::LiveClassifier;
use crate::classifier::RetrainOptions;
use crate::data::Example;
use crate::learn::Change;
use crate::train::TrainOptions;
use std::time::Duration;

/// What came of intent_update().
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
pub struct IntentUpdate {
    /// Examples that were learned; of several with the same text the last counts.
    pub examples: usize,
    /// Those that are answered exactly right now.
    pub right: usize,
    /// Labels that are new. Their indices are behind those there were.
    pub new_labels: usize,
    /// Number of the model that knows them, as in intent_decision.
    pub model_version: u64,
}

/// Learns from a few examples without a full training: corrections of what the classifier got wrong, new texts, new labels.
///
/// Blocks until they are learned: some milliseconds an example, about a tenth of a second for a new label. Predictions on other threads go
/// on with the model there was, and when this returns, the model that knows the examples answers. Changes are made one after the other.
/// A classifier that was trained with intent_options_set_learner(), or that comes from intent_load_learner() or intent_new(), has the
/// examples it was trained on and protects the other labels with them; any other protects them less well, by its own answers.
/// Training again in the background follows when enough was learned: see intent_set_retraining().
///
/// If the training-state file was deleted, it is written again. If another file took its place, the update fails with BAD_LEARNER and
/// leaves that file as it is: save the training state to another path with intent_save_learner(), or load the file that is there now.
///
/// @param classifier   A classifier. Not NULL. Other threads may use it at the same time.
/// @param texts        Array of `text_count` texts, as for intent_train(). May be NULL when the count is 0.
/// @param text_count   Number of texts.
/// @param labels       The label names of all texts, as for intent_train(). A name that is no label yet becomes one.
/// @param label_counts Array of `text_count` numbers, as for intent_train(); 0 for a text that belongs to no label.
/// @param update_out   Optional. Receives what came of it. Written only on success.
/// @param error_out    Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT (also for a new label where intent_allow_new_labels() forbids them, for a text
///         with labels that holds nothing to tell them by, and for models of the reference preset), TEXT_TOO_LONG, NO_VECTORIZER, BAD_LEARNER
///         (the training-state file can only be read, or was replaced or changed by another program), OUT_OF_MEMORY, IO (the training-state
///         file can't be written) or PANICKED. Nothing was learned unless it is OK.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_update(
    classifier: *const IntentClassifier,
    texts: *const IntentText,
    text_count: usize,
    labels: *const IntentText,
    label_counts: *const usize,
    update_out: *mut IntentUpdate,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    boundary(error_out, || {
        // SAFETY: the header asks for a classifier that has not been freed.
        let live = unsafe { object(classifier, "classifier") }?.live();
        // SAFETY: the header asks for `text_count` texts, and for one count a text and as many labels as they sum up to.
        let examples = unsafe { examples(texts, labels, label_counts, text_count) }?;
        let report = live.update(&examples)?;
        if !update_out.is_null() {
            let update = IntentUpdate {
                examples: report.examples,
                right: report.right,
                new_labels: report.new_labels.len(),
                model_version: live.current().version(),
            };
            // SAFETY: checked non-null; the header asks for a writable place.
            unsafe { update_out.write(update) };
        }
        Ok(())
    })
}

/// # Safety
/// `texts` and `counts` point to `count` items, `labels` to as many as the counts sum up to, all with their bytes.
unsafe fn examples(
    texts: *const IntentText,
    labels: *const IntentText,
    counts: *const usize,
    count: usize,
) -> Result<Vec<Example>, Failure> {
    // SAFETY: upheld by this function's contract.
    let (texts, labels) = unsafe { (self::texts(texts, count)?, label_sets(labels, counts, count)?) };
    let example = |(text, labels): (&str, Vec<&str>)| Example::new(text, labels);
    Ok(texts.into_iter().zip(labels).map(example).collect())
}

/// Whether intent_update() may be given labels that are none yet. It may, unless this says otherwise.
///
/// @param classifier A classifier. Not NULL. Other threads may use it at the same time.
/// @param allowed    false to refuse examples with unknown labels, true to take them.
/// @param error_out  Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT or PANICKED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_allow_new_labels(
    classifier: *const IntentClassifier,
    allowed: bool,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    boundary(error_out, || {
        // SAFETY: the header asks for a classifier that has not been freed.
        unsafe { object(classifier, "classifier") }?.live().allow_new_labels(allowed);
        Ok(())
    })
}

/// Gives a label another name. Its index stays, and its rules follow it.
///
/// @param classifier A classifier. Not NULL. Other threads may use it at the same time.
/// @param label      The label's name until now.
/// @param to         A name that no label has.
/// @param error_out  Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, NO_VECTORIZER, BAD_LEARNER, OUT_OF_MEMORY and IO as for intent_update(), or
///         PANICKED. Nothing has changed unless it is OK.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_rename_label(
    classifier: *const IntentClassifier,
    label: IntentText,
    to: IntentText,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header asks for a classifier that has not been freed, and for each text's bytes.
    unsafe {
        change(classifier, error_out, || {
            Ok(Change::Rename { label: name(label, "label")?, to: name(to, "to")? })
        })
    }
}

/// Makes one label of two: from then on `into` answers for both. Takes some tenths of a second. The label's index goes, and the indices
/// behind it go down by one: intent_decision says which model a prediction is of.
///
/// @param classifier A classifier. Not NULL. Other threads may use it at the same time.
/// @param label      The name of the label that goes.
/// @param into       The name of the label that stays.
/// @param error_out  Optional. Written only on failure.
/// @return As intent_rename_label().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_merge_label(
    classifier: *const IntentClassifier,
    label: IntentText,
    into: IntentText,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header asks for a classifier that has not been freed, and for each text's bytes.
    unsafe {
        change(classifier, error_out, || {
            Ok(Change::Merge { label: name(label, "label")?, into: name(into, "into")? })
        })
    }
}

/// Takes a label away, with its rules and the kept examples that have no other label. The indices behind it go down by one:
/// intent_decision says which model a prediction is of.
///
/// @param classifier A classifier. Not NULL. Other threads may use it at the same time.
/// @param label      The label's name.
/// @param error_out  Optional. Written only on failure.
/// @return As intent_rename_label(). The last label can't be removed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_remove_label(
    classifier: *const IntentClassifier,
    label: IntentText,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header asks for a classifier that has not been freed, and for the text's bytes.
    unsafe { change(classifier, error_out, || Ok(Change::Remove { label: name(label, "label")? })) }
}

/// Makes the change that `body` describes.
///
/// # Safety
/// `classifier` is NULL or alive, `error_out` is NULL or writable.
unsafe fn change(
    classifier: *const IntentClassifier,
    error_out: *mut *mut IntentError,
    body: impl FnOnce() -> Result<Change, Failure>,
) -> IntentStatus {
    boundary(error_out, || {
        // SAFETY: upheld by this function's contract.
        let live = unsafe { object(classifier, "classifier") }?.live();
        live.change(&body()?)?;
        Ok(())
    })
}

/// # Safety
/// The text has its bytes.
unsafe fn name(text: IntentText, argument: &str) -> Result<String, Failure> {
    // SAFETY: upheld by this function's contract.
    Ok(unsafe { text.text(argument) }?.to_owned())
}

/// Opens a learner file: the model in it as it was after the last change, ready to predict and to learn. Every change to come is written to
/// the file before it is made, so that nothing accepted is lost, however the process ends. What a crash left half written is dropped.
///
/// @param path           UTF-8, by custom NAME.learner. Not NULL.
/// @param path_length    Bytes of `path`, 1 or more.
/// @param power_safe     true to wait for the disk with each change, so that a loss of power loses none either; costs what the disk takes.
/// @param classifier_out Receives the classifier, to release with intent_free(). Not NULL. Written only on success.
/// @param error_out      Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, BAD_LEARNER (damaged, no learner file, or open elsewhere: one classifier at a time
///         can learn in a file), OUT_OF_MEMORY, IO or PANICKED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_load_learner(
    path: *const u8,
    path_length: usize,
    power_safe: bool,
    classifier_out: *mut *mut IntentClassifier,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    boundary(error_out, || {
        let out = Out::new(classifier_out, "classifier_out")?;
        // SAFETY: the header asks for `path_length` bytes.
        let path = unsafe { self::path(path, path_length, "path") }?;
        let live = LiveClassifier::load_learner(path, durability(power_safe))?;
        // SAFETY: the header asks for a writable place.
        unsafe { out.write(IntentClassifier::new(live, &[])?) };
        Ok(())
    })
}

/// Keeps the learner in a file from now on: the model, what learning needs besides, the texts kept for it, and every change to come. The
/// file takes 1 kB for each row of the table in use (8 MB for most models) and the texts; only its owner can read it. intent_save() writes
/// the model alone, without any text.
///
/// @param classifier  A classifier. Not NULL. Other threads may use it at the same time.
/// @param path        UTF-8, by custom NAME.learner. Not NULL. A file that is there is replaced in one step.
/// @param path_length Bytes of `path`, 1 or more.
/// @param power_safe  As for intent_load_learner().
/// @param error_out   Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, NO_VECTORIZER, BAD_LEARNER, OUT_OF_MEMORY, IO or PANICKED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_save_learner(
    classifier: *const IntentClassifier,
    path: *const u8,
    path_length: usize,
    power_safe: bool,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    boundary(error_out, || {
        // SAFETY: the header asks for a classifier that has not been freed, and for `path_length` bytes.
        let (classifier, path) =
            unsafe { (object(classifier, "classifier")?, self::path(path, path_length, "path")?) };
        Ok(classifier.live().save_learner(path, durability(power_safe))?)
    })
}

/// Drops all texts that are kept for learning, in memory and in the learner file. What was learned from them stays. From then on the
/// classifier protects its labels by its own answers, and can't train again by itself.
///
/// @param classifier A classifier. Not NULL. Other threads may use it at the same time.
/// @param error_out  Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT, BAD_LEARNER, OUT_OF_MEMORY and IO as for intent_update() (nothing was dropped then), or PANICKED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_forget_examples(
    classifier: *const IntentClassifier,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    boundary(error_out, || {
        // SAFETY: the header asks for a classifier that has not been freed.
        Ok(unsafe { object(classifier, "classifier") }?.live().forget_examples()?)
    })
}

/// When to train again from everything that is kept: in the background, on one thread of low priority. The new model takes the place of the
/// current one unless it is worse: on the lines it holds out or on up to 500 kept examples, by more than two standard errors, or on the
/// golden examples, by one. Corrections that contradict the other examples don't count. Without this call a classifier trains again behind
/// every 100 examples that it learned.
///
/// @param classifier   A classifier. Not NULL. Other threads may use it at the same time.
/// @param after        Behind how many examples; 0 for never by itself.
/// @param options      How to train, copied; its validation file, progress callback and learner don't count, and preset, seed, share to
///                     keep and joiners are the model's. What else the first training had, such as descriptions, is to be
///                     given again. NULL for the defaults on one thread.
/// @param golden       Array of `golden_count` texts that must not get worse, copied. May be NULL when the count is 0.
/// @param golden_count Number of texts.
/// @param labels       Their label names, as for intent_train().
/// @param label_counts Array of `golden_count` numbers, as for intent_train().
/// @param error_out    Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, TEXT_TOO_LONG or PANICKED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_set_retraining(
    classifier: *const IntentClassifier,
    after: usize,
    options: *const IntentOptions,
    golden: *const IntentText,
    golden_count: usize,
    labels: *const IntentText,
    label_counts: *const usize,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    boundary(error_out, || {
        // SAFETY: the header asks for a classifier that has not been freed.
        let live = unsafe { object(classifier, "classifier") }?.live();
        // SAFETY: the header asks for `golden_count` texts, and for one count a text and as many labels as they sum up to.
        let golden = unsafe { examples(golden, labels, label_counts, golden_count) }?;
        // SAFETY: the header asks for options that are alive, or NULL.
        let training: Option<&TrainOptions> = unsafe { options.as_ref() }.map(IntentOptions::train);
        let training = training.map_or(RetrainOptions::default().training, Clone::clone);
        live.set_retraining(RetrainOptions { after: (after > 0).then_some(after), golden, training });
        Ok(())
    })
}

/// Starts training again in the background now, and returns at once. Of no effect while that is going on already.
///
/// @param classifier A classifier. Not NULL. Other threads may use it at the same time.
/// @param error_out  Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT, INVALID_ARGUMENT (when the examples of training are not kept), NO_VECTORIZER, UNTRAINABLE, OUT_OF_MEMORY or PANICKED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_retrain(
    classifier: *const IntentClassifier,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    boundary(error_out, || {
        // SAFETY: the header asks for a classifier that has not been freed.
        Ok(unsafe { object(classifier, "classifier") }?.live().retrain()?)
    })
}

/// Waits until no training is going on in the background. intent_stats() says what came of it.
///
/// @param classifier A classifier. Not NULL. Other threads may use it at the same time.
/// @param seconds    Timeout in seconds, 0 or more; infinity waits to the end.
/// @param done_out   Receives whether none is going on. Not NULL.
/// @param error_out  Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT, INVALID_ARGUMENT or PANICKED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_wait_for_retraining(
    classifier: *const IntentClassifier,
    seconds: f64,
    done_out: *mut bool,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    boundary(error_out, || {
        // SAFETY: the header asks for a classifier that has not been freed.
        let live = unsafe { object(classifier, "classifier") }?.live();
        let out = Out::new(done_out, "done_out")?;
        // Nothing is no number to `min`, so that it comes first. Longer than that is for ever.
        if seconds.is_nan() || seconds < 0.0 {
            return Err(Failure::invalid(format!("`seconds` is {seconds}; it must be a number from 0 on")));
        }
        let longest = Duration::from_secs_f64(seconds.min(1e9));
        // SAFETY: the header asks for a writable place.
        unsafe { out.write(live.wait_for_retraining(longest)) };
        Ok(())
    })
}

/// Puts another classifier's model in the place of this one's, with what it keeps for learning: one that was trained anew, say. Predictions go
/// on with the model there was until then, and settings and statistics stay. The other keeps its model and may be freed; its learner and its
/// learner file go over, and a training of it in the background ends. When it has no file and this classifier has, that is written anew. There is no way back.
///
/// @param classifier A classifier. Not NULL. Other threads may use it at the same time.
/// @param with       Another classifier. Not NULL. Other threads may use it at the same time.
/// @param error_out  Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT, INVALID_ARGUMENT (when both are the same), NO_VECTORIZER, BAD_LEARNER, OUT_OF_MEMORY and IO as for intent_update(), or
///         PANICKED. Nothing has changed unless it is OK.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_replace(
    classifier: *const IntentClassifier,
    with: *const IntentClassifier,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    boundary(error_out, || {
        // SAFETY: the header asks for classifiers that have not been freed.
        let (classifier, with) = unsafe { (object(classifier, "classifier")?, object(with, "with")?) };
        Ok(classifier.live().replace(with.live())?)
    })
}

/// Goes back to the model from before the last training in the background. What was learned since is learned again by it.
///
/// @param classifier A classifier. Not NULL. Other threads may use it at the same time.
/// @param error_out  Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT, INVALID_ARGUMENT (when there is none), BAD_LEARNER, OUT_OF_MEMORY and IO as for intent_update(), or PANICKED. Nothing has
///         changed unless it is OK.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_roll_back(
    classifier: *const IntentClassifier,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    boundary(error_out, || {
        // SAFETY: the header asks for a classifier that has not been freed.
        Ok(unsafe { object(classifier, "classifier") }?.live().roll_back()?)
    })
}

/// The texts that are kept for learning, as JSON Lines that intent_train_file() reads: for a look at what is stored, or a training
/// elsewhere.
///
/// @param classifier A classifier. Not NULL. Other threads may use it at the same time.
/// @param buffer     As for intent_stats_json().
/// @param capacity   As for intent_stats_json().
/// @param length_out As for intent_stats_json().
/// @param error_out  Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT, INVALID_ARGUMENT or PANICKED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_kept_examples(
    classifier: *const IntentClassifier,
    buffer: *mut u8,
    capacity: usize,
    length_out: *mut usize,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    boundary(error_out, || {
        // SAFETY: the header asks for a classifier that has not been freed.
        let live = unsafe { object(classifier, "classifier") }?.live();
        let mut lines = String::new();
        for example in live.kept_examples() {
            let line = serde_json::to_string(&example);
            lines +=
                &line.map_err(|e| Failure::invalid(format!("an example cannot be written as JSON: {e}")))?;
            lines.push('\n');
        }
        // SAFETY: the header asks for room for `capacity` bytes and a writable place.
        unsafe { fill(&lines, buffer, capacity, length_out) }
    })
}
