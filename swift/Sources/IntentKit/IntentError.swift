internal import CIntentKit
import Foundation

/// Error of any call. Each case holds a message of the library that names the value and the next
/// step. A message never quotes a text.
///
/// Calls throw no other type, so a plain `catch` can switch over `error`. (A pattern after `catch`
/// crashes the compiler of Swift 6.0 where it is built with assertions, as on Debian.)
public enum IntentError: Error, Equatable, Sendable {
    /// An argument or option is out of range, or contradicts another.
    case invalidArgument(String)
    /// A text is longer than a mebibyte.
    case textTooLong(String)
    /// The file or the bytes are not a usable model.
    case unreadableModel(ModelFault, String)
    /// A line of a data file, or a lexicon, can't be read.
    case badData(String)
    /// The training-state file is corrupt, is not a training-state file, was written by a newer
    /// library, or is in use by another classifier or process. For a change: the file is read-only,
    /// or another program has replaced or changed it while it was open.
    case badTrainingState(String)
    /// Nothing can be learned from the examples.
    case untrainable(String)
    /// The training or the request was cancelled.
    case cancelled(String)
    /// A file can't be read or written.
    case file(String)
    /// A large block of memory can't be allocated, or the system can't start a thread for the
    /// request queue or for a background training. Nothing has changed.
    case outOfMemory(String)
    /// The model was trained on feature vectors and can't read texts.
    case readsNoTexts(String)
    /// The queue is full. Try again later.
    case busy(String)
    /// The classifier accepts no more requests.
    case finished(String)
    /// A defect in the library, caught at its C boundary. Please report it.
    case defect(String)
    /// An error of a newer library.
    case unknown(code: UInt32, message: String)

    /// What is wrong with a model.
    public enum ModelFault: Equatable, Sendable {
        /// It is not a model file.
        case notAModel
        /// A newer library wrote it.
        case newerFormat
        /// It is truncated or corrupt.
        case damaged
    }

    /// The message: one sentence.
    public var message: String {
        switch self {
        case .invalidArgument(let message), .textTooLong(let message), .unreadableModel(_, let message), .badData(let message),
            .badTrainingState(let message), .untrainable(let message), .cancelled(let message), .file(let message),
            .outOfMemory(let message), .readsNoTexts(let message), .busy(let message), .finished(let message), .defect(let message),
            .unknown(_, let message):
            message
        }
    }

    /// Maps a status of the C library to a case.
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

    /// Throws the error of a C call, if it failed, and releases it.
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
