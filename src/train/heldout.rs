//! What held-out lines tell of a model: the runs that leave lines out, and what comes of their answers.

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
use super::training::{Run, Training, hashes};
use super::weights::Weights;
use crate::calibration::Calibration;
use crate::decision::Choice;
use crate::error::{Error, Result};
use crate::model::{Draft, Parts, TrainingSummary};
use crate::room;
use crate::vectorizer::FeatureVector;
use rayon::prelude::*;

/// What the models of the folds say of lines that they were not trained on.
#[derive(Default)]
pub(super) struct Measured {
    pub(super) held: Answers,
    pub(super) familiar: Answers,
}

/// The model behind one epoch of the held-out run.
struct Snapshot {
    epoch: usize,
    score: f64,
    /// Which in-scope lines were right.
    right: Vec<bool>,
    parts: Parts,
}

impl<'a> Training<'a> {
    /// What held-out lines tell of the model that is trained on all lines.
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
        // Probabilities are to be right for texts in use, some of which are like the training lines.
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

    /// Whether each in-scope line is answered right before any rejection.
    fn right(&self, heldout: Heldout<'_>) -> Vec<bool> {
        if self.recipe.choice == Choice::Single { heldout.hits() } else { heldout.exact() }
    }

    /// The share to let through that the options ask for.
    pub(super) fn keep(&self, curves: &Curves) -> f32 {
        let keep = self.options.keep as f32;
        self.options.cost.map_or(keep, |cost| curves.rule(keep).cheapest(cost))
    }

    /// The accuracy of lines that are like those trained on: measured on lines with near-duplicates there, and on the held-out ones that
    /// have none anywhere, each as often as there are such lines.
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

    /// Where held-out lines come from.
    pub(super) fn watched(&self) -> (&Dataset<'a>, &Targets) {
        match &self.valid {
            Some((valid, targets)) => (valid, targets),
            None => (self.data, &self.targets),
        }
    }

    /// The groups of near-duplicates that each line is in; none where nothing is held out.
    pub(super) fn groups(&self, separators: &[String], share: f64) -> Vec<Vec<u64>> {
        match &self.data.inputs {
            _ if self.valid.is_some() || !self.recipe.calibrated => vec![],
            Inputs::Texts(texts) => {
                let (texts, labels) = (&texts[..self.examples], self.targets.names.len());
                groups::of_lines(texts, &self.targets.of_line, labels, &hashes(separators), share)
            }
            Inputs::Features(_) => (0..self.examples as u64).map(|line| vec![line]).collect(),
        }
    }

    /// The lines to measure on and the lines to train on meanwhile, fold by fold; none where nothing can be held out.
    pub(super) fn holdout(&self, groups: &[Vec<u64>], plan: Plan, familiar: bool) -> Vec<Holdout> {
        if let Some((valid, _)) = &self.valid {
            let (held, rest) = ((0..valid.inputs.len()).collect(), (0..self.data.inputs.len()).collect());
            return vec![Holdout { held, familiar: vec![], rest }];
        }
        let mut folds = holdout::choose(&self.targets, groups, plan, familiar, self.options.seed);
        folds.retain(|fold| !fold.held.is_empty());
        folds
    }

    /// Epochs and lines of the runs that make the model. With a validation file the held-out run is on all lines already.
    pub(super) fn to_come(&self, folds: &[Holdout]) -> Vec<(usize, usize)> {
        let (epochs, all) = (self.recipe.epochs, self.data.inputs.len());
        let others = folds.iter().filter(|_| self.valid.is_none()).map(|fold| (epochs, fold.rest.len()));
        others.chain([(epochs, all)]).collect()
    }

    /// One of several runs that each leave lines out, and what its model says of them. Too few lines to choose an epoch by.
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

    /// What a model that was trained on the rest of a fold says of its held-out lines.
    fn measured(&self, parts: Parts, fold: &Holdout) -> Result<Measured> {
        let parts = self.with_places(parts, &fold.rest)?;
        let draft = Draft::new(&parts);
        let (data, _) = self.watched();
        Ok(Measured {
            held: answers(&draft, &data.inputs, &fold.held)?,
            familiar: answers(&draft, &data.inputs, &fold.familiar)?,
        })
    }

    /// The run that leaves lines out, or watches validation lines: how many epochs are good, and what its model says of those lines.
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
            // Without centroids: which answers are right does not depend on them.
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

    /// The numbers of a model of which nothing is measured yet.
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

/// Whether an earlier epoch is better than the last by more than three standard errors. It was stopped at a high learning
/// rate and is the best of many, so chance prefers one often, and a handful of lines can't tell.
fn is_clearly_better(best: &Snapshot, last: &Snapshot) -> bool {
    last.right.len() >= LEAST_LINES && wins(&best.right, &last.right, 3.0)
}

/// What a model says of the named lines, as it will in use.
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
            Ok(reading.score())
        })
        .collect::<Result<_>>()?;
    Ok(Answers { logits, scores, lines: lines.to_vec() })
}
