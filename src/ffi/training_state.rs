//! The training state from C: its file, and the examples in it.

use super::arguments::{IntentText, fill};
use super::classifier::{IntentClassifier, make_classifier, with_classifier};
use super::error::{Failure, IntentError};
use super::status::IntentStatus;
use crate::LiveClassifier;
use crate::learn::Durability;

/// Returns the durability of changes: see intent_load_training_state().
pub(super) fn durability(power_safe: bool) -> Durability {
    if power_safe { Durability::Power } else { Durability::Process }
}

/// Loads a classifier from a training-state file, as it was after the last change.
///
/// Every later change is written to the file before it takes effect, so that no accepted change is
/// lost when the process ends, however it ends. A change that a crash left half written is dropped.
///
/// @param path           Path of the training-state file. Must not be empty.
/// @param power_safe     true to wait for the disk on every change, so that no change is lost when
///                       power fails. Changes take longer then.
/// @param classifier_out Receives the classifier. Release it with intent_free(). Must not be NULL.
/// @param error_out      Optional. Receives the error on failure.
/// @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, TEXT_TOO_LONG, OUT_OF_MEMORY or IO;
///         BAD_TRAINING_STATE when the file is corrupt, is not a training-state file, was written
///         by a newer library, or is in use by another classifier or process. A read-only file
///         loads; later changes then fail with BAD_TRAINING_STATE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_load_training_state(
    path: IntentText,
    power_safe: bool,
    classifier_out: *mut *mut IntentClassifier,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe {
        make_classifier(classifier_out, error_out, || {
            let path = path.path("path")?;
            Ok((LiveClassifier::load_learner(path, durability(power_safe))?, vec![]))
        })
    }
}

/// Saves the training state of a classifier to a file. From now on, every change is also written to
/// this file.
///
/// The file holds the model, the other data that updates need, the texts kept for learning, and
/// every later change. It takes 1 kB for each embedding in use (8 MB for most models) plus the
/// texts. An embedding is the vector stored for an n-gram; several n-grams may share one. Only the
/// owner of the file can read it. intent_save() saves the model alone, without any text.
///
/// @param classifier Classifier. Must not be NULL.
/// @param path       Path of the training-state file, by convention NAME.learner. Must not be
///                   empty. An existing file is replaced in one step.
/// @param power_safe As for intent_load_training_state().
/// @param error_out  Optional. Receives the error on failure.
/// @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, TEXT_TOO_LONG, NO_VECTORIZER,
///         OUT_OF_MEMORY or IO; BAD_TRAINING_STATE when the file is in use by another classifier or
///         process.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_save_training_state(
    classifier: *const IntentClassifier,
    path: IntentText,
    power_safe: bool,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe {
        with_classifier(classifier, error_out, |classifier| {
            Ok(classifier.live().save_learner(path.path("path")?, durability(power_safe))?)
        })
    }
}

/// Writes the texts that are kept for learning as JSON Lines, which intent_train_file() reads.
///
/// @param classifier Classifier. Must not be NULL.
/// @param buffer     As for intent_stats_json().
/// @param capacity   As for intent_stats_json().
/// @param length_out As for intent_stats_json().
/// @param error_out  Optional. Receives the error on failure.
/// @return OK, NULL_ARGUMENT or INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_kept_examples(
    classifier: *const IntentClassifier,
    buffer: *mut u8,
    capacity: usize,
    length_out: *mut usize,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe {
        with_classifier(classifier, error_out, |classifier| {
            let mut lines = String::new();
            for example in classifier.live().kept_examples() {
                let line = serde_json::to_string(&example);
                lines += &line
                    .map_err(|e| Failure::invalid(format!("an example cannot be written as JSON: {e}")))?;
                lines.push('\n');
            }
            fill(&lines, buffer, capacity, length_out)
        })
    }
}

/// Deletes all texts that are kept for learning, from memory and from the training-state file.
///
/// What was learned from them stays. Later updates use the classifier's own predictions instead:
/// see intent_update(). From then on no background training starts.
///
/// @param classifier Classifier. Must not be NULL.
/// @param error_out  Optional. Receives the error on failure.
/// @return OK, NULL_ARGUMENT, BAD_TRAINING_STATE, OUT_OF_MEMORY or IO. On failure nothing was
///         deleted.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_forget_examples(
    classifier: *const IntentClassifier,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe { with_classifier(classifier, error_out, |classifier| Ok(classifier.live().forget_examples()?)) }
}
