internal import CIntentKit
import Foundation

/// A text classifier that runs, trains and learns on this device.
///
/// ```swift
/// let classifier = try IntentClassifier(contentsOf: modelURL)
/// let prediction = try classifier.predict("turn off the lights")
/// if prediction.isRejected { askAgain() } else { run(prediction.labels) }
/// ```
///
/// Thread-safe: share one classifier between tasks. Any number of them may predict at once, also
/// while the classifier trains or learns. Each prediction uses one model, the old or the new. A
/// prediction does not wait for trainings and updates, and on the CPU it waits for no other call.
public final class IntentClassifier: Sendable {
    let handle: Handle
    /// Serialises the trainings of this classifier.
    let turn = Turn()

    init(_ handle: Handle) {
        self.handle = handle
    }

    /// Loads a classifier from a model file.
    ///
    /// The file is mapped into memory, which takes well under a millisecond. While the classifier
    /// lives, replace the file only by renaming another over it, as ``save(to:)`` does.
    ///
    /// - Throws: ``IntentError/unreadableModel(_:_:)`` if the file is not a usable model,
    ///   ``IntentError/file(_:)`` if it can't be read.
    public convenience init(contentsOf url: URL) throws(IntentError) {
        self.init(try Handle { out, problem in url.lend { intent_load($0, out, problem) } })
    }

    /// Loads a classifier from the bytes of a model file.
    ///
    /// - Throws: ``IntentError/unreadableModel(_:_:)`` if the bytes are not a usable model.
    public convenience init(data: Data) throws(IntentError) {
        self.init(
            try Handle { out, problem in
                data.withUnsafeBytes { intent_load_bytes($0.bindMemory(to: UInt8.self).baseAddress, $0.count, out, problem) }
            })
    }

    /// Loads the sample model, which classifies commands to an assistant with eight components.
    ///
    /// - Throws: ``IntentError/file(_:)`` if the app lacks the resource bundle of this package.
    public static func sample() throws(IntentError) -> IntentClassifier {
        guard let url = Bundle.module.url(forResource: "assistant", withExtension: "intent") else {
            throw IntentError.file("the package's resources lack assistant.intent; add its resource bundle to the app")
        }
        return try IntentClassifier(contentsOf: url)
    }

    /// Names of the labels. Training and updates may change them.
    public var labels: [String] { handle.current().names }

    /// Number of labelled examples that training held out. If there was a validation file, the
    /// number of labelled examples in it. The shares below are measured on them.
    public var heldOutCount: Int {
        handle.heldOutCount
    }

    /// Accuracy to expect on new wording: share of labelled held-out examples whose top label was
    /// right before any text is rejected, 0 to 1. `nil` if ``heldOutCount`` is 0.
    ///
    /// The run that measures it is trained neither on these examples nor on near-duplicates of
    /// them. (The final model is trained on all examples.)
    public var heldOutAccuracy: Double? {
        handle.heldOutAccuracy
    }

    /// Accuracy to expect on wording like that of the examples, 0 to 1. `nil` if it was not
    /// measured.
    ///
    /// Measured like ``heldOutAccuracy``, but near-duplicates of the held-out examples, if there
    /// are any, are trained on.
    public var familiarAccuracy: Double? {
        handle.familiarAccuracy
    }

    /// Share of labelled held-out examples that were answered with exactly their labels, 0 to 1.
    /// `nil` if it was not measured. A rejected example counts as wrong.
    public var heldOutAnswered: Double? {
        handle.heldOutAnswered
    }

    /// Chooses the labels of a text, on the calling thread, in microseconds. The text is not
    /// copied.
    ///
    /// - Parameters:
    ///   - text: At most a mebibyte of UTF-8. May be empty.
    ///   - options: How to choose labels. Defaults to the decision rule from training.
    /// - Returns: The labels, best first. Empty if the text is rejected. The network rejects a text
    ///   when nothing in it is known, when its score is below the rejection threshold, or when no
    ///   label reaches its own threshold. The text is rejected when the network rejects it and no
    ///   keyword rule gives it a label.
    /// - Throws: ``IntentError/textTooLong(_:)``, ``IntentError/invalidArgument(_:)`` if an option
    ///   is out of range, or ``IntentError/readsNoTexts(_:)``.
    public func predict(_ text: String, options: PredictionOptions = .init()) throws(IntentError) -> Prediction {
        while true {
            var decision = intent_decision()
            var problem: OpaquePointer?
            var labels: [Label]?
            let status = handle.lend { pointer in
                let capacity = Int(intent_label_count(pointer))
                return withUnsafeTemporaryAllocation(of: intent_scored.self, capacity: capacity) { buffer in
                    let status = text.lend { text in
                        options.lend {
                            intent_predict_detailed(pointer, text, $0, buffer.baseAddress, capacity, &decision, &problem)
                        }
                    }
                    if status == INTENT_STATUS_OK {
                        labels = handle.labels(buffer.prefix(decision.count), of: decision.model_version)
                    }
                    return status
                }
            }
            try IntentError.check(status, problem)
            // Otherwise the model was swapped and labels may have new indices: ask the new model.
            if let labels {
                return Prediction(
                    labels: labels, isByRule: decision.source == INTENT_SOURCE_RULE, modelVersion: decision.model_version)
            }
        }
    }

