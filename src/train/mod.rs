//! Training: examples in, an immutable [`Model`] out.
//!
//! A part of the lines is held out first and a network trained on the rest: it tells how many epochs are good, how logits
//! become probabilities, and below which score a text is rejected. Then the weights that are kept are trained on all lines.
//! The same data, options and seed give the same bytes on every CPU, platform and number of threads.

mod calibration;
mod dataset;
mod fit;
mod options;
mod quantise;
mod random;
mod tensor;

pub use dataset::Inputs;
pub(crate) use dataset::check_features;
pub use options::{Preset, TrainOptions};

use crate::data::Example;
use crate::decision::Choice;
use crate::error::{Error, Result};
use crate::model::{Metadata, Model, Parts, TrainingSummary};
use crate::simd::DIMENSIONS;
use crate::text::MAX_TEXT_BYTES;
use calibration::{Calibration, Heldout, IDENTITY};
use dataset::{Frequencies, Samples, Targets};
use fit::{Epoch, Fit, Weights};
use options::{Amount, Recipe};
use rayon::prelude::*;
use std::time::Instant;

/// Lines with their labels; lines without any are out-of-scope examples.
#[derive(Debug, Clone, Default)]
pub struct Dataset<'a> {
    /// One for each line.
    pub inputs: Inputs<'a>,
    /// The label names of each line.
    pub labels: Vec<Vec<&'a str>>,
}

impl<'a> Dataset<'a> {
    /// Borrows examples.
    pub fn of(examples: &'a [Example]) -> Self {
        Dataset {
            inputs: Inputs::Texts(examples.iter().map(|e| e.text.as_str()).collect()),
            labels: examples.iter().map(|e| e.labels.iter().map(String::as_str).collect()).collect(),
        }
    }

    fn check(&self) -> Result<()> {
        let (lines, labelled) = (self.inputs.len(), self.labels.len());
        if lines != labelled {
            return Err(Error::invalid(format!(
                "there are {lines} lines but labels for {labelled}; give one set for each"
            )));
        }
        for (i, labels) in self.labels.iter().enumerate() {
            for (j, label) in (1..).zip(labels) {
                let name = |fault| Error::invalid(format!("example {i}: label {j} {fault}"));
                crate::data::check_label(label).map_err(name)?;
            }
        }
        match &self.inputs {
            Inputs::Texts(texts) => match texts.iter().find(|text| text.len() > MAX_TEXT_BYTES) {
                Some(text) => Err(Error::TextTooLong { length: text.len() }),
                None => Ok(()),
            },
            Inputs::Features(rows) => check_features(rows),
        }
    }
}

/// Which of the two runs is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// On the lines that are not held out.
    Heldout,
    /// On all lines.
    Final,
}

/// Where training stands; reported after each epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// The run that is on.
    pub phase: Phase,
    /// Epochs done, over both runs.
    pub epoch: usize,
    /// Epochs in all, over both runs.
    pub epochs: usize,
    /// Mean loss of a line over the last epoch.
    pub loss: f64,
    /// Share of the held-out lines answered right after this epoch: the best label for single-label models, the exact set
    /// for others. `None` in the final run, or without held-out lines.
    pub heldout_score: Option<f64>,
    /// Estimate of the time to go.
    pub seconds_left: f64,
}

/// What came of a training besides the model.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainReport {
    /// `auto` resolved.
    pub preset: Preset,
    /// Lines trained on.
    pub examples: usize,
    /// Number of labels.
    pub labels: usize,
    /// Lines with labels that were held out, or that the validation data has.
    pub heldout: usize,
    /// Share of the held-out in-scope lines whose best label is right.
    pub heldout_accuracy: Option<f64>,
    /// Passes over the data in the run that made the weights.
    pub epochs: usize,
    /// Sentences about the data that its owner should know.
    pub warnings: Vec<String>,
    /// Time taken.
    pub seconds: f64,
}

/// Called after each epoch, from the thread that trains; `false` stops the training.
pub type ProgressFn<'a> = dyn FnMut(&Progress) -> bool + Send + 'a;

