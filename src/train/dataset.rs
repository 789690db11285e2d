//! Examples → numbers, once before training: label indices, n-gram bags, the held-out lines.

use super::options::Recipe;
use super::transfer::Transfer;
use crate::error::{Error, Result};
use crate::lexicon::Lexicon;
use crate::network::MAX_LABELS;
use crate::simd::DIMENSIONS;
use crate::text::filter::Filter;
use crate::text::ngrams::{self, Kind, NgramSettings, Piece, Words};
use crate::text::vocabulary::Vocabulary;
use crate::vectorizer::FeatureVector;
use std::collections::{HashMap, HashSet};

/// What the lines of a data set are made of.
#[derive(Debug, Clone)]
pub enum Inputs<'a> {
    /// Texts to be read by a vectorizer that is trained with the network.
    Texts(Vec<&'a str>),
    /// Feature vectors that the caller made.
    Features(&'a [FeatureVector]),
}

impl Default for Inputs<'_> {
    fn default() -> Self {
        Inputs::Texts(vec![])
    }
}

impl Inputs<'_> {
    /// Number of lines.
    pub fn len(&self) -> usize {
        match self {
            Inputs::Texts(texts) => texts.len(),
            Inputs::Features(rows) => rows.len(),
        }
    }

    /// Whether there is no line.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Rows of the table with the weight of each in one text.
pub(crate) type Bag = Vec<(u32, f32)>;

/// [`ngrams::for_each_piece`], compiled once for all of this file: only a prediction's is worth a copy of its own.
pub(crate) fn for_each_piece(
    text: &str,
    settings: &NgramSettings,
    words: &Words<'_>,
    piece: &mut dyn FnMut(Piece<'_>),
) {
    ngrams::for_each_piece(text, settings, words, piece);
}

/// Single words, and nothing else.
const WORDS: NgramSettings =
    NgramSettings { words: 1, characters: false, word_weight: 1, character_weight: 1, evidence: false };

/// The labels of all lines as indices.
pub(crate) struct Targets {
    pub(crate) names: Vec<String>,
    pub(crate) of_line: Vec<Vec<u32>>,
}

impl Targets {
    /// The labels in `first` are numbered first, the others in the order of their first line.
    pub(crate) fn new<'a>(
        first: &'a [String],
        lines: impl Iterator<Item = &'a [&'a str]>,
    ) -> Result<Targets> {
        let mut index: HashMap<&str, u32> = HashMap::new();
        let (mut names, mut of_line) = (vec![], vec![]);
        for label in first {
            let next = names.len() as u32;
            index.entry(label).or_insert_with(|| {
                names.push(label.clone());
                next
            });
        }
        for labels in lines {
            let mut line = vec![];
            for &label in labels {
                let next = names.len() as u32;
                let id = *index.entry(label).or_insert_with(|| {
                    names.push(label.to_owned());
                    next
                });
                if !line.contains(&id) {
                    line.push(id);
                }
            }
            of_line.push(line);
        }
        if of_line.is_empty() {
            return Err(Error::Training("there are no examples to train on".into()));
        }
        if of_line.iter().all(Vec::is_empty) {
            return Err(Error::Training("no example has a label; a classifier needs at least one".into()));
        }
        if names.len() > MAX_LABELS {
            let found = names.len();
            return Err(Error::Training(format!(
                "the examples have {found} labels; a model holds at most {MAX_LABELS}"
            )));
        }
        Ok(Targets { names, of_line })
    }

    /// The indices of other lines' labels; an unknown label gets a number that no label has.
    pub(crate) fn indices(&self, labels: &[&str]) -> Vec<u32> {
        let index =
            |label: &&str| self.names.iter().position(|name| name == label).map_or(u32::MAX, |i| i as u32);
        labels.iter().map(index).collect()
    }
}

/// Inverse document frequency of the table's rows, `ln((1 + n) / (1 + df)) + 1`; 0 for rows that no training text uses. A
/// clause counts as a document.
pub(crate) struct Frequencies {
    pub(crate) idf: Vec<f32>,
    /// Slots of the filter of known trigrams.
    pub(crate) known: Vec<u16>,
    /// Slots of the filter of frequent words; empty where all words are told apart.
    pub(crate) frequent: Vec<u16>,
    /// The words of the lexicon, if there is one; their rows are numbered on behind those of the table.
    pub(crate) transfer: Option<Transfer>,
    /// Hashes of the joiners that the texts are cut at.
    pub(crate) joiners: Vec<u64>,
}

