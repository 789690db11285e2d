//! What went wrong, on the way to C and in C's hands.

use super::shield::shielded;
use super::status::IntentStatus;
use crate::Error;
use libc::c_char;
use std::ffi::CString;
use std::fmt::Display;
use std::ptr;

/// An error inside this room: a status and a sentence.
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

/// What went wrong: a status and a sentence. Made by the library where a call fails, released with intent_error_free().
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

/// The status that the failed call returned as well.
///
/// @param error An error. NULL is allowed.
/// @return The status; INTENT_STATUS_OK for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_error_status(error: *const IntentError) -> IntentStatus {
    shielded(IntentStatus::Panicked, || {
        // SAFETY: NULL, or an error that the library made and the caller has not freed.
        unsafe { error.as_ref() }.map_or(IntentStatus::Ok, |error| error.status)
    })
}

/// One sentence, in English and UTF-8, that names the argument, the value or the file, and the next step where there is
/// one. It never quotes a text that was classified or trained on.
///
/// @param error An error. NULL is allowed.
/// @return A NUL-terminated string, valid until the error is freed; NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_error_message(error: *const IntentError) -> *const c_char {
    shielded(ptr::null(), || {
        // SAFETY: NULL, or an error that the library made and the caller has not freed.
        unsafe { error.as_ref() }.map_or(ptr::null(), |error| error.message.as_ptr())
    })
}

/// Releases an error and its message.
///
/// @param error An error, not to be used afterwards. NULL is allowed and does nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_error_free(error: *mut IntentError) {
    shielded((), || {
        if !error.is_null() {
            // SAFETY: made by `Box::into_raw` in `boundary`, and freed once.
            drop(unsafe { Box::from_raw(error) });
        }
    });
}