    /// Chooses the labels of a text as values of the app's own type, such as an enum of its
    /// components.
    ///
    /// ```swift
    /// enum Component: String { case vision = "VISION", voice = "VOICE" }
    /// let components = try classifier.predict("can you see my screen?", as: Component.self).values
    /// ```
    ///
    /// - Throws: As ``predict(_:options:)``.
    public func predict<Value: RawRepresentable & Hashable & Sendable>(
        _ text: String, as type: Value.Type, options: PredictionOptions = .init()
    ) throws(IntentError) -> TypedPrediction<Value> where Value.RawValue == String {
        TypedPrediction(try predict(text, options: options))
    }

    /// Chooses the labels of many texts, and blocks until all are answered. More than 256 texts are
    /// classified on all cores.
    ///
    /// Each text gets the labels that ``predict(_:options:)`` chooses. ``Prediction/isByRule`` is
    /// always false.
    ///
    /// - Parameters:
    ///   - texts: Texts, each at most a mebibyte of UTF-8. They are copied.
    ///   - options: How to choose labels, the same for all texts.
    /// - Returns: One prediction per text, in the order of the texts.
    /// - Throws: As ``predict(_:options:)``, if any text can't be answered.
    public func predict(batch texts: [String], options: PredictionOptions = .init()) throws(IntentError) -> [Prediction] {
        let arena = Arena(texts)
        while true {
            let (version, names) = handle.current()
            var chosen = [intent_scored](repeating: intent_scored(), count: texts.count * names.count)
            var counts = [Int](repeating: 0, count: texts.count)
            try handle.call { pointer, problem in
                arena.lend { texts in
                    options.lend { options in
                        chosen.withUnsafeMutableBufferPointer { chosen in
                            counts.withUnsafeMutableBufferPointer { counts in
                                var batch = intent_batch(
                                    size: MemoryLayout<intent_batch>.size, texts: texts.baseAddress, text_count: texts.count,
                                    labels_out: chosen.baseAddress, capacity: names.count, counts_out: counts.baseAddress)
                                return intent_predict_batch(pointer, &batch, options, problem)
                            }
                        }
                    }
                }
            }
            // Otherwise another model may have answered, with other labels.
            if handle.lend({ intent_model_version($0) }) == version {
                return counts.indices.map { i in
                    let labels = chosen[i * names.count..<(i + 1) * names.count].prefix(counts[i])
                    return Prediction(labels: labels.map { Label(names, $0) }, modelVersion: version)
                }
            }
        }
    }

    /// Computes the features of a whole text: 256 numbers with Euclidean norm 1. The norm is
    /// smaller if some words are unknown. All numbers are zero if nothing in the text is known.
    ///
    /// A Core ML package of ``exportCoreML(to:precision:rows:author:license:)`` takes such vectors.
    public func vectorize(_ text: String) throws(IntentError) -> [Float] {
        var features = [Float](repeating: 0, count: Int(INTENT_FEATURES))
        try handle.call { pointer, problem in
            text.lend { intent_vectorize(pointer, $0, &features, problem) }
        }
        return features
    }

    /// Computes the features of each clause in which anything is known: the first half of
    /// ``predict(_:options:)``.
    ///
    /// - Returns: At most 32 vectors of 256 numbers.
    public func vectorizeClauses(_ text: String) throws(IntentError) -> [[Float]] {
        let (width, most) = (Int(INTENT_FEATURES), Int(INTENT_MAX_CLAUSES))
        var rows = [Float](repeating: 0, count: width * most)
        var count = 0
        try handle.call { pointer, problem in
            text.lend { intent_vectorize_rows(pointer, $0, &rows, most, &count, problem) }
        }
        return (0..<min(count, most)).map { Array(rows[$0 * width..<($0 + 1) * width]) }
    }

