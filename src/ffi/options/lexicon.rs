//! Pretrained word vectors.

use super::super::arguments::{IntentText, slice, texts};
use super::super::error::{Failure, IntentError};
use super::super::status::IntentStatus;
use super::{IntentOptions, with_options};
use crate::Lexicon;
use std::sync::Arc;

/// Sets a lexicon: word vectors from elsewhere, such as those of Apple's NLEmbedding. Replaces an
/// earlier lexicon. None by default.
///
/// A lexicon helps when examples are few. The model stores the vectors that it needs, so that the
/// lexicon is not needed after training.
///
/// @param options    Options. Must not be NULL.
/// @param words      Array of `count` texts, the most frequent first, copied. A text that is not
///                   exactly one word is ignored. Of equal words the first counts. May be NULL when
///                   the count is 0.
/// @param count      Number of words. 0 removes the lexicon.
/// @param vectors    `count` * `dimensions` finite numbers, row by row, copied. May be NULL when
///                   the count is 0.
/// @param dimensions Length of each vector, 2 to 2048. Ignored when the count is 0.
/// @param error_out  Optional. Receives the error on failure.
/// @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT or TEXT_TOO_LONG.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_options_set_lexicon(
    options: *mut IntentOptions,
    words: *const IntentText,
    count: usize,
    vectors: *const f32,
    dimensions: usize,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe {
        with_options(options, error_out, |options| {
            if count == 0 {
                options.train.lexicon = None;
                return Ok(());
            }
            let numbers = count.checked_mul(dimensions).ok_or_else(|| {
                Failure::invalid(format!(
                    "{count} words of {dimensions} numbers are more than memory can hold"
                ))
            })?;
            let words = texts(words, count, "words")?;
            let vectors = slice(vectors, numbers, "vectors")?;
            options.train.lexicon = Some(Arc::new(Lexicon::new(&words, vectors, dimensions)?));
            Ok(())
        })
    }
}

/// Sets a lexicon that is read from a file during this call, not when training starts. Replaces an
/// earlier lexicon. None by default.
///
/// Each line of the file has a word and its numbers, as in the .vec files of fastText and word2vec
/// and in GloVe files. A folder of a Model2Vec model, or of a sentence-transformers model with
/// static embeddings, works too.
///
/// @param options   Options. Must not be NULL.
/// @param path      Path of the file or folder. NULL with length 0 removes the lexicon.
/// @param error_out Optional. Receives the error on failure.
/// @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT, TEXT_TOO_LONG, BAD_DATA or IO.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_options_set_lexicon_file(
    options: *mut IntentOptions,
    path: IntentText,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe {
        with_options(options, error_out, |options| {
            let lexicon = path.optional_path("path")?.map(Lexicon::load).transpose()?;
            options.train.lexicon = lexicon.map(Arc::new);
            Ok(())
        })
    }
}
