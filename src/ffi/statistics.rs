//! Statistics of a classifier for C.

use super::arguments::{Out, fill};
use super::classifier::{IntentClassifier, with_classifier};
use super::error::IntentError;
use super::status::IntentStatus;

/// Times in microseconds; 0 if nothing was timed. The error of a percentile is at most 1/32 of it.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
pub struct IntentLatency {
    /// Mean.
    pub mean_us: f64,
    /// Median.
    pub p50_us: f64,
    /// 95th percentile.
    pub p95_us: f64,
    /// 99th percentile.
    pub p99_us: f64,
    /// Maximum.
    pub max_us: f64,
}

/// Counters and times of a classifier since it was created. intent_stats_json() has more.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
pub struct IntentStats {
    /// Number of texts that were answered, rejected ones included.
    pub predictions: u64,
    /// Number of texts that were rejected.
    pub rejected: u64,
    /// Number of texts answered by a keyword rule, without those of intent_predict_batch().
    pub by_rule: u64,
    /// Number of texts for which an engine other than the CPU computed the network.
    pub accelerated: u64,
    /// Predictions per second, over the whole time.
    pub per_second: f64,
    /// Mean probability of the top label, over texts that were not rejected. Calls with a capacity
    /// of 0 are left out.
    pub mean_confidence: f64,
    /// Times of whole predictions.
    pub latency: IntentLatency,
    /// Number of requests that found the queue full.
    pub busy: u64,
    /// Number of requests that were cancelled.
    pub cancelled: u64,
    /// Version of the model in use: 1 for the first, one more with each swap.
    pub model_version: u64,
    /// Size of the model file in bytes.
    pub model_bytes: u64,
    /// Approximate size of the training state in memory, in bytes.
    pub training_state_bytes: u64,
    /// Number of examples that were learned.
    pub learned: u64,
    /// Number of examples that are kept.
    pub kept: u64,
    /// Number of background trainings whose model was taken.
    pub retrained: u64,
    /// Number of background trainings that failed or whose model was worse. `last_refusal` of
    /// intent_stats_json() tells why.
    pub retrainings_refused: u64,
    /// true while a background training is running.
    pub retraining: bool,
}

/// Reads the statistics of a classifier.
///
/// @param classifier Classifier. Must not be NULL.
/// @param stats_out  Receives the statistics. Must not be NULL.
/// @param error_out  Optional. Receives the error on failure.
/// @return OK or NULL_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_stats(
    classifier: *const IntentClassifier,
    stats_out: *mut IntentStats,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe {
        with_classifier(classifier, error_out, |classifier| {
            let out = Out::new(stats_out, "stats_out")?;
            let report = classifier.live().statistics();
            let latency = report.latency;
            out.write(IntentStats {
                predictions: report.predictions,
                rejected: report.rejected,
                by_rule: report.by_rule,
                accelerated: report.engines.iter().skip(1).map(|engine| engine.predictions).sum(),
                per_second: report.per_second,
                mean_confidence: report.mean_confidence,
                latency: IntentLatency {
                    mean_us: latency.mean_us,
                    p50_us: latency.p50_us,
                    p95_us: latency.p95_us,
                    p99_us: latency.p99_us,
                    max_us: latency.max_us,
                },
                busy: report.busy,
                cancelled: report.cancelled,
                model_version: report.model_version,
                model_bytes: report.model_bytes,
                training_state_bytes: report.learner_bytes,
                learned: report.learned,
                kept: report.kept,
                retrained: report.retrained,
                retrainings_refused: report.retrainings_refused,
                retraining: report.retraining,
            });
            Ok(())
        })
    }
}

/// Writes the statistics of a classifier as one JSON object. It holds no texts. Later versions may
/// add keys.
///
/// It has all members of intent_statistics except `accelerated`. `training_state_bytes` is named
/// `learner_bytes`. The times under `latency` also have `count` and `sum_us`. It also has:
///
/// - `seconds`: age of the classifier.
/// - `stages`: times of `vectorize`, `network` and `decide`, sampled from one prediction in 64, and
///   waiting times in the `queue`.
/// - `runtimes`: for each engine its `name` and `predictions`: for how many texts it computed the
///   network.
/// - `neural_engine`: true if the system has a Neural Engine, false if not, null if it doesn't
///   tell.
/// - `neural_engine_plan`: as `plan` in intent_engine_json(); null if there is none.
/// - `labels`: how often each label was answered, by its name at the time.
/// - `model_checksum`: checksum of the model in use.
/// - `statistics_bytes`: maximum size of the statistics in memory, in bytes.
/// - `load_ms`: milliseconds that it took to load the first model or training state, or to train
///   with a training state. null for a classifier that was trained without one, and for one from
///   intent_from_rules().
/// - `last_refusal`: why the last of the `retrainings_refused` failed or was worse; null if none.
///
/// @param classifier Classifier. Must not be NULL.
/// @param buffer     Buffer of `capacity` bytes. Receives as much of the text as fits, without a
///                   NUL. May be NULL when the capacity is 0.
/// @param capacity   Size of `buffer` in bytes.
/// @param length_out Receives the length of the whole text in bytes. If it exceeds `capacity`, call
///                   again with a larger buffer; the text may have grown. Must not be NULL.
/// @param error_out  Optional. Receives the error on failure.
/// @return OK, NULL_ARGUMENT or INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_stats_json(
    classifier: *const IntentClassifier,
    buffer: *mut u8,
    capacity: usize,
    length_out: *mut usize,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe {
        with_classifier(classifier, error_out, |classifier| {
            fill(&classifier.live().statistics().to_json(), buffer, capacity, length_out)
        })
    }
}

/// Writes the statistics of a classifier as OpenMetrics 1.0 text, for Prometheus and other
/// scrapers.
///
/// Times are in seconds, and all names start with `intentkit_`. Serve the text as
/// `application/openmetrics-text; version=1.0.0; charset=utf-8`. `promtool check metrics` knows
/// only the older text format: check the text with an OpenMetrics parser, such as that of the
/// Python package prometheus-client.
///
/// @param classifier Classifier. Must not be NULL.
/// @param buffer     As for intent_stats_json().
/// @param capacity   As for intent_stats_json().
/// @param length_out As for intent_stats_json().
/// @param error_out  Optional. Receives the error on failure.
/// @return OK, NULL_ARGUMENT or INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_stats_openmetrics(
    classifier: *const IntentClassifier,
    buffer: *mut u8,
    capacity: usize,
    length_out: *mut usize,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe {
        with_classifier(classifier, error_out, |classifier| {
            fill(&classifier.live().statistics().to_open_metrics(), buffer, capacity, length_out)
        })
    }
}

/// Turns the statistics on or off. On by default. They cost some tens of nanoseconds per
/// prediction.
///
/// @param classifier Classifier. Must not be NULL.
/// @param on         true to count, false to stop counting.
/// @param error_out  Optional. Receives the error on failure.
/// @return OK or NULL_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_set_stats(
    classifier: *const IntentClassifier,
    on: bool,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe {
        with_classifier(classifier, error_out, |classifier| {
            classifier.live().count(on);
            Ok(())
        })
    }
}
