//! The two halves of a prediction from C: texts to features, features to labels.

use super::arguments::{IntentFeatureRows, IntentText, Out, slice_mut};
use super::classifier::{IntentClassifier, with_classifier};
use super::error::IntentError;
use super::predict::{IntentPredictOptions, predict_options};
use super::status::IntentStatus;
use crate::Scored;
use crate::model::DIMENSIONS;
use crate::text::ngrams::MAX_CLAUSES;
use crate::vectorizer::FeatureVector;

/// Number of floats in a feature row.
pub const INTENT_FEATURES: usize = 256;

/// Maximum number of clauses that a text is cut into.
pub const INTENT_MAX_CLAUSES: usize = 32;

// A literal, since cbindgen copies it to the header.
const _: () = assert!(INTENT_FEATURES == DIMENSIONS && INTENT_MAX_CLAUSES == MAX_CLAUSES);

/// Writes the features of a whole text.
///
/// A classifier that cuts texts into clauses predicts from one row per clause instead: see
/// intent_vectorize_rows().
///
/// @param classifier   Classifier. Must not be NULL.
/// @param text         Text, at most INTENT_MAX_TEXT_BYTES long.
/// @param features_out Array of INTENT_FEATURES floats. Receives a vector with Euclidean norm 1.
///                     The norm is smaller if some words are unknown. All numbers are zero if
///                     nothing in the text is known. Must not be NULL.
/// @param error_out    Optional. Receives the error on failure.
/// @return OK, NULL_ARGUMENT, INVALID_UTF8, TEXT_TOO_LONG or NO_VECTORIZER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_vectorize(
    classifier: *const IntentClassifier,
    text: IntentText,
    features_out: *mut f32,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller; a row is an array of floats, aligned as they are.
    unsafe {
        with_classifier(classifier, error_out, |classifier| {
            let out = Out::new(features_out.cast::<FeatureVector>(), "features_out")?;
            out.write(classifier.get().vectorize(text.text("text")?)?);
            Ok(())
        })
    }
}

/// Writes the features of each clause in which anything is known: the first half of
/// intent_predict().
///
/// A classifier that does not cut texts writes at most one row, that of intent_vectorize().
///
/// @param classifier Classifier. Must not be NULL.
/// @param text       Text, at most INTENT_MAX_TEXT_BYTES long.
/// @param rows_out   Array of `capacity` rows of INTENT_FEATURES floats. Receives rows like those
///                   that intent_vectorize() writes. May be NULL when the capacity is 0.
/// @param capacity   Number of rows that fit. INTENT_MAX_CLAUSES always suffices.
/// @param count_out  Receives the number of rows. It may exceed `capacity`, which is no error: the
///                   first rows are written. 0 if nothing in the text is known. Must not be NULL.
/// @param error_out  Optional. Receives the error on failure.
/// @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, TEXT_TOO_LONG or NO_VECTORIZER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_vectorize_rows(
    classifier: *const IntentClassifier,
    text: IntentText,
    rows_out: *mut f32,
    capacity: usize,
    count_out: *mut usize,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller; a row is an array of floats, and any bytes are one.
    unsafe {
        with_classifier(classifier, error_out, |classifier| {
            let text = text.text("text")?;
            let rows = slice_mut(rows_out.cast::<FeatureVector>(), capacity, "rows_out")?;
            let out = Out::new(count_out, "count_out")?;
            out.write(classifier.get().vectorize_rows(text, rows)?);
            Ok(())
        })
    }
}

/// Chooses labels for feature rows, one for each clause of a text: the second half of
/// intent_predict().
///
/// With the rows of intent_vectorize_rows() the labels are those of intent_predict(), bit for bit,
/// if no keyword rule matches the text. Rules need the text, so they are not used here. Rows of
/// zeros are ignored. If there is no other row, the text is rejected.
///
/// @param classifier Classifier. Must not be NULL.
/// @param rows       Feature rows.
/// @param options    As for intent_predict().
/// @param labels_out As for intent_predict().
/// @param capacity   As for intent_predict().
/// @param count_out  As for intent_predict().
/// @param error_out  Optional. Receives the error on failure.
/// @return OK, NULL_ARGUMENT or INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_predict_features(
    classifier: *const IntentClassifier,
    rows: IntentFeatureRows,
    options: *const IntentPredictOptions,
    labels_out: *mut Scored,
    capacity: usize,
    count_out: *mut usize,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller; any bytes are a `Scored`.
    unsafe {
        with_classifier(classifier, error_out, |classifier| {
            let (rows, options) = (rows.rows()?, predict_options(options)?);
            let labels = slice_mut(labels_out, capacity, "labels_out")?;
            let out = Out::new(count_out, "count_out")?;
            out.write(classifier.get().predict_features(rows, &options, labels)?);
            Ok(())
        })
    }
}
