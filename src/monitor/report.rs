//! The report of the statistics.

use super::histogram::Totals;
use crate::engine;
use serde::Serialize;
use std::collections::BTreeMap;

/// Times in microseconds. Percentiles are accurate to a thirty-second. All fields are 0 if nothing
/// was timed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Latency {
    /// Number of timed events.
    pub count: u64,
    /// The mean.
    pub mean_us: f64,
    /// The median.
    pub p50_us: f64,
    /// 95th percentile.
    pub p95_us: f64,
    /// 99th percentile.
    pub p99_us: f64,
    /// The maximum.
    pub max_us: f64,
    /// The sum.
    pub sum_us: f64,
}

impl Latency {
    pub(super) fn of(totals: &Totals, per_tick: f64) -> Latency {
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

/// Number of texts for which one engine computed the network.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EngineCount {
    /// Name of the engine.
    pub name: &'static str,
    /// Number of texts.
    pub predictions: u64,
}

/// Statistics of a live classifier since it was created. As JSON it has a key for each field.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct StatisticsReport {
    /// Age of the classifier in seconds.
    pub seconds: f64,
    /// Number of predictions, including rejected texts.
    pub predictions: u64,
    /// Mean number of predictions per second.
    pub per_second: f64,
    /// Number of rejected texts.
    pub rejected: u64,
    /// Number of texts whose labels keyword rules chose, without batches.
    pub by_rule: u64,
    /// Mean probability of the top label, over texts that were not rejected and of which at least
    /// one label was written.
    pub mean_confidence: f64,
    /// Latency of whole predictions.
    pub latency: Latency,
    /// Latency of stages, sampled from one prediction in 64: `vectorize`, `network`, `decide`; and
    /// `queue`, the time that each asynchronous request waited.
    pub stages: BTreeMap<&'static str, Latency>,
    /// Number of texts by engine.
    #[serde(rename = "runtimes")]
    pub engines: Vec<EngineCount>,
    /// Whether the system has a Neural Engine. `None` if the system doesn't tell.
    pub neural_engine: Option<bool>,
    /// The system's plan for the Neural Engine, if an engine was chosen that reports one.
    pub neural_engine_plan: Option<engine::Plan>,
    /// How often each label was chosen, by its name at the time.
    pub labels: BTreeMap<String, u64>,
    /// Number of requests refused because the queue was full.
    pub busy: u64,
    /// Number of cancelled requests.
    pub cancelled: u64,
    /// Version of the current model: 1 for the first, one more after each swap.
    pub model_version: u64,
    /// Checksum of the current model.
    pub model_checksum: String,
    /// Size of its file in bytes, in memory or mapped.
    pub model_bytes: u64,
    /// Approximate additional memory of the training state in bytes.
    pub learner_bytes: u64,
    /// Maximum memory of these statistics in bytes.
    pub statistics_bytes: u64,
    /// Milliseconds that it took to load the first model or training state, or to train with a
    /// training state. `None` if the classifier was made of an existing model or of rules.
    pub load_ms: Option<f64>,
    /// Number of examples learned since the classifier was created.
    pub learned: u64,
    /// Number of examples kept for learning.
    pub kept: u64,
    /// Number of retrainings that produced a new model.
    pub retrained: u64,
    /// Number of retrainings that failed or whose model was refused as worse.
    pub retrainings_refused: u64,
    /// Reason of the last refusal.
    pub last_refusal: Option<String>,
    /// Whether a retraining is in progress.
    pub retraining: bool,
}

impl StatisticsReport {
    /// Returns the report as one JSON object.
    pub fn to_json(&self) -> String {
        // Serialising the report can't fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}
