//! Word vectors that somebody trained elsewhere, as a help where examples are few: words that the examples lack, but that lie
//! near their words, then mean something as well.
//!
//! A lexicon is needed in training only; a model holds the rows of the words that matter to it. Words are those of
//! `text::for_each_word`, vectors are reduced to 256 dimensions while they are read.

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

/// Widest vectors that are read.
pub const MAX_WIDTH: usize = 2048;

/// Words that are kept at most; files stand in the order of frequency, and what comes behind these is not read.
pub const MAX_WORDS: usize = 1 << 20;

/// Words that the reduction is learned from, the first ones.
const SAMPLE: usize = 20_000;

/// Numbers that wait for their reduction at most, 64 MB of them; never less than 1024 vectors.
const WAITING: usize = 16 << 20;

/// Words with vectors of 256 dimensions, the most frequent first.
#[derive(Clone, PartialEq)]
pub struct Lexicon {
    /// Number of each word by its [`token_hash`].
    numbers: HashMap<u64, u32>,
    hashes: Vec<u64>,
    /// Rows of 256 that keep directions only.
    rows: Vec<i8>,
    width: usize,
}

impl Debug for Lexicon {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "Lexicon({} words of {} numbers)", self.len(), self.width)
    }
}

impl Lexicon {
    /// Takes words with their vectors, `width` numbers each, row after row, 2 to [`MAX_WIDTH`]. Entries that are not exactly
    /// one word are left out, as are vectors of zeros; the first of equal words wins.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for numbers that aren't as many as they must be or not finite, and when no word is left.
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

    /// Reads a text file of vectors (word2vec's and fastText's `.vec`, with their first line of two numbers, or GloVe's without)
    /// or the folder of a Model2Vec model or of a sentence-transformers model with static embeddings (`model.safetensors` and
    /// `tokenizer.json`, in this folder or in the one that its `modules.json` names). At most [`MAX_WORDS`] words are kept.
    ///
    /// # Errors
    /// [`Error::Io`] when it can't be read, [`Error::Data`] naming the line of a text file, [`Error::Lexicon`] naming the file
    /// for everything else.
    pub fn load(path: impl AsRef<Path>) -> Result<Lexicon> {
        let path = path.as_ref();
        let (builder, entries) = if path.is_dir() { model2vec::read(path)? } else { vectors::read(path)? };
        threads::with(0, || builder.finish())
            .ok_or_else(|| fault(path, format!("none of its {entries} entries is a word with a vector")))
    }

    /// Number of words.
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Whether there is no word; there always is one.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// The number of the word with this `token_hash`.
    pub fn find(&self, hash: u64) -> Option<usize> {
        self.numbers.get(&hash).map(|&number| number as usize)
    }

    /// The `token_hash` of a word by its number.
    ///
    /// # Panics
    /// When there is no such word.
    pub fn hash(&self, number: usize) -> u64 {
        self.hashes[number]
    }

    /// A word's vector, of unit length.
    ///
    /// # Panics
    /// When there is no such word.
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

/// The word that an entry is; `None` if it is not exactly one, or holds marks.
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

/// Takes words one after the other and holds no more of them than their rows of 256 bytes.
struct Builder {
    width: usize,
    numbers: HashMap<u64, u32>,
    hashes: Vec<u64>,
    rows: Vec<i8>,
    /// Vectors of unit length whose reduction is still to come, and their words.
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

    /// Whether no further word is taken.
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
            // The mean itself has no direction.
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

    /// The lexicon, unless it has no word.
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
