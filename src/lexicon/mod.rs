//! Word vectors trained elsewhere, for training with few examples: words that the examples lack get
//! a meaning from the vectors of similar words.
//!
//! Only training needs a lexicon; a model contains the rows of the words that matter to it. Words
//! are split as by `text::for_each_word`. Vectors are reduced to 256
//! dimensions as they are read.

mod model2vec;
mod reduce;
mod tokenizer;
mod vectors;

use crate::error::{Error, Result};
use crate::shape::DIMENSIONS;
use crate::simd;
use crate::text::ngrams::token_hash;
use crate::text::{Token, for_each_token};
use crate::threads;
use reduce::{Reduction, to_unit};
use std::collections::HashMap;
use std::fmt::{self, Debug, Formatter};
use std::path::Path;

/// Maximum number of dimensions of the vectors read.
pub const MAX_WIDTH: usize = 2048;

/// Maximum number of words. Files are sorted by frequency, and the rest of a longer file is not
/// read.
pub const MAX_WORDS: usize = 1 << 20;

/// Number of words, from the first on, that the reduction is fitted on.
const SAMPLE: usize = 20_000;

/// Maximum number of values buffered before the reduction: 64 MB, but never fewer than 1024
/// vectors.
const WAITING: usize = 16 << 20;

/// Words with vectors of 256 dimensions, most frequent first.
#[derive(Clone, PartialEq)]
pub struct Lexicon {
    /// Index of each word by its [`token_hash`].
    numbers: HashMap<u64, u32>,
    hashes: Vec<u64>,
    /// Int8 rows of 256, each scaled on its own: only directions are kept.
    rows: Vec<i8>,
    width: usize,
}

impl Debug for Lexicon {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "Lexicon({} words of {} numbers)", self.len(), self.width)
    }
}

impl Lexicon {
    /// Makes a lexicon of words and their vectors: `width` values per word, row by row, with a
    /// `width` of 2 to [`MAX_WIDTH`].
    ///
    /// Ignores entries that are not exactly one word, vectors of zeros, and all but the first of
    /// equal words.
    ///
    /// # Errors
    /// Fails with [`Error::InvalidArgument`] if `vectors` doesn't have `words.len() * width`
    /// values, if a value is not finite or over a million, or if no word is left.
    pub fn new<W: AsRef<str>>(words: &[W], vectors: &[f32], width: usize) -> Result<Lexicon> {
        let mut builder =
            Builder::new(width).map_err(|fault| Error::invalid(format!("a lexicon's vectors {fault}")))?;
        if words.len().checked_mul(width) != Some(vectors.len()) {
            return Err(Error::invalid(format!(
                "a lexicon of {} words of {width} numbers was given {} numbers",
                words.len(),
                vectors.len()
            )));
        }
        for (i, (word, vector)) in words.iter().zip(vectors.chunks(width)).enumerate() {
            builder
                .add(word.as_ref(), vector)
                .map_err(|fault| Error::invalid(format!("word {i} of the lexicon: {fault}")))?;
        }
        threads::with(0, || builder.finish()).ok_or_else(|| {
            Error::invalid(format!("none of the lexicon's {} entries is a word with a vector", words.len()))
        })
    }

    /// Reads a lexicon, of at most [`MAX_WORDS`] words, in one of these formats:
    ///
    /// - a text file of vectors: word2vec's and fastText's `.vec`, which start with a line of two
    ///   numbers, or GloVe's, which don't;
    /// - the folder of a Model2Vec model, or of a sentence-transformers model with static
    ///   embeddings: `model.safetensors` and `tokenizer.json`, in this folder or in the one that
    ///   its `modules.json` names.
    ///
    /// # Errors
    /// Fails with [`Error::Io`] if it can't be read, with [`Error::Data`], naming the line, for an
    /// invalid text file, and with [`Error::Lexicon`], naming the file, for any other fault.
    pub fn load(path: impl AsRef<Path>) -> Result<Lexicon> {
        let path = path.as_ref();
        let (builder, entries) = if path.is_dir() { model2vec::read(path)? } else { vectors::read(path)? };
        threads::with(0, || builder.finish())
            .ok_or_else(|| fault(path, format!("none of its {entries} entries is a word with a vector")))
    }

    /// Number of words, at least 1.
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Always false: a lexicon has at least one word.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// Returns the index of the word with this `token_hash`, if any.
    pub fn find(&self, hash: u64) -> Option<usize> {
        self.numbers.get(&hash).map(|&number| number as usize)
    }

