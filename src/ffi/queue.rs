//! Requests from C that are answered later.

use super::arguments::{object, phrase};
use super::boundary::boundary;
use super::classifier::IntentClassifier;
use super::error::{Failure, IntentError};
use super::predict::{IntentPredictOptions, IntentSource, predict_options};
use super::shield::shielded;
use super::status::IntentStatus;
use crate::Scored;
use crate::classifier::{LivePrediction, QueueOptions, Ticket};
use libc::{c_char, c_void};
use std::ffi::CString;
use std::ptr;

/// The answer to a request. It and what it points to are valid during the callback only.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct IntentAnswer {
    /// OK, or CANCELLED for a request that was cancelled, by its owner or by intent_free(); in rare cases another failure.
    pub status: IntentStatus,
    /// The chosen labels, best first. NULL when there are none.
    pub labels: *const Scored,
    /// Their number; 0 when the text is rejected, or the status is not OK.
    pub count: usize,
    /// Number of the model that answered, as in intent_decision; 0 when the status is not OK.
    pub model_version: u64,
    /// What the labels come from.
    pub source: IntentSource,
    /// A sentence when the status is not OK, NUL-terminated; otherwise NULL.
    pub message: *const c_char,
}

/// Called once for each request that was accepted, on a thread of the library's. It may call whatever it likes, intent_free() among it, and
/// must return, not throw or jump out. While it runs, its thread answers nothing else.
///
/// @param answer  The answer; valid during the call only.
/// @param context The pointer given with the request.
pub type IntentAnswerCallback =
    Option<unsafe extern "C" fn(answer: *const IntentAnswer, context: *mut c_void)>;

/// A hold on a request, to cancel it by. Released with intent_request_free(), before or after the answer.
pub struct IntentRequest {
    ticket: Ticket,
}

/// The caller's pointer on its way through a worker.
struct Context(*mut c_void);

// SAFETY: it is only handed back to the callback; the header says that this happens on another thread.
unsafe impl Send for Context {}

impl Context {
    /// A method, so that closures take the whole and not the pointer in it.
    fn pointer(&self) -> *mut c_void {
        self.0
    }
}

/// Queues a text and returns at once; the callback is called with the answer, exactly once, unless this fails.
///
/// Requests are answered by a few threads of the library's in the order they come, several at a time where they pile up. A full queue
/// refuses with BUSY instead of growing.
///
/// @param classifier  A classifier. Not NULL. Other threads may use it at the same time.
/// @param text        As for intent_predict(); copied.
/// @param text_length Bytes of `text`.
/// @param options     As for intent_predict(); copied.
/// @param callback    Called with the answer. Not NULL.
/// @param context     Handed to the callback. May be NULL.
/// @param request_out Optional. Receives a hold on the request, to release with intent_request_free(). Written only on success, and maybe
///                    after the callback was called.
/// @param error_out   Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT, INVALID_UTF8, INVALID_ARGUMENT (also when the system gives no threads for the queue), TEXT_TOO_LONG,
///         NO_VECTORIZER, BUSY, SHUT_DOWN (after intent_finish()) or PANICKED. The callback is not called unless it is OK.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_predict_async(
    classifier: *const IntentClassifier,
    text: *const u8,
    text_length: usize,
    options: *const IntentPredictOptions,
    callback: IntentAnswerCallback,
    context: *mut c_void,
    request_out: *mut *mut IntentRequest,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    boundary(error_out, || {
        // SAFETY: the header asks for a classifier that has not been freed.
        let live = unsafe { object(classifier, "classifier") }?.live();
        // SAFETY: the header asks for `text_length` bytes.
        let text = unsafe { phrase(text, text_length, "text") }?;
        // SAFETY: the header asks for options that start with their size.
        let options = unsafe { predict_options(options) }?;
        let callback = callback.ok_or_else(|| Failure::null("callback"))?;
        let context = Context(context);
        let ticket = live.submit(text.to_owned(), options, move |answer| {
            let call = |answer: IntentAnswer| {
                // SAFETY: a callback that the caller gave for this use, with the context that goes with it.
                unsafe { callback(&answer, context.pointer()) }
            };
            match &answer {
                Ok(answer) => call(answered(answer)),
                Err(error) => {
                    let message = CString::new(error.to_string()).unwrap_or_default();
                    call(IntentAnswer {
                        status: IntentStatus::from(error),
                        labels: ptr::null(),
                        count: 0,
                        model_version: 0,
                        source: IntentSource::Network,
                        message: message.as_ptr(),
                    })
                }
            }
        })?;
        if !request_out.is_null() {
            // SAFETY: checked non-null; the header asks for a writable place.
            unsafe { request_out.write(Box::into_raw(Box::new(IntentRequest { ticket }))) };
        }
        Ok(())
    })
}

fn answered(answer: &LivePrediction) -> IntentAnswer {
    let labels = answer.prediction().labels();
    IntentAnswer {
        status: IntentStatus::Ok,
        labels: if labels.is_empty() { ptr::null() } else { labels.as_ptr() },
        count: labels.len(),
        model_version: answer.version(),
        source: answer.prediction().source().into(),
        message: ptr::null(),
    }
}

/// Cancels a request if no thread has started it. Its callback is called with CANCELLED then, and with the answer otherwise.
///
/// @param request A request. NULL is allowed.
/// @return Whether it was cancelled; false for NULL, and for a request that was started, answered or cancelled already.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_request_cancel(request: *const IntentRequest) -> bool {
    shielded(false, || {
        // SAFETY: NULL, or a request that has not been freed.
        unsafe { request.as_ref() }.is_some_and(|request| request.ticket.cancel())
    })
}

/// Releases a hold on a request. The request itself goes on.
///
/// @param request A request, not to be used afterwards. NULL is allowed and does nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_request_free(request: *mut IntentRequest) {
    shielded((), || {
        if !request.is_null() {
            // SAFETY: made by `Box::into_raw` in `intent_predict_async`, and freed once.
            drop(unsafe { Box::from_raw(request) });
        }
    });
}

/// Sets how many threads answer requests and how many requests may wait. Without it there are as many threads as cores but one, four at
/// most, and room for 1024 requests.
///
/// @param classifier A classifier. Not NULL. Other threads may use it at the same time.
/// @param workers    Threads, 1 to 1024.
/// @param capacity   Requests, 1 to 65536.
/// @param error_out  Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT, INVALID_ARGUMENT (also when the first request was made already) or PANICKED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_set_queue(
    classifier: *const IntentClassifier,
    workers: usize,
    capacity: usize,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    boundary(error_out, || {
        // SAFETY: the header asks for a classifier that has not been freed.
        let live = unsafe { object(classifier, "classifier") }?.live();
        Ok(live.set_queue(QueueOptions { workers, capacity })?)
    })
}

/// Takes no more requests, and returns when the callbacks of all that wait have returned. Called in a callback it returns at once, and they
/// are answered behind it. intent_free() without it cancels what waits.
///
/// @param classifier A classifier. Not NULL. Other threads may use it at the same time.
/// @param error_out  Optional. Written only on failure.
/// @return OK, NULL_ARGUMENT or PANICKED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_finish(
    classifier: *const IntentClassifier,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    boundary(error_out, || {
        // SAFETY: the header asks for a classifier that has not been freed.
        unsafe { object(classifier, "classifier") }?.live().finish();
        Ok(())
    })
}
