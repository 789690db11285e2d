import AssistantModel
import IntentKit
import Testing

@MainActor @Test func theSampleAppAnswersWhileSomebodyTypesAndLearns() async throws {
    let assistant = Assistant(try IntentClassifier.sample())
    var changes = 0
    assistant.onChange = { changes += 1 }
    assistant.type("can you see my screen?")
    #expect(Set(assistant.rows.filter(\.isChosen).map(\.id)) == ["VISION", "CHATBOTS"])
    #expect(assistant.rows.count == assistant.components.count && assistant.problem == nil && changes == 1)
    assistant.type("clean up this mess")
    let before = assistant.rows
    await assistant.correct(to: ["FILE_MANAGER"])
    #expect(assistant.rows.filter(\.isChosen).map(\.id) == ["FILE_MANAGER"] && assistant.rows != before)
    #expect(!assistant.isLearning && changes == 4)
    assistant.type(String(repeating: "x", count: (1 << 20) + 1))
    #expect(assistant.problem != nil)
}
