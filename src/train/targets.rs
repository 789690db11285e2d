//! Converts label names to indices.

use crate::error::{Error, Result};
use crate::network::MAX_LABELS;
use std::collections::HashMap;

/// The labels of all lines as indices.
pub(crate) struct Targets {
    pub(crate) names: Vec<String>,
    pub(crate) of_line: Vec<Vec<u32>>,
}

impl Targets {
    /// Numbers the labels in `first` first, then the others in the order of their first line.
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

    /// Returns the indices of other lines' labels. Unknown labels get an index that no label has.
    pub(crate) fn indices(&self, labels: &[&str]) -> Vec<u32> {
        let index =
            |label: &&str| self.names.iter().position(|name| name == label).map_or(u32::MAX, |i| i as u32);
        labels.iter().map(index).collect()
    }
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
}
