//! The training loop: minibatches through embedding table and network, summed binary cross-entropy,
//! Adam on the network, and a row-wise RMS step on the table (one second moment per row: as
//! accurate there as Adam, with 1/512 of the state).

use super::bags::{Bag, Samples};
use super::fragments::Fragments;
use super::options::Recipe;
use super::random::{Purpose, Random};
use super::tensor::{Rows, product};
use super::weights::{TABLE_DECAY, Weights};
use crate::error::{Error, Result};
use crate::network::HIDDEN;
use crate::shape::DIMENSIONS;
use crate::simd::{self, AdamStep};
use crate::vectorizer::FeatureVector;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

/// Buffers of one run; once they have grown, a step allocates nothing. Each clause of a line is one
/// row of the network's input.
#[derive(Default)]
pub(crate) struct Workspace {
    /// One bag per row; the first `rows` are in use.
    bags: Vec<Bag>,
    rows: usize,
    /// The rows of each line of the batch, and whether the line is a synthetic negative.
    of_line: Vec<(Range<usize>, bool)>,
    norms: Vec<f32>,
    uses: Uses,
    noise: Vec<u8>,
    inputs: Rows,
    /// Outputs of the hidden layers.
    activations: [Rows; HIDDEN.len()],
    /// The loss's gradient with respect to `activations`, after ReLU and dropout.
    gradients: [Rows; HIDDEN.len()],
    /// The logits; later the loss's gradient with respect to them.
    logits: Rows,
    inputs_gradient: Rows,
    of_text: Vec<f32>,
}

/// Which inputs use which rows of the embedding table.
#[derive(Default)]
struct Uses {
    /// (input, weight), grouped by table row, in input order.
    entries: Vec<(u32, f32)>,
    /// For each table row, the end of its entries.
    ends: Vec<usize>,
    /// The table rows in use, ascending.
    rows: Vec<u32>,
}

impl Uses {
    /// Sorts the entries of the bags, one input per bag, by table row (a stable counting sort).
    fn sort(&mut self, bags: &[Bag], table_rows: usize) {
        self.ends.clear();
        self.ends.resize(table_rows, 0);
        bags.iter().flatten().for_each(|&(row, _)| self.ends[row as usize] += 1);
        self.rows.clear();
        let mut total = 0;
        for (row, end) in (0..).zip(&mut self.ends) {
            if *end > 0 {
                self.rows.push(row);
            }
            total += std::mem::replace(end, total);
        }
        self.entries.resize(total, (0, 0.0));
        for (input, bag) in (0..).zip(bags) {
            for &(row, weight) in bag {
                let at = &mut self.ends[row as usize];
                self.entries[*at] = (input, weight);
                *at += 1;
            }
        }
    }

    /// Returns the entries of the `i`-th used row.
    fn of(&self, i: usize) -> &[(u32, f32)] {
        let end = |i: usize| self.ends[self.rows[i] as usize];
        &self.entries[if i == 0 { 0 } else { end(i - 1) }..end(i)]
    }
}

/// The result of an epoch.
pub(crate) struct Epoch {
    /// Counted from 1.
    pub(crate) number: usize,
    /// Mean loss per line over the epoch.
    pub(crate) loss: f64,
}

/// One run over selected lines.
pub(crate) struct Fit<'a> {
    pub(crate) recipe: &'a Recipe,
    pub(crate) samples: Samples<'a>,
    pub(crate) targets: &'a [Vec<u32>],
    /// Target probabilities of the lines after those of `targets`, which have one row each. Missing
    /// labels have the target 0.
    pub(crate) soft: &'a [Vec<f32>],
    /// Parts of lines that follow lines with the same labels. Empty if texts are not cut.
    pub(crate) fragments: Fragments,
    /// The lines to train on.
    pub(crate) lines: Vec<usize>,
    pub(crate) labels: usize,
    pub(crate) seed: u64,
    /// Maximum number of threads per matrix product.
    pub(crate) threads: usize,
    /// Once set, ends the run at the next step.
    pub(crate) stop: &'a AtomicBool,
    /// Whether the layers are trained. If not, only the embedding table is, and no gradients of the
    /// layers are computed.
    pub(crate) dense: bool,
}

