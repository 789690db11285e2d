// What IntentKit uses of Apple's os, declared after its documentation and held against no SDK; see scripts/typecheck-apple.sh.

public struct OSSignpostID: Hashable, Sendable {
    public static let exclusive = OSSignpostID()
}

public final class OSSignpostIntervalState: @unchecked Sendable {}

public struct OSSignposter: @unchecked Sendable {
    public init(subsystem: String, category: String) {}
    public func beginInterval(_ name: StaticString, id: OSSignpostID = .exclusive) -> OSSignpostIntervalState { OSSignpostIntervalState() }
    public func endInterval(_ name: StaticString, _ state: OSSignpostIntervalState) {}
}
