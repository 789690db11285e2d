//! Training from C: examples to a classifier.

use super::arguments::{IntentFeatureRows, IntentText, label_sets, texts};
use super::classifier::{IntentClassifier, make_classifier};
use super::error::{Failure, IntentError};
use super::options::{IntentOptions, format};
use super::status::IntentStatus;
use crate::data::{WithWarnings, read_file_with_warnings};
use crate::train::{Dataset, Inputs};
use crate::{Classifier, LiveClassifier};

/// Trains a classifier on texts.
///
/// Each text has a set of label names. A text without labels is an example of texts that are out of
/// scope. Labels get their indices in order of first appearance. Fails with UNTRAINABLE when no
/// example has a label or when there are more than 16,384 labels.
///
/// Blocks until the training is done. The progress callback of the options can stop it. The same
/// data, options and seed give the same model, byte for byte, on every machine.
///
/// @param texts          Array of `text_count` texts, each at most INTENT_MAX_TEXT_BYTES long. May
///                       be NULL when the count is 0, which fails with UNTRAINABLE.
/// @param text_count     Number of texts.
/// @param labels         Label names of all texts: those of the first text, then those of the
///                       second, and so on. Their number is the sum of `label_counts`. A name has 1
///                       to 255 bytes and no control characters; others fail with
///                       INVALID_ARGUMENT. May be NULL when the sum is 0.
/// @param label_counts   Array of `text_count` numbers: how many of `labels` belong to each text.
/// @param options        How to train. NULL for the defaults.
/// @param classifier_out Receives the classifier. Release it with intent_free(). Must not be NULL.
/// @param error_out      Optional. Receives the error on failure.
/// @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, TEXT_TOO_LONG, UNTRAINABLE,
///         OUT_OF_MEMORY or STOPPED; with a validation file also BAD_DATA and IO; with a
///         training-state file also IO, and, at the end of the training, BAD_TRAINING_STATE when
///         the file is in use by another classifier or process.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_train(
    texts: *const IntentText,
    text_count: usize,
    labels: *const IntentText,
    label_counts: *const usize,
    options: *const IntentOptions,
    classifier_out: *mut *mut IntentClassifier,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe {
        make_classifier(classifier_out, error_out, || {
            let texts = self::texts(texts, text_count, "texts")?;
            let labels = label_sets(labels, label_counts, text_count)?;
            train(&Dataset { inputs: Inputs::Texts(texts), labels }, vec![], options)
        })
    }
}

/// Trains a classifier on a data file, otherwise like intent_train().
///
/// @param path           Path of the data file. Must not be empty.
/// @param format         One of the INTENT_FORMAT_ constants.
/// @param options        How to train. NULL for the defaults.
/// @param classifier_out Receives the classifier. Release it with intent_free(). Must not be NULL.
/// @param error_out      Optional. Receives the error on failure.
/// @return As intent_train(), BAD_DATA or IO.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_train_file(
    path: IntentText,
    format: u32,
    options: *const IntentOptions,
    classifier_out: *mut *mut IntentClassifier,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe {
        make_classifier(classifier_out, error_out, || {
            let (path, format) = (path.path("path")?, self::format(format)?);
            let WithWarnings { examples, warnings } = read_file_with_warnings(path, format)?;
            train(&Dataset::of(&examples), warnings, options)
        })
    }
}

/// Trains a classifier on feature rows instead of texts, otherwise like intent_train().
///
/// The classifier answers only intent_predict_features(). Calls that classify or learn from texts
/// fail with NO_VECTORIZER, and so do calls that change labels.
///
/// @param rows           Feature rows, one for each example. If there are no rows, the call fails
///                       with UNTRAINABLE.
/// @param labels         As for intent_train().
/// @param label_counts   Array of numbers, one for each row, as for intent_train().
/// @param options        How to train. NULL for the defaults.
/// @param classifier_out Receives the classifier. Release it with intent_free(). Must not be NULL.
/// @param error_out      Optional. Receives the error on failure.
/// @return As intent_train().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_train_features(
    rows: IntentFeatureRows,
    labels: *const IntentText,
    label_counts: *const usize,
    options: *const IntentOptions,
    classifier_out: *mut *mut IntentClassifier,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe {
        make_classifier(classifier_out, error_out, || {
            let (features, labels) = (rows.rows()?, label_sets(labels, label_counts, rows.count)?);
            train(&Dataset { inputs: Inputs::Features(features), labels }, vec![], options)
        })
    }
}

/// Trains on `data`. `warnings` are those about its file.
///
/// # Safety
/// `options` is NULL or alive.
unsafe fn train(
    data: &Dataset<'_>,
    mut warnings: Vec<String>,
    options: *const IntentOptions,
) -> Result<(LiveClassifier, Vec<String>), Failure> {
    let default = IntentOptions::default();
    // SAFETY: upheld by this function's contract.
    let options = unsafe { options.as_ref() }.unwrap_or(&default);
    let valid = options.valid()?;
    let valid = valid.as_ref().map(|valid| {
        warnings.extend_from_slice(&valid.warnings);
        Dataset::of(&valid.examples)
    });
    let (train, progress) = (options.train(), &mut options.progress());
    let (live, report) = match options.training_state() {
        None => {
            let (classifier, report) = Classifier::train_on(data, valid.as_ref(), train, progress)?;
            (LiveClassifier::new(classifier), report)
        }
        Some(file) => LiveClassifier::train(data, valid.as_ref(), train, Some(file), progress)?,
    };
    warnings.extend(report.warnings);
    Ok((live, warnings))
}
