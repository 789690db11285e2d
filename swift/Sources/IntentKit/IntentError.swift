internal import CIntentKit
import Foundation

/// What went wrong. Each case holds a sentence of the library's that names the value and the next step; it never quotes a text.
///
/// Calls throw nothing else, so a plain `catch` can switch over `error`. (A pattern behind `catch` crashes the compiler of Swift 6.0 where it is built with
/// assertions, as on Debian.)
public enum IntentError: Error, Equatable, Sendable {
    /// An argument or option is out of its range, or contradicts another.
    case invalidArgument(String)
    /// A text has more than a mebibyte.
    case textTooLong(String)
    /// The file, or the bytes, are no model that can be used.
    case unreadableModel(ModelFault, String)
    /// A line of a data file, or a lexicon, can't be read.
    case badData(String)
    /// The training-state file is corrupt, is not one, is locked by another process, or was replaced by another file while it was open.
    case badTrainingState(String)
    /// The examples can't be learned from.
    case untrainable(String)
    /// The training or the request was cancelled.
    case cancelled(String)
    /// A file can't be read or written.
    case file(String)
    /// There is no memory for a large block; nothing has changed.
    case outOfMemory(String)
    /// The model was trained from feature vectors and can't read texts.
    case readsNoTexts(String)
    /// As many requests are waiting as the queue takes; try again later.
    case busy(String)
    /// The classifier takes no requests any more.
    case finished(String)
    /// A defect inside the library, caught at its boundary. Please report it.
    case defect(String)
    /// An error that only a newer library knows.
    case unknown(code: UInt32, message: String)

    /// What is wrong with a model.
    public enum ModelFault: Equatable, Sendable {
        /// It is no model file at all.
        case notAModel
        /// A newer library wrote it.
        case newerFormat
        /// It was cut off, or its bytes have changed since it was written.
        case damaged
    }

    /// The sentence.
    public var message: String {
        switch self {
        case .invalidArgument(let message), .textTooLong(let message), .unreadableModel(_, let message), .badData(let message),
            .badTrainingState(let message), .untrainable(let message), .cancelled(let message), .file(let message),
            .outOfMemory(let message), .readsNoTexts(let message), .busy(let message), .finished(let message), .defect(let message),
            .unknown(_, let message):
            message
        }
    }

    /// The error for a status of the C library.
    init(status: intent_status, message: String) {
        self =
            switch status {
            case INTENT_STATUS_NULL_ARGUMENT, INTENT_STATUS_INVALID_UTF8, INTENT_STATUS_INVALID_ARGUMENT: .invalidArgument(message)
            case INTENT_STATUS_TEXT_TOO_LONG: .textTooLong(message)
            case INTENT_STATUS_NOT_A_MODEL: .unreadableModel(.notAModel, message)
            case INTENT_STATUS_NEWER_FORMAT: .unreadableModel(.newerFormat, message)
            case INTENT_STATUS_WRONG_LENGTH, INTENT_STATUS_CHECKSUM_MISMATCH, INTENT_STATUS_WRONG_TENSOR,
                INTENT_STATUS_ABSURD_SIZE:
                .unreadableModel(.damaged, message)
            case INTENT_STATUS_BAD_DATA: .badData(message)
            case INTENT_STATUS_BAD_TRAINING_STATE: .badTrainingState(message)
            case INTENT_STATUS_UNTRAINABLE: .untrainable(message)
            case INTENT_STATUS_STOPPED, INTENT_STATUS_CANCELLED: .cancelled(message)
            case INTENT_STATUS_IO: .file(message)
            case INTENT_STATUS_OUT_OF_MEMORY: .outOfMemory(message)
            case INTENT_STATUS_NO_VECTORIZER: .readsNoTexts(message)
            case INTENT_STATUS_BUSY: .busy(message)
            case INTENT_STATUS_SHUT_DOWN: .finished(message)
            case INTENT_STATUS_PANICKED: .defect(message)
            default: .unknown(code: UInt32(status.rawValue), message: message)
            }
    }

    /// Throws what a C call reports, and releases its error.
    static func check(_ status: intent_status, _ problem: OpaquePointer?) throws(IntentError) {
        if status == INTENT_STATUS_OK { return }
        defer { intent_error_free(problem) }
        let message = intent_error_message(problem).map { String(cString: $0) } ?? "error \(status.rawValue)"
        throw IntentError(status: status, message: message)
    }
}

extension IntentError: LocalizedError {
    public var errorDescription: String? { message }
}

extension IntentError: CustomStringConvertible {
    public var description: String { message }
}
