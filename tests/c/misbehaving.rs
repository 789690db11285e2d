//! A C library of one call, which panics inside the border of the real ones. `library.rs` compiles it for `panic.c`.

use intentkit::internal::ffi::{IntentError, IntentStatus, panic_inside};

#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_test_panic(error_out: *mut *mut IntentError) -> IntentStatus {
    // SAFETY: the same is asked of the caller.
    unsafe { panic_inside(error_out) }
}
