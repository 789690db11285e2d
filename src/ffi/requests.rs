//! Asynchronous requests from C.

use super::arguments::IntentText;
use super::boundary::{ask, release};
use super::classifier::{IntentClassifier, with_classifier};
use super::error::{Failure, IntentError};
use super::predict::{IntentPredictOptions, IntentSource, predict_options};
use super::status::IntentStatus;
use crate::classifier::{LivePrediction, QueueOptions, Ticket};
use crate::{Error, Scored};
use libc::{c_char, c_void};
use std::ffi::CString;
use std::ptr;

/// Answer to a request. It and what it points to are valid during the callback only.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct IntentAnswer {
    /// OK; CANCELLED if the request was cancelled by intent_request_cancel() or intent_free(); in
    /// rare cases another failure.
    pub status: IntentStatus,
    /// Chosen labels, best first. NULL if there are none.
    pub labels: *const Scored,
    /// Number of labels. 0 if the text is rejected, or the status is not OK.
    pub count: usize,
    /// Version of the model that answered, as in intent_decision. 0 if the status is not OK.
    pub model_version: u64,
    /// What decided.
    pub source: IntentSource,
    /// NUL-terminated message if the status is not OK; NULL otherwise.
    pub message: *const c_char,
}

/// Function that receives the answer to a request. Called once for each accepted request, on a
/// thread of the library.
///
/// The callback may make any call. It may call intent_free() only if no other call is running, and
/// no call may follow that one. It must return: it must not throw or jump out. Its thread answers
/// no other request meanwhile.
///
/// @param answer  Answer.
/// @param context The pointer given with the request.
pub type IntentAnswerCallback =
    Option<unsafe extern "C" fn(answer: *const IntentAnswer, context: *mut c_void)>;

/// Handle of a request, to cancel it. Release it with intent_request_free(), before or after the
/// answer.
pub struct IntentRequest {
    ticket: Ticket,
}

/// The caller's pointer, in transfer through a worker.
struct Context(*mut c_void);

// SAFETY: it is only passed to the callback; the header says that this happens on another thread.
unsafe impl Send for Context {}

impl Context {
    /// A method, so that closures capture the struct and not the pointer in it.
    fn pointer(&self) -> *mut c_void {
        self.0
    }
}

/// Queues a text and returns at once. The callback receives the answer.
///
/// A few threads of the library take requests from the queue in order. If several requests are
/// waiting, a thread takes up to 64 of them, classifies them together, and then calls their
/// callbacks one after the other. A full queue refuses requests with BUSY.
///
/// @param classifier  Classifier. Must not be NULL.
/// @param text        Text, at most INTENT_MAX_TEXT_BYTES long, copied.
/// @param options     As for intent_predict(), copied.
/// @param callback    If intent_predict_async() succeeds, this is called exactly once, with the
///                    answer; otherwise never. Must not be NULL.
/// @param context     Passed to the callback. May be NULL.
/// @param request_out Optional. Receives a handle of the request. Release it with
///                    intent_request_free(). The callback may run before the handle is written
///                    here.
/// @param error_out   Optional. Receives the error on failure.
/// @return OK, NULL_ARGUMENT, INVALID_UTF8, TEXT_TOO_LONG or NO_VECTORIZER; INVALID_ARGUMENT when
///         an option is out of range; OUT_OF_MEMORY when the system can't start a thread for the
///         queue; BUSY when the queue is full; SHUT_DOWN after intent_finish().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_predict_async(
    classifier: *const IntentClassifier,
    text: IntentText,
    options: *const IntentPredictOptions,
    callback: IntentAnswerCallback,
    context: *mut c_void,
    request_out: *mut *mut IntentRequest,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe {
        with_classifier(classifier, error_out, |classifier| {
            let (text, options) = (text.text("text")?, predict_options(options)?);
            let callback = callback.ok_or_else(|| Failure::null("callback"))?;
            let context = Context(context);
            let ticket = classifier.live().submit(text.to_owned(), options, move |answer| match &answer {
                Ok(answer) => callback(&answered(answer), context.pointer()),
                Err(error) => {
                    let message = CString::new(error.to_string()).unwrap_or_default();
                    callback(&failed(error, &message), context.pointer());
                }
            })?;
            if !request_out.is_null() {
                request_out.write(Box::into_raw(Box::new(IntentRequest { ticket })));
            }
            Ok(())
        })
    }
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

fn failed(error: &Error, message: &CString) -> IntentAnswer {
    IntentAnswer {
        status: IntentStatus::from(error),
        labels: ptr::null(),
        count: 0,
        model_version: 0,
        source: IntentSource::Network,
        message: message.as_ptr(),
    }
}

/// Cancels a request if no thread has started it.
///
/// The callback of a cancelled request receives CANCELLED on a thread of the library, in general
/// after this call has returned. Otherwise it receives the answer.
///
/// @param request Request. May be NULL.
/// @return true if the request was cancelled; false if it was started, answered or cancelled
///         before, and for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_request_cancel(request: *const IntentRequest) -> bool {
    // SAFETY: the header requires it of the caller.
    unsafe { ask(request, false, |request| request.ticket.cancel()) }
}

/// Releases the handle of a request. The request itself goes on.
///
/// @param request Request. May be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_request_free(request: *mut IntentRequest) {
    // SAFETY: created by `Box::into_raw` in `intent_predict_async`; the header requires that it is
    // freed once.
    unsafe { release(request) }
}

/// Sets the size of the request queue and the number of threads that answer requests.
///
/// Must be called before the first request. By default `workers` is the number of cores minus one,
/// but at least 1 and at most 4, and `capacity` is 1024.
///
/// @param classifier Classifier. Must not be NULL.
/// @param workers    Number of threads, 1 to 1024.
/// @param capacity   Number of requests that may wait, 1 to 65536.
/// @param error_out  Optional. Receives the error on failure.
/// @return OK or NULL_ARGUMENT; INVALID_ARGUMENT when a number is out of range or the first request
///         was made already.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_set_queue(
    classifier: *const IntentClassifier,
    workers: usize,
    capacity: usize,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe {
        with_classifier(classifier, error_out, |classifier| {
            Ok(classifier.live().set_queue(QueueOptions { workers, capacity })?)
        })
    }
}

/// Stops accepting requests, and blocks until the callbacks of all waiting requests have returned.
///
/// Called from a callback, it returns at once, and the waiting requests are answered afterwards.
/// intent_free() without this call cancels waiting requests.
///
/// @param classifier Classifier. Must not be NULL.
/// @param error_out  Optional. Receives the error on failure.
/// @return OK or NULL_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_finish(
    classifier: *const IntentClassifier,
    error_out: *mut *mut IntentError,
) -> IntentStatus {
    // SAFETY: the header requires it of the caller.
    unsafe {
        with_classifier(classifier, error_out, |classifier| {
            classifier.live().finish();
            Ok(())
        })
    }
}
