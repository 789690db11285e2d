//! Renames, merges and removes labels, and adds the labels of rules.

use super::correction::Verdict;
use super::replay::generated;
use super::{Learner, UpdateReport, place};
use crate::error::Result;
use crate::model::Model;
use crate::rules::Rule;
use crate::train::random::Random;
use std::sync::Arc;

/// Number of generated lines that a merged label is trained on if the training examples are not
/// kept.
const GENERATED_LINES: usize = 200;
/// Maximum number of the removed label's texts that a merge must keep classified correctly.
const MOST_ANSWERED: usize = 100;

impl Learner {
    pub(super) fn rename(&mut self, label: &str, to: &str) -> Result<UpdateReport> {
        let place = place(self.model.labels(), label)?;
        let mut parts = self.model.parts();
        parts.rename_label(place, to);
        self.model = Arc::new(Model::from_parts(&parts)?);
        Ok(UpdateReport::default())
    }

    pub(super) fn remove(&mut self, label: &str) -> Result<UpdateReport> {
        let place = place(self.model.labels(), label)?;
        let mut parts = self.model.parts();
        parts.remove_label(place);
        self.save_kept();
        self.kept.remove_label(place as u32);
        self.state.take_layers(&parts);
        self.model = Arc::new(Model::from_parts(&parts)?);
        Ok(UpdateReport::default())
    }

    pub(super) fn set_rules(&mut self, rules: &[Rule]) -> Result<UpdateReport> {
        let mut parts = self.model.parts();
        parts.set_rules(rules)?;
        self.state.take_layers(&parts);
        self.model = Arc::new(Model::from_parts(&parts)?);
        Ok(UpdateReport::default())
    }

    /// Gives the texts of both labels one label, trains its column anew, and removes the other.
    pub(super) fn merge(&mut self, label: &str, name: &str, random: &mut Random) -> Result<UpdateReport> {
        let (from, into) = (place(self.model.labels(), label)?, place(self.model.labels(), name)?);
        let (from_index, into_index) = (from as u32, into as u32);
        let model = Arc::clone(&self.model);
        let mut parts = model.parts();
        let known = self.answered(from_index)?;
        self.save_kept();
        self.kept.add_label(into_index, from_index);
        let mut lines = self.lines_of(into_index, random);
        if !self.has_history {
            // Nothing can be generated of a label that only rules can choose.
            let learned = [from, into].into_iter().filter(|&label| !parts.is_silent(label));
            for label in learned.cycle().take(GENERATED_LINES) {
                let (bag, _) = generated(&self.state, &model, label, &[], random);
                lines.push((vec![bag], vec![into_index]));
            }
        }
        let steps = self.learn_column(&model, &mut parts, into, &lines, Some(from), random)?;
        parts.give_rules(from, name);
        parts.remove_label(from);
        self.kept.remove_label(from_index);
        self.state.take_layers(&parts);
        let merged = self.with_table(&mut parts)?;
        // Texts far from those of the other label may be rejected now.
        let mut more = 0;
        for text in known {
            let Some(wanted) = self.kept.labels_of(&text) else { continue };
            more += self.correct(&merged, &merged, &text, &wanted, random)?;
        }
        self.model = Arc::new(self.with_table(&mut parts)?);
        Ok(UpdateReport { steps: steps + more, ..UpdateReport::default() })
    }

    /// Returns the kept texts of a label that are classified correctly; the last ones if there are
    /// many.
    fn answered(&self, label: u32) -> Result<Vec<String>> {
        let mut texts = vec![];
        for kept in self.kept.examples.iter().rev().filter(|kept| kept.labels.contains(&label)) {
            if texts.len() < MOST_ANSWERED
                && self.verdict(&self.model, &kept.text, &kept.labels)? == Verdict::Right
            {
                texts.push(kept.text.clone());
            }
        }
        Ok(texts)
    }
}
