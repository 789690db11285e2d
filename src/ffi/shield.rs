//! The border of calls that can't fail.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `body`; a panic becomes `fallback`.
pub(super) fn shielded<R>(fallback: R, body: impl FnOnce() -> R) -> R {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(fallback)
}
