//! Texts and features from C → labels.

use super::arguments::{IntentText, Out, object, phrase, slice, slice_mut};
use super::boundary::boundary;
use super::classifier::IntentClassifier;
use super::error::{Failure, IntentError};
use super::status::IntentStatus;
use crate::classifier::Decided;
use crate::decision::Cost;
use crate::model::DIMENSIONS;
use crate::text::MAX_TEXT_BYTES;
use crate::text::ngrams::MAX_CLAUSES;
use crate::vectorizer::FeatureVector;
use crate::{Error, PredictOptions, Scored, Source};

/// Numbers in a feature vector.
pub const INTENT_FEATURES: usize = 256;

/// Longest text that can be classified or trained on, in bytes.
pub const INTENT_MAX_TEXT_BYTES: usize = 1048576;

// The header wants the numbers themselves.
const _: () = assert!(INTENT_FEATURES == DIMENSIONS && INTENT_MAX_TEXT_BYTES == MAX_TEXT_BYTES);

/// What a caller may ask of a prediction. Start from INTENT_PREDICT_OPTIONS_INIT, which is the model's own rule.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct IntentPredictOptions {
    /// sizeof(intent_predict_options), so that later versions can add fields.
    pub size: usize,
    /// Least probability of a chosen label, 0 to 1, instead of the model's thresholds. Negative: the model's.
    pub threshold: f32,
    /// The `top` best labels, whatever the model's thresholds say; `threshold` still holds. 0: as the model's rule chooses.
    pub top: usize,
    /// Share of in-scope texts to let through, over 0 and at most 1, instead of the share given in training; 1 answers every
    /// text in which anything is known. 0: the model's.
    pub keep: f32,
    /// Cost of rejecting a text that has a label, that is, of asking back, 0 to 1, where a wrong action costs 1. A text is then
    /// rejected where that is cheaper on average. `keep` must be 0 with it. Negative: no cost is given.
    pub ask_back_cost: f32,
    /// Share of texts that belong to none of the labels, 0 to 1; answering one costs 1. Read only if `ask_back_cost` is not negative.
    pub foreign_share: f32,
}

/// Bytes of the first version of the struct, which ended with `keep`.
const FIRST_SIZE: usize = std::mem::offset_of!(IntentPredictOptions, keep) + size_of::<usize>();

/// What an answer comes from.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntentSource {
    /// The network alone.
    Network = 0,
    /// A keyword rule, and the network behind it.
    Rule = 1,
}

impl From<Source> for IntentSource {
    fn from(source: Source) -> Self {
        match source {
            Source::Network => IntentSource::Network,
            Source::Rule => IntentSource::Rule,
        }
    }
}

/// What was decided about a text.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct IntentDecision {
    /// How many labels were chosen, which may be more than fit; 0 exactly when the text is rejected.
    pub count: usize,
    /// Number of the model that answered: 1 for the first, one more with each swap. Label indices are those of this model; they
    /// stay the same in later ones until a label is removed or merged.
    pub model_version: u64,
    /// What the labels come from.
    pub source: IntentSource,
}

/// The options that C means; NULL means the default.
///
/// # Safety
/// `options` is NULL or points to a struct of as many bytes as its first field says.
pub(super) unsafe fn predict_options(
    options: *const IntentPredictOptions,
) -> Result<PredictOptions, Failure> {
    if options.is_null() {
        return Ok(PredictOptions::default());
    }
    // SAFETY: every version of the struct starts with its size, and only that is read before it is known.
    let (size, known) = (unsafe { options.cast::<usize>().read() }, size_of::<IntentPredictOptions>());
    if size != known && size != FIRST_SIZE {
        let next = "start from INTENT_PREDICT_OPTIONS_INIT, and use the header that came with the library";
        return Err(Failure::invalid(format!("`options->size` is {size}, it must be {known}; {next}")));
    }
    // SAFETY: both versions begin with these fields.
    let (threshold, top, keep) = unsafe { ((*options).threshold, (*options).top, (*options).keep) };
    let cost = if size == known {
        // SAFETY: it has the size of ours.
        let (ask_back, foreign) = unsafe { ((*options).ask_back_cost, (*options).foreign_share) };
        if ask_back < 0.0 { None } else { Some(Cost { ask_back, foreign }) }
    } else {
        None
    };
    let options = PredictOptions {
        threshold: if threshold < 0.0 { None } else { Some(threshold) },
        top: if top == 0 { None } else { Some(top) },
        keep: if keep == 0.0 { None } else { Some(keep) },
        cost,
    };
    options.check()?;
    Ok(options)
}

