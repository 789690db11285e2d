internal import CIntentKit
import Foundation

/// Why a text gets its labels, or is rejected.
public struct Explanation: Hashable, Sendable, Decodable {
    /// A label and its score.
    public struct Judgement: Hashable, Sendable, Decodable {
        /// Name of the label.
        public let label: String
        /// Logit over all clauses, or ``whole`` if the label was in doubt and is dropped.
        public let logit: Double
        /// Logit in the text read as a whole. `nil` unless a label was in doubt: a clause has it,
        /// but could have the label of another clause instead.
        public let whole: Double?
        /// Probability that the network gives it, 0 to 1.
        public let probability: Double
        /// True if the label was chosen.
        public let isChosen: Bool

        enum CodingKeys: String, CodingKey {
            case label, logit, whole, probability, isChosen = "chosen"
        }
    }

    /// A clause of the text.
    public struct Clause: Hashable, Sendable, Decodable {
        /// Its words, normalised, without punctuation marks and clause separators.
        public let text: String
        /// True if anything in it is known.
        public let isKnown: Bool
        /// Its score for rejection; `nil` if nothing in it is known.
        public let score: Double?
        /// Words that neither the training data nor the lexicon holds, as far as the model can
        /// tell. Each is listed once, in the order of the text. Parts of a word may be known.
        public let unknownWords: [String]
        /// Why each label of ``Explanation/labels`` gets its logit in this clause. Empty if nothing
        /// in the clause is known.
        public let labels: [Reasons]

        enum CodingKeys: String, CodingKey {
            case text, isKnown = "known", score, unknownWords = "unknown_words", labels
        }
    }

    /// Parts of a label's logit in a clause: `logit` is the sum of `base`, `shares`, `others` and
    /// `rest`.
    public struct Reasons: Hashable, Sendable, Decodable {
        /// Name of the label.
        public let label: String
        /// Logit in this clause.
        public let logit: Double
        /// Logit without any word.
        public let base: Double
        /// What each n-gram adds, strongest first.
        public let shares: [Share]
        /// Sum for all n-grams that are not listed, since there are too many.
        public let others: Double
        /// Rounding errors.
        public let rest: Double
    }

    /// What an n-gram adds to a logit.
    public struct Share: Hashable, Sendable, Decodable {
        /// A few words, where ^ and $ are the edges of the clause, or a few characters.
        public let ngram: String
        /// Word that the characters belong to; `nil` for words.
        public let word: String?
        /// True if the share is that of the word's lexicon vector, not of the word itself.
        public let isOfLexicon: Bool
        /// Positive for the label, negative against it.
        public let share: Double

        enum CodingKeys: String, CodingKey {
            case ngram, word, isOfLexicon = "lexicon", share
        }

        /// Decodes a share of the library's JSON.
        public init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            ngram = try container.decode(String.self, forKey: .ngram)
            word = try container.decodeIfPresent(String.self, forKey: .word)
            isOfLexicon = try container.decodeIfPresent(Bool.self, forKey: .isOfLexicon) ?? false
            share = try container.decode(Double.self, forKey: .share)
        }
    }

    /// The text.
    public let text: String
    /// True if no label is chosen.
    public let isRejected: Bool
    /// Score that decides about rejection; `nil` if nothing in the text is known.
    public let score: Double?
    /// Rejection threshold: texts with a lower score are rejected. `nil` if no score rejects.
    public let rejectBelow: Double?
    /// Labels of the keyword rules that match. Empty if no rule decided. All numbers are those of
    /// the network.
    public let byRule: [String]
    /// Up to 8 chosen labels and the three labels with the largest logits, best first. A label that
    /// is both stands once. Empty if nothing in the text is known, even if a rule chose labels.
    public let labels: [Judgement]
    /// The clauses, in the order of the text.
    public let clauses: [Clause]

    enum CodingKeys: String, CodingKey {
        case text, isRejected = "rejected", score, rejectBelow = "reject_below", byRule = "by_rule", labels, clauses
    }

    /// Decodes an explanation of the library's JSON.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        text = try container.decode(String.self, forKey: .text)
        isRejected = try container.decode(Bool.self, forKey: .isRejected)
        score = try container.decodeIfPresent(Double.self, forKey: .score)
        rejectBelow = try container.decodeIfPresent(Double.self, forKey: .rejectBelow)
        byRule = try container.decodeIfPresent([String].self, forKey: .byRule) ?? []
        labels = try container.decode([Judgement].self, forKey: .labels)
        clauses = try container.decode([Clause].self, forKey: .clauses)
    }
}

extension IntentClassifier {
    /// Explains a prediction: the clauses of the text, and what each n-gram adds to the logits (the
    /// scores of the labels before they become probabilities).
    ///
    /// Meant for people who look into a single text: it takes about ten milliseconds per clause.
    ///
    /// - Throws: As ``predict(_:options:)``.
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
