//! The parameters that learning updates: the float32 values of a model's rounded embedding table,
//! and how often each row was updated.

use super::undo::RowsBefore;
use crate::error::{Error, Result};
use crate::model::{LayerParts, Model, Parts, TableParts};
use crate::network::INPUTS;
use crate::room;
use crate::shape::{DIMENSIONS, HALF};
use crate::simd;
use crate::text::filter::Filter;
use crate::text::ngrams::{NgramSettings, token_hashes};
use crate::train::bags::{Bag, Frequencies, for_each_clause};
use crate::train::options::{Amount, Recipe};
use crate::train::random::{Purpose, Random};
use crate::train::tensor::Parameter;
use crate::train::transfer::Transfer;
use crate::train::weights::{Dense, Weights};
use crate::train::{Preset, TrainOptions, quantise};
use crate::vectorizer::FeatureVector;
use ndarray::Array2;

/// Typical length of embedding-table rows after training, without their inverse document
/// frequencies (1.2 on the sample, 1.6 on BANKING77, 1.7 on CLINC150). Assumed for models without a
/// training state, so that steps are as large as in training.
const ROW_LENGTH: f32 = 1.6;

/// Inverse document frequency of the first rows in use, in steps between the integers of the
/// embedding table. Random rows of unit length then fill their range.
const FIRST_IDF: f32 = 32.0;

/// A model's parameters in float32.
pub(super) struct State {
    pub(super) recipe: Recipe,
    pub(super) frequencies: Frequencies,
    /// The embedding table being trained, and the dequantised layers of the model.
    pub(super) weights: Weights,
    /// Step between the integers of the embedding table.
    pub(super) step: f32,
    /// The embedding table as the model has it: two numbers per byte.
    pub(super) table: Vec<u8>,
    /// For undoing a change.
    pub(super) before: RowsBefore,
}

/// Returns the two numbers of a byte, -8..=7.
fn int4_numbers(byte: u8) -> (f32, f32) {
    (f32::from(byte & 15) - 8.0, f32::from(byte >> 4) - 8.0)
}

fn int4_row_numbers(bytes: &[u8]) -> [f32; DIMENSIONS] {
    let mut row = [0.0; DIMENSIONS];
    for (j, &byte) in bytes.iter().enumerate() {
        (row[j], row[HALF + j]) = int4_numbers(byte);
    }
    row
}

/// Returns the dequantised weights `[inputs, outputs]` of a layer whose inputs are `gain` times as
/// large.
fn multiplied_out(layer: &LayerParts, inputs: usize, gain: f32) -> Array2<f32> {
    Array2::from_shape_fn((inputs, layer.scales.len()), |(i, j)| {
        f32::from(layer.weights[j * inputs + i]) * layer.scales[j] / gain
    })
}

/// Returns the learning recipe of a model of that preset.
fn recipe(preset: Preset, ngrams: &NgramSettings, rows: usize) -> Recipe {
    let amount = Amount { lines: 0, labels: 1, with_labels: 0, with_several: 0 };
    let options = TrainOptions { preset, ..TrainOptions::default() };
    Recipe {
        ngrams: ngrams.clone(),
        row_bits: rows.trailing_zeros(),
        dropout: 0.0,
        feature_dropout: 0.0,
        outliers: 0.0,
        ..Recipe::new(&options, amount)
    }
}

