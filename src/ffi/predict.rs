//! Predictions from C: texts to labels.

use super::arguments::{IntentText, Out, slice_mut, texts};
use super::classifier::{IntentClassifier, with_classifier};
use super::error::{Failure, IntentError};
use super::sized::{sized, sized_struct};
use super::status::IntentStatus;
use crate::classifier::Decided;
use crate::decision::Cost;
use crate::text::MAX_TEXT_BYTES;
use crate::{Error, PredictOptions, Scored, Source};
use std::ptr;

/// Maximum length of a text to classify or train on, in bytes.
pub const INTENT_MAX_TEXT_BYTES: usize = 1048576;

// A literal, since cbindgen copies it to the header.
const _: () = assert!(INTENT_MAX_TEXT_BYTES == MAX_TEXT_BYTES);

/// How to choose labels. Start from INTENT_PREDICT_OPTIONS_INIT. With it, labels are chosen by the
/// decision rule that training fixed.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct IntentPredictOptions {
    /// sizeof(intent_predict_options).
    pub size: usize,
    /// Number of labels to choose: the best ones. The model's thresholds do not apply to them. If
    /// the field `threshold` is 0 or more, they must reach that. A rejected text still gets no
    /// labels. 0 means: use the decision rule from training. Defaults to 0.
    pub top: usize,
    /// Minimum probability of a chosen label, 0 to 1. A negative value means: use the model's
    /// thresholds, or no threshold if `top` is not 0. Above 0.85, keyword rules are ignored.
    /// Defaults to -1.
    pub threshold: f32,
    /// Acceptance rate: the share to accept of those texts that have a label, > 0 and <= 1. With 1,
    /// the rejection threshold rejects no text: see intent_options_set_acceptance_rate(). 0 means:
    /// use the rate from training. Defaults to 0.
    pub acceptance_rate: f32,
    /// Cost, 0 to 1, of rejecting a text that has a label: the program must then ask the user
    /// again. Used as in intent_options_set_cost(), instead of `acceptance_rate`, which must be 0
    /// then. A negative value means: no costs. Defaults to -1.
    pub ask_back_cost: f32,
    /// Share of texts in use that are out of scope, 0 to 1. Ignored without `ask_back_cost`.
    /// Defaults to 0.
    pub foreign_share: f32,
}

sized_struct!(IntentPredictOptions {
    top: usize = 0,
    threshold: f32 = -1.0,
    acceptance_rate: f32 = 0.0,
    ask_back_cost: f32 = -1.0,
    foreign_share: f32 = 0.0,
});

/// What decided about a text.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntentSource {
    /// The network alone.
    Network = 0,
    /// A keyword rule chose the first label. The network may have chosen further ones.
    Rule = 1,
}

impl From<Source> for IntentSource {
    fn from(source: Source) -> Self {
        match source {
            Source::Network => IntentSource::Network,
            Source::Rule => IntentSource::Rule,
        }
    }
}

/// Decision about a text.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct IntentDecision {
    /// Number of chosen labels, which may exceed the capacity. 0 if and only if the text is
    /// rejected.
    pub count: usize,
    /// Version of the model that answered: 1 for the first, one more with each swap. Label indices
    /// are those of this model. Later models keep them until intent_remove_label(),
    /// intent_merge_label() or intent_replace() changes them.
    pub model_version: u64,
    /// What decided.
    pub source: IntentSource,
}

/// Texts to classify at once, and where their labels go. Start from INTENT_BATCH_INIT.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct IntentBatch {
    /// sizeof(intent_batch).
    pub size: usize,
    /// Array of `text_count` texts, each at most INTENT_MAX_TEXT_BYTES long. May be NULL when the
    /// count is 0.
    pub texts: *const IntentText,
    /// Number of texts.
    pub text_count: usize,
    /// Array of `text_count` * `capacity` labels. Labels of text i start at labels_out[i *
    /// capacity]. May be NULL when `capacity` is 0.
    pub labels_out: *mut Scored,
    /// Number of labels that fit for each text.
    pub capacity: usize,
    /// Array of `text_count` numbers. Receives the number of chosen labels of each text, which may
    /// exceed `capacity`. May be NULL when there are no texts.
    pub counts_out: *mut usize,
}

sized_struct!(IntentBatch {
    texts: *const IntentText = ptr::null(),
    text_count: usize = 0,
    labels_out: *mut Scored = ptr::null_mut(),
    capacity: usize = 0,
    counts_out: *mut usize = ptr::null_mut(),
});

/// Returns the options from C; NULL means the defaults.
///
/// # Safety
/// As [`sized`].
pub(super) unsafe fn predict_options(
    options: *const IntentPredictOptions,
) -> Result<PredictOptions, Failure> {
    if options.is_null() {
        return Ok(PredictOptions::default());
    }
    // SAFETY: upheld by this function's contract.
    let o = unsafe { sized(options, "options") }?;
    let cost = Cost { ask_back: o.ask_back_cost, foreign: o.foreign_share };
    let options = PredictOptions {
        threshold: if o.threshold < 0.0 { None } else { Some(o.threshold) },
        top: if o.top == 0 { None } else { Some(o.top) },
        keep: if o.acceptance_rate == 0.0 { None } else { Some(o.acceptance_rate) },
        cost: if o.ask_back_cost < 0.0 { None } else { Some(cost) },
    };
    options.check()?;
    Ok(options)
}

