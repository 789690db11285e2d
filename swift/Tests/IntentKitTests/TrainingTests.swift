import Foundation
import IntentKit
import Testing

@Test func trainingReplacesTheModel() async throws {
    let classifier = try IntentClassifier(rules: [KeywordRule("garden", keywords: ["ficus"])])
    #expect(try classifier.predict("water the ficus").best?.name == "garden")
    let report = try await classifier.train(on: examples)
    #expect(report.labels == ["light", "music"] && classifier.labels == ["light", "music"])
    // With eight examples the figures are measured over several runs, and a warning is given.
    #expect((1...examples.count).contains(report.heldOutCount) && report.heldOutCount == classifier.heldOutCount)
    for share in [report.heldOutAccuracy, report.familiarAccuracy, report.heldOutAnswered] {
        #expect(share.map { (0...1).contains($0) } == true)
    }
    #expect(classifier.familiarAccuracy == report.familiarAccuracy && classifier.heldOutAnswered == report.heldOutAnswered)
    #expect(report.warnings.contains { $0.contains("could be held out") })
    let prediction = try classifier.predict("play the song")
    #expect(prediction.best?.name == "music" && prediction.modelVersion == 2)
    #expect(try classifier.predict("water the ficus").best?.name != "garden")
}

@Test func theSameExamplesAndSeedGiveTheSameModel() async throws {
    var options = TrainingOptions()
    options.seed = 7
    let (one, other) = (try await IntentClassifier.trained(on: examples, options: options), try IntentClassifier(training: examples, options: options))
    #expect(try one.statistics.modelChecksum == other.statistics.modelChecksum)
    #expect(try IntentClassifier(training: examples).statistics.modelChecksum != one.statistics.modelChecksum)
}

@Test func everyOptionReachesTheLibrary() async throws {
    try await withFolder { folder in
        var options = TrainingOptions()
        options.recipe = .multiple
        (options.epochs, options.seed, options.threads, options.acceptanceRate) = (3, 2, 1, 0.9)
        (options.learningRate, options.batchSize, options.featureDropout, options.syntheticNegatives) = (0.001, 16, 0.1, 0.1)
        (options.clauseSeparators, options.usesLabelNames, options.descriptions) = (["and", ","], false, ["light": "lamps and brightness"])
        options.lexicon = Lexicon(words: ["lamp", "bulb", "song"], vectors: [1, 0, 0.9, 0.1, 0, 1], dimensions: 2)
        options.trainingState = TrainingStateFile(folder.appendingPathComponent("m.learner"), isPowerSafe: true)
        let classifier = try IntentClassifier(training: examples, options: options)
        #expect(try classifier.keptExamples.count >= examples.count)
        #expect(FileManager.default.fileExists(atPath: options.trainingState!.url.path))
    }
    // Each option reaches the library: a value out of range is refused.
    let wrong: [(inout TrainingOptions) -> Void] = [
        { $0.epochs = 0 }, { $0.threads = 5000 }, { $0.acceptanceRate = 2 }, { $0.cost = Cost(askBack: 2, foreignShare: 0) },
        { $0.cost = Cost(askBack: 0.5, foreignShare: -1) }, { ($0.acceptanceRate, $0.cost) = (0.9, Cost(askBack: 0.5, foreignShare: 0.1)) }, { $0.learningRate = -1 }, { $0.batchSize = 0 }, { $0.featureDropout = 1 },
        { $0.syntheticNegatives = 1 }, { $0.clauseSeparators = ["two words"] }, { $0.lexicon = Lexicon(words: ["a"], vectors: [1, 2, 3], dimensions: 2) },
        { $0.lexicon = Lexicon(contentsOf: URL(fileURLWithPath: "/nowhere.vec")) }, { $0.descriptions = ["nobody": "x"] },
        { $0.trainingState = TrainingStateFile(URL(fileURLWithPath: "/nowhere/m.learner")) },
    ]
    for (i, change) in wrong.enumerated() {
        var options = TrainingOptions()
        change(&options)
        #expect(throws: IntentError.self, "\(i)") { try IntentClassifier(training: examples, options: options) }
    }
}

