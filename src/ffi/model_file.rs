//! Saves and loads model files from C.

use super::arguments::{IntentText, slice};
use super::classifier::{IntentClassifier, make_classifier, with_classifier};
use super::error::IntentError;
use super::status::IntentStatus;
use crate::LiveClassifier;

/// Loads a classifier from a model file.
///
/// The file is mapped into memory, not copied. While the classifier lives, replace the file only by
/// renaming another over it, as intent_save() does. Never change its bytes in place.
///
/// @param path           Path of the model file. Must not be empty.
/// @param classifier_out Receives the classifier. Release it with intent_free(). Must not be NULL.
/// @param error_out      Optional. Receives the error on failure.
/// @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, TEXT_TOO_LONG, NOT_A_MODEL,
///         NEWER_FORMAT, WRONG_LENGTH, CHECKSUM_MISMATCH, WRONG_TENSOR or ABSURD_SIZE; IO when the
///         file can't be read or mapped into memory.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_load(
    path: IntentText,
    classifier_out: *mut *mut IntentClassifier,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe {
        make_classifier(classifier_out, error_out, || Ok((LiveClassifier::load(path.path("path")?)?, vec![])))
    }
}

/// Loads a classifier from the bytes of a model file. The bytes are copied.
///
/// @param bytes          Bytes of the model file. May be NULL when `length` is 0.
/// @param length         Number of bytes.
/// @param classifier_out Receives the classifier. Release it with intent_free(). Must not be NULL.
/// @param error_out      Optional. Receives the error on failure.
/// @return OK, NULL_ARGUMENT, INVALID_ARGUMENT, NOT_A_MODEL, NEWER_FORMAT, WRONG_LENGTH,
///         CHECKSUM_MISMATCH, WRONG_TENSOR, ABSURD_SIZE or OUT_OF_MEMORY.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_load_bytes(
    bytes: *const u8,
    length: usize,
    classifier_out: *mut *mut IntentClassifier,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe {
        make_classifier(classifier_out, error_out, || {
            Ok((LiveClassifier::from_bytes(slice(bytes, length, "bytes")?)?, vec![]))
        })
    }
}

/// Saves the model of a classifier to a file. The model holds label names but no training texts.
///
/// An existing file is replaced in one step: the model is written to a temporary file in the same
/// folder, synced and renamed. After an interruption the old file or the new one is there,
/// complete. Classifiers that were loaded from the old file are not affected.
///
/// If `path` is a symbolic link, its target is replaced. The new file keeps the mode of the old
/// one, and its owner if the system allows it. Temporary files of killed processes are removed.
///
/// @param classifier Classifier. Must not be NULL.
/// @param path       Path of the model file, by convention NAME.intent. Must not be empty.
/// @param error_out  Optional. Receives the error on failure.
/// @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, TEXT_TOO_LONG or IO.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_save(
    classifier: *const IntentClassifier,
    path: IntentText,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe {
        with_classifier(classifier, error_out, |classifier| Ok(classifier.get().save(path.path("path")?)?))
    }
}
