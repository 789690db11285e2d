//! What a classifier has done: counts and times that predictions feed, and the reports made of them.

mod counters;
mod histogram;
mod open_metrics;
mod report;
mod shards;

pub(crate) use counters::{LabelCounts, Observation, STATISTICS_BYTES, Stage, Statistics};
pub use report::{EngineCount, Latency, StatisticsReport};
