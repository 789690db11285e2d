//! Room for one row of logits on the stack.

use crate::network::MAX_LABELS;

/// Calls `body` with a zeroed buffer of `length` floats on the stack, so that a prediction allocates
/// nothing.
///
/// # Panics
/// When `length` is over [`MAX_LABELS`].
pub(crate) fn with_logits<R>(length: usize, body: impl FnOnce(&mut [f32]) -> R) -> R {
    // Three sizes, so that a small model doesn't pay for zeroing what only the largest needs, nor for its room: inlined, the three would
    // lie side by side in the caller's frame.
    #[inline(never)]
    fn on_stack<const SIZE: usize, R>(length: usize, body: impl FnOnce(&mut [f32]) -> R) -> R {
        body(&mut [0.0; SIZE][..length])
    }
    match length {
        0..=256 => on_stack::<256, R>(length, body),
        257..=2048 => on_stack::<2048, R>(length, body),
        _ => on_stack::<MAX_LABELS, R>(length, body),
    }
}
