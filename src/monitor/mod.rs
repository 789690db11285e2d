//! Monitoring of a live classifier: counts and times that predictions feed, and reports of them.

mod counters;
mod histogram;
mod open_metrics;
mod report;
mod shards;

pub(crate) use counters::{LabelCounts, Observation, STATISTICS_BYTES, Stage, Statistics};
pub use report::{EngineCount, Latency, StatisticsReport};
