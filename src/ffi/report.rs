//! Metrics and warnings of a training for C.

use super::arguments::string;
use super::boundary::ask;
use super::classifier::IntentClassifier;
use crate::model::TrainingSummary;
use libc::c_char;
use std::ptr;

/// Returns the number of warnings that the training of a classifier gave. A loaded classifier has
/// none.
///
/// A warning is one sentence about a likely mistake in the data, such as a label with one example,
/// equal texts with different labels, or fewer than 10 held-out examples with labels. It names
/// examples by their number, counted from 1, and never quotes a text.
///
/// @param classifier Classifier. May be NULL.
/// @return Number of warnings; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_warning_count(classifier: *const IntentClassifier) -> usize {
    // SAFETY: the header requires it of the caller.
    unsafe { ask(classifier, 0, |classifier| classifier.warnings.len()) }
}

/// Returns a warning of the training.
///
/// @param classifier Classifier. May be NULL.
/// @param index      Index of the warning, 0 to intent_warning_count() - 1.
/// @param length_out Optional. Receives the length of the warning in bytes, if there is a warning.
/// @return UTF-8, NUL-terminated, valid until the classifier is freed; NULL if no warning has the
///         index, and for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_warning(
    classifier: *const IntentClassifier,
    index: usize,
    length_out: *mut usize,
) -> *const c_char {
    // SAFETY: the header requires it of the caller; `length_out` is NULL or writable.
    unsafe { ask(classifier, ptr::null(), |c| string(c.warnings.get(index), length_out)) }
}

/// Returns the number of labelled examples that training held out. If there was a validation file,
/// returns the number of labelled examples in it, which then take the place of held-out ones.
///
/// The accuracies below are measured on them. Training warns if there are fewer than 10. The number
/// is saved with the model.
///
/// @param classifier Classifier. May be NULL.
/// @return Number of examples; 0 if there were none, and for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_heldout_count(classifier: *const IntentClassifier) -> usize {
    // SAFETY: the header requires it of the caller.
    unsafe { ask(classifier, 0, |c| c.get().model().metadata().training.heldout) }
}

/// Returns the accuracy to expect on new wording.
///
/// This is the share of labelled held-out examples whose top label was right, before any text is
/// rejected. The run that measures it is trained neither on these examples nor on near-duplicates
/// of them. (The final model is trained on all examples.) With a validation file, its examples are
/// measured, and near-duplicates of them stay in the training. The share is saved with the model.
///
/// @param classifier Classifier. May be NULL.
/// @return Share, 0 to 1; NaN if intent_heldout_count() is 0, and for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_heldout_accuracy(classifier: *const IntentClassifier) -> f64 {
    // SAFETY: the header requires it of the caller.
    unsafe { measured(classifier, |training| training.heldout_accuracy) }
}

/// Returns the accuracy to expect on wording like that of the examples.
///
/// Measured like intent_heldout_accuracy(), but near-duplicates of the held-out examples, if there
/// are any, are trained on. Not measured with a validation file. The share is saved with the model.
///
/// @param classifier Classifier. May be NULL.
/// @return Share, 0 to 1; NaN if it was not measured, and for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_familiar_accuracy(classifier: *const IntentClassifier) -> f64 {
    // SAFETY: the header requires it of the caller.
    unsafe { measured(classifier, |training| training.familiar_accuracy) }
}

/// Returns the share of labelled held-out examples that were answered with exactly their labels.
///
/// A rejected example counts as wrong. With a validation file, its examples are measured. The share
/// is saved with the model.
///
/// @param classifier Classifier. May be NULL.
/// @return Share, 0 to 1; NaN if it was not measured, and for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_heldout_answered(classifier: *const IntentClassifier) -> f64 {
    // SAFETY: the header requires it of the caller.
    unsafe { measured(classifier, |training| training.heldout_answered) }
}

/// Returns a share measured in training; NaN if there is none.
///
/// # Safety
/// As [`ask`].
unsafe fn measured(
    classifier: *const IntentClassifier,
    share: impl Fn(&TrainingSummary) -> Option<f64>,
) -> f64 {
    let share = |c: &IntentClassifier| share(&c.get().model().metadata().training).unwrap_or(f64::NAN);
    // SAFETY: upheld by this function's contract.
    unsafe { ask(classifier, f64::NAN, share) }
}
