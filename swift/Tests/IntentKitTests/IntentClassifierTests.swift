import Foundation
import IntentKit
import Testing

private enum Component: String { case light, music }

@Test func aClassifierThatWasTrainedAnswersAndRejects() throws {
    let classifier = try IntentClassifier(training: examples)
    #expect(classifier.labels == ["light", "music"])
    let prediction = try classifier.predict("switch on the lamp")
    #expect(prediction.labels.map(\.name) == ["light"] && prediction.best?.name == "light")
    #expect((0...1).contains(prediction.labels[0].probability))
    #expect(prediction.modelVersion == 1 && !prediction.isByRule)
    #expect(try classifier.predict("Привет, как дела?").isRejected)
    #expect(try classifier.predict("").isRejected)
}

@Test func whatIsSavedIsLoadedAndAnswersTheSame() async throws {
    let trained = try await IntentClassifier.trained(on: examples)
    try await withFolder { folder in
        let url = folder.appendingPathComponent("m.intent")
        try trained.save(to: url)
        for loaded in [try IntentClassifier(contentsOf: url), try IntentClassifier(data: Data(contentsOf: url))] {
            try await loaded.prepare()
            for text in ["play a song", "lights", "🎵 music 🎵"] {
                #expect(try loaded.predict(text) == trained.predict(text))
            }
        }
    }
}

@Test func theSampleIsTheCommittedModel() throws {
    let committed = try IntentClassifier(contentsOf: root.appendingPathComponent("models/assistant.intent"))
    let sample = try IntentClassifier.sample()
    #expect(try sample.statistics.modelChecksum == committed.statistics.modelChecksum)
    #expect(try Set(sample.predict("can you see my screen?").labels.map(\.name)) == ["VISION", "CHATBOTS"])
    #expect(sample.heldOutAccuracy.map { $0 > 0.5 } == true)
}

@Test func labelsAreValuesOfAnEnum() throws {
    let classifier = try IntentClassifier(training: examples + [Example("what time is it", "clock"), Example("the time please", "clock")])
    let prediction = try classifier.predict("turn on the lamp", as: Component.self)
    #expect(prediction.values == [.light] && prediction.unknown.isEmpty && !prediction.isRejected)
    #expect(prediction.probability(of: .light) > 0.3 && prediction.probability(of: .music) == 0)
    #expect(try classifier.predict("what time is it", as: Component.self).unknown.map(\.name) == ["clock"])
    #expect(try classifier.predict("", as: Component.self).isRejected)
    #expect(Example("dim it", Component.light) == Example("dim it", "light"))
}

@Test func optionsReplaceTheModelsRule() throws {
    let classifier = try IntentClassifier.sample()
    let all = try classifier.predict("can you see my screen?", options: .init(top: 100))
    #expect(all.labels.count == classifier.labels.count)
    #expect(zip(all.labels, all.labels.dropFirst()).allSatisfy { $0.probability >= $1.probability })
    #expect(try classifier.predict("can you see my screen?", options: .init(threshold: 0)).labels.count == classifier.labels.count)
    #expect(try classifier.predict("qwertz the weather", options: .init(acceptanceRate: 1)).labels.count <= classifier.labels.count)
    let wrong = [
        PredictionOptions(threshold: 2), PredictionOptions(threshold: -0.5), PredictionOptions(acceptanceRate: 0),
        PredictionOptions(cost: Cost(askBack: -1, foreignShare: 0)), PredictionOptions(cost: Cost(askBack: 0.5, foreignShare: 2)),
        PredictionOptions(acceptanceRate: 0.9, cost: Cost(askBack: 0.5, foreignShare: 0.1)),
    ]
    for wrong in wrong {
        #expect { try classifier.predict("x", options: wrong) } throws: { if case IntentError.invalidArgument? = $0 as? IntentError { true } else { false } }
    }
}

