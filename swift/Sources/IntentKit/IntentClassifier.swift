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
/// Share one classifier between tasks. Any number of them may predict with it at once, also while it trains or learns: each prediction
/// is made by one model, the old or the new, and waits for nothing.
public final class IntentClassifier: Sendable {
    let handle: Handle
    /// Trainings of this classifier, one after the other.
    let turn = Turn()

    init(_ handle: Handle) {
        self.handle = handle
    }

    /// Opens a model file. It is mapped into memory, which takes well under a millisecond.
    public convenience init(contentsOf url: URL) throws(IntentError) {
        self.init(try Handle { out, problem in url.lend { intent_load($0, out, problem) } })
    }

    /// Opens a model from the bytes of a model file.
    public convenience init(data: Data) throws(IntentError) {
        self.init(
            try Handle { out, problem in
                data.withUnsafeBytes { intent_load_bytes($0.bindMemory(to: UInt8.self).baseAddress, $0.count, out, problem) }
            })
    }

    /// The sample model, which tells apart the commands of an assistant with eight components.
    public static func sample() throws(IntentError) -> IntentClassifier {
        guard let url = Bundle.module.url(forResource: "assistant", withExtension: "intent") else {
            throw IntentError.file("the package's resources lack assistant.intent; add its resource bundle to the app")
        }
        return try IntentClassifier(contentsOf: url)
    }

    /// The labels it knows. Learning adds to them.
    public var labels: [String] { handle.current().names }

    /// Number of lines with labels that training held out. What it measured rests on them.
    public var heldOutCount: Int {
        handle.heldOutCount
    }

    /// Accuracy to expect for new wording: share of the held-out lines whose best label was right in training, 0 to 1; `nil` when no line
    /// could be held out. No near-duplicate of a held-out line is trained on.
    public var heldOutAccuracy: Double? {
        handle.heldOutAccuracy
    }

    /// Accuracy to expect for wording like that of the training lines, whose near-duplicates are trained on, 0 to 1; `nil` when it was not
    /// measured.
    public var familiarAccuracy: Double? {
        handle.familiarAccuracy
    }

    /// Share of the held-out lines that were answered with exactly their labels, 0 to 1; `nil` when it was not measured. A line that is
    /// rejected counts as wrong.
    public var heldOutAnswered: Double? {
        handle.heldOutAnswered
    }

    /// Chooses the labels of a text, on the calling thread, in microseconds. The text isn't copied.
    ///
    /// - Parameters:
    ///   - text: What the user said or typed, up to a mebibyte. May be empty.
    ///   - options: What to ask for, instead of the model's own rule.
    /// - Returns: The labels, best first. None when the text holds nothing known, its best score is under the rejection threshold, or no label
    ///   reaches its threshold.
    public func predict(_ text: String, options: PredictionOptions = .init()) throws(IntentError) -> Prediction {
        while true {
            var decision = intent_decision()
            var problem: OpaquePointer?
            var labels: [Label]?
            let status = handle.lend { pointer in
                let capacity = Int(intent_label_count(pointer))
                return withUnsafeTemporaryAllocation(of: intent_scored.self, capacity: capacity) { room in
                    let status = text.lend { text in
                        options.lend {
                            intent_predict_detailed(pointer, text, $0, room.baseAddress, capacity, &decision, &problem)
                        }
                    }
                    if status == INTENT_STATUS_OK {
                        labels = handle.labels(room.prefix(decision.count), of: decision.model_version)
                    }
                    return status
                }
            }
            try IntentError.check(status, problem)
            // Otherwise its labels were renumbered meanwhile: the new model is asked.
            if let labels {
                return Prediction(
                    labels: labels, isByRule: decision.source == INTENT_SOURCE_RULE, modelVersion: decision.model_version)
            }
        }
    }

    /// Chooses the labels of a text as values of a type of the app's, such as an enum of its components.
    ///
    /// ```swift
    /// enum Component: String { case vision = "VISION", voice = "VOICE" }
    /// let components = try classifier.predict("can you see my screen?", as: Component.self).values
    /// ```
    public func predict<Value: RawRepresentable & Hashable & Sendable>(
        _ text: String, as type: Value.Type, options: PredictionOptions = .init()
    ) throws(IntentError) -> TypedPrediction<Value> where Value.RawValue == String {
        TypedPrediction(try predict(text, options: options))
    }

