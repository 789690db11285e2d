//! Allocation of large blocks: a failure is an error here, while the allocator would abort the
//! process.

use crate::error::{Error, Result};

/// Checks that `count` values can be allocated, right before they are: reserves the block and
/// releases it. Memory that other threads take meanwhile can still be missing, and so can small
/// blocks; neither is reported.
///
/// # Errors
/// Fails with [`Error::OutOfMemory`] if the block can't be allocated.
pub(crate) fn check<T>(count: usize) -> Result<()> {
    Vec::<T>::new()
        .try_reserve_exact(count)
        .map_err(|_| Error::OutOfMemory { bytes: count.saturating_mul(size_of::<T>()) })
}
