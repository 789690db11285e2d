//! The parts of a model, and changes to them that need no training.

use super::{Metadata, Model, TrainingSummary};
use crate::error::{Error, Result};
use crate::network::{HIDDEN, INPUTS, MAX_LABELS};
use crate::rules::{self, READING, Rule};
use crate::shape::{DIMENSIONS, HALF};
use crate::text::ngrams::NgramSettings;

/// The bias of an untrained label.
pub(crate) const SILENT_BIAS: f32 = -6.0;

/// Int8 tensors of one layer; see `Layer`.
#[derive(Debug, Clone, Default)]
pub struct LayerParts {
    /// Row-major, one row per output.
    pub weights: Vec<i8>,
    /// One per output.
    pub scales: Vec<f32>,
    /// One per output. Empty for the skip connection.
    pub biases: Vec<f32>,
}

/// Values of an embedding table; see `Table`.
#[derive(Debug, Clone)]
pub enum TableParts {
    /// One byte per value.
    Int8(Vec<i8>),
    /// Int4: two values per byte.
    Int4(Vec<u8>),
}

impl Default for TableParts {
    /// Defaults to a table without rows.
    fn default() -> Self {
        TableParts::Int4(vec![])
    }
}

/// The parts of a model.
#[derive(Debug, Clone)]
pub struct Parts {
    /// Checksum, format and library version are filled in on writing.
    pub metadata: Metadata,
    /// The embedding table. Empty without [`Metadata::ngrams`].
    pub table: TableParts,
    /// Slots of the filter of known trigrams. Empty without [`Metadata::ngrams`].
    pub known: Vec<u16>,
    /// Slots of the filter of frequent words. Empty if all words are distinct.
    pub frequent: Vec<u16>,
    /// Rows of the lexicon's words, int4. Empty without [`Metadata::lexicon`].
    pub lexicon_rows: Vec<u8>,
    /// Slots of the `Vocabulary` of those words. Empty
    /// without [`Metadata::lexicon`].
    pub lexicon_words: Vec<u32>,
    /// The layers 256 → 256 → 128 → 64 → N for N labels.
    pub layers: [LayerParts; 4],
    /// The skip connection, 256 → N.
    pub linear: Option<LayerParts>,
    /// The minimum probability of each label, 0 to 1.
    pub thresholds: Vec<f32>,
    /// [`RejectRule::points`](crate::decision::RejectRule::points). Empty if the model rejects by
    /// no score.
    pub reject_points: Vec<f32>,
    /// Each label's mean feature vector; see [`Centroids`](crate::decision::Centroids).
    pub centroids: Vec<i8>,
    /// The reciprocal of each centroid's L2 norm.
    pub centroid_inverse_norms: Vec<f32>,
    /// [`Outside`](crate::decision::Outside): weights, then the bias. Empty if the model was
    /// trained without lines without labels.
    pub outside: Vec<f32>,
    /// [`RejectRule::right`](crate::decision::RejectRule::right). Empty without
    /// [`Parts::reject_points`], and in older models.
    pub reject_right: Vec<f32>,
    /// [`RejectRule::outside`](crate::decision::RejectRule::outside). Empty without
    /// [`Parts::reject_points`], and in older models.
    pub reject_outside: Vec<f32>,
}

/// Two zeros of an int4 embedding table.
const INT4_ZEROS: u8 = 0x88;
/// Rows of the embedding table of an untrained model.
const EMPTY_ROWS: usize = 4096;
/// Slots of its filter: enough for the trigrams of about a thousand texts. The first training
/// replaces it.
const EMPTY_SLOTS: usize = 8192;

impl Parts {
    /// Returns the parts of a model that knows nothing. It has no labels; the caller adds them.
    pub fn empty() -> Parts {
        let layer = |outputs: usize, inputs: usize| LayerParts {
            weights: vec![0; outputs * inputs],
            scales: vec![0.0; outputs],
            biases: vec![0.0; outputs],
        };
        let outputs = [HIDDEN[0], HIDDEN[1], HIDDEN[2], 0];
        let ngrams = NgramSettings {
            words: 2,
            characters: true,
            word_weight: 1,
            character_weight: 1,
            evidence: false,
        };
        Parts {
            metadata: Metadata {
                preset: "multi".into(),
                choice: crate::decision::Choice::Multi,
                ngrams: Some(ngrams),
                training: TrainingSummary { seed: 1, ..TrainingSummary::default() },
                ..Metadata::default()
            },
            table: TableParts::Int4(vec![INT4_ZEROS; EMPTY_ROWS * HALF]),
            known: vec![0; EMPTY_SLOTS],
            frequent: vec![],
            lexicon_rows: vec![],
            lexicon_words: vec![],
            layers: [0, 1, 2, 3].map(|i| layer(outputs[i], INPUTS[i])),
            linear: Some(LayerParts::default()),
            thresholds: vec![],
            reject_points: vec![],
            centroids: vec![],
            centroid_inverse_norms: vec![],
            outside: vec![],
            reject_right: vec![],
            reject_outside: vec![],
        }
    }

