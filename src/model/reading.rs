//! The rows of one text on their way to a decision: from clauses to the logits and the reject score
//! of the text.

use super::with_logits;
use crate::decision::{Clauses, RejectScore, noisy_or};
use crate::shape::DIMENSIONS;
use crate::simd;
use crate::vectorizer::FeatureVector;

/// Combines the rows of one text into logits and a reject score.
#[doc(hidden)]
pub struct Reading<'a> {
    reject: RejectScore<'a>,
    logits: &'a mut [f32],
    score: f32,
    rows: usize,
    /// What is needed to read the text as a whole, if the model does.
    whole: Option<Whole>,
}

/// A text of several clauses.
struct Whole {
    /// The sum of the rows.
    sum: FeatureVector,
    clauses: Clauses,
}

impl<'a> Reading<'a> {
    #[inline]
    pub(super) fn new(reject: RejectScore<'a>, logits: &'a mut [f32], doubt: f32) -> Self {
        let whole = (doubt > 0.0).then(|| Whole { sum: [0.0; DIMENSIONS], clauses: Clauses::new(doubt) });
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
            self.count(features);
            self.score = self.reject.of(features, self.logits);
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
        if self.rows == 0 {
            self.logits.copy_from_slice(logits);
        } else {
            if let Some(Whole { clauses, .. }) = &mut self.whole {
                if self.rows == 1 {
                    clauses.add(self.logits);
                }
                clauses.add(logits);
            }
            noisy_or(self.logits, logits);
        }
        self.count(features);
    }

    fn count(&mut self, features: &FeatureVector) {
        if let Some(Whole { sum, .. }) = &mut self.whole {
            match self.rows {
                0 => *sum = *features,
                _ => simd::axpy(1.0, features, sum),
            }
        }
        self.rows += 1;
    }

    /// Ends the text. If labels of its clauses are in doubt, reads it as a whole with `network`.
    /// Returns its reject score: the highest of its rows, or negative infinity if nothing in it is
    /// known.
    pub fn finish(&mut self, network: &mut dyn FnMut(&FeatureVector, &mut [f32])) -> f32 {
        if self.rows > 1
            && let Some(Whole { sum, clauses }) = &mut self.whole
            && clauses.any_in_doubt()
        {
            let norm = simd::dot(sum, sum).sqrt();
            // False if the rows cancel out, and if one isn't a number.
            if norm > f32::MIN_POSITIVE {
                sum.iter_mut().for_each(|value| *value /= norm);
                with_logits(self.logits.len(), |whole| {
                    network(sum, whole);
                    clauses.resolve(whole, self.logits);
                });
            }
        }
        self.score
    }
}

fn is_zero(features: &FeatureVector) -> bool {
    features.iter().all(|&feature| feature == 0.0)
}