/// Slots of the filter of the words that stand in at least `least` different clauses.
fn frequent_words(texts: &[&str], lines: &[usize], joiners: &[u64], least: u32) -> Vec<u16> {
    let mut seen: HashSet<Vec<u64>> = HashSet::new();
    let mut counts: HashMap<u64, u32> = HashMap::new();
    let mut clause = vec![];
    for &line in lines {
        for_each_piece(
            texts[line],
            &WORDS,
            &Words { joiners, ..Words::default() },
            &mut |piece| match piece {
                Piece::Ngrams(Kind::Words, hashes) => clause.extend(hashes),
                Piece::Ngrams(..) | Piece::Lexicon(_) => {}
                Piece::ClauseEnd => {
                    clause.sort_unstable();
                    clause.dedup();
                    let clause = std::mem::take(&mut clause);
                    if !seen.contains(&clause) {
                        clause.iter().for_each(|&word| *counts.entry(word).or_default() += 1);
                        seen.insert(clause);
                    }
                }
            },
        );
    }
    Filter::build(counts.into_iter().filter(|(_, count)| *count >= least).map(|(word, _)| word).collect())
}

/// Calls `clause` with the (row, weight) of the n-grams of each clause, without inverse document frequency, sorted by row. The
/// rows of the lexicon are numbered on behind those of the table. Pushes onto `seen` what the filter of known n-grams is to hold.
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
    /// Reads the texts of the lines named by `lines`, cut at the joiners with these hashes.
    pub(crate) fn new(
        texts: &[&str],
        lines: &[usize],
        recipe: &Recipe,
        joiners: &[u64],
        lexicon: Option<&Lexicon>,
    ) -> Frequencies {
        let mut documents = vec![0u32; 1 << recipe.row_bits];
        let frequent = match recipe.rare_below {
            0 => vec![],
            least => frequent_words(texts, lines, joiners, least),
        };
        let words = Words { joiners, frequent: Filter::new(&frequent), lexicon: None };
        let (mut trigrams, mut clauses) = (vec![], 0u32);
        for &line in lines {
            for_each_clause(texts[line], recipe, words, Some(&mut trigrams), |bag| {
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
            transfer: lexicon.and_then(|lexicon| Transfer::new(lexicon, texts, lines, joiners)),
            joiners: joiners.to_vec(),
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
        Words { joiners: &self.joiners, frequent: Filter::new(&self.frequent), lexicon }
    }

    /// Multiplies a clause's entries by what their rows count. Returns the length of the n-grams' part and of the lexicon's.
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

    /// The bags of a text's clauses: TF-IDF weights of unit length over the rows that training uses, and those of the lexicon
    /// beside them, longer or shorter. One at least, which is empty for a text without words.
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
    /// A bag for each clause of a line.
    Bags(Vec<Vec<Bag>>),
    Features(&'a [FeatureVector]),
}

/// Checks feature rows: finite, and not of a size that float32 sums can't hold.
pub(crate) fn check_features(rows: &[FeatureVector]) -> Result<()> {
    for (i, row) in rows.iter().enumerate() {
        if let Some(j) = (0..DIMENSIONS).find(|&j| !row[j].is_finite() || row[j].abs() > 1e6) {
            let value = row[j];
            return Err(Error::invalid(format!(
                "feature row {i} holds {value} at place {j}; features are finite numbers up to a million, best of unit length"
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(lines: &[&[&str]]) -> Targets {
        Targets::new(&[], lines.iter().copied()).unwrap()
    }

    #[test]
    fn labels_keep_the_order_of_their_first_appearance() {
        let t = targets(&[&["b"], &[], &["a", "b", "a"], &["c"]]);
        assert_eq!(t.names, ["b", "a", "c"]);
        assert_eq!(t.of_line, [vec![0], vec![], vec![1, 0], vec![2]]);
    }

    #[test]
    fn no_examples_and_no_labels_are_errors_in_a_sentence() {
        let none: [&[&str]; 0] = [];
        assert!(Targets::new(&[], none.into_iter()).err().unwrap().to_string().contains("no examples"));
        assert!(
            Targets::new(&[], [&[][..], &[]].into_iter())
                .err()
                .unwrap()
                .to_string()
                .contains("no example has a label")
        );
    }

    #[test]
    fn more_labels_than_a_model_holds_are_refused_with_both_numbers() {
        let names: Vec<String> = (0..=MAX_LABELS).map(|i| format!("label{i}")).collect();
        let lines: Vec<[&str; 1]> = names.iter().map(|n| [n.as_str()]).collect();
        let message = Targets::new(&[], lines.iter().map(|l| &l[..])).err().unwrap().to_string();
        assert!(message.contains("16385") && message.contains("16384"), "{message}");
    }

    #[test]
    fn features_that_are_no_numbers_are_refused_with_their_place() {
        let mut rows = [[0.0; DIMENSIONS]; 3];
        check_features(&rows).unwrap();
        rows[2][5] = f32::NAN;
        assert!(check_features(&rows).unwrap_err().to_string().contains("row 2 holds NaN at place 5"));
    }
}
