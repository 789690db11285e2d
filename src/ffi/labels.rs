//! Reads and changes a classifier's labels from C.

use super::arguments::{IntentText, string};
use super::boundary::ask;
use super::classifier::{IntentClassifier, with_classifier};
use super::error::{Failure, IntentError};
use super::status::IntentStatus;
use crate::learn::Change;
use libc::c_char;
use std::ffi::CString;
use std::ptr;
use std::sync::PoisonError;

/// Returns the number of labels. Label indices run from 0 to this number - 1.
///
/// Updates add labels at the end. Only intent_remove_label(), intent_merge_label() and
/// intent_replace() change the index of a label.
///
/// @param classifier Classifier. May be NULL.
/// @return Number of labels; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_label_count(classifier: *const IntentClassifier) -> u32 {
    // SAFETY: the header requires it of the caller.
    unsafe { ask(classifier, 0, |classifier| classifier.get().labels().len() as u32) }
}

/// Returns the name of a label.
///
/// @param classifier Classifier. May be NULL.
/// @param index      Index of the label, as in intent_scored.
/// @param length_out Optional. Receives the length of the name in bytes, if there is a name.
/// @return UTF-8, NUL-terminated, valid until the classifier is freed; NULL if no label has the
///         index, and for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_label(
    classifier: *const IntentClassifier,
    index: u32,
    length_out: *mut usize,
) -> *const c_char {
    let name = |classifier: &IntentClassifier| {
        let current = classifier.get();
        let Some(label) = current.label(index) else { return ptr::null() };
        let mut labels = classifier.labels.lock().unwrap_or_else(PoisonError::into_inner);
        if !labels.contains_key(label) {
            // No label contains a NUL character: models are checked for that.
            labels.insert(label.to_owned(), CString::new(label).unwrap_or_default());
        }
        // SAFETY: `length_out` is NULL or writable. The string doesn't move: none is removed before
        // the classifier is freed.
        unsafe { string(labels.get(label), length_out) }
    };
    // SAFETY: the header requires it of the caller.
    unsafe { ask(classifier, ptr::null(), name) }
}

/// Renames a label. Its index stays, and its rules follow it.
///
/// @param classifier Classifier. Must not be NULL.
/// @param label      Current name of the label.
/// @param to         New name. No other label may have it.
/// @param error_out  Optional. Receives the error on failure.
/// @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, TEXT_TOO_LONG, NO_VECTORIZER,
///         BAD_TRAINING_STATE, OUT_OF_MEMORY or IO. On failure nothing has changed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_rename_label(
    classifier: *const IntentClassifier,
    label: IntentText,
    to: IntentText,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe {
        change(classifier, error_out, || {
            Ok(Change::Rename { label: name(label, "label")?, to: name(to, "to")? })
        })
    }
}

/// Merges a label into another, which from then on answers for both. Takes some tenths of a second.
///
/// The index of `label` disappears, and higher indices go down by one. The model version of a
/// prediction tells which indices it uses: see intent_predict_detailed().
///
/// @param classifier Classifier. Must not be NULL.
/// @param label      Name of the label to merge. It disappears.
/// @param into       Name of the label that stays.
/// @param error_out  Optional. Receives the error on failure.
/// @return As intent_rename_label().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_merge_label(
    classifier: *const IntentClassifier,
    label: IntentText,
    into: IntentText,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe {
        change(classifier, error_out, || {
            Ok(Change::Merge { label: name(label, "label")?, into: name(into, "into")? })
        })
    }
}

/// Removes a label, with its rules and the kept examples that have no other label.
///
/// Higher indices go down by one. The model version of a prediction tells which indices it uses:
/// see intent_predict_detailed().
///
/// @param classifier Classifier. Must not be NULL.
/// @param label      Name of the label. The only remaining label can't be removed.
/// @param error_out  Optional. Receives the error on failure.
/// @return As intent_rename_label().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_remove_label(
    classifier: *const IntentClassifier,
    label: IntentText,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe { change(classifier, error_out, || Ok(Change::Remove { label: name(label, "label")? })) }
}

/// Makes the change that `body` returns.
///
/// # Safety
/// As [`with_classifier`].
unsafe fn change(
    classifier: *const IntentClassifier,
    error_out: *mut *mut IntentError,
    body: impl FnOnce() -> Result<Change, Failure>,
) -> IntentStatus {
    // SAFETY: upheld by this function's contract.
    unsafe {
        with_classifier(classifier, error_out, |classifier| {
            classifier.live().change(&body()?)?;
            Ok(())
        })
    }
}

/// # Safety
/// As [`IntentText::text`].
unsafe fn name(text: IntentText, argument: &str) -> Result<String, Failure> {
    // SAFETY: upheld by this function's contract.
    Ok(unsafe { text.text(argument) }?.to_owned())
}
