//! The border that no panic crosses.

use super::error::{Failure, IntentError};
use super::status::IntentStatus;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `body` and turns an error or a panic into a status and, if asked for, an error object. Allocates only on failure.
///
/// `AssertUnwindSafe`: models are immutable, and what a panicking `body` was building is dropped, never handed out.
pub(super) fn boundary(
    error_out: *mut *mut IntentError,
    body: impl FnOnce() -> Result<(), Failure>,
) -> IntentStatus {
    let failure = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => return IntentStatus::Ok,
        Ok(Err(failure)) => failure,
        // The panic's own message may quote a text, so it goes no further than the panic hook.
        Err(_) => Failure {
            status: IntentStatus::Panicked,
            message: "a defect inside IntentKit was caught at its border; please report it".into(),
        },
    };
    let status = failure.status;
    if !error_out.is_null() {
        let error = Box::into_raw(Box::new(IntentError::from(failure)));
        // SAFETY: a non-null `error_out` is writable; the header asks for that.
        unsafe { error_out.write(error) };
    }
    status
}

/// Panics inside, so that a test can watch from C: no export, and in nothing that ships.
#[doc(hidden)]
pub unsafe fn panic_inside(error_out: *mut *mut IntentError) -> IntentStatus {
    boundary(error_out, || panic!("asked for by a test"))
}
