//! A bar with the time to go, for a reader at a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use intentkit::train::{Phase, Progress};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Shows how far a training is. Draws nothing unless standard error is a terminal.
pub struct Bar(ProgressBar);

impl Bar {
    pub fn new(quiet: bool) -> Bar {
        let visible = !quiet && std::io::stderr().is_terminal();
        let target = if visible { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        // The template is fixed; should indicatif ever refuse it, its own style will do.
        if let Ok(style) =
            ProgressStyle::with_template("{spinner} {prefix} [{bar:20}] {pos}/{len} epochs  {wide_msg}")
        {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_prefix("reading");
        if visible {
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        Bar(bar)
    }

    /// To be called behind every epoch; never asks to stop.
    pub fn show(&self, now: &Progress) -> bool {
        self.0.set_prefix(match now.phase {
            Phase::Clauses => "clause trial",
            Phase::Heldout => "held-out run",
            Phase::Final => "final run",
        });
        self.0.set_length(now.epochs as u64);
        self.0.set_position(now.epoch as u64);
        let score = now.heldout_score.map(|s| format!(", {:.1} % right", s * 100.0)).unwrap_or_default();
        let seconds = now.seconds_left.ceil();
        self.0.set_message(format!("{seconds} s left{score}"));
        true
    }

    /// The same for one of several trainings, whose estimate is for all of them.
    pub fn show_fold(&self, fold: usize, folds: usize, started: Instant, now: &Progress) -> bool {
        self.0.set_prefix(format!("fold {} of {folds}", fold + 1));
        self.0.set_length((folds * now.epochs) as u64);
        self.0.set_position((fold * now.epochs + now.epoch) as u64);
        let done = (fold as f64 + now.epoch as f64 / now.epochs.max(1) as f64) / folds as f64;
        let left = started.elapsed().as_secs_f64() * (1.0 - done) / done;
        self.0.set_message(format!("{} s left", left.ceil()));
        true
    }

    /// Takes the bar away again.
    pub fn clear(&self) {
        self.0.finish_and_clear();
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.clear();
    }
}
