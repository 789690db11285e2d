//! The trial that chooses the clause separators: networks train on some lines, split and whole, and
//! are compared on others.

use super::calibration::{LEAST_LINES, wins};
use super::dataset::Inputs;
use super::heldout::answers;
use super::holdout::Plan;
use super::joiners;
use super::options::{self, Amount, Preset, Recipe, TrainOptions};
use super::progress::{Lane, Meter, Phase, both};
use super::random::{Purpose, Random};
use super::training::{Run, Training};
use crate::error::Result;
use crate::model::Draft;

impl Training<'_> {
    /// Returns the clause separators: those of the caller, or candidates that won a trial on
    /// held-out lines.
    pub(super) fn joiners(&self, meter: &Meter<'_>) -> Result<Vec<String>> {
        /// Numbers of lines and epochs that suffice to see a difference.
        const LINES: usize = 5_000;
        const EPOCHS: usize = 10;
        /// Share of the lines to compare on: more than a tenth, since a difference takes many lines
        /// to show.
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
        if candidates.is_empty() {
            return Ok(vec![]);
        }
        let plan = Plan { folds: 1, share: TRIAL };
        let mut folds = self.holdout(&self.groups(&candidates, 0.0), plan, false);
        let Some(fold) = folds.pop().filter(|fold| fold.held.len() >= LEAST_LINES) else {
            return Ok(vec![]);
        };
        let mut random = Random::new(self.options.seed, Purpose::Trial);
        let mut some = |lines: &[usize]| {
            let mut lines = lines.to_vec();
            random.shuffle(&mut lines);
            lines.truncate(LINES);
            lines.sort_unstable();
            lines
        };
        let (lines, judges) = (some(&fold.rest), some(&fold.held));
        let amount =
            Amount { lines: lines.len(), labels, with_labels: lines.len(), with_several: lines.len() };
        let options = TrainOptions { preset: Preset::Multi, ..self.options.clone() };
        let recipe = Recipe::new(&options, amount);
        let recipe =
            Recipe { epochs: recipe.epochs.min(EPOCHS), rare_below: self.recipe.rare_below, ..recipe };
        let trial = (recipe.epochs, lines.len());
        meter.plan(&[&[trial, trial][..], &self.to_come(&[fold])].concat());
        let fit = |joiners: &[String], lane: Lane<'_>| {
            self.fit(&recipe, lines.clone(), recipe.epochs, joiners, lane, |_, _, epoch| {
                meter.epoch(Phase::Clauses, lines.len(), epoch.loss, None)
            })
        };
        // The results of a network trained with some separators on texts split at others.
        let exact = |run: &Run, joiners: &[String]| -> Result<Vec<bool>> {
            let parts = self.nothing_found(&run.weights, run.frequencies.as_ref(), joiners);
            let (watched, targets) = self.watched();
            Ok(answers(&Draft::new(&parts), &watched.inputs, &judges)?.beside(targets).exact())
        };
        let (run, uncut) = both(|lane| fit(&candidates, lane), |lane| fit(&[], lane));
        let (run, uncut) = (run?, uncut?);
        let (mut joiners, mut cut) = (candidates.clone(), exact(&run, &candidates)?);
        for candidate in candidates {
            let others: Vec<String> =
                joiners.iter().filter(|joiner| **joiner != candidate).cloned().collect();
            let without = exact(&run, &others)?;
            if !wins(&cut, &without, 1.0) {
                (joiners, cut) = (others, without);
            }
        }
        let whole = exact(&uncut, &[])?;
        Ok(if wins(&cut, &whole, 1.0) { joiners } else { vec![] })
    }
}
