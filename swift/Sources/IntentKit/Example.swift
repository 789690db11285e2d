internal import CIntentKit

/// A text and its labels. Without labels it is an example of a text that is out of scope.
///
/// As JSON it is a line of the data files that IntentKit reads: `{"text": "turn on the lights",
/// "labels": ["light"]}`.
public struct Example: Hashable, Sendable, Codable {
    /// The text, at most a mebibyte of UTF-8.
    public var text: String
    /// Names of its labels, each 1 to 255 bytes without control characters.
    public var labels: [String]

    /// Creates an example with any number of labels.
    public init(_ text: String, labels: [String]) {
        self.text = text
        self.labels = labels
    }

    /// Creates an example with the given labels.
    public init(_ text: String, _ labels: String...) {
        self.init(text, labels: labels)
    }

    /// Creates an example with labels of the app's own type.
    public init<Value: RawRepresentable>(_ text: String, _ labels: Value...) where Value.RawValue == String {
        self.init(text, labels: labels.map(\.rawValue))
    }
}

/// Strings one after the other in one buffer, as C takes several at once.
struct Arena {
    private var bytes: [UInt8] = []
    private var ranges: [Range<Int>] = []

    init(_ strings: some Sequence<String>) {
        for string in strings {
            let start = bytes.count
            bytes += string.utf8
            ranges.append(start..<bytes.count)
        }
    }

    /// Lends the strings during a call.
    func lend<Result>(_ work: (UnsafeBufferPointer<intent_text>) -> Result) -> Result {
        bytes.withUnsafeBufferPointer { bytes in
            let texts = ranges.map { range in
                intent_text(bytes: bytes.baseAddress.map { $0 + range.lowerBound }, length: range.count)
            }
            return texts.withUnsafeBufferPointer(work)
        }
    }
}

extension [Example] {
    /// Lends the examples as C takes them: texts, the labels of all texts, and the number of labels
    /// of each.
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