impl Fit<'_> {
    /// Trains for the first `epochs` epochs of the recipe's schedule. Calls `after` with the
    /// weights after each epoch. An error from `after` ends the run; `stop` ends it with
    /// [`Error::Stopped`].
    pub(crate) fn run(
        &self,
        weights: &mut Weights,
        epochs: usize,
        mut after: impl FnMut(&Weights, Epoch) -> Result<()>,
    ) -> Result<()> {
        let recipe = self.recipe;
        let mut random = Random::new(self.seed, Purpose::Minibatches);
        let mut space = Workspace::default();
        let mut order = self.lines.clone();
        let steps_an_epoch = order.len().div_ceil(recipe.batch);
        let steps = steps_an_epoch * recipe.epochs;
        let mut step = 0;
        for number in 1..=epochs {
            random.shuffle(&mut order);
            let mut loss = 0.0;
            for batch in order.chunks(recipe.batch) {
                if self.stop.load(Ordering::Relaxed) {
                    return Err(Error::Stopped);
                }
                let pace = if recipe.scheduled { pace(step, steps) } else { 1.0 };
                loss += self.step(weights, batch, pace, &mut random, &mut space);
                step += 1;
            }
            let loss = loss / order.len() as f64;
            if !loss.is_finite() {
                let advice = "lower the learning rate, or look for feature rows that are far from unit norm";
                return Err(Error::Training(format!("the loss is {loss} after epoch {number}; {advice}")));
            }
            after(weights, Epoch { number, loss })?;
        }
        Ok(())
    }

    /// Does one step. Returns the summed loss of its lines.
    fn step(
        &self,
        weights: &mut Weights,
        batch: &[usize],
        pace: f32,
        random: &mut Random,
        space: &mut Workspace,
    ) -> f64 {
        let recipe = self.recipe;
        let loss = self.gradients(weights, batch, random, space);
        if self.learns_table() {
            table_step(weights, |_| recipe.table_rate * pace, space);
        }
        weights.steps += 1;
        let first = 1.0 - libm::pow(0.9, f64::from(weights.steps));
        let second = 1.0 - libm::pow(0.999, f64::from(weights.steps));
        let step = AdamStep {
            rate: (f64::from(recipe.learning_rate * pace) / first) as f32,
            second_correction: (1.0 / second) as f32,
            decay: recipe.learning_rate * pace * recipe.weight_decay,
        };
        for layer in &mut weights.layers {
            layer.weights.adam(step);
            layer.biases.adam(step);
        }
        if let Some(linear) = &mut weights.linear {
            linear.adam(step);
        }
        loss
    }

    /// The first half of a step: writes the gradients and returns the summed loss of the lines.
    pub(crate) fn gradients(
        &self,
        weights: &mut Weights,
        batch: &[usize],
        random: &mut Random,
        space: &mut Workspace,
    ) -> f64 {
        self.draw(batch, random, space);
        self.gather(weights, batch, space);
        self.forward(weights, random, space);
        let loss = self.loss(batch, space);
        self.backward(weights, space);
        if self.learns_table() {
            through_norm(&mut space.inputs_gradient, &space.inputs, &space.norms, self.recipe.gain);
        }
        loss
    }

    /// Draws the bags of a batch: drops n-grams at random and mixes some lines into synthetic
    /// negatives.
    fn draw(&self, batch: &[usize], random: &mut Random, space: &mut Workspace) {
        space.of_line.clear();
        space.rows = 0;
        let Samples::Bags(bags) = &self.samples else {
            space.of_line.extend((0..batch.len()).map(|i| (i..i + 1, false)));
            space.rows = batch.len();
            return;
        };
        let dropout = self.recipe.feature_dropout;
        for (i, &line) in batch.iter().enumerate() {
            // In random order, successive bags are far apart in memory.
            if let Some(&soon) = batch.get(i + 2) {
                bags[soon].iter().for_each(|bag| simd::prefetch(bag));
            }
            let first = space.rows;
            let mut mixed = false;
            if self.recipe.outliers > 0.0 && random.unit() < self.recipe.outliers {
                let other = batch[random.below(batch.len())];
                if self.targets[other] != self.targets[line] {
                    let share = 0.35 + 0.3 * random.unit();
                    let (row, noise) = space.next_row();
                    for (line, share) in [(line, share), (other, 1.0 - share)] {
                        for bag in &bags[line] {
                            drop_some(bag, row, share, dropout, random, noise);
                        }
                    }
                    mixed = true;
                }
            }
            if !mixed {
                for bag in bags[line].iter().chain(self.fragments.after(line, random)) {
                    let (row, noise) = space.next_row();
                    drop_some(bag, row, 1.0, dropout, random, noise);
                }
            }
            space.of_line.push((first..space.rows, mixed));
        }
    }

    /// Computes the features of a batch, scaled to the norm of the recipe's gain.
    fn gather(&self, weights: &Weights, batch: &[usize], space: &mut Workspace) {
        space.inputs.reshape(space.rows, DIMENSIONS);
        space.norms.clear();
        let table = weights.table.as_slice().unwrap_or_default();
        for (i, row) in space.inputs.rows_mut().enumerate() {
            let Ok(vector) = <&mut FeatureVector>::try_from(row) else { continue };
            match &self.samples {
                Samples::Bags(_) => simd::weighted_sum(table, &space.bags[i], vector),
                Samples::Features(rows) => vector.copy_from_slice(&rows[batch[i]]),
            }
            let norm = match &self.samples {
                Samples::Bags(_) => simd::dot(vector, vector).sqrt().max(1e-6),
                Samples::Features(_) => 1.0,
            };
            space.norms.push(norm);
            let scale = self.recipe.gain / norm;
            vector.iter_mut().for_each(|value| *value *= scale);
        }
    }

    /// Returns true if there is an embedding table and it is trained.
    fn learns_table(&self) -> bool {
        self.recipe.learned_table && matches!(self.samples, Samples::Bags(_))
    }

    /// ReLU and dropout after a hidden layer: of 256 random byte values the number that pass, and
    /// the factor of what passes.
    fn openness(&self, layer: usize) -> (u16, f32) {
        let dropout = if layer < 2 || self.recipe.scheduled { self.recipe.dropout } else { 0.0 };
        let kept = keep_below(dropout);
        (kept, 256.0 / f32::from(kept))
    }

    /// Writes the activations and the logits.
    fn forward(&self, weights: &Weights, random: &mut Random, space: &mut Workspace) {
        let Workspace { rows, inputs, activations, logits, noise, .. } = space;
        for (i, layer) in weights.layers[..HIDDEN.len()].iter().enumerate() {
            let (before, rest) = activations.split_at_mut(i);
            let (input, output) = (before.last().unwrap_or(inputs), &mut rest[0]);
            output.repeat(*rows, layer.biases.values());
            product(input.view(), layer.weights.view(), output.values_mut(), true, self.threads);
            // Srivastava et al., 2014; scaled in training, so that inference needs no factor.
            let (kept, open) = self.openness(i);
            noise.resize(output.values().len(), 0);
            if kept < 256 {
                random.bytes(noise);
            }
            for (value, &noise) in output.values_mut().iter_mut().zip(&*noise) {
                // Written so that a NaN stays NaN.
                let closed = (*value <= 0.0) | (u16::from(noise) >= kept);
                *value = if closed { 0.0 } else { *value * open };
            }
        }
        let layer = &weights.layers[HIDDEN.len()];
        logits.repeat(*rows, layer.biases.values());
        let last = &activations[HIDDEN.len() - 1];
        product(last.view(), layer.weights.view(), logits.values_mut(), true, self.threads);
        if let Some(linear) = &weights.linear {
            product(inputs.view(), linear.view(), logits.values_mut(), true, self.threads);
        }
    }

    /// Writes every parameter's gradient, and the inputs' gradient if the embedding table is
    /// trained.
    fn backward(&self, weights: &mut Weights, space: &mut Workspace) {
        let Workspace { rows, inputs, activations, gradients, logits, inputs_gradient, .. } = space;
        let wants_inputs = self.learns_table();
        inputs_gradient.reshape(*rows, DIMENSIONS);
        if let Some(linear) = &mut weights.linear {
            if self.dense {
                product(inputs.view().t(), logits.view(), linear.gradient_mut(), false, self.threads);
            }
            if wants_inputs {
                let to = inputs_gradient.values_mut();
                product(logits.view(), linear.view().t(), to, false, self.threads);
            }
        }
        let adds = weights.linear.is_some();
        for (i, layer) in weights.layers.iter_mut().enumerate().rev() {
            let (before, behind) = gradients.split_at_mut(i);
            let gradient = behind.first().unwrap_or(logits);
            let input = if i == 0 { &*inputs } else { &activations[i - 1] };
            if self.dense {
                product(input.view().t(), gradient.view(), layer.weights.gradient_mut(), false, self.threads);
                let sums = layer.biases.gradient_mut();
                sums.fill(0.0);
                gradient.rows().for_each(|row| simd::axpy(1.0, row, sums));
            }
            if let Some(before) = before.last_mut() {
                before.reshape(*rows, HIDDEN[i - 1]);
                let to = before.values_mut();
                product(gradient.view(), layer.weights.view().t(), to, false, self.threads);
                let (_, open) = self.openness(i - 1);
                for (gradient, &activation) in to.iter_mut().zip(input.values()) {
                    *gradient = if activation > 0.0 { *gradient * open } else { 0.0 };
                }
            } else if wants_inputs {
                let to = inputs_gradient.values_mut();
                product(gradient.view(), layer.weights.view().t(), to, adds, self.threads);
            }
        }
    }

    /// Turns the rows' logits into the loss's gradient with respect to them. Returns the summed
    /// loss.
    ///
    /// A line of several rows has the labels that any of its rows has (noisy-or), so clauses learn
    /// which label is theirs without being told (multiple-instance learning; Maron and
    /// Lozano-Pérez, 1998).
    fn loss(&self, batch: &[usize], space: &mut Workspace) -> f64 {
        // Summed over labels, averaged over lines. The reference averages over both.
        let share = if self.recipe.scheduled { 1.0 } else { 1.0 / self.labels as f32 };
        let scale = share / batch.len() as f32;
        let mut loss = 0.0f64;
        let (logits, of_text) = (space.logits.values_mut(), &mut space.of_text);
        simd::sigmoids(logits);
        for ((rows, outlier), &line) in space.of_line.iter().zip(batch) {
            let rows = &mut logits[rows.start * self.labels..rows.end * self.labels];
            if let Some(wanted) = line.checked_sub(self.targets.len()).and_then(|line| self.soft.get(line)) {
                let wanted = wanted.iter().copied().chain(std::iter::repeat(0.0));
                rows.iter_mut().zip(wanted).for_each(|(p, wanted)| *p = (*p - wanted) * scale);
                continue;
            }
            let wanted: &[u32] = if *outlier { &[] } else { &self.targets[line] };
            if rows.len() == self.labels {
                loss += f64::from(share) * cross_entropy(rows, wanted);
                for &label in wanted {
                    rows[label as usize] -= 1.0;
                }
            } else {
                any_of(rows, self.labels, of_text);
                loss += f64::from(share) * cross_entropy(of_text, wanted);
                // With p = 1 - Π (1 - p_r): dp / dz_r = (1 - p) p_r. The gradient is p_r for a
                // label that is not wanted, and p_r (p - 1) / p for one that is.
                for (label, p) in (0..).zip(&mut *of_text) {
                    let held = if *p < 1e-7 { 1e-7 } else { *p };
                    *p = if wanted.contains(&label) { (*p - 1.0) / held } else { 1.0 };
                }
                for row in rows.chunks_mut(self.labels) {
                    row.iter_mut().zip(&*of_text).for_each(|(p, factor)| *p *= factor);
                }
            }
            rows.iter_mut().for_each(|gradient| *gradient *= scale);
        }
        loss
    }
}

