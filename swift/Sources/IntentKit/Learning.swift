internal import CIntentKit
import Foundation

/// Result of an update.
public struct UpdateReport: Hashable, Sendable {
    /// Number of examples that were learned. If several examples have the same text, only the last
    /// one is used.
    public let examples: Int
    /// Number of examples now classified correctly.
    public let right: Int
    /// Number of new labels.
    public let newLabels: Int
    /// Version of the model that knows the examples, as in ``Prediction/modelVersion``.
    public let modelVersion: UInt64
}

/// Words that ask for a label, in addition to the network.
///
/// The network comes first. It decides alone if it does not reject the text and the probability of
/// its top label is 0.85 or more. Otherwise the labels of the matching rules come first, with a
/// probability of 0.85, even if the network rejects the text. In a model of label sets the other
/// labels that the network chooses follow. A single-label model answers only one label: that of the
/// longest match. Rules are ignored in a prediction with a threshold above 0.85.
public struct KeywordRule: Hashable, Sendable, Codable {
    /// Name of the label.
    public var label: String
    /// Keywords of one to eight consecutive words, matched anywhere in a text. Case, punctuation
    /// and Unicode forms are ignored.
    ///
    /// Symbols such as `+` and `#` count in the rules that contain them: `c++` is not in "vitamin c".
    /// A keyword's first word also matches what follows an apostrophe: `alarme` is in "l'alarme". The
    /// endings of English words, as in "can't", are no words.
    public var keywords: [String]
    /// Phrases that match a whole text. Case, punctuation and Unicode forms are ignored.
    public var phrases: [String]

    /// Creates a rule. It matches if any of its keywords or phrases does.
    public init(_ label: String, keywords: [String] = [], phrases: [String] = []) {
        (self.label, self.keywords, self.phrases) = (label, keywords, phrases)
    }
}

extension IntentClassifier {
    /// Creates a classifier from keyword rules alone, without training.
    ///
    /// It answers what the rules match and rejects every other text. It learns from updates and
    /// keeps the examples.
    ///
    /// - Throws: ``IntentError/invalidArgument(_:)`` if there is no rule or a rule is wrong. The
    ///   message names the rule.
    public convenience init(rules: [KeywordRule]) throws(IntentError) {
        let json = try rules.json()
        self.init(try Handle { out, problem in json.lend { intent_from_rules($0, out, problem) } })
    }

    /// Loads a classifier from a training-state file, as it was after the last change.
    ///
    /// Every later change is written to the file before it takes effect. A read-only file loads;
    /// later changes then fail.
    ///
    /// - Throws: ``IntentError/badTrainingState(_:)`` if the file is corrupt, is not a
    ///   training-state file, was written by a newer library, or is in use by another classifier or
    ///   process; ``IntentError/file(_:)`` if it can't be read.
    public convenience init(trainingState file: TrainingStateFile) throws(IntentError) {
        self.init(
            try Handle { out, problem in
                file.url.lend { intent_load_training_state($0, file.isPowerSafe, out, problem) }
            })
    }

    /// Teaches the classifier a few examples without a full training: corrections, new texts, new
    /// labels.
    ///
    /// Takes some milliseconds for each example, about a tenth of a second for a new label.
    /// Predictions after the call use the new model. Updates of one classifier run one after the
    /// other.
    ///
    /// An update can make predictions for other texts worse. To prevent this, the update also
    /// trains on kept examples if the classifier has a training state: it was trained with
    /// ``TrainingOptions/trainingState``, or comes from ``init(trainingState:)`` or
    /// ``init(rules:)``. Without a training state, the update uses the classifier's own predictions
    /// in place of kept examples. This works less well. If the training-state file was deleted, it
    /// is written again.
    ///
    /// - Returns: Number of examples that were learned, and how many are now classified correctly.
    /// - Throws: ``IntentError/invalidArgument(_:)`` if a label name is empty, has 256 bytes or
    ///   more or has control characters, if a label is new and ``allowNewLabels(_:)`` forbids it,
    ///   or if a text with labels holds nothing to learn from; ``IntentError/badTrainingState(_:)``
    ///   if the training-state file is read-only, or was replaced or changed by another program;
    ///   ``IntentError/file(_:)`` if it can't be written. On failure nothing was learned.
    @discardableResult
    public func update(with examples: [Example]) async throws(IntentError) -> UpdateReport {
        try await offPool { [handle] () throws(IntentError) in
            var report = intent_update_report()
            try handle.call { pointer, problem in
                examples.lend { texts, labels, counts in
                    intent_update(pointer, texts, examples.count, labels, counts, &report, problem)
                }
            }
            return UpdateReport(
                examples: report.examples, right: report.right, newLabels: report.new_labels, modelVersion: report.model_version)
        }
    }

