//! The classifier's handle: made, saved, loaded, asked about its labels, freed.

use super::arguments::{Out, object, path, slice};
use super::boundary::boundary;
use super::error::{Failure, IntentError};
use super::shield::shielded;
use super::status::IntentStatus;
use crate::LiveClassifier;
use crate::classifier::Current;
use crate::model::TrainingSummary;
use libc::c_char;
use std::collections::HashMap;
use std::ffi::CString;
use std::ptr;
use std::sync::{Arc, Mutex, PoisonError};

/// A classifier: made by intent_train(), intent_load(), intent_new() and their kin, released with intent_free(). It holds a model, and swaps
/// it for another when it learns. Every call but intent_free() may be made from any thread at any time: predictions never wait for learning
/// or for each other, and each is made by one model, the old or the new.
pub struct IntentClassifier {
    live: LiveClassifier,
    /// Every label that C was told, as C reads it.
    labels: Mutex<HashMap<String, CString>>,
    warnings: Vec<CString>,
}

/// What the header promises of `const intent_classifier *`.
const _: fn() = || {
    fn usable_from_many_threads<T: Send + Sync>() {}
    usable_from_many_threads::<IntentClassifier>();
};

impl IntentClassifier {
    /// A handle for C to own.
    pub(super) fn new(live: LiveClassifier, warnings: &[String]) -> Result<*mut Self, Failure> {
        let fault = |_| Failure::invalid("a warning holds a NUL character");
        let strings = warnings.iter().map(|string| CString::new(string.as_str()).map_err(fault));
        let warnings = strings.collect::<Result<Vec<CString>, Failure>>()?;
        Ok(Box::into_raw(Box::new(IntentClassifier { live, labels: Mutex::default(), warnings })))
    }

    pub(super) fn live(&self) -> &LiveClassifier {
        &self.live
    }

    /// The model in use.
    pub(super) fn get(&self) -> Arc<Current> {
        self.live.current()
    }
}

/// Returns when the next prediction will be fast: the kernels are chosen and the model's pages are in memory. Calling it is
/// never needed, only useful, for instance on a background thread behind intent_load().
///
/// @param classifier A classifier. Not NULL.
/// @param error_out  Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT or PANICKED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_prepare(
    classifier: *const IntentClassifier,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    boundary(error_out, || {
        // SAFETY: the header asks for a classifier that has not been freed.
        unsafe { object(classifier, "classifier") }?.get().prepare();
        Ok(())
    })
}

/// Writes the model to a file, replacing one that is there: to a temporary file beside it first, which is synced and
/// renamed, so that an interruption leaves the old file or the new one, whole. Classifiers that were loaded from the old
/// file go on with what they loaded.
///
/// If `path` is a symbolic link, the file it leads to is replaced. The new file keeps the mode of the old one, and its owner where
/// the system allows it. Temporary files of killed processes are removed from the folder.
///
/// @param classifier  A classifier. Not NULL.
/// @param path        UTF-8, by custom NAME.intent. Not NULL.
/// @param path_length Bytes of `path`, 1 or more.
/// @param error_out   Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, IO or PANICKED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_save(
    classifier: *const IntentClassifier,
    path: *const u8,
    path_length: usize,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    boundary(error_out, || {
        // SAFETY: the header asks for a classifier that has not been freed, and for `path_length` bytes.
        let (classifier, path) =
            unsafe { (object(classifier, "classifier")?, self::path(path, path_length, "path")?) };
        Ok(classifier.get().save(path)?)
    })
}

/// Opens a model file. It is mapped into memory: while the classifier lives, replace the file by renaming another over it,
/// as intent_save() does, and never change its bytes in place.
///
/// @param path           UTF-8. Not NULL.
/// @param path_length    Bytes of `path`, 1 or more.
/// @param classifier_out Receives the classifier, to release with intent_free(). Not NULL. Written only on success.
/// @param error_out      Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, NOT_A_MODEL, NEWER_FORMAT, WRONG_LENGTH, CHECKSUM_MISMATCH,
///         WRONG_TENSOR, ABSURD_SIZE, IO or PANICKED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_load(
    path: *const u8,
    path_length: usize,
    classifier_out: *mut *mut IntentClassifier,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    boundary(error_out, || {
        let out = Out::new(classifier_out, "classifier_out")?;
        // SAFETY: the header asks for `path_length` bytes.
        let classifier = LiveClassifier::load(unsafe { self::path(path, path_length, "path") }?)?;
        // SAFETY: the header asks for a writable place.
        unsafe { out.write(IntentClassifier::new(classifier, &[])?) };
        Ok(())
    })
}

