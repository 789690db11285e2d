//! The trial that chooses the clause separators: networks train on some lines, split and whole, and
//! are compared on others.

use super::calibration::{LEAST_LINES, wins};
use super::dataset::Inputs;
use super::heldout::answers;
use super::holdout::{Holdout, Plan};
use super::options::{self, Amount, Preset, Recipe, TrainOptions};
use super::progress::{Lane, Meter, Phase, both};
use super::random::{Purpose, Random};
use super::separators;
use super::training::{Run, Training};
use crate::error::Result;
use crate::model::Draft;

/// Lines and epochs that are enough to see a difference.
const LINES: usize = 5_000;
const EPOCHS: usize = 10;
/// Part to be judged on: more than a tenth, since it takes many lines to see a difference.
const TRIAL: f64 = 0.3;

impl Training<'_> {
    /// Returns the clause separators: those of the caller, or candidates that won a trial on
    /// held-out lines.
    pub(super) fn separators(&self, meter: &Meter<'_>) -> Result<Vec<String>> {
        let Inputs::Texts(texts) = &self.data.inputs else { return Ok(vec![]) };
        if let Some(given) = &self.options.separators {
            let mut given: Vec<String> =
                given.iter().filter_map(|separator| options::normalised(separator)).collect();
            given.sort_unstable();
            given.dedup();
            return Ok(given);
        }
        if self.recipe.preset != Preset::Multi {
            return Ok(vec![]);
        }
        let labels = self.targets.names.len();
        let candidates = separators::candidates(&texts[..self.examples], &self.targets.of_line, labels);
        if candidates.is_empty() {
            return Ok(vec![]);
        }
        let plan = Plan { folds: 1, share: TRIAL };
        let mut folds = self.holdout(&self.groups(&candidates, 0.0), plan, false);
        match folds.pop().filter(|fold| fold.held.len() >= LEAST_LINES) {
            Some(fold) => self.trial(candidates, fold, meter),
            None => Ok(vec![]),
        }
    }

    /// Trains with all candidates and with none. Drops each candidate that the former network does
    /// without, and all if what is left isn't better than the latter.
    fn trial(&self, candidates: Vec<String>, fold: Holdout, meter: &Meter<'_>) -> Result<Vec<String>> {
        let mut random = Random::new(self.options.seed, Purpose::Trial);
        let mut some = |lines: &[usize]| {
            let mut lines = lines.to_vec();
            random.shuffle(&mut lines);
            lines.truncate(LINES);
            lines.sort_unstable();
            lines
        };
        let (lines, judges) = (some(&fold.rest), some(&fold.held));
        let recipe = Recipe { fragments: 0.0, ..self.trial_recipe(lines.len()) };
        let trial = (recipe.epochs, lines.len());
        meter.plan(&[&[trial, trial][..], &self.to_come(&[fold])].concat());
        let fit = |separators: &[String], lane: Lane<'_>| {
            self.fit(&recipe, lines.clone(), recipe.epochs, separators, lane, |_, _, epoch| {
                meter.epoch(Phase::Clauses, lines.len(), epoch.loss, None)
            })
        };
        // The results of a network trained with some separators on texts split at others.
        let exact = |run: &Run, separators: &[String]| -> Result<Vec<bool>> {
            let mut parts = self.nothing_found(&run.weights, run.frequencies.as_ref(), separators);
            parts.metadata.doubt = 0.0;
            let (watched, targets) = self.watched();
            Ok(answers(&Draft::new(&parts), &watched.inputs, &judges)?.beside(targets).exact())
        };
        let (run, uncut) = both(|lane| fit(&candidates, lane), |lane| fit(&[], lane));
        let (run, uncut) = (run?, uncut?);
        let (mut separators, mut cut) = (candidates.clone(), exact(&run, &candidates)?);
        for candidate in candidates {
            let others: Vec<String> =
                separators.iter().filter(|separator| **separator != candidate).cloned().collect();
            let without = exact(&run, &others)?;
            if !wins(&cut, &without, 1.0) {
                (separators, cut) = (others, without);
            }
        }
        let whole = exact(&uncut, &[])?;
        Ok(if wins(&cut, &whole, 1.0) { separators } else { vec![] })
    }

    fn trial_recipe(&self, lines: usize) -> Recipe {
        let labels = self.targets.names.len();
        let amount = Amount { lines, labels, with_labels: lines, with_several: lines };
        let options = TrainOptions { preset: Preset::Multi, ..self.options.clone() };
        let recipe = Recipe::new(&options, amount);
        Recipe { epochs: recipe.epochs.min(EPOCHS), rare_below: self.recipe.rare_below, ..recipe }
    }
}
