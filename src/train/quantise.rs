//! Trained float32 weights → the int8 numbers of a model.

use super::fit::Weights;
use super::options::Recipe;
use super::transfer::Transfer;
use crate::model::LayerParts;
use crate::simd::DIMENSIONS;
use crate::text::ngrams::MAX_LEXICON_WEIGHT;
use ndarray::{Array2, ArrayView1};

/// Nearest integer in -127..=127, halves away from zero.
fn round(value: f32) -> i8 {
    value.round().clamp(-127.0, 127.0) as i8
}

/// A layer `[inputs, outputs]` as int8 rows with a scale for each output; weights are multiplied by `factor` first.
fn layer(weights: &Array2<f32>, biases: Option<&Array2<f32>>, factor: f32) -> LayerParts {
    let mut parts = LayerParts::default();
    for column in weights.columns() {
        let largest = column.iter().fold(0.0f32, |a, b| a.max(b.abs()));
        let inverse = if largest > 0.0 { 127.0 / largest } else { 0.0 };
        parts.weights.extend(column.iter().map(|weight| round(weight * inverse)));
        parts.scales.push(largest / 127.0 * factor);
    }
    parts.biases = biases.map(|b| b.iter().copied().collect()).unwrap_or_default();
    parts
}

/// Rows of 256 with a weight each; the largest number among them is the scale that they need.
fn largest<'a>(rows: impl Iterator<Item = (ArrayView1<'a, f32>, &'a f32)>) -> f32 {
    rows.flat_map(|(row, weight)| row.into_iter().map(move |v| (v * weight).abs())).fold(0.0f32, f32::max)
}

/// The table with inverse document frequencies folded in, and one scale for all of it, which the scaling to unit length
/// makes irrelevant: sums are of plain integers. The rows of a lexicon have the same scale times an integer, how often they
/// count, so that the sum with them is one as well.
pub(super) fn table(
    weights: &Weights,
    idf: &[f32],
    transfer: Option<&Transfer>,
) -> (Vec<i8>, Option<(Vec<i8>, u8)>) {
    // Rows that no training text uses stay zero: of a small data set that is most of them.
    let used = || weights.table.rows().into_iter().zip(idf).enumerate().filter(|(_, (_, idf))| **idf > 0.0);
    let largest_used = largest(used().map(|(_, row)| row));
    let inverse = if largest_used > 0.0 { 127.0 / largest_used } else { 0.0 };
    let mut table = vec![0; idf.len() * DIMENSIONS];
    for (number, (row, idf)) in used() {
        let to = &mut table[number * DIMENSIONS..(number + 1) * DIMENSIONS];
        to.iter_mut().zip(row).for_each(|(to, value)| *to = round(value * idf * inverse));
    }
    let lexicon = transfer.map(|transfer| {
        let rows = || weights.table.rows().into_iter().skip(idf.len()).zip(&transfer.weights);
        let weight = (largest(rows()) * inverse / 127.0).ceil().clamp(1.0, f32::from(MAX_LEXICON_WEIGHT));
        let rounded = |(row, factor): (ArrayView1<'_, f32>, &f32)| -> Vec<i8> {
            row.iter().map(|value| round(value * factor * (inverse / weight))).collect()
        };
        (rows().flat_map(rounded).collect(), weight as u8)
    });
    (table, lexicon)
}

/// Layers and linear path, gain folded in.
pub(super) fn network(weights: &Weights, recipe: &Recipe) -> ([LayerParts; 4], Option<LayerParts>) {
    let layers = std::array::from_fn(|i| {
        let dense = &weights.layers[i];
        layer(&dense.weights.value, Some(&dense.biases.value), if i == 0 { recipe.gain } else { 1.0 })
    });
    (layers, weights.linear.as_ref().map(|linear| layer(&linear.value, None, recipe.gain)))
}
