//! A bar with the time to go, for a reader at a terminal.

use crate::numbers;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use intentkit::train::{Phase, Progress};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Shows how far a training is. Draws nothing unless standard error is a terminal.
pub struct Bar {
    bar: ProgressBar,
    /// The held-out run's last score, for the epochs of the final run in between.
    score: Option<f64>,
}

impl Bar {
    pub fn new(quiet: bool) -> Bar {
        let visible = !quiet && std::io::stderr().is_terminal();
        let target = if visible { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        // The template is fixed; should indicatif ever refuse it, its own style will do.
        if let Ok(style) =
            ProgressStyle::with_template("{spinner} {prefix} [{bar:16}] {pos}/{len} epochs, {wide_msg}")
        {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_prefix("reading");
        if visible {
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        Bar { bar, score: None }
    }

    /// To be called behind every epoch; never asks to stop.
    pub fn show(&mut self, now: &Progress) -> bool {
        self.bar.set_prefix(match now.phase {
            Phase::Clauses => "clause trial",
            Phase::Heldout | Phase::Final => "training",
        });
        self.bar.set_length(now.epochs as u64);
        self.bar.set_position(now.epoch as u64);
        self.score = now.heldout_score.or(self.score);
        self.bar.set_message(message(now.seconds_left, self.score));
        true
    }

    /// The same for one of several trainings, whose estimate is for all of them.
    pub fn show_fold(&self, fold: usize, folds: usize, started: Instant, now: &Progress) -> bool {
        self.bar.set_prefix(format!("fold {} of {folds}", fold + 1));
        self.bar.set_length((folds * now.epochs) as u64);
        self.bar.set_position((fold * now.epochs + now.epoch) as u64);
        let done = (fold as f64 + now.epoch as f64 / now.epochs.max(1) as f64) / folds as f64;
        let left = started.elapsed().as_secs_f64() * (1.0 - done) / done;
        self.bar.set_message(message(left, None));
        true
    }

    /// Takes the bar away again.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

/// What stands after the bar. Short: with bar and counts it fits a line of 80 columns.
fn message(seconds_left: f64, score: Option<f64>) -> String {
    let score = score.map(|score| format!(", {} right", numbers::percent(score))).unwrap_or_default();
    format!("{} s left{score}", seconds_left.ceil())
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_usual_line_fits_80_columns() {
        let bar = "=".repeat(16);
        for (prefix, counts, score) in [
            ("clause trial", "1000/1000", Some(1.0)),
            ("training", "10000/10000", Some(1.0)),
            ("fold 100 of 100", "2500/2500", None),
        ] {
            let line = format!("- {prefix} [{bar}] {counts} epochs, {}", message(9999.0, score));
            assert!(line.len() <= 80, "{line}");
        }
    }
}
