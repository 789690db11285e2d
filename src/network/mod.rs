//! The network: 256 → 256 → 128 → 64 → N for N labels, with ReLU between layers and a skip
//! connection from the features to the output.
//!
//! The skip connection adds about 1.5 points of accuracy: alone, the layers are a bottleneck for
//! data of this size. Weights are int8 with one float32 scale per output; biases are float32.

pub mod float32;
mod gradient;
pub mod int8;

use crate::shape::DIMENSIONS;

/// Widths of the hidden layers.
pub const HIDDEN: [usize; 3] = [256, 128, 64];

/// Maximum number of labels of a model.
pub const MAX_LABELS: usize = 16_384;

/// One layer's borrowed int8 weights: output `j` is
/// `scales[j] * Σ weights[j][i] input[i] + biases[j]`.
#[derive(Clone, Copy)]
pub struct Layer<'a> {
    /// Row-major, one row per output.
    pub weights: &'a [i8],
    /// One per output.
    pub scales: &'a [f32],
    /// One per output. Empty for the skip connection, which shares the output layer's biases.
    pub biases: &'a [f32],
}

/// The borrowed network of a model.
#[derive(Clone, Copy)]
pub struct Network<'a> {
    /// The hidden layers, each followed by ReLU.
    pub hidden: [Layer<'a>; 3],
    /// The output layer, 64 → N.
    pub output: Layer<'a>,
    /// The skip connection, 256 → N, added to the output. `None` for the reference preset.
    pub linear: Option<Layer<'a>>,
}

/// Input widths of the hidden layers and of the output layer.
pub const INPUTS: [usize; 4] = [DIMENSIONS, HIDDEN[0], HIDDEN[1], HIDDEN[2]];
