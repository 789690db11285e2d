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
    /// Joiners, frequent words and the words of the lexicon; none of them for most models.
    pub words: Words<'a>,
    /// Where those have their rows.
    pub lexicon: LexiconRows<'a>,
}

/// The rows of the words that have one of their own besides those of their n-grams. The default is for none.
#[derive(Clone, Copy, Default)]
pub struct LexiconRows<'a> {
    /// Rows of 256.
    pub rows: &'a [i8],
    /// How often each counts.
    pub weight: i32,
}

/// Row numbers waiting to be added: long enough to amortise the kernel's call, short enough to stay in the first cache.
struct Pending {
    rows: [u32; 128],
    count: usize,
    weight: i32,
}

impl Pending {
    fn new(weight: u8) -> Self {
        Pending { rows: [0; 128], count: 0, weight: i32::from(weight) }
    }

    #[inline]
    fn push(&mut self, row: u32, table: &[i8], sums: &mut [i32; DIMENSIONS]) {
        self.rows[self.count] = row;
        self.count += 1;
        if self.count == self.rows.len() {
            self.flush(table, sums);
        }
    }

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
        self.rows(text, Words { joiners: &[], ..self.words }, |row| *features = *row);
    }

    /// Calls `row` with the features of each clause of `text` in which anything is known, at most [`ngrams::MAX_CLAUSES`]. A
    /// model without joiners has one: that of [`Vectorizer::vectorize`].
    pub fn for_each_row(&self, text: &str, row: impl FnMut(&FeatureVector)) {
        self.rows(text, self.words, row);
    }

    fn rows(&self, text: &str, words_read: Words<'_>, mut row: impl FnMut(&FeatureVector)) {
        let bits = (self.table.len() / DIMENSIONS).trailing_zeros();
        let mut features = [0.0; DIMENSIONS];
        let mut sums = [0i32; DIMENSIONS];
        let mut words = Pending::new(self.settings.word_weight);
        let mut characters = Pending::new(self.settings.character_weight);
        let mut known = false;
        ngrams::for_each_piece(text, self.settings, words_read, |piece| match piece {
            Piece::Ngram(Kind::Words, hash) => words.push(ngrams::row(hash, bits), self.table, &mut sums),
            Piece::Ngram(kind, hash) => {
                known = known || (kind == Kind::Trigram && self.known.contains(hash));
                if self.settings.characters {
                    characters.push(ngrams::row(hash, bits), self.table, &mut sums);
                }
            }
            // A lexicon knows words that the training data doesn't hold.
            Piece::Lexicon(row) => {
                known = true;
                simd::add_rows(&mut sums, self.lexicon.rows, &[row], self.lexicon.weight);
            }
            Piece::ClauseEnd => {
                words.flush(self.table, &mut sums);
                characters.flush(self.table, &mut sums);
                if known {
                    simd::normalise(&sums, &mut features);
                    row(&features);
                }
                sums.fill(0);
                known = false;
            }
        });
    }
}