/// Opens a model from the bytes of a model file, which are copied.
///
/// @param bytes          The bytes. May be NULL when the length is 0 (which then is NOT_A_MODEL).
/// @param length         Their number.
/// @param classifier_out Receives the classifier, to release with intent_free(). Not NULL. Written only on success.
/// @param error_out      Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT, INVALID_ARGUMENT, NOT_A_MODEL, NEWER_FORMAT, WRONG_LENGTH, CHECKSUM_MISMATCH, WRONG_TENSOR,
///         ABSURD_SIZE, OUT_OF_MEMORY or PANICKED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_load_bytes(
    bytes: *const u8,
    length: usize,
    classifier_out: *mut *mut IntentClassifier,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    boundary(error_out, || {
        let out = Out::new(classifier_out, "classifier_out")?;
        // SAFETY: the header asks for `length` bytes.
        let classifier = LiveClassifier::from_bytes(unsafe { slice(bytes, length, "bytes") }?)?;
        // SAFETY: the header asks for a writable place.
        unsafe { out.write(IntentClassifier::new(classifier, &[])?) };
        Ok(())
    })
}

/// Releases a classifier with its labels and warnings. No other call with it may be running.
///
/// @param classifier A classifier, not to be used afterwards. NULL is allowed and does nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_free(classifier: *mut IntentClassifier) {
    shielded((), || {
        if !classifier.is_null() {
            // SAFETY: made by `IntentClassifier::new`, and freed once.
            drop(unsafe { Box::from_raw(classifier) });
        }
    });
}

/// Number of the model in use, as in intent_decision: 1 for the first, one more with each swap. Labels read while it stays the same are those
/// of that model.
///
/// @param classifier A classifier. NULL is allowed.
/// @return The number; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_model_version(classifier: *const IntentClassifier) -> u64 {
    shielded(0, || {
        // SAFETY: NULL, or a classifier that has not been freed.
        unsafe { classifier.as_ref() }.map_or(0, |classifier| classifier.get().version())
    })
}

/// How many labels the classifier knows; their indices are 0 up to that. Learning adds labels behind those there are; only
/// intent_remove_label() and intent_merge_label() number them anew.
///
/// @param classifier A classifier. NULL is allowed.
/// @return Number of labels; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_label_count(classifier: *const IntentClassifier) -> u32 {
    shielded(0, || {
        // SAFETY: NULL, or a classifier that has not been freed.
        unsafe { classifier.as_ref() }.map_or(0, |classifier| classifier.get().labels().len() as u32)
    })
}

/// The name of a label.
///
/// @param classifier A classifier. NULL is allowed.
/// @param index      Index of the label, as in intent_scored.
/// @param length_out Optional. Receives the bytes of the name without the NUL. Written only when there is a name.
/// @return UTF-8, NUL-terminated, valid until the classifier is freed; NULL for an index without a label, or for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_label(
    classifier: *const IntentClassifier,
    index: u32,
    length_out: *mut usize,
) -> *const c_char {
    shielded(ptr::null(), || {
        // SAFETY: NULL, or a classifier that has not been freed.
        let Some(classifier) = (unsafe { classifier.as_ref() }) else { return ptr::null() };
        let current = classifier.get();
        let Some(label) = current.label(index) else { return ptr::null() };
        let mut labels = classifier.labels.lock().unwrap_or_else(PoisonError::into_inner);
        if !labels.contains_key(label) {
            // No label holds a NUL character: models are checked for that.
            labels.insert(label.to_owned(), CString::new(label).unwrap_or_default());
        }
        // SAFETY: `length_out` is NULL or writable. The string stays where it is: none is ever taken out before the classifier is freed.
        unsafe { string(labels.get(label), length_out) }
    })
}

