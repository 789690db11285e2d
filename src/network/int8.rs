//! The int8 forward pass: integer sums, so that every kernel on every CPU gives the same logits.
//!
//! The input of each layer is rounded to 8 bits with the scale of its own largest value (dynamic quantisation).

use super::{HIDDEN, Layer, Network};
use crate::simd::{self, DIMENSIONS};
use crate::vectorizer::FeatureVector;

/// Outputs computed at a time, to bound the stack.
const BLOCK: usize = 64;

/// Writes the logits of a feature vector.
///
/// # Panics
/// When `logits` is not as long as the network has outputs.
pub fn logits(network: &Network<'_>, features: &FeatureVector, logits: &mut [f32]) {
    let mut input = [0i8; DIMENSIONS];
    let input_scale = simd::quantise(features, &mut input);
    let mut narrow = [0i8; DIMENSIONS];
    let mut wide = [0f32; HIDDEN[0]];
    let mut scale = input_scale;
    narrow.copy_from_slice(&input);
    let mut width = DIMENSIONS;
    for layer in &network.hidden {
        let next = layer.scales.len();
        apply(layer, &narrow[..width], scale, &mut wide[..next]);
        wide[..next].iter_mut().for_each(|value| *value = if *value > 0.0 { *value } else { 0.0 });
        scale = simd::quantise(&wide[..next], &mut narrow[..next]);
        width = next;
    }
    apply(&network.output, &narrow[..width], scale, logits);
    if let Some(linear) = &network.linear {
        apply(linear, &input, input_scale, logits);
    }
}

/// Writes a layer's outputs, or adds them where the layer has no biases of its own.
fn apply(layer: &Layer<'_>, input: &[i8], input_scale: f32, outputs: &mut [f32]) {
    assert_eq!(layer.scales.len(), outputs.len());
    let mut sums = [0i32; BLOCK];
    for (block, outputs) in outputs.chunks_mut(BLOCK).enumerate() {
        let first = block * BLOCK;
        let sums = &mut sums[..outputs.len()];
        let rows = first * input.len()..(first + outputs.len()) * input.len();
        simd::matvec_i8(&layer.weights[rows], input, sums);
        let scales = &layer.scales[first..first + outputs.len()];
        let biases = layer.biases.get(first..first + outputs.len());
        for (j, output) in outputs.iter_mut().enumerate() {
            let product = sums[j] as f32 * (input_scale * scales[j]);
            *output = product + biases.map_or(*output, |biases| biases[j]);
        }
    }
}
