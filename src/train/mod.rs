//! Training: examples in, an immutable [`Model`] out.
//!
//! A part of the lines is held out and a network trained on the rest: it tells how many epochs are good, how logits
//! become probabilities, and below which score a text is rejected. The weights that are kept are trained on all lines, at the
//! same time where there are two threads.
//! Where lines have several labels, a trial before that tells whether texts are better cut into clauses.
//! The same data, options and seed give the same bytes on every CPU, platform and number of threads.

mod calibration;
mod centroids;
mod dataset;
mod fit;
mod groups;
mod holdout;
mod joiners;
mod learn;
mod names;
mod options;
mod outside;
mod progress;
mod quantise;
mod random;
mod report;
mod tensor;
mod threshold;
mod transfer;
mod trial;
mod warnings;
mod weights;

pub use dataset::Inputs;
pub(crate) use dataset::check_features;
pub use learn::{Change, Durability, Forgotten, Learner, LearnerFile, UpdateReport};
pub use options::{Preset, TrainOptions};
pub use progress::{Phase, Progress, ProgressFn};
pub use report::{LexiconUse, TrainReport};

use crate::calibration::Calibration;
use crate::data::Example;
use crate::decision::{Choice, ScoreSettings};
use crate::error::{Error, Result};
use crate::model::{LexiconSettings, Metadata, Model, Parts, RejectSettings, TableParts, TrainingSummary};
use crate::simd::DIMENSIONS;
use crate::text::MAX_TEXT_BYTES;
use crate::text::ngrams::token_hash;
use crate::vectorizer::FeatureVector;
use calibration::{Answers, Heldout, LEAST_LINES, share};
use dataset::{Frequencies, Samples, Targets};
use fit::{Epoch, Fit};
use holdout::{Holdout, Plan};
use options::{Amount, Recipe};
use progress::{Lane, Meter, both, together};
use rayon::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use threshold::{Curves, curves};
use trial::wins;
use weights::Weights;

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
    let (model, report, _) = run(data, valid, options, progress)?;
    Ok((model, report))
}

/// As [`train`], and keeps what learning from corrections needs: the table's float32 numbers, and the examples.
///
/// # Errors
/// As [`train`], and [`Error::InvalidArgument`] for data or a preset that can't be learned on: feature rows, the reference.
pub fn train_to_learn(
    data: &Dataset<'_>,
    valid: Option<&Dataset<'_>>,
    options: &TrainOptions,
    progress: &mut ProgressFn<'_>,
) -> Result<(Learner, TrainReport)> {
    // Not behind minutes of training.
    if options.preset == Preset::Reference || matches!(data.inputs, Inputs::Features(_)) {
        return Err(Error::invalid(
            "learning from corrections needs texts and another preset than `reference`; train without it",
        ));
    }
    let (model, report, run) = run(data, valid, options, progress)?;
    Ok((Learner::after_training(Arc::new(model), data, &run)?, report))
}

