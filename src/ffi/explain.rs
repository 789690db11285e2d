//! Explanations of a text's labels for C.

use super::arguments::{IntentText, Out, string};
use super::boundary::{ask, release};
use super::classifier::{IntentClassifier, with_classifier};
use super::error::{Failure, IntentError};
use super::predict::{IntentPredictOptions, predict_options};
use super::status::IntentStatus;
use libc::c_char;
use std::ffi::CString;
use std::fmt::Display;
use std::ptr;

/// Explanation of a prediction. Release it with intent_explanation_free().
///
/// It is independent of the classifier that made it, and may outlive it.
pub struct IntentExplanation {
    json: CString,
}

/// Explains a prediction: the clauses of the text, and what each n-gram adds to the logits.
///
/// Meant for people who look into a single text. It takes about ten milliseconds per clause and
/// allocates memory.
///
/// @param classifier      Classifier. Must not be NULL.
/// @param text            Text, at most INTENT_MAX_TEXT_BYTES long.
/// @param options         As for intent_predict().
/// @param explanation_out Receives the explanation. Release it with intent_explanation_free(). Must
///                        not be NULL.
/// @param error_out       Optional. Receives the error on failure.
/// @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, TEXT_TOO_LONG or NO_VECTORIZER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_explain(
    classifier: *const IntentClassifier,
    text: IntentText,
    options: *const IntentPredictOptions,
    explanation_out: *mut *mut IntentExplanation,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe {
        with_classifier(classifier, error_out, |classifier| {
            let (text, options) = (text.text("text")?, predict_options(options)?);
            let out = Out::new(explanation_out, "explanation_out")?;
            let explanation = classifier.get().explain(text, &options)?;
            let json = serde_json::to_string(&explanation).map_err(|e| unwritable(&e))?;
            let json = CString::new(json).map_err(|e| unwritable(&e))?;
            out.write(Box::into_raw(Box::new(IntentExplanation { json })));
            Ok(())
        })
    }
}

/// Numbers and names can always be written, and a NUL in a text is escaped; still, nothing here may
/// panic.
fn unwritable(reason: &dyn Display) -> Failure {
    Failure::invalid(format!("cannot write the explanation as JSON: {reason}"))
}

/// Returns an explanation as one JSON object, the same that `intent explain --json` prints. Later
/// versions may add keys.
///
/// - `text`: the text. `rejected`: true if no label is chosen.
/// - `score`: score that decides about rejection, as in intent_predict(); null if nothing in the
///   text is known. `reject_below`: rejection threshold; null if no score rejects.
/// - `by_rule`: the labels that keyword rules asked for. Absent if there are none.
/// - `labels`: the chosen labels, up to 8, and the three with the largest logits, best first. Empty
///   if nothing is known. Each has `label`, `logit` (over all clauses), `probability` and `chosen`.
/// - `clauses`: each has its words as `text`, `known` (true if anything in it is known), its
///   `score`, its `unknown_words` (absent if there are none), and `labels`: for each label above
///   its `label` and its `logit` in this clause, which is the sum of `base` (without any word), the
///   `shares`, `others` (n-grams too many to list) and `rest` (rounding).
/// - `shares`: strongest first, each with `ngram` and `share`, positive for the label and negative
///   against it. An n-gram is a few words, where ^ and $ are the edges of the clause, or a few
///   characters, with the `word` they belong to. `lexicon` is true if the share is that of the
///   word's lexicon vector, and absent otherwise.
///
/// @param explanation Explanation. May be NULL.
/// @param length_out  Optional. Receives the length of the string in bytes, if there is an
///                    explanation.
/// @return UTF-8, NUL-terminated, valid until the explanation is released; NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_explanation_json(
    explanation: *const IntentExplanation,
    length_out: *mut usize,
) -> *const c_char {
    // SAFETY: the header requires it of the caller; `length_out` is NULL or writable.
    unsafe { ask(explanation, ptr::null(), |explanation| string(Some(&explanation.json), length_out)) }
}

/// Releases an explanation and its string.
///
/// @param explanation Explanation. May be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_explanation_free(explanation: *mut IntentExplanation) {
    // SAFETY: created by `Box::into_raw` in `intent_explain`; the header requires that it is freed
    // once.
    unsafe { release(explanation) }
}
