//! Core ML export from C.

use super::arguments::{IntentText, choice};
use super::classifier::{IntentClassifier, with_classifier};
use super::error::{Failure, IntentError};
use super::sized::{sized, sized_struct};
use super::status::IntentStatus;
use crate::{CoreMlOptions, CoreMlPrecision};
use std::ptr;

/// Number format that a Core ML package computes in.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntentPrecision {
    /// float16 weights and activations, as the Neural Engine computes. Needs macOS 12 or iOS 15.
    /// The default.
    Float16 = 0,
    /// float32 throughout. Never runs on the Neural Engine. Needs macOS 12 or iOS 15.
    Float32 = 1,
    /// The model's own integer weights and float16 activations: about half the size of a float16
    /// package. Needs macOS 13 or iOS 16.
    Int8 = 2,
}

const PRECISIONS: [(u32, CoreMlPrecision); 3] = [
    (IntentPrecision::Float16 as u32, CoreMlPrecision::Float16),
    (IntentPrecision::Float32 as u32, CoreMlPrecision::Float32),
    (IntentPrecision::Int8 as u32, CoreMlPrecision::Int8),
];

/// How to write a Core ML package. Start from INTENT_EXPORT_OPTIONS_INIT.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct IntentExportOptions {
    /// sizeof(intent_export_options).
    pub size: usize,
    /// One of the INTENT_PRECISION_ constants. Defaults to INTENT_PRECISION_FLOAT16.
    pub precision: u32,
    /// Number of feature rows that the package takes at a time, 1 to 4096. 0 means 1. Defaults to
    /// 1.
    pub rows: u32,
    /// Author of the model, for the description of the package. Defaults to none.
    pub author: IntentText,
    /// Licence of the model, for the description of the package. Defaults to none.
    pub license: IntentText,
}

const NONE: IntentText = IntentText { bytes: ptr::null(), length: 0 };

sized_struct!(IntentExportOptions {
    precision: u32 = IntentPrecision::Float16 as u32,
    rows: u32 = 0,
    author: IntentText = NONE,
    license: IntentText = NONE,
});

/// Returns the options from C; NULL means the defaults.
///
/// # Safety
/// As [`sized`]; its texts point to their bytes.
unsafe fn export_options(options: *const IntentExportOptions) -> Result<CoreMlOptions, Failure> {
    // SAFETY: upheld by this function's contract.
    let options = unsafe { sized(options, "options") }?;
    let precision = choice(options.precision, &PRECISIONS, "options->precision", "INTENT_PRECISION_")?;
    // SAFETY: upheld by this function's contract.
    let (author, license) =
        unsafe { (options.author.text("options->author")?, options.license.text("options->license")?) };
    let rows = options.rows.max(1) as usize;
    Ok(CoreMlOptions { precision, rows, author: author.to_owned(), license: license.to_owned() })
}

/// Writes the network of a classifier as a Core ML package, an ML Program.
///
/// Its input `features` takes rows of INTENT_FEATURES float32, as intent_vectorize_rows() writes
/// them. Its outputs `probabilities` (calibrated) and `logits` have one float32 per label. Labels,
/// thresholds and the checksum of the model are in its metadata.
///
/// The same model and options give the same bytes. The package is written under a temporary name
/// and renamed, so that it is never seen half written. An existing package is replaced.
///
/// @param classifier Classifier. Must not be NULL.
/// @param path       Path of the package, a folder, by convention NAME.mlpackage. Must not be
///                   empty.
/// @param options    How to write it. NULL for the defaults.
/// @param error_out  Optional. Receives the error on failure.
/// @return OK, NULL_ARGUMENT, INVALID_UTF8, TEXT_TOO_LONG or IO; INVALID_ARGUMENT when an option is
///         out of range, when something other than a package is at `path`, or when the precision
///         can't hold the weights.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_export_coreml(
    classifier: *const IntentClassifier,
    path: IntentText,
    options: *const IntentExportOptions,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe {
        with_classifier(classifier, error_out, |classifier| {
            Ok(classifier.get().export_core_ml(path.path("path")?, &export_options(options)?)?)
        })
    }
}