@Test func whereAskingBackIsFreeMoreIsRejected() throws {
    func answered(_ classifier: IntentClassifier, _ options: PredictionOptions = .init()) throws -> Int {
        try examples.filter { try !classifier.predict($0.text, options: options).isRejected }.count
    }
    let classifier = try IntentClassifier(training: examples)
    let (free, dear) = (Cost(askBack: 0, foreignShare: 0.2), Cost(askBack: 1, foreignShare: 0.2))
    #expect(try answered(classifier, .init(cost: free)) < answered(classifier, .init(cost: dear)))
    var options = TrainingOptions()
    options.cost = free
    #expect(try answered(IntentClassifier(training: examples, options: options)) == answered(classifier, .init(cost: free)))
}

@Test func aBatchAnswersAsOneByOneInOrder() throws {
    let classifier = try IntentClassifier.sample()
    let lines = try String(contentsOf: root.appendingPathComponent("models/assistant-heldout.jsonl"), encoding: .utf8)
    var texts = try lines.split(separator: "\n").map { try JSONDecoder().decode(Example.self, from: Data($0.utf8)).text }
    texts += ["", "🙂", "quokka"]
    let answers = try classifier.predict(batch: texts)
    #expect(answers.count == texts.count)
    for (text, answer) in zip(texts, answers) {
        #expect(try classifier.predict(text) == answer)
    }
    #expect(try classifier.predict(batch: []).isEmpty)
}

/// Test vectors, which Rust and C read as well: texts, features and logits as bits, and labels.
private struct Vectors: Decodable {
    struct Case: Decodable {
        let text: String
        let rows: [String]
        /// Name and probability of each label.
        let labels: [[String]]
    }
    let cases: [Case]
}

