//! Text → [`FeatureVector`]s: for each clause the sum of the table's rows for its n-grams, scaled to unit length.
//!
//! The inverse document frequency is folded into the rows, so the sum is a TF-IDF weighted, learned projection of all
//! n-grams. Rows are int8 with one scale for the whole table, which the scaling to unit length removes: the sum is one of
//! integers, exact and the same on every CPU.

use crate::simd::{self, DIMENSIONS};
use crate::text::filter::Filter;
use crate::text::ngrams::{self, Kind, NgramSettings, Piece, Words};

/// A text as numbers: 256 float32 of unit length, or all zeros when nothing in the text is known.
pub type FeatureVector = [f32; DIMENSIONS];

/// A borrowed table with what is needed to read texts through it. Cheap to make, usable on any number of threads.
#[derive(Clone, Copy)]
pub struct Vectorizer<'a> {
    /// Which n-grams are read.
    pub settings: &'a NgramSettings,
    /// Rows of 256; their number is a power of two.
    pub table: &'a [i8],
    /// The trigrams of the training data.
    pub known: Filter<'a>,
    /// Joiners and frequent words; neither for most models.
    pub words: Words<'a>,
}

/// Rows waiting to be added: long enough to amortise the kernel's call, short enough to stay in the first cache.
struct Pending {
    rows: [u32; 64],
    count: usize,
    weight: i32,
}

impl Pending {
    fn new(weight: u8) -> Self {
        Pending { rows: [0; 64], count: 0, weight: i32::from(weight) }
    }

    #[inline(always)]
    fn push(&mut self, row: u32, table: &[i8], sums: &mut [i32; DIMENSIONS]) {
        // While further n-grams are hashed, this one's row comes in from a cache that is far away.
        simd::prefetch_row(table, row);
        if self.count == self.rows.len() {
            self.flush(table, sums);
        }
        self.rows[self.count] = row;
        self.count += 1;
    }

    /// Out of line, so that the loops over n-grams stay small.
    #[inline(never)]
    fn flush(&mut self, table: &[i8], sums: &mut [i32; DIMENSIONS]) {
        simd::add_rows(sums, table, &self.rows[..self.count], self.weight);
        self.count = 0;
    }
}

impl Vectorizer<'_> {
    /// Writes the features of `text` as a whole, joiners included. All zeros when the text holds no n-gram of the training
    /// data: sums of unrelated rows would look like features and mean nothing.
    pub fn vectorize(&self, text: &str, features: &mut FeatureVector) {
        features.fill(0.0);
        self.rows(text, Words { joiners: &[], ..self.words }, &mut |row| *features = *row);
    }

    /// Calls `row` with the features of each clause of `text` in which anything is known, at most [`ngrams::MAX_CLAUSES`]. A
    /// model without joiners has one: that of [`Vectorizer::vectorize`].
    pub fn for_each_row(&self, text: &str, mut row: impl FnMut(&FeatureVector)) {
        self.rows(text, self.words, &mut row);
    }

    /// The loop that reads texts, compiled once: `row` is called once for a clause.
    fn rows(&self, text: &str, words_read: Words<'_>, row: &mut dyn FnMut(&FeatureVector)) {
        let bits = (self.table.len() / DIMENSIONS).trailing_zeros();
        let mut sums = [0i32; DIMENSIONS];
        let mut words = Pending::new(self.settings.word_weight);
        let mut characters = Pending::new(self.settings.character_weight);
        let mut known = false;
        ngrams::for_each_piece(text, self.settings, words_read, |piece| match piece {
            Piece::Ngrams(kind, hashes) => {
                if kind == Kind::Trigram && !known {
                    known = hashes.iter().any(|&hash| self.known.contains(hash));
                }
                let queue = match kind {
                    Kind::Words => &mut words,
                    Kind::Trigram | Kind::Fourgram if self.settings.characters => &mut characters,
                    Kind::Trigram | Kind::Fourgram => return,
                };
                for &hash in hashes {
                    queue.push(ngrams::row(hash, bits), self.table, &mut sums);
                }
            }
            Piece::ClauseEnd => {
                words.flush(self.table, &mut sums);
                characters.flush(self.table, &mut sums);
                if known {
                    let mut features = [0.0; DIMENSIONS];
                    simd::normalise(&sums, &mut features);
                    row(&features);
                }
                sums.fill(0);
                known = false;
            }
        });
    }
}
