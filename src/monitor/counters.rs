//! Counters that all threads add to, and their sums.
//!
//! Times are in ticks of the processor. Reading the counters converts them by the system's clock.

use super::histogram::{self, Histogram, Totals, add};
use super::report::{EngineCount, Latency, StatisticsReport};
use super::shards::{SHARDS, SHARED, shard};
use crate::clock::ticks;
use crate::decision::{Scored, Source};
use crate::engine;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// One in this many predictions is timed by stage.
const SAMPLED: u32 = 64;
/// Integer steps that a probability of 1 adds to a sum.
const CONFIDENCE_STEPS: f32 = (1 << 20) as f32;

/// The timed stages of a prediction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Vectorize,
    Network,
    Decide,
    /// From submission to start.
    Queue,
}

const STAGES: [(Stage, &str); 4] = [
    (Stage::Vectorize, "vectorize"),
    (Stage::Network, "network"),
    (Stage::Decide, "decide"),
    (Stage::Queue, "queue"),
];

/// The counters that most predictions update share one line of 64 bytes, except the bucket. A
/// prediction streams its model through the first cache, so each line must be fetched again.
#[derive(Default)]
#[repr(C, align(128))]
struct Shard {
    confidence: AtomicU64,
    rejected: AtomicU64,
    by_rule: AtomicU64,
    calls: Histogram,
    engines: [AtomicU64; engine::SLOTS],
    /// Predictions that chose labels and wrote none, since the caller had no room for any.
    unwritten: AtomicU64,
}

/// How often each label of one set of labels was chosen.
pub(crate) struct LabelCounts {
    names: Vec<String>,
    /// The counters, shard after shard.
    counters: Box<[AtomicU64]>,
    /// Distance from a label's counter in one shard to that in the next.
    stride: usize,
}

impl LabelCounts {
    pub(crate) fn new(names: &[String]) -> Arc<Self> {
        // Separated by 128 bytes, so that no two shards share a cache line.
        let stride = (names.len() + 16).next_multiple_of(16);
        let counters = (0..SHARDS * stride).map(|_| AtomicU64::new(0)).collect();
        Arc::new(LabelCounts { names: names.to_vec(), counters, stride })
    }

    #[inline]
    fn counter(&self, shard: usize, label: usize) -> Option<&AtomicU64> {
        self.counters.get(shard * self.stride + label)
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }
}

/// The counted facts of a prediction.
pub(crate) struct Observation<'a> {
    /// Number of chosen labels.
    pub(crate) count: usize,
    pub(crate) source: Source,
    /// The labels written, best first.
    pub(crate) chosen: &'a [Scored],
    /// Slot of the engine; 0 for the CPU.
    pub(crate) engine: usize,
}

impl<'a> Observation<'a> {
    /// Of a prediction that chose `count` labels and wrote as many to `chosen` as fit.
    #[inline]
    pub(crate) fn new(count: usize, source: Source, chosen: &'a [Scored], engine: usize) -> Self {
        Observation { count, source, chosen: &chosen[..count.min(chosen.len())], engine }
    }
}

/// Counts that predictions add to.
pub(crate) struct Statistics {
    on: AtomicBool,
    shards: Box<[Shard]>,
    stages: [Histogram; STAGES.len()],
    busy: AtomicU64,
    cancelled: AtomicU64,
    /// The counts of all sets of labels so far.
    labels: Mutex<Vec<Arc<LabelCounts>>>,
    started: (Instant, u64),
}

impl Statistics {
    pub(crate) fn new() -> Self {
        Statistics {
            on: AtomicBool::new(true),
            shards: (0..SHARDS).map(|_| Shard::default()).collect(),
            stages: std::array::from_fn(|_| Histogram::default()),
            busy: AtomicU64::new(0),
            cancelled: AtomicU64::new(0),
            labels: Mutex::default(),
            started: (Instant::now(), ticks()),
        }
    }

    pub(crate) fn switch(&self, on: bool) {
        self.on.store(on, Ordering::Relaxed);
    }

