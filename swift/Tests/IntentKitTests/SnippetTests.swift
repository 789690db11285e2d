import Foundation
import IntentKit
import Testing

/// Swift blocks of a document, as lines without indentation.
private func blocks(of document: String) -> [[String]] {
    var (blocks, isOpen) = ([[String]](), false)
    for line in document.split(separator: "\n", omittingEmptySubsequences: false) {
        let line = line.trimmingCharacters(in: .whitespaces)
        if line == "```swift" {
            blocks.append([])
            isOpen = true
        } else if line.hasPrefix("```") {
            isOpen = false
        } else if isOpen, !line.isEmpty {
            blocks[blocks.count - 1].append(line)
        }
    }
    return blocks
}

private func text(_ path: String) throws -> String {
    try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
}

@Test func everySnippetOfTheDocumentationIsCompiled() throws {
    let compiled = try text("swift/Tests/IntentKitTests/Snippets.swift").split(separator: "\n")
        .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    let catalogue = root.appendingPathComponent("swift/Sources/IntentKit/IntentKit.docc")
    var documents = try FileManager.default.contentsOfDirectory(at: catalogue, includingPropertiesForKeys: nil)
        .filter { $0.pathExtension == "md" }.map { try String(contentsOf: $0, encoding: .utf8) }
    #expect(documents.count >= 6)
    documents.append(try text("README.md"))
    // Snippets in doc comments.
    let sources = root.appendingPathComponent("swift/Sources/IntentKit")
    for source in try FileManager.default.contentsOfDirectory(at: sources, includingPropertiesForKeys: nil)
    where source.pathExtension == "swift" {
        let lines = try String(contentsOf: source, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
        documents.append(lines.map { $0.trimmingCharacters(in: .whitespaces) }.filter { $0.hasPrefix("///") }
            .map { String($0.dropFirst(3)) }.joined(separator: "\n"))
    }
    var count = 0
    for block in documents.flatMap(blocks(of:)) {
        count += 1
        let isCompiled = compiled.indices.contains { compiled[$0...].starts(with: block) }
        #expect(isCompiled, "this is not in Snippets.swift:\n\(block.joined(separator: "\n"))")
    }
    #expect(count >= 20, "\(count) snippets")
}

@Test func theSnippetOfTheReadmeAnswersAsItSays() throws {
    // The examples and questions of the first block, in order.
    let block = try #require(blocks(of: try text("README.md")).first).joined(separator: "\n")
    let examples = block.matches(of: #/Example\("(.+?)", "(.+?)"\)/#).map { Example(String($0.1), String($0.2)) }
    let questions = try #require(block.firstMatch(of: #/for text in \[(.+)\]/#)).1.matches(of: #/"(.+?)"/#).map { String($0.1) }
    #expect(examples.count == 8 && questions.count == 3)
    let classifier = try IntentClassifier(training: examples)
    let answers = try questions.map { try classifier.predict($0).best?.name ?? "none of them" }
    #expect(answers == ["light", "music", "none of them"])
}
