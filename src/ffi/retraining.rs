//! Retraining in the background from C.

use super::arguments::{IntentText, Out};
use super::classifier::{IntentClassifier, with_classifier};
use super::error::{Failure, IntentError};
use super::options::IntentOptions;
use super::sized::{sized, sized_struct};
use super::status::IntentStatus;
use super::update::examples;
use crate::classifier::RetrainOptions;
use std::ptr;
use std::time::Duration;

/// When and how to train in the background. Start from INTENT_RETRAINING_OPTIONS_INIT.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct IntentRetrainingOptions {
    /// sizeof(intent_retraining_options).
    pub size: usize,
    /// Number of learned examples after which a training starts. 0 never starts one. Defaults to
    /// 100.
    pub after: usize,
    /// How to train, copied. NULL for the defaults on one thread. Options of your own use all
    /// cores, unless intent_options_set_threads() says otherwise.
    ///
    /// Validation file, progress callback and training state are ignored. Preset and seed are those
    /// of the model. So is the acceptance rate, unless intent_options_set_cost() is used: costs
    /// choose it. Clause separators are those of the model unless set here. Other options of the
    /// first training, such as descriptions and the lexicon, must be given again.
    pub training: *const IntentOptions,
    /// Golden examples: array of `golden_count` texts, copied. A new model is refused if it answers
    /// one of them incorrectly that the current model answers correctly. May be NULL when the count
    /// is 0.
    pub golden: *const IntentText,
    /// Number of golden examples.
    pub golden_count: usize,
    /// Label names of all golden examples, as for intent_train().
    pub golden_labels: *const IntentText,
    /// Array of `golden_count` numbers, as for intent_train().
    pub golden_label_counts: *const usize,
}

sized_struct!(IntentRetrainingOptions {
    after: usize = 100,
    training: *const IntentOptions = ptr::null(),
    golden: *const IntentText = ptr::null(),
    golden_count: usize = 0,
    golden_labels: *const IntentText = ptr::null(),
    golden_label_counts: *const usize = ptr::null(),
});

/// Sets when and how the classifier is trained in the background, from all examples that are kept.
///
/// The training runs with low priority, by default on one thread. The new model replaces the
/// current one unless it is worse. It is worse if
///
/// - it loses more than five standard errors on the held-out examples,
/// - it loses more than two standard errors on up to 500 kept examples, or
/// - it answers a golden example incorrectly that the current one answers correctly.
///
/// In this comparison, corrections that contradict other examples are left out, golden examples
/// never.
///
/// Without this call a training starts after every 100 learned examples, if the classifier keeps
/// all examples that it learned from. After a training it keeps them only with
/// intent_options_set_training_state(). If they are not kept, the statistics count a refused
/// training instead.
///
/// @param classifier Classifier. Must not be NULL.
/// @param options    Options. NULL for the defaults.
/// @param error_out  Optional. Receives the error on failure.
/// @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT or TEXT_TOO_LONG.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_set_retraining(
    classifier: *const IntentClassifier,
    options: *const IntentRetrainingOptions,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe {
        with_classifier(classifier, error_out, |classifier| {
            let o = sized(options, "options")?;
            let (labels, counts) = (o.golden_labels, o.golden_label_counts);
            let golden = examples(o.golden, o.golden_count, labels, counts, "golden")?;
            let training = o.training.as_ref().map(|training| training.train().clone());
            let training = training.unwrap_or(RetrainOptions::default().training);
            let after = (o.after > 0).then_some(o.after);
            classifier.live().set_retraining(RetrainOptions { after, golden, training });
            Ok(())
        })
    }
}

/// Starts a background training now and returns at once. Does nothing while one is running.
///
/// @param classifier Classifier. Must not be NULL.
/// @param error_out  Optional. Receives the error on failure.
/// @return OK, NULL_ARGUMENT or NO_VECTORIZER; INVALID_ARGUMENT when the examples of the training
///         are not kept, when no kept example has a label, when the model has a lexicon and the
///         options of intent_set_retraining() have none, and for models of the reference preset;
///         OUT_OF_MEMORY when a large block of memory can't be allocated or the system can't start
///         a thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_retrain(
    classifier: *const IntentClassifier,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe { with_classifier(classifier, error_out, |classifier| Ok(classifier.live().retrain()?)) }
}

/// Blocks until no background training is running or `seconds` elapses.
///
/// intent_stats() tells the result of the training.
///
/// @param classifier Classifier. Must not be NULL.
/// @param seconds    Timeout in seconds, >= 0. Infinity waits to the end.
/// @param done_out   Receives true if no training is running. Must not be NULL.
/// @param error_out  Optional. Receives the error on failure.
/// @return OK, NULL_ARGUMENT or INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_wait_for_retraining(
    classifier: *const IntentClassifier,
    seconds: f64,
    done_out: *mut bool,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe {
        with_classifier(classifier, error_out, |classifier| {
            let out = Out::new(done_out, "done_out")?;
            // `min` would replace NaN by a number, so check it first. Waits beyond the limit are
            // unlimited.
            if seconds.is_nan() || seconds < 0.0 {
                return Err(Failure::invalid(format!(
                    "`seconds` is {seconds}; it must be a number from 0 on"
                )));
            }
            let longest = Duration::from_secs_f64(seconds.min(1e9));
            out.write(classifier.live().wait_for_retraining(longest));
            Ok(())
        })
    }
}

/// Returns to the model from before the last background training.
///
/// Examples that were learned since are learned again by that model. Labels keep their indices. A
/// background training that is running is ended.
///
/// @param classifier Classifier. Must not be NULL.
/// @param error_out  Optional. Receives the error on failure.
/// @return OK, NULL_ARGUMENT, BAD_TRAINING_STATE, OUT_OF_MEMORY or IO; INVALID_ARGUMENT when there
///         is no such model. On failure nothing has changed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_roll_back(
    classifier: *const IntentClassifier,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe { with_classifier(classifier, error_out, |classifier| Ok(classifier.live().roll_back()?)) }
}