    /// Counts these labels from now on.
    pub(crate) fn count_labels(&self, counts: &Arc<LabelCounts>) {
        let mut all = self.labels();
        // Sets that no prediction can add to any more are merged.
        let mut past: BTreeMap<String, u64> = BTreeMap::new();
        all.retain(|old| {
            let done = Arc::strong_count(old) == 1;
            if done {
                add_labels(old, &mut past);
            }
            !done
        });
        if !past.is_empty() {
            let names: Vec<String> = past.keys().cloned().collect();
            let sum = LabelCounts::new(&names);
            sum.counters.iter().zip(past.values()).for_each(|(to, &from)| to.store(from, Ordering::Relaxed));
            all.push(sum);
        }
        all.push(Arc::clone(counts));
    }

    fn labels(&self) -> MutexGuard<'_, Vec<Arc<LabelCounts>>> {
        self.labels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the start of a prediction, or `None` if counting is off.
    #[inline]
    pub(crate) fn start(&self) -> Option<u64> {
        self.on.load(Ordering::Relaxed).then(ticks)
    }

    /// Returns true if a prediction with this start is to be timed by stage.
    #[inline]
    pub(crate) fn is_sampled(start: u64) -> bool {
        // The upper bits of a product with a large odd number: nearly random.
        start.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - SAMPLED.trailing_zeros()) == 0
    }

    /// Counts a prediction that started at `start`.
    #[inline]
    pub(crate) fn record_since(&self, start: u64, counts: &LabelCounts, seen: &Observation<'_>) {
        self.record(ticks().wrapping_sub(start), counts, seen);
    }

    /// Counts a prediction that took `took` ticks.
    #[inline]
    pub(crate) fn record(&self, took: u64, counts: &LabelCounts, seen: &Observation<'_>) {
        let number = shard();
        let (shard, alone) = (&self.shards[number], number != SHARED);
        shard.calls.record(took, alone);
        let one = |counter: &AtomicU64| add(counter, 1, alone);
        if seen.count == 0 {
            one(&shard.rejected);
        }
        if let Some(best) = seen.chosen.first() {
            let steps = (best.probability * CONFIDENCE_STEPS) as u64;
            add(&shard.confidence, steps, alone);
        } else if seen.count > 0 {
            one(&shard.unwritten);
        }
        for scored in seen.chosen {
            counts.counter(number, scored.label as usize).into_iter().for_each(one);
        }
        if seen.source == Source::Rule {
            one(&shard.by_rule);
        }
        if let Some(engine) = seen.engine.checked_sub(1).and_then(|place| shard.engines.get(place)) {
            one(engine);
        }
    }

    pub(crate) fn stage(&self, stage: Stage, took: u64) {
        self.stages[stage as usize].record(took, false);
    }

    /// Records the stages of one prediction: vectorizing, the network, the decision.
    pub(crate) fn stages(&self, took: [u64; 3]) {
        let stages = [Stage::Vectorize, Stage::Network, Stage::Decide];
        stages.into_iter().zip(took).for_each(|(stage, took)| self.stage(stage, took));
    }

    pub(crate) fn refused(&self) {
        self.busy.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn cancelled(&self) {
        self.cancelled.fetch_add(1, Ordering::Relaxed);
    }

    /// Sums all counters.
    pub(crate) fn report(&self, engines: &engine::Report) -> StatisticsReport {
        let sum = |counter: fn(&Shard) -> &AtomicU64| -> u64 {
            self.shards.iter().map(|shard| counter(shard).load(Ordering::Relaxed)).sum()
        };
        let seconds = self.started.0.elapsed().as_secs_f64();
        let per_tick = seconds * 1e6 / (ticks().wrapping_sub(self.started.1).max(1)) as f64;
        let mut calls = Totals::default();
        self.shards.iter().for_each(|shard| shard.calls.add_to(&mut calls));
        let predictions = calls.count();
        let stages = STAGES.iter().map(|&(stage, name)| {
            let mut totals = Totals::default();
            self.stages[stage as usize].add_to(&mut totals);
            (name, Latency::of(&totals, per_tick))
        });
        let mut labels = BTreeMap::new();
        self.labels().iter().for_each(|counts| add_labels(counts, &mut labels));
        let rejected = sum(|shard| &shard.rejected);
        // Read while others count, so the sum may be too large for a moment.
        let without = rejected.saturating_add(sum(|shard| &shard.unwritten));
        let confident = predictions.saturating_sub(without).max(1) as f64;
        let mut engine_counts = vec![EngineCount { name: "cpu", predictions }];
        for place in 0..engine::SLOTS {
            let count: u64 = self.shards.iter().map(|s| s.engines[place].load(Ordering::Relaxed)).sum();
            engine_counts[0].predictions -= count.min(engine_counts[0].predictions);
            if let Some(candidate) = engines.candidates.get(place).filter(|_| count > 0) {
                engine_counts.push(EngineCount { name: candidate.name, predictions: count });
            }
        }
        StatisticsReport {
            seconds,
            predictions,
            per_second: predictions as f64 / seconds.max(1e-9),
            rejected,
            by_rule: sum(|shard| &shard.by_rule),
            mean_confidence: sum(|shard| &shard.confidence) as f64 / f64::from(CONFIDENCE_STEPS) / confident,
            latency: Latency::of(&calls, per_tick),
            stages: stages.collect(),
            engines: engine_counts,
            neural_engine: engines.neural_engine,
            neural_engine_plan: engines.candidates.iter().find_map(|candidate| candidate.plan),
            labels,
            busy: self.busy.load(Ordering::Relaxed),
            cancelled: self.cancelled.load(Ordering::Relaxed),
            ..StatisticsReport::default()
        }
    }
}