/// Trains a model.
///
/// `valid`, where given, takes the place of the held-out lines, and all lines of `data` are trained on from the start.
///
/// # Errors
/// [`Error::InvalidArgument`] for options or data out of range, [`Error::Training`] when the data can't be learned from or
/// the loss leaves the numbers, [`Error::TextTooLong`], [`Error::Stopped`] when `progress` says so. Nothing is left behind
/// in either case.
pub fn train(
    data: &Dataset<'_>,
    valid: Option<&Dataset<'_>>,
    options: &TrainOptions,
    progress: &mut ProgressFn<'_>,
) -> Result<(Model, TrainReport)> {
    options.check()?;
    data.check()?;
    valid.map_or(Ok(()), Dataset::check)?;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.threads)
        .thread_name(|i| format!("intentkit-train-{i}"))
        .build()
        .map_err(|e| Error::Training(format!("cannot start the training threads: {e}")))?;
    pool.install(|| Training::new(data, valid, options)?.run(progress))
}

struct Training<'a> {
    data: &'a Dataset<'a>,
    valid: Option<(&'a Dataset<'a>, Targets)>,
    targets: Targets,
    options: &'a TrainOptions,
    recipe: Recipe,
    started: Instant,
}

/// What one run makes: table and network, and the texts' frequencies unless it started from feature rows.
struct Run {
    weights: Weights,
    frequencies: Option<Frequencies>,
}

/// What the held-out run found out.
struct Findings {
    /// Held-out lines with labels.
    lines: usize,
    epochs: usize,
    accuracy: Option<f64>,
    calibration: Calibration,
    reject_below: f32,
}

/// Logits of the held-out lines behind one epoch.
struct Snapshot {
    epoch: usize,
    score: f64,
    logits: Vec<f32>,
}

impl<'a> Training<'a> {
    fn new(data: &'a Dataset<'a>, valid: Option<&'a Dataset<'a>>, options: &'a TrainOptions) -> Result<Self> {
        let started = Instant::now();
        let targets = Targets::new(data.labels.iter().map(Vec::as_slice))?;
        let amount = Amount {
            lines: data.inputs.len(),
            labels: targets.names.len(),
            with_labels: targets.of_line.iter().filter(|line| !line.is_empty()).count(),
            with_several: targets.of_line.iter().filter(|line| line.len() > 1).count(),
        };
        if options.preset == Preset::Single && amount.with_several > 0 {
            return Err(Error::invalid(format!(
                "preset `single` was asked for, but {} lines have several labels; use `multi`, or give each line one label",
                amount.with_several
            )));
        }
        if let Some(valid) = valid {
            if matches!(valid.inputs, Inputs::Features(_)) != matches!(data.inputs, Inputs::Features(_)) {
                return Err(Error::invalid(
                    "the validation data must be of texts where the training data is, and of features where it is",
                ));
            }
            if valid.inputs.is_empty() {
                return Err(Error::Training("the validation data holds no examples".into()));
            }
        }
        let valid = valid.map(|valid| {
            let of_line = valid.labels.iter().map(|line| targets.indices(line)).collect();
            (valid, Targets { names: targets.names.clone(), of_line })
        });
        Ok(Training { data, valid, recipe: Recipe::new(options, amount), targets, options, started })
    }

    fn run(&self, progress: &mut ProgressFn<'_>) -> Result<(Model, TrainReport)> {
        let recipe = &self.recipe;
        let all: Vec<usize> = (0..self.data.inputs.len()).collect();
        let held = match &self.valid {
            Some((valid, _)) => (0..valid.inputs.len()).collect(),
            None if recipe.calibrated => self.targets.holdout(self.options.seed),
            None => vec![],
        };
        let mut findings = Findings {
            lines: 0,
            epochs: recipe.epochs,
            accuracy: None,
            calibration: IDENTITY,
            reject_below: f32::NEG_INFINITY,
        };
        let mut ready = None;
        let two_runs = !held.is_empty() && self.valid.is_none();
        if !held.is_empty() {
            let lines = match self.valid {
                Some(_) => all.clone(),
                None => all.iter().copied().filter(|line| held.binary_search(line).is_err()).collect(),
            };
            let (run, found) = self.heldout_run(lines, &held, two_runs, progress)?;
            // With a validation file the run was on all lines already; its weights stand if its last epoch does.
            if self.valid.is_some() && found.epochs == recipe.epochs {
                ready = Some(run);
            }
            findings = found;
        }
        let run = match ready {
            Some(run) => run,
            None => self.final_run(all, findings.epochs, two_runs, progress)?,
        };
        let summary = TrainingSummary {
            examples: self.data.inputs.len(),
            heldout: findings.lines,
            heldout_accuracy: findings.accuracy,
            epochs: findings.epochs,
            seed: self.options.seed,
        };
        let Run { weights, frequencies } = &run;
        let model =
            self.model(weights, frequencies.as_ref(), findings.calibration, findings.reject_below, summary)?;
        let report = TrainReport {
            preset: recipe.preset,
            examples: self.data.inputs.len(),
            labels: self.targets.names.len(),
            heldout: findings.lines,
            heldout_accuracy: findings.accuracy,
            epochs: findings.epochs,
            warnings: self.warnings(),
            seconds: self.started.elapsed().as_secs_f64(),
        };
        Ok((model, report))
    }