    /// Chooses the labels of many texts, on all cores, and returns when all are answered. The answers
    /// are those of ``predict(_:options:)``, in the order of the texts; ``Prediction/isByRule`` is false throughout.
    ///
    /// - Parameter texts: They are copied. When one can't be answered, none is.
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
            // Otherwise another model may have answered, with labels of its own.
            if handle.lend({ intent_model_version($0) }) == version {
                return counts.indices.map { i in
                    let labels = chosen[i * names.count..<(i + 1) * names.count].prefix(counts[i])
                    return Prediction(labels: labels.map { Label(names, $0) }, modelVersion: version)
                }
            }
        }
    }

    /// The 256 features of a text: a vector of unit length, or zeros when nothing in it is known. This is what a Core ML package of
    /// ``exportCoreML(to:precision:rows:author:license:)`` takes.
    public func vectorize(_ text: String) throws(IntentError) -> [Float] {
        var features = [Float](repeating: 0, count: Int(INTENT_FEATURES))
        try handle.call { pointer, problem in
            text.lend { intent_vectorize(pointer, $0, &features, problem) }
        }
        return features
    }

    /// The features of each clause of a text in which anything is known: the first half of ``predict(_:options:)``.
    public func vectorizeClauses(_ text: String) throws(IntentError) -> [[Float]] {
        let (width, most) = (Int(INTENT_FEATURES), Int(INTENT_MAX_CLAUSES))
        var rows = [Float](repeating: 0, count: width * most)
        var count = 0
        try handle.call { pointer, problem in
            text.lend { intent_vectorize_rows(pointer, $0, &rows, most, &count, problem) }
        }
        return (0..<min(count, most)).map { Array(rows[$0 * width..<($0 + 1) * width]) }
    }

    /// Chooses labels for feature vectors, one for each clause of a text: the second half of ``predict(_:options:)``.
    ///
    /// - Parameter clauses: Vectors of 256 numbers.
    public func predict(features clauses: [[Float]], options: PredictionOptions = .init()) throws(IntentError) -> Prediction {
        guard clauses.allSatisfy({ $0.count == Int(INTENT_FEATURES) }) else {
            throw .invalidArgument("a feature vector has \(INTENT_FEATURES) numbers; take those of vectorizeClauses(_:)")
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

    /// Returns when the next prediction will be fast. Calling it is never needed, only useful behind opening a file.
    public func prepare() async throws(IntentError) {
        try await offPool { [handle] () throws(IntentError) in
            try handle.call { intent_prepare($0, $1) }
        }
    }

    /// Writes the model to a file, in one step: an interruption leaves the old file or the new one, whole.
    public func save(to url: URL) throws(IntentError) {
        try handle.call { pointer, problem in
            url.lend { intent_save(pointer, $0, problem) }
        }
    }

    /// The version of the library that runs, such as "0.1.0".
    public static var libraryVersion: String { String(cString: intent_version()) }
}

extension Label {
    init(_ names: [String], _ scored: intent_scored) {
        self.init(name: names[Int(scored.label)], probability: scored.probability)
    }
}

extension Handle {
    /// Number of lines with labels that training held out.
    var heldOutCount: Int { lend { Int(intent_heldout_count($0)) } }

    /// Share of the held-out lines whose best label was right in training; `nil` when no line could be held out.
    var heldOutAccuracy: Double? {
        let accuracy = lend { intent_heldout_accuracy($0) }
        return accuracy.isNaN ? nil : accuracy
    }

    /// As ``heldOutAccuracy``, where near-duplicates of the lines are trained on; `nil` when it was not measured.
    var familiarAccuracy: Double? {
        let accuracy = lend { intent_familiar_accuracy($0) }
        return accuracy.isNaN ? nil : accuracy
    }

    /// Share of the held-out lines that were answered with exactly their labels; `nil` when it was not measured.
    var heldOutAnswered: Double? {
        let share = lend { intent_heldout_answered($0) }
        return share.isNaN ? nil : share
    }

    /// The labels that a model chose, or `nil` when it isn't the one in use any more.
    func labels(_ chosen: some Collection<intent_scored>, of version: UInt64) -> [Label]? {
        names(of: version).map { names in chosen.map { Label(names, $0) } }
    }
}

/// Works on a thread of its own, so that whoever awaits it blocks neither an actor nor the pool that all tasks share.
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

/// Concurrent, so that what waits for its turn doesn't keep others from theirs.
private let workers = DispatchQueue(label: "IntentKit", attributes: .concurrent)
