//! Keyword rules from C.

use super::arguments::{Out, object, phrase};
use super::boundary::boundary;
use super::classifier::IntentClassifier;
use super::error::IntentError;
use super::status::IntentStatus;
use crate::learn::Change;
use crate::{LiveClassifier, Rule};

/// Makes a classifier of keyword rules alone, without any training: a first version. It answers what the rules ask for, rejects everything
/// else, and learns from intent_update(); behind 100 examples it trains itself.
///
/// @param rules          Rules as JSON: [{"label": "vision", "keywords": ["screenshot"], "phrases": ["what is this"]}, ...]. Keywords are
///                       one to eight words in a row that ask for the label wherever they stand; phrases are whole texts. Case,
///                       punctuation and forms of letters don't matter. One rule at least. Not NULL.
/// @param length         Bytes of `rules`.
/// @param classifier_out Receives the classifier, to release with intent_free(). Not NULL. Written only on success.
/// @param error_out      Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT (naming the rule) or PANICKED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_new(
    rules: *const u8,
    length: usize,
    classifier_out: *mut *mut IntentClassifier,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    boundary(error_out, || {
        let out = Out::new(classifier_out, "classifier_out")?;
        // SAFETY: the header asks for `length` bytes.
        let rules = Rule::of_json(unsafe { phrase(rules, length, "rules") }?)?;
        let live = LiveClassifier::of_rules(&rules)?;
        // SAFETY: the header asks for a writable place.
        unsafe { out.write(IntentClassifier::new(live, &[])?) };
        Ok(())
    })
}

/// Puts keyword rules in the place of those there are. Labels that are none yet are added. The rules are part of the model and saved with
/// it. A network that is sure of its best label, with a probability of 0.85 or more, goes before rules; otherwise what rules ask for comes
/// first, with that probability, and in multi-label models what the network would have chosen follows. A single-label model has the label of
/// the longest match alone. intent_predict_from() says whether a rule answered.
///
/// @param classifier A classifier. Not NULL. Other threads may use it at the same time.
/// @param rules      As for intent_new(), but [] is allowed and takes all rules away.
/// @param length     Bytes of `rules`.
/// @param error_out  Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT (naming the rule), BAD_LEARNER and IO as for intent_update(), or
///         PANICKED. Nothing has changed unless it is OK.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_set_rules(
    classifier: *const IntentClassifier,
    rules: *const u8,
    length: usize,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    boundary(error_out, || {
        // SAFETY: the header asks for a classifier that has not been freed.
        let live = unsafe { object(classifier, "classifier") }?.live();
        // SAFETY: the header asks for `length` bytes.
        let rules = Rule::of_json(unsafe { phrase(rules, length, "rules") }?)?;
        live.change(&Change::Rules(rules))?;
        Ok(())
    })
}
