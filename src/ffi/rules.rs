//! Keyword rules from C.

use super::arguments::IntentText;
use super::classifier::{IntentClassifier, make_classifier, with_classifier};
use super::error::IntentError;
use super::status::IntentStatus;
use crate::learn::Change;
use crate::{LiveClassifier, Rule};

/// Creates a classifier from keyword rules alone, without training.
///
/// It answers what the rules match and rejects every other text. It learns from intent_update() and
/// keeps the examples, and after 100 examples a background training starts. intent_save() saves
/// what was learned but not the examples, intent_save_training_state() saves both.
///
/// @param rules          Rules as JSON, at least one: [{"label": "vision", "keywords":
///                       ["screenshot"], "phrases": ["what is this"]}]. A keyword is one to eight
///                       consecutive words, matched anywhere in a text. A phrase matches a whole
///                       text. Case, punctuation and Unicode forms are ignored. Symbols such as
///                       + and # count in the rules that contain them: "c++" is not in "vitamin c".
///                       A keyword's first word also matches what follows an apostrophe: "alarme"
///                       is in "l'alarme". The endings of English words, as in "can't", are no
///                       words.
/// @param classifier_out Receives the classifier. Release it with intent_free(). Must not be NULL.
/// @param error_out      Optional. Receives the error on failure.
/// @return OK, NULL_ARGUMENT, INVALID_UTF8 or TEXT_TOO_LONG; INVALID_ARGUMENT when a rule is wrong.
///         The message names the rule.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_from_rules(
    rules: IntentText,
    classifier_out: *mut *mut IntentClassifier,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe {
        make_classifier(classifier_out, error_out, || {
            let rules = Rule::of_json(rules.text("rules")?)?;
            Ok((LiveClassifier::of_rules(&rules)?, vec![]))
        })
    }
}

/// Replaces the keyword rules of a classifier. Unknown labels are added. The rules are saved with
/// the model.
///
/// The network comes first. It decides alone if it does not reject the text and the probability of
/// its top label is 0.85 or more.
///
/// Otherwise the labels of the matching rules come first, with a probability of 0.85, even if the
/// network rejects the text. In a multi-label model the other labels that the network chooses
/// follow. A single-label model answers only one label: that of the longest match. It answers more
/// if `top` asks for more.
///
/// Rules are ignored in a prediction with a `threshold` above 0.85. intent_predict_detailed() tells
/// whether a rule answered. A model that was trained on feature rows stores rules but never uses
/// them, since it reads no texts.
///
/// @param classifier Classifier. Must not be NULL.
/// @param rules      As for intent_from_rules(). [] removes all rules.
/// @param error_out  Optional. Receives the error on failure.
/// @return OK, NULL_ARGUMENT, INVALID_UTF8, TEXT_TOO_LONG, BAD_TRAINING_STATE, OUT_OF_MEMORY or IO;
///         INVALID_ARGUMENT when a rule is wrong. On failure nothing has changed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_set_rules(
    classifier: *const IntentClassifier,
    rules: IntentText,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe {
        with_classifier(classifier, error_out, |classifier| {
            let rules = Rule::of_json(rules.text("rules")?)?;
            classifier.live().change(&Change::Rules(rules))?;
            Ok(())
        })
    }
}
