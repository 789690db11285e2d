//! Measurements on held-out lines: the runs that leave lines out, and the evaluation of their
//! predictions.

use super::assemble::Findings;
use super::bags::Frequencies;
use super::calibration::{Answers, Heldout, LEAST_LINES, share, wins};
use super::dataset::{Dataset, Inputs};
use super::fit::Epoch;
use super::groups;
use super::holdout::{self, Holdout, Plan};
use super::progress::{Lane, Meter, Phase};
use super::targets::Targets;
use super::threshold::{Curves, curves};
use super::training::{Run, Training};
use super::weights::Weights;
use crate::calibration::Calibration;
use crate::decision::Choice;
use crate::error::{Error, Result};
use crate::model::{Draft, Parts, TrainingSummary};
use crate::room;
use crate::text::ngrams::token_hashes;
use crate::vectorizer::FeatureVector;
use rayon::prelude::*;

/// Predictions of the folds' models for lines that they were not trained on.
#[derive(Default)]
pub(super) struct Measured {
    pub(super) held: Answers,
    pub(super) familiar: Answers,
}

/// The model after one epoch of the held-out run.
struct Snapshot {
    epoch: usize,
    score: f64,
    /// For each in-scope line, whether it was correct.
    right: Vec<bool>,
    parts: Parts,
}

impl<'a> Training<'a> {
    /// Returns what held-out lines tell about the model that is trained on all lines.
    pub(super) fn findings(&self, epochs: usize, measured: &Measured, groups: &[Vec<u64>]) -> Findings {
        let (_, targets) = self.watched();
        let heldout = measured.held.beside(targets);
        let (hits, right) = (heldout.hits(), self.right(heldout));
        let mut findings = Findings {
            lines: hits.len(),
            epochs,
            accuracy: share(&hits),
            familiar: None,
            answered: None,
            calibration: Calibration::default(),
            curves: Curves::default(),
        };
        if !self.recipe.calibrated {
            return findings;
        }
        // Probabilities must be right for real texts, some of which are similar to the training
        // lines.
        let mut both = measured.held.clone();
        both.append(measured.familiar.clone());
        findings.calibration = both.beside(targets).calibrate(self.recipe.calibration, self.recipe.choice);
        let inside = heldout.in_scope().zip(&right).map(|((_, score, _), &right)| (score, right));
        findings.curves = curves(self.recipe.choice, inside, heldout.outside());
        let keep = self.keep(&findings.curves);
        let below = findings.curves.rule(keep).below(None);
        let answered: Vec<bool> =
            heldout.in_scope().zip(&right).map(|((_, score, _), &right)| right && score >= below).collect();
        findings.answered = share(&answered);
        if self.valid.is_none() {
            findings.familiar = self.familiar(measured, &hits, groups);
        }
        findings
    }

    /// Returns for each in-scope line whether it is correct before rejection.
    fn right(&self, heldout: Heldout<'_>) -> Vec<bool> {
        if self.recipe.choice == Choice::Single { heldout.hits() } else { heldout.exact() }
    }

    /// Returns the acceptance rate by the options.
    pub(super) fn keep(&self, curves: &Curves) -> f32 {
        let keep = self.options.keep as f32;
        self.options.cost.map_or(keep, |cost| curves.rule(keep).cheapest(cost))
    }

    /// Returns the accuracy on lines similar to the training lines: the mean of the accuracy on
    /// lines with near-duplicates in training, and of that on held-out lines without
    /// near-duplicates anywhere, weighted by the numbers of such lines.
    fn familiar(&self, measured: &Measured, hits: &[bool], groups: &[Vec<u64>]) -> Option<f64> {
        let (targets, relatives) = (&self.targets, holdout::has_relatives(groups));
        let labelled = |line: &usize| !targets.of_line[*line].is_empty();
        let all = (0..groups.len()).filter(labelled);
        let (with, lines) =
            all.fold((0, 0), |(with, lines), line| (with + usize::from(relatives[line]), lines + 1));
        let held = measured.held.lines.iter().filter(|line| labelled(line));
        let singles: Vec<bool> =
            held.zip(hits).filter(|(line, _)| !relatives[**line]).map(|(_, &hit)| hit).collect();
        let of_relatives = share(&measured.familiar.beside(targets).hits());
        let part = with as f64 / lines.max(1) as f64;
        match (of_relatives, share(&singles)) {
            (Some(with), Some(without)) => Some(part * with + (1.0 - part) * without),
            (with, without) => with.or(without),
        }
    }

    /// Returns the source of held-out lines.
    pub(super) fn watched(&self) -> (&Dataset<'a>, &Targets) {
        match &self.valid {
            Some((valid, targets)) => (valid, targets),
            None => (self.data, &self.targets),
        }
    }

    /// Returns the groups of near-duplicates of each line; empty if nothing is held out.
    pub(super) fn groups(&self, separators: &[String], share: f64) -> Vec<Vec<u64>> {
        match &self.data.inputs {
            _ if self.valid.is_some() || !self.recipe.calibrated => vec![],
            Inputs::Texts(texts) => {
                let (texts, labels) = (&texts[..self.examples], self.targets.names.len());
                let separators = token_hashes(separators);
                groups::of_lines(texts, &self.targets.of_line, labels, &self.words(&separators), share)
            }
            Inputs::Features(_) => (0..self.examples as u64).map(|line| vec![line]).collect(),
        }
    }

