internal import CIntentKit

/// A chosen label.
public struct Label: Hashable, Sendable, Codable {
    /// Name of the label.
    public let name: String
    /// Probability, 0 to 1.
    public let probability: Float

    /// Creates a label, for previews and tests.
    public init(name: String, probability: Float) {
        self.name = name
        self.probability = probability
    }
}

/// The labels chosen for a text.
public struct Prediction: Hashable, Sendable, Codable {
    /// The labels, best first. Empty if the text is rejected.
    public let labels: [Label]
    /// True if a keyword rule chose the first label. Always false in batches.
    public let isByRule: Bool
    /// Version of the model that answered: 1 for the first model of a classifier, one more with
    /// each change.
    public let modelVersion: UInt64

    /// True if no label was chosen.
    public var isRejected: Bool { labels.isEmpty }
    /// The top label; `nil` if the text is rejected.
    public var best: Label? { labels.first }

    /// Creates a prediction, for previews and tests.
    public init(labels: [Label], isByRule: Bool = false, modelVersion: UInt64 = 1) {
        self.labels = labels
        self.isByRule = isByRule
        self.modelVersion = modelVersion
    }
}

/// The labels chosen for a text as values of the app's own type, such as an enum of its components.
public struct TypedPrediction<Value: RawRepresentable & Hashable & Sendable>: Sendable where Value.RawValue == String {
    /// Values of the chosen labels, best first.
    public let values: [Value]
    /// Chosen labels that the type has no value for, best first.
    public let unknown: [Label]
    /// The prediction with the names of all labels.
    public let prediction: Prediction

    /// True if no label was chosen.
    public var isRejected: Bool { prediction.isRejected }

    init(_ prediction: Prediction) {
        self.prediction = prediction
        values = prediction.labels.compactMap { Value(rawValue: $0.name) }
        unknown = prediction.labels.filter { Value(rawValue: $0.name) == nil }
    }

    /// Probability of a chosen label, 0 to 1. Returns 0 for a label that was not chosen.
    public func probability(of value: Value) -> Float {
        prediction.labels.first { $0.name == value.rawValue }?.probability ?? 0
    }
}

/// Costs of mistakes. They choose the acceptance rate at which the mean cost of the held-out
/// examples is lowest. Wrong labels cost 1, and so does any label for a text that is out of scope.
public struct Cost: Hashable, Sendable {
    /// Cost, 0 to 1, of rejecting a text that has a label: the app must then ask the user again.
    public var askBack: Float
    /// Share of texts in use that are out of scope, 0 to 1.
    public var foreignShare: Float

    /// Creates the costs. Values out of range make the call that uses them fail.
    public init(askBack: Float, foreignShare: Float) {
        self.askBack = askBack
        self.foreignShare = foreignShare
    }
}

/// How to choose labels. With the default, labels are chosen by the decision rule that training
/// fixed.
public struct PredictionOptions: Hashable, Sendable {
    /// Minimum probability of a chosen label, 0 to 1. Above 0.85, keyword rules are ignored.
    /// Defaults to `nil`: the model's thresholds, or no threshold if ``top`` is set.
    public var threshold: Float?
    /// Number of labels to choose, >= 1: the best ones. The model's thresholds do not apply to
    /// them, but ``threshold`` does if it is set. A rejected text still gets no labels. Defaults to
    /// `nil`: the decision rule from training.
    public var top: Int?
    /// Acceptance rate: the share to accept of those texts that have a label, > 0 and <= 1.
    /// Defaults to `nil`: the rate from training.
    ///
    /// With 1, the rejection threshold rejects no text. A text is then rejected only if nothing in
    /// it is known, or if no label reaches its own threshold. A text contains something known if
    /// one of its words occurs in the examples or in the lexicon, or if three consecutive
    /// characters of a word occur in the examples.
    public var acceptanceRate: Float?
    /// Costs of mistakes, instead of an acceptance rate. Must be `nil` if ``acceptanceRate`` is
    /// set. Defaults to `nil`: the costs given in training, if any.
    public var cost: Cost?

    /// Creates options. `nil` means the decision rule from training.
    public init(threshold: Float? = nil, top: Int? = nil, acceptanceRate: Float? = nil, cost: Cost? = nil) {
        self.threshold = threshold
        self.top = top
        self.acceptanceRate = acceptanceRate
        self.cost = cost
    }

    /// Lends the options as C takes them. A value that C would read as the default becomes NaN, so
    /// that C reports it as out of range.
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
