//! Corrections: the table moves until a text is answered right.

use super::replay::{KeptExample, Lines};
use super::state::State;
use super::{Learner, Pace};
use crate::data::Example;
use crate::decision::{PredictOptions, Scored};
use crate::error::{Error, Result};
use crate::model::Model;
use crate::shape::DIMENSIONS;
use crate::simd;
use crate::text::filter::Filter;
use crate::train::bags::Bag;
use crate::train::centroids;
use crate::train::random::Random;
use crate::vectorizer::{FeatureVector, Table, Vectorizer};

/// Examples of the text itself in a step that corrects it, and lines that are replayed beside them.
const COPIES: usize = 4;
const REPLAYED: usize = 32;
/// Steps until a text is answered right, at most, each a little larger than the one before.
const MOST_STEPS: usize = 20;
const GROWTH: f32 = 1.1;

/// Kept examples up to which the data is small: all of them are asked after a correction, which takes too long for more, and steps are
/// smaller, since most n-grams stand in one line or two and move as the rarest do.
const FEW: usize = 500;
/// Times that kept examples which a correction spoilt are corrected, at most.
const ROUNDS: usize = 16;

const CORRECTION: Pace = Pace { rate: 0.016, power: 6 };
/// On small data, with steps until the last is as large as the last of the others.
const GENTLE: Pace = Pace { rate: 0.004, power: 6 };
const MOST_GENTLE_STEPS: usize = 35;

/// What a model makes of a text whose labels are known.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Right,
    Wrong,
    /// Its reject score is too low, whatever the labels.
    Rejected,
}

impl Learner {
    /// Calls `each` with the rows of a text and their logits, with the table as it is now.
    pub(super) fn for_each_row(
        &self,
        model: &Model,
        text: &str,
        mut each: impl FnMut(&FeatureVector, &[f32]),
    ) -> Result<()> {
        let vectorizer = model.vectorizer().ok_or(Error::NoVectorizer)?;
        let known = Filter::new(&self.state.frequencies.known).unwrap_or(vectorizer.known);
        let vectorizer = Vectorizer { table: Table::Int4(&self.state.table), known, ..vectorizer };
        let mut logits = vec![0.0; model.labels().len()];
        vectorizer.for_each_row(text, |row| {
            model.logits(std::slice::from_ref(row), &mut logits);
            each(row, &logits);
        });
        Ok(())
    }

    /// What the model makes of a text with the table as it is now.
    pub(super) fn verdict(&self, model: &Model, text: &str, wanted: &[u32]) -> Result<Verdict> {
        let mut logits = vec![0.0; model.labels().len()];
        let mut reading = model.reading(&mut logits);
        self.for_each_row(model, text, |row, logits| reading.add(row, logits))?;
        let score = reading.score();
        let mut chosen = vec![Scored::default(); wanted.len() + 1];
        let count = model.rule().decide(score, &logits, &PredictOptions::default(), &mut chosen);
        let right =
            count == wanted.len() && chosen[..count].iter().all(|scored| wanted.contains(&scored.label));
        Ok(match right {
            true => Verdict::Right,
            false if score < model.rule().reject.below(None) => Verdict::Rejected,
            false => Verdict::Wrong,
        })
    }

