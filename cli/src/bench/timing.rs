//! Timing: calls one at a time, passes, percentiles.

use crate::numbers;
use serde::Serialize;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Long enough for the CPU to leave its idle clock, short enough to wait for.
const WARM_UP: Duration = Duration::from_millis(200);
/// For each of the things measured.
const MEASURE: Duration = Duration::from_millis(800);
const MIN_PASSES: usize = 3;

pub struct Measured {
    /// One for each call.
    pub times: Vec<Duration>,
    pub passes: usize,
}

/// Times `work` on every item, over as many passes as the time allows.
pub fn measure<T>(items: &[T], mut work: impl FnMut(&T)) -> Measured {
    let started = Instant::now();
    while started.elapsed() < WARM_UP {
        // Not whole passes only: with much data one would take longer than the warm-up is meant to.
        for item in items {
            work(item);
            if started.elapsed() >= WARM_UP {
                break;
            }
        }
    }
    let (mut times, mut passes) = (Vec::new(), 0);
    let started = Instant::now();
    while passes < MIN_PASSES || started.elapsed() < MEASURE {
        for item in items {
            let start = Instant::now();
            work(item);
            times.push(start.elapsed());
        }
        passes += 1;
    }
    Measured { times, passes }
}

/// Items a second, no clock between them.
pub fn rate(items: usize, mut pass: impl FnMut()) -> f64 {
    pass();
    let started = Instant::now();
    let mut passes = 0;
    while passes < MIN_PASSES || started.elapsed() < MEASURE {
        pass();
        passes += 1;
    }
    (items * passes) as f64 / started.elapsed().as_secs_f64()
}

/// Times of which 50, 95 and 99 in 100 are no longer.
#[derive(Serialize, Clone, Copy)]
pub struct Percentiles {
    pub p50: f64,
    pub p95: f64,
    pub p99: f64,
}

/// By the nearest rank, in microseconds.
pub fn percentiles(mut times: Vec<Duration>) -> Percentiles {
    times.sort_unstable();
    let at = |share: f64| {
        let rank = (share * times.len() as f64).ceil() as usize;
        let time = times.get(rank.saturating_sub(1)).copied().unwrap_or_default();
        numbers::rounded(time.as_secs_f64() * 1e6, 3)
    };
    Percentiles { p50: at(0.50), p95: at(0.95), p99: at(0.99) }
}

pub fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// What timing nothing takes: half of the calls take more.
pub fn timer_overhead() -> Duration {
    let mut times: Vec<Duration> = (0..10_001)
        .map(|_| {
            let start = Instant::now();
            black_box(());
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[times.len() / 2]
}
