//! Splits examples into folds for cross-validation.

use super::Example;
use crate::error::{Error, Result};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use twox_hash::XxHash3_64;

/// Maximum number of folds: more would take too long.
const MOST: usize = 100;

/// Which examples are tested in which fold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folds {
    /// The fold in which each example is tested, from 0. `None` for an example that is always
    /// trained on.
    pub of_example: Vec<Option<usize>>,
    /// Labels with a single example, sorted. The example is always trained on: a model tested on it
    /// would not know the label.
    pub lone: Vec<String>,
}

impl Folds {
    /// Splits examples into `count` folds. Each fold gets its share of every label's examples and
    /// of those without labels. The same examples and seed give the same folds on every machine.
    ///
    /// The rarest labels are assigned first, each example to the fold with the fewest examples of
    /// that label so far (after Sechidis, Tsoumakas and Vlahavas, 2011).
    ///
    /// # Errors
    /// Fails with [`Error::InvalidArgument`] unless `count` is 2 to 100 and there are at least as
    /// many labelled examples to split.
    pub fn new(examples: &[Example], count: usize, seed: u64) -> Result<Folds> {
        if !(2..=MOST).contains(&count) {
            return Err(Error::invalid(format!("`folds` is {count}; it must be from 2 to {MOST}")));
        }
        // `None` stands for no label and is assigned like a label.
        let labels: Vec<BTreeSet<Option<&str>>> = examples
            .iter()
            .map(|example| {
                let labels = example.labels.iter().map(|label| Some(label.as_str()));
                if example.labels.is_empty() { BTreeSet::from([None]) } else { labels.collect() }
            })
            .collect();
        let mut examples_of: BTreeMap<Option<&str>, Vec<usize>> = BTreeMap::new();
        for (i, labels) in labels.iter().enumerate() {
            labels.iter().for_each(|&label| examples_of.entry(label).or_default().push(i));
        }
        let is_lone = |label: &Option<&str>| label.is_some() && examples_of[label].len() == 1;
        let spread: Vec<bool> = labels.iter().map(|labels| !labels.iter().any(is_lone)).collect();
        let lone: Vec<String> = examples_of
            .keys()
            .filter(|label| is_lone(label))
            .flatten()
            .map(|label| label.to_string())
            .collect();
        let labelled =
            spread.iter().zip(examples).filter(|(spread, e)| **spread && !e.labels.is_empty()).count();
        if labelled < count {
            return Err(Error::invalid(format!(
                "`folds` is {count}, but there are {labelled} examples to spread over them (labelled, and without \
                 a label that has only one example); use fewer folds, or give more examples"
            )));
        }

        let mut groups: Vec<(Option<&str>, Vec<usize>)> = examples_of.into_iter().collect();
        groups.sort_by_key(|(label, group)| (label.is_none(), group.len()));
        let mut of_example = vec![None; examples.len()];
        let mut dealt: HashMap<Option<&str>, Vec<usize>> = HashMap::new();
        let mut sizes = vec![0usize; count];
        for (label, mut group) in groups {
            // Shuffles: the order of the hashes is the same on every machine.
            group.sort_by_key(|i| Reverse(XxHash3_64::oneshot_with_seed(seed, &(*i as u64).to_le_bytes())));
            for i in group {
                if !spread[i] || of_example[i].is_some() {
                    continue;
                }
                let so_far =
                    |label: &Option<&str>, part: usize| dealt.get(label).map_or(0, |parts| parts[part]);
                let fullness = |&part: &usize| {
                    let others: usize = labels[i].iter().map(|label| so_far(label, part)).sum();
                    (so_far(&label, part), others, sizes[part])
                };
                let Some(part) = (0..count).min_by_key(fullness) else { continue };
                of_example[i] = Some(part);
                sizes[part] += 1;
                for &label in &labels[i] {
                    dealt.entry(label).or_insert_with(|| vec![0; count])[part] += 1;
                }
            }
        }
        Ok(Folds { of_example, lone })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examples(lines: &[(&str, usize)]) -> Vec<Example> {
        let mut examples = vec![];
        for (names, count) in lines {
            let labels: Vec<&str> = names.split('|').filter(|name| !name.is_empty()).collect();
            examples.extend((0..*count).map(|i| Example::new(i.to_string(), labels.iter().copied())));
        }
        examples
    }

    /// Number of examples with exactly these labels in each fold.
    fn counts(examples: &[Example], folds: &Folds, count: usize, labels: &str) -> Vec<usize> {
        let of = |part| {
            let both = examples.iter().zip(&folds.of_example);
            both.filter(|(e, of)| e.labels.join("|") == labels && **of == Some(part)).count()
        };
        (0..count).map(of).collect()
    }

    #[test]
    fn every_part_has_its_share_of_every_label_and_of_lines_without() {
        let examples = examples(&[("a", 20), ("b", 7), ("", 12), ("c|d", 5)]);
        let folds = Folds::new(&examples, 5, 1).unwrap();
        assert_eq!(counts(&examples, &folds, 5, "a"), [4; 5]);
        assert_eq!(counts(&examples, &folds, 5, "c|d"), [1; 5]);
        for (labels, least) in [("b", 1), ("", 2)] {
            let counts = counts(&examples, &folds, 5, labels);
            assert!(counts.iter().all(|&n| n == least || n == least + 1), "{labels}: {counts:?}");
        }
        assert!(folds.of_example.iter().all(Option::is_some) && folds.lone.is_empty());
    }

    #[test]
    fn labels_that_come_in_many_sets_are_spread_all_the_same() {
        let examples = examples(&[("a|b", 9), ("b|c", 9), ("a|c", 9), ("a|b|c", 9), ("a", 9), ("b", 9)]);
        let folds = Folds::new(&examples, 3, 1).unwrap();
        for label in ["a", "b", "c"] {
            let has = |e: &Example| e.labels.iter().any(|own| own == label);
            let all = examples.iter().filter(|e| has(e)).count();
            for part in 0..3 {
                let here = examples
                    .iter()
                    .zip(&folds.of_example)
                    .filter(|(e, of)| has(e) && **of == Some(part))
                    .count();
                assert!(here.abs_diff(all / 3) <= 2, "{label}: {here} of {all} in part {part}");
            }
        }
    }

    #[test]
    fn both_examples_of_a_label_with_two_are_never_in_one_part() {
        let names: Vec<String> = (0..40).map(|i| format!("label {i}")).collect();
        let examples = examples(&names.iter().map(|name| (name.as_str(), 2)).collect::<Vec<_>>());
        let folds = Folds::new(&examples, 5, 7).unwrap();
        assert!(folds.of_example.chunks(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn a_label_with_one_example_is_always_trained_on() {
        let examples = examples(&[("a", 4), ("z|a", 1), ("b", 1)]);
        let folds = Folds::new(&examples, 2, 1).unwrap();
        assert_eq!(folds.lone, ["b", "z"]);
        assert_eq!(folds.of_example[4..], [None, None]);
        assert_eq!(counts(&examples, &folds, 2, "a"), [2, 2]);
    }

    #[test]
    fn the_seed_decides_and_nothing_else() {
        let examples = examples(&[("a", 20), ("b", 20)]);
        let folds = |seed| Folds::new(&examples, 5, seed).unwrap();
        assert_eq!(folds(1), folds(1));
        assert_ne!(folds(1), folds(2));
    }

    #[test]
    fn too_few_or_too_many_parts_are_refused() {
        let some = examples(&[("a", 3), ("b", 1), ("", 9)]);
        for (count, expected) in
            [(0, "`folds` is 0"), (1, "from 2 to 100"), (101, "`folds` is 101"), (4, "there are 3 examples")]
        {
            let message = Folds::new(&some, count, 1).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
        }
        assert!(Folds::new(&some, 3, 1).is_ok());
        assert!(Folds::new(&[], 2, 1).is_err());
    }
}
