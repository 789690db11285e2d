internal import CIntentKit
import Foundation

/// Why a text gets its labels, or none.
public struct Explanation: Hashable, Sendable, Decodable {
    /// A label and how it was judged.
    public struct Judgement: Hashable, Sendable, Decodable {
        public let label: String
        /// That of all clauses together.
        public let logit: Double
        public let probability: Double
        /// Whether it was chosen.
        public let isChosen: Bool

        enum CodingKeys: String, CodingKey {
            case label, logit, probability, isChosen = "chosen"
        }
    }

    /// A clause of the text.
    public struct Clause: Hashable, Sendable, Decodable {
        /// Its words.
        public let text: String
        /// Whether anything in it is known.
        public let isKnown: Bool
        public let score: Double?
        /// Words that neither the training data nor the lexicon holds, as far as the model can tell.
        /// Each is listed once, in the order of the text. Parts of a word may be known.
        public let unknownWords: [String]
        public let labels: [Reasons]

        enum CodingKeys: String, CodingKey {
            case text, isKnown = "known", score, unknownWords = "unknown_words", labels
        }
    }

    /// What a label's logit for a clause is made of: base + shares + others + rest.
    public struct Reasons: Hashable, Sendable, Decodable {
        public let label: String
        public let logit: Double
        /// What stands without any word.
        public let base: Double
        /// Strongest first.
        public let shares: [Share]
        /// The sum for n-grams too many to list.
        public let others: Double
        /// What rounding leaves over.
        public let rest: Double
    }

    /// What an n-gram adds to a logit, over 0 for the label and under 0 against it.
    public struct Share: Hashable, Sendable, Decodable {
        /// A few words, where ^ and $ are the edges of the clause, or a few characters.
        public let ngram: String
        /// The word that characters belong to.
        public let word: String?
        public let share: Double
    }

    public let text: String
    public let isRejected: Bool
    /// Its reject score; `nil` when nothing in it is known.
    public let score: Double?
    /// The score under which texts are rejected; `nil` when no score rejects.
    public let rejectBelow: Double?
    /// The chosen labels, up to 8, and the three with the largest logits, best first.
    public let labels: [Judgement]
    public let clauses: [Clause]

    enum CodingKeys: String, CodingKey {
        case text, isRejected = "rejected", score, rejectBelow = "reject_below", labels, clauses
    }
}

extension IntentClassifier {
    /// Says why a text gets its labels, or none: its clauses, and what each n-gram adds to the logits. For people who look into a single
    /// answer: it takes some ten milliseconds a clause.
    public func explain(_ text: String, options: PredictionOptions = .init()) throws(IntentError) -> Explanation {
        var explanation: OpaquePointer?
        defer { intent_explanation_free(explanation) }
        try handle.call { pointer, problem in
            text.lend { text in
                options.lend { intent_explain(pointer, text, $0, &explanation, problem) }
            }
        }
        return try decode(Explanation.self, from: intent_explanation_json(explanation, nil).map { String(cString: $0) } ?? "")
    }
}
