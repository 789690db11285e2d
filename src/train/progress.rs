//! Runs of a training: two at the same time, and how far they are.

use crate::error::{Error, Result};
use rayon::prelude::*;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// A run that training is made of. With two threads or more, the held-out and the final run are on at the same time.
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
    /// The run that the last epoch belongs to.
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

/// Called after each epoch, from a thread that trains, never two at once; `false` stops the training.
pub type ProgressFn<'a> = dyn FnMut(&Progress) -> bool + Send + 'a;

/// Reports epochs, and estimates the time to go by the lines that were read and that are still to be read. The runs share
/// it, and the callback is called by one at a time.
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

    /// Runs still to come, each of so many epochs over so many lines.
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
        // A callback that panicked in the other run won't be called again.
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

/// What a run has of the machine.
#[derive(Clone, Copy)]
pub(super) struct Lane<'a> {
    /// Threads that one product may use.
    pub(super) threads: usize,
    /// Ends the run at its next step once it is set.
    pub(super) stop: &'a AtomicBool,
}

/// Runs two trainings, at the same time where there are two threads for it, and otherwise in this order. A failure of the
/// first stops the second, and what the caller stopped is stopped in both.
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

/// Runs a training for each of `items` and another, at the same time as far as there are threads. A failure of any stops the others.
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
    // What went wrong goes before what was stopped for it.
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
            // An earlier epoch was chosen: nothing is wrong, but the second run is in vain.
            let chosen = |lane: Lane<'_>| {
                lane.stop.store(true, Ordering::Relaxed);
                Ok(3)
            };
            let (first, second) = both(chosen, until_stopped);
            assert!(matches!((first, second), (Ok(3), Err(Error::Stopped))));
            // The first may yet choose fewer epochs than the second failed after.
            let unhurt = |lane: Lane<'_>| {
                std::thread::sleep(std::time::Duration::from_millis(20));
                Ok(lane.stop.load(Ordering::Relaxed))
            };
            let (first, second) = both(unhurt, |_| Err::<(), _>(failed()));
            assert!(matches!((first, second), (Ok(false), Err(Error::Training(_)))));
        });
    }
}
