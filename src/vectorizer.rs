//! From text to [`FeatureVector`]s: for each clause, the sum of its n-grams' rows in the embedding
//! table, scaled to unit norm.
//!
//! The inverse document frequency is folded into the rows, so the sum is a TF-IDF weighted, learned
//! projection of all n-grams. Rows are integers with one scale for the whole table, which scaling
//! to unit norm cancels. The integer sum is exact and the same on every CPU.

use crate::shape::{DIMENSIONS, HALF};
use crate::simd;
use crate::text::filter::Filter;
use crate::text::ngrams::{self, Kind, NgramSettings, Piece, Words};

/// The features of a text: 256 float32, all zeros if nothing in the text is known. The L2 norm is 1
/// if training has seen every word of the text, and less if words or trigrams are unknown; see
/// [`NgramSettings::evidence`].
pub type FeatureVector = [f32; DIMENSIONS];

/// An embedding table: borrowed rows of [`DIMENSIONS`] integers.
#[derive(Debug, Clone, Copy)]
pub enum Table<'a> {
    /// One byte per value.
    Int8(&'a [i8]),
    /// Int4: two values per byte, each stored plus 8; see [`simd::add_int4_rows`].
    Int4(&'a [u8]),
}

impl Table<'_> {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        match self {
            Table::Int8(numbers) => numbers.len() / DIMENSIONS,
            Table::Int4(bytes) => bytes.len() / HALF,
        }
    }

    /// Adds `weight` times each of the given rows to `sums`.
    ///
    /// # Panics
    /// Panics if a row index is out of range.
    pub fn add(&self, sums: &mut [i32; DIMENSIONS], rows: &[u32], weight: i32) {
        match self {
            Table::Int8(numbers) => simd::add_rows(sums, numbers, rows, weight),
            Table::Int4(bytes) => simd::add_int4_rows(sums, bytes, rows, weight),
        }
    }

    /// Prefetches a row into the L1 cache. Ignores an index out of range.
    #[inline(always)]
    fn prefetch(&self, row: u32) {
        let row = row as usize;
        match self {
            Table::Int8(numbers) => {
                if let Some(row) = numbers.as_chunks::<DIMENSIONS>().0.get(row) {
                    simd::prefetch(row);
                }
            }
            Table::Int4(bytes) => {
                if let Some(row) = bytes.as_chunks::<HALF>().0.get(row) {
                    simd::prefetch(row);
                }
            }
        }
    }
}

/// Reads texts through a borrowed embedding table. Cheap to make; any number of threads may share
/// it.
#[derive(Clone, Copy)]
pub struct Vectorizer<'a> {
    /// Which n-grams are read, and their weights.
    pub settings: &'a NgramSettings,
    /// The embedding table. Its number of rows must be a power of two.
    pub table: Table<'a>,
    /// The trigrams of the training data, and also its words if [`NgramSettings::evidence`] is set.
    pub known: Filter<'a>,
    /// Clause separators, frequent words and the words of the lexicon. Empty for most models.
    pub words: Words<'a>,
    /// The rows of the lexicon's words.
    pub lexicon: LexiconRows<'a>,
}

/// How much of a clause training has seen.
///
/// Unknown n-grams carry no information but are part of the text: as in a TF-IDF vector over all
/// n-grams, they shorten the known part. Otherwise a text that shares one trigram with a training
/// line would look like that line.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Evidence {
    words: u32,
    known_words: u32,
    trigrams: u32,
    known_trigrams: u32,
}

impl Evidence {
    /// Counts a word, its trigrams and its known trigrams.
    #[inline(always)]
    pub(crate) fn word(&mut self, is_known: bool, trigrams: usize, known_trigrams: usize) {
        self.words += 1;
        self.known_words += u32::from(is_known);
        self.trigrams += trigrams as u32;
        self.known_trigrams += known_trigrams as u32;
    }

    /// Counts further trigrams of the last word.
    pub(crate) fn trigrams(&mut self, count: u32, known: u32) {
        self.trigrams += count;
        self.known_trigrams += known;
    }

    /// Returns true if anything is known.
    #[inline(always)]
    pub(crate) fn any(&self) -> bool {
        self.known_trigrams > 0 || self.known_words > 0
    }

    /// Returns the norm of the features: the square root of the mean of the shares of known words
    /// and known trigrams.
    pub(crate) fn length(&self) -> f32 {
        let share = |known: u32, all: u32| known as f32 / all.max(1) as f32;
        (0.5 * (share(self.known_words, self.words) + share(self.known_trigrams, self.trigrams))).sqrt()
    }
}