impl State {
    /// Builds the state from a model alone: from its rounded numbers.
    pub(super) fn of(model: &Model) -> Result<State> {
        let preset: Preset = model.metadata().preset.parse()?;
        let Some(ngrams) = &model.metadata().ngrams else { return Err(Error::NoVectorizer) };
        let parts = model.parts();
        let TableParts::Int4(table) = &parts.table else {
            return Err(Error::invalid(format!(
                "a model of preset `{preset}` does not learn from corrections; train with another preset"
            )));
        };
        let recipe = recipe(preset, ngrams, model.rows());
        // Two numbers per byte: the rows, and once more with those of the lexicon.
        room::check::<f32>(4 * table.len() + 4 * parts.lexicon_rows.len())?;
        let rows: Vec<[f32; DIMENSIONS]> = table.chunks(HALF).map(int4_row_numbers).collect();
        let length = |row: &[f32; DIMENSIONS]| row.iter().map(|v| v * v).sum::<f32>().sqrt();
        let idf: Vec<f32> = rows.iter().map(|row| length(row) / ROW_LENGTH).collect();
        let transfer = model.metadata().lexicon.map(|lexicon| {
            let rows = parts.lexicon_rows.chunks(HALF).flat_map(int4_row_numbers);
            let rows: Vec<f32> = rows.map(|value| value * f32::from(lexicon.weight)).collect();
            let weights = vec![1.0; parts.lexicon_rows.len() / HALF];
            Transfer { rows, weights, words: parts.lexicon_words.clone() }
        });
        let frozen = transfer.as_ref().map_or(&[][..], |transfer| &transfer.rows);
        let mut values = Array2::zeros((rows.len() + frozen.len() / DIMENSIONS, DIMENSIONS));
        if let Some(values) = values.as_slice_mut() {
            for ((to, row), idf) in values.chunks_mut(DIMENSIONS).zip(&rows).zip(&idf) {
                to.iter_mut().zip(row).for_each(|(to, value)| *to = value / idf.max(1e-6));
            }
            values[rows.len() * DIMENSIONS..].copy_from_slice(frozen);
        }
        let weights = Weights {
            table: values,
            table_moments: vec![0.0; rows.len()],
            table_decays: vec![1.0; rows.len()],
            layers: vec![],
            linear: None,
            steps: 0,
        };
        let mut state = State {
            frequencies: Frequencies {
                idf,
                known: parts.known.clone(),
                frequent: parts.frequent.clone(),
                transfer,
                separators: token_hashes(&parts.metadata.separators),
                symbols: token_hashes(&parts.metadata.symbols),
            },
            recipe,
            weights,
            step: 1.0,
            table: table.clone(),
            before: RowsBefore::default(),
        };
        state.take_layers(&parts);
        Ok(state)
    }

    /// Copies the layers of a model's parts.
    pub(super) fn take_layers(&mut self, parts: &Parts) {
        let gain = self.recipe.gain;
        let dense = |(i, layer): (usize, &LayerParts)| Dense {
            weights: Parameter::new(multiplied_out(layer, INPUTS[i], if i == 0 { gain } else { 1.0 })),
            biases: Parameter::new(Array2::from_shape_fn((1, layer.biases.len()), |(_, j)| layer.biases[j])),
        };
        self.weights.layers = parts.layers.iter().enumerate().map(dense).collect();
        self.weights.linear =
            parts.linear.as_ref().map(|linear| Parameter::new(multiplied_out(linear, DIMENSIONS, gain)));
    }

    /// Replaces the model's rounded numbers with those of training.
    pub(super) fn take_table(&mut self, trained: &Weights, idf: &[f32]) {
        let rows = idf.len();
        let from = trained.table.as_slice().unwrap_or_default();
        if let Some(to) = self.weights.table.as_slice_mut() {
            to[..rows * DIMENSIONS].copy_from_slice(&from[..rows * DIMENSIONS]);
        }
        self.weights.table_moments.copy_from_slice(&trained.table_moments);
        self.weights.table_decays.copy_from_slice(&trained.table_decays);
        self.frequencies.idf.copy_from_slice(idf);
        self.take_step(quantise::step(trained, idf));
    }

