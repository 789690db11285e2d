//! The rows of one text on their way to a decision: from clauses to the logits and the reject score
//! of the text.

use super::with_logits;
use crate::decision::{RejectScore, add_whole, noisy_or};
use crate::shape::DIMENSIONS;
use crate::simd;
use crate::vectorizer::FeatureVector;

/// Combines the rows of one text into logits and a reject score.
pub struct Reading<'a> {
    reject: RejectScore<'a>,
    logits: &'a mut [f32],
    score: f32,
    rows: usize,
    /// The text as a whole, if it has a say in its labels.
    whole: Option<Whole>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(reject: RejectScore<'a>, logits: &'a mut [f32], reads_whole: bool) -> Self {
        let whole = reads_whole.then(Whole::default);
        Reading { reject, logits, score: f32::NEG_INFINITY, rows: 0, whole }
    }

    /// Adds a row and computes its logits with `network`. Ignores a row of zeros, in which nothing
    /// is known.
    ///
    /// # Panics
    /// Panics unless there are as many logits as labels.
    pub fn row(&mut self, features: &FeatureVector, network: impl Fn(&FeatureVector, &mut [f32])) {
        if is_zero(features) {
            return;
        }
        if self.rows == 0 {
            network(features, self.logits);
            self.score = self.reject.of(features, self.logits);
            self.count(features);
        } else {
            with_logits(self.logits.len(), |logits| {
                network(features, logits);
                self.add(features, logits);
            });
        }
    }

    /// Adds a row with its logits, as [`Reading::row`].
    ///
    /// # Panics
    /// Panics unless there are as many logits as labels.
    pub fn add(&mut self, features: &FeatureVector, logits: &[f32]) {
        if is_zero(features) {
            return;
        }
        self.score = self.score.max(self.reject.of(features, logits));
        match self.rows {
            0 => self.logits.copy_from_slice(logits),
            _ => noisy_or(self.logits, logits),
        }
        self.count(features);
    }

    fn count(&mut self, features: &FeatureVector) {
        self.rows += 1;
        if let Some(whole) = &mut self.whole {
            whole.add(features);
        }
    }

    /// Ends the text: lets it have its say as a whole if it has several rows, with logits from
    /// `network`. Returns its reject score: the highest of its rows, or negative infinity if nothing
    /// in it is known.
    pub fn finish(self, network: impl FnOnce(&FeatureVector, &mut [f32])) -> f32 {
        if let Some(features) = self.whole.filter(|_| self.rows > 1).and_then(|whole| whole.features()) {
            with_logits(self.logits.len(), |logits| {
                network(&features, logits);
                add_whole(self.logits, logits);
            });
        }
        self.score
    }
}

/// A text read as a whole: the sum of the rows of its clauses, scaled to unit norm.
pub(crate) struct Whole {
    sum: FeatureVector,
}

impl Default for Whole {
    fn default() -> Self {
        Whole { sum: [0.0; DIMENSIONS] }
    }
}

impl Whole {
    /// Adds the row of a clause.
    pub(crate) fn add(&mut self, row: &FeatureVector) {
        simd::axpy(1.0, row, &mut self.sum);
    }

    /// Returns the features, or `None` if the rows cancel out.
    pub(crate) fn features(mut self) -> Option<FeatureVector> {
        let norm = simd::dot(&self.sum, &self.sum).sqrt();
        // Also false if it is NaN.
        let is_there = norm > f32::MIN_POSITIVE;
        self.sum.iter_mut().for_each(|value| *value /= norm);
        is_there.then_some(self.sum)
    }
}

fn is_zero(features: &FeatureVector) -> bool {
    features.iter().all(|&feature| feature == 0.0)
}
