import Foundation
import IntentKit
import Testing

private let examples = [
    Example("turn on the lights", "light"), Example("switch the kitchen lamp off", "light"),
    Example("make it brighter in here", "light"), Example("dim the lamp", "light"),
    Example("play some music", "music"), Example("play the next song", "music"),
    Example("stop the song", "music"), Example("louder music please", "music"),
]

@Test func aClassifierThatWasTrainedAnswersAndRejects() throws {
    let classifier = try IntentClassifier(training: examples)
    #expect(classifier.labels == ["light", "music"])
    let prediction = try classifier.predict("switch on the lamp")
    #expect(prediction.labels.map(\.name) == ["light"])
    #expect((0...1).contains(prediction.labels[0].probability))
    #expect(try classifier.predict("Привет, как дела?").isRejected)
    #expect(try classifier.predict("").isRejected)
}

@Test func whatIsSavedIsLoadedAndAnswersTheSame() throws {
    let path = NSTemporaryDirectory() + "intentkit \(UUID().uuidString).intent"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let trained = try IntentClassifier(training: examples)
    try trained.save(to: path)
    let loaded = try IntentClassifier(contentsOf: path)
    for text in ["play a song", "lights", "🎵 music 🎵"] {
        #expect(try loaded.predict(text) == trained.predict(text))
    }
}

@Test func errorsAreSentences() {
    #expect { try IntentClassifier(contentsOf: "/nowhere/m.intent") } throws: { error in
        (error as? IntentError)?.message.contains("/nowhere/m.intent") == true
    }
    #expect { try IntentClassifier(training: []) } throws: { error in
        (error as? IntentError)?.message.isEmpty == false
    }
}

@Test func manyTasksPredictWithOneClassifier() async throws {
    let classifier = try IntentClassifier(training: examples)
    let expected = try classifier.predict("play the song")
    try await withThrowingTaskGroup(of: Prediction.self) { group in
        for _ in 0..<64 {
            group.addTask { try classifier.predict("play the song") }
        }
        for try await prediction in group {
            #expect(prediction == expected)
        }
    }
}
