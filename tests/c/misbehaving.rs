//! A C library of one call, which panics inside the boundary of the real ones. `library.rs`
//! compiles it for `panic.c`.

use intentkit::internal::ffi::{IntentError, IntentStatus, panic_inside};

#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_test_panic(error_out: *mut *mut IntentError) -> IntentStatus {
    // SAFETY: the caller upholds the same contract.
    unsafe { panic_inside(error_out) }
}
