//! The int8 forward pass. Its integer sums make every kernel give the same logits on every CPU.
//!
//! The input of each layer is rounded to int8, with a scale from its own largest absolute value
//! (dynamic quantisation).

use super::{HIDDEN, Layer, Network};
use crate::shape::DIMENSIONS;
use crate::simd::{self, Activations, PackedLayer, TILE};
use crate::vectorizer::FeatureVector;

/// A network packed for the kernels: about 0.2 MB for 150 labels.
#[derive(Debug, Clone)]
pub struct PackedNetwork {
    hidden: [PackedLayer; 3],
    output: PackedLayer,
    linear: Option<PackedLayer>,
}

fn packed(layer: &Layer<'_>) -> PackedLayer {
    PackedLayer::new(layer.weights, layer.scales, layer.biases)
}

impl PackedNetwork {
    /// Packs the weights.
    pub fn new(network: &Network<'_>) -> Self {
        PackedNetwork {
            hidden: network.hidden.each_ref().map(packed),
            output: packed(&network.output),
            linear: network.linear.as_ref().map(packed),
        }
    }

    /// Writes the logits of feature vectors, row by row. Several rows in one call cost less than
    /// one by one and give the same bits.
    ///
    /// # Panics
    /// Panics unless `logits.len()` is the number of rows times the number of outputs.
    pub fn logits(&self, rows: &[FeatureVector], logits: &mut [f32]) {
        let outputs = self.output.outputs();
        assert_eq!(logits.len(), rows.len() * outputs);
        match rows {
            [row] => self.tile::<1>(std::slice::from_ref(row), logits),
            _ => {
                for (rows, logits) in rows.chunks(TILE).zip(logits.chunks_mut(TILE * outputs)) {
                    self.tile::<TILE>(rows, logits);
                }
            }
        }
    }

    /// Computes up to `ROWS` rows.
    fn tile<const ROWS: usize>(&self, rows: &[FeatureVector], logits: &mut [f32]) {
        let count = rows.len();
        let mut features = [[0; DIMENSIONS]; ROWS];
        let features = &mut features[..count];
        let mut feature_scales = [0.0; ROWS];
        for ((row, to), scale) in rows.iter().zip(&mut *features).zip(&mut feature_scales) {
            *scale = simd::quantise(row, to);
        }
        let mut activations: [Activations; ROWS] = [[0; DIMENSIONS]; ROWS];
        activations[..count].copy_from_slice(features);
        let mut scales = feature_scales;
        let mut wide = [[0.0f32; HIDDEN[0]]; ROWS];
        for layer in &self.hidden {
            let width = layer.outputs();
            let outputs = wide.as_flattened_mut();
            layer.apply(&activations[..count], &scales[..count], true, outputs, HIDDEN[0]);
            for ((values, to), scale) in wide[..count].iter().zip(&mut activations).zip(&mut scales) {
                *scale = simd::quantise(&values[..width], &mut to[..width]);
            }
        }
        let outputs = self.output.outputs();
        self.output.apply(&activations[..count], &scales[..count], false, logits, outputs);
        if let Some(linear) = &self.linear {
            linear.apply(features, &feature_scales[..count], false, logits, outputs);
        }
    }
}
