//! Corrections: embedding-table updates until a text is classified correctly.

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

/// Copies of the text in each correction step, and number of lines replayed beside them.
const COPIES: usize = 4;
const REPLAYED: usize = 32;
/// Maximum number of steps per text. Each step is a little larger than the one before.
const MOST_STEPS: usize = 20;
const GROWTH: f32 = 1.1;

/// Maximum number of kept examples of small data. On small data all kept examples are checked after
/// a correction, which takes too long on more. Steps are smaller, since most n-grams occur in one
/// or two lines and move at the full rate of rare ones.
const FEW: usize = 500;
/// Maximum number of rounds that correct kept examples which a correction broke.
const ROUNDS: usize = 16;

const CORRECTION: Pace = Pace { rate: 0.016, power: 6 };
/// The pace on small data. Steps grow until the last is as large as the last one of the normal
/// pace.
const GENTLE: Pace = Pace { rate: 0.004, power: 6 };
const MOST_GENTLE_STEPS: usize = 35;

/// The model's result for a text with known labels.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Right,
    Wrong,
    /// The reject score is too low, whatever the labels.
    Rejected,
}

impl Learner {
    /// Calls `each` with the rows of a text and their logits, by the current embedding table.
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

    /// Returns the model's result for a text, by the current embedding table.
    pub(super) fn verdict(&self, model: &Model, text: &str, wanted: &[u32]) -> Result<Verdict> {
        let mut logits = vec![0.0; model.labels().len()];
        let mut reading = model.reading(&mut logits);
        self.for_each_row(model, text, |row, logits| reading.add(row, logits))?;
        let score =
            reading.finish(&mut |features, logits| model.logits(std::slice::from_ref(features), logits));
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

    /// Moves a text's most certain clause towards the centroid of its label. The loss doesn't
    /// include this distance.
    fn draw_near(&mut self, model: &Model, clauses: &[Bag], wanted: &[u32], pace: Pace) -> Result<()> {
        let places = model.centroids();
        let mut logits = vec![0.0; model.labels().len()];
        let clauses = clauses.iter().map(|bag| {
            let features = self.state.features(bag);
            model.logits(std::slice::from_ref(&features), &mut logits);
            let label = centroids::likeliest(wanted, &logits);
            (model.reject_score().of(&features, &logits), bag, features, label)
        });
        let surest = clauses.max_by(|(a, ..), (b, ..)| a.total_cmp(b));
        let Some((_, bag, features, Some(label))) = surest else { return Ok(()) };
        let direction = places.direction(label as usize);
        let cosine = simd::dot(&features, &direction);
        // The gradient of the cosine, up to a factor.
        let mut gradient = direction;
        simd::axpy(-cosine, &features, &mut gradient);
        let size = (simd::dot(&gradient, &gradient) / DIMENSIONS as f32).sqrt() + 1e-9;
        let learned = self.state.frequencies.idf.len();
        let moved: Vec<usize> =
            bag.iter().map(|&(row, _)| row as usize).filter(|&row| row < learned).collect();
        self.state.save(moved.iter().copied())?;
        let State { frequencies, weights, .. } = &mut self.state;
        if let Some(table) = weights.table.as_slice_mut() {
            let rate = pace.of_rows(&frequencies.idf);
            for &row in &moved {
                simd::axpy(rate(row) / size, &gradient, &mut table[row * DIMENSIONS..][..DIMENSIONS]);
            }
        }
        self.state.round(&moved);
        Ok(())
    }

    /// Returns true if the training examples are kept and are few.
    pub(super) fn is_small(&self) -> bool {
        self.has_history && self.kept.examples.len() <= FEW
    }

    /// Returns the indices of the kept examples that are classified correctly, without those of the
    /// given texts. Empty if many are kept.
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

    /// Corrects the kept examples that are no longer classified correctly, then the new ones again.
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

    /// Updates the embedding table until a text is classified correctly. Returns the number of
    /// steps.
    pub(super) fn correct(
        &mut self,
        old: &Model,
        model: &Model,
        text: &str,
        wanted: &[u32],
        random: &mut Random,
    ) -> Result<usize> {
        let own = self.state.bags(text);
        // Labels of several clauses are dropped if the text as a whole speaks against them.
        let whole = (own.len() > 1 && model.metadata().doubt > 0.0).then(|| vec![own.concat()]);
        let gentle = self.is_small() && !self.is_untrained(old);
        let (mut pace, most) = if gentle { (GENTLE, MOST_GENTLE_STEPS) } else { (CORRECTION, MOST_STEPS) };
        for step in 0..most {
            let verdict = self.verdict(model, text, wanted)?;
            if verdict == Verdict::Right {
                return Ok(step);
            }
            let mut lines = Lines::default();
            for _ in 0..COPIES {
                lines.push(own.clone(), wanted.to_vec());
                whole.iter().for_each(|whole| lines.push(whole.clone(), wanted.to_vec()));
            }
            self.replay(old, &own, REPLAYED, 0.0, random, &mut lines);
            self.step(lines, model.labels().len(), Some(pace), random)?;
            if verdict == Verdict::Rejected {
                self.draw_near(model, &own, wanted, pace)?;
            }
            pace.rate *= GROWTH;
        }
        Ok(most)
    }
}
