//! Trained float32 weights → the int8 numbers of a model.

use super::fit::Weights;
use super::options::Recipe;
use crate::model::LayerParts;
use crate::simd::DIMENSIONS;
use ndarray::Array2;

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

/// The table with inverse document frequencies folded in, and one scale for all of it, which the scaling to unit length
/// makes irrelevant: sums are of plain integers.
pub(super) fn table(weights: &Weights, idf: &[f32]) -> Vec<i8> {
    // Rows that no training text uses stay zero: of a small data set that is most of them.
    let used = || weights.table.rows().into_iter().zip(idf).enumerate().filter(|(_, (_, idf))| **idf > 0.0);
    let largest = used()
        .flat_map(|(_, (row, idf))| row.into_iter().map(move |v| (v * idf).abs()))
        .fold(0.0f32, f32::max);
    let inverse = if largest > 0.0 { 127.0 / largest } else { 0.0 };
    let mut table = vec![0; idf.len() * DIMENSIONS];
    for (number, (row, idf)) in used() {
        let to = &mut table[number * DIMENSIONS..(number + 1) * DIMENSIONS];
        to.iter_mut().zip(row).for_each(|(to, value)| *to = round(value * idf * inverse));
    }
    table
}

/// Layers and linear path, gain folded in.
pub(super) fn network(weights: &Weights, recipe: &Recipe) -> ([LayerParts; 4], Option<LayerParts>) {
    let layers = std::array::from_fn(|i| {
        let dense = &weights.layers[i];
        layer(&dense.weights.value, Some(&dense.biases.value), if i == 0 { recipe.gain } else { 1.0 })
    });
    (layers, weights.linear.as_ref().map(|linear| layer(&linear.value, None, recipe.gain)))
}