    /// Chooses labels for feature vectors, one for each clause of a text: the second half of
    /// ``predict(_:options:)``.
    ///
    /// Keyword rules need the text, so they are not used here. Vectors of zeros are ignored. If
    /// there is no other vector, the text is rejected.
    ///
    /// - Parameters:
    ///   - clauses: Vectors of 256 numbers, as ``vectorizeClauses(_:)`` returns them.
    ///   - options: How to choose labels. Defaults to the decision rule from training.
    /// - Throws: ``IntentError/invalidArgument(_:)`` if a vector has another length or an option is
    ///   out of range.
    public func predict(features clauses: [[Float]], options: PredictionOptions = .init()) throws(IntentError) -> Prediction {
        guard clauses.allSatisfy({ $0.count == Int(INTENT_FEATURES) }) else {
            throw .invalidArgument("a feature vector must have \(INTENT_FEATURES) numbers; use those of vectorizeClauses(_:)")
        }
        let rows = Array(clauses.joined())
        while true {
            let (version, names) = handle.current()
            var chosen = [intent_scored](repeating: intent_scored(), count: names.count)
            var count = 0
            try handle.call { pointer, problem in
                rows.withUnsafeBufferPointer { rows in
                    let rows = intent_feature_rows(features: rows.baseAddress, count: clauses.count)
                    return options.lend { intent_predict_features(pointer, rows, $0, &chosen, names.count, &count, problem) }
                }
            }
            if handle.lend({ intent_model_version($0) }) == version {
                return Prediction(labels: chosen.prefix(count).map { Label(names, $0) }, modelVersion: version)
            }
        }
    }

    /// Prepares the model, so that the next prediction is fast. Optional: call it after loading a
    /// file.
    public func prepare() async throws(IntentError) {
        try await offPool { [handle] () throws(IntentError) in
            try handle.call { intent_prepare($0, $1) }
        }
    }

    /// Saves the model to a file, by convention NAME.intent. The model holds label names but no
    /// training texts.
    ///
    /// An existing file is replaced in one step. After an interruption the old file or the new one
    /// is there, complete.
    ///
    /// - Throws: ``IntentError/file(_:)`` if the file can't be written.
    public func save(to url: URL) throws(IntentError) {
        try handle.call { pointer, problem in
            url.lend { intent_save(pointer, $0, problem) }
        }
    }

    /// Version of the loaded library, such as "0.1.0".
    public static var libraryVersion: String { String(cString: intent_version()) }
}

extension Label {
    init(_ names: [String], _ scored: intent_scored) {
        self.init(name: names[Int(scored.label)], probability: scored.probability)
    }
}

extension Handle {
    /// As ``IntentClassifier/heldOutCount``.
    var heldOutCount: Int { lend { Int(intent_heldout_count($0)) } }

    /// As ``IntentClassifier/heldOutAccuracy``.
    var heldOutAccuracy: Double? {
        let accuracy = lend { intent_heldout_accuracy($0) }
        return accuracy.isNaN ? nil : accuracy
    }

    /// As ``IntentClassifier/familiarAccuracy``.
    var familiarAccuracy: Double? {
        let accuracy = lend { intent_familiar_accuracy($0) }
        return accuracy.isNaN ? nil : accuracy
    }

    /// As ``IntentClassifier/heldOutAnswered``.
    var heldOutAnswered: Double? {
        let share = lend { intent_heldout_answered($0) }
        return share.isNaN ? nil : share
    }

    /// Names the labels that a model chose. Returns `nil` if another model is in use now.
    func labels(_ chosen: some Collection<intent_scored>, of version: UInt64) -> [Label]? {
        names(of: version).map { names in chosen.map { Label(names, $0) } }
    }
}

/// Runs blocking work on a thread of its own, so that the caller blocks neither an actor nor the
/// pool of all tasks.
func offPool<Value: Sendable>(
    qos: DispatchQoS = .userInitiated, _ work: @escaping @Sendable () throws(IntentError) -> Value
) async throws(IntentError) -> Value {
    let outcome = await withCheckedContinuation { (done: CheckedContinuation<Result<Value, IntentError>, Never>) in
        workers.async(qos: qos) {
            done.resume(returning: Result { () throws(IntentError) in try work() })
        }
    }
    return try outcome.get()
}

/// Concurrent, so that work that waits for its turn does not delay other work.
private let workers = DispatchQueue(label: "IntentKit", attributes: .concurrent)
