internal import CIntentKit
import Foundation

/// What came of an update.
public struct UpdateReport: Hashable, Sendable {
    /// Examples that were learned; of several with the same text the last counts.
    public let examples: Int
    /// Those that are answered exactly right now.
    public let right: Int
    /// Labels that are new.
    public let newLabels: Int
    /// Number of the model that knows them, as in ``Prediction/modelVersion``.
    public let modelVersion: UInt64
}

/// Words that ask for a label, beside the network: a network that is sure of its answer goes before them, one that isn't behind them.
public struct KeywordRule: Hashable, Sendable, Codable {
    public var label: String
    /// One to eight words in a row that ask for the label wherever they stand. Case, punctuation and forms of letters don't matter.
    public var keywords: [String]
    /// Whole texts.
    public var phrases: [String]

    public init(_ label: String, keywords: [String] = [], phrases: [String] = []) {
        (self.label, self.keywords, self.phrases) = (label, keywords, phrases)
    }
}

extension IntentClassifier {
    /// Of keyword rules alone, without any training: a first version, which can learn.
    public convenience init(rules: [KeywordRule]) throws(IntentError) {
        let json = try rules.json()
        self.init(try Handle { out, problem in json.lend { intent_new($0, $1, out, problem) } })
    }

    /// Opens a learner file: the model in it as it was after the last change, ready to predict and to learn. Every change to come is written
    /// to the file before it is made.
    ///
    /// - Throws: ``IntentError/badLearner(_:)`` when it is damaged, is none, or is open in another classifier.
    public convenience init(learner file: LearnerFile) throws(IntentError) {
        self.init(
            try Handle { out, problem in
                file.url.lend { intent_load_learner($0, $1, file.isPowerSafe, out, problem) }
            })
    }

    /// Learns from a few examples without a full training: corrections of what was answered wrong, new texts, new labels.
    ///
    /// Takes some milliseconds an example, about a tenth of a second for a new label. When it returns, predictions know them. A classifier
    /// that keeps its examples (``TrainingOptions/learner``, ``init(learner:)``, ``init(rules:)``) protects its other labels best.
    ///
    /// - Throws: ``IntentError/invalidArgument(_:)`` for a new label where ``allowNewLabels(_:)`` forbids them, ``IntentError/badLearner(_:)``
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

    /// Whether ``update(with:)-([Example])`` may be given labels that are none yet. Default: it may.
    public func allowNewLabels(_ allowed: Bool) throws(IntentError) {
        try handle.call { intent_allow_new_labels($0, allowed, $1) }
    }

    /// Gives a label another name.
    public func rename(label: String, to name: String) async throws(IntentError) {
        try await change(Arena([label, name])) { intent_rename_label($0, $1[0], $1[1], $2) }
    }

    /// Makes one label of two: from then on `other` answers for both.
    public func merge(label: String, into other: String) async throws(IntentError) {
        try await change(Arena([label, other])) { intent_merge_label($0, $1[0], $1[1], $2) }
    }

    /// Takes a label away, with its rules and the kept examples that have no other label.
    public func remove(label: String) async throws(IntentError) {
        try await change(Arena([label])) { intent_remove_label($0, $1[0], $2) }
    }

    /// Puts keyword rules in the place of those there are; labels that are none yet are added.
    public func setRules(_ rules: [KeywordRule]) async throws(IntentError) {
        try await change(Arena([try rules.json()])) { intent_set_rules($0, $1[0].bytes, $1[0].length, $2) }
    }

    private func change(
        _ names: Arena,
        _ work: @escaping @Sendable (OpaquePointer, UnsafeBufferPointer<intent_text>, UnsafeMutablePointer<OpaquePointer?>) -> intent_status
    ) async throws(IntentError) {
        try await offPool { [handle] () throws(IntentError) in
            try handle.call { pointer, problem in names.lend { work(pointer, $0, problem) } }
        }
    }

    /// Keeps what learning needs in a file from now on: the model, the texts kept for it, and every change to come. ``save(to:)`` writes
    /// the model alone, without any text.
    public func save(learner file: LearnerFile) async throws(IntentError) {
        try await offPool { [handle] () throws(IntentError) in
            try handle.call { pointer, problem in
                file.url.lend { intent_save_learner(pointer, $0, $1, file.isPowerSafe, problem) }
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

    /// Drops all texts that are kept for learning, in memory and in the learner file. What was learned from them stays.
    public func forgetExamples() async throws(IntentError) {
        try await offPool { [handle] () throws(IntentError) in
            try handle.call { intent_forget_examples($0, $1) }
        }
    }

    /// When to train again from everything that is kept, in the background and on one thread of low priority. The new model takes the place
    /// of the current one unless it is worse: on the lines it holds out or on up to 500 kept examples, by more than two standard errors, or on
    /// the golden examples, by one. Corrections that contradict the other examples don't count. Without this call that is behind every 100 examples.
    ///
    /// - Parameters:
    ///   - count: Behind how many examples that were learned; `nil` for never by itself.
    ///   - options: How to train; its learner doesn't count. What the first training had, such as descriptions, is to be given again.
    ///     Default: the defaults on one thread.
    ///   - golden: Examples that must not get worse.
    public func setRetraining(
        after count: Int?, options: TrainingOptions? = nil, golden: [Example] = []
    ) throws(IntentError) {
        var options = options
        options?.learner = nil
        let given: COptions? = if let options { try COptions(options) } else { nil }
        try withExtendedLifetime(given) { () throws(IntentError) in
            try handle.call { pointer, problem in
                golden.lend { texts, labels, counts in
                    intent_set_retraining(pointer, count ?? 0, given?.pointer, texts, golden.count, labels, counts, problem)
                }
            }
        }
    }

    /// Trains again in the background now; returns at once.
    public func retrain() throws(IntentError) {
        try handle.call { intent_retrain($0, $1) }
    }

    /// Waits until no training is going on in the background, at most so many seconds; says whether that is so.
    public func waitForRetraining(seconds: Double) async throws(IntentError) -> Bool {
        try await offPool { [handle] () throws(IntentError) in
            var isDone = false
            try handle.call { intent_wait_for_retraining($0, seconds, &isDone, $1) }
            return isDone
        }
    }

    /// Goes back to the model from before the last training in the background. What was learned since is learned again by it.
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
