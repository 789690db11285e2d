//! What training learns, and how it starts.

use super::options::Recipe;
use super::random::{Purpose, Random};
use super::tensor::Parameter;
use crate::network::HIDDEN;
use crate::shape::DIMENSIONS;
use ndarray::Array2;

/// One dense layer while it is trained; weights are `[inputs, outputs]`.
pub(crate) struct Dense {
    pub(crate) weights: Parameter,
    pub(crate) biases: Parameter,
}

/// Float32 weights in training. They are not kept: a model is their int8 rounding.
pub(crate) struct Weights {
    /// `[rows, 256]`; no rows when training starts from feature vectors. Rows of a lexicon stand behind those that are learned.
    pub(crate) table: Array2<f32>,
    /// Mean square of each row's gradient, decayed.
    pub(crate) table_moments: Vec<f32>,
    /// [`TABLE_DECAY`] to the power of how often each row was stepped, for the moment's bias correction.
    pub(crate) table_decays: Vec<f32>,
    /// Hidden layers and the output layer.
    pub(crate) layers: Vec<Dense>,
    /// `[256, labels]`, from the features straight to the logits.
    pub(crate) linear: Option<Parameter>,
    /// Steps that were made.
    pub(crate) steps: i32,
}

pub(crate) const TABLE_DECAY: f32 = 0.99;

impl Weights {
    /// Starting values. `idf` says which rows of the table are in use; others stay zero. Behind them stand the `frozen` rows,
    /// which stay as they are.
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
                    // The original's defaults: uniform within 1 / sqrt(inputs).
                    let bound = 1.0 / (inputs as f32).sqrt();
                    let weights =
                        Array2::from_shape_simple_fn((inputs, outputs), || random.symmetric() * bound);
                    (weights, Array2::from_shape_simple_fn((1, outputs), || random.symmetric() * bound))
                } else {
                    // He et al., 2015; smaller at the output, where the linear path speaks first. The output starts
                    // at the share of labels a line has, held at 1 in 55 so that many labels don't start out deaf.
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
                // Of unit length on average.
                row.iter_mut().for_each(|value| *value = random.normal() / 16.0);
            } else if idf > 0.0 {
                // Signed feature hashing (Weinberger et al., 2009) written as a table: the lowest bit is the sign.
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
