internal import CIntentKit
import Foundation

/// Owns a C classifier.
///
/// Unchecked because the compiler can't see it: the header promises that a `const intent_classifier *` may be used by any
/// number of threads at once, nothing here hands it out otherwise, and a lock guards the names.
final class Handle: @unchecked Sendable {
    private let pointer: OpaquePointer
    private let lock = NSLock()
    private var known = (version: UInt64(0), names: [String]())

    init(_ make: (UnsafeMutablePointer<OpaquePointer?>, UnsafeMutablePointer<OpaquePointer?>) -> intent_status) throws(IntentError) {
        var made: OpaquePointer?
        var problem: OpaquePointer?
        try IntentError.check(make(&made, &problem), problem)
        guard let made else { throw IntentError.defect("the library made no classifier") }
        pointer = made
    }

    deinit { intent_free(pointer) }

    /// Lends the pointer while this object is alive.
    @inline(__always)
    func lend<Result>(_ work: (OpaquePointer) -> Result) -> Result {
        withExtendedLifetime(self) { work(pointer) }
    }

    /// A call that can fail.
    func call(_ work: (OpaquePointer, UnsafeMutablePointer<OpaquePointer?>) -> intent_status) throws(IntentError) {
        var problem: OpaquePointer?
        let status = lend { work($0, &problem) }
        try IntentError.check(status, problem)
    }

    /// The number of the model in use and its labels.
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
                // Otherwise the model was swapped meanwhile, and these may be names of two.
                if intent_model_version(pointer) == version {
                    lock.withLock { known = (version, names) }
                }
            }
        }
    }

    /// The labels of a model, or `nil` when it isn't the one in use any more.
    func names(of version: UInt64) -> [String]? {
        if let names = lock.withLock({ known.version == version ? known.names : nil }) { return names }
        let current = current()
        return current.version == version ? current.names : nil
    }

    /// Text that C writes into a buffer whose length it says.
    func text(
        _ write: (OpaquePointer, UnsafeMutablePointer<UInt8>?, Int, UnsafeMutablePointer<Int>, UnsafeMutablePointer<OpaquePointer?>) -> intent_status
    ) throws(IntentError) -> String {
        var capacity = 4096
        while true {
            var length = 0
            var problem: OpaquePointer?
            var status = INTENT_STATUS_OK
            let text = String(unsafeUninitializedCapacity: capacity) { room in
                status = lend { write($0, room.baseAddress, capacity, &length, &problem) }
                return status == INTENT_STATUS_OK ? min(length, capacity) : 0
            }
            try IntentError.check(status, problem)
            if length <= capacity { return text }
            // It may grow until it is asked for again.
            capacity = length + length / 8
        }
    }
}

extension String {
    /// Lends the UTF-8 as C takes it; a string that isn't UTF-8 in memory already, such as one of Objective-C's, is copied.
    @inline(__always)
    func lend<Result>(_ work: (intent_text) -> Result) -> Result {
        var text = self
        return text.withUTF8 { work(intent_text(bytes: $0.baseAddress, length: $0.count)) }
    }
}

extension URL {
    /// Lends the path of a file.
    func lend<Result>(_ work: (intent_text) -> Result) -> Result {
        path.lend(work)
    }
}
