//! The boundary that no panic crosses: one function for each kind of call.

use super::error::{Failure, IntentError};
use super::status::IntentStatus;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `body`, and converts an error or a panic to a status and, if requested, an error object.
/// Allocates only on failure.
///
/// `AssertUnwindSafe`: models are immutable, and what a panicking `body` was building is dropped,
/// never returned.
pub(super) fn boundary(
    error_out: *mut *mut IntentError,
    body: impl FnOnce() -> Result<(), Failure>,
) -> IntentStatus {
    let failure = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => return IntentStatus::Ok,
        Ok(Err(failure)) => failure,
        // The panic's message may quote a text, so only the panic hook sees it.
        Err(_) => Failure {
            status: IntentStatus::Panicked,
            message: "a defect inside IntentKit was caught at its boundary; please report it".into(),
        },
    };
    let status = failure.status;
    if !error_out.is_null() {
        let error = Box::into_raw(Box::new(IntentError::from(failure)));
        // SAFETY: a non-null `error_out` is writable, as the header requires.
        unsafe { error_out.write(error) };
    }
    status
}

/// Runs the body of a call that can't fail. A panic becomes `fallback`.
pub(super) fn shielded<R>(fallback: R, body: impl FnOnce() -> R) -> R {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(fallback)
}

/// Reads a property of an object that may be NULL. NULL and a panic give `fallback`.
///
/// # Safety
/// `object` is NULL or points to a live `T` that nothing changes during the call.
pub(super) unsafe fn ask<T, R: Copy>(object: *const T, fallback: R, body: impl FnOnce(&T) -> R) -> R {
    // SAFETY: upheld by this function's contract.
    shielded(fallback, || unsafe { object.as_ref() }.map_or(fallback, body))
}

/// Drops an object that `Box::into_raw` gave to C; NULL does nothing.
///
/// # Safety
/// `object` is NULL or comes from `Box::into_raw`, and is released once.
pub(super) unsafe fn release<T>(object: *mut T) {
    shielded((), || {
        if !object.is_null() {
            // SAFETY: upheld by this function's contract.
            drop(unsafe { Box::from_raw(object) });
        }
    });
}

/// Panics inside `boundary`, for a test in C. Not exported, and in no release.
#[doc(hidden)]
pub unsafe fn panic_inside(error_out: *mut *mut IntentError) -> IntentStatus {
    boundary(error_out, || panic!("asked for by a test"))
}
