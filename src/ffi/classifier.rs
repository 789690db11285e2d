//! The classifier's handle: its use by calls, its creation and its release.

use super::arguments::{Out, object};
use super::boundary::{ask, boundary, release};
use super::error::{Failure, IntentError};
use super::status::IntentStatus;
use crate::LiveClassifier;
use crate::classifier::Current;
use std::collections::HashMap;
use std::ffi::CString;
use std::sync::{Arc, Mutex};

/// Classifier: a model, plus the data that updates, requests and statistics need. Release it with
/// intent_free().
///
/// A classifier swaps its model for a new one when it learns. Predictions never wait for learning,
/// and on the CPU they never wait for each other. Each prediction uses one model, the old or the
/// new. Every call except intent_free() may run on any thread at any time.
pub struct IntentClassifier {
    live: LiveClassifier,
    /// Every label passed to C, as a C string.
    pub(super) labels: Mutex<HashMap<String, CString>>,
    pub(super) warnings: Vec<CString>,
}

/// The header's promises about `const intent_classifier *`.
const _: fn() = || {
    fn usable_from_many_threads<T: Send + Sync>() {}
    usable_from_many_threads::<IntentClassifier>();
};

impl IntentClassifier {
    /// Creates a handle that C owns.
    fn new(live: LiveClassifier, warnings: &[String]) -> Result<*mut Self, Failure> {
        let fault = |_| Failure::invalid("a warning holds a NUL character");
        let strings = warnings.iter().map(|string| CString::new(string.as_str()).map_err(fault));
        let warnings = strings.collect::<Result<Vec<CString>, Failure>>()?;
        Ok(Box::into_raw(Box::new(IntentClassifier { live, labels: Mutex::default(), warnings })))
    }

    pub(super) fn live(&self) -> &LiveClassifier {
        &self.live
    }

    /// Returns the current model.
    pub(super) fn get(&self) -> Arc<Current> {
        self.live.current()
    }
}

/// Runs a call on a classifier, inside [`boundary`].
///
/// # Safety
/// `classifier` is NULL or has not been freed; as [`boundary`] for `error_out`.
pub(super) unsafe fn with_classifier(
    classifier: *const IntentClassifier,
    error_out: *mut *mut IntentError,
    body: impl FnOnce(&IntentClassifier) -> Result<(), Failure>,
) -> IntentStatus {
    // SAFETY: upheld by this function's contract.
    boundary(error_out, || body(unsafe { object(classifier, "classifier") }?))
}

/// Runs a call that creates a classifier, with the warnings of its training, inside [`boundary`].
///
/// # Safety
/// `classifier_out` is NULL or writable; as [`boundary`] for `error_out`.
pub(super) unsafe fn make_classifier(
    classifier_out: *mut *mut IntentClassifier,
    error_out: *mut *mut IntentError,
    body: impl FnOnce() -> Result<(LiveClassifier, Vec<String>), Failure>,
) -> IntentStatus {
    boundary(error_out, || {
        let out = Out::new(classifier_out, "classifier_out")?;
        let (live, warnings) = body()?;
        // SAFETY: upheld by this function's contract.
        unsafe { out.write(IntentClassifier::new(live, &warnings)?) };
        Ok(())
    })
}

/// Loads the model into memory and chooses the CPU kernels, so that the next prediction is fast.
///
/// Optional. Call it on a background thread after intent_load(), for instance.
///
/// @param classifier Classifier. Must not be NULL.
/// @param error_out  Optional. Receives the error on failure.
/// @return OK or NULL_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_prepare(
    classifier: *const IntentClassifier,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe {
        with_classifier(classifier, error_out, |classifier| {
            classifier.get().prepare();
            Ok(())
        })
    }
}

/// Replaces the model and the learning data of one classifier by those of another classifier.
///
/// Use it to bring in a model that was trained anew. Predictions during the call use the old or the
/// new model, later ones the new model. The labels and their indices are those of the new model.
/// Settings and statistics of `classifier` stay. The replacement can't be rolled back.
///
/// `with` keeps its model and may be freed. Its training state and training-state file move to
/// `classifier`. Any background training of either classifier is ended.
///
/// If `with` has no training-state file, `classifier` goes on using its own file. That file then
/// holds the model of `with` and the examples that `with` keeps, if any.
///
/// @param classifier Classifier. Must not be NULL.
/// @param with       Another classifier. Must not be NULL.
/// @param error_out  Optional. Receives the error on failure.
/// @return OK, NULL_ARGUMENT, BAD_TRAINING_STATE, OUT_OF_MEMORY or IO; INVALID_ARGUMENT when both
///         are the same; INVALID_ARGUMENT or NO_VECTORIZER when `classifier` has a training-state
///         file and the model of `with` can't be updated. On failure neither classifier has
///         changed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_replace(
    classifier: *const IntentClassifier,
    with: *const IntentClassifier,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe {
        with_classifier(classifier, error_out, |classifier| {
            Ok(classifier.live().replace(object(with, "with")?.live())?)
        })
    }
}

/// Returns the version of the model in use: 1 for the first, one more with each swap.
///
/// If the version is the same before and after you read labels, all those labels belong to one
/// model.
///
/// @param classifier Classifier. May be NULL.
/// @return The version; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_model_version(classifier: *const IntentClassifier) -> u64 {
    // SAFETY: the header requires it of the caller.
    unsafe { ask(classifier, 0, |classifier| classifier.get().version()) }
}

/// Releases a classifier with its labels and warnings.
///
/// Cancels the requests that no thread has started, and stops a background training. Blocks until
/// the requests and the training have ended and all callbacks have returned. If intent_free() is
/// called from a callback, it does not wait for other callbacks: they may run after it has
/// returned. The `context` of a request may be freed when its callback has returned.
///
/// No other call with the classifier may be running on any thread, and none may follow, not even in
/// a callback.
///
/// @param classifier Classifier. May be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_free(classifier: *mut IntentClassifier) {
    // SAFETY: created by `IntentClassifier::new`; the header requires that it is freed once.
    unsafe { release(classifier) }
}
