//! Exports that misbehave on purpose, so that a test can watch the border hold. Not in the header, never in a release.

use super::boundary::boundary;
use super::error::IntentError;
use super::status::IntentStatus;

/// Panics, and so returns INTENT_STATUS_PANICKED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn intent_test_panic(error_out: *mut *mut IntentError) -> IntentStatus {
    boundary(error_out, || panic!("asked for by a test"))
}
