import IntentKit

/// What the sample app shows and does, without any user interface: answers while somebody types, and learns when told what was meant.
@MainActor public final class Assistant {
    /// A component and how sure the classifier is of it.
    public struct Row: Identifiable, Equatable, Sendable {
        public let id: String
        public let probability: Float
        public let isChosen: Bool
    }

    private let classifier: IntentClassifier
    /// Called behind each change of what there is to show.
    public var onChange: () -> Void = {}

    public private(set) var text = ""
    /// All components, the most probable first.
    public private(set) var rows: [Row] = []
    /// What went wrong last, in a sentence.
    public private(set) var problem: String?
    /// Whether a correction is being learned.
    public private(set) var isLearning = false

    public init(_ classifier: IntentClassifier) {
        self.classifier = classifier
        type("")
    }

    public var components: [String] { classifier.labels }

    /// Answers a text. A few microseconds: for each key that is pressed.
    public func type(_ text: String) {
        self.text = text
        do throws(IntentError) {
            let chosen = Set(try classifier.predict(text).labels.map(\.name))
            let all = try classifier.predict(text, options: PredictionOptions(top: classifier.labels.count)).labels
            rows = all.map { Row(id: $0.name, probability: $0.probability, isChosen: chosen.contains($0.name)) }
            problem = nil
        } catch {
            problem = error.message
        }
        onChange()
    }

    /// Learns that the text asks for these components.
    public func correct(to components: Set<String>) async {
        guard !text.isEmpty, !isLearning else { return }
        isLearning = true
        onChange()
        do throws(IntentError) {
            try await classifier.update(with: Example(text, labels: components.sorted()))
        } catch {
            problem = error.message
        }
        isLearning = false
        type(text)
    }
}
