internal import CIntentKit
import Foundation

extension IntentClassifier {
    /// Chooses the labels of a text on a thread of the library, so that a long text blocks neither
    /// an actor nor the pool of all tasks. For one short text ``predict(_:options:)`` is faster.
    ///
    /// Cancelling the task cancels the request if no thread has started it. The request keeps the
    /// classifier alive.
    ///
    /// - Parameters:
    ///   - text: At most a mebibyte of UTF-8. May be empty.
    ///   - options: How to choose labels. Defaults to the decision rule from training.
    /// - Throws: ``IntentError/busy(_:)`` if the queue is full, ``IntentError/cancelled(_:)`` if
    ///   the task was cancelled first, ``IntentError/finished(_:)`` after ``finish()``,
    ///   ``IntentError/outOfMemory(_:)`` if the system can't start a thread; otherwise as
    ///   ``predict(_:options:)``.
    public func prediction(for text: String, options: PredictionOptions = .init()) async throws(IntentError) -> Prediction {
        let request = Request()
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { done in
                request.start(Question(handle: handle, text: text, options: options, done: done))
            }
        } onCancel: {
            request.cancel()
        }
        return try outcome.get()
    }

    /// Chooses the labels of each text of a sequence, one after the other, in order.
    public func predictions<Texts: AsyncSequence>(
        for texts: Texts, options: PredictionOptions = .init()
    ) -> AsyncThrowingMapSequence<Texts, Prediction> where Texts.Element == String {
        texts.map { text in try await self.prediction(for: text, options: options) }
    }

    /// Sets the size of the request queue and the number of threads that answer requests. Must be
    /// called before the first request.
    ///
    /// - Parameters:
    ///   - threads: 1 to 1024. By default the number of cores minus one, but at least 1 and at most
    ///     4.
    ///   - capacity: Number of requests that may wait, 1 to 65,536. 1024 by default.
    /// - Throws: ``IntentError/invalidArgument(_:)`` if a number is out of range or the first
    ///   request was made already.
    public func setQueue(threads: Int, capacity: Int) throws(IntentError) {
        try handle.call { intent_set_queue($0, max(threads, 0), max(capacity, 0), $1) }
    }

    /// Stops accepting requests, and returns when all waiting requests are answered.
    public func finish() async throws(IntentError) {
        try await offPool { [handle] () throws(IntentError) in
            try handle.call { intent_finish($0, $1) }
        }
    }
}

/// A text, its options and the task that waits for its answer. C holds it from the start of the
/// request to the callback.
private final class Question: Sendable {
    let handle: Handle
    let text: String
    let options: PredictionOptions
    let done: CheckedContinuation<Result<Prediction, IntentError>, Never>

    init(
        handle: Handle, text: String, options: PredictionOptions,
        done: CheckedContinuation<Result<Prediction, IntentError>, Never>
    ) {
        (self.handle, self.text, self.options, self.done) = (handle, text, options, done)
    }
}

/// Handle of a request. Any thread may cancel it, even before it starts.
///
/// Unchecked because a lock guards the mutable state.
private final class Request: @unchecked Sendable {
    private let lock = NSLock()
    private var pointer: OpaquePointer?
    private var isCancelled = false

    deinit { intent_request_free(pointer) }

    func cancel() {
        lock.withLock {
            isCancelled = true
            _ = intent_request_cancel(pointer)
        }
    }

    func start(_ question: Question) {
        let context = Unmanaged.passRetained(question)
        var started: OpaquePointer?
        let outcome = Result { () throws(IntentError) in
            try question.handle.call { pointer, problem in
                question.text.lend { text in
                    question.options.lend { options in
                        intent_predict_async(pointer, text, options, answered, context.toOpaque(), &started, problem)
                    }
                }
            }
        }
        if case .failure(let error) = outcome {
            // The callback will not be called, so release the context here.
            context.release()
            question.done.resume(returning: .failure(error))
            return
        }
        lock.withLock {
            pointer = started
            if isCancelled { _ = intent_request_cancel(started) }
        }
    }
}

/// Called once for each accepted request, on a thread of the library. A free function: a closure
/// would belong to its caller's actor.
private func answered(_ answer: UnsafePointer<intent_answer>?, _ context: UnsafeMutableRawPointer?) {
    guard let answer = answer?.pointee, let context else { return }
    let question = Unmanaged<Question>.fromOpaque(context).takeRetainedValue()
    guard answer.status == INTENT_STATUS_OK else {
        let message = answer.message.map { String(cString: $0) } ?? "error \(answer.status.rawValue)"
        return question.done.resume(returning: .failure(IntentError(status: answer.status, message: message)))
    }
    let chosen = UnsafeBufferPointer(start: answer.labels, count: answer.count)
    if let labels = question.handle.labels(chosen, of: answer.model_version) {
        let isByRule = answer.source == INTENT_SOURCE_RULE
        return question.done.resume(
            returning: .success(Prediction(labels: labels, isByRule: isByRule, modelVersion: answer.model_version)))
    }
    // The model was swapped and labels may have new indices: ask the new model.
    question.done.resume(
        returning: Result { () throws(IntentError) in
            try IntentClassifier(question.handle).predict(question.text, options: question.options)
        })
}
