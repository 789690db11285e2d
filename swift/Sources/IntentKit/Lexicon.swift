import Foundation

#if canImport(NaturalLanguage)
import NaturalLanguage
#endif

/// Word vectors from elsewhere, which help where examples are few: words that the examples lack are known by those they are like. A model
/// keeps what it needs of them, so they aren't needed after training.
public struct Lexicon: Hashable, Sendable {
    enum Source: Hashable, Sendable {
        case file(URL)
        case vectors(words: [String], vectors: [Float], dimensions: Int)
    }

    let source: Source

    /// A text file with a word and its numbers on each line (the .vec of fastText and word2vec, GloVe), or the folder of a Model2Vec model
    /// or of a sentence-transformers model with static embeddings.
    public init(contentsOf url: URL) {
        source = .file(url)
    }

    /// Words, the most frequent first, and their vectors, row behind row.
    public init(words: [String], vectors: [Float], dimensions: Int) {
        source = .vectors(words: words, vectors: vectors, dimensions: dimensions)
    }

    /// The vectors of the words of examples and of the words nearest to those: what a lexicon that can't be listed has to say about them.
    ///
    /// - Parameters:
    ///   - vectors: What gives the vectors.
    ///   - examples: Those of the training.
    ///   - neighbors: So many of the nearest words of each word, since a text to come may have them.
    public init(_ vectors: some WordVectors, for examples: [Example], neighbors: Int = 10) {
        var counts: [String: Int] = [:]
        for example in examples {
            for word in example.text.lowercased().split(whereSeparator: { !$0.isLetter && !$0.isNumber && $0 != "'" }) {
                counts[String(word), default: 0] += 1
            }
        }
        // Equally frequent ones by their names, so that the same examples give the same lexicon.
        let frequent = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
        var known: Set<String> = []
        var words: [String] = []
        var rows: [Float] = []
        func add(_ word: String) {
            guard known.insert(word).inserted, let row = vectors.vector(for: word), row.count == vectors.dimensions else { return }
            words.append(word)
            rows += row
        }
        frequent.forEach(add)
        for word in frequent { vectors.neighbors(of: word, maximumCount: neighbors).forEach(add) }
        self.init(words: words, vectors: rows, dimensions: vectors.dimensions)
    }
}

/// What gives vectors of words.
public protocol WordVectors {
    /// Numbers of a vector.
    var dimensions: Int { get }
    /// The vector of a lower-case word, or `nil` when it isn't known.
    func vector(for word: String) -> [Float]?
    /// The words nearest to a word, nearest first.
    func neighbors(of word: String, maximumCount: Int) -> [String]
}

#if canImport(NaturalLanguage)
extension NLEmbedding: WordVectors {
    public var dimensions: Int { dimension }

    public func vector(for word: String) -> [Float]? {
        (vector(for: word) as [Double]?)?.map(Float.init)
    }

    public func neighbors(of word: String, maximumCount: Int) -> [String] {
        neighbors(for: word, maximumCount: maximumCount, distanceType: .cosine).map(\.0)
    }
}

extension Lexicon {
    /// The system's word embedding of a language, as far as examples need it; `nil` when the system has none. This has neither been
    /// compiled nor run on an Apple system yet: it is type-checked on Linux against a stand-in for the framework, and the way of the vectors into a
    /// training is tested there.
    public static func system(language: NLLanguage, for examples: [Example]) -> Lexicon? {
        NLEmbedding.wordEmbedding(for: language).map { Lexicon($0, for: examples) }
    }
}
#endif
