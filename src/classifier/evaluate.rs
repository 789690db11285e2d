//! Evaluation of a classifier on labelled examples.

use super::Classifier;
use crate::data::Example;
use crate::decision::{Choice, PredictOptions, Scored};
use crate::error::Result;
use crate::metrics::{Bin, CalibrationError, Counts, auroc};
use crate::simd;
use crate::threads;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Number of bins of the calibration errors.
const BINS: usize = 15;

/// Metrics of a classifier on labelled examples. Shares are 0 to 1.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// Number of examples.
    pub examples: usize,
    /// Number of in-scope examples: those with labels.
    pub in_scope: usize,
    /// Share of in-scope examples whose top label is one of theirs, before rejection.
    pub accuracy: f64,
    /// Share of in-scope examples whose chosen set is exactly theirs. Rejected examples count as
    /// wrong.
    pub exact_match: f64,
    /// F1 over all example-label pairs of the in-scope examples.
    pub micro_f1: f64,
    /// Mean F1 of the labels that in-scope examples have.
    pub macro_f1: f64,
    /// Area under the ROC curve of the reject score, in-scope against out-of-scope examples. `None`
    /// without out-of-scope examples.
    pub oos_auroc: Option<f64>,
    /// Share of out-of-scope examples rejected. `None` without any.
    pub oos_recall: Option<f64>,
    /// Share of in-scope examples accepted. `None` without any.
    pub in_scope_kept: Option<f64>,
    /// Share of in-scope examples that were rejected although their chosen set would be exactly
    /// theirs without the rejection threshold: the cost of rejection in exact matches. `None`
    /// without in-scope examples.
    pub reject_cost: Option<f64>,
    /// Expected calibration error in 15 bins: of the top label's probability for single-label
    /// models, of all example-label pairs otherwise.
    pub ece: f64,
    /// Expected calibration error of the top label's probability over the in-scope examples, in 15
    /// bins. Equals `ece` for single-label models.
    pub top_ece: f64,
    /// Labels of the examples that the model doesn't know. Each counts as a miss.
    pub unknown_labels: Vec<String>,
    /// Counts for the F1 metrics, by label name: every label that an in-scope example has or was
    /// given.
    #[serde(skip)]
    pub per_label: BTreeMap<String, Counts>,
    /// The bins of [`Evaluation::top_ece`].
    #[serde(skip)]
    pub reliability: Vec<Bin>,
}

/// The outcome of one example.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Reject score: how certain the model is that the text belongs to any label. Compared with the
    /// rejection threshold.
    pub score: f32,
    /// Index of the top label before rejection. `None` if nothing in the text is known.
    pub best: Option<usize>,
    /// The probability of each label.
    pub probabilities: Vec<f32>,
    /// Indices of the chosen labels, best first. Empty if the text is rejected.
    pub chosen: Vec<usize>,
    /// Indices of the labels that would be chosen without the rejection threshold, best first.
    pub chosen_without_rejecting: Vec<usize>,
}

/// Sums the outcomes of labelled examples, also over several classifiers: labels are matched by
/// name.
#[derive(Debug, Clone)]
pub struct Evaluator {
    /// Reject scores of the in-scope examples, and of the others.
    inside: Vec<f32>,
    outside: Vec<f32>,
    right: usize,
    exact: usize,
    kept: usize,
    /// Number of in-scope examples that are wrong only because of the rejection threshold.
    lost: usize,
    rejected: usize,
    counts: BTreeMap<String, Counts>,
    ece: CalibrationError,
    top_ece: CalibrationError,
    unknown: BTreeSet<String>,
}

impl Default for Evaluator {
    fn default() -> Self {
        Evaluator {
            inside: vec![],
            outside: vec![],
            right: 0,
            exact: 0,
            kept: 0,
            lost: 0,
            rejected: 0,
            counts: BTreeMap::new(),
            ece: CalibrationError::new(BINS),
            top_ece: CalibrationError::new(BINS),
            unknown: BTreeSet::new(),
        }
    }
}

impl Evaluator {
    /// Adds the outcomes of `examples` by a classifier, on all cores. Calls `each` with every
    /// outcome, in order.
    ///
    /// # Errors
    /// As [`Classifier::predict_with`].
    pub fn add<'a>(
        &mut self,
        classifier: &Classifier,
        examples: &'a [Example],
        options: &PredictOptions,
        mut each: impl FnMut(&'a Example, &Outcome),
    ) -> Result<()> {
        let labels = classifier.labels();
        let index: HashMap<&str, usize> = (0..).zip(labels).map(|(i, label)| (label.as_str(), i)).collect();
        let single = classifier.model().metadata().choice == Choice::Single;
        classifier.outcomes(examples, options, |example, outcome| {
            self.add_line(&index, labels, single, example, &outcome);
            each(example, &outcome);
        })
    }