    /// Moves the table so that the surest clause of a text comes nearer to the centroid of its label, which the loss knows nothing of.
    fn draw_near(&mut self, model: &Model, clauses: &[Bag], wanted: &[u32], pace: Pace) {
        let places = model.centroids();
        let mut logits = vec![0.0; model.labels().len()];
        let clauses = clauses.iter().map(|bag| {
            let features = self.state.features(bag);
            model.logits(std::slice::from_ref(&features), &mut logits);
            let label = centroids::likeliest(wanted, &logits);
            (model.reject_score().of(&features, &logits), bag, features, label)
        });
        let surest = clauses.max_by(|(a, ..), (b, ..)| a.total_cmp(b));
        let Some((_, bag, features, Some(label))) = surest else { return };
        let direction = places.direction(label as usize);
        let cosine = simd::dot(&features, &direction);
        // The gradient of the cosine, up to its length.
        let mut gradient = direction;
        simd::axpy(-cosine, &features, &mut gradient);
        let size = (simd::dot(&gradient, &gradient) / DIMENSIONS as f32).sqrt() + 1e-9;
        let learned = self.state.frequencies.idf.len();
        let moved: Vec<usize> =
            bag.iter().map(|&(row, _)| row as usize).filter(|&row| row < learned).collect();
        self.state.save(moved.iter().copied());
        let State { frequencies, weights, .. } = &mut self.state;
        if let Some(table) = weights.table.as_slice_mut() {
            let rate = pace.of_rows(&frequencies.idf);
            for &row in &moved {
                simd::axpy(rate(row) / size, &gradient, &mut table[row * DIMENSIONS..][..DIMENSIONS]);
            }
        }
        self.state.round(&moved);
    }

    /// Whether the examples of training are kept and are few.
    pub(super) fn is_small(&self) -> bool {
        self.has_history && self.kept.examples.len() <= FEW
    }

    /// Places of the kept examples that are answered right, but for those of the given texts. None where many are kept.
    pub(super) fn known(&self, model: &Model, examples: &[Example]) -> Result<Vec<usize>> {
        let mut known = vec![];
        if !self.is_small() {
            return Ok(known);
        }
        for (place, kept) in self.kept.examples.iter().enumerate() {
            if examples.iter().all(|example| example.text != kept.text)
                && self.verdict(model, &kept.text, &kept.labels)? == Verdict::Right
            {
                known.push(place);
            }
        }
        Ok(known)
    }

    /// Corrects kept examples that were answered right and no longer are, and the new ones again.
    pub(super) fn keep_known(
        &mut self,
        old: &Model,
        model: &Model,
        examples: &[Example],
        known: &[usize],
        random: &mut Random,
    ) -> Result<usize> {
        let mut steps = 0;
        for _ in 0..ROUNDS {
            let mut lost = vec![];
            for KeptExample { text, labels, .. } in known.iter().filter_map(|&at| self.kept.examples.get(at))
            {
                if self.verdict(model, text, labels)? != Verdict::Right {
                    lost.push((text.clone(), labels.clone()));
                }
            }
            if lost.is_empty() {
                break;
            }
            for (text, labels) in &lost {
                steps += self.correct(old, model, text, labels, random)?;
            }
            for example in examples {
                let wanted = super::indices(model.labels(), super::labels_of(example))?;
                steps += self.correct(old, model, &example.text, &wanted, random)?;
            }
        }
        Ok(steps)
    }

    /// Moves the table until a text is answered right. Returns the steps that took.
    pub(super) fn correct(
        &mut self,
        old: &Model,
        model: &Model,
        text: &str,
        wanted: &[u32],
        random: &mut Random,
    ) -> Result<usize> {
        let own = self.state.bags(text);
        let gentle = self.is_small() && old.metadata().training.examples > 0;
        let (mut pace, most) = if gentle { (GENTLE, MOST_GENTLE_STEPS) } else { (CORRECTION, MOST_STEPS) };
        for step in 0..most {
            let verdict = self.verdict(model, text, wanted)?;
            if verdict == Verdict::Right {
                return Ok(step);
            }
            let mut lines = Lines::default();
            (0..COPIES).for_each(|_| lines.push(own.clone(), wanted.to_vec()));
            self.replay(old, &own, REPLAYED, 0.0, random, &mut lines);
            self.step(lines, model.labels().len(), Some(pace), random);
            if verdict == Verdict::Rejected {
                self.draw_near(model, &own, wanted, pace);
            }
            pace.rate *= GROWTH;
        }
        Ok(most)
    }
}
