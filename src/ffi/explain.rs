//! Texts from C → why they get their labels.

use super::arguments::{Out, object, phrase};
use super::boundary::boundary;
use super::classifier::{IntentClassifier, string};
use super::error::{Failure, IntentError};
use super::predict::{IntentPredictOptions, predict_options};
use super::shield::shielded;
use super::status::IntentStatus;
use libc::c_char;
use std::ffi::CString;
use std::fmt::Display;
use std::ptr;

/// Why a text gets its labels: made by intent_explain(), released with intent_explanation_free(). It belongs to no classifier
/// and may outlive the one that made it.
pub struct IntentExplanation {
    json: CString,
}

/// Says why a text gets its labels, or none: its clauses, and what each n-gram adds to the logits. For people who look into a
/// single answer: it takes some ten milliseconds a clause, and it allocates.
///
/// @param classifier      A classifier. Not NULL. Any number of threads may explain with one at once.
/// @param text            As for intent_predict().
/// @param text_length     Bytes of `text`.
/// @param options         As for intent_predict().
/// @param explanation_out Receives the explanation, to release with intent_explanation_free(). Not NULL. Written only on success.
/// @param error_out       Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, TEXT_TOO_LONG, NO_VECTORIZER or PANICKED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_explain(
    classifier: *const IntentClassifier,
    text: *const u8,
    text_length: usize,
    options: *const IntentPredictOptions,
    explanation_out: *mut *mut IntentExplanation,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    boundary(error_out, || {
        // SAFETY: the header asks for a classifier that has not been freed.
        let classifier = unsafe { object(classifier, "classifier") }?.get();
        // SAFETY: the header asks for `text_length` bytes.
        let text = unsafe { phrase(text, text_length, "text") }?;
        // SAFETY: the header asks for options that start with their size.
        let options = unsafe { predict_options(options) }?;
        let out = Out::new(explanation_out, "explanation_out")?;
        let explanation = classifier.explain(text, &options)?;
        let json = serde_json::to_string(&explanation).map_err(|e| unwritable(&e))?;
        let json = CString::new(json).map_err(|e| unwritable(&e))?;
        // SAFETY: the header asks for a writable place.
        unsafe { out.write(Box::into_raw(Box::new(IntentExplanation { json }))) };
        Ok(())
    })
}

/// Numbers and names can always be written, and a NUL in a text is escaped; but nothing here may panic.
fn unwritable(reason: &dyn Display) -> Failure {
    Failure::invalid(format!("cannot write the explanation as JSON: {reason}"))
}

/// The explanation as one JSON object, which `intent explain --json` prints as well. Later versions may add keys.
///
/// - `text`: the text. `rejected`: whether it belongs to none of the labels.
/// - `score`: its reject score, null when nothing in it is known. `reject_below`: the score under which texts are rejected,
///   null when no score rejects.
/// - `labels`: the chosen labels, up to 8, and the three with the largest logits, best first; none when nothing is known. Each has
///   `label`, `logit` (that of all clauses together), `probability` and `chosen`.
/// - `clauses`: each has `text` (its words), `known` (whether anything in it is known), `score`, and `labels`: for each of the
///   above `label`, `logit` (that of this clause), and what it is made of: `base`, which stands without any word, `shares`,
///   `others`, the sum for n-grams too many to list, and `rest`, what rounding leaves over. base + shares + others + rest = logit.
/// - `shares`: strongest first, each with `ngram` and `share`, over 0 for the label and under 0 against it. An n-gram is a few
///   words, where ^ and $ are the edges of the clause, or a few characters, which have the `word` they belong to as well.
///
/// @param explanation An explanation. NULL is allowed.
/// @param length_out  Optional. Receives the bytes of the string without the NUL. Written only when there is an explanation.
/// @return UTF-8, NUL-terminated, valid until the explanation is freed; NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_explanation_json(
    explanation: *const IntentExplanation,
    length_out: *mut usize,
) -> *const c_char {
    shielded(ptr::null(), || {
        // SAFETY: NULL, or an explanation that has not been freed; `length_out` is NULL or writable.
        unsafe { string(explanation.as_ref().map(|explanation| &explanation.json), length_out) }
    })
}

/// Releases an explanation and its string.
///
/// @param explanation An explanation, not to be used afterwards. NULL is allowed and does nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_explanation_free(explanation: *mut IntentExplanation) {
    shielded((), || {
        if !explanation.is_null() {
            // SAFETY: made by `Box::into_raw` in `intent_explain`, and freed once.
            drop(unsafe { Box::from_raw(explanation) });
        }
    });
}
