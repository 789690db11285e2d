//! Quantises trained float32 weights to the integers of a model.

use super::options::{Preset, Recipe};
use super::transfer::Transfer;
use super::weights::Weights;
use crate::model::{LayerParts, Parts, TableParts};
use crate::shape::{DIMENSIONS, HALF};
use crate::simd::NARROW;
use crate::text::ngrams::MAX_LEXICON_WEIGHT;
use ndarray::{Array2, ArrayView1, s};

/// Rounds to the nearest integer in -127..=127, ties away from zero.
fn round(value: f32) -> i8 {
    value.round().clamp(-127.0, 127.0) as i8
}

/// Quantises a layer `[inputs, outputs]` to int8 rows with one scale per output, times `factor`.
/// With `narrow`, the weights are int4, in -7..=7, so that kernels can read two weights from a
/// byte.
fn layer(weights: &Array2<f32>, biases: Option<&Array2<f32>>, factor: f32, narrow: bool) -> LayerParts {
    let mut parts = LayerParts::default();
    for column in weights.columns() {
        if narrow {
            let column: Vec<f32> = column.to_vec();
            let step = int4_step(&column);
            let largest = f32::from(NARROW);
            let integer = |weight: &f32| (weight / step).round().clamp(-largest, largest) as i8;
            parts.weights.extend(column.iter().map(integer));
            parts.scales.push(step * factor);
            continue;
        }
        let largest = column.iter().fold(0.0f32, |a, b| a.max(b.abs()));
        let inverse = if largest > 0.0 { 127.0 / largest } else { 0.0 };
        parts.weights.extend(column.iter().map(|weight| round(weight * inverse)));
        parts.scales.push(largest / 127.0 * factor);
    }
    parts.biases = biases.map(|b| b.iter().copied().collect()).unwrap_or_default();
    parts
}

/// A row of 256 values with its factor.
pub(crate) type Row<'a> = (ArrayView1<'a, f32>, &'a f32);

/// Quantises the embedding table, with inverse document frequencies folded in. It has a single
/// scale, which scaling to unit norm cancels, so its sums are of plain integers. Lexicon rows have
/// the same scale times an integer, their weight, so that the sum including them stays an integer.
///
/// Learned rows and lexicon rows are int4, since the errors of a text's many rows average out. The
/// reference's rows, which have one non-zero value each, are int8.
pub(crate) fn table(
    weights: &Weights,
    idf: &[f32],
    transfer: Option<&Transfer>,
    learned: bool,
) -> (TableParts, Option<(Vec<u8>, u8)>) {
    let rows = || weights.table.rows().into_iter();
    // Rows that no training text uses stay zero: most of them in small data.
    let used = || rows().zip(idf).enumerate().filter(|(_, (_, idf))| **idf > 0.0);
    if !learned {
        let sizes = used().flat_map(|(_, (row, idf))| row.into_iter().map(move |v| (v * idf).abs()));
        let largest = sizes.fold(0.0f32, f32::max);
        let inverse = if largest > 0.0 { 127.0 / largest } else { 0.0 };
        let mut table = vec![0; idf.len() * DIMENSIONS];
        for (number, (row, idf)) in used() {
            let to = &mut table[number * DIMENSIONS..(number + 1) * DIMENSIONS];
            to.iter_mut().zip(row).for_each(|(to, value)| *to = round(value * idf * inverse));
        }
        return (TableParts::Int8(table), None);
    }
    let step = step(weights, idf);
    let mut table = vec![int4_pair(0.0, 0.0); idf.len() * HALF];
    for (number, row) in used() {
        int4_row(row, 1.0 / step, &mut table[number * HALF..(number + 1) * HALF]);
    }
    let lexicon = transfer.map(|transfer| {
        let rows = || rows().skip(idf.len()).zip(&transfer.weights);
        let weight = (table_step(rows()) / step).round().clamp(1.0, f32::from(MAX_LEXICON_WEIGHT));
        let mut bytes = vec![int4_pair(0.0, 0.0); transfer.weights.len() * HALF];
        for (row, to) in rows().zip(bytes.chunks_mut(HALF)) {
            int4_row(row, 1.0 / (step * weight), to);
        }
        (bytes, weight as u8)
    });
    (TableParts::Int4(table), lexicon)
}

