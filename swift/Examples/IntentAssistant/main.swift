// Prints the components that each typed command asks for: swift run IntentAssistant [MODEL.intent].
// `wrong: COMPONENT ...` corrects the last answer.
import Foundation
import IntentKit

let classifier =
    if CommandLine.arguments.count > 1 {
        try IntentClassifier(contentsOf: URL(fileURLWithPath: CommandLine.arguments[1]))
    } else {
        try IntentClassifier.sample()
    }
print("Components: \(classifier.labels.joined(separator: ", "))")
print("Type a command; `wrong: COMPONENT ...` corrects the last answer.")

var last: String?
while let line = readLine() {
    do {
        if line.hasPrefix("wrong:"), let text = last {
            let labels = line.dropFirst("wrong:".count).split(separator: " ").map(String.init)
            let report = try await classifier.update(with: Example(text, labels: labels))
            print("learned, model \(report.modelVersion)")
            continue
        }
        let prediction = try classifier.predict(line)
        last = line
        if prediction.isRejected { print("none of them") }
        for label in prediction.labels {
            let bar = String(repeating: "#", count: Int((label.probability * 20).rounded()))
            print("\(bar) \(label.name) \(Int((label.probability * 100).rounded())) %")
        }
    } catch {
        print(error)
    }
}
