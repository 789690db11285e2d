//! The statistics as they are handed out.

use super::histogram::Totals;
use crate::engine;
use serde::Serialize;
use std::collections::BTreeMap;

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

/// How many predictions an engine made.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EngineCount {
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
    #[serde(rename = "runtimes")]
    pub engines: Vec<EngineCount>,
    /// Whether the system has a Neural Engine; `None` where it doesn't say.
    pub neural_engine: Option<bool>,
    /// What the system plans to run on it, where an engine was asked.
    pub neural_engine_plan: Option<engine::Plan>,
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

impl StatisticsReport {
    /// As one JSON object.
    pub fn to_json(&self) -> String {
        // Nothing in it can fail to be written.
        serde_json::to_string(self).unwrap_or_default()
    }
}
