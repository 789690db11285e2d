// What IntentKit uses of Apple's NaturalLanguage, declared after its documentation and held against no SDK; see scripts/typecheck-apple.sh.

public struct NLLanguage: RawRepresentable, Hashable, Sendable {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
}

public enum NLDistanceType: Int, Sendable {
    case cosine
}

public typealias NLDistance = Double

open class NLEmbedding {
    public required init() {}
    open class func wordEmbedding(for language: NLLanguage) -> Self? { nil }
    open var dimension: Int { 0 }
}

extension NLEmbedding {
    public func vector(for string: String) -> [Double]? { nil }
    public func neighbors(for string: String, maximumCount maxCount: Int, distanceType: NLDistanceType = .cosine) -> [(String, NLDistance)] { [] }
}
