//! Chooses the words of a lexicon that go into a model, and their weights.
//!
//! All words of the training lines go in. Of the others, those go in that are frequent and similar
//! to one of them: texts in use contain such words instead. Their rows are not trained, since few
//! examples would change only the rows of their own words. A word's weight is a power of its
//! inverse document frequency; one common factor balances lexicon and n-grams in a text.

use super::clauses::for_each_clause_words;
use crate::lexicon::Lexicon;
use crate::shape::DIMENSIONS;
use crate::simd::{self, Matrix, Product};
use crate::text::ngrams::Words;
use crate::text::vocabulary::{MAX_WORDS, Vocabulary};
use std::collections::HashMap;

/// Maximum number of words that are not in the training lines.
const OTHERS: usize = 8_000;

/// Number of the lexicon's words, from the first on, among which these are chosen: it is sorted by
/// frequency, and rare words seldom occur.
const CANDIDATES: usize = 60_000;

/// Penalty on the cosine per e-fold drop in frequency rank. A lexicon is sorted by frequency, so a
/// word's rank is its index plus `FIRST`. Choosing by the cosine alone costs .01 of AUROC, since
/// inflections of known words win.
const RARITY: f32 = 0.1;
const FIRST: f64 = 100.0;

/// Maximum number of words of the training lines to search neighbours of, most frequent first.
const CENTRES: usize = 4_000;

/// A word in a larger share of the clauses, and in more than `FEW`, says little about any of them,
/// and its neighbours say less.
const COMMON: f64 = 0.05;
const FEW: f64 = 10.0;

/// The weight of a word is its inverse document frequency to this power.
const DAMPING: f64 = 0.7;

/// Ratio of the lexicon's norm in a text to that of its n-grams, before these are trained.
const SHARE: f64 = 8.0;

/// The chosen words of a lexicon.
pub(crate) struct Transfer {
    /// Rows of 256 with unit norm.
    pub(crate) rows: Vec<f32>,
    /// The weight of each row.
    pub(crate) weights: Vec<f32>,
    /// Slots of the [`Vocabulary`] of the words.
    pub(crate) words: Vec<u32>,
}

/// Returns the number of clauses that contain each word, and the number of clauses.
fn document_frequencies(texts: &[&str], lines: &[usize], words: &Words<'_>) -> (HashMap<u64, u32>, u32) {
    let (mut frequencies, mut clauses): (HashMap<u64, u32>, u32) = (HashMap::new(), 0);
    for_each_clause_words(texts, lines, words, |words| {
        words.iter().for_each(|&word| *frequencies.entry(word).or_default() += 1);
        clauses += 1;
    });
    (frequencies, clauses)
}

/// Returns the number of distinct words of the texts, and how many of them the lexicon has.
pub(crate) fn overlap(lexicon: &Lexicon, texts: &[&str]) -> (usize, usize) {
    let lines: Vec<usize> = (0..texts.len()).collect();
    let (words, _) = document_frequencies(texts, &lines, &Words::default());
    (words.len(), words.keys().filter(|&&word| lexicon.find(word).is_some()).count())
}

impl Transfer {
    /// Chooses words for the texts of the given lines. Returns `None` if the lexicon has none of
    /// their words.
    pub(crate) fn new(
        lexicon: &Lexicon,
        texts: &[&str],
        lines: &[usize],
        words: &Words<'_>,
    ) -> Option<Transfer> {
        let (frequencies, clauses) = document_frequencies(texts, lines, words);
        // In lexicon order, with the number of clauses that contain each.
        let mut met: Vec<(usize, u32)> =
            frequencies.iter().filter_map(|(&word, &count)| Some((lexicon.find(word)?, count))).collect();
        met.sort_unstable();
        met.truncate(MAX_WORDS - OTHERS);
        if met.is_empty() {
            return None;
        }
        let others = neighbours(lexicon, &met, clauses);
        let numbers = || met.iter().copied().chain(others.iter().map(|&number| (number, 0)));
        let weight = |(_, count): (usize, u32)| {
            let idf = libm::log((1.0 + f64::from(clauses)) / (1.0 + f64::from(count))) + 1.0;
            libm::pow(idf, DAMPING) as f32
        };
        let hashes: Vec<u64> = numbers().map(|(number, _)| lexicon.hash(number)).collect();
        Some(Transfer {
            rows: numbers().flat_map(|(number, _)| lexicon.vector(number)).collect(),
            weights: numbers().map(weight).collect(),
            words: Vocabulary::build(&hashes),
        })
    }

    /// Scales all weights by one factor. `lengths` has for each clause the norm of its n-grams'
    /// weights and that of its words'.
    pub(crate) fn balance(&mut self, lengths: impl Iterator<Item = (f32, f32)>) {
        let (mut sum, mut count) = (0.0, 0.0);
        for (ngrams, words) in lengths.filter(|&(_, words)| words > 0.0) {
            sum += f64::from(ngrams) / f64::from(words);
            count += 1.0;
        }
        if count > 0.0 {
            let factor = SHARE * sum / count;
            self.weights.iter_mut().for_each(|weight| *weight = (f64::from(*weight) * factor) as f32);
        }
    }
}

/// Returns the frequent words outside the training lines that are similar to one in them, in
/// lexicon order.
fn neighbours(lexicon: &Lexicon, met: &[(usize, u32)], clauses: u32) -> Vec<usize> {
    let common = (COMMON * f64::from(clauses)).max(FEW);
    let mut centres: Vec<(usize, u32)> =
        met.iter().filter(|(_, count)| f64::from(*count) <= common).copied().collect();
    centres.sort_by_key(|&(number, count)| (std::cmp::Reverse(count), number));
    centres.truncate(CENTRES);
    let is_met = |number: &usize| met.binary_search_by_key(number, |&(number, _)| number).is_ok();
    let candidates: Vec<usize> =
        (0..lexicon.len()).filter(|number| !is_met(number)).take(CANDIDATES).collect();
    if centres.is_empty() {
        return vec![];
    }
    let centres: Vec<f32> = centres.iter().flat_map(|&(number, _)| lexicon.vector(number)).collect();
    let across = Matrix { data: &centres, row_stride: 1, column_stride: DIMENSIONS };
    let width = centres.len() / DIMENSIONS;
    let mut nearest: Vec<(f32, usize)> = vec![];
    for block in candidates.chunks(512) {
        let rows: Vec<f32> = block.iter().flat_map(|&number| lexicon.vector(number)).collect();
        let mut cosines = vec![0.0; block.len() * width];
        let rows = Matrix { data: &rows, row_stride: DIMENSIONS, column_stride: 1 };
        let product = Product { a: rows, b: across, columns: width, inner: DIMENSIONS, accumulate: false };
        simd::matmul(product, &mut cosines, rayon::current_num_threads());
        let largest = cosines.chunks(width).map(|cosines| cosines.iter().copied().fold(f32::MIN, f32::max));
        let rarity = |number: usize| RARITY * libm::log(FIRST + number as f64) as f32;
        nearest.extend(largest.zip(block).map(|(cosine, &number)| (cosine - rarity(number), number)));
    }
    nearest.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    nearest.truncate(OTHERS);
    let mut numbers: Vec<usize> = nearest.into_iter().map(|(_, number)| number).collect();
    numbers.sort_unstable();
    numbers
}
