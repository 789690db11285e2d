//! Treatment of texts and labels: clause separators, names of labels.

use super::super::arguments::{IntentText, texts};
use super::super::error::IntentError;
use super::super::status::IntentStatus;
use super::{IntentOptions, set, with_options};
use crate::TrainOptions;

/// Sets the words and punctuation marks that separate clauses, such as `and` and `,`.
///
/// By default clause separators are learned from examples with several labels, and used if they
/// improve the results on held-out examples.
///
/// @param options    Options. Must not be NULL.
/// @param separators Array of `count` texts, each one word or one punctuation mark, copied. May be
///                   NULL when the count is 0.
/// @param count      Number of separators, at most 64. With 0, texts are not cut into clauses.
/// @param error_out  Optional. Receives the error on failure.
/// @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT or TEXT_TOO_LONG.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_options_set_clause_separators(
    options: *mut IntentOptions,
    separators: *const IntentText,
    count: usize,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe {
        with_options(options, error_out, |options| {
            let separators = texts(separators, count, "separators")?;
            let separators = Some(separators.into_iter().map(str::to_owned).collect());
            let alone = TrainOptions { separators, ..TrainOptions::default() };
            alone.check()?;
            options.train.separators = alone.separators;
            Ok(())
        })
    }
}

/// Sets whether the name of a label is used as one more example of the label, with underscores
/// replaced by spaces. This applies only to labels with at most 20 examples. Defaults to true.
///
/// @param options     Options. Must not be NULL.
/// @param label_names true to use names as examples.
/// @param error_out   Optional. Receives the error on failure.
/// @return OK or NULL_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_options_set_label_names(
    options: *mut IntentOptions,
    label_names: bool,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe { set(options, error_out, |train| train.label_names = label_names) }
}

/// Sets the description of a label: one more example of it, used instead of its name. None by
/// default.
///
/// Write it in words that texts of the label use.
///
/// @param options     Options. Must not be NULL.
/// @param label       Name of the label, copied. This call does not check it. Training fails with
///                    INVALID_ARGUMENT when no example has the label, so also for a name of 256
///                    bytes or more.
/// @param description Description, copied. Replaces an earlier one of the same label.
/// @param error_out   Optional. Receives the error on failure.
/// @return OK, NULL_ARGUMENT, INVALID_UTF8 or TEXT_TOO_LONG.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_options_set_description(
    options: *mut IntentOptions,
    label: IntentText,
    description: IntentText,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe {
        with_options(options, error_out, |options| {
            let (label, description) = (label.text("label")?, description.text("description")?);
            options.train.descriptions.retain(|(other, _)| other != label);
            options.train.descriptions.push((label.to_owned(), description.to_owned()));
            Ok(())
        })
    }
}