    /// As ``update(with:)-([Example])``, with one example.
    @discardableResult
    public func update(with example: Example) async throws(IntentError) -> UpdateReport {
        try await update(with: [example])
    }

    /// Allows or forbids new labels in ``update(with:)-([Example])``. Allowed by default.
    public func allowNewLabels(_ allowed: Bool) throws(IntentError) {
        try handle.call { intent_allow_new_labels($0, allowed, $1) }
    }

    /// Renames a label. Its rules follow it.
    ///
    /// - Throws: ``IntentError/invalidArgument(_:)`` if there is no such label or another label has
    ///   the new name. On failure nothing has changed.
    public func rename(label: String, to name: String) async throws(IntentError) {
        try await change(Arena([label, name])) { intent_rename_label($0, $1[0], $1[1], $2) }
    }

    /// Merges a label into another, which from then on answers for both. Takes some tenths of a
    /// second.
    ///
    /// - Throws: ``IntentError/invalidArgument(_:)`` if there is no such label. On failure nothing
    ///   has changed.
    public func merge(label: String, into other: String) async throws(IntentError) {
        try await change(Arena([label, other])) { intent_merge_label($0, $1[0], $1[1], $2) }
    }

    /// Removes a label, with its rules and the kept examples that have no other label.
    ///
    /// - Throws: ``IntentError/invalidArgument(_:)`` if there is no such label, or it is the last
    ///   one. On failure nothing has changed.
    public func remove(label: String) async throws(IntentError) {
        try await change(Arena([label])) { intent_remove_label($0, $1[0], $2) }
    }

    /// Replaces the keyword rules. Unknown labels are added. An empty array removes all rules. The
    /// rules are saved with the model.
    ///
    /// - Throws: ``IntentError/invalidArgument(_:)`` if a rule is wrong. On failure nothing has
    ///   changed.
    public func setRules(_ rules: [KeywordRule]) async throws(IntentError) {
        try await change(Arena([try rules.json()])) { intent_set_rules($0, $1[0], $2) }
    }

    private func change(
        _ names: Arena,
        _ work: @escaping @Sendable (OpaquePointer, UnsafeBufferPointer<intent_text>, UnsafeMutablePointer<OpaquePointer?>) -> intent_status
    ) async throws(IntentError) {
        try await offPool { [handle] () throws(IntentError) in
            try handle.call { pointer, problem in names.lend { work(pointer, $0, problem) } }
        }
    }

    /// Saves the training state to a file: the model, the other data that updates need, and the
    /// texts kept for learning. From now on, every change is also written to this file. An existing
    /// file is replaced in one step.
    ///
    /// ``save(to:)`` saves the model alone, without any text.
    ///
    /// - Throws: ``IntentError/file(_:)`` if the file can't be written.
    public func save(trainingState file: TrainingStateFile) async throws(IntentError) {
        try await offPool { [handle] () throws(IntentError) in
            try handle.call { pointer, problem in
                file.url.lend { intent_save_training_state(pointer, $0, file.isPowerSafe, problem) }
            }
        }
    }

    /// The examples that are kept for learning.
    public var keptExamples: [Example] {
        get throws(IntentError) {
            let lines = try handle.text { intent_kept_examples($0, $1, $2, $3, $4) }
            return try lines.split(separator: "\n").map { line throws(IntentError) in try decode(Example.self, from: String(line)) }
        }
    }

    /// Deletes all texts that are kept for learning, from memory and from the training-state file.
    /// What was learned from them stays.
    ///
    /// Afterwards no background training starts. On failure nothing was deleted.
    public func forgetExamples() async throws(IntentError) {
        try await offPool { [handle] () throws(IntentError) in
            try handle.call { intent_forget_examples($0, $1) }
        }
    }

