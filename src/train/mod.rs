//! Training: examples in, an immutable [`Model`] out.
//!
//! A part of the lines is held out and a network trained on the rest: it tells how many epochs are good, how logits
//! become probabilities, and below which score a text is rejected. The weights that are kept are trained on all lines, at the
//! same time where there are two threads.
//! Where lines have several labels, a trial before that tells whether texts are better cut into clauses.
//! The same data, options and seed give the same bytes on every CPU, platform and number of threads.

mod calibration;
pub(crate) mod centroids;
pub(crate) mod dataset;
pub(crate) mod fit;
mod groups;
mod heldout;
mod holdout;
mod joiners;
pub(crate) mod names;
pub(crate) mod options;
pub(crate) mod outside;
mod progress;
pub(crate) mod quantise;
pub(crate) mod random;
mod report;
pub(crate) mod tensor;
mod threshold;
pub(crate) mod transfer;
mod trial;
mod warnings;
pub(crate) mod weights;

pub use dataset::Inputs;
pub(crate) use dataset::check_features;
pub use options::{Preset, TrainOptions};
pub use progress::{Phase, Progress, ProgressFn};
pub use report::{LexiconUse, TrainReport};

use crate::data::Example;
use crate::decision::ScoreSettings;
use crate::error::{Error, Result};
use crate::model::{LexiconSettings, Metadata, Model, Parts, RejectSettings, TableParts, TrainingSummary};
use crate::room;
use crate::simd::DIMENSIONS;
use crate::text::MAX_TEXT_BYTES;
use crate::text::ngrams::token_hash;
use crate::threads;
use dataset::{Frequencies, Samples, Targets};
use fit::{Epoch, Fit};
use heldout::{Findings, Measured};
use holdout::{Holdout, Plan};
use options::{Amount, Recipe};
use progress::{Lane, Meter, both, together};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
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

/// A training, and what it leaves besides the model.
pub(crate) fn run(
    data: &Dataset<'_>,
    valid: Option<&Dataset<'_>>,
    options: &TrainOptions,
    progress: &mut ProgressFn<'_>,
) -> Result<(Model, TrainReport, Run)> {
    options.check()?;
    data.check()?;
    valid.map_or(Ok(()), Dataset::check)?;
    let names = names::lines(data, options)?;
    let examples = data.inputs.len();
    let mut data = data.clone();
    if let Inputs::Texts(texts) = &mut data.inputs {
        texts.extend(names.iter().map(|line| line.text.as_str()));
        data.labels.extend(names.iter().map(|line| vec![line.label.as_str()]));
    }
    threads::with(options.threads, || Training::new(&data, examples, valid, options)?.run(progress))
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
pub(crate) struct Run {
    pub(crate) weights: Weights,
    pub(crate) frequencies: Option<Frequencies>,
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
        let plan = Plan::of(self.examples, self.targets.names.len());
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
        room::check::<f32>(idf.len() * DIMENSIONS + frozen.len() + labels * DIMENSIONS)?;
        let mut weights = Weights::new(recipe, labels, idf, frozen, seed);
        let targets = &self.targets.of_line;
        let fit =
            Fit { recipe, samples, targets, soft: &[], lines, labels, seed, threads, stop, dense: true };
        fit.run(&mut weights, epochs, |weights, epoch| after(weights, frequencies.as_ref(), epoch))?;
        Ok(Run { weights, frequencies })
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