/// Chooses the labels of a text, best first. Allocates nothing and takes no lock, unless it fails; the first prediction of a thread may
/// allocate a few bytes for it.
///
/// A text is rejected when it holds nothing known, when its best score is under the rejection threshold, or when no label reaches
/// its threshold: `*count_out` is 0 then, and only then.
///
/// @param classifier  A classifier. Not NULL. Any number of threads may predict with one at once.
/// @param text        UTF-8, not NUL-terminated, up to INTENT_MAX_TEXT_BYTES. May be NULL when the length is 0.
/// @param text_length Bytes of `text`.
/// @param options     What to ask for. NULL for the model's own rule.
/// @param labels_out  Room for `capacity` labels; the best are written. May be NULL when the capacity is 0.
/// @param capacity    Number of labels that fit. 1 suffices for a single-label model without `top`.
/// @param count_out   Receives how many labels were chosen, which may be more than fit; that is no error. Not NULL.
/// @param error_out   Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, TEXT_TOO_LONG, NO_VECTORIZER or PANICKED. Results are written
///         only on success.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_predict(
    classifier: *const IntentClassifier,
    text: *const u8,
    text_length: usize,
    options: *const IntentPredictOptions,
    labels_out: *mut Scored,
    capacity: usize,
    count_out: *mut usize,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    boundary(error_out, || {
        let out = Out::new(count_out, "count_out")?;
        // SAFETY: upheld by the header.
        let decided = unsafe { predict(classifier, text, text_length, options, labels_out, capacity) }?;
        // SAFETY: the header asks for a writable place.
        unsafe { out.write(decided.count) };
        Ok(())
    })
}

/// As intent_predict(), and says besides which model answered and whether a keyword rule did.
///
/// @param classifier   As for intent_predict().
/// @param text         As for intent_predict().
/// @param text_length  As for intent_predict().
/// @param options      As for intent_predict().
/// @param labels_out   As for intent_predict().
/// @param capacity     As for intent_predict().
/// @param decision_out Receives what was decided. Not NULL.
/// @param error_out    Optional. Written only on failure.
/// @return As intent_predict().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_predict_from(
    classifier: *const IntentClassifier,
    text: *const u8,
    text_length: usize,
    options: *const IntentPredictOptions,
    labels_out: *mut Scored,
    capacity: usize,
    decision_out: *mut IntentDecision,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    boundary(error_out, || {
        let out = Out::new(decision_out, "decision_out")?;
        // SAFETY: upheld by the header.
        let decided = unsafe { predict(classifier, text, text_length, options, labels_out, capacity) }?;
        let (count, model_version, source) = (decided.count, decided.version, decided.source.into());
        // SAFETY: the header asks for a writable place.
        unsafe { out.write(IntentDecision { count, model_version, source }) };
        Ok(())
    })
}

/// # Safety
/// As the header asks of `intent_predict`.
unsafe fn predict(
    classifier: *const IntentClassifier,
    text: *const u8,
    text_length: usize,
    options: *const IntentPredictOptions,
    labels_out: *mut Scored,
    capacity: usize,
) -> Result<Decided, Failure> {
    // SAFETY: the header asks for a classifier that has not been freed.
    let live = unsafe { object(classifier, "classifier") }?.live();
    // SAFETY: the header asks for `text_length` bytes.
    let text = unsafe { phrase(text, text_length, "text") }?;
    // SAFETY: the header asks for options that start with their size.
    let options = unsafe { predict_options(options) }?;
    // SAFETY: the header asks for room for `capacity` labels; any bytes are a `Scored`.
    let room = unsafe { slice_mut(labels_out, capacity, "labels_out") }?;
    Ok(live.predict_into(text, &options, room)?)
}