    fn warnings(&self) -> Vec<String> {
        if self.valid.is_some() || !self.recipe.calibrated {
            return vec![];
        }
        let lone = self.targets.lone();
        let label = |name: &&str| {
            format!("label `{name}` has 1 example and can't be held out; it is trained on all the same")
        };
        let mut warnings: Vec<String> = lone.iter().take(10).map(label).collect();
        if lone.len() > 10 {
            let rest: Vec<String> = lone[10..].iter().map(|name| format!("`{name}`")).collect();
            warnings.push(format!("{} more labels have 1 example each: {}", rest.len(), rest.join(", ")));
        }
        warnings
    }

    /// Trains over `lines` for `epochs` of the recipe's, calling `after` behind each.
    fn fit(
        &self,
        lines: Vec<usize>,
        epochs: usize,
        mut after: impl FnMut(&Weights, Option<&Frequencies>, Epoch) -> Result<()>,
    ) -> Result<Run> {
        let (recipe, seed, labels) = (&self.recipe, self.options.seed, self.targets.names.len());
        let (samples, frequencies) = match &self.data.inputs {
            Inputs::Features(rows) => (Samples::Features(rows), None),
            Inputs::Texts(texts) => {
                let frequencies = Frequencies::new(texts, &lines, recipe);
                let mut bags = vec![vec![]; texts.len()];
                lines.iter().for_each(|&line| bags[line] = frequencies.bag(texts[line], recipe));
                (Samples::Bags(bags), Some(frequencies))
            }
        };
        let idf = frequencies.as_ref().map_or(&[][..], |f| &f.idf);
        let mut weights = Weights::new(recipe, labels, idf, seed);
        let fit = Fit { recipe, samples, targets: &self.targets.of_line, lines, labels, seed };
        fit.run(&mut weights, epochs, |weights, epoch| after(weights, frequencies.as_ref(), epoch))?;
        Ok(Run { weights, frequencies })
    }

    /// The run that leaves lines out, or watches validation lines, and what it tells.
    fn heldout_run(
        &self,
        lines: Vec<usize>,
        held: &[usize],
        two_runs: bool,
        progress: &mut ProgressFn<'_>,
    ) -> Result<(Run, Findings)> {
        let recipe = &self.recipe;
        let (data, targets) = match &self.valid {
            Some((valid, targets)) => (*valid, targets),
            None => (self.data, &self.targets),
        };
        let in_all = recipe.epochs * if two_runs { 2 } else { 1 };
        let (mut best, mut last): (Option<Snapshot>, Option<Snapshot>) = (None, None);
        let run = self.fit(lines, recipe.epochs, |weights, frequencies, Epoch { number, loss }| {
            let model =
                self.model(weights, frequencies, IDENTITY, f32::NEG_INFINITY, TrainingSummary::default())?;
            let logits = logits(&model, &data.inputs, held)?;
            let heldout = Heldout { logits: &logits, lines: held, targets };
            let score = if recipe.choice == Choice::Single { heldout.accuracy() } else { heldout.exact() };
            let snapshot = Snapshot { epoch: number, score: score.unwrap_or(0.0), logits };
            if let Some(last) = last.take()
                && best.as_ref().is_none_or(|best| last.score > best.score)
            {
                best = Some(last);
            }
            last = Some(snapshot);
            let seconds_left = self.seconds_left(number, in_all);
            let now = Progress {
                phase: Phase::Heldout,
                epoch: number,
                epochs: in_all,
                loss,
                heldout_score: score,
                seconds_left,
            };
            if progress(&now) { Ok(()) } else { Err(Error::Stopped) }
        })?;
        let Some(last) = last else { return Err(Error::Training("no epoch was run".into())) };
        let choosing = recipe.calibrated && self.options.epochs.is_none();
        let in_scope = held.iter().filter(|&&line| !targets.of_line[line].is_empty()).count();
        let chosen = match best {
            Some(best) if choosing && is_clearly_better(&best, &last, in_scope) => best,
            _ => last,
        };
        let heldout = Heldout { logits: &chosen.logits, lines: held, targets };
        let calibration = if recipe.calibrated { heldout.calibrate() } else { IDENTITY };
        let reject_below = if recipe.calibrated {
            heldout.reject_point(self.options.keep, calibration)
        } else {
            f32::NEG_INFINITY
        };
        Ok((
            run,
            Findings {
                lines: in_scope,
                epochs: chosen.epoch,
                accuracy: heldout.accuracy(),
                calibration,
                reject_below,
            },
        ))
    }

