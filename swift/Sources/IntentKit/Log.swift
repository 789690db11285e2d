#if canImport(os)
import os
#endif

/// Signposts for Instruments around long operations, on systems that have them.
struct Log: Sendable {
    #if canImport(os)
    private let signposter = OSSignposter(subsystem: "IntentKit", category: "IntentKit")
    #endif

    func interval<Result>(_ name: StaticString, _ work: () throws(IntentError) -> Result) throws(IntentError) -> Result {
        #if canImport(os)
        let state = signposter.beginInterval(name)
        defer { signposter.endInterval(name, state) }
        #endif
        return try work()
    }
}

let log = Log()
