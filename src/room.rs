//! Large blocks of memory. One that can't be had is an error here, where the allocator would end the host's process.

use crate::error::{Error, Result};

/// Asks whether there is room for `count` values, right before they are allocated: the request is made and taken back. What other threads take
/// in between can still be missing, and so can small blocks; neither has a status.
///
/// # Errors
/// [`Error::OutOfMemory`].
pub(crate) fn check<T>(count: usize) -> Result<()> {
    Vec::<T>::new()
        .try_reserve_exact(count)
        .map_err(|_| Error::OutOfMemory { bytes: count.saturating_mul(size_of::<T>()) })
}
