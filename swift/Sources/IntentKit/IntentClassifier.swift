internal import CIntentKit

/// A text with the labels it asks for; without any, it is an example of what belongs to none.
public struct Example: Equatable, Sendable {
    public var text: String
    public var labels: [String]

    public init(_ text: String, _ labels: String...) {
        self.text = text
        self.labels = labels
    }
}

/// A chosen label.
public struct Label: Equatable, Sendable {
    public let name: String
    /// From 0 to 1.
    public let probability: Float
}

/// The labels chosen for a text, best first.
public struct Prediction: Equatable, Sendable {
    public let labels: [Label]
    /// Whether the text belongs to none of the labels.
    public var isRejected: Bool { labels.isEmpty }
}

/// A text classifier that runs and learns on this device.
///
/// ```swift
/// let classifier = try IntentClassifier(contentsOf: "commands.intent")
/// let result = try classifier.predict("turn off the lights")
/// ```
///
/// Any number of tasks may predict with one classifier at once.
public final class IntentClassifier: Sendable {
    private let handle: Handle
    /// The labels it knows.
    public let labels: [String]

    private init(_ handle: Handle) {
        self.handle = handle
        labels = handle.lend { pointer in
            (0..<intent_label_count(pointer)).map { index in
                intent_label(pointer, index, nil).map { String(cString: $0) } ?? ""
            }
        }
    }

    /// Opens a model file.
    public convenience init(contentsOf path: String) throws(IntentError) {
        var path = path
        self.init(try Handle { out, problem in
            path.withUTF8 { intent_load($0.baseAddress, $0.count, out, problem) }
        })
    }

    /// Learns from examples, on the calling thread.
    public convenience init(training examples: [Example]) throws(IntentError) {
        // All strings behind each other, borrowed during the call.
        var bytes: [UInt8] = []
        var places: [Range<Int>] = []
        for string in examples.map(\.text) + examples.flatMap(\.labels) {
            let start = bytes.count
            bytes += string.utf8
            places.append(start..<bytes.count)
        }
        let counts = examples.map(\.labels.count)
        self.init(try Handle { out, problem in
            bytes.withUnsafeBufferPointer { bytes in
                let strings = places.map { place in
                    intent_text(bytes: bytes.baseAddress.map { $0 + place.lowerBound }, length: place.count)
                }
                return strings.withUnsafeBufferPointer { strings in
                    let labels = strings.baseAddress.map { $0 + examples.count }
                    return intent_train(strings.baseAddress, examples.count, labels, counts, nil, out, problem)
                }
            }
        })
    }

    /// Writes the model to a file, in one step.
    public func save(to path: String) throws(IntentError) {
        var path = path
        var problem: OpaquePointer?
        let status = handle.lend { pointer in
            path.withUTF8 { intent_save(pointer, $0.baseAddress, $0.count, &problem) }
        }
        try IntentError.check(status, problem)
    }

    /// Chooses the labels of a text.
    public func predict(_ text: String) throws(IntentError) -> Prediction {
        var text = text
        var problem: OpaquePointer?
        var count = 0
        var chosen = [intent_scored](repeating: intent_scored(), count: labels.count)
        let status = handle.lend { pointer in
            text.withUTF8 {
                intent_predict(pointer, $0.baseAddress, $0.count, nil, &chosen, chosen.count, &count, &problem)
            }
        }
        try IntentError.check(status, problem)
        return Prediction(labels: chosen.prefix(count).map { scored in
            Label(name: labels[Int(scored.label)], probability: scored.probability)
        })
    }
}

/// Owns the C classifier.
///
/// Unchecked because the compiler can't see it: the header promises that a `const intent_classifier *` may be used by any
/// number of threads at once, and nothing here hands it out otherwise.
private final class Handle: @unchecked Sendable {
    private let pointer: OpaquePointer

    init(_ make: (UnsafeMutablePointer<OpaquePointer?>, UnsafeMutablePointer<OpaquePointer?>) -> intent_status) throws(IntentError) {
        var made: OpaquePointer?
        var problem: OpaquePointer?
        try IntentError.check(make(&made, &problem), problem)
        guard let made else { throw IntentError(code: 0, message: "the library made no classifier") }
        pointer = made
    }

    /// Lends the pointer while this object is alive.
    func lend<Result>(_ work: (OpaquePointer) -> Result) -> Result {
        withExtendedLifetime(self) { work(pointer) }
    }

    deinit { intent_free(pointer) }
}
