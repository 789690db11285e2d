internal import CIntentKit
import Foundation

/// How to train. The defaults are right for most data.
public struct TrainingOptions: Hashable, Sendable {
    /// Whether texts have one label or several.
    public enum Recipe: Hashable, Sendable {
        /// Several when more than 1 % of the labelled examples have two or more, else one.
        case automatic
        /// One label per text: the top label.
        case single
        /// A set of labels per text: every label that reaches its threshold.
        case multiple

        var preset: intent_preset {
            switch self {
            case .automatic: INTENT_PRESET_AUTO
            case .single: INTENT_PRESET_SINGLE
            case .multiple: INTENT_PRESET_MULTI
            }
        }
    }

    /// Default: ``Recipe/automatic``.
    public var recipe = Recipe.automatic
    /// Passes over the examples, 1 to 100,000. Default: by the recipe and the number of examples.
    public var epochs: Int?
    /// Of all randomness. The same examples, options and seed give the same model, byte for byte, on every device. Default: 1.
    public var seed: UInt64 = 1
    /// Threads that train, 0 for all cores. The model doesn't depend on it. Default: 0.
    public var threads = 0
    /// Acceptance rate: share of in-scope texts to accept, over 0 and at most 1. Defaults to 0.95.
    public var acceptanceRate: Double?
    /// What mistakes cost, instead of an acceptance rate. Must be `nil` if ``acceptanceRate`` is given. Default: none.
    public var cost: Cost?
    /// Of the network, over 0 and at most 1. Default: 0.002.
    public var learningRate: Float?
    /// Examples a step. Default: 128, or 32 for small data.
    public var batchSize: Int?
    /// Chance that an n-gram is left out of a text while training, at least 0 and under 1. Default: by the recipe.
    public var featureDropout: Float?
    /// Probability that an example is replaced by a synthetic negative, at least 0 and under 1. By default the recipe and the number of
    /// examples decide.
    ///
    /// A synthetic negative is a mixture of two examples that belongs to the label of neither. It teaches what out-of-scope texts look like.
    public var syntheticNegatives: Float?
    /// Words and punctuation marks that separate clauses, such as `and` and `,`. An empty array turns cutting off. By default they are
    /// learned from the examples.
    public var clauseSeparators: [String]?
    /// Whether the name of a label with few examples is one more example of it, underscores as spaces. Default: true.
    public var usesLabelNames = true
    /// Labels in the words of their texts: one more example of each. Default: none.
    public var descriptions: [String: String] = [:]
    /// Word vectors from elsewhere, a help where examples are few. Default: none.
    public var lexicon: Lexicon?
    /// File for what later updates need, including the examples. By default only the model is kept.
    public var trainingState: TrainingStateFile?

    public init() {}
}

/// A file in which a classifier keeps what updates need: the model, the state of the optimiser, the texts of trainings and updates.
///
/// Only its owner can read the file.
public struct TrainingStateFile: Hashable, Sendable {
    /// By convention NAME.learner.
    public var url: URL
    /// Whether to wait for the disk on every change, so that no change is lost when power fails.
    public var isPowerSafe: Bool

    public init(_ url: URL, isPowerSafe: Bool = false) {
        self.url = url
        self.isPowerSafe = isPowerSafe
    }
}

/// Where a training stands.
public struct TrainingProgress: Hashable, Sendable {
    /// Epochs done.
    public let epoch: Int
    /// Epochs in all, as far as known.
    public let epochs: Int
    /// Mean loss of an example over the last epoch.
    public let loss: Double
    /// Share of the held-out examples answered right, 0 to 1; `nil` when there is none to tell.
    public let heldOutScore: Double?
    /// Estimate of the seconds to go.
    public let secondsLeft: Double

    init(_ now: intent_progress) {
        epoch = now.epoch
        epochs = now.epochs
        loss = now.loss
        heldOutScore = now.heldout_score.isNaN ? nil : now.heldout_score
        secondsLeft = now.seconds_left
    }
}

