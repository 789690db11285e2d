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

/// Explains a prediction: the clauses of the text, and what each n-gram adds to the logits (the
/// scores of the labels before they become probabilities).
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
/// - `text`: the text.
/// - `rejected`: true if no label is chosen.
/// - `score`: score that decides about rejection, as in intent_predict(). null if nothing in the
///   text is known.
/// - `reject_below`: rejection threshold. null if no score rejects.
/// - `by_rule`: labels of the keyword rules that match. Absent if no rule decided. All numbers are
///   those of the network.
/// - `labels`: up to 8 chosen labels and the three labels with the largest logits, best first. A
///   label that is both stands once. Empty if nothing in the text is known, even if a rule chose
///   labels. Each has:
///   - `label`: its name.
///   - `logit`: its logit over all clauses, or `whole` if it was in doubt and is dropped.
///   - `whole`: its logit in the text read as a whole. Absent unless a label was in doubt: a
///     clause has it, but could have the label of another clause instead.
///   - `probability`: the probability that the network gives it.
///   - `chosen`: true if it is chosen.
/// - `clauses`: the clauses of the text. Each has:
///   - `text`: its words.
///   - `known`: true if anything in it is known.
///   - `score`: its score. null if nothing in it is known.
///   - `unknown_words`: words that, as far as the model can tell, neither the examples nor the
///     lexicon contain. May be empty.
///   - `labels`: for each label above, the parts of its logit. Empty if nothing in the clause is
///     known.
///
/// The parts of a label's logit in a clause:
///
/// - `label`: the name of the label.
/// - `logit`: its logit in this clause: the sum of the four parts below.
/// - `base`: the logit without any word.
/// - `shares`: what each n-gram adds, strongest first. Each has:
///   - `ngram`: a few words, where ^ and $ are the edges of the clause, or a few characters.
///   - `word`: the word that the characters belong to. Absent if `ngram` is words.
///   - `lexicon`: true if the share is that of the word's lexicon vector. Absent otherwise.
///   - `share`: the number: positive for the label, negative against it.
/// - `others`: the sum for all n-grams that are not listed, since there are too many.
/// - `rest`: rounding errors.
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
