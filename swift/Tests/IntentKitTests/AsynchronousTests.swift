import Foundation
import IntentKit
import Testing

/// All tests that exercise threads, here and in extensions in other files. For a run under the
/// thread sanitizer: `swift test --filter Threads`.
@Suite struct Threads {
    @Test(.timeLimit(.minutes(1))) func manyRequestsAreAnsweredAsByPredict() async throws {
        let classifier = try IntentClassifier.sample()
        let texts = ["can you see my screen?", "read this aloud", "", "what is on my calendar"]
        let expected = try texts.map { try classifier.predict($0) }
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for i in 0..<200 {
                group.addTask { try await classifier.prediction(for: texts[i % texts.count]) == expected[i % texts.count] }
            }
            for try await isRight in group { #expect(isRight) }
        }
        let all = try await classifier.predictions(for: AsyncStream { stream in
            texts.forEach { stream.yield($0) }
            stream.finish()
        }).reduce(into: []) { $0.append($1) }
        #expect(all == expected)
    }

    @Test(.timeLimit(.minutes(1))) func aRequestIsCancelledBeforeDuringAndAfter() async throws {
        let classifier = try IntentClassifier.sample()
        let long = String(repeating: "see my screen and ", count: 50_000)
        try classifier.setQueue(threads: 1, capacity: 64)
        // The first keeps the only thread busy, so the others wait. Each is either cancelled in
        // time or answered.
        let first = Task { try await classifier.prediction(for: long) }
        let others = (0..<20).map { _ in Task { try await classifier.prediction(for: "see my screen") } }
        let before = Task { try await classifier.prediction(for: "see my screen") }
        before.cancel()
        others.forEach { $0.cancel() }
        for task in others + [before] {
            switch await task.result {
            case .success(let prediction): #expect(!prediction.isRejected)
            case .failure(let error): if case IntentError.cancelled? = error as? IntentError {} else { Issue.record("\(error)") }
            }
        }
        _ = try await first.value
        first.cancel()
    }

    @Test(.timeLimit(.minutes(1))) func aFullQueueRefusesAndAFinishedOneToo() async throws {
        let classifier = try IntentClassifier.sample()
        try classifier.setQueue(threads: 1, capacity: 1)
        let long = String(repeating: "see my screen and ", count: 20_000)
        let tasks = (0..<16).map { _ in Task { try await classifier.prediction(for: long) } }
        var refused = 0
        for task in tasks {
            if case .failure(let error) = await task.result {
                if case IntentError.busy? = error as? IntentError { refused += 1 } else { Issue.record("\(error)") }
            }
        }
        #expect(try classifier.statistics.busy == refused)
        #expect(throws: IntentError.self) { try classifier.setQueue(threads: 2, capacity: 2) }
        try await classifier.finish()
        if case .finished = await failure({ _ = try await classifier.prediction(for: "x") }) {} else { Issue.record("not finished") }
        #expect(try !classifier.predict("can you see my screen?").isRejected)
    }

    @Test(.timeLimit(.minutes(1))) func aRequestHoldsOnToItsClassifier() async throws {
        let tasks = try (0..<20).map { _ in
            let classifier = try IntentClassifier.sample()
            return Task { try await classifier.prediction(for: "can you see my screen?") }
        }
        for task in tasks { #expect(try await !task.value.isRejected) }
    }
}

@Test(.timeLimit(.minutes(1))) func aTextThatIsTooLongIsRefusedBeforeItWaits() async throws {
    let classifier = try IntentClassifier.sample()
    let long = String(repeating: "x", count: (1 << 20) + 1)
    if case .textTooLong = await failure({ _ = try await classifier.prediction(for: long) }) {} else { Issue.record("taken") }
}
