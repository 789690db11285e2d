import Foundation
import IntentKit
import Testing

@Test func aCorrectionIsKnownWhenUpdateReturns() async throws {
    let classifier = try await IntentClassifier.trained(on: examples)
    let report = try await classifier.update(with: Example("zebra quokka tango", "garden"))
    #expect(report.examples == 1 && report.right == 1 && report.newLabels == 1 && report.modelVersion == 2)
    #expect(classifier.labels == ["light", "music", "garden"])
    #expect(try classifier.predict("zebra quokka tango").best?.name == "garden")
    // Contradicts what was just learned. The report tells whether the text is rejected now.
    let none = try await classifier.update(with: [Example("zebra quokka tango", labels: [])])
    #expect(try classifier.predict("zebra quokka tango").isRejected == (none.right == 1))
    try classifier.allowNewLabels(false)
    if case .invalidArgument = await failure({ try await classifier.update(with: Example("a b", "stranger")) }) {} else {
        Issue.record("a new label was taken")
    }
}

@Test func labelsAreRenamedMergedAndRemoved() async throws {
    let classifier = try await IntentClassifier.trained(on: examples)
    try await classifier.update(with: Example("zebra quokka tango", "garden"))
    try await classifier.rename(label: "garden", to: "plants")
    #expect(try classifier.predict("zebra quokka tango").best?.name == "plants")
    try await classifier.merge(label: "plants", into: "light")
    #expect(try classifier.predict("zebra quokka tango").best?.name == "light")
    try await classifier.remove(label: "light")
    #expect(classifier.labels == ["music"])
    #expect(try classifier.predict("play the song").best?.name == "music")
    #expect(await failure { try await classifier.remove(label: "light") } != nil)
}

@Test func aTrainingStateFileHoldsEveryChangeAfterReopening() async throws {
    try await withFolder { folder in
        let file = TrainingStateFile(folder.appendingPathComponent("m.learner"))
        do {
            let classifier = try await IntentClassifier.trained(on: examples)
            try await classifier.save(trainingState: file)
            try await classifier.update(with: Example("zebra quokka tango", "garden"))
            #expect(try classifier.keptExamples.contains(Example("zebra quokka tango", "garden")))
        }
        let again = try IntentClassifier(trainingState: file)
        #expect(try again.predict("zebra quokka tango").best?.name == "garden")
        if case .badTrainingState = await failure({ _ = try IntentClassifier(trainingState: file) }) {} else { Issue.record("opened twice") }
        try await again.forgetExamples()
        #expect(try again.keptExamples.isEmpty)
    }
}

@Test func rulesAnswerAlongWithTheNetwork() async throws {
    let rules = [KeywordRule("vision", keywords: ["my screen"], phrases: ["what is \"this\""])]
    let classifier = try IntentClassifier(rules: rules)
    let prediction = try classifier.predict("Look at MY screen!")
    #expect(prediction.isByRule && prediction.labels == [Label(name: "vision", probability: 0.85)])
    #expect(try await classifier.prediction(for: "look at my screen").isByRule)
    #expect(try classifier.explain("look at my screen").byRule == ["vision"])
    try await classifier.setRules([])
    #expect(try classifier.predict("Look at MY screen!").isRejected)
    #expect(throws: IntentError.self) { try IntentClassifier(rules: []) }
}

@Test(.timeLimit(.minutes(2))) func aClassifierRetrainsInTheBackgroundAndRollsBack() async throws {
    try await withFolder { folder in
        var options = TrainingOptions()
        options.trainingState = TrainingStateFile(folder.appendingPathComponent("m.learner"))
        let classifier = try await IntentClassifier.trained(on: examples, options: options)
        try classifier.setRetraining(after: 2, options: TrainingOptions(), golden: examples)
        try await classifier.update(with: [Example("water the ficus", "garden"), Example("rake the leaves", "garden")])
        #expect(try await classifier.waitForRetraining(seconds: 60))
        let statistics = try classifier.statistics
        #expect(statistics.retrained + statistics.retrainingsRefused == 1 && statistics.learned == 2 && !statistics.isRetraining)
        if statistics.retrained == 1 {
            try await classifier.rollBack()
            #expect(try classifier.predict("water the ficus").best?.name == "garden")
        }
        try classifier.setRetraining(after: nil)
        try classifier.retrain()
        #expect(try await classifier.waitForRetraining(seconds: 60))
    }
    let bare = try IntentClassifier(training: examples)
    #expect(throws: IntentError.self) { try bare.retrain() }
    #expect(await failure { try await bare.rollBack() } != nil)
}
