internal import CIntentKit
import Foundation

/// Result of an update.
public struct UpdateReport: Hashable, Sendable {
    /// Number of examples that were learned. Of several with the same text the last counts.
    public let examples: Int
    /// Number of examples now classified correctly.
    public let right: Int
    /// Number of new labels.
    public let newLabels: Int
    /// Version of the model that knows the examples, as in ``Prediction/modelVersion``.
    public let modelVersion: UInt64
}

/// Words that ask for a label, beside the network.
///
/// A network that is sure of its answer takes precedence over rules. Otherwise rules take precedence.
public struct KeywordRule: Hashable, Sendable, Codable {
    public var label: String
    /// One to eight consecutive words, matched anywhere in a text. Case, punctuation and Unicode forms are ignored.
    public var keywords: [String]
    /// Whole texts.
    public var phrases: [String]

    public init(_ label: String, keywords: [String] = [], phrases: [String] = []) {
        (self.label, self.keywords, self.phrases) = (label, keywords, phrases)
    }
}

extension IntentClassifier {
    /// Creates a classifier from keyword rules alone, without training. It learns from updates.
    public convenience init(rules: [KeywordRule]) throws(IntentError) {
        let json = try rules.json()
        self.init(try Handle { out, problem in json.lend { intent_from_rules($0, out, problem) } })
    }

    /// Loads a classifier from a training-state file, as it was after the last change.
    ///
    /// Every later change is written to the file before it takes effect.
    ///
    /// - Throws: ``IntentError/badTrainingState(_:)`` when the file is corrupt, is not a training-state file, or is in use
    ///   by another classifier.
    public convenience init(trainingState file: TrainingStateFile) throws(IntentError) {
        self.init(
            try Handle { out, problem in
                file.url.lend { intent_load_training_state($0, file.isPowerSafe, out, problem) }
            })
    }

    /// Teaches the classifier a few examples without a full training: corrections, new texts, new labels.
    ///
    /// Takes some milliseconds for each example, about a tenth of a second for a new label. Predictions after the call know the examples. A
    /// classifier that keeps its examples (``TrainingOptions/trainingState``, ``init(trainingState:)``, ``init(rules:)``) protects its other labels best.
    ///
    /// - Throws: ``IntentError/invalidArgument(_:)`` for a new label where ``allowNewLabels(_:)`` forbids them, ``IntentError/badTrainingState(_:)``
    ///   if another program replaced or changed the training-state file, ``IntentError/file(_:)`` if that file can't be written. Nothing was
    ///   learned then. A training-state file that was deleted is written again.
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

    /// Renames a label.
    public func rename(label: String, to name: String) async throws(IntentError) {
        try await change(Arena([label, name])) { intent_rename_label($0, $1[0], $1[1], $2) }
    }

    /// Merges a label into another, which from then on answers for both.
    public func merge(label: String, into other: String) async throws(IntentError) {
        try await change(Arena([label, other])) { intent_merge_label($0, $1[0], $1[1], $2) }
    }

    /// Removes a label, with its rules and the kept examples that have no other label.
    public func remove(label: String) async throws(IntentError) {
        try await change(Arena([label])) { intent_remove_label($0, $1[0], $2) }
    }

    /// Replaces the keyword rules. Unknown labels are added.
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

    /// Saves the training state to a file and keeps it there from now on: the model, the texts kept for learning, and every later change.
    ///
    /// ``save(to:)`` saves the model alone, without any text.
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

    /// Deletes all texts that are kept for learning, from memory and from the training-state file. What was learned from them stays.
    public func forgetExamples() async throws(IntentError) {
        try await offPool { [handle] () throws(IntentError) in
            try handle.call { intent_forget_examples($0, $1) }
        }
    }

    /// Sets when and how the classifier is trained in the background, from all examples that are kept.
    ///
    /// The training runs on one thread of low priority. Its model takes the place of the current one unless it is worse: by more than two
    /// standard errors on the lines that the training holds out or on up to 500 kept examples, or by more than one on the golden examples.
    /// Corrections that contradict other examples are not counted. Without this call a training starts after every 100 learned examples.
    ///
    /// - Parameters:
    ///   - count: Number of learned examples after which a training starts. `nil` never starts one.
    ///   - options: How to train. Its training state is ignored. Options of the first training, such as descriptions, must be given again.
    ///     Defaults to the default options on one thread.
    ///   - golden: Examples that must not get worse.
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

    /// Starts a background training now and returns at once.
    public func retrain() throws(IntentError) {
        try handle.call { intent_retrain($0, $1) }
    }

    /// Waits until no background training is running or `seconds` elapses. Returns true if none is running.
    public func waitForRetraining(seconds: Double) async throws(IntentError) -> Bool {
        try await offPool { [handle] () throws(IntentError) in
            var isDone = false
            try handle.call { intent_wait_for_retraining($0, seconds, &isDone, $1) }
            return isDone
        }
    }

    /// Returns to the model from before the last background training. Examples that were learned since are learned again by that model.
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
            throw .invalidArgument("the rules can't be written as JSON: \(error)")
        }
    }
}
