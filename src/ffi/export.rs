//! A model from C → a Core ML package.

use super::arguments::{object, path, phrase};
use super::boundary::boundary;
use super::classifier::IntentClassifier;
use super::error::{Failure, IntentError};
use super::status::IntentStatus;
use crate::{CoreMlOptions, CoreMlPrecision};

/// What a Core ML package computes in.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntentPrecision {
    /// Weights and activations in float16, what the Neural Engine computes in. From macOS 12, iOS 15. The default.
    Float16 = 0,
    /// Everything in float32, which the Neural Engine never runs. From macOS 12, iOS 15.
    Float32 = 1,
    /// The model's own integer weights, activations in float16: half of the size. From macOS 13, iOS 16.
    Int8 = 2,
}

/// How a Core ML package is written. Start from INTENT_EXPORT_OPTIONS_INIT: float16, a row at a time, no names.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct IntentExportOptions {
    /// sizeof(intent_export_options), so that later versions can add fields.
    pub size: usize,
    /// One of the INTENT_PRECISION_ constants.
    pub precision: u32,
    /// Rows of features that the package takes at a time, 1 to 4096. 0: 1.
    pub rows: u32,
    /// Who made the model, for the package's description. UTF-8. May be NULL when the length is 0.
    pub author: *const u8,
    /// Bytes of `author`.
    pub author_length: usize,
    /// The licence of the model, for the package's description. UTF-8. May be NULL when the length is 0.
    pub license: *const u8,
    /// Bytes of `license`.
    pub license_length: usize,
}

/// The options that C means; NULL means the default.
///
/// # Safety
/// `options` is NULL or points to a struct of as many bytes as its first field says, whose strings are as long as it says.
unsafe fn export_options(options: *const IntentExportOptions) -> Result<CoreMlOptions, Failure> {
    if options.is_null() {
        return Ok(CoreMlOptions::default());
    }
    // SAFETY: every version of the struct starts with its size, and only that is read before it is known.
    let (size, known) = (unsafe { options.cast::<usize>().read() }, size_of::<IntentExportOptions>());
    if size != known {
        let next = "start from INTENT_EXPORT_OPTIONS_INIT, and use the header that came with the library";
        return Err(Failure::invalid(format!("`options->size` is {size}, it must be {known}; {next}")));
    }
    // SAFETY: it has the size of ours.
    let options = unsafe { options.read() };
    let precision = match options.precision {
        0 => CoreMlPrecision::Float16,
        1 => CoreMlPrecision::Float32,
        2 => CoreMlPrecision::Int8,
        other => {
            return Err(Failure::invalid(format!(
                "`options->precision` is {other}; use one of the INTENT_PRECISION_ constants"
            )));
        }
    };
    // SAFETY: the header asks for as many bytes as it says.
    let (author, license) = unsafe {
        (
            phrase(options.author, options.author_length, "options->author")?,
            phrase(options.license, options.license_length, "options->license")?,
        )
    };
    let rows = options.rows.max(1) as usize;
    Ok(CoreMlOptions { precision, rows, author: author.to_owned(), license: license.to_owned() })
}

/// Writes the model's network as a Core ML package, an ML Program: its input `features` takes the 256 float32 of
/// intent_vectorize_rows() for each row, its outputs `probabilities` (calibrated) and `logits` are a float32 for each label. Labels,
/// thresholds and the model's checksum stand in its metadata.
///
/// The same model and options give the same bytes. The package is written beside `path` and renamed, so that no reader sees half of
/// one; a package that is there is moved aside first, and anything else in the way is refused.
///
/// @param classifier  A classifier. Not NULL. Other threads may use it at the same time.
/// @param path        UTF-8, by custom NAME.mlpackage, a folder. Not NULL.
/// @param path_length Bytes of `path`, 1 or more.
/// @param options     How to write it. NULL for float16, a row at a time.
/// @param error_out   Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT (something else at `path`, or weights that the precision cannot hold), IO or
///         PANICKED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_export_coreml(
    classifier: *const IntentClassifier,
    path: *const u8,
    path_length: usize,
    options: *const IntentExportOptions,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    boundary(error_out, || {
        // SAFETY: the header asks for a classifier that has not been freed, and for `path_length` bytes.
        let (classifier, path) =
            unsafe { (object(classifier, "classifier")?, self::path(path, path_length, "path")?) };
        // SAFETY: the header asks for options that start with their size.
        let options = unsafe { export_options(options) }?;
        Ok(classifier.get().export_core_ml(path, &options)?)
    })
}