/// Chooses the labels of many texts, on all cores; 256 and fewer are answered on the calling thread, and so are all where the system gives no
/// threads. The answers are those of intent_predict().
///
/// @param classifier A classifier. Not NULL.
/// @param texts      Array of `text_count` texts, up to INTENT_MAX_TEXT_BYTES bytes each. May be NULL when the count is 0.
/// @param text_count Number of texts.
/// @param options    What to ask for, the same for all. NULL for the model's own rule.
/// @param labels_out Room for `text_count` times `capacity` labels: those of text i start at labels_out[i * capacity]. May
///                   be NULL when there is none.
/// @param capacity   Number of labels that fit for each text.
/// @param counts_out Array of `text_count` places: how many labels were chosen for each text, which may be more than
///                   fit. May be NULL when the count is 0.
/// @param error_out  Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, TEXT_TOO_LONG, NO_VECTORIZER or PANICKED. All texts are
///         checked first: results are written only when all of them can be answered (but PANICKED may leave some written).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_predict_batch(
    classifier: *const IntentClassifier,
    texts: *const IntentText,
    text_count: usize,
    options: *const IntentPredictOptions,
    labels_out: *mut Scored,
    capacity: usize,
    counts_out: *mut usize,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    boundary(error_out, || {
        // SAFETY: the header asks for a classifier that has not been freed.
        let live = unsafe { object(classifier, "classifier") }?.live();
        // SAFETY: the header asks for `text_count` texts.
        let texts = unsafe { slice(texts, text_count, "texts") }?;
        let texts = texts
            .iter()
            .enumerate()
            // SAFETY: the header asks for each text's bytes.
            .map(|(i, text)| unsafe { text.phrase(format_args!("texts[{i}]")) })
            .collect::<Result<Vec<&str>, Failure>>()?;
        // SAFETY: the header asks for options that start with their size.
        let options = unsafe { predict_options(options) }?;
        let total = text_count
            .checked_mul(capacity)
            .ok_or_else(|| Failure::invalid("`text_count` times `capacity` is more than memory can hold"))?;
        // SAFETY: the header asks for room for `capacity` labels a text; any bytes are a `Scored`.
        let room = unsafe { slice_mut(labels_out, total, "labels_out") }?;
        // SAFETY: the header asks for a place for each text; any bytes are a `usize`.
        let counts = unsafe { slice_mut(counts_out, text_count, "counts_out") }?;
        live.current().model().vectorizer().ok_or(Error::NoVectorizer)?;
        live.predict_batch_into(&texts, &options, room, capacity, counts)?;
        Ok(())
    })
}

/// Most clauses that a text is cut into.
pub const INTENT_MAX_CLAUSES: usize = 32;

// The header wants the number itself.
const _: () = assert!(INTENT_MAX_CLAUSES == MAX_CLAUSES);

/// Writes the features of a text as a whole. A classifier that learned to cut texts into clauses predicts from one vector for
/// each clause instead: see intent_vectorize_rows().
///
/// @param classifier   A classifier. Not NULL.
/// @param text         As for intent_predict().
/// @param text_length  Bytes of `text`.
/// @param features_out Room for INTENT_FEATURES floats, which receives a vector of unit length, or zeros when nothing in the
///                     text is known. Not NULL. Written only on success.
/// @param error_out    Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, TEXT_TOO_LONG, NO_VECTORIZER or PANICKED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_vectorize(
    classifier: *const IntentClassifier,
    text: *const u8,
    text_length: usize,
    features_out: *mut f32,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    boundary(error_out, || {
        // SAFETY: the header asks for a classifier that has not been freed.
        let classifier = unsafe { object(classifier, "classifier") }?.get();
        // SAFETY: the header asks for `text_length` bytes.
        let text = unsafe { phrase(text, text_length, "text") }?;
        let out = Out::new(features_out.cast::<FeatureVector>(), "features_out")?;
        let features = classifier.vectorize(text)?;
        // SAFETY: the header asks for room for that many floats.
        unsafe { out.write(features) };
        Ok(())
    })
}

