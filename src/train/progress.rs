//! Runs two trainings at the same time, and reports their progress.

use crate::error::{Error, Result};
use rayon::prelude::*;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// A run of training. With two or more threads, the held-out and the final run overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Trains on some of the examples, to decide whether to cut texts into clauses.
    Clauses,
    /// Trains on the examples that are not held out, or on all examples if there is validation
    /// data. Chooses the calibration and the rejection threshold. Also chooses the number of epochs
    /// if it is the only run of this kind and the options do not set it.
    Heldout,
    /// Trains the weights of the model on all examples, held-out ones included. With validation
    /// data, this run is made only if fewer epochs were chosen.
    Final,
}

/// Progress of a training, reported after each epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Kind of the run that the most recently finished epoch belongs to.
    pub phase: Phase,
    /// Number of epochs done, over all runs.
    pub epoch: usize,
    /// Total number of epochs over all runs, as far as known.
    pub epochs: usize,
    /// Mean loss per example in the most recently finished epoch.
    pub loss: f64,
    /// Share of held-out examples answered correctly after this epoch, 0 to 1: by the top label for
    /// single-label models, by the exact set for others. `None` if it was not measured:
    /// [`Phase::Heldout`] measures it, if there is only one run of that kind.
    pub heldout_score: Option<f64>,
    /// Estimate of the remaining time in seconds.
    pub seconds_left: f64,
}

/// Called after each epoch from a training thread, one call at a time. Returns false to stop the
/// training.
pub type ProgressFn<'a> = dyn FnMut(&Progress) -> bool + Send + 'a;

/// Reports epochs, and estimates the remaining time from the numbers of lines read and still to be
/// read. The runs share it, and it makes one call of the callback at a time.
pub(super) struct Meter<'a>(Mutex<Count<'a>>);

struct Count<'a> {
    progress: &'a mut ProgressFn<'a>,
    started: Instant,
    epochs_done: usize,
    lines_done: usize,
    epochs: usize,
    lines: usize,
    stopped: bool,
}

impl<'a> Meter<'a> {
    pub(super) fn new(progress: &'a mut ProgressFn<'a>, started: Instant) -> Self {
        let (epochs_done, lines_done, epochs, lines, stopped) = (0, 0, 0, 0, false);
        Meter(Mutex::new(Count { progress, started, epochs_done, lines_done, epochs, lines, stopped }))
    }

    /// Sets the runs still to come, each as (epochs, lines per epoch).
    pub(super) fn plan(&self, runs: &[(usize, usize)]) {
        let Ok(mut count) = self.0.lock() else { return };
        count.epochs = count.epochs_done + runs.iter().map(|(epochs, _)| epochs).sum::<usize>();
        count.lines = count.lines_done + runs.iter().map(|(epochs, lines)| epochs * lines).sum::<usize>();
    }

    pub(super) fn epoch(
        &self,
        phase: Phase,
        lines: usize,
        loss: f64,
        heldout_score: Option<f64>,
    ) -> Result<()> {
        // A callback that panicked in the other run isn't called again.
        let Ok(mut count) = self.0.lock() else { return Err(Error::Stopped) };
        if count.stopped {
            return Err(Error::Stopped);
        }
        count.epochs_done += 1;
        count.lines_done += lines;
        let left = count.lines.saturating_sub(count.lines_done) as f64 / count.lines_done.max(1) as f64;
        let now = Progress {
            phase,
            epoch: count.epochs_done,
            epochs: count.epochs,
            loss,
            heldout_score,
            seconds_left: count.started.elapsed().as_secs_f64() * left,
        };
        count.stopped = !(count.progress)(&now);
        if count.stopped { Err(Error::Stopped) } else { Ok(()) }
    }
}

/// A run's share of the machine.
#[derive(Clone, Copy)]
pub(super) struct Lane<'a> {
    /// Maximum number of threads per matrix product.
    pub(super) threads: usize,
    /// Once set, ends the run at its next step.
    pub(super) stop: &'a AtomicBool,
}

/// Runs two trainings, at the same time if there are two threads and otherwise in order. A failure
/// of the first stops the second. A stop by the caller stops both.
pub(super) fn both<A: Send, B: Send>(
    first: impl FnOnce(Lane<'_>) -> Result<A> + Send,
    second: impl FnOnce(Lane<'_>) -> Result<B> + Send,
) -> (Result<A>, Result<B>) {
    let stop = AtomicBool::new(false);
    let lane = Lane { threads: rayon::current_num_threads().div_ceil(2), stop: &stop };
    let stops = |is_over| stop.fetch_or(is_over, Ordering::Relaxed);
    rayon::join(
        || first(lane).inspect_err(|_| _ = stops(true)),
        || second(lane).inspect_err(|error| _ = stops(matches!(error, Error::Stopped))),
    )
}

/// Runs a training for each of `items` and another one, at the same time as far as there are
/// threads. Any failure stops the others.
pub(super) fn together<T: Sync, A: Send, B: Send>(
    items: &[T],
    each: impl Fn(&T, Lane<'_>) -> Result<A> + Sync,
    another: impl FnOnce(Lane<'_>) -> Result<B> + Send,
) -> (Result<Vec<A>>, Result<B>) {
    let stop = AtomicBool::new(false);
    let threads = (rayon::current_num_threads() / (items.len() + 1)).max(1);
    let lane = Lane { threads, stop: &stop };
    let stops = |_: &Error| stop.store(true, Ordering::Relaxed);
    let all = || items.par_iter().map(|item| each(item, lane).inspect_err(stops)).collect::<Vec<_>>();
    let (all, another) = rayon::join(all, || another(lane).inspect_err(stops));
    // Reports the failure rather than the stops that it caused.
    let fault = |result: &Result<A>| result.as_ref().is_err_and(|error| !matches!(error, Error::Stopped));
    let all = match all.iter().position(fault) {
        Some(at) => all.into_iter().skip(at).take(1).collect(),
        None => all.into_iter().collect(),
    };
    match (all, another) {
        (Err(Error::Stopped), Err(error)) => (Err(Error::Stopped), Err(error)),
        results => results,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn until_stopped(lane: Lane<'_>) -> Result<()> {
        while !lane.stop.load(Ordering::Relaxed) {
            std::thread::yield_now();
        }
        Err(Error::Stopped)
    }

    #[test]
    fn of_two_runs_the_first_ends_the_second_and_the_caller_ends_both() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
        let failed = || Error::Training("the loss is NaN".into());
        pool.install(|| {
            let (first, second) = both(|_| Err::<(), _>(failed()), until_stopped);
            assert!(matches!((first, second), (Err(Error::Training(_)), Err(Error::Stopped))));
            let (first, second) = both(until_stopped, |_| Err::<(), _>(Error::Stopped));
            assert!(matches!((first, second), (Err(Error::Stopped), Err(Error::Stopped))));
            // An earlier epoch was chosen: not an error, but the second run is useless.
            let chosen = |lane: Lane<'_>| {
                lane.stop.store(true, Ordering::Relaxed);
                Ok(3)
            };
            let (first, second) = both(chosen, until_stopped);
            assert!(matches!((first, second), (Ok(3), Err(Error::Stopped))));
            // The first may still choose fewer epochs than the second had done when it failed.
            let unhurt = |lane: Lane<'_>| {
                std::thread::sleep(std::time::Duration::from_millis(20));
                Ok(lane.stop.load(Ordering::Relaxed))
            };
            let (first, second) = both(unhurt, |_| Err::<(), _>(failed()));
            assert!(matches!((first, second), (Ok(false), Err(Error::Training(_)))));
        });
    }
}
