internal import CIntentKit

/// A text with the labels it asks for; without any, it is an example of what belongs to none.
///
/// As JSON it is a line of the data files that IntentKit reads: `{"text": "turn on the lights", "labels": ["light"]}`.
public struct Example: Hashable, Sendable, Codable {
    public var text: String
    public var labels: [String]

    public init(_ text: String, labels: [String]) {
        self.text = text
        self.labels = labels
    }

    public init(_ text: String, _ labels: String...) {
        self.init(text, labels: labels)
    }

    /// With labels of the app's own type.
    public init<Value: RawRepresentable>(_ text: String, _ labels: Value...) where Value.RawValue == String {
        self.init(text, labels: labels.map(\.rawValue))
    }
}

/// Strings behind each other in one piece of memory, as C takes several at once.
struct Arena {
    private var bytes: [UInt8] = []
    private var places: [Range<Int>] = []

    init(_ strings: some Sequence<String>) {
        for string in strings {
            let start = bytes.count
            bytes += string.utf8
            places.append(start..<bytes.count)
        }
    }

    /// Lends them for the time of a call.
    func lend<Result>(_ work: (UnsafeBufferPointer<intent_text>) -> Result) -> Result {
        bytes.withUnsafeBufferPointer { bytes in
            let texts = places.map { place in
                intent_text(bytes: bytes.baseAddress.map { $0 + place.lowerBound }, length: place.count)
            }
            return texts.withUnsafeBufferPointer(work)
        }
    }
}

extension [Example] {
    /// Lends them as C takes them: texts, labels of all of them, and how many each has.
    func lend<Result>(
        _ work: (UnsafePointer<intent_text>?, UnsafePointer<intent_text>?, UnsafePointer<Int>?) -> Result
    ) -> Result {
        let counts = map(\.labels.count)
        return Arena(map(\.text) + flatMap(\.labels)).lend { strings in
            counts.withUnsafeBufferPointer { counts in
                work(strings.baseAddress, strings.baseAddress.map { $0 + count }, counts.baseAddress)
            }
        }
    }
}