/// What came of a training.
public struct TrainingReport: Hashable, Sendable {
    /// The labels, in the order of their first appearance.
    public let labels: [String]
    /// Number of examples with labels that were held out. What was measured rests on them.
    public let heldOutCount: Int
    /// Accuracy to expect for new wording: share of the held-out examples whose best label was right, 0 to 1; `nil` when none could be held
    /// out. No near-duplicate of a held-out example is trained on.
    public let heldOutAccuracy: Double?
    /// Accuracy to expect for wording like that of the examples, whose near-duplicates are trained on, 0 to 1; `nil` when it was not measured.
    public let familiarAccuracy: Double?
    /// Share of the held-out examples that were answered with exactly their labels, 0 to 1; `nil` when it was not measured. An example that is
    /// rejected counts as wrong.
    public let heldOutAnswered: Double?
    /// Sentences about likely mistakes in the data, such as a label with one example, or equal texts with different labels, and about fewer
    /// than 10 held-out examples. Each names the examples it is about by their numbers, counted from 1, and none quotes a text.
    public let warnings: [String]

    init(_ handle: Handle) {
        labels = handle.current().names
        heldOutCount = handle.heldOutCount
        heldOutAccuracy = handle.heldOutAccuracy
        familiarAccuracy = handle.familiarAccuracy
        heldOutAnswered = handle.heldOutAnswered
        warnings = handle.lend { pointer in
            (0..<intent_warning_count(pointer)).compactMap { intent_warning(pointer, $0, nil).map { String(cString: $0) } }
        }
    }
}

/// Owns C options.
final class COptions {
    let pointer: OpaquePointer

    init(_ options: TrainingOptions) throws(IntentError) {
        pointer = intent_options_new()
        try set { intent_options_set_preset($0, UInt32(options.recipe.preset.rawValue), $1) }
        if let epochs = options.epochs { try set { intent_options_set_epochs($0, max(epochs, 0), $1) } }
        try set { intent_options_set_seed($0, options.seed, $1) }
        try set { intent_options_set_threads($0, options.threads, $1) }
        if let rate = options.acceptanceRate { try set { intent_options_set_acceptance_rate($0, rate, $1) } }
        if let cost = options.cost { try set { intent_options_set_cost($0, cost.askBack, cost.foreignShare, $1) } }
        if let rate = options.learningRate { try set { intent_options_set_learning_rate($0, rate, $1) } }
        if let batchSize = options.batchSize { try set { intent_options_set_batch($0, max(batchSize, 0), $1) } }
        if let dropout = options.featureDropout { try set { intent_options_set_feature_dropout($0, dropout, $1) } }
        if let share = options.syntheticNegatives { try set { intent_options_set_synthetic_negatives($0, share, $1) } }
        if let separators = options.clauseSeparators {
            try set { pointer, problem in
                Arena(separators).lend { intent_options_set_clause_separators(pointer, $0.baseAddress, $0.count, problem) }
            }
        }
        try set { intent_options_set_label_names($0, options.usesLabelNames, $1) }
        // In an order of their own, since that of a dictionary changes from run to run.
        for (label, description) in options.descriptions.sorted(by: { $0.key < $1.key }) {
            try set { pointer, problem in
                label.lend { label in
                    description.lend { intent_options_set_description(pointer, label, $0, problem) }
                }
            }
        }
        switch options.lexicon?.source {
        case .file(let url): try set { pointer, problem in url.lend { intent_options_set_lexicon_file(pointer, $0, problem) } }
        case .vectors(let words, let vectors, let dimensions):
            guard vectors.count == words.count * dimensions else {
                throw .invalidArgument("a lexicon of \(words.count) words and \(dimensions) dimensions has \(vectors.count) numbers")
            }
            try set { pointer, problem in
                Arena(words).lend { intent_options_set_lexicon(pointer, $0.baseAddress, $0.count, vectors, dimensions, problem) }
            }
        case nil: break
        }
        if let file = options.trainingState {
            try set { pointer, problem in
                file.url.lend { intent_options_set_training_state(pointer, $0, file.isPowerSafe, problem) }
            }
        }
    }

    /// Sets one of them.
    func set(_ work: (OpaquePointer, UnsafeMutablePointer<OpaquePointer?>) -> intent_status) throws(IntentError) {
        var problem: OpaquePointer?
        let status = work(pointer, &problem)
        try IntentError.check(status, problem)
    }

    deinit { intent_options_free(pointer) }
}