    /// Sets when and how the classifier is trained in the background, from all examples that are
    /// kept.
    ///
    /// The training runs with low priority, by default on one thread. The new model replaces the
    /// current one unless it is worse. It is worse if
    ///
    /// - it loses more than five standard errors on the held-out examples,
    /// - it loses more than two standard errors on up to 500 kept examples, or
    /// - it answers a golden example incorrectly that the current one answers correctly.
    ///
    /// In this comparison, corrections that contradict other examples are left out, golden examples
    /// never.
    ///
    /// Without this call a training starts after every 100 learned examples. It starts only if the
    /// examples of the first training are kept: by default they are not, see
    /// ``TrainingOptions/trainingState``. If they are not kept, the statistics count a refused
    /// training instead.
    ///
    /// - Parameters:
    ///   - count: Number of learned examples after which a training starts. `nil` never starts one.
    ///   - options: How to train. Training state, recipe and seed are ignored: the last two are
    ///     those of the model. So is the acceptance rate, unless ``TrainingOptions/cost`` is set:
    ///     costs choose it. Clause separators are those of the model unless set here. Other options
    ///     of the first training, such as descriptions and the lexicon, must be given again.
    ///     Defaults to the default options on one thread; options of your own use all cores unless
    ///     ``TrainingOptions/threads`` says otherwise.
    ///   - golden: Golden examples. A new model is refused if it answers one of them incorrectly
    ///     that the current model answers correctly. Empty by default.
    /// - Throws: ``IntentError/invalidArgument(_:)`` if an option is out of range,
    ///   ``IntentError/textTooLong(_:)``.
    public func setRetraining(
        after count: Int?, options: TrainingOptions? = nil, golden: [Example] = []
    ) throws(IntentError) {
        var options = options
        options?.trainingState = nil
        let given: COptions? = if let options { try COptions(options) } else { nil }
        try withExtendedLifetime(given) { () throws(IntentError) in
            try handle.call { pointer, problem in
                golden.lend { texts, labels, counts in
                    var retraining = intent_retraining_options(
                        size: MemoryLayout<intent_retraining_options>.size, after: count ?? 0, training: given?.pointer,
                        golden: texts, golden_count: golden.count, golden_labels: labels, golden_label_counts: counts)
                    return intent_set_retraining(pointer, &retraining, problem)
                }
            }
        }
    }

    /// Starts a background training now and returns at once. Does nothing while one is running.
    ///
    /// - Throws: ``IntentError/invalidArgument(_:)`` if the examples of the training are not kept,
    ///   if no kept example has a label, or if the model has a lexicon and the options of
    ///   ``setRetraining(after:options:golden:)`` have none; ``IntentError/outOfMemory(_:)`` if
    ///   the system can't start a thread.
    public func retrain() throws(IntentError) {
        try handle.call { intent_retrain($0, $1) }
    }

    /// Waits until no background training is running or the timeout elapses. Returns true if none
    /// is running. ``statistics`` tells the result of the training.
    ///
    /// - Parameter seconds: Timeout in seconds, >= 0. `.infinity` waits to the end.
    public func waitForRetraining(seconds: Double) async throws(IntentError) -> Bool {
        try await offPool { [handle] () throws(IntentError) in
            var isDone = false
            try handle.call { intent_wait_for_retraining($0, seconds, &isDone, $1) }
            return isDone
        }
    }

    /// Returns to the model from before the last background training. Examples that were learned
    /// since are learned again by that model. A background training that is running is ended.
    ///
    /// - Throws: ``IntentError/invalidArgument(_:)`` if there is no such model. On failure nothing
    ///   has changed.
    public func rollBack() async throws(IntentError) {
        try await offPool { [handle] () throws(IntentError) in
            try handle.call { intent_roll_back($0, $1) }
        }
    }
}

extension [KeywordRule] {
    fileprivate func json() throws(IntentError) -> String {
        do {
            return String(decoding: try JSONEncoder().encode(self), as: UTF8.self)
        } catch {
            throw .invalidArgument("cannot encode the rules as JSON: \(error)")
        }
    }
}
