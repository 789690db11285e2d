//! Training: examples in, an immutable [`Model`] out.
//!
//! A part of the lines is held out first and a network trained on the rest: it tells how many epochs are good, how logits
//! become probabilities, and below which score a text is rejected. Then the weights that are kept are trained on all lines.
//! Where lines have several labels, a trial before that tells whether texts are better cut into clauses.
//! The same data, options and seed give the same bytes on every CPU, platform and number of threads.

mod calibration;
mod centroids;
mod dataset;
mod fit;
mod joiners;
mod names;
mod options;
mod quantise;
mod random;
mod tensor;

pub use dataset::Inputs;
pub(crate) use dataset::check_features;
pub use options::{Preset, TrainOptions};

use crate::calibration::Calibration;
use crate::data::Example;
use crate::decision::Choice;
use crate::error::{Error, Result};
use crate::model::{Metadata, Model, Parts, RejectSettings, TrainingSummary};
use crate::simd::DIMENSIONS;
use crate::text::MAX_TEXT_BYTES;
use crate::text::ngrams::token_hash;
use crate::vectorizer::FeatureVector;
use calibration::{Heldout, LEAST_LINES, share};
use dataset::{Frequencies, Holdout, Samples, Targets, clause_keys};
use fit::{Epoch, Fit, Weights};
use options::{Amount, Recipe};
use random::{Purpose, Random};
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

/// Which run is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// On some lines, once cut into clauses and once whole, to see which is better.
    Clauses,
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
    /// Epochs done, over all runs.
    pub epoch: usize,
    /// Epochs in all, over all runs, as far as known.
    pub epochs: usize,
    /// Mean loss of a line over the last epoch.
    pub loss: f64,
    /// Share of the held-out lines answered right after this epoch: the best label for single-label models, the exact set
    /// for others. `None` except in the held-out run.
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
    /// The words and marks at which texts are cut into clauses.
    pub joiners: Vec<String>,
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
    let names = names::lines(data, options)?;
    let examples = data.inputs.len();
    let mut data = data.clone();
    if let Inputs::Texts(texts) = &mut data.inputs {
        texts.extend(names.iter().map(|line| line.text.as_str()));
        data.labels.extend(names.iter().map(|line| vec![line.label.as_str()]));
    }
    pool.install(|| Training::new(&data, examples, valid, options)?.run(progress))
}

struct Training<'a> {
    /// Behind the first `examples` lines stand the labels' names.
    data: &'a Dataset<'a>,
    examples: usize,
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

/// What the held-out run found out, or what is left without one.
struct Findings {
    /// Held-out lines with labels.
    lines: usize,
    epochs: usize,
    accuracy: Option<f64>,
    calibration: Calibration,
    reject_points: Vec<f32>,
}

/// A model's answers to the held-out lines behind one epoch.
struct Snapshot {
    epoch: usize,
    score: f64,
    /// Which in-scope lines were right.
    right: Vec<bool>,
    answers: Answers,
}

/// Logits row by row, and reject scores.
struct Answers {
    logits: Vec<f32>,
    scores: Vec<f32>,
}

/// Reports epochs, and estimates the time to go by the lines that were read and that are still to be read.
struct Meter<'a> {
    progress: &'a mut ProgressFn<'a>,
    started: Instant,
    epochs_done: usize,
    lines_done: usize,
    epochs: usize,
    lines: usize,
}

impl Meter<'_> {
    /// Runs still to come, each of so many epochs over so many lines.
    fn plan(&mut self, runs: &[(usize, usize)]) {
        self.epochs = self.epochs_done + runs.iter().map(|(epochs, _)| epochs).sum::<usize>();
        self.lines = self.lines_done + runs.iter().map(|(epochs, lines)| epochs * lines).sum::<usize>();
    }

    fn epoch(&mut self, phase: Phase, lines: usize, loss: f64, heldout_score: Option<f64>) -> Result<()> {
        self.epochs_done += 1;
        self.lines_done += lines;
        let left = self.lines.saturating_sub(self.lines_done) as f64 / self.lines_done.max(1) as f64;
        let now = Progress {
            phase,
            epoch: self.epochs_done,
            epochs: self.epochs,
            loss,
            heldout_score,
            seconds_left: self.started.elapsed().as_secs_f64() * left,
        };
        if (self.progress)(&now) { Ok(()) } else { Err(Error::Stopped) }
    }
}