impl Workspace {
    /// Returns the trained rows of the embedding table that the last step changed.
    pub(crate) fn moved(&self, learned: usize) -> impl Iterator<Item = usize> {
        self.uses.rows.iter().map(|&row| row as usize).filter(move |&row| row < learned)
    }

    /// Returns the rows of the embedding table that the lines of this step use, with repetitions.
    pub(crate) fn used(&self) -> impl Iterator<Item = usize> {
        self.bags[..self.rows].iter().flatten().map(|&(row, _)| row as usize)
    }

    /// Returns the gradient of the skip connection for one label.
    pub(crate) fn linear_gradient(&self, label: usize) -> FeatureVector {
        let mut linear = [0.0; DIMENSIONS];
        for (gradient, inputs) in self.logits.rows().zip(self.inputs.rows()) {
            simd::axpy(gradient[label], inputs, &mut linear);
        }
        linear
    }

    /// Returns an empty bag for the next row, and the noise buffer.
    fn next_row(&mut self) -> (&mut Bag, &mut Vec<u8>) {
        if self.bags.len() == self.rows {
            self.bags.push(vec![]);
        }
        let bag = &mut self.bags[self.rows];
        bag.clear();
        self.rows += 1;
        (bag, &mut self.noise)
    }
}

/// Computes the probability of each label in any row: `1 - Π (1 - p)`. Never less than in the most
/// probable row, however small.
fn any_of(rows: &[f32], labels: usize, of_text: &mut Vec<f32>) {
    of_text.clear();
    of_text.resize(labels, 0.0);
    for row in rows.chunks(labels) {
        for (any, &p) in of_text.iter_mut().zip(row) {
            *any += p * (1.0 - *any);
        }
    }
}

