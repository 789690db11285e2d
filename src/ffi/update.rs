//! Updates from C.

use super::arguments::{IntentText, label_sets, texts};
use super::classifier::{IntentClassifier, with_classifier};
use super::error::{Failure, IntentError};
use super::status::IntentStatus;
use crate::data::Example;

/// Result of intent_update().
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
pub struct IntentUpdate {
    /// Number of examples that were learned. If several examples have the same text, only the last
    /// one is used.
    pub examples: usize,
    /// Number of examples now classified correctly.
    pub right: usize,
    /// Number of new labels. They have the highest indices.
    pub new_labels: usize,
    /// Version of the model that knows the examples, as in intent_decision.
    pub model_version: u64,
}

/// Teaches a classifier a few examples without a full training: corrections, new texts, new labels.
///
/// Blocks until the examples are learned: some milliseconds for each, about a tenth of a second for
/// a new label. Predictions on other threads go on with the old model meanwhile. After the call
/// predictions use the new model. Updates of one classifier run one after the other.
///
/// An update can make predictions for other texts worse. To prevent this, the update also trains on
/// kept examples if the classifier has a training state: it was trained with
/// intent_options_set_training_state(), or comes from intent_load_training_state() or
/// intent_from_rules(). Without a training state, the update uses the classifier's own predictions
/// in place of kept examples. This works less well.
///
/// If the examples of the training are kept, a background training starts after a number of learned
/// examples: see intent_set_retraining().
///
/// If the training-state file was deleted, it is written again. If another file took its place, the
/// update fails with BAD_TRAINING_STATE and leaves that file alone: save the training state to
/// another path with intent_save_training_state(), or load the file that is there now.
///
/// @param classifier   Classifier. Must not be NULL.
/// @param texts        Array of `text_count` texts. May be NULL when the count is 0.
/// @param text_count   Number of texts.
/// @param labels       Label names of all texts, as for intent_train(). An unknown name becomes a
///                     new label.
/// @param label_counts Array of `text_count` numbers: how many of `labels` belong to each text. 0
///                     marks a text that is out of scope.
/// @param update_out   Optional. Receives the result.
/// @param error_out    Optional. Receives the error on failure.
/// @return OK, NULL_ARGUMENT, INVALID_UTF8, TEXT_TOO_LONG, NO_VECTORIZER or OUT_OF_MEMORY;
///         INVALID_ARGUMENT when a label name is empty, has 256 bytes or more or has control
///         characters, when a label is new and intent_allow_new_labels() forbids it, when a text
///         with labels holds nothing to learn from, and for models of the reference preset;
///         BAD_TRAINING_STATE when the training-state file is read-only, or was replaced or changed
///         by another program; IO when it can't be written. On failure nothing was learned.
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
    // SAFETY: the header requires it of the caller.
    unsafe {
        with_classifier(classifier, error_out, |classifier| {
            let live = classifier.live();
            let report = live.update(&examples(texts, text_count, labels, label_counts, "texts")?)?;
            if !update_out.is_null() {
                update_out.write(IntentUpdate {
                    examples: report.examples,
                    right: report.right,
                    new_labels: report.new_labels.len(),
                    model_version: live.current().version(),
                });
            }
            Ok(())
        })
    }
}

/// # Safety
/// `texts` and `counts` point to `count` items, and `labels` to as many as the sum of the counts.
/// All point to their bytes.
pub(super) unsafe fn examples(
    texts: *const IntentText,
    count: usize,
    labels: *const IntentText,
    counts: *const usize,
    name: &str,
) -> Result<Vec<Example>, Failure> {
    // SAFETY: upheld by this function's contract.
    let (texts, labels) = unsafe { (self::texts(texts, count, name)?, label_sets(labels, counts, count)?) };
    let example = |(text, labels): (&str, Vec<&str>)| Example::new(text, labels);
    Ok(texts.into_iter().zip(labels).map(example).collect())
}

/// Allows or forbids new labels in intent_update(). Allowed by default.
///
/// @param classifier Classifier. Must not be NULL.
/// @param allowed    true to allow new labels, false to make intent_update() refuse them.
/// @param error_out  Optional. Receives the error on failure.
/// @return OK or NULL_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_allow_new_labels(
    classifier: *const IntentClassifier,
    allowed: bool,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe {
        with_classifier(classifier, error_out, |classifier| {
            classifier.live().allow_new_labels(allowed);
            Ok(())
        })
    }
}
