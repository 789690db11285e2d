//! Checks a change before anything is changed: labels, texts and counts.

use super::{Change, Learner, place};
use crate::data::Example;
use crate::error::{Error, Result};
use crate::network::MAX_LABELS;
use crate::rules;
use crate::text::MAX_TEXT_BYTES;

impl Learner {
    /// Checks that a change can be made.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if a label name is invalid, a label doesn't exist, or a text with
    /// labels contains nothing to learn from; [`Error::TextTooLong`].
    pub fn check(&self, change: &Change) -> Result<()> {
        let names = self.model.labels();
        let known = |label: &str| place(names, label).map(drop);
        match change {
            Change::Update(examples) => self.check_examples(examples),
            Change::Rename { label, to } => {
                known(label)?;
                crate::data::check_label(to)
                    .map_err(|fault| Error::invalid(format!("the new name {fault}")))?;
                match label != to && names.contains(to) {
                    true => Err(Error::invalid(format!(
                        "there is a label `{to}` already; merge `{label}` into it instead"
                    ))),
                    false => Ok(()),
                }
            }
            Change::Merge { label, into } => {
                known(label)?;
                known(into)?;
                match label == into {
                    true => Err(Error::invalid(format!("`{label}` cannot be merged into itself"))),
                    false => Ok(()),
                }
            }
            Change::Rules(rules) => {
                rules::check(rules, rules::READING)?;
                self.check_labels(rules.iter().map(|rule| &rule.label).collect())
            }
            Change::Remove { label } => {
                known(label)?;
                match names.len() {
                    1 => {
                        Err(Error::invalid(format!("`{label}` is the last label; a model has at least one")))
                    }
                    _ => Ok(()),
                }
            }
        }
    }

    /// Returns the first label in a change's examples that the model doesn't have.
    pub fn new_label<'a>(&self, change: &'a Change) -> Option<&'a str> {
        let Change::Update(examples) = change else { return None };
        let mut labels = examples.iter().flat_map(|example| &example.labels);
        labels.find(|label| !self.model.labels().contains(label)).map(String::as_str)
    }

    fn check_examples(&self, examples: &[Example]) -> Result<()> {
        for (i, example) in examples.iter().enumerate() {
            if example.text.len() > MAX_TEXT_BYTES {
                return Err(Error::TextTooLong { length: example.text.len() });
            }
            if !example.labels.is_empty() && !self.state.can_learn(&example.text) {
                return Err(Error::invalid(format!(
                    "example {i} has labels, but its text contains nothing to learn from: no word, number or symbol that is read; leave it out"
                )));
            }
            for (j, label) in (1..).zip(&example.labels) {
                let name = |fault| Error::invalid(format!("example {i}: label {j} {fault}"));
                crate::data::check_label(label).map_err(name)?;
            }
        }
        self.check_labels(examples.iter().flat_map(|example| &example.labels).collect())
    }

    /// Checks that the model can hold these labels besides its own.
    fn check_labels<'a>(&'a self, mut labels: Vec<&'a String>) -> Result<()> {
        labels.extend(self.model.labels());
        labels.sort_unstable();
        labels.dedup();
        if labels.len() > MAX_LABELS {
            let found = labels.len();
            return Err(Error::invalid(format!(
                "with the new labels the model would have {found}; it can hold at most {MAX_LABELS}"
            )));
        }
        Ok(())
    }
}
