internal import CIntentKit
import Foundation

extension IntentClassifier {
    /// Trains a classifier on examples and blocks until it is done. For command-line tools: in apps
    /// use ``trained(on:options:)``.
    ///
    /// - Throws: As ``trained(on:options:)``.
    public convenience init(training examples: [Example], options: TrainingOptions = .init()) throws(IntentError) {
        self.init(try TrainingRun(examples, options).run())
    }

    /// Trains a classifier on examples.
    ///
    /// Takes from some tens of milliseconds to some seconds, on threads of its own. Cancelling the
    /// task stops the training.
    ///
    /// - Parameters:
    ///   - examples: Texts, each at most a mebibyte of UTF-8. A label name has 1 to 255 bytes and
    ///     no control characters.
    ///   - options: How to train. Defaults to the default options.
    /// - Throws: ``IntentError/untrainable(_:)`` if nothing can be learned from the examples,
    ///   ``IntentError/cancelled(_:)`` if the task was cancelled,
    ///   ``IntentError/invalidArgument(_:)`` if an option is out of range,
    ///   ``IntentError/textTooLong(_:)``, ``IntentError/outOfMemory(_:)``; with a lexicon also
    ///   ``IntentError/badData(_:)`` and ``IntentError/file(_:)``; with a training-state file also
    ///   ``IntentError/file(_:)``, and ``IntentError/badTrainingState(_:)`` if the file is in use
    ///   by another classifier or process.
    public static func trained(
        on examples: [Example], options: TrainingOptions = .init()
    ) async throws(IntentError) -> IntentClassifier {
        IntentClassifier(try await TrainingRun(examples, options).start())
    }

    /// Trains a new model and replaces the current one, which answers until then. Statistics and
    /// settings stay. Labels, corrections and keyword rules of the old model are dropped.
    ///
    /// One training of a classifier runs at a time; others wait for their turn. Cancelling the task
    /// stops the training, even while it waits, and leaves the classifier as it is.
    ///
    /// - Returns: The labels, the accuracy on held-out examples, and warnings about the data.
    /// - Throws: As ``trained(on:options:)``.
    @discardableResult
    public func train(on examples: [Example], options: TrainingOptions = .init()) async throws(IntentError) -> TrainingReport {
        try await train(TrainingRun(examples, options))
    }

    /// Starts a training like ``train(on:options:)`` and returns at once. The result gives its
    /// progress. The training runs whether or not anyone reads it.
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

/// A training that was started. Any thread may use it.
public struct Training: Sendable {
    /// The latest progress, updated after each epoch. Ends with the training.
    public let progress: AsyncStream<TrainingProgress>
    let task: Task<Result<TrainingReport, IntentError>, Never>

    /// Waits for the end of the training and returns its result.
    ///
    /// - Throws: As ``IntentClassifier/train(on:options:)``.
    public var report: TrainingReport {
        get async throws(IntentError) { try await task.value.get() }
    }

    /// Stops the training. Its ``report`` then throws ``IntentError/cancelled(_:)``. Does nothing
    /// after the training.
    public func cancel() {
        task.cancel()
    }
}

/// One training. Any thread may cancel it, even before it starts.
///
/// Unchecked because a lock guards the mutable state.
final class TrainingRun: @unchecked Sendable {
    private let examples: [Example]
    private let options: TrainingOptions
    private let progress: AsyncStream<TrainingProgress>.Continuation?
    private let lock = NSLock()
    private var isCancelled = false

    init(_ examples: [Example], _ options: TrainingOptions, progress: AsyncStream<TrainingProgress>.Continuation? = nil) {
        (self.examples, self.options, self.progress) = (examples, options, progress)
    }

    /// Trains on a thread of its own. Cancelling the task stops the training.
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

    /// Trains on the calling thread.
    func run() throws(IntentError) -> Handle {
        let options = try COptions(options)
        try options.set { intent_options_set_progress($0, reported, Unmanaged.passUnretained(self).toOpaque(), $1) }
        guard goesOn else { throw .cancelled("the training was cancelled before it started") }
        do throws(IntentError) {
            return try log.interval("train") { () throws(IntentError) in
                try Handle { out, problem in
                    // Keeps the context of the callback alive during the call.
                    withExtendedLifetime(self) {
                        examples.lend { texts, labels, counts in
                            intent_train(texts, examples.count, labels, counts, options.pointer, out, problem)
                        }
                    }
                }
            }
        } catch {
            // The library's message names the progress callback, which is internal to this package.
            if case .cancelled = error { throw .cancelled("the training was cancelled; no model was made") }
            throw error
        }
    }

    fileprivate var goesOn: Bool { lock.withLock { !isCancelled } }

    fileprivate func report(_ now: intent_progress) {
        progress?.yield(TrainingProgress(now))
    }
}

/// Called after each epoch, on a thread of the library. A free function: a closure would belong to
/// its caller's actor.
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

/// An asynchronous mutex, first come first served. A task that waits for it can be cancelled.
///
/// Unchecked because a lock guards the mutable state.
final class Turn: @unchecked Sendable {
    private final class Ticket {
        var isCancelled = false
        var waits: CheckedContinuation<Bool, Never>?
    }

    private let lock = NSLock()
    private var isTaken = false
    private var waiting: [Ticket] = []

    /// Waits for the turn. Returns false if the task is cancelled first. After true, call
    /// ``give()``.
    func take() async -> Bool {
        // Guarded by the lock, like everything that holds it.
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
