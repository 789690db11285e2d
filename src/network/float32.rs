//! The float32 forward pass over the same stored weights, dequantised: the reference for every
//! export.

use super::{Layer, Network};
use crate::simd;
use crate::vectorizer::FeatureVector;

pub(super) struct FloatLayer {
    weights: Vec<f32>,
    pub(super) biases: Vec<f32>,
    pub(super) inputs: usize,
}

/// A network with its weights dequantised to float32.
pub struct FloatNetwork {
    pub(super) hidden: [FloatLayer; 3],
    pub(super) output: FloatLayer,
    pub(super) linear: Option<FloatLayer>,
}

impl FloatLayer {
    fn new(layer: &Layer<'_>) -> Self {
        FloatLayer::of_outputs(layer, 0..layer.scales.len())
    }

    fn of_outputs(layer: &Layer<'_>, outputs: impl Iterator<Item = usize> + Clone) -> Self {
        let inputs = layer.weights.len() / layer.scales.len().max(1);
        let row = |j: usize| {
            let row = &layer.weights[j * inputs..(j + 1) * inputs];
            row.iter().map(move |&w| f32::from(w) * layer.scales[j])
        };
        let biases = outputs.clone().filter_map(|j| layer.biases.get(j).copied()).collect();
        FloatLayer { weights: outputs.flat_map(row).collect(), biases, inputs }
    }

    /// The rows of weights, one per output.
    pub(super) fn rows(&self) -> impl Iterator<Item = &[f32]> {
        self.weights.chunks(self.inputs)
    }

    fn apply(&self, input: &[f32], outputs: &mut [f32]) {
        for (j, (output, row)) in outputs.iter_mut().zip(self.rows()).enumerate() {
            *output = simd::dot(row, input) + self.biases.get(j).copied().unwrap_or(*output);
        }
    }

    /// Returns the outputs of a layer with biases.
    pub(super) fn outputs(&self, input: &[f32]) -> Vec<f32> {
        let mut outputs = vec![0.0; self.biases.len()];
        self.apply(input, &mut outputs);
        outputs
    }

    /// Backpropagates: adds the gradient with respect to the inputs to `inputs`, given the gradient
    /// with respect to the outputs.
    pub(super) fn back(&self, outputs: &[f32], inputs: &mut [f32]) {
        for (&output, row) in outputs.iter().zip(self.rows()).filter(|(output, _)| **output != 0.0) {
            simd::axpy(output, row, inputs);
        }
    }
}

impl FloatNetwork {
    /// Dequantises the weights: about 0.5 MB for 150 labels.
    pub fn new(network: &Network<'_>) -> Self {
        FloatNetwork {
            hidden: network.hidden.each_ref().map(FloatLayer::new),
            output: FloatLayer::new(&network.output),
            linear: network.linear.as_ref().map(FloatLayer::new),
        }
    }

    /// Dequantises the part of a network that computes the logits of `labels`, in their order.
    ///
    /// # Panics
    /// Panics if a label is out of range.
    pub fn of_labels(network: &Network<'_>, labels: &[usize]) -> Self {
        let part = |layer: &Layer<'_>| FloatLayer::of_outputs(layer, labels.iter().copied());
        FloatNetwork {
            hidden: network.hidden.each_ref().map(FloatLayer::new),
            output: part(&network.output),
            linear: network.linear.as_ref().map(part),
        }
    }

    /// Writes the logits of a feature vector, one per label.
    pub fn logits(&self, features: &FeatureVector, logits: &mut [f32]) {
        let (mut input, mut output) = (*features, [0f32; 256]);
        let mut width = features.len();
        for layer in &self.hidden {
            let next = layer.biases.len();
            layer.apply(&input[..width], &mut output[..next]);
            for (to, from) in input.iter_mut().zip(&output[..next]) {
                *to = if *from > 0.0 { *from } else { 0.0 };
            }
            width = next;
        }
        self.output.apply(&input[..width], logits);
        if let Some(linear) = &self.linear {
            linear.apply(features, logits);
        }
    }
}
