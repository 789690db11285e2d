internal import CIntentKit

/// What went wrong, in a sentence that names the value and the next step.
public struct IntentError: Error, Equatable, Sendable {
    /// The library's number for this kind of error, one of the `INTENT_STATUS_` constants of the C header.
    public let code: UInt32
    /// The sentence.
    public let message: String

    /// Throws what a C call reports, and releases its error.
    static func check(_ status: intent_status, _ problem: OpaquePointer?) throws(IntentError) {
        defer { intent_error_free(problem) }
        if status == INTENT_STATUS_OK {
            return
        }
        let message = intent_error_message(problem).map { String(cString: $0) } ?? "error \(status.rawValue)"
        throw IntentError(code: UInt32(status.rawValue), message: message)
    }
}

extension IntentError: CustomStringConvertible {
    public var description: String { message }
}
