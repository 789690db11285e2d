// A SwiftUI app for Xcode. Create an app project, and add this file, ../Model/Assistant.swift and
// the package IntentKit.
//
// It has not been compiled on an Apple system yet, only type-checked against a stand-in for
// SwiftUI. Its state and logic are in Assistant.swift, which is tested on Linux.
#if canImport(SwiftUI)
import IntentKit
import SwiftUI

@MainActor final class Store: ObservableObject {
    let assistant: Assistant

    init() {
        guard let classifier = try? IntentClassifier.sample() else { fatalError("the sample model is missing from the app's bundle") }
        assistant = Assistant(classifier)
        assistant.onChange = { [weak self] in self?.objectWillChange.send() }
    }
}

@main struct AssistantApp: App {
    @StateObject private var store = Store()
    @State private var text = ""

    var body: some Scene {
        WindowGroup {
            List {
                TextField("A command, such as: can you see my screen?", text: $text)
                    .onChange(of: text) { store.assistant.type($0) }
                ForEach(store.assistant.rows) { row in
                    HStack {
                        Text(row.id).fontWeight(row.isChosen ? .bold : .regular)
                        ProgressView(value: Double(row.probability))
                        Button("This one") { Task { await store.assistant.correct(to: [row.id]) } }
                            .disabled(store.assistant.isLearning)
                    }
                }
                if let problem = store.assistant.problem { Text(problem).foregroundColor(.red) }
            }
        }
    }
}
#endif
