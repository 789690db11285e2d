//! What a classifier has done: counts and times, kept by all threads at once and added up when somebody asks.
//!
//! Most threads have a shard of their own, so that counting costs no waiting. Times are in the processor's own ticks; how long one takes
//! is found out from the system's clock when they are read.

use super::histogram::{self, Histogram, Totals, add};
use crate::decision::{Scored, Source};
use crate::runtime;
use crate::simd::ticks;
use serde::Serialize;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Fifteen threads have one each, all others share the last.
const SHARDS: usize = 16;
/// One of so many predictions is timed stage by stage.
const SAMPLED: u32 = 64;
/// Steps of a probability of 1 in a sum.
const CONFIDENCE_STEPS: f32 = (1 << 20) as f32;

/// The parts of a prediction that are timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Vectorize,
    Network,
    Decide,
    /// From being submitted to being started.
    Queue,
}

const STAGES: [(Stage, &str); 4] = [
    (Stage::Vectorize, "vectorize"),
    (Stage::Network, "network"),
    (Stage::Decide, "decide"),
    (Stage::Queue, "queue"),
];

/// What most predictions add to is in one line of 64 bytes, but for the bucket: a prediction reads all its model through the first cache, so each
/// line has to be fetched anew.
#[derive(Default)]
#[repr(C, align(128))]
struct Shard {
    confidence: AtomicU64,
    rejected: AtomicU64,
    by_rule: AtomicU64,
    calls: Histogram,
    engines: [AtomicU64; runtime::SLOTS],
}

/// How often each label of one set of labels was answered.
pub(super) struct LabelCounts {
    names: Vec<String>,
    /// Those of one shard after those of another.
    counters: Box<[AtomicU64]>,
    /// From a label's counter in one shard to that in the next.
    stride: usize,
}

impl LabelCounts {
    pub(super) fn new(names: &[String]) -> Arc<Self> {
        // A cache line of 128 bytes lies between, so that no two shards share one.
        let stride = (names.len() + 16).next_multiple_of(16);
        let counters = (0..SHARDS * stride).map(|_| AtomicU64::new(0)).collect();
        Arc::new(LabelCounts { names: names.to_vec(), counters, stride })
    }

    #[inline]
    fn counter(&self, shard: usize, label: usize) -> Option<&AtomicU64> {
        self.counters.get(shard * self.stride + label)
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }
}

/// The shard that threads share which have none of their own.
const SHARED: usize = SHARDS - 1;

/// The shard of a thread, in all statistics there are: its own while it lives, if there is one left.
struct Slot(usize);

/// A bit for each shard that some thread has.
static TAKEN: AtomicU32 = AtomicU32::new(0);

thread_local! {
    static SLOT: Slot = Slot::take();
    /// The number of the slot, apart from it: what has something to do when its thread ends costs more to look at.
    static NUMBER: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// The number of this thread's shard.
#[inline]
fn shard() -> usize {
    let number = NUMBER.get();
    if number < SHARDS { number } else { Slot::first() }
}

impl Slot {
    #[cold]
    fn first() -> usize {
        // A thread that is about to end has none any more.
        let number = SLOT.try_with(|slot| slot.0).unwrap_or(SHARED);
        NUMBER.set(number);
        number
    }

    fn take() -> Slot {
        let free = |taken: u32| (taken.trailing_ones() < SHARED as u32).then_some(taken | (taken + 1));
        // Acquire and release: who has a shard next sees what was counted in it before.
        let taken = TAKEN.fetch_update(Ordering::AcqRel, Ordering::Relaxed, free);
        Slot(taken.map_or(SHARED, |before| before.trailing_ones() as usize))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        NUMBER.set(SHARED);
        if self.0 != SHARED {
            TAKEN.fetch_and(!(1 << self.0), Ordering::Release);
        }
    }
}

/// What was answered, as far as it is counted.
pub(super) struct Answered<'a> {
    /// How many labels were chosen.
    pub(super) count: usize,
    pub(super) source: Source,
    /// Those that were written, best first.
    pub(super) chosen: &'a [Scored],
    /// Place of the engine, 0 for the CPU.
    pub(super) engine: usize,
}

