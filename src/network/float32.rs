//! The float32 forward pass over the same stored numbers, dequantised: the reference for every export.

use super::{Layer, Network};
use crate::simd;
use crate::vectorizer::FeatureVector;

struct FloatLayer {
    weights: Vec<f32>,
    biases: Vec<f32>,
    inputs: usize,
}

/// A network whose weights were multiplied out to float32. There is no other float state than this.
pub struct FloatNetwork {
    hidden: Vec<FloatLayer>,
    output: FloatLayer,
    linear: Option<FloatLayer>,
}

impl FloatLayer {
    fn new(layer: &Layer<'_>) -> Self {
        let inputs = layer.weights.len() / layer.scales.len().max(1);
        let row = |(weights, scale): (&[i8], &f32)| {
            weights.iter().map(|&w| f32::from(w) * scale).collect::<Vec<_>>()
        };
        let weights = layer.weights.chunks(inputs.max(1)).zip(layer.scales).flat_map(row).collect();
        FloatLayer { weights, biases: layer.biases.to_vec(), inputs }
    }

    fn apply(&self, input: &[f32], outputs: &mut [f32]) {
        for (j, (output, row)) in outputs.iter_mut().zip(self.weights.chunks(self.inputs)).enumerate() {
            *output = simd::dot(row, input) + self.biases.get(j).copied().unwrap_or(*output);
        }
    }
}

impl FloatNetwork {
    /// Multiplies the weights out; about 0.5 MB for 150 labels.
    pub fn new(network: &Network<'_>) -> Self {
        FloatNetwork {
            hidden: network.hidden.iter().map(FloatLayer::new).collect(),
            output: FloatLayer::new(&network.output),
            linear: network.linear.as_ref().map(FloatLayer::new),
        }
    }

    /// Writes the logits of a feature vector.
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