    /// Returns the `token_hash` of a word by its index.
    ///
    /// # Panics
    /// Panics if `number` is not less than [`Lexicon::len`].
    pub fn hash(&self, number: usize) -> u64 {
        self.hashes[number]
    }

    /// Returns a word's vector, at unit norm.
    ///
    /// # Panics
    /// Panics if `number` is not less than [`Lexicon::len`].
    pub fn vector(&self, number: usize) -> [f32; DIMENSIONS] {
        let row = &self.rows[number * DIMENSIONS..(number + 1) * DIMENSIONS];
        let (mut sums, mut vector) = ([0i32; DIMENSIONS], [0.0; DIMENSIONS]);
        sums.iter_mut().zip(row).for_each(|(sum, &value)| *sum = i32::from(value));
        simd::normalise(&sums, &mut vector);
        vector
    }
}

fn fault(path: &Path, message: String) -> Error {
    Error::Lexicon { origin: path.display().to_string(), message }
}

/// Returns the hash of an entry's word, or `None` if the entry is not exactly one word.
fn only_word(entry: &str) -> Option<u64> {
    let (mut hash, mut tokens) = (None, 0);
    for_each_token(entry, |token| {
        tokens += 1;
        if let Token::Word(word) = token {
            hash = Some(token_hash(word.text()));
        }
    });
    hash.filter(|_| tokens == 1)
}

/// Adds words one by one and keeps only their rows of 256 bytes.
struct Builder {
    width: usize,
    numbers: HashMap<u64, u32>,
    hashes: Vec<u64>,
    rows: Vec<i8>,
    /// Vectors of unit norm that wait for their reduction, and the hashes of their words.
    waiting: Vec<f32>,
    waiting_hashes: Vec<u64>,
    reduction: Option<Reduction>,
    unit: Vec<f32>,
}

impl Builder {
    fn new(width: usize) -> Result<Builder, String> {
        if !(2..=MAX_WIDTH).contains(&width) {
            return Err(format!("have {width} numbers each; 2 to {MAX_WIDTH} are read"));
        }
        Ok(Builder {
            width,
            numbers: HashMap::new(),
            hashes: vec![],
            rows: vec![],
            waiting: vec![],
            waiting_hashes: vec![],
            reduction: None,
            unit: vec![],
        })
    }

    /// Returns true if no more words fit.
    fn is_full(&self) -> bool {
        self.numbers.len() >= MAX_WORDS
    }

    fn add(&mut self, entry: &str, vector: &[f32]) -> Result<(), String> {
        if let Some(place) = vector.iter().position(|value| !value.is_finite() || value.abs() > 1e6) {
            let value = vector[place];
            return Err(format!("number {} is {value}; expected a finite number up to a million", place + 1));
        }
        let Some(hash) = only_word(entry) else { return Ok(()) };
        self.unit.clear();
        self.unit.extend_from_slice(vector);
        if self.is_full() || self.numbers.contains_key(&hash) || !to_unit(&mut self.unit) {
            return Ok(());
        }
        self.numbers.insert(hash, 0);
        self.waiting_hashes.push(hash);
        self.waiting.extend_from_slice(&self.unit);
        let most = if self.reduction.is_some() { 1024 } else { SAMPLE.min((WAITING / self.width).max(1024)) };
        if self.waiting_hashes.len() >= most {
            self.flush();
        }
        Ok(())
    }

    fn flush(&mut self) {
        let reduction = self.reduction.get_or_insert_with(|| Reduction::new(&self.waiting, self.width));
        let rows = reduction.rows(&self.waiting);
        for (row, &hash) in rows.chunks(DIMENSIONS).zip(&self.waiting_hashes) {
            let largest = row.iter().fold(0.0f32, |a, b| a.max(b.abs()));
            // A vector equal to the mean has no direction.
            if largest < 1e-6 {
                self.numbers.remove(&hash);
                continue;
            }
            self.numbers.insert(hash, self.hashes.len() as u32);
            self.hashes.push(hash);
            self.rows.extend(row.iter().map(|value| (value * (127.0 / largest)).round() as i8));
        }
        self.waiting.clear();
        self.waiting_hashes.clear();
    }

    /// Returns the lexicon, or `None` if it has no words.
    fn finish(mut self) -> Option<Lexicon> {
        if !self.waiting_hashes.is_empty() {
            self.flush();
        }
        let Builder { numbers, hashes, rows, width, .. } = self;
        (!hashes.is_empty()).then_some(Lexicon { numbers, hashes, rows, width })
    }
}

#[cfg(test)]
mod tests;
