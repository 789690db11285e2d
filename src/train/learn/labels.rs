//! Labels added, renamed, merged, removed.

use super::super::random::Random;
use super::replay::generated;
use super::{COLUMN_BIAS, Learner, UpdateReport};
use crate::error::{Error, Result};
use crate::model::{LayerParts, Model, Parts};
use crate::simd::DIMENSIONS;
use std::sync::Arc;

/// Lines that a merged label is learned from, at most.
const MERGED_LINES: usize = 1000;
/// Generated ones where none are kept.
const GENERATED_LINES: usize = 200;

impl Learner {
    fn place(&self, label: &str) -> Result<usize> {
        let place = self.model.labels().iter().position(|name| name == label);
        place.ok_or_else(|| Error::invalid(format!("there is no label `{label}`")))
    }

    pub(super) fn rename(&mut self, label: &str, to: &str) -> Result<UpdateReport> {
        let place = self.place(label)?;
        let mut parts = self.model.parts();
        parts.metadata.labels[place] = to.to_owned();
        self.model = Arc::new(Model::from_parts(&parts)?);
        Ok(UpdateReport::default())
    }

    pub(super) fn remove(&mut self, label: &str) -> Result<UpdateReport> {
        let place = self.place(label)?;
        let mut parts = self.model.parts();
        remove_label(&mut parts, place);
        self.kept.remove_label(place as u32);
        self.state.take_layers(&parts);
        self.model = Arc::new(Model::from_parts(&parts)?);
        Ok(UpdateReport::default())
    }

    /// The texts of both labels become those of one, whose column is learned anew; then the other goes.
    pub(super) fn merge(&mut self, label: &str, into: &str, random: &mut Random) -> Result<UpdateReport> {
        let (from, into) = (self.place(label)?, self.place(into)?);
        let (from_index, into_index) = (from as u32, into as u32);
        let model = Arc::clone(&self.model);
        let mut parts = model.parts();
        self.kept.add_label(into_index, from_index);
        let mut lines: Vec<_> =
            self.kept.examples.iter().filter(|e| e.labels.contains(&into_index)).collect();
        while lines.len() > MERGED_LINES {
            lines.swap_remove(random.below(lines.len()));
        }
        let mut lines: Vec<_> =
            lines.into_iter().map(|e| (self.state.bags(&e.text), e.labels.clone())).collect();
        if !self.has_history {
            for i in 0..GENERATED_LINES {
                let label = if i % 2 == 0 { from } else { into };
                let (bag, _) = generated(&self.state, &model, label, &[], random);
                lines.push((vec![bag], vec![into_index]));
            }
        }
        let steps = self.learn_column(&model, &mut parts, into, &lines, Some(from), random);
        remove_label(&mut parts, from);
        self.kept.remove_label(from_index);
        self.state.take_layers(&parts);
        self.model = Arc::new(self.with_table(&mut parts)?);
        Ok(UpdateReport { steps, ..UpdateReport::default() })
    }
}

/// Takes a label out of a model's parts.
fn remove_label(parts: &mut Parts, place: usize) {
    parts.metadata.labels.remove(place);
    for layer in [&mut parts.layers[3]].into_iter().chain(&mut parts.linear) {
        let LayerParts { weights, scales, biases } = layer;
        let inputs = weights.len() / scales.len().max(1);
        weights.drain(place * inputs..(place + 1) * inputs);
        scales.remove(place);
        if !biases.is_empty() {
            biases.remove(place);
        }
    }
    parts.thresholds.remove(place);
    parts.centroids.drain(place * DIMENSIONS..(place + 1) * DIMENSIONS);
    parts.centroid_inverse_norms.remove(place);
}

/// One more label, which says nothing yet.
pub(super) fn add_label(parts: &mut Parts, name: &str) {
    parts.metadata.labels.push(name.to_owned());
    let output = &mut parts.layers[3];
    for layer in [output].into_iter().chain(&mut parts.linear) {
        let inputs = layer.weights.len() / layer.scales.len().max(1);
        layer.weights.extend(std::iter::repeat_n(0, inputs));
        layer.scales.push(0.0);
        if !layer.biases.is_empty() {
            layer.biases.push(COLUMN_BIAS);
        }
    }
    parts.thresholds.push(0.5);
    parts.centroids.extend([0; DIMENSIONS]);
    parts.centroid_inverse_norms.push(0.0);
}
