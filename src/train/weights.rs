//! The trainable weights and their initial values.

use super::options::Recipe;
use super::random::{Purpose, Random};
use super::tensor::Parameter;
use crate::network::HIDDEN;
use crate::shape::DIMENSIONS;
use ndarray::Array2;

/// A dense layer in training; weights are `[inputs, outputs]`.
pub(crate) struct Dense {
    pub(crate) weights: Parameter,
    pub(crate) biases: Parameter,
}

/// Float32 weights in training. A model keeps only their integer rounding.
pub(crate) struct Weights {
    /// The embedding table, `[rows, 256]`; no rows if training starts from feature vectors. Lexicon
    /// rows follow the learned rows.
    pub(crate) table: Array2<f32>,
    /// Decayed mean square of each row's gradient.
    pub(crate) table_moments: Vec<f32>,
    /// [`TABLE_DECAY`] to the power of the row's number of steps, for bias correction of the
    /// moment.
    pub(crate) table_decays: Vec<f32>,
    /// Hidden layers and the output layer.
    pub(crate) layers: Vec<Dense>,
    /// The skip connection, `[256, labels]`, from the features to the logits.
    pub(crate) linear: Option<Parameter>,
    /// Number of steps done.
    pub(crate) steps: i32,
}

pub(crate) const TABLE_DECAY: f32 = 0.99;

impl Weights {
    /// Returns the initial values. Rows of the table with an `idf` of 0 are unused and stay zero.
    /// The `frozen` rows follow them and are not trained.
    pub(crate) fn new(recipe: &Recipe, labels: usize, idf: &[f32], frozen: &[f32], seed: u64) -> Weights {
        let mut random = Random::new(seed, Purpose::Weights);
        let widths = [DIMENSIONS, HIDDEN[0], HIDDEN[1], HIDDEN[2], labels];
        let reference = !recipe.scheduled;
        let layers = widths
            .windows(2)
            .enumerate()
            .map(|(i, pair)| {
                let (inputs, outputs) = (pair[0], pair[1]);
                let last = i == HIDDEN.len();
                let (weights, biases) = if reference {
                    // The defaults of the original system: uniform within 1 / sqrt(inputs).
                    let bound = 1.0 / (inputs as f32).sqrt();
                    let weights =
                        Array2::from_shape_simple_fn((inputs, outputs), || random.symmetric() * bound);
                    (weights, Array2::from_shape_simple_fn((1, outputs), || random.symmetric() * bound))
                } else {
                    // He et al., 2015; smaller at the output, so that the skip connection dominates
                    // at first. The output bias starts at the logit of the share of labels per
                    // line, at least 1 in 55: with many labels a lower one would learn too slowly.
                    let scale = (2.0 / inputs as f32).sqrt() * if last { 0.3 } else { 1.0 };
                    let weights = Array2::from_shape_simple_fn((inputs, outputs), || random.normal() * scale);
                    let rare = libm::log((labels as f64 - 1.0).max(1.0)).min(4.0) as f32;
                    (weights, Array2::from_elem((1, outputs), if last { -rare } else { 0.0 }))
                };
                Dense { weights: Parameter::new(weights), biases: Parameter::new(biases) }
            })
            .collect();
        let mut random = Random::new(seed, Purpose::Table);
        let mut table = Array2::zeros((idf.len() + frozen.len() / DIMENSIONS, DIMENSIONS));
        if let Some(rows) = table.as_slice_mut() {
            rows[idf.len() * DIMENSIONS..].copy_from_slice(frozen);
        }
        for ((mut row, &idf), number) in table.rows_mut().into_iter().zip(idf).zip(0..) {
            if recipe.learned_table && idf > 0.0 {
                // Of unit norm on average.
                row.iter_mut().for_each(|value| *value = random.normal() / 16.0);
            } else if idf > 0.0 {
                // Signed feature hashing (Weinberger et al., 2009) as a table: the lowest bit is
                // the sign.
                row[number >> 1] = if number & 1 == 1 { -1.0 } else { 1.0 };
            }
        }
        Weights {
            table_moments: vec![0.0; idf.len()],
            table_decays: vec![1.0; idf.len()],
            table,
            layers,
            linear: recipe.linear_path.then(|| Parameter::new(Array2::zeros((DIMENSIONS, labels)))),
            steps: 0,
        }
    }
}