/// Writes the features of each clause of a text in which anything is known: the first half of intent_predict(). A classifier
/// that cuts no texts writes one row at most, that of intent_vectorize().
///
/// @param classifier   A classifier. Not NULL.
/// @param text         As for intent_predict().
/// @param text_length  Bytes of `text`.
/// @param rows_out     Room for `capacity` rows of INTENT_FEATURES floats, each of unit length. May be NULL when there is none.
/// @param capacity     Number of rows that fit; INTENT_MAX_CLAUSES always suffice.
/// @param count_out    Receives the number of rows, which may be more than fit; that is no error, the first are written. 0 when
///                     nothing in the text is known. Not NULL.
/// @param error_out    Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, TEXT_TOO_LONG, NO_VECTORIZER or PANICKED. Results are written
///         only on success.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_vectorize_rows(
    classifier: *const IntentClassifier,
    text: *const u8,
    text_length: usize,
    rows_out: *mut f32,
    capacity: usize,
    count_out: *mut usize,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    boundary(error_out, || {
        // SAFETY: the header asks for a classifier that has not been freed.
        let classifier = unsafe { object(classifier, "classifier") }?.get();
        // SAFETY: the header asks for `text_length` bytes.
        let text = unsafe { phrase(text, text_length, "text") }?;
        // SAFETY: the header asks for room for `capacity` rows; a row is an array of floats, and any bytes are one.
        let rows = unsafe { slice_mut(rows_out.cast::<FeatureVector>(), capacity, "rows_out") }?;
        let out = Out::new(count_out, "count_out")?;
        let count = classifier.vectorize_rows(text, rows)?;
        // SAFETY: the header asks for a writable place.
        unsafe { out.write(count) };
        Ok(())
    })
}

/// Chooses labels for feature vectors, one for each clause of a text: the second half of intent_predict(). With the rows of
/// intent_vectorize_rows() the answer is that of intent_predict(), bit for bit. Vectors of zeros say nothing; where there
/// is no other the text is rejected.
///
/// @param classifier A classifier. Not NULL.
/// @param rows       `row_count` times INTENT_FEATURES finite floats up to a million, each row best of unit length. May be NULL
///                   when the count is 0.
/// @param row_count  Number of rows.
/// @param options    As for intent_predict().
/// @param labels_out As for intent_predict().
/// @param capacity   As for intent_predict().
/// @param count_out  As for intent_predict(). Not NULL.
/// @param error_out  Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT, INVALID_ARGUMENT or PANICKED. Results are written only on success.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_predict_features(
    classifier: *const IntentClassifier,
    rows: *const f32,
    row_count: usize,
    options: *const IntentPredictOptions,
    labels_out: *mut Scored,
    capacity: usize,
    count_out: *mut usize,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    boundary(error_out, || {
        // SAFETY: the header asks for a classifier that has not been freed.
        let classifier = unsafe { object(classifier, "classifier") }?.get();
        // SAFETY: the header asks for that many floats; a vector is an array of floats, aligned as they are.
        let rows = unsafe { slice(rows.cast::<FeatureVector>(), row_count, "rows") }?;
        // SAFETY: the header asks for options that start with their size.
        let options = unsafe { predict_options(options) }?;
        // SAFETY: the header asks for room for `capacity` labels; any bytes are a `Scored`.
        let room = unsafe { slice_mut(labels_out, capacity, "labels_out") }?;
        let out = Out::new(count_out, "count_out")?;
        let count = classifier.predict_features(rows, &options, room)?;
        // SAFETY: the header asks for a writable place.
        unsafe { out.write(count) };
        Ok(())
    })
}
