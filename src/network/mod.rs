//! The network: 256 → 256 → 128 → 64 → N with ReLU between, and a linear path from the features straight to the output.
//!
//! The linear path is worth about 1.5 points of accuracy: alone, the layers are a bottleneck for data of this size.
//! Weights are int8 with one float32 scale per output; biases are float32.

pub mod float32;
mod gradient;
pub mod int8;

use crate::shape::DIMENSIONS;

/// Widths of the hidden layers.
pub const HIDDEN: [usize; 3] = [256, 128, 64];

/// Most labels a model can have.
pub const MAX_LABELS: usize = 16_384;

/// One layer's borrowed int8 numbers: output `j` is `scales[j] * Σ weights[j][i] input[i] + biases[j]`.
#[derive(Clone, Copy)]
pub struct Layer<'a> {
    /// Row-major, one row per output.
    pub weights: &'a [i8],
    /// One per output.
    pub scales: &'a [f32],
    /// One per output; empty for the linear path, which shares those of the output layer.
    pub biases: &'a [f32],
}

/// The borrowed network of a model.
#[derive(Clone, Copy)]
pub struct Network<'a> {
    /// The layers with ReLU behind them.
    pub hidden: [Layer<'a>; 3],
    /// 64 → N.
    pub output: Layer<'a>,
    /// 256 → N, added to the output; the reference preset has none.
    pub linear: Option<Layer<'a>>,
}

/// Inputs of each hidden layer and of the output layer.
pub const INPUTS: [usize; 4] = [DIMENSIONS, HIDDEN[0], HIDDEN[1], HIDDEN[2]];
