internal import CIntentKit
import Foundation

extension IntentClassifier {
    /// Learns from examples, on the calling thread: for command-line tools. Apps await ``trained(on:options:)``.
    public convenience init(training examples: [Example], options: TrainingOptions = .init()) throws(IntentError) {
        self.init(try TrainingRun(examples, options).run())
    }

    /// Makes a classifier that has learned from examples.
    ///
    /// Training takes from some tens of milliseconds to some seconds, on threads of its own. Cancelling the task stops it.
    ///
    /// - Throws: ``IntentError/untrainable(_:)`` when the examples can't be learned from, ``IntentError/cancelled(_:)`` when the task was
    ///   cancelled, and whatever the options make of it.
    public static func trained(
        on examples: [Example], options: TrainingOptions = .init()
    ) async throws(IntentError) -> IntentClassifier {
        IntentClassifier(try await TrainingRun(examples, options).start())
    }

    /// Trains a new model and puts it in the place of the one there is, which answers until then. Statistics and settings stay; labels,
    /// corrections and keyword rules of the old model go with it.
    ///
    /// One training of a classifier runs at a time; others wait for their turn. Cancelling the task stops a training, also one that waits,
    /// and leaves the classifier as it is.
    ///
    /// - Throws: As ``trained(on:options:)``.
    @discardableResult
    public func train(on examples: [Example], options: TrainingOptions = .init()) async throws(IntentError) -> TrainingReport {
        try await train(TrainingRun(examples, options))
    }

    /// As ``train(on:options:)``, with its progress: starts at once and goes on whether anybody looks at it or not.
    ///
    /// ```swift
    /// let training = classifier.training(on: examples)
    /// for await progress in training.progress { print("\(progress.epoch) of \(progress.epochs)") }
    /// let report = try await training.report
    /// ```
    public func training(on examples: [Example], options: TrainingOptions = .init()) -> Training {
        let (progress, sink) = AsyncStream.makeStream(of: TrainingProgress.self, bufferingPolicy: .bufferingNewest(1))
        let run = TrainingRun(examples, options, progress: sink)
        let task = Task<Result<TrainingReport, IntentError>, Never> {
            defer { sink.finish() }
            return await Result.awaiting { () async throws(IntentError) in try await self.train(run) }
        }
        return Training(progress: progress, task: task)
    }

    private func train(_ run: TrainingRun) async throws(IntentError) -> TrainingReport {
        guard await turn.take() else { throw .cancelled("the training was cancelled while it waited for its turn") }
        defer { turn.give() }
        let trained = try await run.start()
        let report = TrainingReport(trained)
        try await offPool { [handle] () throws(IntentError) in
            try handle.call { pointer, problem in
                trained.lend { intent_replace(pointer, $0, problem) }
            }
        }
        return report
    }
}

/// A training that was started.
public struct Training: Sendable {
    /// The latest progress, an epoch at a time; ends with the training.
    public let progress: AsyncStream<TrainingProgress>
    let task: Task<Result<TrainingReport, IntentError>, Never>

    /// What came of it, when it is done.
    public var report: TrainingReport {
        get async throws(IntentError) { try await task.value.get() }
    }

    /// Stops it.
    public func cancel() {
        task.cancel()
    }
}

/// One training, which can be cancelled at any time, before it starts, too.
///
/// Unchecked because a lock guards what changes.
final class TrainingRun: @unchecked Sendable {
    private let examples: [Example]
    private let options: TrainingOptions
    private let progress: AsyncStream<TrainingProgress>.Continuation?
    private let lock = NSLock()
    private var isCancelled = false

    init(_ examples: [Example], _ options: TrainingOptions, progress: AsyncStream<TrainingProgress>.Continuation? = nil) {
        (self.examples, self.options, self.progress) = (examples, options, progress)
    }

    /// Trains on a thread of its own; cancelling the task stops it.
    func start() async throws(IntentError) -> Handle {
        let outcome = await withTaskCancellationHandler {
            await Result.awaiting { () async throws(IntentError) in
                try await offPool(qos: .utility) { () throws(IntentError) in try self.run() }
            }
        } onCancel: {
            lock.withLock { isCancelled = true }
        }
        return try outcome.get()
    }

    /// Trains on this thread.
    func run() throws(IntentError) -> Handle {
        let options = try COptions(options)
        try options.set { intent_options_set_progress($0, reported, Unmanaged.passUnretained(self).toOpaque(), $1) }
        guard goesOn else { throw .cancelled("the training was cancelled before it started") }
        do throws(IntentError) {
            return try log.interval("train") { () throws(IntentError) in
                try Handle { out, problem in
                    // The context of the callback lives until the call is over.
                    withExtendedLifetime(self) {
                        examples.lend { texts, labels, counts in
                            intent_train(texts, examples.count, labels, counts, options.pointer, out, problem)
                        }
                    }
                }
            }
        } catch {
            // The library's sentence blames the progress callback, which callers of this package don't see.
            if case .cancelled = error { throw .cancelled("the training was cancelled; no model was made") }
            throw error
        }
    }

    fileprivate var goesOn: Bool { lock.withLock { !isCancelled } }

    fileprivate func report(_ now: intent_progress) {
        progress?.yield(TrainingProgress(now))
    }
}

/// Called after each epoch, on a thread of the library's. A free function: a closure would belong to its caller's actor.
private func reported(_ now: UnsafePointer<intent_progress>?, _ context: UnsafeMutableRawPointer?) -> Bool {
    guard let now, let context else { return true }
    let run = Unmanaged<TrainingRun>.fromOpaque(context).takeUnretainedValue()
    run.report(now.pointee)
    return run.goesOn
}

extension Result where Failure == IntentError {
    /// As `init(catching:)`, for a closure that awaits.
    static func awaiting(_ work: () async throws(IntentError) -> Success) async -> Self {
        do throws(IntentError) {
            return .success(try await work())
        } catch {
            return .failure(error)
        }
    }
}

/// One at a time, first come first served; whoever waits can give up by cancelling its task.
///
/// Unchecked because a lock guards what changes.
final class Turn: @unchecked Sendable {
    private final class Ticket {
        var isCancelled = false
        var waits: CheckedContinuation<Bool, Never>?
    }

    private let lock = NSLock()
    private var isTaken = false
    private var waiting: [Ticket] = []

    /// Waits for the turn; false when the task is cancelled first. Whoever has got it gives it back.
    func take() async -> Bool {
        // Guarded by the lock, like all that holds it.
        nonisolated(unsafe) let ticket = Ticket()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: Bool? = lock.withLock {
                    if ticket.isCancelled { return false }
                    if !isTaken {
                        isTaken = true
                        return true
                    }
                    ticket.waits = continuation
                    waiting.append(ticket)
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let waits = lock.withLock {
                ticket.isCancelled = true
                waiting.removeAll { $0 === ticket }
                defer { ticket.waits = nil }
                return ticket.waits
            }
            waits?.resume(returning: false)
        }
    }

    func give() {
        let next = lock.withLock {
            isTaken = !waiting.isEmpty
            guard isTaken else { return nil as CheckedContinuation<Bool, Never>? }
            let ticket = waiting.removeFirst()
            defer { ticket.waits = nil }
            return ticket.waits
        }
        next?.resume(returning: true)
    }
}