/// Rows of whole words, added to those of their n-grams.
#[derive(Debug, Clone, Copy)]
pub struct LexiconRows<'a> {
    /// The rows. Empty for most models.
    pub rows: Table<'a>,
    /// The weight of each row.
    pub weight: i32,
}

/// Rows to be added: enough to amortise the kernel's call, few enough for the L1 cache.
struct Pending<'a> {
    table: Table<'a>,
    weight: i32,
    rows: [u32; 64],
    count: usize,
}

impl<'a> Pending<'a> {
    fn new(table: Table<'a>, weight: i32) -> Self {
        Pending { table, weight, rows: [0; 64], count: 0 }
    }

    #[inline(always)]
    fn push(&mut self, row: u32, sums: &mut [i32; DIMENSIONS]) {
        // The row arrives from a far cache while the next n-grams are hashed.
        self.table.prefetch(row);
        if self.count == self.rows.len() {
            self.flush(sums);
        }
        self.rows[self.count] = row;
        self.count += 1;
    }

    /// Out of line, so that the loops over n-grams stay small.
    #[inline(never)]
    fn flush(&mut self, sums: &mut [i32; DIMENSIONS]) {
        if self.count > 0 {
            self.table.add(sums, &self.rows[..self.count], self.weight);
        }
        self.count = 0;
    }
}

impl Vectorizer<'_> {
    /// Writes the features of the whole `text`, clause separators included. Writes zeros if the
    /// text shares no n-gram with the training data: sums of unrelated rows would look like
    /// features and mean nothing.
    pub fn vectorize(&self, text: &str, features: &mut FeatureVector) {
        features.fill(0.0);
        self.rows(text, &Words { separators: &[], ..self.words }, &mut |row| *features = *row);
    }

    /// Calls `row` with the features of each clause of `text` in which anything is known, at most
    /// [`ngrams::MAX_CLAUSES`]. A model without clause separators has one row, as
    /// [`Vectorizer::vectorize`] gives it.
    pub fn for_each_row(&self, text: &str, mut row: impl FnMut(&FeatureVector)) {
        self.rows(text, &self.words, &mut row);
    }

    /// The loop that reads texts, compiled once: `row` is dynamic because it is called only once
    /// per clause.
    fn rows(&self, text: &str, words_read: &Words<'_>, row: &mut dyn FnMut(&FeatureVector)) {
        let bits = self.table.rows().trailing_zeros();
        let mut sums = [0i32; DIMENSIONS];
        let mut words = Pending::new(self.table, self.settings.word_weight.into());
        let mut characters = Pending::new(self.table, self.settings.character_weight.into());
        let mut lexicon = Pending::new(self.lexicon.rows, self.lexicon.weight);
        let (mut known, mut evidence, mut word, mut has_row) = (false, Evidence::default(), 0, false);
        ngrams::for_each_piece(text, self.settings, words_read, |piece| match piece {
            Piece::Ngrams(kind, hashes) => {
                if self.settings.evidence {
                    match kind {
                        Kind::Words => word = hashes[0],
                        Kind::Trigram => {
                            // The trigrams of a word follow its word n-grams, the first of which is
                            // the word itself. All trigrams of a known word are known.
                            let is_known = has_row || word != ngrams::RARE && self.known.contains(word);
                            let known = || hashes.iter().filter(|&&hash| self.known.contains(hash)).count();
                            evidence.word(
                                is_known,
                                hashes.len(),
                                if is_known { hashes.len() } else { known() },
                            );
                            has_row = false;
                        }
                        Kind::Fourgram => {}
                    }
                } else if kind == Kind::Trigram && !known {
                    known = hashes.iter().any(|&hash| self.known.contains(hash));
                }
                let queue = match kind {
                    Kind::Words => &mut words,
                    Kind::Trigram | Kind::Fourgram if self.settings.characters => &mut characters,
                    Kind::Trigram | Kind::Fourgram => return,
                };
                for &hash in hashes {
                    queue.push(ngrams::row(hash, bits), &mut sums);
                }
            }
            // A lexicon has words that the training data lacks.
            Piece::Lexicon(row) => {
                (known, has_row) = (true, true);
                lexicon.push(row, &mut sums);
            }
            Piece::ClauseEnd => {
                [&mut words, &mut characters, &mut lexicon]
                    .into_iter()
                    .for_each(|queue| queue.flush(&mut sums));
                if known || evidence.any() {
                    let mut features = [0.0; DIMENSIONS];
                    simd::normalise(&sums, &mut features);
                    let length = if self.settings.evidence { evidence.length() } else { 1.0 };
                    if length < 1.0 {
                        features.iter_mut().for_each(|feature| *feature *= length);
                    }
                    row(&features);
                }
                sums.fill(0);
                (known, evidence, has_row) = (false, Evidence::default(), false);
            }
        });
    }
}
