internal import CIntentKit
import Foundation

/// Counters and times of a classifier since it was created. They hold no texts.
public struct Statistics: Hashable, Sendable, Decodable {
    /// Times in microseconds; 0 if nothing was timed. The error of a percentile is at most
    /// 1/32 of it.
    public struct Latency: Hashable, Sendable, Decodable {
        /// Number of measurements.
        public let count: Int
        /// Mean.
        public let mean: Double
        /// Median.
        public let p50: Double
        /// 95th percentile.
        public let p95: Double
        /// 99th percentile.
        public let p99: Double
        /// Maximum.
        public let longest: Double

        enum CodingKeys: String, CodingKey {
            case count, mean = "mean_us", p50 = "p50_us", p95 = "p95_us", p99 = "p99_us", longest = "max_us"
        }
    }

    /// Number of texts for which an engine computed the network.
    public struct Share: Hashable, Sendable, Decodable {
        /// Name of the engine.
        public let name: String
        /// Number of texts.
        public let predictions: Int
    }

    /// Age of the classifier in seconds.
    public let seconds: Double
    /// Number of texts that were answered, rejected ones included.
    public let predictions: Int
    /// Predictions per second, over the whole time.
    public let perSecond: Double
    /// Number of texts that were rejected.
    public let rejected: Int
    /// Number of texts answered by a keyword rule, without those of batches.
    public let byRule: Int
    /// Mean probability of the top label, over texts that were not rejected.
    public let meanConfidence: Double
    /// Times of whole predictions.
    public let latency: Latency
    /// Times of `vectorize`, `network` and `decide`, sampled from one prediction in 64, and waiting
    /// times in the `queue`.
    public let stages: [String: Latency]
    /// Number of texts for which each engine computed the network.
    public let engines: [Share]
    /// Number of times each label was answered, by its name at the time.
    public let labels: [String: Int]
    /// Number of requests that found the queue full.
    public let busy: Int
    /// Number of requests that were cancelled.
    public let cancelled: Int
    /// Version of the model in use, as in ``Prediction/modelVersion``.
    public let modelVersion: UInt64
    /// Checksum of the model in use.
    public let modelChecksum: String
    /// Size of the model file in bytes.
    public let modelBytes: Int
    /// Approximate size of the training state in memory, in bytes.
    public let trainingStateBytes: Int
    /// Number of examples that were learned.
    public let learned: Int
    /// Number of examples that are kept.
    public let kept: Int
    /// Number of background trainings whose model was taken.
    public let retrained: Int
    /// Number of background trainings that failed or whose model was worse.
    public let retrainingsRefused: Int
    /// Why the last of those was refused; `nil` if none was.
    public let lastRefusal: String?
    /// True while a background training is running.
    public let isRetraining: Bool

    enum CodingKeys: String, CodingKey {
        case seconds, predictions, perSecond = "per_second", rejected, byRule = "by_rule", meanConfidence = "mean_confidence", latency
        case stages, engines = "runtimes", labels, busy, cancelled, modelVersion = "model_version", modelChecksum = "model_checksum"
        case modelBytes = "model_bytes", trainingStateBytes = "learner_bytes", learned, kept, retrained
        case retrainingsRefused = "retrainings_refused", lastRefusal = "last_refusal", isRetraining = "retraining"
    }
}

extension IntentClassifier {
    /// Counters and times since the classifier was created.
    public var statistics: Statistics {
        get throws(IntentError) { try decode(Statistics.self, from: try handle.text { intent_stats_json($0, $1, $2, $3, $4) }) }
    }

    /// The statistics as OpenMetrics 1.0 text, for Prometheus and other scrapers.
    ///
    /// Times are in seconds, and all names start with `intentkit_`. Serve the text as
    /// `application/openmetrics-text; version=1.0.0; charset=utf-8`. `promtool check metrics` knows
    /// only the older text format: check the text with an OpenMetrics parser, such as that of the
    /// Python package prometheus-client.
    public var openMetrics: String {
        get throws(IntentError) { try handle.text { intent_stats_openmetrics($0, $1, $2, $3, $4) } }
    }

    /// Turns the statistics on or off. On by default. They cost some tens of nanoseconds per
    /// prediction.
    public func setCounting(_ isOn: Bool) throws(IntentError) {
        try handle.call { intent_set_stats($0, isOn, $1) }
    }
}

/// Decodes JSON that the library wrote.
func decode<Value: Decodable>(_ type: Value.Type, from json: String) throws(IntentError) -> Value {
    do {
        return try JSONDecoder().decode(type, from: Data(json.utf8))
    } catch {
        throw .defect("cannot decode the JSON of the library: \(error)")
    }
}