/// Classifies a text: writes its labels, best first.
///
/// The network rejects a text when nothing in it is known, when its score is below the rejection
/// threshold, or when no label reaches its own threshold. The score tells how much the text is like
/// the examples. It has no fixed range and is independent of the probabilities.
///
/// The text is rejected when the network rejects it and no keyword rule gives it a label: see
/// intent_set_rules(). `*count_out` is 0 if and only if the text is rejected.
///
/// On the CPU, a successful prediction allocates no memory and takes no lock. Only the first
/// prediction on a thread may allocate a few bytes.
///
/// @param classifier Classifier. Must not be NULL.
/// @param text       Text, at most INTENT_MAX_TEXT_BYTES long. May be empty.
/// @param options    How to choose labels. NULL for the defaults.
/// @param labels_out Array of `capacity` labels. Receives the best ones. May be NULL when the
///                   capacity is 0.
/// @param capacity   Number of labels that fit. 1 suffices for a single-label model without `top`.
/// @param count_out  Receives the number of chosen labels. It may exceed `capacity`, which is no
///                   error. Must not be NULL.
/// @param error_out  Optional. Receives the error on failure.
/// @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, TEXT_TOO_LONG or NO_VECTORIZER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_predict(
    classifier: *const IntentClassifier,
    text: IntentText,
    options: *const IntentPredictOptions,
    labels_out: *mut Scored,
    capacity: usize,
    count_out: *mut usize,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe {
        with_classifier(classifier, error_out, |classifier| {
            let out = Out::new(count_out, "count_out")?;
            out.write(predict(classifier, text, options, labels_out, capacity)?.count);
            Ok(())
        })
    }
}

/// Classifies a text like intent_predict(), and tells which model answered and what decided.
///
/// @param classifier   As for intent_predict().
/// @param text         As for intent_predict().
/// @param options      As for intent_predict().
/// @param labels_out   As for intent_predict().
/// @param capacity     As for intent_predict().
/// @param decision_out Receives the decision. Must not be NULL.
/// @param error_out    Optional. Receives the error on failure.
/// @return As intent_predict().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_predict_detailed(
    classifier: *const IntentClassifier,
    text: IntentText,
    options: *const IntentPredictOptions,
    labels_out: *mut Scored,
    capacity: usize,
    decision_out: *mut IntentDecision,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe {
        with_classifier(classifier, error_out, |classifier| {
            let out = Out::new(decision_out, "decision_out")?;
            let decided = predict(classifier, text, options, labels_out, capacity)?;
            let (count, model_version, source) = (decided.count, decided.version, decided.source.into());
            out.write(IntentDecision { count, model_version, source });
            Ok(())
        })
    }
}

/// # Safety
/// As the header requires for `intent_predict`.
unsafe fn predict(
    classifier: &IntentClassifier,
    text: IntentText,
    options: *const IntentPredictOptions,
    labels_out: *mut Scored,
    capacity: usize,
) -> Result<Decided, Failure> {
    // SAFETY: upheld by this function's contract; any bytes are a `Scored`.
    let (text, options, labels) = unsafe {
        (text.text("text")?, predict_options(options)?, slice_mut(labels_out, capacity, "labels_out")?)
    };
    Ok(classifier.live().predict_into(text, &options, labels)?)
}

/// Classifies many texts. Each gets the labels that intent_predict() chooses.
///
/// A batch of more than 256 texts runs on all cores. A smaller batch runs on the calling thread,
/// and so does every batch if the system can't start a thread.
///
/// @param classifier Classifier. Must not be NULL.
/// @param batch      Texts, and where their labels go. Must not be NULL.
/// @param options    How to choose labels, the same for all texts. NULL for the defaults.
/// @param error_out  Optional. Receives the error on failure.
/// @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, TEXT_TOO_LONG or NO_VECTORIZER. All
///         texts are checked first: on failure nothing was written, except after PANICKED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_predict_batch(
    classifier: *const IntentClassifier,
    batch: *const IntentBatch,
    options: *const IntentPredictOptions,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe {
        with_classifier(classifier, error_out, |classifier| {
            if batch.is_null() {
                return Err(Failure::null("batch"));
            }
            let batch = sized(batch, "batch")?;
            let texts = texts(batch.texts, batch.text_count, "texts")?;
            let options = predict_options(options)?;
            let total = batch.text_count.checked_mul(batch.capacity).ok_or_else(|| {
                Failure::invalid("`text_count` times `capacity` is more than memory can hold")
            })?;
            // Any bytes are a valid `Scored`, and a valid `usize`.
            let labels = slice_mut(batch.labels_out, total, "labels_out")?;
            let counts = slice_mut(batch.counts_out, batch.text_count, "counts_out")?;
            classifier.get().model().vectorizer().ok_or(Error::NoVectorizer)?;
            classifier.live().predict_batch_into(&texts, &options, labels, batch.capacity, counts)?;
            Ok(())
        })
    }
}
