import CIntentKit
import Foundation
@testable import IntentKit
import Testing

/// The status constants, read from the header: the compiler would not notice a new one.
private func statuses() throws -> [(name: String, code: UInt32)] {
    let header = try String(contentsOf: root.appendingPathComponent("include/intentkit.h"), encoding: .utf8)
    return header.split(separator: "\n").compactMap { line in
        let parts = line.split(whereSeparator: { " =,".contains($0) })
        guard parts.count == 2, parts[0].hasPrefix("INTENT_STATUS_"), let code = UInt32(parts[1]) else { return nil }
        return (String(parts[0]), code)
    }
}

@Test func everyStatusOfTheHeaderHasACase() throws {
    let statuses = try statuses()
    #expect(statuses.count >= 20 && statuses.contains { $0.name == "INTENT_STATUS_SHUT_DOWN" })
    for (name, code) in statuses where code != 0 {
        let error = IntentError(status: intent_status(rawValue: code), message: "why")
        #expect(error.message == "why" && error.errorDescription == "why" && "\(error)" == "why")
        if case .unknown = error { Issue.record("\(name) has no case") }
    }
}

@Test func aStatusOfANewerLibraryIsUnknownAndKeepsItsMessage() {
    #expect(IntentError(status: intent_status(rawValue: 999), message: "why") == .unknown(code: 999, message: "why"))
}

@Test func errorsHaveTheMessagesOfTheLibrary() async throws {
    #expect { try IntentClassifier(contentsOf: URL(fileURLWithPath: "/nowhere/m.intent")) } throws: { error in
        if case IntentError.file(let message)? = error as? IntentError { message.contains("/nowhere/m.intent") } else { false }
    }
    #expect { try IntentClassifier(data: Data("nonsense".utf8)) } throws: { error in
        if case IntentError.unreadableModel(.notAModel, _)? = error as? IntentError { true } else { false }
    }
    #expect(throws: IntentError.self) { try IntentClassifier(data: Data()) }
    let bytes = try Data(contentsOf: root.appendingPathComponent("models/assistant.intent"))
    for damaged in [bytes.prefix(bytes.count - 1), bytes.prefix(bytes.count / 2) + Data(repeating: 7, count: bytes.count - bytes.count / 2)] {
        #expect { try IntentClassifier(data: damaged) } throws: { error in
            if case IntentError.unreadableModel(.damaged, _)? = error as? IntentError { true } else { false }
        }
    }
    if case .untrainable = await failure({ _ = try await IntentClassifier.trained(on: []) }) {} else { Issue.record("not untrainable") }
    if case .badTrainingState = await failure({
        _ = try IntentClassifier(trainingState: TrainingStateFile(root.appendingPathComponent("models/assistant.intent")))
    }) {} else { Issue.record("not a bad training state") }
}