    /// Returns the lines to measure on and to train on, for each fold; empty if nothing can be held
    /// out.
    pub(super) fn holdout(&self, groups: &[Vec<u64>], plan: Plan, familiar: bool) -> Vec<Holdout> {
        if let Some((valid, _)) = &self.valid {
            let (held, rest) = ((0..valid.inputs.len()).collect(), (0..self.data.inputs.len()).collect());
            return vec![Holdout { held, familiar: vec![], rest }];
        }
        let mut folds = holdout::choose(&self.targets, groups, plan, familiar, self.options.seed);
        folds.retain(|fold| !fold.held.is_empty());
        folds
    }

    /// Returns the epochs and lines of the runs that make the model. With validation data the
    /// held-out run is on all lines already.
    pub(super) fn to_come(&self, folds: &[Holdout]) -> Vec<(usize, usize)> {
        let (epochs, all) = (self.recipe.epochs, self.data.inputs.len());
        let others = folds.iter().filter(|_| self.valid.is_none()).map(|fold| (epochs, fold.rest.len()));
        others.chain([(epochs, all)]).collect()
    }

    /// Runs one of several folds, and returns its model's predictions for the lines left out. They
    /// are too few to choose an epoch by.
    pub(super) fn fold_run(
        &self,
        fold: &Holdout,
        separators: &[String],
        meter: &Meter<'_>,
        lane: Lane<'_>,
    ) -> Result<Measured> {
        let run = self.fit(
            &self.recipe,
            fold.rest.clone(),
            self.recipe.epochs,
            separators,
            lane,
            |_, _, epoch| meter.epoch(Phase::Heldout, fold.rest.len(), epoch.loss, None),
        )?;
        self.measured(self.nothing_found(&run.weights, run.frequencies.as_ref(), separators), fold)
    }

    /// Returns the predictions of a fold's model for its held-out lines.
    fn measured(&self, parts: Parts, fold: &Holdout) -> Result<Measured> {
        let parts = self.with_places(parts, &fold.rest)?;
        let draft = Draft::new(&parts);
        let (data, _) = self.watched();
        Ok(Measured {
            held: answers(&draft, &data.inputs, &fold.held)?,
            familiar: answers(&draft, &data.inputs, &fold.familiar)?,
        })
    }

    /// Runs the training that leaves lines out or watches validation lines. Returns the number of
    /// epochs to train, and its model's predictions for those lines.
    pub(super) fn watched_run(
        &self,
        fold: &Holdout,
        separators: &[String],
        meter: &Meter<'_>,
        lane: Lane<'_>,
    ) -> Result<(Run, (usize, Measured))> {
        let recipe = &self.recipe;
        let (data, targets) = self.watched();
        let (mut best, mut last): (Option<Snapshot>, Option<Snapshot>) = (None, None);
        let lines = fold.rest.len();
        let after = |weights: &Weights, frequencies: Option<&Frequencies>, epoch: Epoch| {
            // Without centroids: they don't affect which predictions are correct.
            let parts = self.nothing_found(weights, frequencies, separators);
            let answers = answers(&Draft::new(&parts), &data.inputs, &fold.held)?;
            let right = self.right(answers.beside(targets));
            let score = share(&right);
            if let Some(last) = last.take()
                && best.as_ref().is_none_or(|best| last.score > best.score)
            {
                best = Some(last);
            }
            last = Some(Snapshot { epoch: epoch.number, score: score.unwrap_or(0.0), right, parts });
            meter.epoch(Phase::Heldout, lines, epoch.loss, score)
        };
        let run = self.fit(recipe, fold.rest.clone(), recipe.epochs, separators, lane, after)?;
        let Some(last) = last else { return Err(Error::Training("no epoch was run".into())) };
        let choosing = recipe.calibrated && self.options.epochs.is_none();
        let chosen = match best {
            Some(best) if choosing && is_clearly_better(&best, &last) => best,
            _ => last,
        };
        Ok((run, (chosen.epoch, self.measured(chosen.parts, fold)?)))
    }

    /// Returns the parts of a model without any measurements.
    pub(super) fn nothing_found(
        &self,
        weights: &Weights,
        frequencies: Option<&Frequencies>,
        separators: &[String],
    ) -> Parts {
        let nothing = self.findings(self.recipe.epochs, &Measured::default(), &[]);
        self.parts(weights, frequencies, separators, nothing, TrainingSummary::default())
    }
}

/// Returns true if an earlier epoch is better than the last by more than three standard errors. It
/// ended at a high learning rate and is the best of many, so chance often favours one, and a few
/// lines can't tell.
fn is_clearly_better(best: &Snapshot, last: &Snapshot) -> bool {
    last.right.len() >= LEAST_LINES && wins(&best.right, &last.right, 3.0)
}

/// Returns a model's predictions for the given lines, computed as in use.
pub(super) fn answers(draft: &Draft<'_>, inputs: &Inputs<'_>, lines: &[usize]) -> Result<Answers> {
    let labels = draft.labels();
    room::check::<f32>(lines.len() * labels)?;
    let mut logits = vec![0.0; lines.len() * labels];
    let network = |features: &FeatureVector, logits: &mut [f32]| draft.logits(features, logits);
    let scores = logits
        .par_chunks_mut(labels)
        .zip(lines)
        .map(|(row, &line)| {
            let mut reading = draft.reading(row);
            match inputs {
                Inputs::Texts(texts) => {
                    draft.for_each_row(texts[line], |features| reading.row(features, network))?;
                }
                Inputs::Features(rows) => reading.row(&rows[line], network),
            }
            Ok(reading.finish(&mut |whole, logits| network(whole, logits)))
        })
        .collect::<Result<_>>()?;
    Ok(Answers { logits, scores, lines: lines.to_vec() })
}
