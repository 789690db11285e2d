//! Examples from C → a classifier.

use super::arguments::{IntentText, Out, path, slice};
use super::boundary::boundary;
use super::classifier::IntentClassifier;
use super::error::{Failure, IntentError};
use super::options::{self, IntentOptions};
use super::status::IntentStatus;
use crate::data::{WithWarnings, read_file_with_warnings};
use crate::train::{Dataset, Inputs};
use crate::vectorizer::FeatureVector;
use crate::{Classifier, LiveClassifier};

/// Trains on texts and writes the classifier.
///
/// Each text has a set of label names; a text without labels is an example of what belongs to none. Labels get their
/// indices in the order of their first appearance. Blocks until done, which the progress callback of the options can cut
/// short. The same data, options and seed give the same model, byte for byte, on every machine.
///
/// @param texts          Array of `text_count` texts, up to INTENT_MAX_TEXT_BYTES bytes each. May be NULL when the count
///                       is 0 (which then is UNTRAINABLE).
/// @param text_count     Number of texts.
/// @param labels         The label names of all texts, one text's behind the other's: as many as the sum of
///                       `label_counts`. A name has 1 to 255 bytes, no control characters. May be NULL when the sum is 0.
/// @param label_counts   Array of `text_count` numbers: how many of `labels` belong to each text, 0 or more.
/// @param options        How to train. NULL for the defaults.
/// @param classifier_out Receives the classifier, to release with intent_free(). Not NULL. Written only on success.
/// @param error_out      Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, TEXT_TOO_LONG, UNTRAINABLE, OUT_OF_MEMORY, STOPPED or PANICKED; with a
///         validation file BAD_DATA and IO as well.
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
    boundary(error_out, || {
        let out = Out::new(classifier_out, "classifier_out")?;
        // SAFETY: the header asks for `text_count` texts, each with its bytes.
        let texts = unsafe { self::texts(texts, text_count) }?;
        // SAFETY: the header asks for one count a text and as many labels as they sum up to.
        let labels = unsafe { label_sets(labels, label_counts, text_count) }?;
        // SAFETY: the header asks for options that are alive, or NULL; and for a writable place.
        unsafe { train(&Dataset { inputs: Inputs::Texts(texts), labels }, vec![], options, out) }
    })
}

/// Trains on a data file and writes the classifier. As intent_train() otherwise.
///
/// @param path           UTF-8. Not NULL.
/// @param path_length    Bytes of `path`, 1 or more.
/// @param format         One of the INTENT_FORMAT_ constants.
/// @param options        How to train. NULL for the defaults.
/// @param classifier_out Receives the classifier, to release with intent_free(). Not NULL. Written only on success.
/// @param error_out      Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, BAD_DATA, UNTRAINABLE, OUT_OF_MEMORY, STOPPED, IO or PANICKED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_train_file(
    path: *const u8,
    path_length: usize,
    format: u32,
    options: *const IntentOptions,
    classifier_out: *mut *mut IntentClassifier,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    boundary(error_out, || {
        let out = Out::new(classifier_out, "classifier_out")?;
        // SAFETY: the header asks for `path_length` bytes.
        let path = unsafe { self::path(path, path_length, "path") }?;
        let WithWarnings { examples, warnings } = read_file_with_warnings(path, options::format(format)?)?;
        // SAFETY: the header asks for options that are alive, or NULL; and for a writable place.
        unsafe { train(&Dataset::of(&examples), warnings, options, out) }
    })
}