/// Summed binary cross-entropy of a line, from its probabilities. One logarithm serves 40 labels,
/// whose product can't underflow: `1e-7^40 = 1e-280`.
fn cross_entropy(probabilities: &[f32], wanted: &[u32]) -> f64 {
    // At least 1e-7, without `max`, which would hide a NaN.
    let held = |p: f32| f64::from(if p < 1e-7 { 1e-7 } else { p });
    let mut sum = 0.0;
    for some in probabilities.chunks(40) {
        sum -= libm::log(some.iter().map(|&p| held(1.0 - p)).product::<f64>());
    }
    for &label in wanted {
        let p = probabilities[label as usize];
        sum += libm::log(held(1.0 - p)) - libm::log(held(p));
    }
    sum
}

/// Learning rate as a share of its peak: 5 % of the steps to warm up, then a cosine down to 1 %.
fn pace(step: usize, steps: usize) -> f32 {
    let warm = (steps / 20).max(1);
    let done = step as f64 / steps as f64;
    let cosine = 0.5 * (1.0 + libm::cos(std::f64::consts::PI * done));
    (if step < warm { step as f64 / warm as f64 } else { cosine }).max(0.01) as f32
}

/// Returns how many of the 256 values of a random byte pass dropout at this rate: dropout has steps
/// of 1/256.
fn keep_below(dropout: f32) -> u16 {
    256 - (dropout * 256.0).round() as u16
}

