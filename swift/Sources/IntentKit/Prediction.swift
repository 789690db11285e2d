internal import CIntentKit

/// A chosen label.
public struct Label: Hashable, Sendable, Codable {
    public let name: String
    /// From 0 to 1.
    public let probability: Float

    public init(name: String, probability: Float) {
        self.name = name
        self.probability = probability
    }
}

/// The labels chosen for a text.
public struct Prediction: Hashable, Sendable, Codable {
    /// Best first; none when the text is rejected.
    public let labels: [Label]
    /// Whether a keyword rule asked for them. Batches don't say.
    public let isByRule: Bool
    /// Number of the model that answered: 1 for a classifier's first, one more each time that it learned something.
    public let modelVersion: UInt64

    /// Whether the text belongs to none of the labels.
    public var isRejected: Bool { labels.isEmpty }
    /// The best label.
    public var best: Label? { labels.first }

    public init(labels: [Label], isByRule: Bool = false, modelVersion: UInt64 = 1) {
        self.labels = labels
        self.isByRule = isByRule
        self.modelVersion = modelVersion
    }
}

/// The labels chosen for a text as values of the app's own type, such as an enum of its components.
public struct TypedPrediction<Value: RawRepresentable & Hashable & Sendable>: Sendable where Value.RawValue == String {
    /// Best first.
    public let values: [Value]
    /// Labels of the model that the type has no value for, best first.
    public let unknown: [Label]
    /// What they were made of.
    public let prediction: Prediction

    /// Whether the text belongs to none of the labels.
    public var isRejected: Bool { prediction.isRejected }

    init(_ prediction: Prediction) {
        self.prediction = prediction
        values = prediction.labels.compactMap { Value(rawValue: $0.name) }
        unknown = prediction.labels.filter { Value(rawValue: $0.name) == nil }
    }

    /// The probability of a chosen label, 0 for one that wasn't.
    public func probability(of value: Value) -> Float {
        prediction.labels.first { $0.name == value.rawValue }?.probability ?? 0
    }
}

/// What mistakes cost, where a wrong action costs 1. A text is rejected where that is cheaper on average.
public struct Cost: Hashable, Sendable {
    /// Cost of rejecting a text that has a label, that is, of asking back, 0 to 1.
    public var askBack: Float
    /// Share of texts that belong to none of the labels, 0 to 1. Answering one costs 1.
    public var foreignShare: Float

    public init(askBack: Float, foreignShare: Float) {
        self.askBack = askBack
        self.foreignShare = foreignShare
    }
}

/// What to ask of a prediction, instead of the model's own rule.
public struct PredictionOptions: Hashable, Sendable {
    /// Least probability of a chosen label, 0 to 1. Default: the model's thresholds.
    public var threshold: Float?
    /// Number of labels to choose, the best ones, 1 or more, whatever the thresholds of the model are. `threshold` still applies. By default
    /// the rule of the model chooses.
    public var top: Int?
    /// Acceptance rate: share of in-scope texts to accept, over 0 and at most 1. 1 accepts every text in which anything is known. Defaults to
    /// the rate given in training.
    public var acceptanceRate: Float?
    /// What mistakes cost, instead of an acceptance rate. Must be `nil` if ``acceptanceRate`` is given. Default: as given in training.
    public var cost: Cost?

    public init(threshold: Float? = nil, top: Int? = nil, acceptanceRate: Float? = nil, cost: Cost? = nil) {
        self.threshold = threshold
        self.top = top
        self.acceptanceRate = acceptanceRate
        self.cost = cost
    }

    /// Lends them as C takes them. What C would read as "the model's own" is handed over as a number out of range, for C to say so.
    func lend<Result>(_ work: (UnsafePointer<intent_predict_options>) -> Result) -> Result {
        let threshold = threshold.map { $0 < 0 ? .nan : $0 }
        let acceptanceRate = acceptanceRate.map { $0 == 0 ? .nan : $0 }
        let askBack = cost.map { $0.askBack < 0 ? .nan : $0.askBack }
        var options = intent_predict_options(
            size: MemoryLayout<intent_predict_options>.size, top: top.map { max($0, 0) } ?? 0,
            threshold: threshold ?? -1, acceptance_rate: acceptanceRate ?? 0, ask_back_cost: askBack ?? -1, foreign_share: cost?.foreignShare ?? 0)
        return work(&options)
    }
}
