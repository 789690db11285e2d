//! Examples → numbers, once before training: label indices, n-gram bags, the held-out lines.

use super::options::Recipe;
use super::random::{Purpose, Random};
use crate::error::{Error, Result};
use crate::network::MAX_LABELS;
use crate::simd::DIMENSIONS;
use crate::text::filter::Filter;
use crate::text::ngrams::{self, Kind};
use crate::vectorizer::FeatureVector;
use std::collections::HashMap;

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
pub(super) type Bag = Vec<(u32, f32)>;

/// The labels of all lines as indices.
pub(super) struct Targets {
    pub(super) names: Vec<String>,
    pub(super) of_line: Vec<Vec<u32>>,
}

impl Targets {
    pub(super) fn new<'a>(lines: impl Iterator<Item = &'a [&'a str]>) -> Result<Targets> {
        let mut index: HashMap<&str, u32> = HashMap::new();
        let (mut names, mut of_line) = (vec![], vec![]);
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
        if names.is_empty() {
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
    pub(super) fn indices(&self, labels: &[&str]) -> Vec<u32> {
        let index =
            |label: &&str| self.names.iter().position(|name| name == label).map_or(u32::MAX, |i| i as u32);
        labels.iter().map(index).collect()
    }

    /// Indices of lines to hold out: about a tenth of each label's lines, at least one where a label has two. A label's only
    /// line is never held out, and neither are lines without labels: nothing is measured on them.
    pub(super) fn holdout(&self, seed: u64) -> Vec<usize> {
        let mut left = vec![0usize; self.names.len()];
        self.of_line.iter().flatten().for_each(|&label| left[label as usize] += 1);
        let mut quota: Vec<usize> = left.iter().map(|&n| if n < 2 { 0 } else { (n / 10).max(1) }).collect();
        let mut order: Vec<usize> = (0..self.of_line.len()).collect();
        Random::new(seed, Purpose::Holdout).shuffle(&mut order);
        let mut held: Vec<usize> = order
            .into_iter()
            .filter(|&i| {
                let line = &self.of_line[i];
                let free = line.iter().all(|&label| quota[label as usize] > 0 && left[label as usize] > 1);
                if free {
                    for &label in line {
                        quota[label as usize] -= 1;
                        left[label as usize] -= 1;
                    }
                }
                free && !line.is_empty()
            })
            .collect();
        held.sort_unstable();
        held
    }

    /// Names of the labels that stand in one line only.
    pub(super) fn lone(&self) -> Vec<&str> {
        let mut count = vec![0usize; self.names.len()];
        self.of_line.iter().flatten().for_each(|&label| count[label as usize] += 1);
        self.names.iter().zip(count).filter(|(_, n)| *n == 1).map(|(name, _)| name.as_str()).collect()
    }
}

/// Inverse document frequency of the table's rows, `ln((1 + n) / (1 + df)) + 1`; 0 for rows that no training text uses.
pub(super) struct Frequencies {
    pub(super) idf: Vec<f32>,
    /// Slots of the filter of known trigrams.
    pub(super) known: Vec<u16>,
}

/// Hashes of one text's n-grams as (row, weight), without inverse document frequency.
fn counts(text: &str, recipe: &Recipe, trigrams: Option<&mut Vec<u64>>, bag: &mut Bag) {
    bag.clear();
    let settings = &recipe.ngrams;
    let mut seen = trigrams;
    ngrams::for_each_ngram(text, settings, |kind, hash| {
        let weight = match kind {
            Kind::Words => settings.word_weight,
            _ => settings.character_weight,
        };
        if kind == Kind::Trigram
            && let Some(seen) = seen.as_deref_mut()
        {
            seen.push(hash);
        }
        if kind == Kind::Words || settings.characters {
            bag.push((ngrams::row(hash, recipe.row_bits), f32::from(weight)));
        }
    });
    bag.sort_unstable_by_key(|entry| entry.0);
    bag.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 += next.1;
        }
        same
    });
}

impl Frequencies {
    /// Reads the texts of the lines named by `lines`.
    pub(super) fn new(texts: &[&str], lines: &[usize], recipe: &Recipe) -> Frequencies {
        let mut documents = vec![0u32; 1 << recipe.row_bits];
        let (mut trigrams, mut bag) = (vec![], vec![]);
        for &line in lines {
            counts(texts[line], recipe, Some(&mut trigrams), &mut bag);
            bag.iter().for_each(|entry| documents[entry.0 as usize] += 1);
            if trigrams.len() > 1 << 20 {
                trigrams.sort_unstable();
                trigrams.dedup();
            }
        }
        let n = lines.len() as f64;
        let idf = |&df: &u32| {
            if df == 0 { 0.0 } else { (libm::log((1.0 + n) / (1.0 + f64::from(df))) + 1.0) as f32 }
        };
        Frequencies { idf: documents.iter().map(idf).collect(), known: Filter::build(trigrams) }
    }

    /// The bag of a text: TF-IDF weights of unit length over the rows that training uses.
    pub(super) fn bag(&self, text: &str, recipe: &Recipe) -> Bag {
        let mut bag = vec![];
        counts(text, recipe, None, &mut bag);
        bag.retain_mut(|(row, weight)| {
            *weight *= self.idf[*row as usize];
            *weight > 0.0
        });
        let norm = bag.iter().map(|(_, weight)| weight * weight).sum::<f32>().sqrt();
        bag.iter_mut().for_each(|(_, weight)| *weight /= norm);
        bag
    }
}

/// The lines that the network is trained on.
pub(super) enum Samples<'a> {
    Bags(Vec<Bag>),
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
        Targets::new(lines.iter().copied()).unwrap()
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
        assert!(Targets::new(none.into_iter()).err().unwrap().to_string().contains("no examples"));
        assert!(
            Targets::new([&[][..], &[]].into_iter())
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
        let message = Targets::new(lines.iter().map(|l| &l[..])).err().unwrap().to_string();
        assert!(message.contains("16385") && message.contains("16384"), "{message}");
    }

    #[test]
    fn a_tenth_of_each_label_is_held_out_and_a_lone_line_never() {
        let mut lines: Vec<&[&str]> = vec![&["many"]; 200];
        lines.extend([&["few"][..]; 4]);
        lines.extend([&["lone"][..], &["pair"], &["pair"], &["lone2", "many"]]);
        let t = targets(&lines);
        let held = t.holdout(7);
        let count = |name: &str| {
            let id = t.names.iter().position(|n| n == name).unwrap() as u32;
            held.iter().filter(|&&i| t.of_line[i].contains(&id)).count()
        };
        assert_eq!(
            (count("many"), count("few"), count("pair"), count("lone"), count("lone2")),
            (20, 1, 1, 0, 0)
        );
        assert_eq!(t.lone(), ["lone", "lone2"]);
        assert_eq!(held, t.holdout(7));
        assert_ne!(held, t.holdout(8));
    }

    #[test]
    fn features_that_are_no_numbers_are_refused_with_their_place() {
        let mut rows = [[0.0; DIMENSIONS]; 3];
        check_features(&rows).unwrap();
        rows[2][5] = f32::NAN;
        assert!(check_features(&rows).unwrap_err().to_string().contains("row 2 holds NaN at place 5"));
    }
}