    /// Adds an untrained label.
    pub fn add_label(&mut self, name: &str) {
        self.metadata.labels.push(name.to_owned());
        let inputs = [INPUTS[3], DIMENSIONS];
        let [.., output] = &mut self.layers;
        for (layer, inputs) in [output].into_iter().chain(&mut self.linear).zip(inputs) {
            layer.weights.extend(std::iter::repeat_n(0, inputs));
            layer.scales.push(0.0);
        }
        self.layers[3].biases.push(SILENT_BIAS);
        self.thresholds.push(0.5);
        self.centroids.extend([0; DIMENSIONS]);
        self.centroid_inverse_norms.push(0.0);
    }

    /// Returns true if nothing has been learned for a label.
    pub fn is_silent(&self, label: usize) -> bool {
        let layers = [&self.layers[3]].into_iter().chain(&self.linear);
        layers.into_iter().all(|layer| layer.scales.get(label).is_none_or(|&scale| scale == 0.0))
    }

    /// Returns true if nothing has been learned at all, as in a model made of keyword rules: no
    /// label is trained, no row of the embedding table is in use, and nothing is out of scope.
    pub(crate) fn is_untouched(&self) -> bool {
        let TableParts::Int4(table) = &self.table else { return false };
        self.metadata.training.examples == 0
            && (0..self.metadata.labels.len()).all(|label| self.is_silent(label))
            && table.iter().all(|&byte| byte == INT4_ZEROS)
            && self.outside.is_empty()
    }

    /// Removes a label and its rules.
    ///
    /// # Panics
    /// Panics if `label` is out of range.
    pub fn remove_label(&mut self, label: usize) {
        let name = self.metadata.labels.remove(label);
        self.metadata.rules.retain(|rule| rule.label != name);
        for layer in [&mut self.layers[3]].into_iter().chain(&mut self.linear) {
            let LayerParts { weights, scales, biases } = layer;
            let inputs = weights.len() / scales.len().max(1);
            weights.drain(label * inputs..(label + 1) * inputs);
            scales.remove(label);
            if !biases.is_empty() {
                biases.remove(label);
            }
        }
        self.thresholds.remove(label);
        self.centroids.drain(label * DIMENSIONS..(label + 1) * DIMENSIONS);
        self.centroid_inverse_norms.remove(label);
    }

    /// Renames a label, in its rules too.
    ///
    /// # Panics
    /// Panics if `label` is out of range.
    pub fn rename_label(&mut self, label: usize, to: &str) {
        self.give_rules(label, to);
        to.clone_into(&mut self.metadata.labels[label]);
    }

    /// Moves the rules of a label to the label named `to`.
    ///
    /// # Panics
    /// Panics if `label` is out of range.
    pub fn give_rules(&mut self, label: usize, to: &str) {
        let Metadata { labels, rules, .. } = &mut self.metadata;
        for rule in rules.iter_mut().filter(|rule| rule.label == labels[label]) {
            to.clone_into(&mut rule.label);
        }
    }

    /// Replaces the rules. Adds labels that don't exist yet.
    ///
    /// # Errors
    /// Fails with [`Error::InvalidArgument`], naming the rule, if one is invalid, and if there
    /// would be too many labels.
    pub fn set_rules(&mut self, rules: &[Rule]) -> Result<()> {
        rules::check(rules, READING)?;
        for rule in rules {
            if !self.metadata.labels.contains(&rule.label) {
                self.add_label(&rule.label);
            }
        }
        let found = self.metadata.labels.len();
        if found > MAX_LABELS {
            return Err(Error::invalid(format!(
                "with those of the rules the model would have {found} labels; the maximum is {MAX_LABELS}"
            )));
        }
        self.metadata.rules = rules.to_vec();
        self.metadata.rule_reading = if rules.is_empty() { 0 } else { READING };
        Ok(())
    }
}

impl Model {
    /// Makes a model of keyword rules alone. It predicts the labels that they ask for, and it can
    /// learn.
    ///
    /// # Errors
    /// Fails with [`Error::InvalidArgument`], naming the rule, if one is invalid, and if there are
    /// no rules.
    pub fn of_rules(rules: &[Rule]) -> Result<Model> {
        if rules.is_empty() {
            return Err(Error::invalid(
                "there are no rules; a classifier without training needs at least one",
            ));
        }
        let mut parts = Parts::empty();
        parts.set_rules(rules)?;
        Model::from_parts(&parts)
    }

    /// Returns the same model with other rules.
    ///
    /// # Errors
    /// Fails with [`Error::InvalidArgument`], naming the rule, if one is invalid.
    pub fn with_rules(&self, rules: &[Rule]) -> Result<Model> {
        let mut parts = self.parts();
        parts.set_rules(rules)?;
        Model::from_parts(&parts)
    }
}
