//! Converts texts to bags of n-grams: the embedding-table rows that a clause uses, with weights.

use super::clauses::{for_each_clause_words, for_each_piece};
use super::options::Recipe;
use super::transfer::Transfer;
use crate::lexicon::Lexicon;
use crate::text::filter::Filter;
use crate::text::ngrams::{self, Kind, Piece, Words};
use crate::text::vocabulary::Vocabulary;
use crate::vectorizer::FeatureVector;
use std::collections::{HashMap, HashSet};

/// Rows of the embedding table with their weights in one text.
pub(crate) type Bag = Vec<(u32, f32)>;

/// Inverse document frequencies of the rows of the embedding table, `ln((1 + n) / (1 + df)) + 1`; 0
/// for rows that no training text uses. Each clause counts as a document.
pub(crate) struct Frequencies {
    pub(crate) idf: Vec<f32>,
    /// Slots of the filter of known trigrams.
    pub(crate) known: Vec<u16>,
    /// Slots of the filter of frequent words; empty if all words are distinguished.
    pub(crate) frequent: Vec<u16>,
    /// The words of the lexicon, if any. Their rows are numbered after those of the embedding
    /// table.
    pub(crate) transfer: Option<Transfer>,
    /// Hashes of the clause separators that split the texts.
    pub(crate) separators: Vec<u64>,
    /// Hashes of the symbols that count as words.
    pub(crate) symbols: Vec<u64>,
}

/// Returns the slots of the filter of words that occur in at least `least` distinct clauses.
fn frequent_words(texts: &[&str], lines: &[usize], words: &Words<'_>, least: u32) -> Vec<u16> {
    let mut seen: HashSet<Vec<u64>> = HashSet::new();
    let mut counts: HashMap<u64, u32> = HashMap::new();
    for_each_clause_words(texts, lines, words, |clause| {
        if !seen.contains(clause) {
            clause.iter().for_each(|&word| *counts.entry(word).or_default() += 1);
            seen.insert(clause.to_vec());
        }
    });
    Filter::build(counts.into_iter().filter(|(_, count)| *count >= least).map(|(word, _)| word).collect())
}

/// Calls `clause` with the (row, weight) of each clause's n-grams, without inverse document
/// frequency, sorted by row. Rows of the lexicon are numbered after those of the embedding table.
/// Pushes the n-grams for the filter of known ones to `seen`.
pub(crate) fn for_each_clause(
    text: &str,
    recipe: &Recipe,
    words: Words<'_>,
    mut seen: Option<&mut Vec<u64>>,
    mut clause: impl FnMut(&mut Bag),
) {
    let settings = &recipe.ngrams;
    let (mut bag, mut word) = (Bag::new(), 0);
    for_each_piece(text, settings, &words, &mut |piece| match piece {
        Piece::Ngrams(kind, hashes) => {
            let weight = if kind == Kind::Words { settings.word_weight } else { settings.character_weight };
            match (kind, seen.as_deref_mut()) {
                (Kind::Words, _) => word = hashes[0],
                (Kind::Trigram, Some(seen)) => {
                    seen.extend(hashes);
                    seen.extend(Some(word).filter(|&word| settings.evidence && word != ngrams::RARE));
                }
                _ => {}
            }
            if kind == Kind::Words || settings.characters {
                let row = |&hash: &u64| (ngrams::row(hash, recipe.row_bits), f32::from(weight));
                bag.extend(hashes.iter().map(row));
            }
        }
        Piece::Lexicon(row) => bag.push(((1 << recipe.row_bits) + row, 1.0)),
        Piece::ClauseEnd => {
            bag.sort_unstable_by_key(|entry| entry.0);
            bag.dedup_by(|next, kept| {
                let same = next.0 == kept.0;
                if same {
                    kept.1 += next.1;
                }
                same
            });
            clause(&mut bag);
            bag.clear();
        }
    });
}