/// A training, and what it leaves besides the model.
fn run(
    data: &Dataset<'_>,
    valid: Option<&Dataset<'_>>,
    options: &TrainOptions,
    progress: &mut ProgressFn<'_>,
) -> Result<(Model, TrainReport, Run)> {
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
    /// Different words of the texts, and how many of them the lexicon has.
    overlap: Option<(usize, usize)>,
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

/// What the held-out lines tell, or what is left without any.
struct Findings {
    /// Held-out lines with labels.
    lines: usize,
    epochs: usize,
    accuracy: Option<f64>,
    familiar: Option<f64>,
    answered: Option<f64>,
    calibration: Calibration,
    curves: Curves,
}

/// What the models of the folds say of lines that they were not trained on.
#[derive(Default)]
struct Measured {
    held: Answers,
    familiar: Answers,
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
    fn new(
        data: &'a Dataset<'a>,
        examples: usize,
        valid: Option<&'a Dataset<'a>>,
        options: &'a TrainOptions,
    ) -> Result<Self> {
        let started = Instant::now();
        let targets = Targets::new(&options.labels, data.labels.iter().map(Vec::as_slice))?;
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
        let overlap = match (&options.lexicon, &data.inputs) {
            (None, _) => None,
            (Some(_), Inputs::Features(_)) => {
                return Err(Error::invalid(
                    "a lexicon is of use for texts only; train on feature rows without one",
                ));
            }
            (Some(lexicon), Inputs::Texts(texts)) => Some(transfer::overlap(lexicon, texts)),
        };
        if let (Some((_, 0)), Some(lexicon)) = (overlap, &options.lexicon) {
            return Err(Error::Training(format!(
                "none of the lexicon's {} words stands in the training texts; is it one of their language?",
                lexicon.len()
            )));
        }
        let valid = valid.map(|valid| {
            let of_line = valid.labels.iter().map(|line| targets.indices(line)).collect();
            (valid, Targets { names: targets.names.clone(), of_line })
        });
        Ok(Training {
            data,
            examples,
            valid,
            overlap,
            recipe: Recipe::new(options, amount),
            targets,
            options,
            started,
        })
    }

    fn run(&self, progress: &mut ProgressFn<'_>) -> Result<(Model, TrainReport, Run)> {
        let recipe = &self.recipe;
        let mut progress = |now: &Progress| progress(now);
        let meter = Meter::new(&mut progress, self.started);
        let all: Vec<usize> = (0..self.data.inputs.len()).collect();
        let joiners = self.joiners(&meter)?;
        let plan = Plan::of(self.examples);
        let groups = self.groups(&joiners, plan.share);
        let folds = self.holdout(&groups, plan, true);
        meter.plan(&self.to_come(&folds));
        let last = |epochs: usize, lane: Lane<'_>| {
            self.fit(recipe, all.clone(), epochs, &joiners, lane, |_, _, epoch| {
                meter.epoch(Phase::Final, all.len(), epoch.loss, None)
            })
        };
        let never = AtomicBool::new(false);
        let alone = Lane { threads: rayon::current_num_threads(), stop: &never };
        let (mut ready, mut epochs, mut measured) = (None, recipe.epochs, Measured::default());
        match &folds[..] {
            [] => {}
            [only] if self.valid.is_some() => {
                let (run, found) = self.watched_run(only, &joiners, &meter, alone)?;
                ready = Some(run);
                (epochs, measured) = found;
            }
            [only] => {
                // All epochs, which are nearly always what the held-out run chooses in the end.
                let chosen = |lane: Lane<'_>| {
                    let (_, found) = self.watched_run(only, &joiners, &meter, lane)?;
                    lane.stop.store(found.0 != recipe.epochs, Ordering::Relaxed);
                    Ok(found)
                };
                let (found, run) = both(chosen, |lane| last(recipe.epochs, lane));
                (epochs, measured) = found?;
                if epochs == recipe.epochs {
                    ready = Some(run?);
                }
            }
            several => {
                let fold = |fold: &Holdout, lane: Lane<'_>| self.fold_run(fold, &joiners, &meter, lane);
                let (found, run) = together(several, fold, |lane| last(recipe.epochs, lane));
                for fold in found? {
                    measured.held.append(fold.held);
                    measured.familiar.append(fold.familiar);
                }
                ready = Some(run?);
            }
        }
        let run = match ready.filter(|_| epochs == recipe.epochs) {
            Some(run) => run,
            None => {
                meter.plan(&[(epochs, all.len())]);
                last(epochs, alone)?
            }
        };
        let findings = self.findings(epochs, &measured, &groups);
        let summary = TrainingSummary {
            examples: self.examples,
            heldout: findings.lines,
            heldout_accuracy: findings.accuracy,
            familiar_accuracy: findings.familiar,
            heldout_answered: findings.answered,
            epochs: findings.epochs,
            seed: self.options.seed,
        };
        let mut report = TrainReport {
            preset: recipe.preset,
            examples: self.examples,
            labels: self.targets.names.len(),
            heldout: findings.lines,
            heldout_accuracy: findings.accuracy,
            familiar_accuracy: findings.familiar,
            heldout_answered: findings.answered,
            epochs: findings.epochs,
            joiners: joiners.clone(),
            lexicon: None,
            warnings: self.warnings(findings.lines),
            seconds: self.started.elapsed().as_secs_f64(),
        };
        let Run { weights, frequencies } = &run;
        let parts = self.parts(weights, frequencies.as_ref(), &joiners, findings, summary);
        let model = self.with_places(parts, &all)?;
        let held = model.lexicon_words();
        report.lexicon = self.overlap.map(|(words, found)| LexiconUse { words, found, held });
        Ok((model, report, run))
    }

    /// `heldout` lines with labels were held out, or stand in the validation data.
    fn warnings(&self, heldout: usize) -> Vec<String> {
        let valid = self.valid.as_ref().map(|(valid, _)| *valid);
        let holds_out = valid.is_none() && self.recipe.calibrated;
        let mut warnings = warnings::find(self.data, self.examples, &self.targets, valid, holds_out);
        if self.recipe.calibrated {
            warnings.extend(warnings::held_out(heldout, self.targets.names.len(), valid.is_some()));
        }
        warnings
    }

    /// What held-out lines tell of the model that is trained on all lines.
    fn findings(&self, epochs: usize, measured: &Measured, groups: &[Vec<u64>]) -> Findings {
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
        findings.calibration = both.beside(targets).calibrate(self.recipe.calibration);
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
    fn keep(&self, curves: &Curves) -> f32 {
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

    /// Trains over `lines` for `epochs` of the recipe's, calling `after` behind each.
    fn fit(
        &self,
        recipe: &Recipe,
        lines: Vec<usize>,
        epochs: usize,
        joiners: &[String],
        Lane { threads, stop }: Lane<'_>,
        mut after: impl FnMut(&Weights, Option<&Frequencies>, Epoch) -> Result<()>,
    ) -> Result<Run> {
        let (seed, labels) = (self.options.seed, self.targets.names.len());
        let (samples, frequencies) = match &self.data.inputs {
            Inputs::Features(rows) => (Samples::Features(rows), None),
            Inputs::Texts(texts) => {
                let lexicon = self.options.lexicon.as_deref();
                let frequencies = Frequencies::new(texts, &lines, recipe, &hashes(joiners), lexicon);
                let mut bags = vec![vec![]; texts.len()];
                lines.iter().for_each(|&line| bags[line] = frequencies.bags(texts[line], recipe));
                (Samples::Bags(bags), Some(frequencies))
            }
        };
        let idf = frequencies.as_ref().map_or(&[][..], |f| &f.idf);
        let transfer = frequencies.as_ref().and_then(|f| f.transfer.as_ref());
        let frozen = transfer.map_or(&[][..], |transfer| &transfer.rows);
        let mut weights = Weights::new(recipe, labels, idf, frozen, seed);
        let targets = &self.targets.of_line;
        let fit =
            Fit { recipe, samples, targets, soft: &[], lines, labels, seed, threads, stop, dense: true };
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

    /// The groups of near-duplicates that each line is in; none where nothing is held out.
    fn groups(&self, joiners: &[String], share: f64) -> Vec<Vec<u64>> {
        match &self.data.inputs {
            _ if self.valid.is_some() || !self.recipe.calibrated => vec![],
            Inputs::Texts(texts) => {
                let (texts, labels) = (&texts[..self.examples], self.targets.names.len());
                groups::of_lines(texts, &self.targets.of_line, labels, &hashes(joiners), share)
            }
            Inputs::Features(_) => (0..self.examples as u64).map(|line| vec![line]).collect(),
        }
    }

    /// The lines to measure on and the lines to train on meanwhile, fold by fold; none where nothing can be held out.
    fn holdout(&self, groups: &[Vec<u64>], plan: Plan, familiar: bool) -> Vec<Holdout> {
        if let Some((valid, _)) = &self.valid {
            let (held, rest) = ((0..valid.inputs.len()).collect(), (0..self.data.inputs.len()).collect());
            return vec![Holdout { held, familiar: vec![], rest }];
        }
        let mut folds = holdout::choose(&self.targets, groups, plan, familiar, self.options.seed);
        folds.retain(|fold| !fold.held.is_empty());
        folds
    }

    /// Epochs and lines of the runs that make the model. With a validation file the held-out run is on all lines already.
    fn to_come(&self, folds: &[Holdout]) -> Vec<(usize, usize)> {
        let (epochs, all) = (self.recipe.epochs, self.data.inputs.len());
        let others = folds.iter().filter(|_| self.valid.is_none()).map(|fold| (epochs, fold.rest.len()));
        others.chain([(epochs, all)]).collect()
    }

    /// One of several runs that each leave lines out, and what its model says of them. Too few lines to choose an epoch by.
    fn fold_run(
        &self,
        fold: &Holdout,
        joiners: &[String],
        meter: &Meter<'_>,
        lane: Lane<'_>,
    ) -> Result<Measured> {
        let run =
            self.fit(&self.recipe, fold.rest.clone(), self.recipe.epochs, joiners, lane, |_, _, epoch| {
                meter.epoch(Phase::Heldout, fold.rest.len(), epoch.loss, None)
            })?;
        self.measured(self.nothing_found(&run.weights, run.frequencies.as_ref(), joiners), fold)
    }

    /// What a model that was trained on the rest of a fold says of its held-out lines.
    fn measured(&self, parts: Parts, fold: &Holdout) -> Result<Measured> {
        let model = self.with_places(parts, &fold.rest)?;
        let (data, _) = self.watched();
        Ok(Measured {
            held: answers(&model, &data.inputs, &fold.held)?,
            familiar: answers(&model, &data.inputs, &fold.familiar)?,
        })
    }

    /// The run that leaves lines out, or watches validation lines: how many epochs are good, and what its model says of those lines.
    fn watched_run(
        &self,
        fold: &Holdout,
        joiners: &[String],
        meter: &Meter<'_>,
        lane: Lane<'_>,
    ) -> Result<(Run, (usize, Measured))> {
        let recipe = &self.recipe;
        let (data, targets) = self.watched();
        let (mut best, mut last): (Option<Snapshot>, Option<Snapshot>) = (None, None);
        let lines = fold.rest.len();
        let after = |weights: &Weights, frequencies: Option<&Frequencies>, epoch: Epoch| {
            // Without centroids: which answers are right does not depend on them.
            let parts = self.nothing_found(weights, frequencies, joiners);
            let answers = answers(&Model::from_parts(&parts)?, &data.inputs, &fold.held)?;
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
        let run = self.fit(recipe, fold.rest.clone(), recipe.epochs, joiners, lane, after)?;
        let Some(last) = last else { return Err(Error::Training("no epoch was run".into())) };
        let choosing = recipe.calibrated && self.options.epochs.is_none();
        let chosen = match best {
            Some(best) if choosing && is_clearly_better(&best, &last) => best,
            _ => last,
        };
        Ok((run, (chosen.epoch, self.measured(chosen.parts, fold)?)))
    }

    /// The numbers of a model of which nothing is measured yet.
    fn nothing_found(
        &self,
        weights: &Weights,
        frequencies: Option<&Frequencies>,
        joiners: &[String],
    ) -> Parts {
        let nothing = self.findings(self.recipe.epochs, &Measured::default(), &[]);
        self.parts(weights, frequencies, joiners, nothing, TrainingSummary::default())
    }

    /// The numbers of a model, centroids apart.
    fn parts(
        &self,
        weights: &Weights,
        frequencies: Option<&Frequencies>,
        joiners: &[String],
        findings: Findings,
        training: TrainingSummary,
    ) -> Parts {
        let labels = self.targets.names.len();
        // Rows that the caller made may have any length.
        let length_power = if frequencies.is_some() { self.recipe.score.length_power } else { 0 };
        let score = ScoreSettings { length_power, ..self.recipe.score };
        let (layers, linear) = quantise::network(weights, &self.recipe);
        let transfer = frequencies.and_then(|f| f.transfer.as_ref());
        let (table, lexicon) = match frequencies {
            Some(frequencies) => {
                quantise::table(weights, &frequencies.idf, transfer, self.recipe.learned_table)
            }
            None => (TableParts::default(), None),
        };
        let (lexicon_rows, lexicon) = match lexicon {
            Some((rows, weight)) => (rows, Some(LexiconSettings { weight })),
            None => (vec![], None),
        };
        Parts {
            metadata: Metadata {
                preset: self.recipe.preset.name().into(),
                choice: self.recipe.choice,
                labels: self.targets.names.clone(),
                ngrams: frequencies.map(|_| self.recipe.ngrams.clone()),
                joiners: joiners.to_vec(),
                lexicon,
                calibration: findings.calibration,
                reject: RejectSettings { keep: self.keep(&findings.curves), score },
                training,
                ..Metadata::default()
            },
            table,
            known: frequencies.map(|f| f.known.clone()).unwrap_or_default(),
            frequent: frequencies.map(|f| f.frequent.clone()).unwrap_or_default(),
            lexicon_rows,
            lexicon_words: transfer.map(|transfer| transfer.words.clone()).unwrap_or_default(),
            layers,
            linear,
            thresholds: vec![0.5; labels],
            reject_points: findings.curves.points,
            reject_right: findings.curves.right,
            reject_outside: findings.curves.outside,
            centroids: vec![0; labels * DIMENSIONS],
            centroid_inverse_norms: vec![0.0; labels],
            outside: vec![],
        }
    }

    /// Puts a model together, with what its reject score knows of where `lines` lie, if it looks at that.
    fn with_places(&self, mut parts: Parts, lines: &[usize]) -> Result<Model> {
        let model = Model::from_parts(&parts)?;
        if self.recipe.score.weight <= 0.0 {
            return Ok(model);
        }
        let (inputs, of_line) = (&self.data.inputs, &self.targets.of_line);
        (parts.centroids, parts.centroid_inverse_norms) =
            centroids::centroids(&model, inputs, of_line, lines)?;
        parts.outside = outside::outside(&model, inputs, of_line, lines)?;
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
    Ok(Answers { logits, scores, lines: lines.to_vec() })
}
