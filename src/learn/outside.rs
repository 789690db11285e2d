//! Texts without labels: updates of the out-of-scope plane until such texts are rejected.
//!
//! If the training examples are kept, the plane is fitted again with the new ones among them.
//! Otherwise, or if that is not enough, the plane moves by the minimum that corrects the new ones
//! (passive-aggressive updates; Crammer et al., 2006).

use super::{Learner, spread};
use crate::data::Example;
use crate::decision::{Outside, RejectScore};
use crate::error::Result;
use crate::model::{Model, Parts};
use crate::shape::DIMENSIONS;
use crate::simd;
use crate::train::outside::plane;
use crate::vectorizer::FeatureVector;

/// Number of kept examples of each kind that the plane is fitted to.
const LINES: usize = 1_000;
/// Extra margin, in scores, beyond the minimum.
const MORE: f32 = 1.0;

impl Learner {
    /// Moves the plane of a model's parts until it rejects the examples without labels and accepts
    /// those with labels. Returns true if it moved.
    pub(super) fn place_outside(
        &self,
        model: &Model,
        parts: &mut Parts,
        examples: &[Example],
    ) -> Result<bool> {
        let before = parts.outside.clone();
        if self.all_right(model, parts, examples)? {
            return Ok(false);
        }
        if self.has_history {
            self.find_plane(model, parts, examples)?;
        }
        if !self.all_right(model, parts, examples)? {
            for example in examples {
                self.push(model, parts, example)?;
            }
        }
        Ok(parts.outside != before)
    }

    /// Returns true if the plane puts every example on its correct side, as far as the plane
    /// decides.
    fn all_right(&self, model: &Model, parts: &Parts, examples: &[Example]) -> Result<bool> {
        for example in examples {
            if self.missing(model, parts, example)?.is_some() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Returns a row of an example on the wrong side of the plane, and the margin it should have.
    fn missing(
        &self,
        model: &Model,
        parts: &Parts,
        example: &Example,
    ) -> Result<Option<(FeatureVector, f32)>> {
        let below = model.rule().reject.below(None);
        let (outside, mut score) = (Outside::new(&parts.outside), model.reject_score());
        score.outside = None;
        let mut missing = None;
        self.for_each_row(model, &example.text, |row, logits| {
            let margin = outside.as_ref().map_or(0.0, |outside| outside.margin(row));
            let wanted = if example.labels.is_empty() {
                // Rejected with the score that it has without the plane.
                Outside::margin_for(score.of(row, logits) - below + MORE)
            } else {
                Outside::MARGIN
            };
            let wrong = if example.labels.is_empty() { margin < wanted } else { margin > wanted };
            let first = missing.is_none();
            if first && wrong && wanted.is_finite() {
                missing = Some((*row, wanted));
            }
        })?;
        if example.labels.is_empty() && self.is_rejected(model, parts, example)? {
            return Ok(None);
        }
        Ok(missing)
    }

    /// Returns true if the model with the plane of these parts rejects a text by its score.
    fn is_rejected(&self, model: &Model, parts: &Parts, example: &Example) -> Result<bool> {
        let below = model.rule().reject.below(None);
        let outside = Outside::new(&parts.outside);
        let score = RejectScore { outside: outside.as_ref(), ..model.reject_score() };
        let mut surest = f32::NEG_INFINITY;
        self.for_each_row(model, &example.text, |row, logits| surest = surest.max(score.of(row, logits)))?;
        Ok(surest < below)
    }

    fn find_plane(&self, model: &Model, parts: &mut Parts, examples: &[Example]) -> Result<()> {
        let texts = |none: bool| {
            let new = |text: &str| examples.iter().any(|example| example.text == text);
            let kept = self.kept.examples.iter().filter(|kept| !new(&kept.text));
            let kept = kept.filter(|kept| kept.labels.is_empty() == none).map(|kept| kept.text.as_str());
            let given = examples.iter().filter(|example| example.labels.is_empty() == none);
            kept.chain(given.map(|example| example.text.as_str())).collect::<Vec<&str>>()
        };
        let rows = |texts: Vec<&str>| -> Result<Vec<FeatureVector>> {
            let mut rows = vec![];
            for text in spread(&texts.iter().collect::<Vec<_>>(), LINES) {
                self.for_each_row(model, text, |row, _| rows.push(*row))?;
            }
            Ok(rows)
        };
        let (none, labelled) = (rows(texts(true))?, rows(texts(false))?);
        if !none.is_empty() && !labelled.is_empty() {
            parts.outside = plane(&none, &labelled);
        }
        Ok(())
    }

    /// Moves the plane by the minimum that puts every row of an example on its correct side.
    fn push(&self, model: &Model, parts: &mut Parts, example: &Example) -> Result<()> {
        // One row after the other: a text has few.
        for _ in 0..crate::text::ngrams::MAX_CLAUSES {
            let Some((row, wanted)) = self.missing(model, parts, example)? else { break };
            if parts.outside.is_empty() {
                parts.outside = vec![0.0; DIMENSIONS + 1];
            }
            let margin = Outside::new(&parts.outside).map_or(0.0, |outside| outside.margin(&row));
            let step = (wanted - margin) / (simd::dot(&row, &row) + 1.0);
            // Slightly further, since rounding could leave the row on the wrong side.
            let step = step * 1.02;
            let (weights, bias) = parts.outside.split_at_mut(DIMENSIONS);
            simd::axpy(step, &row, weights);
            bias[0] += step;
        }
        Ok(())
    }
}
