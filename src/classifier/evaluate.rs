//! A classifier against labelled examples.

use super::Classifier;
use crate::calibration::best;
use crate::data::Example;
use crate::decision::{Choice, PredictOptions, Scored};
use crate::error::Result;
use crate::metrics::{CalibrationError, Counts, auroc};
use rayon::prelude::*;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// How well a classifier does on labelled examples. Shares are 0 to 1.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// Lines.
    pub examples: usize,
    /// Lines with labels.
    pub in_scope: usize,
    /// In-scope lines whose best label is one of theirs, before any rejection.
    pub accuracy: f64,
    /// In-scope lines whose chosen set is exactly theirs; a rejected line is wrong.
    pub exact_match: f64,
    /// F1 over all line-label pairs of the in-scope lines.
    pub micro_f1: f64,
    /// Mean of the labels' F1, over the labels that the in-scope lines have.
    pub macro_f1: f64,
    /// Area under the ROC curve of the reject score, in-scope against out-of-scope lines; `None` without out-of-scope lines.
    pub oos_auroc: Option<f64>,
    /// Out-of-scope lines that were rejected; `None` without any.
    pub oos_recall: Option<f64>,
    /// In-scope lines that were not rejected; `None` without out-of-scope lines.
    pub in_scope_kept: Option<f64>,
    /// Expected calibration error in 15 bins: of the best label's probability for single-label models, of all line-label
    /// pairs for others.
    pub ece: f64,
    /// Labels of the examples that the model doesn't know; each is a miss.
    pub unknown_labels: Vec<String>,
}

/// What one line came to.
struct Outcome {
    score: f32,
    best: Option<usize>,
    probabilities: Vec<f32>,
    chosen: Vec<usize>,
}

impl Classifier {
    /// Evaluates on all cores, with the decisions that `options` ask for.
    ///
    /// # Errors
    /// As [`Classifier::predict_with`].
    pub fn evaluate(&self, examples: &[Example], options: &PredictOptions) -> Result<Evaluation> {
        options.check()?;
        let index: HashMap<&str, usize> =
            self.labels().iter().enumerate().map(|(i, l)| (l.as_str(), i)).collect();
        let single = self.model.metadata().choice == Choice::Single;
        let mut ece = CalibrationError::new(15);
        let (mut inside, mut outside) = (vec![], vec![]);
        let (mut right, mut exact, mut kept, mut rejected) = (0usize, 0usize, 0usize, 0usize);
        let mut counts: BTreeMap<&str, Counts> = BTreeMap::new();
        let mut unknown = BTreeSet::new();
        // In blocks, so that the probabilities of many labels and many lines need not be held at once.
        for block in examples.chunks(4096) {
            let outcomes =
                block.par_iter().map(|e| self.outcome(&e.text, options)).collect::<Result<Vec<_>>>()?;
            for (example, outcome) in block.iter().zip(outcomes) {
                if example.labels.is_empty() {
                    outside.push(outcome.score);
                    rejected += usize::from(outcome.chosen.is_empty());
                    continue;
                }
                inside.push(outcome.score);
                kept += usize::from(!outcome.chosen.is_empty());
                let gold: BTreeSet<&str> = example.labels.iter().map(String::as_str).collect();
                unknown.extend(
                    gold.iter().filter(|label| !index.contains_key(*label)).map(|label| label.to_string()),
                );
                let is_gold = |label: usize| gold.contains(self.labels()[label].as_str());
                let hit = outcome.best.is_some_and(is_gold);
                right += usize::from(hit);
                if single {
                    ece.add(outcome.best.map_or(0.0, |best| outcome.probabilities[best]), hit);
                } else {
                    outcome
                        .probabilities
                        .iter()
                        .enumerate()
                        .for_each(|(label, &p)| ece.add(p, is_gold(label)));
                }
                let chosen: BTreeSet<&str> =
                    outcome.chosen.iter().map(|&label| self.labels()[label].as_str()).collect();
                exact += usize::from(chosen == gold);
                for &label in &chosen {
                    let count = counts.entry(label).or_default();
                    *(if gold.contains(label) {
                        &mut count.true_positives
                    } else {
                        &mut count.false_positives
                    }) += 1;
                }
                gold.difference(&chosen)
                    .for_each(|label| counts.entry(label).or_default().false_negatives += 1);
            }
        }
        let share = |part: usize, all: usize| part as f64 / all.max(1) as f64;
        let total = counts.values().fold(Counts::default(), |a, b| Counts {
            true_positives: a.true_positives + b.true_positives,
            false_positives: a.false_positives + b.false_positives,
            false_negatives: a.false_negatives + b.false_negatives,
        });
        let gold: Vec<&Counts> =
            counts.values().filter(|c| c.true_positives + c.false_negatives > 0).collect();
        let scoped = !outside.is_empty();
        Ok(Evaluation {
            examples: examples.len(),
            in_scope: inside.len(),
            accuracy: share(right, inside.len()),
            exact_match: share(exact, inside.len()),
            micro_f1: total.f1(),
            macro_f1: gold.iter().map(|c| c.f1()).sum::<f64>() / gold.len().max(1) as f64,
            oos_auroc: auroc(&inside, &outside),
            oos_recall: scoped.then(|| share(rejected, outside.len())),
            in_scope_kept: (scoped && !inside.is_empty()).then(|| share(kept, inside.len())),
            ece: ece.value(),
            unknown_labels: unknown.into_iter().collect(),
        })
    }

    fn outcome(&self, text: &str, options: &PredictOptions) -> Result<Outcome> {
        let mut logits = vec![0.0; self.labels().len()];
        let score = self.logits(text, &mut logits)?;
        let (rule, known) = (self.model.rule(), score > f32::NEG_INFINITY);
        let mut chosen = vec![Scored::default(); logits.len()];
        let count = rule.decide(score, &logits, options, &mut chosen);
        let calibrated = rule.calibration.over(&logits);
        Ok(Outcome {
            score,
            best: best(&logits).filter(|_| known),
            chosen: chosen[..count.min(logits.len())].iter().map(|scored| scored.label as usize).collect(),
            probabilities: (0..logits.len()).map(|label| calibrated.probability(label)).collect(),
        })
    }
}