private func hexadecimal(_ number: Float) -> String {
    let digits = String(number.bitPattern, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
}

@Test func featuresAndLabelsHaveTheBitsOfTheVectorFile() throws {
    let classifier = try IntentClassifier.sample()
    let data = try Data(contentsOf: root.appendingPathComponent("tests/vectors/sample.json"))
    let cases = try JSONDecoder().decode(Vectors.self, from: data).cases
    #expect(cases.count > 10)
    for example in cases {
        let rows = try classifier.vectorizeClauses(example.text)
        #expect(rows.map { $0.map(hexadecimal).joined() } == example.rows)
        let prediction = try classifier.predict(example.text)
        #expect(prediction.labels.map { [$0.name, hexadecimal($0.probability)] } == example.labels)
        #expect(try classifier.predict(features: rows).labels == prediction.labels)
    }
    #expect(try classifier.vectorize("").allSatisfy { $0 == 0 })
    #expect(throws: IntentError.self) { try classifier.predict(features: [[1, 2, 3]]) }
}

@Test(arguments: [
    "can you see my screen?", "CAN YOU SEE MY SCREEN", "cän yöu sée my scréen", "e\u{301}e\u{301}", "👩‍👩‍👧‍👦🏳️‍🌈", "السلام عليكم", "你好世界", "\u{0}\u{1}",
    "a\u{300}\u{301}\u{302}\u{303}", "\u{FEFF}screen", "ﬀ ﬁ ㍿", "screen\u{2028}screen",
])
func anyUnicodeIsAnsweredTheSameInAllWays(text: String) async throws {
    let classifier = try IntentClassifier.sample()
    let prediction = try classifier.predict(text)
    #expect(try classifier.predict(batch: [text]) == [prediction])
    #expect(try await classifier.prediction(for: text) == prediction)
    // A string that is not UTF-8 in memory on Apple systems.
    #expect(try classifier.predict(NSString(string: text) as String) == prediction)
}

@Test func aMebibyteIsAnsweredAndAByteMoreIsAnError() throws {
    let classifier = try IntentClassifier.sample()
    let most = String(repeating: "screen ", count: 149_796) + "1234"
    #expect(most.utf8.count == 1 << 20)
    #expect(try !classifier.predict(most).labels.contains { $0.probability.isNaN })
    #expect { try classifier.predict(most + "5") } throws: { if case IntentError.textTooLong? = $0 as? IntentError { true } else { false } }
}

extension Threads {
    @Test func manyTasksPredictWithOneClassifier() async throws {
        let classifier = try await IntentClassifier.trained(on: examples)
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
}

@Test func anExplanationAddsUp() throws {
    let classifier = try IntentClassifier.sample()
    let explanation = try classifier.explain("can you see my screen?")
    #expect(!explanation.isRejected && explanation.clauses.count == 1)
    #expect(Set(explanation.labels.filter(\.isChosen).map(\.label)) == ["VISION", "CHATBOTS"])
    for reasons in explanation.clauses[0].labels {
        let sum = reasons.base + reasons.shares.map(\.share).reduce(0, +) + reasons.others + reasons.rest
        #expect(abs(sum - reasons.logit) < 1e-3)
    }
    #expect(try classifier.explain("").score == nil)
}

@Test func anExplanationNamesUnknownWords() throws {
    let classifier = try IntentClassifier.sample()
    #expect(try classifier.explain("can you see my screen?").clauses.map(\.unknownWords) == [[]])
    #expect(try classifier.explain("see my qzxwv screen").clauses.flatMap(\.unknownWords) == ["qzxwv"])
}

@Test(arguments: CoreMLPrecision.allCases)
func aCoreMLPackageIsWrittenInEveryPrecision(precision: CoreMLPrecision) async throws {
    let classifier = try IntentClassifier.sample()
    try await withFolder { folder in
        let url = folder.appendingPathComponent("m.mlpackage")
        for _ in 0..<2 { try classifier.exportCoreML(to: url, precision: precision, rows: 2, author: "Ä", license: "MIT") }
        let manifest = try String(contentsOf: url.appendingPathComponent("Manifest.json"), encoding: .utf8)
        #expect(manifest.contains("com.apple.CoreML"))
        let file = folder.appendingPathComponent("file.mlpackage")
        try Data("mine".utf8).write(to: file)
        #expect(throws: IntentError.self) { try classifier.exportCoreML(to: file) }
        #expect(try Data(contentsOf: file) == Data("mine".utf8))
    }
}

@Test(arguments: EngineChoice.allCases)
func everyEngineCanBeAskedForAndTheAnswersStay(choice: EngineChoice) async throws {
    let classifier = try IntentClassifier.sample()
    let before = try classifier.predict("can you see my screen?")
    try classifier.setEngine(choice)
    #expect(try classifier.predict("can you see my screen?") == before)
    let report = try classifier.engineReport
    #expect(report.asked == choice)
    #if !canImport(CoreML)
    #expect(report.single == "cpu-int8" && report.hasNeuralEngine == false)
    #expect((report.note == nil) == (choice == .cpu))
    #endif
}

@Test func statisticsCountWhatWasAnswered() async throws {
    let classifier = try await IntentClassifier.trained(on: examples)
    for _ in 0..<30 { _ = try classifier.predict("play the song") }
    for _ in 0..<10 { _ = try classifier.predict("") }
    let statistics = try classifier.statistics
    #expect(statistics.predictions == 40 && statistics.rejected == 10 && statistics.labels["music"] == 30)
    #expect(statistics.latency.count == 40 && statistics.latency.p50 <= statistics.latency.longest)
    #expect(statistics.modelVersion == 1 && statistics.modelBytes > 1000)
    #expect(try classifier.openMetrics.contains("intentkit_prediction_seconds_count 40"))
    try classifier.setCounting(false)
    _ = try classifier.predict("play the song")
    #expect(try classifier.statistics.predictions == 40)
}

@Test func predictionsAreCodable() throws {
    let prediction = try IntentClassifier(training: examples).predict("lamp")
    #expect(try JSONDecoder().decode(Prediction.self, from: JSONEncoder().encode(prediction)) == prediction)
    let example = try JSONDecoder().decode(Example.self, from: Data(#"{"text": "a", "labels": ["b"]}"#.utf8))
    #expect(example == Example("a", "b"))
}

@Test func aClassifierIsFreedWithItsLastReference() async throws {
    weak var gone: IntentClassifier?
    do {
        let classifier = try await IntentClassifier.trained(on: examples)
        gone = classifier
        _ = try await classifier.prediction(for: "play the song")
        try await classifier.train(on: examples)
        _ = try await classifier.update(with: Example("x y z", "music"))
    }
    #expect(gone == nil)
}