/// Adds a bag's entries that survive dropout, each whole, weighted by `share`.
fn drop_some(from: &Bag, to: &mut Bag, share: f32, dropout: f32, random: &mut Random, noise: &mut Vec<u8>) {
    let kept = keep_below(dropout);
    noise.resize(from.len(), 0);
    if dropout > 0.0 {
        random.bytes(noise);
    }
    // Every entry is written, and the next one overwrites it if it is dropped: a random branch
    // would be mispredicted.
    let mut length = to.len();
    to.resize(length + from.len(), (0, 0.0));
    for (&(row, weight), &noise) in from.iter().zip(&*noise) {
        to[length] = (row, weight * share);
        length += usize::from(u16::from(noise) < kept);
    }
    to.truncate(length);
}

/// Backpropagates through `inputs = gain * sum / |sum|`, in place.
fn through_norm(gradient: &mut Rows, inputs: &Rows, norms: &[f32], gain: f32) {
    for ((row, input), &norm) in gradient.rows_mut().zip(inputs.rows()).zip(norms) {
        let along = simd::dot(row, input) / (gain * gain);
        let scale = gain / norm;
        for (gradient, value) in row.iter_mut().zip(input) {
            *gradient = scale * (*gradient - value * along);
        }
    }
}

/// Does one step of every trained row that the batch used.
pub(crate) fn table_step(weights: &mut Weights, rate: impl Fn(usize) -> f32, space: &mut Workspace) {
    /// Number of used rows prefetched ahead.
    const AHEAD: usize = 4;
    let Workspace { bags, rows, uses, inputs_gradient, .. } = space;
    let Some(table) = weights.table.as_slice_mut() else { return };
    uses.sort(&bags[..*rows], table.len() / DIMENSIONS);
    // The frozen rows come after these.
    let learned = uses.rows.partition_point(|&row| (row as usize) < weights.table_moments.len());
    let mut gradient = [0.0; DIMENSIONS];
    for (i, &row) in uses.rows[..learned].iter().enumerate() {
        if let Some(&soon) = uses.rows.get(i + AHEAD) {
            simd::prefetch(&table[soon as usize * DIMENSIONS..][..DIMENSIONS]);
        }
        let row = row as usize;
        simd::weighted_sum(inputs_gradient.values(), uses.of(i), &mut gradient);
        let square = simd::dot(&gradient, &gradient) / DIMENSIONS as f32;
        let moment = &mut weights.table_moments[row];
        *moment = TABLE_DECAY * *moment + (1.0 - TABLE_DECAY) * square;
        let decay = &mut weights.table_decays[row];
        *decay *= TABLE_DECAY;
        let size = (*moment / (1.0 - *decay)).sqrt() + 1e-9;
        simd::axpy(-rate(row) / size, &gradient, &mut table[row * DIMENSIONS..][..DIMENSIONS]);
    }
}

#[cfg(test)]
mod tests;