    /// The run over all lines that makes the weights which are kept.
    fn final_run(
        &self,
        all: Vec<usize>,
        epochs: usize,
        two_runs: bool,
        progress: &mut ProgressFn<'_>,
    ) -> Result<Run> {
        let before = if two_runs || self.valid.is_some() { self.recipe.epochs } else { 0 };
        let in_all = before + epochs;
        self.fit(all, epochs, |_, _, Epoch { number, loss }| {
            let epoch = before + number;
            let seconds_left = self.seconds_left(epoch, in_all);
            let now = Progress {
                phase: Phase::Final,
                epoch,
                epochs: in_all,
                loss,
                heldout_score: None,
                seconds_left,
            };
            if progress(&now) { Ok(()) } else { Err(Error::Stopped) }
        })
    }

    fn model(
        &self,
        weights: &Weights,
        frequencies: Option<&Frequencies>,
        calibration: Calibration,
        reject_below: f32,
        training: TrainingSummary,
    ) -> Result<Model> {
        let (layers, linear) = quantise::network(weights, &self.recipe, calibration);
        let table = frequencies.map(|f| quantise::table(weights, &f.idf)).unwrap_or_default();
        Model::from_parts(&Parts {
            metadata: Metadata {
                preset: self.recipe.preset.name().into(),
                choice: self.recipe.choice,
                labels: self.targets.names.clone(),
                ngrams: frequencies.map(|_| self.recipe.ngrams.clone()),
                training,
                ..Metadata::default()
            },
            table,
            known: frequencies.map(|f| f.known.clone()).unwrap_or_default(),
            layers,
            linear,
            thresholds: vec![0.5; self.targets.names.len()],
            reject_below,
        })
    }

    fn seconds_left(&self, done: usize, all: usize) -> f64 {
        self.started.elapsed().as_secs_f64() * all.saturating_sub(done) as f64 / done.max(1) as f64
    }
}

/// Whether an earlier epoch is better than the last by more than one standard error. The learning rate has come down by
/// the last epoch, so chance alone must not choose an earlier one, and a handful of lines can't.
fn is_clearly_better(best: &Snapshot, last: &Snapshot, lines: usize) -> bool {
    if lines < calibration::LEAST_LINES {
        return false;
    }
    let error = (last.score * (1.0 - last.score) / lines.max(1) as f64).sqrt();
    best.score > last.score + error
}

/// The logits that a model gives the named lines, as it will in use.
fn logits(model: &Model, inputs: &Inputs<'_>, lines: &[usize]) -> Result<Vec<f32>> {
    let labels = model.labels().len();
    let mut logits = vec![0.0; lines.len() * labels];
    logits.par_chunks_mut(labels).zip(lines).try_for_each(|(row, &line)| {
        let mut features = [0.0; DIMENSIONS];
        match inputs {
            Inputs::Texts(texts) => model.vectorize(texts[line], &mut features)?,
            Inputs::Features(rows) => features = rows[line],
        }
        model.logits(&features, row);
        Ok(())
    })?;
    Ok(logits)
}
