import Foundation
import IntentKit

// The snippets of the documentation, so that they are compiled. SnippetTests checks that each
// snippet is in this file. The functions are never called: their parameters declare the names a
// snippet uses.

private func overview() async throws {
    let classifier = try IntentClassifier.sample()
    let prediction = try classifier.predict("can you see my screen?")
    for label in prediction.labels { print(label.name, label.probability) }
}

private func fiveMinutes(url: URL) async throws {
    let examples = [
        Example("turn on the lights", "light"), Example("switch the kitchen lamp off", "light"),
        Example("make it brighter in here", "light"), Example("dim the bedroom lights", "light"),
        Example("play some jazz", "music"), Example("put on my favourite song", "music"),
        Example("stop the song", "music"), Example("turn the music up", "music"),
        Example("who won the match", labels: []), Example("how tall is that mountain", labels: []),
    ]

    let classifier = try await IntentClassifier.trained(on: examples)

    let prediction = try classifier.predict("switch on the lamp")
    if prediction.isRejected {
        print("Sorry?")
    } else {
        print(prediction.labels.map(\.name))
    }

    enum Component: String { case light, music }
    let wanted = try classifier.predict("play that song again", as: Component.self)
    if wanted.values.contains(.music) { print("to the player") }

    let careful = PredictionOptions(cost: Cost(askBack: 0.2, foreignShare: 0.1))
    if try classifier.predict("switch on the lamp", options: careful).isRejected { print("Sorry?") }

    try classifier.save(to: url)
    let again = try IntentClassifier(contentsOf: url)
    print(again.labels)

    let explanation = try classifier.explain("switch on the lamp")
    for reasons in explanation.clauses.flatMap(\.labels) {
        print(reasons.label, reasons.shares.prefix(3).map { "\($0.ngram) \($0.share)" })
    }
}

private func concurrency(classifier: IntentClassifier, examples: [Example], longText: String, utterances: AsyncStream<String>) async throws {
    let answers = try classifier.predict(batch: ["turn on the lights", "play some jazz"])

    do {
        let prediction = try await classifier.prediction(for: longText)
        print(prediction.labels)
    } catch {
        switch error {
        case .busy: print("later")
        default: print(error.message)
        }
    }

    for try await prediction in classifier.predictions(for: utterances) {
        print(prediction.best?.name ?? "none of them")
    }

    let training = classifier.training(on: examples)
    for await progress in training.progress {
        print("\(progress.epoch) of \(progress.epochs), \(Int(progress.secondsLeft)) s to go")
    }
    let report = try await training.report
    print(report.heldOutAccuracy ?? 0, report.warnings)
    _ = answers
}

private func corrections(classifier: IntentClassifier) async throws {
    try await classifier.update(with: Example("kill the lights", "light"))
}

private func keeping(examples: [Example], folder: URL) async throws {
    var options = TrainingOptions()
    options.trainingState = TrainingStateFile(folder.appendingPathComponent("commands.learner"))
    let classifier = try await IntentClassifier.trained(on: examples, options: options)
    _ = classifier
}

private func opening(file: TrainingStateFile) async throws {
    let classifier = try IntentClassifier(trainingState: file)
    try classifier.setRetraining(after: 50, golden: [Example("turn on the lights", "light")])
}

private func rules() async throws {
    let classifier = try IntentClassifier(rules: [
        KeywordRule("light", keywords: ["lamp", "lights"]),
        KeywordRule("music", keywords: ["song"], phrases: ["louder please"]),
    ])
    _ = classifier
}

private func lexicon(classifier: IntentClassifier, examples: [Example], vectors: URL) async throws {
    var options = TrainingOptions()
    options.lexicon = Lexicon(contentsOf: vectors)
    try await classifier.train(on: examples, options: options)
}

private func coreML(classifier: IntentClassifier, folder: URL) async throws {
    try classifier.exportCoreML(to: folder.appendingPathComponent("Commands.mlpackage"), precision: .float16)

    try classifier.setEngine(.automatic)
    let report = try classifier.engineReport
    print(report.single, report.batch, report.note ?? "")
}

private func migration(classifier: IntentClassifier, data: Data) async throws {
    let hypotheses = try classifier.predict("turn it down", options: PredictionOptions(top: 3))
    for label in hypotheses.labels { print(label.name, label.probability) }

    let examples = try JSONDecoder().decode([Example].self, from: data)
    _ = examples
}

private func theClass(modelURL: URL, askAgain: () -> Void, run: ([Label]) -> Void) async throws {
    let classifier = try IntentClassifier(contentsOf: modelURL)
    let prediction = try classifier.predict("turn off the lights")
    if prediction.isRejected { askAgain() } else { run(prediction.labels) }
}

private func typed(classifier: IntentClassifier) async throws {
    enum Component: String { case vision = "VISION", voice = "VOICE" }
    let components = try classifier.predict("can you see my screen?", as: Component.self).values
    _ = components
}

private func progress(classifier: IntentClassifier, examples: [Example]) async throws {
    let training = classifier.training(on: examples)
    for await progress in training.progress { print("\(progress.epoch) of \(progress.epochs)") }
    let report = try await training.report
    _ = report
}

private func readme() async throws {
    let classifier = try await IntentClassifier.trained(on: [
        Example("turn on the lights", "light"), Example("switch the kitchen lamp off", "light"),
        Example("make it brighter in here", "light"), Example("dim the bedroom lights", "light"),
        Example("play some jazz", "music"), Example("put on my favourite song", "music"),
        Example("stop the song", "music"), Example("turn the music up", "music"),
    ])
    for text in ["lamp on, please", "play that song again", "Какая завтра погода?"] {
        let prediction = try classifier.predict(text)
        print(text, "->", prediction.isRejected ? "none of them" : prediction.labels[0].name)
    }
}

private func readmeLearns(classifier: IntentClassifier) async throws {
    try await classifier.update(with: Example("kill the lights", "light"))
    try classifier.save(to: FileManager.default.temporaryDirectory.appendingPathComponent("home.intent"))
}
