internal import CIntentKit
import Foundation

/// Owns a C classifier.
///
/// Unchecked because the compiler can't verify it: the header allows any number of threads to use a
/// `const intent_classifier *` at once, this class hands the pointer out in no other way, and a
/// lock guards the names.
final class Handle: @unchecked Sendable {
    private let pointer: OpaquePointer
    private let lock = NSLock()
    private var known = (version: UInt64(0), names: [String]())

    init(_ make: (UnsafeMutablePointer<OpaquePointer?>, UnsafeMutablePointer<OpaquePointer?>) -> intent_status) throws(IntentError) {
        var made: OpaquePointer?
        var problem: OpaquePointer?
        try IntentError.check(make(&made, &problem), problem)
        guard let made else { throw IntentError.defect("the library returned no classifier") }
        pointer = made
    }

    deinit { intent_free(pointer) }

    /// Lends the pointer and keeps this object alive meanwhile.
    @inline(__always)
    func lend<Result>(_ work: (OpaquePointer) -> Result) -> Result {
        withExtendedLifetime(self) { work(pointer) }
    }

    /// Makes a C call that can fail.
    func call(_ work: (OpaquePointer, UnsafeMutablePointer<OpaquePointer?>) -> intent_status) throws(IntentError) {
        var problem: OpaquePointer?
        let status = lend { work($0, &problem) }
        try IntentError.check(status, problem)
    }

    /// Version and labels of the model in use.
    func current() -> (version: UInt64, names: [String]) {
        lend { pointer in
            while true {
                let version = intent_model_version(pointer)
                if let names = lock.withLock({ known.version == version ? known.names : nil }) {
                    return (version, names)
                }
                let names = (0..<intent_label_count(pointer)).map { index in
                    intent_label(pointer, index, nil).map { String(cString: $0) } ?? ""
                }
                // Otherwise the model was swapped meanwhile, and the names may be of two models.
                if intent_model_version(pointer) == version {
                    lock.withLock { known = (version, names) }
                }
            }
        }
    }

    /// Labels of a model. Returns `nil` if another model is in use now.
    func names(of version: UInt64) -> [String]? {
        if let names = lock.withLock({ known.version == version ? known.names : nil }) { return names }
        let current = current()
        return current.version == version ? current.names : nil
    }

    /// Reads text that C writes into a buffer. C reports the length it needs.
    func text(
        _ write: (OpaquePointer, UnsafeMutablePointer<UInt8>?, Int, UnsafeMutablePointer<Int>, UnsafeMutablePointer<OpaquePointer?>) -> intent_status
    ) throws(IntentError) -> String {
        var capacity = 4096
        while true {
            var length = 0
            var problem: OpaquePointer?
            var status = INTENT_STATUS_OK
            let text = String(unsafeUninitializedCapacity: capacity) { buffer in
                status = lend { write($0, buffer.baseAddress, capacity, &length, &problem) }
                return status == INTENT_STATUS_OK ? min(length, capacity) : 0
            }
            try IntentError.check(status, problem)
            if length <= capacity { return text }
            // The text may grow before the next call.
            capacity = length + length / 8
        }
    }
}

extension String {
    /// Lends the UTF-8 as C takes it. A string that is not UTF-8 in memory, such as one from
    /// Objective-C, is copied.
    @inline(__always)
    func lend<Result>(_ work: (intent_text) -> Result) -> Result {
        var text = self
        return text.withUTF8 { work(intent_text(bytes: $0.baseAddress, length: $0.count)) }
    }
}

extension URL {
    /// Lends the path of a file URL.
    func lend<Result>(_ work: (intent_text) -> Result) -> Result {
        path.lend(work)
    }
}