    fn add_line(
        &mut self,
        index: &HashMap<&str, usize>,
        labels: &[String],
        single: bool,
        example: &Example,
        outcome: &Outcome,
    ) {
        if example.labels.is_empty() {
            self.outside.push(outcome.score);
            self.rejected += usize::from(outcome.chosen.is_empty());
            return;
        }
        self.inside.push(outcome.score);
        self.kept += usize::from(!outcome.chosen.is_empty());
        let gold: BTreeSet<&str> = example.labels.iter().map(String::as_str).collect();
        self.unknown
            .extend(gold.iter().filter(|label| !index.contains_key(*label)).map(|label| label.to_string()));
        let gold_indices: BTreeSet<usize> =
            gold.iter().filter_map(|label| index.get(label).copied()).collect();
        let hit = outcome.best.is_some_and(|best| gold_indices.contains(&best));
        self.right += usize::from(hit);
        let top = outcome.best.map_or(0.0, |best| outcome.probabilities[best]);
        self.top_ece.add(top, hit);
        if single {
            self.ece.add(top, hit);
        } else {
            let pairs = outcome.probabilities.iter().enumerate();
            pairs.for_each(|(label, &p)| self.ece.add(p, gold_indices.contains(&label)));
        }
        let named = |chosen: &[usize]| -> BTreeSet<&str> {
            chosen.iter().map(|&label| labels[label].as_str()).collect()
        };
        let chosen = named(&outcome.chosen);
        self.exact += usize::from(chosen == gold);
        self.lost += usize::from(chosen.is_empty() && named(&outcome.chosen_without_rejecting) == gold);
        for &label in &chosen {
            let count = self.count(label);
            *(if gold.contains(label) { &mut count.true_positives } else { &mut count.false_positives }) += 1;
        }
        gold.difference(&chosen).for_each(|label| self.count(label).false_negatives += 1);
    }

    fn count(&mut self, label: &str) -> &mut Counts {
        self.counts.entry(label.to_owned()).or_default()
    }

    /// Returns the metrics of all examples so far.
    pub fn finish(&self) -> Evaluation {
        let (inside, outside) = (self.inside.len(), self.outside.len());
        let share = |part: usize, all: usize| part as f64 / all.max(1) as f64;
        let total = self.counts.values().fold(Counts::default(), |a, b| Counts {
            true_positives: a.true_positives + b.true_positives,
            false_positives: a.false_positives + b.false_positives,
            false_negatives: a.false_negatives + b.false_negatives,
        });
        let gold: Vec<&Counts> = self.counts.values().filter(|c| c.support() > 0).collect();
        Evaluation {
            examples: inside + outside,
            in_scope: inside,
            accuracy: share(self.right, inside),
            exact_match: share(self.exact, inside),
            micro_f1: total.f1(),
            macro_f1: gold.iter().map(|c| c.f1()).sum::<f64>() / gold.len().max(1) as f64,
            oos_auroc: auroc(&self.inside, &self.outside),
            oos_recall: (outside > 0).then(|| share(self.rejected, outside)),
            in_scope_kept: (inside > 0).then(|| share(self.kept, inside)),
            reject_cost: (inside > 0).then(|| share(self.lost, inside)),
            ece: self.ece.value(),
            top_ece: self.top_ece.value(),
            unknown_labels: self.unknown.iter().cloned().collect(),
            per_label: self.counts.clone(),
            reliability: self.top_ece.bins(),
        }
    }
}

impl Classifier {
    /// Evaluates on all cores. `options` choose the labels.
    ///
    /// # Errors
    /// As [`Classifier::predict_with`].
    pub fn evaluate(&self, examples: &[Example], options: &PredictOptions) -> Result<Evaluation> {
        let mut evaluator = Evaluator::default();
        evaluator.add(self, examples, options, |_, _| {})?;
        Ok(evaluator.finish())
    }

    /// Computes the outcome of each example on all cores, and calls `each` with it, in order.
    ///
    /// # Errors
    /// As [`Classifier::predict_with`].
    pub fn outcomes<'a>(
        &self,
        examples: &'a [Example],
        options: &PredictOptions,
        mut each: impl FnMut(&'a Example, Outcome),
    ) -> Result<()> {
        options.check()?;
        // In blocks, to bound the memory for the probabilities of many labels and examples.
        for block in examples.chunks(4096) {
            let outcomes = threads::map(block, |example| self.outcome(&example.text, options));
            let outcomes = outcomes.into_iter().collect::<Result<Vec<_>>>()?;
            block.iter().zip(outcomes).for_each(|(example, outcome)| each(example, outcome));
        }
        Ok(())
    }

    fn outcome(&self, text: &str, options: &PredictOptions) -> Result<Outcome> {
        let mut logits = vec![0.0; self.labels().len()];
        let score = self.logits(text, &mut logits)?;
        let (rule, known) = (self.model.rule(), score > f32::NEG_INFINITY);
        let mut scored = vec![Scored::default(); logits.len()];
        let mut choose = |options: &PredictOptions| -> Vec<usize> {
            let (count, _) = self.decide(text, score, &logits, options, &mut scored);
            scored[..count.min(logits.len())].iter().map(|scored| scored.label as usize).collect()
        };
        let chosen = choose(options);
        let chosen_without_rejecting = match chosen.is_empty() {
            true => choose(&PredictOptions { keep: Some(1.0), ..*options }),
            false => chosen.clone(),
        };
        let calibrated = rule.calibration.over(&logits);
        Ok(Outcome {
            score,
            best: simd::largest(&logits).filter(|_| known),
            chosen,
            chosen_without_rejecting,
            probabilities: (0..logits.len()).map(|label| calibrated.probability(label)).collect(),
        })
    }
}