/// Packs two values, rounded and clamped to -7..=7, into a byte.
fn int4_pair(low: f32, high: f32) -> u8 {
    let bits = |value: f32| (value.round().clamp(-7.0, 7.0) + 8.0) as u8;
    bits(low) | bits(high) << 4
}

pub(crate) fn int4_row((row, &factor): Row<'_>, inverse: f32, to: &mut [u8]) {
    for (j, to) in to.iter_mut().enumerate() {
        *to = int4_pair(row[j] * factor * inverse, row[HALF + j] * factor * inverse);
    }
}

/// [`int4_step`] of a table, from a sample of its used rows.
fn table_step<'a>(rows: impl Iterator<Item = Row<'a>>) -> f32 {
    const EVERY: usize = 16;
    let sample: Vec<f32> =
        rows.step_by(EVERY).flat_map(|(row, factor)| row.into_iter().map(move |v| v * factor)).collect();
    int4_step(&sample)
}

/// Returns the step between int4 values: of several multiples of the values' root mean square, the
/// one with the least squared error. Larger values are clipped, which costs less than coarser steps
/// for all.
fn int4_step(values: &[f32]) -> f32 {
    let square: f64 = values.iter().map(|&value| f64::from(value) * f64::from(value)).sum();
    let size = (square / values.len().max(1) as f64).sqrt() as f32;
    if size == 0.0 {
        return 1.0;
    }
    let error = |step: f32| -> f64 {
        let inverse = 1.0 / step;
        let of_one = |&value: &f32| f64::from((value * inverse).round().clamp(-7.0, 7.0) * step - value);
        values.iter().map(of_one).map(|error| error * error).sum()
    };
    let steps = (5..=16).map(|part| size * part as f32 * 0.05);
    steps.map(|step| (error(step), step)).min_by(|a, b| a.0.total_cmp(&b.0)).map_or(size, |(_, step)| step)
}

/// Quantises the weights of one label in the output layer and the skip connection, and writes them
/// into a model's parts.
pub(crate) fn column(weights: &Weights, recipe: &Recipe, label: usize, parts: &mut Parts) {
    let of_label = |values: &Array2<f32>| values.slice(s![.., label..=label]).to_owned();
    let output = &weights.layers[3];
    let (weight, bias) = (of_label(&output.weights.value), of_label(&output.biases.value));
    let put = |from: LayerParts, to: &mut LayerParts| {
        let inputs = from.weights.len();
        to.weights[label * inputs..(label + 1) * inputs].copy_from_slice(&from.weights);
        to.scales[label] = from.scales[0];
        if let Some(&bias) = from.biases.first() {
            to.biases[label] = bias;
        }
    };
    put(layer(&weight, Some(&bias), 1.0, false), &mut parts.layers[3]);
    if let (Some(linear), Some(to)) = (&weights.linear, &mut parts.linear) {
        put(layer(&of_label(&linear.value), None, recipe.gain, true), to);
    }
}

/// Returns the step between the integers of the embedding table; see [`table`].
pub(crate) fn step(weights: &Weights, idf: &[f32]) -> f32 {
    let rows = weights.table.rows().into_iter();
    table_step(rows.zip(idf).filter(|(_, idf)| **idf > 0.0))
}

/// Quantises layers and skip connection, with the gain folded in. The three with most of the
/// weights are int4, which halves their size and costs no accuracy (`docs/accuracy.md`). The
/// reference's layers stay int8.
pub(crate) fn network(weights: &Weights, recipe: &Recipe) -> ([LayerParts; 4], Option<LayerParts>) {
    let layers = std::array::from_fn(|i| {
        let dense = &weights.layers[i];
        let factor = if i == 0 { recipe.gain } else { 1.0 };
        layer(
            &dense.weights.value,
            Some(&dense.biases.value),
            factor,
            recipe.preset != Preset::Reference && i < 2,
        )
    });
    (layers, weights.linear.as_ref().map(|linear| layer(&linear.value, None, recipe.gain, true)))
}