@Test func progressIsReportedUntilTheEnd() async throws {
    let classifier = try IntentClassifier.sample()
    let training = classifier.training(on: examples)
    var last: TrainingProgress?
    for await progress in training.progress {
        #expect(progress.epoch >= last?.epoch ?? 0 && progress.epoch <= progress.epochs)
        last = progress
    }
    #expect(last.map { $0.loss.isFinite && $0.secondsLeft >= 0 } == true)
    #expect(try await training.report.labels == ["light", "music"])
}

extension Threads {
    @Test(.timeLimit(.minutes(2))) func aTrainingIsCancelledBeforeDuringAndAfter() async throws {
        let classifier = try await IntentClassifier.trained(on: examples)
        // Before.
        let never = Task { try await classifier.train(on: examples, options: endless) }
        never.cancel()
        if case .cancelled = await failure({ _ = try await never.value }) {} else { Issue.record("not cancelled") }
        // During: after its first epochs.
        let training = classifier.training(on: examples, options: endless)
        for await _ in training.progress { training.cancel() }
        #expect(await failure { _ = try await training.report } == .cancelled("the training was cancelled; no model was made"))
        #expect(try classifier.predict("play the song").modelVersion == 1)
        // After.
        let done = classifier.training(on: examples)
        _ = try await done.report
        done.cancel()
        #expect(try classifier.predict("play the song").modelVersion == 2)
    }

    @Test(.timeLimit(.minutes(2))) func aSecondTrainingWaitsForItsTurnAndCanBeCancelledWhileItWaits() async throws {
        let classifier = try await IntentClassifier.trained(on: examples)
        let first = classifier.training(on: examples, options: endless)
        var progress = first.progress.makeAsyncIterator()
        #expect(await progress.next() != nil)
        let second = classifier.training(on: examples)
        let third = classifier.training(on: examples)
        second.cancel()
        if case .cancelled = await failure({ _ = try await second.report }) {} else { Issue.record("not cancelled") }
        // The first still runs. When it is stopped, the third gets its turn.
        #expect(await progress.next() != nil)
        first.cancel()
        #expect(try await third.report.labels == ["light", "music"])
        #expect(try classifier.predict("play the song").modelVersion == 2)
    }

    @Test func manyTasksPredictWhileOneTrainsAndAnotherCorrects() async throws {
        let classifier = try await IntentClassifier.trained(on: examples)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for i in 0..<500 {
                        let text = i % 2 == 0 ? "play the song" : "dim the lamp"
                        let prediction = task % 2 == 0 ? try classifier.predict(text) : try await classifier.prediction(for: text)
                        #expect(prediction.best?.name == (i % 2 == 0 ? "music" : "light"))
                    }
                }
            }
            group.addTask { for _ in 0..<3 { try await classifier.train(on: examples) } }
            group.addTask { for i in 0..<5 { try await classifier.update(with: Example("zebra quokka \(i)", "animals")) } }
            try await group.waitForAll()
        }
        #expect(try classifier.statistics.modelVersion == 9)
    }
}

/// Vectors of four words, in place of the system's word embedding.
private struct FewWords: WordVectors {
    let dimensions = 3
    let words: [String: [Float]] = ["lamp": [1, 0, 0], "lantern": [0.9, 0.1, 0], "song": [0, 1, 0], "tune": [0, 0.9, 0.1]]

    func vector(for word: String) -> [Float]? { words[word] }

    func neighbors(of word: String, maximumCount: Int) -> [String] {
        Array(["lamp": ["lantern"], "song": ["tune"]][word, default: []].prefix(maximumCount))
    }
}

@Test func wordVectorsOfTheSystemReachTheTraining() async throws {
    let lexicon = Lexicon(FewWords(), for: examples)
    #expect(lexicon == Lexicon(
        words: ["lamp", "song", "lantern", "tune"], vectors: [1, 0, 0, 0, 1, 0, 0.9, 0.1, 0, 0, 0.9, 0.1], dimensions: 3))
    var options = TrainingOptions()
    options.lexicon = lexicon
    let (with, without) = (try IntentClassifier(training: examples, options: options), try IntentClassifier(training: examples))
    // A word that no example has is known through its neighbour.
    #expect(try with.predict("lantern", options: .init(acceptanceRate: 1)).best?.name == "light")
    #expect(try with.statistics.modelChecksum != without.statistics.modelChecksum)
}