impl<'a> Training<'a> {
    fn new(
        data: &'a Dataset<'a>,
        examples: usize,
        valid: Option<&'a Dataset<'a>>,
        options: &'a TrainOptions,
    ) -> Result<Self> {
        let started = Instant::now();
        let targets = Targets::new(data.labels.iter().map(Vec::as_slice))?;
        let given = &targets.of_line[..examples];
        let amount = Amount {
            lines: examples,
            labels: targets.names.len(),
            with_labels: given.iter().filter(|line| !line.is_empty()).count(),
            with_several: given.iter().filter(|line| line.len() > 1).count(),
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
        Ok(Training {
            data,
            examples,
            valid,
            recipe: Recipe::new(options, amount),
            targets,
            options,
            started,
        })
    }

    fn run(&self, progress: &mut ProgressFn<'_>) -> Result<(Model, TrainReport)> {
        let recipe = &self.recipe;
        let mut meter = Meter {
            progress: &mut |now| progress(now),
            started: self.started,
            epochs_done: 0,
            lines_done: 0,
            epochs: 0,
            lines: 0,
        };
        let all: Vec<usize> = (0..self.data.inputs.len()).collect();
        let joiners = self.joiners(&mut meter)?;
        let Holdout { held, rest } = self.holdout(&joiners, 0.1);
        meter.plan(&self.to_come(&held, &rest));

        let (mut ready, mut findings) = (None, self.without_heldout());
        if !held.is_empty() {
            let (run, found) = self.heldout_run(rest, &held, &joiners, &mut meter)?;
            if self.valid.is_some() && found.epochs == recipe.epochs {
                ready = Some(run);
            }
            findings = found;
        }
        let run = match ready {
            Some(run) => run,
            None => {
                meter.plan(&[(findings.epochs, all.len())]);
                self.fit(recipe, all.clone(), findings.epochs, &joiners, |_, _, epoch| {
                    meter.epoch(Phase::Final, all.len(), epoch.loss, None)
                })?
            }
        };
        let summary = TrainingSummary {
            examples: self.examples,
            heldout: findings.lines,
            heldout_accuracy: findings.accuracy,
            epochs: findings.epochs,
            seed: self.options.seed,
        };
        let report = TrainReport {
            preset: recipe.preset,
            examples: self.examples,
            labels: self.targets.names.len(),
            heldout: findings.lines,
            heldout_accuracy: findings.accuracy,
            epochs: findings.epochs,
            joiners: joiners.clone(),
            warnings: self.warnings(),
            seconds: self.started.elapsed().as_secs_f64(),
        };
        let Run { weights, frequencies } = &run;
        let model = self.model(weights, frequencies.as_ref(), &joiners, Some(&all), findings, summary)?;
        Ok((model, report))
    }

    fn warnings(&self) -> Vec<String> {
        if self.valid.is_some() || !self.recipe.calibrated {
            return vec![];
        }
        let lone = self.targets.lone(self.examples);
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

    /// What stands when nothing can be held out.
    fn without_heldout(&self) -> Findings {
        Findings {
            lines: 0,
            epochs: self.recipe.epochs,
            accuracy: None,
            calibration: Calibration::default(),
            reject_points: vec![],
        }
    }

    /// Trains over `lines` for `epochs` of the recipe's, calling `after` behind each.
    fn fit(
        &self,
        recipe: &Recipe,
        lines: Vec<usize>,
        epochs: usize,
        joiners: &[String],
        mut after: impl FnMut(&Weights, Option<&Frequencies>, Epoch) -> Result<()>,
    ) -> Result<Run> {
        let (seed, labels) = (self.options.seed, self.targets.names.len());
        let (samples, frequencies) = match &self.data.inputs {
            Inputs::Features(rows) => (Samples::Features(rows), None),
            Inputs::Texts(texts) => {
                let frequencies = Frequencies::new(texts, &lines, recipe, &hashes(joiners));
                let mut bags = vec![vec![]; texts.len()];
                lines.iter().for_each(|&line| bags[line] = frequencies.bags(texts[line], recipe));
                (Samples::Bags(bags), Some(frequencies))
            }
        };
        let idf = frequencies.as_ref().map_or(&[][..], |f| &f.idf);
        let mut weights = Weights::new(recipe, labels, idf, seed);
        let fit = Fit { recipe, samples, targets: &self.targets.of_line, lines, labels, seed };
        fit.run(&mut weights, epochs, |weights, epoch| after(weights, frequencies.as_ref(), epoch))?;
        Ok(Run { weights, frequencies })
    }

    /// Where held-out lines come from.
    fn watched(&self) -> (&Dataset<'a>, &Targets) {
        match &self.valid {
            Some((valid, targets)) => (valid, targets),
            None => (self.data, &self.targets),
        }
    }

    /// The lines to measure on and the lines to train on meanwhile.
    fn holdout(&self, joiners: &[String], share: f64) -> Holdout {
        let all = || (0..self.data.inputs.len()).collect();
        match (&self.valid, &self.data.inputs) {
            (Some((valid, _)), _) => Holdout { held: (0..valid.inputs.len()).collect(), rest: all() },
            (None, _) if !self.recipe.calibrated => Holdout { held: vec![], rest: all() },
            (None, Inputs::Texts(texts)) => {
                let joiners = hashes(joiners);
                let keys = |text: &&str| clause_keys(text, &joiners);
                let keys: Vec<Vec<u64>> = texts[..self.examples].par_iter().map(keys).collect();
                self.targets.holdout(&keys, share, self.options.seed)
            }
            (None, Inputs::Features(_)) => {
                let keys: Vec<Vec<u64>> = (0..self.examples as u64).map(|line| vec![line]).collect();
                self.targets.holdout(&keys, share, self.options.seed)
            }
        }
    }

    /// Epochs and lines of the runs that make the model. With a validation file the held-out run is on all lines already.
    fn to_come(&self, held: &[usize], rest: &[usize]) -> Vec<(usize, usize)> {
        let last = (self.recipe.epochs, self.data.inputs.len());
        if self.valid.is_some() || held.is_empty() { vec![last] } else { vec![(last.0, rest.len()), last] }
    }

    /// The words and marks to cut texts at: those the caller gave, or candidates that won a trial on held-out lines.
    fn joiners(&self, meter: &mut Meter<'_>) -> Result<Vec<String>> {
        /// Lines and epochs that are enough to see a difference.
        const LINES: usize = 5_000;
        const EPOCHS: usize = 10;
        /// Part to be judged on: more than a tenth, since it takes many lines to see a difference.
        const TRIAL: f64 = 0.3;
        let Inputs::Texts(texts) = &self.data.inputs else { return Ok(vec![]) };
        if let Some(given) = &self.options.joiners {
            let mut given: Vec<String> =
                given.iter().filter_map(|joiner| options::normalised(joiner)).collect();
            given.sort_unstable();
            given.dedup();
            return Ok(given);
        }
        if self.recipe.preset != Preset::Multi {
            return Ok(vec![]);
        }
        let labels = self.targets.names.len();
        let candidates = joiners::candidates(&texts[..self.examples], &self.targets.of_line, labels);
        let Holdout { held, rest } = self.holdout(&candidates, TRIAL);
        if candidates.is_empty() || held.len() < LEAST_LINES {
            return Ok(vec![]);
        }
        let mut random = Random::new(self.options.seed, Purpose::Trial);
        let mut some = |lines: &[usize]| {
            let mut lines = lines.to_vec();
            random.shuffle(&mut lines);
            lines.truncate(LINES);
            lines.sort_unstable();
            lines
        };
        let (lines, judges) = (some(&rest), some(&held));
        let amount =
            Amount { lines: lines.len(), labels, with_labels: lines.len(), with_several: lines.len() };
        let options = TrainOptions { preset: Preset::Multi, ..self.options.clone() };
        let recipe = Recipe::new(&options, amount);
        let recipe =
            Recipe { epochs: recipe.epochs.min(EPOCHS), rare_below: self.recipe.rare_below, ..recipe };
        let trial = (recipe.epochs, lines.len());
        meter.plan(&[&[trial, trial][..], &self.to_come(&held, &rest)].concat());
        let mut fit = |joiners: &[String]| {
            self.fit(&recipe, lines.clone(), recipe.epochs, joiners, |_, _, epoch| {
                meter.epoch(Phase::Clauses, lines.len(), epoch.loss, None)
            })
        };
        // What a network that was trained with some joiners makes of texts that are cut at others.
        let exact = |run: &Run, joiners: &[String]| -> Result<Vec<bool>> {
            let (nothing, summary) = (self.without_heldout(), TrainingSummary::default());
            let model =
                self.model(&run.weights, run.frequencies.as_ref(), joiners, None, nothing, summary)?;
            let (watched, targets) = self.watched();
            let Answers { logits, scores } = answers(&model, &watched.inputs, &judges)?;
            Ok(Heldout { logits: &logits, scores: &scores, lines: &judges, targets }.exact())
        };
        let run = fit(&candidates)?;
        let (mut joiners, mut cut) = (candidates.clone(), exact(&run, &candidates)?);
        for candidate in candidates {
            let others: Vec<String> =
                joiners.iter().filter(|joiner| **joiner != candidate).cloned().collect();
            let without = exact(&run, &others)?;
            if wins(&without, &cut, 1.0) {
                (joiners, cut) = (others, without);
            }
        }
        let whole = exact(&fit(&[])?, &[])?;
        Ok(if wins(&cut, &whole, 1.0) { joiners } else { vec![] })
    }

    /// The run that leaves lines out, or watches validation lines, and what it tells.
    fn heldout_run(
        &self,
        lines: Vec<usize>,
        held: &[usize],
        joiners: &[String],
        meter: &mut Meter<'_>,
    ) -> Result<(Run, Findings)> {
        let recipe = &self.recipe;
        let (data, targets) = self.watched();
        let (mut best, mut last): (Option<Snapshot>, Option<Snapshot>) = (None, None);
        let run =
            self.fit(recipe, lines.clone(), recipe.epochs, joiners, |weights, frequencies, epoch| {
                let (nothing, summary) = (self.without_heldout(), TrainingSummary::default());
                let model = self.model(weights, frequencies, joiners, Some(&lines), nothing, summary)?;
                let answers = answers(&model, &data.inputs, held)?;
                let heldout =
                    Heldout { logits: &answers.logits, scores: &answers.scores, lines: held, targets };
                let single = recipe.choice == Choice::Single;
                let right = if single { heldout.hits() } else { heldout.exact() };
                let score = share(&right);
                if let Some(last) = last.take()
                    && best.as_ref().is_none_or(|best| last.score > best.score)
                {
                    best = Some(last);
                }
                last = Some(Snapshot { epoch: epoch.number, score: score.unwrap_or(0.0), right, answers });
                meter.epoch(Phase::Heldout, lines.len(), epoch.loss, score)
            })?;
        let Some(last) = last else { return Err(Error::Training("no epoch was run".into())) };
        let choosing = recipe.calibrated && self.options.epochs.is_none();
        let in_scope = held.iter().filter(|&&line| !targets.of_line[line].is_empty()).count();
        let chosen = match best {
            Some(best) if choosing && is_clearly_better(&best, &last) => best,
            _ => last,
        };
        let Answers { logits, scores } = &chosen.answers;
        let heldout = Heldout { logits, scores, lines: held, targets };
        let mut findings = Findings {
            lines: in_scope,
            epochs: chosen.epoch,
            accuracy: share(&heldout.hits()),
            ..self.without_heldout()
        };
        if recipe.calibrated {
            findings.calibration = heldout.calibrate(recipe.calibration);
            findings.reject_points = heldout.reject_points();
        }
        Ok((run, findings))
    }

    /// Puts a model together; the centroids are those of `lines`, if any are given.
    fn model(
        &self,
        weights: &Weights,
        frequencies: Option<&Frequencies>,
        joiners: &[String],
        lines: Option<&[usize]>,
        findings: Findings,
        training: TrainingSummary,
    ) -> Result<Model> {
        let labels = self.targets.names.len();
        let (layers, linear) = quantise::network(weights, &self.recipe);
        let mut parts = Parts {
            metadata: Metadata {
                preset: self.recipe.preset.name().into(),
                choice: self.recipe.choice,
                labels: self.targets.names.clone(),
                ngrams: frequencies.map(|_| self.recipe.ngrams.clone()),
                joiners: joiners.to_vec(),
                calibration: findings.calibration,
                reject: RejectSettings {
                    keep: self.options.keep as f32,
                    cosine_weight: self.recipe.cosine_weight,
                },
                training,
                ..Metadata::default()
            },
            table: frequencies.map(|f| quantise::table(weights, &f.idf)).unwrap_or_default(),
            known: frequencies.map(|f| f.known.clone()).unwrap_or_default(),
            frequent: frequencies.map(|f| f.frequent.clone()).unwrap_or_default(),
            layers,
            linear,
            thresholds: vec![0.5; labels],
            reject_points: findings.reject_points,
            centroids: vec![0; labels * DIMENSIONS],
            centroid_inverse_norms: vec![0.0; labels],
        };
        let model = Model::from_parts(&parts)?;
        let Some(lines) = lines.filter(|_| self.recipe.cosine_weight > 0.0) else { return Ok(model) };
        (parts.centroids, parts.centroid_inverse_norms) =
            centroids::centroids(&model, &self.data.inputs, &self.targets.of_line, lines)?;
        Model::from_parts(&parts)
    }
}

fn hashes(joiners: &[String]) -> Vec<u64> {
    joiners.iter().map(|joiner| token_hash(joiner)).collect()
}

/// Whether an earlier epoch is better than the last by more than three standard errors. It was stopped at a high learning
/// rate and is the best of many, so chance prefers one often, and a handful of lines can't tell.
fn is_clearly_better(best: &Snapshot, last: &Snapshot) -> bool {
    last.right.len() >= LEAST_LINES && wins(&best.right, &last.right, 3.0)
}

/// Whether the first is right where the second isn't more often than the other way round, by more than so many standard
/// errors of chance (McNemar, 1947).
fn wins(one: &[bool], other: &[bool], errors: f64) -> bool {
    let only = |a: &[bool], b: &[bool]| a.iter().zip(b).filter(|(a, b)| **a && !**b).count() as f64;
    let (won, lost) = (only(one, other), only(other, one));
    won - lost > errors * (won + lost).sqrt()
}

/// What a model says of the named lines, as it will in use.
fn answers(model: &Model, inputs: &Inputs<'_>, lines: &[usize]) -> Result<Answers> {
    let labels = model.labels().len();
    let mut logits = vec![0.0; lines.len() * labels];
    let network = |features: &FeatureVector, logits: &mut [f32]| {
        model.logits(std::slice::from_ref(features), logits);
    };
    let scores = logits
        .par_chunks_mut(labels)
        .zip(lines)
        .map(|(row, &line)| {
            let mut reading = model.reading(row);
            match inputs {
                Inputs::Texts(texts) => {
                    model.for_each_row(texts[line], |features| reading.row(features, network))?;
                }
                Inputs::Features(rows) => reading.row(&rows[line], network),
            }
            Ok(reading.score())
        })
        .collect::<Result<_>>()?;
    Ok(Answers { logits, scores })
}