/// Counts that predictions add to.
pub(super) struct Statistics {
    on: AtomicBool,
    shards: Box<[Shard]>,
    stages: [Histogram; STAGES.len()],
    busy: AtomicU64,
    cancelled: AtomicU64,
    /// The counts of all sets of labels there were.
    labels: Mutex<Vec<Arc<LabelCounts>>>,
    started: (Instant, u64),
}

impl Statistics {
    pub(super) fn new() -> Self {
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

    pub(super) fn switch(&self, on: bool) {
        self.on.store(on, Ordering::Relaxed);
    }

    /// Counts for these labels from now on.
    pub(super) fn count_labels(&self, counts: &Arc<LabelCounts>) {
        let mut all = self.labels();
        // Sets that no prediction can add to any more become one.
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

    /// When a prediction starts, or `None` when nobody counts.
    #[inline]
    pub(super) fn start(&self) -> Option<u64> {
        self.on.load(Ordering::Relaxed).then(ticks)
    }

    /// Whether a prediction that starts then is to be timed stage by stage.
    #[inline]
    pub(super) fn is_sampled(start: u64) -> bool {
        // The upper bits of a product with a large odd number: as good as a throw of dice.
        start.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - SAMPLED.trailing_zeros()) == 0
    }

    /// Counts an answer to a prediction that started then.
    #[inline]
    pub(super) fn answered(&self, start: u64, counts: &LabelCounts, answered: &Answered<'_>) {
        self.count(ticks().wrapping_sub(start), counts, answered);
    }

    /// Counts an answer that took so many ticks.
    #[inline]
    pub(super) fn count(&self, took: u64, counts: &LabelCounts, answered: &Answered<'_>) {
        let number = shard();
        let (shard, alone) = (&self.shards[number], number != SHARED);
        shard.calls.record(took, alone);
        let one = |counter: &AtomicU64| add(counter, 1, alone);
        if answered.count == 0 {
            one(&shard.rejected);
        }
        if let Some(best) = answered.chosen.first() {
            let steps = (best.probability * CONFIDENCE_STEPS) as u64;
            add(&shard.confidence, steps, alone);
        }
        for scored in answered.chosen {
            counts.counter(number, scored.label as usize).into_iter().for_each(one);
        }
        if answered.source == Source::Rule {
            one(&shard.by_rule);
        }
        if let Some(engine) = answered.engine.checked_sub(1).and_then(|place| shard.engines.get(place)) {
            one(engine);
        }
    }

    pub(super) fn stage(&self, stage: Stage, took: u64) {
        self.stages[stage as usize].record(took, false);
    }

    /// Counts the stages of one prediction: vectorizing, the network, the decision.
    pub(super) fn stages(&self, took: [u64; 3]) {
        let stages = [Stage::Vectorize, Stage::Network, Stage::Decide];
        stages.into_iter().zip(took).for_each(|(stage, took)| self.stage(stage, took));
    }

    pub(super) fn refused(&self) {
        self.busy.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn cancelled(&self) {
        self.cancelled.fetch_add(1, Ordering::Relaxed);
    }

    /// Adds everything up.
    pub(super) fn report(&self, engines: &runtime::Report) -> StatisticsReport {
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
        let confident = (predictions - rejected.min(predictions)).max(1) as f64;
        let mut runtimes = vec![RuntimeCount { name: "cpu", predictions }];
        for place in 0..runtime::SLOTS {
            let count: u64 = self.shards.iter().map(|s| s.engines[place].load(Ordering::Relaxed)).sum();
            runtimes[0].predictions -= count.min(runtimes[0].predictions);
            if let Some(candidate) = engines.candidates.get(place).filter(|_| count > 0) {
                runtimes.push(RuntimeCount { name: candidate.name, predictions: count });
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
            runtimes,
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

/// Times in microseconds. Percentiles are right to a thirty-second; all is 0 when nothing was timed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Latency {
    /// How many were timed.
    pub count: u64,
    /// The mean.
    pub mean_us: f64,
    /// The median.
    pub p50_us: f64,
    /// What 95 in 100 don't exceed.
    pub p95_us: f64,
    /// What 99 in 100 don't exceed.
    pub p99_us: f64,
    /// The longest.
    pub max_us: f64,
    /// All together.
    pub sum_us: f64,
}

impl Latency {
    fn of(totals: &Totals, per_tick: f64) -> Latency {
        // To a thousandth of a nanosecond: more digits would be noise.
        let us = |ticks: f64| (ticks * per_tick * 1e6).round() / 1e6;
        Latency {
            count: totals.count(),
            mean_us: us(totals.mean()),
            p50_us: us(totals.percentile(0.5)),
            p95_us: us(totals.percentile(0.95)),
            p99_us: us(totals.percentile(0.99)),
            max_us: us(totals.largest()),
            sum_us: us(totals.sum()),
        }
    }
}

/// How many predictions an engine made.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RuntimeCount {
    /// The engine.
    pub name: &'static str,
    /// Its predictions.
    pub predictions: u64,
}

/// What a live classifier has done since it was made. As JSON it has a key for each field.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct StatisticsReport {
    /// How long it has been there.
    pub seconds: f64,
    /// Texts that were answered, rejected ones among them.
    pub predictions: u64,
    /// Predictions over the whole time.
    pub per_second: f64,
    /// Texts that were rejected.
    pub rejected: u64,
    /// Texts whose labels keyword rules asked for, those of batches apart.
    pub by_rule: u64,
    /// Mean probability of the best label of the texts that were not rejected, as far as it was asked for.
    pub mean_confidence: f64,
    /// Of whole predictions.
    pub latency: Latency,
    /// Of their stages, from one prediction in 64: `vectorize`, `network`, `decide`; and `queue`, the time that each asynchronous request
    /// waited.
    pub stages: BTreeMap<&'static str, Latency>,
    /// Who computed the networks.
    pub runtimes: Vec<RuntimeCount>,
    /// Whether the system has a Neural Engine; `None` where it doesn't say.
    pub neural_engine: Option<bool>,
    /// What the system plans to run on it, where an engine was asked.
    pub neural_engine_plan: Option<runtime::Plan>,
    /// How often each label was answered, by the name it had then.
    pub labels: BTreeMap<String, u64>,
    /// Requests that found the queue full.
    pub busy: u64,
    /// Requests that were cancelled.
    pub cancelled: u64,
    /// Of the model in use: 1 for the first, one more with each swap.
    pub model_version: u64,
    /// Of the model in use.
    pub model_checksum: String,
    /// Bytes of its file, which are in memory or mapped.
    pub model_bytes: u64,
    /// Bytes that learning takes in memory besides, about.
    pub learner_bytes: u64,
    /// Bytes that these statistics take, at most.
    pub statistics_bytes: u64,
    /// What opening or training the first model took, in milliseconds; `None` when somebody else did.
    pub load_ms: Option<f64>,
    /// Examples learned since the classifier was made.
    pub learned: u64,
    /// Examples kept for learning.
    pub kept: u64,
    /// Retrainings that gave a new model.
    pub retrained: u64,
    /// Retrainings whose model was worse or could not be made.
    pub retrainings_refused: u64,
    /// Why the last of those was refused.
    pub last_refusal: Option<String>,
    /// Whether a retraining is going on.
    pub retraining: bool,
}

/// Bytes of the counters, apart from those of labels.
pub(super) const STATISTICS_BYTES: usize =
    size_of::<Statistics>() + SHARDS * size_of::<Shard>() + (SHARDS + STAGES.len()) * histogram::BYTES;

impl StatisticsReport {
    /// As one JSON object.
    pub fn to_json(&self) -> String {
        // Nothing in it can fail to be written.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// As OpenMetrics text (version 1.0), for Prometheus and what understands it. Times are in seconds there. `promtool check metrics` knows
    /// the older text format only; an OpenMetrics parser checks it, such as that of the Python package prometheus-client.
    pub fn to_open_metrics(&self) -> String {
        let mut out = String::new();
        let one = |value: f64| [("", value.to_string())];
        let total = |value: u64| [("_total", value.to_string())];
        let summary = |latency: &Latency| {
            let seconds = |us: f64| (us / 1e6).to_string();
            [
                ("{quantile=\"0.5\"}", seconds(latency.p50_us)),
                ("{quantile=\"0.95\"}", seconds(latency.p95_us)),
                ("{quantile=\"0.99\"}", seconds(latency.p99_us)),
                ("{quantile=\"1\"}", seconds(latency.max_us)),
                ("_sum", seconds(latency.sum_us)),
                ("_count", latency.count.to_string()),
            ]
        };
        family(
            &mut out,
            "prediction_seconds",
            "summary",
            "Time of whole predictions.",
            &summary(&self.latency),
        );
        for (name, latency) in &self.stages {
            let help = format!("Time of the stage {name}.");
            family(&mut out, &format!("{name}_seconds"), "summary", &help, &summary(latency));
        }
        for (name, help, value) in [
            ("rejected", "Texts that were rejected.", self.rejected),
            ("by_rule", "Texts answered by keyword rules.", self.by_rule),
            ("busy", "Requests that found the queue full.", self.busy),
            ("cancelled", "Requests that were cancelled.", self.cancelled),
            ("learned_examples", "Examples learned.", self.learned),
            ("retrainings", "Retrainings that gave a new model.", self.retrained),
            ("retrainings_refused", "Retrainings that were refused.", self.retrainings_refused),
        ] {
            family(&mut out, name, "counter", help, &total(value));
        }
        for (name, help, value) in [
            ("mean_confidence", "Mean probability of the best label.", self.mean_confidence),
            ("model_version", "Swaps of the model, and 1.", self.model_version as f64),
            ("model_bytes", "Bytes of the model.", self.model_bytes as f64),
            ("learner_bytes", "Bytes that learning takes.", self.learner_bytes as f64),
            ("kept_examples", "Examples kept for learning.", self.kept as f64),
        ] {
            family(&mut out, name, "gauge", help, &one(value));
        }
        let labelled = |key: &str, name: &str, value: u64| {
            (format!("_total{{{key}=\"{}\"}}", escaped(name)), value.to_string())
        };
        let runtimes: Vec<_> =
            self.runtimes.iter().map(|one| labelled("runtime", one.name, one.predictions)).collect();
        family(
            &mut out,
            "runtime_predictions",
            "counter",
            "Predictions by who computed the network.",
            &runtimes,
        );
        let labels: Vec<_> =
            self.labels.iter().map(|(name, &count)| labelled("label", name, count)).collect();
        family(&mut out, "label_answers", "counter", "How often each label was answered.", &labels);
        out + "# EOF\n"
    }
}

/// Writes one family of metrics: samples by what is put behind its name.
fn family<S: AsRef<str>>(out: &mut String, name: &str, kind: &str, help: &str, samples: &[(S, String)]) {
    // Writing to a string doesn't fail.
    let _ = write!(out, "# TYPE intentkit_{name} {kind}\n# HELP intentkit_{name} {help}\n");
    for (suffix, value) in samples {
        let _ = writeln!(out, "intentkit_{name}{} {value}", suffix.as_ref());
    }
}

/// A label's value as OpenMetrics quotes it.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

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
                statistics.count(
                    took,
                    &counts,
                    &Answered { count: 1, source: Source::Network, chosen, engine: 0 },
                );
            }
        };
        for _ in 0..4 {
            std::thread::scope(|scope| (0..2 * SHARDS).for_each(|_| drop(scope.spawn(count))));
        }
        let report = statistics.report(&runtime::Report::default());
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
                let answered = Answered { count: 1, source: Source::Rule, chosen, engine: 0 };
                statistics.count(1, &counts, &answered);
            }
        }
        let report = statistics.report(&runtime::Report::default());
        let found: Vec<(&str, u64)> =
            report.labels.iter().map(|(name, &count)| (name.as_str(), count)).collect();
        assert_eq!(found, [("a", 1), ("b", 2), ("c", 2), ("d", 2), ("e", 1)]);
        assert_eq!((report.predictions, report.by_rule, report.mean_confidence), (8, 8, 0.5));
    }
}