/// Number of warnings that the training of this classifier gave. A loaded classifier has none.
///
/// A warning is one sentence about a likely mistake in the data, such as a label with one example, or equal texts with different
/// labels, or about fewer than 10 held-out lines with labels. It names the examples it is about by their numbers, counted from 1, and never quotes a text.
///
/// @param classifier A classifier. NULL is allowed.
/// @return Number of warnings; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_warning_count(classifier: *const IntentClassifier) -> usize {
    shielded(0, || {
        // SAFETY: NULL, or a classifier that has not been freed.
        unsafe { classifier.as_ref() }.map_or(0, |classifier| classifier.warnings.len())
    })
}

/// One warning of the training, see intent_warning_count().
///
/// @param classifier A classifier. NULL is allowed.
/// @param index      0 up to the number of warnings.
/// @param length_out Optional. Receives the bytes of the warning without the NUL. Written only when there is one.
/// @return UTF-8, NUL-terminated, valid until the classifier is freed; NULL for an index without a warning, or for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_warning(
    classifier: *const IntentClassifier,
    index: usize,
    length_out: *mut usize,
) -> *const c_char {
    shielded(ptr::null(), || {
        // SAFETY: NULL, or a classifier that has not been freed; `length_out` is NULL or writable.
        unsafe { string(classifier.as_ref().and_then(|c| c.warnings.get(index)), length_out) }
    })
}

/// Number of lines with labels that training held out, or that the validation file has. What the training measured rests on
/// them; training warns if there are fewer than 10. The number is saved with the model.
///
/// @param classifier A classifier. NULL is allowed.
/// @return Number of lines; 0 when no line could be held out, or for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_heldout_count(classifier: *const IntentClassifier) -> usize {
    shielded(0, || {
        // SAFETY: NULL, or a classifier that has not been freed.
        let classifier = unsafe { classifier.as_ref() };
        classifier.map_or(0, |c| c.get().model().metadata().training.heldout)
    })
}

/// Accuracy to expect for new wording: the share of the held-out lines with labels whose best label was right in training,
/// 0 to 1, before any text is rejected. No near-duplicate of a held-out line is trained on. The number is saved with the model.
///
/// @param classifier A classifier. NULL is allowed.
/// @return The share; NaN when no line could be held out, or for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_heldout_accuracy(classifier: *const IntentClassifier) -> f64 {
    // SAFETY: upheld by the header.
    unsafe { measured(classifier, |training| training.heldout_accuracy) }
}

/// Accuracy to expect for wording like that of the training lines: as intent_heldout_accuracy(), but near-duplicates of the lines
/// are trained on. The number is saved with the model.
///
/// @param classifier A classifier. NULL is allowed.
/// @return The share, 0 to 1; NaN when it was not measured, such as with a validation file, or for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_familiar_accuracy(classifier: *const IntentClassifier) -> f64 {
    // SAFETY: upheld by the header.
    unsafe { measured(classifier, |training| training.familiar_accuracy) }
}

/// Share of the held-out lines with labels that were answered with exactly their labels, 0 to 1. A line that is rejected counts as
/// wrong. The number is saved with the model.
///
/// @param classifier A classifier. NULL is allowed.
/// @return The share; NaN when it was not measured, or for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_heldout_answered(classifier: *const IntentClassifier) -> f64 {
    // SAFETY: upheld by the header.
    unsafe { measured(classifier, |training| training.heldout_answered) }
}

/// A share that a training measured; NaN for none.
///
/// # Safety
/// `classifier` is NULL or has not been freed.
unsafe fn measured(
    classifier: *const IntentClassifier,
    share: impl Fn(&TrainingSummary) -> Option<f64>,
) -> f64 {
    shielded(f64::NAN, || {
        // SAFETY: upheld by this function's contract.
        let classifier = unsafe { classifier.as_ref() };
        classifier.and_then(|c| share(&c.get().model().metadata().training)).unwrap_or(f64::NAN)
    })
}

/// A string that the library owns, for C to read; NULL for none.
///
/// # Safety
/// `length_out` is NULL or writable.
pub(super) unsafe fn string(string: Option<&CString>, length_out: *mut usize) -> *const c_char {
    let Some(string) = string else { return ptr::null() };
    if !length_out.is_null() {
        // SAFETY: checked non-null; writable by contract.
        unsafe { length_out.write(string.count_bytes()) };
    }
    string.as_ptr()
}
