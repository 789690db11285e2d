internal import CIntentKit
import Foundation

/// What a classifier has done since it was made. No text is in it.
public struct Statistics: Hashable, Sendable, Decodable {
    /// Times in microseconds; percentiles are right to a thirty-second. All is 0 when nothing was timed.
    public struct Latency: Hashable, Sendable, Decodable {
        public let count: Int
        public let mean: Double
        public let p50: Double
        public let p95: Double
        public let p99: Double
        public let longest: Double

        enum CodingKeys: String, CodingKey {
            case count, mean = "mean_us", p50 = "p50_us", p95 = "p95_us", p99 = "p99_us", longest = "max_us"
        }
    }

    /// How many networks an engine computed.
    public struct Share: Hashable, Sendable, Decodable {
        public let name: String
        public let predictions: Int
    }

    /// For how long the classifier has been there.
    public let seconds: Double
    /// Texts that were answered, rejected ones among them.
    public let predictions: Int
    /// Predictions a second, over the whole time.
    public let perSecond: Double
    public let rejected: Int
    /// Texts whose labels keyword rules asked for, those of batches apart.
    public let byRule: Int
    /// Mean probability of the best label of the texts that were not rejected.
    public let meanConfidence: Double
    /// Of whole predictions.
    public let latency: Latency
    /// `vectorize`, `network` and `decide`, from one prediction in 64, and `queue`, how long requests waited.
    public let stages: [String: Latency]
    /// How many networks each engine computed.
    public let engines: [Share]
    /// How often each label was answered, by the name it had then.
    public let labels: [String: Int]
    /// Requests that found the queue full.
    public let busy: Int
    /// Requests that were cancelled.
    public let cancelled: Int
    /// As in ``Prediction/modelVersion``.
    public let modelVersion: UInt64
    public let modelChecksum: String
    public let modelBytes: Int
    /// Approximate size of the training state in memory, in bytes.
    public let trainingStateBytes: Int
    /// Examples that were learned.
    public let learned: Int
    /// Examples that are kept.
    public let kept: Int
    /// Trainings in the background that gave a new model.
    public let retrained: Int
    /// Those whose model was worse or could not be made.
    public let retrainingsRefused: Int
    /// Why the last one was refused.
    public let lastRefusal: String?
    /// Whether one is going on.
    public let isRetraining: Bool

    enum CodingKeys: String, CodingKey {
        case seconds, predictions, perSecond = "per_second", rejected, byRule = "by_rule", meanConfidence = "mean_confidence", latency
        case stages, engines = "runtimes", labels, busy, cancelled, modelVersion = "model_version", modelChecksum = "model_checksum"
        case modelBytes = "model_bytes", trainingStateBytes = "learner_bytes", learned, kept, retrained
        case retrainingsRefused = "retrainings_refused", lastRefusal = "last_refusal", isRetraining = "retraining"
    }
}

extension IntentClassifier {
    /// What it has done so far.
    public var statistics: Statistics {
        get throws(IntentError) { try decode(Statistics.self, from: try handle.text { intent_stats_json($0, $1, $2, $3, $4) }) }
    }

    /// What it has done so far, as OpenMetrics text (version 1.0), which Prometheus and its kin read.
    ///
    /// Serve it as `application/openmetrics-text; version=1.0.0; charset=utf-8`. To check it, use an OpenMetrics parser, such as that of the
    /// Python package prometheus-client, not `promtool check metrics`, which knows the older text format only.
    public var openMetrics: String {
        get throws(IntentError) { try handle.text { intent_stats_openmetrics($0, $1, $2, $3, $4) } }
    }

    /// Counts predictions, or not; that takes some tens of nanoseconds a prediction. Default: it counts.
    public func setCounting(_ isOn: Bool) throws(IntentError) {
        try handle.call { intent_set_stats($0, isOn, $1) }
    }
}

/// Reads JSON of the library's.
func decode<Value: Decodable>(_ type: Value.Type, from json: String) throws(IntentError) -> Value {
    do {
        return try JSONDecoder().decode(type, from: Data(json.utf8))
    } catch {
        throw .defect("the library's JSON is not what this package expects: \(error)")
    }
}
