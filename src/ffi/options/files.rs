//! Files of a training: validation data, the training-state file, the format of data files.

use super::super::arguments::{IntentText, choice};
use super::super::error::{Failure, IntentError};
use super::super::status::IntentStatus;
use super::super::training_state::durability;
use super::{IntentOptions, with_options};
use crate::data::Format;

/// Format of a data file, for intent_train_file() and intent_options_set_valid_file().
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntentFormat {
    /// By extension: JSON Lines for .jsonl, .ndjson and .json; fastText for .txt, .ft and
    /// .fasttext; CSV for .csv.
    ByExtension = 0,
    /// One object per line: {"text": "...", "labels": ["a", "b"]}.
    JsonLines = 1,
    /// fastText lines: __label__a __label__b some text.
    Fasttext = 2,
    /// CSV with a header and the columns text and labels. Labels are separated by |.
    Csv = 3,
}

const FORMATS: [(u32, Option<Format>); 4] = [
    (IntentFormat::ByExtension as u32, None),
    (IntentFormat::JsonLines as u32, Some(Format::JsonLines)),
    (IntentFormat::Fasttext as u32, Some(Format::FastText)),
    (IntentFormat::Csv as u32, Some(Format::Csv)),
];

/// Returns the format for a number from C; `None` means by extension.
pub(in super::super) fn format(number: u32) -> Result<Option<Format>, Failure> {
    choice(number, &FORMATS, "format", "INTENT_FORMAT_")
}

/// Sets a validation file. None by default.
///
/// Its examples are used in place of held-out ones: training holds out none of its own examples.
/// The file is read when a training starts. Only trainings on texts can use it.
///
/// @param options   Options. Must not be NULL.
/// @param path      Path of the data file, copied. NULL with length 0 removes the file.
/// @param format    One of the INTENT_FORMAT_ constants.
/// @param error_out Optional. Receives the error on failure.
/// @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT or TEXT_TOO_LONG.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_options_set_valid_file(
    options: *mut IntentOptions,
    path: IntentText,
    format: u32,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe {
        with_options(options, error_out, |options| {
            let format = self::format(format)?;
            options.valid = path.optional_path("path")?.map(|path| (path.to_owned(), format));
            Ok(())
        })
    }
}

/// Keeps the data that later updates need, including the examples of the training, in memory and in
/// a training-state file: see intent_save_training_state(). By default only the model is kept.
///
/// Only for trainings on texts, and for every preset except INTENT_PRESET_REFERENCE. Otherwise
/// training fails with INVALID_ARGUMENT.
///
/// @param options    Options. Must not be NULL.
/// @param path       Path of the training-state file, by convention NAME.learner, copied. Must not
///                   be empty. The file is written at the end of the training. An existing file is
///                   replaced in one step.
/// @param power_safe As for intent_load_training_state().
/// @param error_out  Optional. Receives the error on failure.
/// @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT or TEXT_TOO_LONG.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_options_set_training_state(
    options: *mut IntentOptions,
    path: IntentText,
    power_safe: bool,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe {
        with_options(options, error_out, |options| {
            options.training_state = Some((path.path("path")?.to_owned(), durability(power_safe)));
            Ok(())
        })
    }
}
