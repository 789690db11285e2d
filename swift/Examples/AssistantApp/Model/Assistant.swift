import IntentKit

/// State and logic of the sample app, without a user interface: answers while the user types, and
/// learns from corrections.
@MainActor public final class Assistant {
    /// A component and its probability.
    public struct Row: Identifiable, Equatable, Sendable {
        public let id: String
        public let probability: Float
        public let isChosen: Bool
    }

    private let classifier: IntentClassifier
    /// Called after each change of the state.
    public var onChange: () -> Void = {}

    public private(set) var text = ""
    /// All components, the most probable first.
    public private(set) var rows: [Row] = []
    /// Message of the last error; `nil` if there was none.
    public private(set) var problem: String?
    /// True while a correction is being learned.
    public private(set) var isLearning = false

    public init(_ classifier: IntentClassifier) {
        self.classifier = classifier
        type("")
    }

    public var components: [String] { classifier.labels }

    /// Answers a text. Takes a few microseconds, so call it on each key press.
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
