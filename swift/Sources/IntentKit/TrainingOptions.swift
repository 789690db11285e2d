internal import CIntentKit
import Foundation

/// How to train. The defaults are right for most data.
///
/// A training checks the options when it starts. A value out of range makes it fail with
/// ``IntentError/invalidArgument(_:)``.
public struct TrainingOptions: Hashable, Sendable {
    /// One label per text, or several.
    public enum Recipe: Hashable, Sendable {
        /// ``multiple`` if more than 1 % of the labelled examples have two or more labels,
        /// otherwise ``single``.
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

    /// One label per text, or several. Defaults to ``Recipe/automatic``.
    public var recipe = Recipe.automatic
    /// Number of epochs, passes over the examples, 1 to 100,000.
    ///
    /// The default is between 6 and 100: the fewer examples, the more epochs. If not set, training
    /// uses fewer epochs when they are clearly better on the held-out examples.
    public var epochs: Int?
    /// Random seed. Defaults to 1.
    ///
    /// The same examples, options and seed give the same model, byte for byte, on every device.
    public var seed: UInt64 = 1
    /// Number of threads, 1 to 1024, or 0 for all cores. Defaults to 0. The model does not depend
    /// on it.
    public var threads = 0
    /// Acceptance rate: the share of labelled held-out examples that the rejection threshold
    /// accepts, > 0 and <= 1. Defaults to 0.95.
    ///
    /// With 1, the rejection threshold rejects no text. A text is then rejected only if nothing in
    /// it is known, or if no label reaches its own threshold.
    public var acceptanceRate: Double?
    /// Costs of mistakes, instead of an acceptance rate. Must be `nil` if ``acceptanceRate`` is
    /// set. Defaults to `nil`.
    public var cost: Cost?
    /// Learning rate of the network, > 0 and <= 1. The default is 0.002 below 500 labels, and 0.003
    /// for 500 labels or more.
    public var learningRate: Float?
    /// Batch size in examples, >= 1. Defaults to 128.
    ///
    /// The default is 32 instead if there are fewer than 500 labels and few examples. With
    /// ``Recipe/multiple``, few means fewer than 10,000. With ``Recipe/single``, few means fewer
    /// than 5,000, or on average at most 20 per label.
    public var batchSize: Int?
    /// Probability that an n-gram (a few words or characters) is left out of a training text, >= 0
    /// and < 1.
    ///
    /// Defaults to 0.5. It is 0.4 in two cases: with ``Recipe/multiple`` and 10,000 examples or
    /// more, and with ``Recipe/single``, a lexicon and on average at most 20 examples per label.
    public var featureDropout: Float?
    /// Probability that an example is replaced by a synthetic negative, >= 0 and < 1. A synthetic
    /// negative mixes two examples with different labels, and is trained as out of scope.
    ///
    /// Defaults to 0 with ``Recipe/multiple`` and to 0.1 with ``Recipe/single``. With
    /// ``Recipe/single`` it is 0.3 if there is no lexicon and there are on average at most 20
    /// examples per label.
    public var syntheticNegatives: Float?
    /// Words and punctuation marks that separate clauses, such as `and` and `,`. At most 64. With
    /// an empty array, texts are not cut into clauses. In "dim the light and play jazz", each
    /// clause gets its own labels.
    ///
    /// By default clause separators are learned from the examples, and used if they improve the
    /// results on held-out examples.
    public var clauseSeparators: [String]?
    /// If true, the name of a label is used as one more example of the label, with underscores
    /// replaced by spaces. This applies only to labels with at most 20 examples. Defaults to true.
    public var usesLabelNames = true
    /// Descriptions by label name. Each is one more example of its label, used instead of the name.
    /// Training fails when no example has the label. Empty by default.
    ///
    /// Write a description in words that texts of the label use.
    public var descriptions: [String: String] = [:]
    /// Word vectors from elsewhere, which help when examples are few. Defaults to `nil`.
    public var lexicon: Lexicon?
    /// File for the data that later updates need, including the examples of the training. It is
    /// written at the end of the training, and replaces an existing file. Defaults to `nil`: only
    /// the model is kept.
    public var trainingState: TrainingStateFile?

    /// Creates the default options.
    public init() {}
}

/// File with the data that updates need: the model, the state of the optimiser, and the texts of
/// trainings and updates.
///
/// Only its owner can read the file.
public struct TrainingStateFile: Hashable, Sendable {
    /// URL of the file, by convention NAME.learner.
    public var url: URL
    /// If true, every change waits for the disk, so that no change is lost when power fails.
    /// Changes take longer then. Defaults to false.
    public var isPowerSafe: Bool

    /// Names a training-state file. Opens nothing.
    public init(_ url: URL, isPowerSafe: Bool = false) {
        self.url = url
        self.isPowerSafe = isPowerSafe
    }
}

/// Progress of a training.
public struct TrainingProgress: Hashable, Sendable {
    /// Number of finished epochs.
    public let epoch: Int
    /// Number of epochs, as far as known.
    public let epochs: Int
    /// Mean loss per example in the most recently finished epoch.
    public let loss: Double
    /// Share of held-out examples answered correctly after this epoch, 0 to 1; `nil` if it was not
    /// measured.
    public let heldOutScore: Double?
    /// Estimated seconds to go.
    public let secondsLeft: Double

    init(_ now: intent_progress) {
        epoch = now.epoch
        epochs = now.epochs
        loss = now.loss
        heldOutScore = now.heldout_score.isNaN ? nil : now.heldout_score
        secondsLeft = now.seconds_left
    }
}

/// Result of a training.
public struct TrainingReport: Hashable, Sendable {
    /// Labels, in order of first appearance.
    public let labels: [String]
    /// Number of labelled examples that were held out. The shares below are measured on them.
    public let heldOutCount: Int
    /// Accuracy to expect on new wording: share of labelled held-out examples whose top label was
    /// right before any text is rejected, 0 to 1. `nil` if ``heldOutCount`` is 0.
    ///
    /// The run that measures it is trained neither on these examples nor on near-duplicates of
    /// them. (The final model is trained on all examples.)
    public let heldOutAccuracy: Double?
    /// Accuracy to expect on wording like that of the examples, 0 to 1. `nil` if it was not
    /// measured.
    ///
    /// Measured like ``heldOutAccuracy``, but near-duplicates of the held-out examples, if there
    /// are any, are trained on.
    public let familiarAccuracy: Double?
    /// Share of labelled held-out examples that were answered with exactly their labels, 0 to 1.
    /// `nil` if it was not measured. A rejected example counts as wrong.
    public let heldOutAnswered: Double?
    /// One sentence for each likely mistake in the data, such as a label with one example, equal
    /// texts with different labels, or fewer than 10 held-out examples.
    ///
    /// A warning names examples by their number, counted from 1, and never quotes a text.
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
        // Sorted, because the order of a dictionary changes from run to run.
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
                throw .invalidArgument("a lexicon of \(words.count) words and \(dimensions) dimensions needs \(words.count) * \(dimensions) numbers, not \(vectors.count)")
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

    /// Sets one option.
    func set(_ work: (OpaquePointer, UnsafeMutablePointer<OpaquePointer?>) -> intent_status) throws(IntentError) {
        var problem: OpaquePointer?
        let status = work(pointer, &problem)
        try IntentError.check(status, problem)
    }

    deinit { intent_options_free(pointer) }
}
