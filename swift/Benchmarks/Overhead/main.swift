// Measures how much a prediction costs in Swift compared with the same call in C, and fails if
// memory grows over a million predictions. Passes alternate, so that a slow minute is slow for
// both:
// INTENTKIT_LIB_DIR=target/release swift run -c release IntentOverhead MODEL.intent
import CIntentKit
import Foundation
import IntentKit

let path = CommandLine.arguments.dropFirst().first ?? "models/assistant.intent"
let classifier = try IntentClassifier(contentsOf: URL(fileURLWithPath: path))
var c: OpaquePointer?
var name = path
let opened = name.withUTF8 { intent_load(intent_text(bytes: $0.baseAddress, length: $0.count), &c, nil) }
guard opened == INTENT_STATUS_OK else { fatalError("\(path) can't be opened") }
let capacity = Int(intent_label_count(c))
var texts = ["can you see my screen?", "read the latest email aloud", "what is on my calendar tomorrow", "turn it off", "remember this for later"]

@MainActor func inC() -> Double {
    let start = DispatchTime.now().uptimeNanoseconds
    withUnsafeTemporaryAllocation(of: intent_scored.self, capacity: capacity) { buffer in
        for i in texts.indices {
            var count = 0
            texts[i].withUTF8 {
                let text = intent_text(bytes: $0.baseAddress, length: $0.count)
                _ = intent_predict(c, text, nil, buffer.baseAddress, capacity, &count, nil)
            }
        }
    }
    return Double(DispatchTime.now().uptimeNanoseconds - start) / Double(texts.count)
}

@MainActor func inSwift() throws -> Double {
    let start = DispatchTime.now().uptimeNanoseconds
    for text in texts { _ = try classifier.predict(text) }
    return Double(DispatchTime.now().uptimeNanoseconds - start) / Double(texts.count)
}

/// Resident memory in bytes; `nil` on systems without /proc.
func resident() -> Int? {
    let statm = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
    return statm?.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 4096 }
}

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

var (ofC, ofSwift) = ([Double](), [Double]())
for _ in 0..<20_000 {
    ofC.append(inC())
    ofSwift.append(try inSwift())
}
let differences = zip(ofSwift, ofC).map { $0 - $1 }
print("C \(Int(median(ofC))) ns, Swift \(Int(median(ofSwift))) ns a prediction; Swift adds \(Int(median(differences))) ns (medians of 20,000 passes)")

let before = resident()
for i in 0..<1_000_000 { _ = try classifier.predict(texts[i % texts.count]) }
if let before, let after = resident() {
    print("memory after a million predictions: \((after - before) / 1024) kB more")
    // A leak of three bytes per prediction would exceed this.
    exit(after - before < 2 << 20 ? 0 : 1)
}
