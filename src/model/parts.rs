//! What a model is made from, and what can be done to it without training.

use super::{Metadata, Model, TrainingSummary};
use crate::error::{Error, Result};
use crate::network::{HIDDEN, INPUTS, MAX_LABELS};
use crate::rules::{self, Rule};
use crate::shape::{DIMENSIONS, HALF};
use crate::text::ngrams::NgramSettings;

/// The bias of a label that says nothing.
pub(crate) const SILENT_BIAS: f32 = -6.0;

/// One layer's int8 numbers; see `network::Layer`.
#[derive(Debug, Clone, Default)]
pub struct LayerParts {
    /// Row-major, one row per output.
    pub weights: Vec<i8>,
    /// One per output.
    pub scales: Vec<f32>,
    /// One per output, or none for the linear path.
    pub biases: Vec<f32>,
}

/// The numbers of a table; see `vectorizer::Table`.
#[derive(Debug, Clone)]
pub enum TableParts {
    /// One byte a number.
    Int8(Vec<i8>),
    /// Two numbers a byte.
    Int4(Vec<u8>),
}

impl Default for TableParts {
    /// No rows.
    fn default() -> Self {
        TableParts::Int4(vec![])
    }
}

/// What a model is made from.
#[derive(Debug, Clone)]
pub struct Parts {
    /// Checksum, format and library version are filled in.
    pub metadata: Metadata,
    /// Rows of the vectorizer; empty without [`Metadata::ngrams`].
    pub table: TableParts,
    /// Slots of the filter of known trigrams; empty without [`Metadata::ngrams`].
    pub known: Vec<u16>,
    /// Slots of the filter of frequent words; empty where all words are told apart.
    pub frequent: Vec<u16>,
    /// Rows of the lexicon's words; empty without [`Metadata::lexicon`].
    pub lexicon_rows: Vec<u8>,
    /// Slots of the `text::vocabulary::Vocabulary` of those words; empty without [`Metadata::lexicon`].
    pub lexicon_words: Vec<u32>,
    /// 256 → 256 → 128 → 64 → N.
    pub layers: [LayerParts; 4],
    /// 256 → N.
    pub linear: Option<LayerParts>,
    /// A probability for each label.
    pub thresholds: Vec<f32>,
    /// [`RejectRule::points`](crate::decision::RejectRule::points); empty where no score rejects.
    pub reject_points: Vec<f32>,
    /// Each label's mean feature vector; see [`Centroids`](crate::decision::Centroids).
    pub centroids: Vec<i8>,
    /// The reciprocal of each centroid's length.
    pub centroid_inverse_norms: Vec<f32>,
    /// [`Outside`](crate::decision::Outside), its bias last; empty for a model trained without lines without labels.
    pub outside: Vec<f32>,
    /// [`RejectRule::right`](crate::decision::RejectRule::right); empty where [`Parts::reject_points`] are, and for models of before.
    pub reject_right: Vec<f32>,
    /// [`RejectRule::outside`](crate::decision::RejectRule::outside); empty as above.
    pub reject_outside: Vec<f32>,
}

/// Rows of the table of a model without training.
const EMPTY_ROWS: usize = 4096;
/// Slots of its filter, with room for the trigrams of about a thousand texts; the first training makes one that fits.
const EMPTY_SLOTS: usize = 8192;

impl Parts {
    /// A model that knows nothing and has no labels yet, which the caller adds.
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
            // Zeros.
            table: TableParts::Int4(vec![0x88; EMPTY_ROWS * HALF]),
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

    /// One more label, which says nothing yet.
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

    /// Whether nothing has been learned for a label yet.
    pub fn is_silent(&self, label: usize) -> bool {
        let layers = [&self.layers[3]].into_iter().chain(&self.linear);
        layers.into_iter().all(|layer| layer.scales.get(label).is_none_or(|&scale| scale == 0.0))
    }

    /// Takes a label away, with its rules.
    ///
    /// # Panics
    /// When there is no such label.
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

    /// Gives a label and its rules another name.
    ///
    /// # Panics
    /// When there is no such label.
    pub fn rename_label(&mut self, label: usize, to: &str) {
        self.give_rules(label, to);
        to.clone_into(&mut self.metadata.labels[label]);
    }

    /// Makes the rules of a label those of another.
    ///
    /// # Panics
    /// When there is no such label.
    pub fn give_rules(&mut self, label: usize, to: &str) {
        let Metadata { labels, rules, .. } = &mut self.metadata;
        for rule in rules.iter_mut().filter(|rule| rule.label == labels[label]) {
            to.clone_into(&mut rule.label);
        }
    }

    /// Puts rules in the place of those there are. Labels that are not there yet are added.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] naming the rule.
    pub fn set_rules(&mut self, rules: &[Rule]) -> Result<()> {
        rules::check(rules)?;
        for rule in rules {
            if !self.metadata.labels.contains(&rule.label) {
                self.add_label(&rule.label);
            }
        }
        let found = self.metadata.labels.len();
        if found > MAX_LABELS {
            return Err(Error::invalid(format!(
                "with those of the rules there would be {found} labels; a model holds at most {MAX_LABELS}"
            )));
        }
        self.metadata.rules = rules.to_vec();
        Ok(())
    }
}

impl Model {
    /// A model of keyword rules alone. It answers what they ask for and can learn.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] naming the rule, or when there is none.
    pub fn of_rules(rules: &[Rule]) -> Result<Model> {
        if rules.is_empty() {
            return Err(Error::invalid(
                "there are no rules; a classifier without training needs one at least",
            ));
        }
        let mut parts = Parts::empty();
        parts.set_rules(rules)?;
        Model::from_parts(&parts)
    }

    /// The same model with other rules.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] naming the rule.
    pub fn with_rules(&self, rules: &[Rule]) -> Result<Model> {
        let mut parts = self.parts();
        parts.set_rules(rules)?;
        Model::from_parts(&parts)
    }
}
