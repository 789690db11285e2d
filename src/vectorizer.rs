//! Text → [`FeatureVector`]s: for each clause the sum of the table's rows for its n-grams, scaled to unit length.
//!
//! The inverse document frequency is folded into the rows, so the sum is a TF-IDF weighted, learned projection of all
//! n-grams. Rows are of integers with one scale for the whole table, which the scaling to unit length removes: the sum is one
//! of integers, exact and the same on every CPU.

use crate::shape::{DIMENSIONS, HALF};
use crate::simd;
use crate::text::filter::Filter;
use crate::text::ngrams::{self, Kind, NgramSettings, Piece, Words};

/// A text as numbers: 256 float32, or all zeros when nothing in the text is known. Of unit length when training has seen every word
/// of the text, and shorter the less of it is known.
pub type FeatureVector = [f32; DIMENSIONS];

/// Borrowed rows of [`DIMENSIONS`] integers.
#[derive(Debug, Clone, Copy)]
pub enum Table<'a> {
    /// One byte a number.
    Int8(&'a [i8]),
    /// Two numbers a byte, each 8 too large; see [`simd::add_int4_rows`].
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

    /// Adds `weight` times each of the named rows to `sums`.
    ///
    /// # Panics
    /// When a row number is past the end.
    pub fn add(&self, sums: &mut [i32; DIMENSIONS], rows: &[u32], weight: i32) {
        match self {
            Table::Int8(numbers) => simd::add_rows(sums, numbers, rows, weight),
            Table::Int4(bytes) => simd::add_int4_rows(sums, bytes, rows, weight),
        }
    }

    /// Asks for a row to be brought into the first cache; one past the end is ignored.
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

/// A borrowed table with what is needed to read texts through it. Cheap to make, usable on any number of threads.
#[derive(Clone, Copy)]
pub struct Vectorizer<'a> {
    /// Which n-grams are read.
    pub settings: &'a NgramSettings,
    /// A power of two of rows.
    pub table: Table<'a>,
    /// The trigrams of the training data, and its words where the settings ask for [`Evidence`].
    pub known: Filter<'a>,
    /// Clause separators, frequent words and the words of the lexicon; none of them for most models.
    pub words: Words<'a>,
    /// Where those have their rows.
    pub lexicon: LexiconRows<'a>,
}

/// How much of a clause training has seen. N-grams that it has not seen say nothing, yet they are part of the text: as in a TF-IDF
/// vector over all n-grams, the rest is shorter by what they take. Without that, a text that shares one group of letters with a training line
/// would look like that line.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Evidence {
    words: u32,
    known_words: u32,
    trigrams: u32,
    known_trigrams: u32,
}

impl Evidence {
    /// Takes in a word, and how many of its trigrams are known.
    #[inline(always)]
    pub(crate) fn word(&mut self, is_known: bool, trigrams: usize, known_trigrams: usize) {
        self.words += 1;
        self.known_words += u32::from(is_known);
        self.trigrams += trigrams as u32;
        self.known_trigrams += known_trigrams as u32;
    }

    /// Takes in further trigrams of the last word.
    pub(crate) fn trigrams(&mut self, count: u32, known: u32) {
        self.trigrams += count;
        self.known_trigrams += known;
    }

    /// Whether anything is known.
    #[inline(always)]
    pub(crate) fn any(&self) -> bool {
        self.known_trigrams > 0 || self.known_words > 0
    }

    /// The length of the features: the square root of the mean of two shares, that of known words and that of known trigrams.
    pub(crate) fn length(&self) -> f32 {
        let share = |known: u32, all: u32| known as f32 / all.max(1) as f32;
        (0.5 * (share(self.known_words, self.words) + share(self.known_trigrams, self.trigrams))).sqrt()
    }
}

/// The rows of the words that have one of their own besides those of their n-grams.
#[derive(Debug, Clone, Copy)]
pub struct LexiconRows<'a> {
    /// None for most models.
    pub rows: Table<'a>,
    /// How often each counts.
    pub weight: i32,
}

/// Rows waiting to be added: long enough to amortise the kernel's call, short enough to stay in the first cache.
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
        // While further n-grams are hashed, this one's row comes in from a cache that is far away.
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
    /// Writes the features of `text` as a whole, clause separators included. All zeros when the text holds no n-gram of the training
    /// data: sums of unrelated rows would look like features and mean nothing.
    pub fn vectorize(&self, text: &str, features: &mut FeatureVector) {
        features.fill(0.0);
        self.rows(text, &Words { separators: &[], ..self.words }, &mut |row| *features = *row);
    }

    /// Calls `row` with the features of each clause of `text` in which anything is known, at most [`ngrams::MAX_CLAUSES`]. A
    /// model without clause separators has one: that of [`Vectorizer::vectorize`].
    pub fn for_each_row(&self, text: &str, mut row: impl FnMut(&FeatureVector)) {
        self.rows(text, &self.words, &mut row);
    }

    /// The loop that reads texts, compiled once: `row` is called once for a clause.
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
                            // The trigrams of a word follow its n-grams of words, of which it is the first. Those of a known word are known.
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
            // A lexicon knows words that the training data doesn't hold.
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
