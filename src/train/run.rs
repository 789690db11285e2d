//! One training, from its data to the model.

use super::dataset::{Dataset, Inputs};
use super::heldout::Measured;
use super::holdout::{Holdout, Plan};
use super::options::{Preset, TrainOptions};
use super::progress::{Lane, Meter, Phase, Progress, ProgressFn, both, together};
use super::report::{LexiconUse, TrainReport};
use super::training::{Run, Training};
use super::{names, warnings};
use crate::error::Result;
use crate::model::{Model, TrainingSummary};
use crate::threads;
use std::sync::atomic::{AtomicBool, Ordering};

/// Trains, and returns the model, the report and the final run.
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

impl Training<'_> {
    fn run(&self, progress: &mut ProgressFn<'_>) -> Result<(Model, TrainReport, Run)> {
        let mut progress = |now: &Progress| progress(now);
        let meter = Meter::new(&mut progress, self.started);
        let separators = self.separators(&meter)?;
        let plan = Plan::of(self.examples, self.targets.names.len());
        let groups = self.groups(&separators, plan.share);
        let (run, epochs, measured) = self.runs(&separators, &self.holdout(&groups, plan, true), &meter)?;
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
            preset: self.recipe.preset,
            examples: self.examples,
            labels: self.targets.names.len(),
            heldout: findings.lines,
            heldout_accuracy: findings.accuracy,
            familiar_accuracy: findings.familiar,
            heldout_answered: findings.answered,
            epochs: findings.epochs,
            separators: separators.clone(),
            symbols: self.symbols.0.clone(),
            lexicon: None,
            warnings: self.warnings(findings.lines),
            seconds: self.started.elapsed().as_secs_f64(),
        };
        let parts = self.parts(&run.weights, run.frequencies.as_ref(), &separators, findings, summary);
        let model = Model::from_parts(&self.with_places(parts, &self.all_lines())?)?;
        let held = model.lexicon_words();
        report.lexicon = self.overlap.map(|(words, found)| LexiconUse { words, found, held });
        Ok((model, report, run))
    }

    /// Runs one training per fold without its held-out lines, and one on all lines. Returns the
    /// latter, its epochs, and the other models' predictions for the held-out lines.
    fn runs(
        &self,
        separators: &[String],
        folds: &[Holdout],
        meter: &Meter<'_>,
    ) -> Result<(Run, usize, Measured)> {
        let all = self.all_lines();
        let most = self.recipe.epochs;
        meter.plan(&self.to_come(folds));
        let last = |epochs: usize, lane: Lane<'_>| {
            self.fit(&self.recipe, all.clone(), epochs, separators, lane, |_, _, epoch| {
                meter.epoch(Phase::Final, all.len(), epoch.loss, None)
            })
        };
        let never = AtomicBool::new(false);
        let alone = Lane { threads: rayon::current_num_threads(), stop: &never };
        let (ready, epochs, measured) = match folds {
            [] => (None, most, Measured::default()),
            [only] if self.valid.is_some() => {
                let (run, (epochs, measured)) = self.watched_run(only, separators, meter, alone)?;
                (Some(run).filter(|_| epochs == most), epochs, measured)
            }
            [only] => {
                // All epochs, which the held-out run nearly always chooses.
                let chosen = |lane: Lane<'_>| {
                    let (_, found) = self.watched_run(only, separators, meter, lane)?;
                    lane.stop.store(found.0 != most, Ordering::Relaxed);
                    Ok(found)
                };
                let (found, run) = both(chosen, |lane| last(most, lane));
                let (epochs, measured) = found?;
                let ready = if epochs == most { Some(run?) } else { None };
                (ready, epochs, measured)
            }
            several => {
                let fold = |fold: &Holdout, lane: Lane<'_>| self.fold_run(fold, separators, meter, lane);
                let (found, run) = together(several, fold, |lane| last(most, lane));
                let mut measured = Measured::default();
                for fold in found? {
                    measured.held.append(fold.held);
                    measured.familiar.append(fold.familiar);
                }
                (Some(run?), most, measured)
            }
        };
        let run = match ready {
            Some(run) => run,
            None => {
                meter.plan(&[(epochs, all.len())]);
                last(epochs, alone)?
            }
        };
        Ok((run, epochs, measured))
    }

    fn all_lines(&self) -> Vec<usize> {
        (0..self.data.inputs.len()).collect()
    }

    /// Returns the warnings. `heldout` is the number of lines with labels held out or in the
    /// validation data.
    fn warnings(&self, heldout: usize) -> Vec<String> {
        let valid = self.valid.as_ref().map(|(valid, _)| *valid);
        let holds_out = valid.is_none() && self.recipe.calibrated;
        let mut warnings =
            warnings::find(self.data, self.examples, &self.targets, &self.symbols.0, valid, holds_out);
        let learns = matches!(self.data.inputs, Inputs::Texts(_)) && self.options.separators.is_none();
        if self.recipe.preset == Preset::Multi && learns {
            let of_line = &self.targets.of_line[..self.examples];
            warnings.extend(warnings::joined(of_line.iter().filter(|line| line.len() > 1).count()));
        }
        if self.recipe.calibrated {
            warnings.extend(warnings::held_out(heldout, self.targets.names.len(), valid.is_some()));
        }
        warnings
    }
}
