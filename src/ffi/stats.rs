//! What a classifier has done, for C.

use super::arguments::{Out, fill, object};
use super::boundary::boundary;
use super::classifier::IntentClassifier;
use super::error::IntentError;
use super::status::IntentStatus;

/// Times in microseconds; percentiles are right to a thirty-second. All is 0 when nothing was timed.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
pub struct IntentLatency {
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
}

/// What a classifier has done since it was made. intent_stats_json() says more.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
pub struct IntentStats {
    /// Texts that were answered, rejected ones among them.
    pub predictions: u64,
    /// Texts that were rejected.
    pub rejected: u64,
    /// Texts whose labels keyword rules asked for, those of intent_predict_batch() apart.
    pub by_rule: u64,
    /// Texts whose network another engine than the CPU computed.
    pub accelerated: u64,
    /// Predictions a second, over the whole time.
    pub per_second: f64,
    /// Mean probability of the best label of the texts that were not rejected.
    pub mean_confidence: f64,
    /// Of whole predictions.
    pub latency: IntentLatency,
    /// Requests that found the queue full.
    pub busy: u64,
    /// Requests that were cancelled.
    pub cancelled: u64,
    /// Number of the model in use: 1 for the first, one more with each swap.
    pub model_version: u64,
    /// Bytes of its file.
    pub model_bytes: u64,
    /// Bytes that learning takes in memory, about.
    pub learner_bytes: u64,
    /// Examples that were learned.
    pub learned: u64,
    /// Examples that are kept.
    pub kept: u64,
    /// Trainings in the background that gave a new model.
    pub retrained: u64,
    /// Those whose model was worse or could not be made; `last_refusal` of intent_stats_json() says why.
    pub retrainings_refused: u64,
    /// Whether one is going on.
    pub retraining: bool,
}

/// Writes what the classifier has done.
///
/// @param classifier A classifier. Not NULL. Other threads may use it at the same time.
/// @param stats_out  Receives the figures. Not NULL. Written only on success.
/// @param error_out  Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT or PANICKED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_stats(
    classifier: *const IntentClassifier,
    stats_out: *mut IntentStats,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    boundary(error_out, || {
        // SAFETY: the header asks for a classifier that has not been freed.
        let live = unsafe { object(classifier, "classifier") }?.live();
        let out = Out::new(stats_out, "stats_out")?;
        let report = live.statistics();
        let latency = report.latency;
        let stats = IntentStats {
            predictions: report.predictions,
            rejected: report.rejected,
            by_rule: report.by_rule,
            accelerated: report.engines.iter().skip(1).map(|runtime| runtime.predictions).sum(),
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
            learner_bytes: report.learner_bytes,
            learned: report.learned,
            kept: report.kept,
            retrained: report.retrained,
            retrainings_refused: report.retrainings_refused,
            retraining: report.retraining,
        };
        // SAFETY: the header asks for a writable place.
        unsafe { out.write(stats) };
        Ok(())
    })
}

/// What the classifier has done, as one JSON object: what intent_stats has (times under `latency`, with `count` and `sum_us`), and `seconds` (how
/// long it has been there), `stages` (`vectorize`, `network`, `decide`, from one prediction in 64, and `queue`, how long requests waited),
/// `runtimes` (who computed how many networks), `neural_engine` (whether there is one) and `neural_engine_plan`, `labels` (how often each was
/// answered, by the name it had then), `model_checksum`, `statistics_bytes`, `load_ms`, `last_refusal`. Later versions may add keys. No text
/// is in it.
///
/// @param classifier A classifier. Not NULL. Other threads may use it at the same time.
/// @param buffer     Room for `capacity` bytes; as much as fits is written, without a NUL. May be NULL when the capacity is 0.
/// @param capacity   Bytes of `buffer`.
/// @param length_out Receives the bytes of the whole, which may be more than fit; ask again with more room then, for it may have grown. Not NULL.
/// @param error_out  Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT, INVALID_ARGUMENT or PANICKED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_stats_json(
    classifier: *const IntentClassifier,
    buffer: *mut u8,
    capacity: usize,
    length_out: *mut usize,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    boundary(error_out, || {
        // SAFETY: the header asks for a classifier that has not been freed.
        let live = unsafe { object(classifier, "classifier") }?.live();
        // SAFETY: the header asks for room for `capacity` bytes and a writable place.
        unsafe { fill(&live.statistics().to_json(), buffer, capacity, length_out) }
    })
}

/// What the classifier has done, as OpenMetrics text (version 1.0), which Prometheus and its kin read. Times are in seconds there, and all
/// names start with `intentkit_`. Serve it as `application/openmetrics-text; version=1.0.0; charset=utf-8`. To check it, use an
/// OpenMetrics parser, such as that of the Python package prometheus-client, not `promtool check metrics`, which knows the older text
/// format only.
///
/// @param classifier A classifier. Not NULL. Other threads may use it at the same time.
/// @param buffer     As for intent_stats_json().
/// @param capacity   As for intent_stats_json().
/// @param length_out As for intent_stats_json().
/// @param error_out  Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT, INVALID_ARGUMENT or PANICKED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_stats_openmetrics(
    classifier: *const IntentClassifier,
    buffer: *mut u8,
    capacity: usize,
    length_out: *mut usize,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    boundary(error_out, || {
        // SAFETY: the header asks for a classifier that has not been freed.
        let live = unsafe { object(classifier, "classifier") }?.live();
        // SAFETY: the header asks for room for `capacity` bytes and a writable place.
        unsafe { fill(&live.statistics().to_open_metrics(), buffer, capacity, length_out) }
    })
}

/// Counts predictions, or not. It counts, unless this says otherwise; that takes some tens of nanoseconds a prediction.
///
/// @param classifier A classifier. Not NULL. Other threads may use it at the same time.
/// @param on         false to stop counting, true to go on with it.
/// @param error_out  Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT or PANICKED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_set_stats(
    classifier: *const IntentClassifier,
    on: bool,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    boundary(error_out, || {
        // SAFETY: the header asks for a classifier that has not been freed.
        unsafe { object(classifier, "classifier") }?.live().count(on);
        Ok(())
    })
}