    /// Restores the rows in use from a file: their values, and the inverse document frequency,
    /// moment and decay of each.
    pub(super) fn restore(
        &mut self,
        used: &[usize],
        table: &[[f32; DIMENSIONS]],
        numbers: &[[f32; 3]],
        step: f32,
    ) {
        let rows = self.frequencies.idf.len();
        self.frequencies.idf.fill(0.0);
        if let Some(to) = self.weights.table.as_slice_mut() {
            let to = to.as_chunks_mut::<DIMENSIONS>().0;
            to[..rows].fill([0.0; DIMENSIONS]);
            for ((&row, values), &[idf, moment, decay]) in used.iter().zip(table).zip(numbers) {
                to[row] = *values;
                self.frequencies.idf[row] = idf;
                self.weights.table_moments[row] = moment;
                self.weights.table_decays[row] = decay;
            }
        }
        self.take_step(step);
    }

    /// Sets the step. The rows of the lexicon, which follow the others, are measured in steps.
    fn take_step(&mut self, step: f32) {
        let rows = self.frequencies.idf.len();
        if let Some(values) = self.weights.table.as_slice_mut() {
            values[rows * DIMENSIONS..].iter_mut().for_each(|value| *value *= step / self.step);
        }
        self.step = step;
    }

    /// Prepares for learning a text: initialises embedding-table rows that no text has used yet,
    /// and adds its trigrams to the known ones.
    pub(super) fn open(&mut self, text: &str, seed: u64) -> Result<()> {
        let (mut trigrams, mut rows) = (vec![], vec![]);
        let frequencies = &self.frequencies;
        let words = frequencies.words(frequencies.transfer.as_ref());
        for_each_clause(text, &self.recipe, words, Some(&mut trigrams), |bag| {
            rows.extend(bag.iter().map(|&(row, _)| row as usize));
        });
        // The frequency of a row that one text uses.
        let rarest = match self.frequencies.idf.iter().copied().fold(0.0f32, f32::max) {
            0.0 => FIRST_IDF,
            rarest => rarest,
        };
        let idf = &self.frequencies.idf;
        let unused = |&row: &usize| idf.get(row).is_some_and(|&idf| idf == 0.0);
        rows.retain(unused);
        rows.sort_unstable();
        rows.dedup();
        self.save(rows.iter().copied())?;
        for &row in &rows {
            self.frequencies.idf[row] = rarest;
            let mut random = Random::new(seed ^ (row as u64) << 32, Purpose::Table);
            let mut row = self.weights.table.row_mut(row);
            row.iter_mut().for_each(|value| *value = random.normal() / 16.0);
        }
        self.round(&rows);
        Filter::extend(&mut self.frequencies.known, trigrams);
        Ok(())
    }

    /// Returns true if learning a text would update at least one row.
    pub(super) fn can_learn(&self, text: &str) -> bool {
        let learned = self.frequencies.idf.len();
        let words = self.frequencies.words(self.frequencies.transfer.as_ref());
        let mut found = false;
        for_each_clause(text, &self.recipe, words, None, |bag| {
            found |= bag.iter().any(|&(row, _)| (row as usize) < learned);
        });
        found
    }

    /// Returns the bags of a text's clauses.
    pub(super) fn bags(&self, text: &str) -> Vec<Bag> {
        self.frequencies.bags(text, &self.recipe)
    }

    /// Returns the features of a bag: a vector of unit length, or zeros.
    pub(super) fn features(&self, bag: &Bag) -> FeatureVector {
        let mut features = [0.0; DIMENSIONS];
        simd::weighted_sum(self.weights.table.as_slice().unwrap_or_default(), bag, &mut features);
        let length = simd::dot(&features, &features).sqrt().max(1e-6);
        features.iter_mut().for_each(|value| *value /= length);
        features
    }

    /// Rounds rows again after an update.
    pub(super) fn round(&mut self, rows: &[usize]) {
        for &row in rows {
            let to = &mut self.table[row * HALF..(row + 1) * HALF];
            let from = (self.weights.table.row(row), &self.frequencies.idf[row]);
            quantise::int4_row(from, 1.0 / self.step, to);
        }
    }
}
