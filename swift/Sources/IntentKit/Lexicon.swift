import Foundation

#if canImport(NaturalLanguage)
import NaturalLanguage
#endif

/// Word vectors from elsewhere, which help when examples are few: a word that no example has is
/// treated like similar words that examples have.
///
/// The model stores the vectors of the words that matter to it, so the lexicon is not needed after
/// training.
public struct Lexicon: Hashable, Sendable {
    enum Source: Hashable, Sendable {
        case file(URL)
        case vectors(words: [String], vectors: [Float], dimensions: Int)
    }

    let source: Source

    /// Names a file of word vectors. It is read when a training starts.
    ///
    /// - Parameter url: Text file. Each line has a word and its numbers, as in the .vec files of
    ///   fastText and word2vec and in GloVe files. Or a folder of a Model2Vec model, or of a
    ///   sentence-transformers model with static embeddings.
    public init(contentsOf url: URL) {
        source = .file(url)
    }

    /// Creates a lexicon from words and vectors.
    ///
    /// - Parameters:
    ///   - words: Words, the most frequent first. Of equal words the first counts.
    ///   - vectors: `words.count * dimensions` finite numbers, row by row. Another count makes a
    ///     training fail with ``IntentError/invalidArgument(_:)``.
    ///   - dimensions: Length of each vector, 2 to 2048.
    public init(words: [String], vectors: [Float], dimensions: Int) {
        source = .vectors(words: words, vectors: vectors, dimensions: dimensions)
    }

    /// Collects the vectors of the words in some examples and of their nearest neighbours, for a
    /// source that can't list its words.
    ///
    /// - Parameters:
    ///   - vectors: Source of the vectors.
    ///   - examples: Examples of the training.
    ///   - neighbors: Number of nearest words to add for each word, since later texts may contain
    ///     them. Defaults to 10.
    public init(_ vectors: some WordVectors, for examples: [Example], neighbors: Int = 10) {
        var counts: [String: Int] = [:]
        for example in examples {
            for word in example.text.lowercased().split(whereSeparator: { !$0.isLetter && !$0.isNumber && $0 != "'" }) {
                counts[String(word), default: 0] += 1
            }
        }
        // Ties are broken by name, so that the same examples give the same lexicon.
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

/// A source of word vectors.
public protocol WordVectors {
    /// Length of each vector.
    var dimensions: Int { get }
    /// The vector of a lower-case word; `nil` if the word is unknown.
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
    /// The system's word embedding of a language, for the words of some examples and their
    /// neighbours; `nil` if the system has none.
    ///
    /// Neither compiled nor run on an Apple system yet. It is type-checked on Linux against a
    /// stand-in for the framework. A test on Linux covers the path of the vectors into a training.
    public static func system(language: NLLanguage, for examples: [Example]) -> Lexicon? {
        NLEmbedding.wordEmbedding(for: language).map { Lexicon($0, for: examples) }
    }
}
#endif
