internal import CIntentKit
import Foundation

extension IntentClassifier {
    /// Chooses the labels of a text on a thread of the library's, so that a long text delays nobody. One short text is answered faster by
    /// ``predict(_:options:)``.
    ///
    /// Cancelling the task cancels the request if it wasn't started yet. The request holds on to the classifier.
    ///
    /// - Throws: ``IntentError/busy(_:)`` when as many requests are waiting as the queue takes, ``IntentError/cancelled(_:)`` when the task
    ///   was cancelled first, ``IntentError/finished(_:)`` behind ``finish()``.
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

    /// Chooses the labels of each text of a sequence, in order, as they come.
    public func predictions<Texts: AsyncSequence>(
        for texts: Texts, options: PredictionOptions = .init()
    ) -> AsyncThrowingMapSequence<Texts, Prediction> where Texts.Element == String {
        texts.map { text in try await self.prediction(for: text, options: options) }
    }

    /// Sets how many threads answer requests (1 to 1024) and how many may wait (1 to 65,536), before the first request. Otherwise there are as many threads as cores
    /// but one, four at most, and room for 1024.
    public func setQueue(threads: Int, capacity: Int) throws(IntentError) {
        try handle.call { intent_set_queue($0, max(threads, 0), max(capacity, 0), $1) }
    }

    /// Takes no more requests, and returns when all that wait are answered.
    public func finish() async throws(IntentError) {
        try await offPool { [handle] () throws(IntentError) in
            try handle.call { intent_finish($0, $1) }
        }
    }
}

/// What a request is about and who waits for the answer. C holds it from the start of the request to the callback.
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

/// A hold on a request. It may be cancelled from any thread, before it is started, too.
///
/// Unchecked because a lock guards what changes.
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
            // The callback isn't called, so the context is taken back here.
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

/// Called once for each request that was accepted, on a thread of the library's. A free function: a closure would belong to its caller's actor.
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
    // Its labels were renumbered meanwhile: the new model is asked.
    question.done.resume(
        returning: Result { () throws(IntentError) in
            try IntentClassifier(question.handle).predict(question.text, options: question.options)
        })
}
