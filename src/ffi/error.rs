//! Errors: their conversion to C, and C's functions for them.

use super::boundary::{ask, release};
use super::status::IntentStatus;
use crate::Error;
use libc::c_char;
use std::ffi::CString;
use std::fmt::Display;
use std::ptr;

/// An error inside this module: a status and a sentence.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) status: IntentStatus,
    pub(super) message: String,
}

impl Failure {
    pub(super) fn null(name: impl Display) -> Self {
        Failure { status: IntentStatus::NullArgument, message: format!("`{name}` is NULL; it must not be") }
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Failure { status: IntentStatus::InvalidArgument, message: message.into() }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure { status: IntentStatus::from(&error), message: error.to_string() }
    }
}

/// Error of a failed call: a status and a message. Release it with intent_error_free().
pub struct IntentError {
    status: IntentStatus,
    message: CString,
}

impl From<Failure> for IntentError {
    fn from(Failure { status, message }: Failure) -> Self {
        // A path may hold a NUL character; a C string may not.
        let message = CString::new(message.replace('\0', "\u{FFFD}")).unwrap_or_default();
        IntentError { status, message }
    }
}

/// Returns the status of an error, the same that the failed call returned.
///
/// @param error Error. May be NULL.
/// @return The status; OK for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_error_status(error: *const IntentError) -> IntentStatus {
    if error.is_null() {
        return IntentStatus::Ok;
    }
    // SAFETY: the header requires an error that has not been freed.
    unsafe { ask(error, IntentStatus::Panicked, |error| error.status) }
}

/// Returns the message of an error: one English sentence that names the argument, the value or the
/// file at fault, and the next step if there is one.
///
/// The message never quotes a text that was classified or trained on.
///
/// @param error Error. May be NULL.
/// @return UTF-8, NUL-terminated, valid until the error is released; NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_error_message(error: *const IntentError) -> *const c_char {
    // SAFETY: the header requires NULL or an error that has not been freed.
    unsafe { ask(error, ptr::null(), |error| error.message.as_ptr()) }
}

/// Releases an error and its message.
///
/// @param error Error. May be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_error_free(error: *mut IntentError) {
    // SAFETY: created by `Box::into_raw` in `boundary`; the header requires that it is freed once.
    unsafe { release(error) }
}