/// Trains on feature rows of the caller's instead of texts. The classifier answers intent_predict_features() only:
/// calls with a text return INTENT_STATUS_NO_VECTORIZER. As intent_train() otherwise.
///
/// @param rows           `row_count` rows of INTENT_FEATURES floats each, row after row: finite numbers up to a million,
///                       best of unit length. May be NULL when the count is 0 (which then is UNTRAINABLE).
/// @param row_count      Number of rows.
/// @param labels         As for intent_train().
/// @param label_counts   Array of `row_count` numbers, as for intent_train().
/// @param options        How to train. NULL for the defaults.
/// @param classifier_out Receives the classifier, to release with intent_free(). Not NULL. Written only on success.
/// @param error_out      Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, UNTRAINABLE, OUT_OF_MEMORY, STOPPED or PANICKED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_train_features(
    rows: *const f32,
    row_count: usize,
    labels: *const IntentText,
    label_counts: *const usize,
    options: *const IntentOptions,
    classifier_out: *mut *mut IntentClassifier,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    boundary(error_out, || {
        let out = Out::new(classifier_out, "classifier_out")?;
        // SAFETY: the header asks for `row_count` rows; a row is an array of floats, aligned as they are.
        let rows = unsafe { slice(rows.cast::<FeatureVector>(), row_count, "rows") }?;
        // SAFETY: the header asks for one count a row and as many labels as they sum up to.
        let labels = unsafe { label_sets(labels, label_counts, row_count) }?;
        // SAFETY: the header asks for options that are alive, or NULL; and for a writable place.
        unsafe { train(&Dataset { inputs: Inputs::Features(rows), labels }, vec![], options, out) }
    })
}

/// # Safety
/// `texts` points to `count` texts, all alive for `'a` with their bytes.
pub(super) unsafe fn texts<'a>(texts: *const IntentText, count: usize) -> Result<Vec<&'a str>, Failure> {
    // SAFETY: upheld by this function's contract.
    let texts = unsafe { slice(texts, count, "texts") }?.iter().enumerate();
    // SAFETY: upheld by this function's contract.
    texts.map(|(i, text)| unsafe { text.phrase(format_args!("texts[{i}]")) }).collect()
}

/// The label names of each line.
///
/// # Safety
/// `counts` points to `lines` numbers, `labels` to as many texts as they sum up to, all alive for `'a`.
pub(super) unsafe fn label_sets<'a>(
    labels: *const IntentText,
    counts: *const usize,
    lines: usize,
) -> Result<Vec<Vec<&'a str>>, Failure> {
    // SAFETY: upheld by this function's contract.
    let counts = unsafe { slice(counts, lines, "label_counts") }?;
    let total = counts.iter().try_fold(0usize, |sum, &count| sum.checked_add(count));
    let total = total.ok_or_else(|| {
        Failure::invalid("`label_counts` sum up to more labels than memory can hold; check them")
    })?;
    // SAFETY: upheld by this function's contract.
    let labels = unsafe { slice(labels, total, "labels") }?;
    let names = labels
        .iter()
        .enumerate()
        // SAFETY: upheld by this function's contract.
        .map(|(i, label)| unsafe { label.text(format_args!("labels[{i}]")) })
        .collect::<Result<Vec<&str>, Failure>>()?;
    let mut names = names.into_iter();
    Ok(counts.iter().map(|&count| names.by_ref().take(count).collect()).collect())
}

/// Trains on `data`, whose file gave `warnings`.
///
/// # Safety
/// `options` is NULL or alive; `out` is writable.
unsafe fn train(
    data: &Dataset<'_>,
    mut warnings: Vec<String>,
    options: *const IntentOptions,
    out: Out<*mut IntentClassifier>,
) -> Result<(), Failure> {
    let default = IntentOptions::default();
    // SAFETY: upheld by this function's contract.
    let options = unsafe { options.as_ref() }.unwrap_or(&default);
    let valid = options.valid()?;
    let valid = valid.as_ref().map(|valid| {
        warnings.extend_from_slice(&valid.warnings);
        Dataset::of(&valid.examples)
    });
    let (train, progress) = (options.train(), &mut options.progress());
    let (live, report) = match options.learner() {
        None => {
            let (classifier, report) = Classifier::train_on(data, valid.as_ref(), train, progress)?;
            (LiveClassifier::new(classifier), report)
        }
        Some(learner) => LiveClassifier::train(data, valid.as_ref(), train, Some(learner), progress)?,
    };
    warnings.extend(report.warnings);
    // SAFETY: upheld by this function's contract.
    unsafe { out.write(IntentClassifier::new(live, &warnings)?) };
    Ok(())
}
