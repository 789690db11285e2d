import Foundation
import IntentKit

let examples = [
    Example("turn on the lights", "light"), Example("switch the kitchen lamp off", "light"),
    Example("make it brighter in here", "light"), Example("dim the lamp", "light"),
    Example("play some music", "music"), Example("play the next song", "music"),
    Example("stop the song", "music"), Example("louder music please", "music"),
]

/// Root folder of the package.
let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

/// Options for a training of many epochs, so that there is time to cancel it.
var endless: TrainingOptions {
    var options = TrainingOptions()
    options.epochs = 100_000
    return options
}

/// Lends an empty folder and removes it afterwards. Its name has a space.
func withFolder<Value>(_ work: (URL) async throws -> Value) async throws -> Value {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("intentkit \(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try await work(folder)
}

/// Returns the error that `work` throws; `nil` if it throws none.
func failure(_ work: () async throws -> Void) async -> IntentError? {
    do {
        try await work()
        return nil
    } catch {
        return error as? IntentError
    }
}