impl Frequencies {
    /// Reads the texts of `lines`. `words` has the separators and symbols.
    pub(crate) fn new(
        texts: &[&str],
        lines: &[usize],
        recipe: &Recipe,
        words: Words<'_>,
        lexicon: Option<&Lexicon>,
    ) -> Frequencies {
        let mut documents = vec![0u32; 1 << recipe.row_bits];
        let frequent = match recipe.rare_below {
            0 => vec![],
            least => frequent_words(texts, lines, &words, least),
        };
        let with_frequent = Words { frequent: Filter::new(&frequent), ..words };
        let (mut trigrams, mut clauses) = (vec![], 0u32);
        for &line in lines {
            for_each_clause(texts[line], recipe, with_frequent, Some(&mut trigrams), |bag| {
                clauses += 1;
                bag.iter().for_each(|entry| documents[entry.0 as usize] += 1);
            });
            if trigrams.len() > 1 << 20 {
                trigrams.sort_unstable();
                trigrams.dedup();
            }
        }
        let n = f64::from(clauses);
        let idf = |&df: &u32| {
            if df == 0 { 0.0 } else { (libm::log((1.0 + n) / (1.0 + f64::from(df))) + 1.0) as f32 }
        };
        let mut frequencies = Frequencies {
            idf: documents.iter().map(idf).collect(),
            known: Filter::build(trigrams),
            frequent,
            transfer: lexicon.and_then(|lexicon| Transfer::new(lexicon, texts, lines, &words)),
            separators: words.separators.to_vec(),
            symbols: words.symbols.to_vec(),
        };
        if let Some(mut transfer) = frequencies.transfer.take() {
            let mut lengths = vec![];
            for &line in lines {
                for_each_clause(texts[line], recipe, frequencies.words(Some(&transfer)), None, |bag| {
                    lengths.push(frequencies.weigh(bag, Some(&transfer)));
                });
            }
            transfer.balance(lengths.into_iter());
            frequencies.transfer = Some(transfer);
        }
        frequencies
    }

    pub(crate) fn words<'a>(&'a self, transfer: Option<&'a Transfer>) -> Words<'a> {
        let lexicon = transfer.and_then(|transfer| Vocabulary::new(&transfer.words));
        Words {
            separators: &self.separators,
            symbols: &self.symbols,
            frequent: Filter::new(&self.frequent),
            lexicon,
        }
    }

    /// Multiplies a clause's entries by the weights of their rows. Returns the lengths of the
    /// n-grams' part and of the lexicon's.
    fn weigh(&self, bag: &mut Bag, transfer: Option<&Transfer>) -> (f32, f32) {
        let (table, transfer) = (self.idf.len(), transfer.map_or(&[][..], |transfer| &transfer.weights));
        bag.retain_mut(|(row, weight)| {
            let row = *row as usize;
            *weight *= if row < table { self.idf[row] } else { transfer[row - table] };
            *weight > 0.0
        });
        let (ngrams, words) = bag.split_at(bag.partition_point(|&(row, _)| (row as usize) < table));
        let length = |part: &[(u32, f32)]| part.iter().map(|(_, weight)| weight * weight).sum::<f32>().sqrt();
        (length(ngrams), length(words))
    }

    /// Returns the bags of a text's clauses: TF-IDF weights of unit length over the rows that
    /// training uses, and those of the lexicon, which may be longer or shorter. At least one bag;
    /// it is empty for a text without words.
    pub(crate) fn bags(&self, text: &str, recipe: &Recipe) -> Vec<Bag> {
        let mut bags = vec![];
        let transfer = self.transfer.as_ref();
        for_each_clause(text, recipe, self.words(transfer), None, |bag| {
            let (norm, _) = self.weigh(bag, transfer);
            bag.iter_mut().for_each(|(_, weight)| *weight /= norm);
            bags.push(bag.clone());
        });
        if bags.is_empty() {
            bags.push(vec![]);
        }
        bags
    }
}

/// The lines that the network is trained on.
pub(crate) enum Samples<'a> {
    /// One bag per clause of a line.
    Bags(Vec<Vec<Bag>>),
    Features(&'a [FeatureVector]),
}
