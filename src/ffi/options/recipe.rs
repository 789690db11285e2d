//! The recipe: preset, numbers of the training loop, and rejection.

use super::super::arguments::choice;
use super::super::error::IntentError;
use super::super::status::IntentStatus;
use super::{IntentOptions, set, with_options};
use crate::Preset;
use crate::decision::Cost;

/// Recipe of a training, for intent_options_set_preset().
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntentPreset {
    /// MULTI if more than 1 % of the labelled examples have two or more labels, otherwise SINGLE.
    /// The default.
    Auto = 0,
    /// One label per text: the top label.
    Single = 1,
    /// A set of labels per text: every label that reaches its threshold.
    Multi = 2,
    /// The baseline of comparisons, described in docs/decisions/training.md. Not for production.
    Reference = 3,
}

const PRESETS: [(u32, Preset); 4] = [
    (IntentPreset::Auto as u32, Preset::Auto),
    (IntentPreset::Single as u32, Preset::Single),
    (IntentPreset::Multi as u32, Preset::Multi),
    (IntentPreset::Reference as u32, Preset::Reference),
];

/// Sets the recipe. Defaults to INTENT_PRESET_AUTO.
///
/// @param options   Options. Must not be NULL.
/// @param preset    One of the INTENT_PRESET_ constants.
/// @param error_out Optional. Receives the error on failure.
/// @return OK, NULL_ARGUMENT or INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_options_set_preset(
    options: *mut IntentOptions,
    preset: u32,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe {
        with_options(options, error_out, |options| {
            options.train.preset = choice(preset, &PRESETS, "preset", "INTENT_PRESET_")?;
            Ok(())
        })
    }
}

/// Sets the number of epochs, passes over the examples.
///
/// The default is between 6 and 100: the fewer examples, the more epochs. If this function is not
/// called, training uses fewer epochs when they are clearly better on the held-out examples.
///
/// @param options   Options. Must not be NULL.
/// @param epochs    1 to 100000.
/// @param error_out Optional. Receives the error on failure.
/// @return OK, NULL_ARGUMENT or INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_options_set_epochs(
    options: *mut IntentOptions,
    epochs: usize,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe { set(options, error_out, |train| train.epochs = Some(epochs)) }
}

/// Sets the random seed. Defaults to 1.
///
/// The same data, options and seed give the same model, byte for byte.
///
/// @param options   Options. Must not be NULL.
/// @param seed      Any number.
/// @param error_out Optional. Receives the error on failure.
/// @return OK or NULL_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_options_set_seed(
    options: *mut IntentOptions,
    seed: u64,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe { set(options, error_out, |train| train.seed = seed) }
}

/// Sets the number of threads. Defaults to 0, all cores. The model does not depend on it.
///
/// @param options   Options. Must not be NULL.
/// @param threads   0 for all cores, or 1 to 1024.
/// @param error_out Optional. Receives the error on failure.
/// @return OK, NULL_ARGUMENT or INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_options_set_threads(
    options: *mut IntentOptions,
    threads: usize,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe { set(options, error_out, |train| train.threads = threads) }
}

/// Sets the acceptance rate: the share of labelled held-out examples that the rejection threshold
/// accepts. Defaults to 0.95.
///
/// With 1, the rejection threshold rejects no text. A text is then rejected only if nothing in it
/// is known, or if no label reaches its own threshold.
///
/// @param options         Options. Must not be NULL.
/// @param acceptance_rate > 0 and <= 1.
/// @param error_out       Optional. Receives the error on failure.
/// @return OK, NULL_ARGUMENT or INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_options_set_acceptance_rate(
    options: *mut IntentOptions,
    acceptance_rate: f64,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe { set(options, error_out, |train| train.keep = acceptance_rate) }
}

/// Sets the costs of mistakes, instead of an acceptance rate. No costs by default.
///
/// Training chooses the acceptance rate at which the mean cost of the held-out examples is lowest.
/// An answer with wrong labels costs 1, however many are wrong. So does any answer to a text that
/// is out of scope.
///
/// If costs are set and intent_options_set_acceptance_rate() has also set a rate other than the
/// default, training fails with INVALID_ARGUMENT.
///
/// @param options       Options. Must not be NULL.
/// @param ask_back_cost Cost, 0 to 1, of rejecting a text that has a label: the program must then
///                      ask the user again.
/// @param foreign_share Share of texts in use that are out of scope, 0 to 1.
/// @param error_out     Optional. Receives the error on failure.
/// @return OK, NULL_ARGUMENT or INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_options_set_cost(
    options: *mut IntentOptions,
    ask_back_cost: f32,
    foreign_share: f32,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    let cost = Some(Cost { ask_back: ask_back_cost, foreign: foreign_share });
    // SAFETY: the header requires it of the caller.
    unsafe { set(options, error_out, |train| train.cost = cost) }
}

/// Sets the learning rate of the network. The default is 0.002 below 500 labels, and 0.003 for 500
/// labels or more.
///
/// @param options       Options. Must not be NULL.
/// @param learning_rate > 0 and <= 1.
/// @param error_out     Optional. Receives the error on failure.
/// @return OK, NULL_ARGUMENT or INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_options_set_learning_rate(
    options: *mut IntentOptions,
    learning_rate: f32,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe { set(options, error_out, |train| train.learning_rate = Some(learning_rate)) }
}

/// Sets the batch size in examples. Defaults to 128.
///
/// The default is 32 instead if there are fewer than 500 labels and few examples. With MULTI, few
/// means fewer than 10,000. With SINGLE, few means fewer than 5,000, or on average at most 20 per
/// label.
///
/// @param options   Options. Must not be NULL.
/// @param batch     >= 1.
/// @param error_out Optional. Receives the error on failure.
/// @return OK, NULL_ARGUMENT or INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_options_set_batch(
    options: *mut IntentOptions,
    batch: usize,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe { set(options, error_out, |train| train.batch = Some(batch)) }
}

/// Sets the probability that an n-gram is left out of a training text.
///
/// Defaults to 0.5. It is 0.4 in two cases: with MULTI and 10,000 examples or more, and with
/// SINGLE, a lexicon and on average at most 20 examples per label.
///
/// @param options         Options. Must not be NULL.
/// @param feature_dropout >= 0 and < 1.
/// @param error_out       Optional. Receives the error on failure.
/// @return OK, NULL_ARGUMENT or INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_options_set_feature_dropout(
    options: *mut IntentOptions,
    feature_dropout: f32,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe { set(options, error_out, |train| train.feature_dropout = Some(feature_dropout)) }
}

/// Sets the share of synthetic negatives. A synthetic negative mixes two examples with different
/// labels, and is trained as out of scope.
///
/// Defaults to 0 with MULTI and to 0.1 with SINGLE. With SINGLE it is 0.3 if there is no lexicon
/// and there are on average at most 20 examples per label.
///
/// @param options   Options. Must not be NULL.
/// @param share     Probability that an example is replaced by a synthetic negative, >= 0 and < 1.
/// @param error_out Optional. Receives the error on failure.
/// @return OK, NULL_ARGUMENT or INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_options_set_synthetic_negatives(
    options: *mut IntentOptions,
    share: f32,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe { set(options, error_out, |train| train.outliers = Some(share)) }
}