fn add_labels(counts: &LabelCounts, to: &mut BTreeMap<String, u64>) {
    for (i, name) in counts.names.iter().enumerate() {
        let of = |shard| counts.counter(shard, i).map_or(0, |counter| counter.load(Ordering::Relaxed));
        let count: u64 = (0..SHARDS).map(of).sum();
        match to.get_mut(name) {
            Some(sum) => *sum += count,
            None => drop(to.insert(name.clone(), count)),
        }
    }
}

/// Size of the counters in bytes, without those of labels.
pub(crate) const STATISTICS_BYTES: usize =
    size_of::<Statistics>() + SHARDS * size_of::<Shard>() + (SHARDS + STAGES.len()) * histogram::BYTES;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_prediction_in_sixty_four_is_sampled_whatever_the_clock_steps_by() {
        for step in [1, 2, 10, 100, 1001, 4096] {
            let sampled = (0..100_000u64).filter(|i| Statistics::is_sampled(i * step)).count();
            assert!((1_000..2_200).contains(&sampled), "{step}: {sampled}");
        }
    }

    #[test]
    fn nothing_is_lost_when_more_threads_count_than_there_are_shards_and_shards_change_hands() {
        let statistics = Statistics::new();
        let counts = LabelCounts::new(&["a".to_owned()]);
        statistics.count_labels(&counts);
        let count = || {
            let chosen = &[Scored { label: 0, probability: 0.5 }];
            for took in 0..1_000 {
                statistics.record(
                    took,
                    &counts,
                    &Observation { count: 1, source: Source::Network, chosen, engine: 0 },
                );
            }
        };
        for _ in 0..4 {
            std::thread::scope(|scope| (0..2 * SHARDS).for_each(|_| drop(scope.spawn(count))));
        }
        let report = statistics.report(&engine::Report::default());
        let wanted = 4 * 2 * SHARDS as u64 * 1_000;
        assert_eq!((report.predictions, report.labels["a"], report.mean_confidence), (wanted, wanted, 0.5));
    }

    #[test]
    fn label_counts_outlive_the_labels() {
        let statistics = Statistics::new();
        for names in [["a", "b"], ["b", "c"], ["c", "d"], ["d", "e"]] {
            let counts = LabelCounts::new(&names.map(str::to_owned));
            statistics.count_labels(&counts);
            for label in 0..2 {
                let chosen = &[Scored { label, probability: 0.5 }];
                let seen = Observation { count: 1, source: Source::Rule, chosen, engine: 0 };
                statistics.record(1, &counts, &seen);
            }
        }
        let report = statistics.report(&engine::Report::default());
        let found: Vec<(&str, u64)> =
            report.labels.iter().map(|(name, &count)| (name.as_str(), count)).collect();
        assert_eq!(found, [("a", 1), ("b", 2), ("c", 2), ("d", 2), ("e", 1)]);
        assert_eq!((report.predictions, report.by_rule, report.mean_confidence), (8, 8, 0.5));
    }
}
