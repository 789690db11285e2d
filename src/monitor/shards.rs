//! Assigns threads to shards: most threads have their own, so counting needs no waiting.

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};

/// Number of shards. Fifteen threads have their own; all others share the last.
pub(super) const SHARDS: usize = 16;

/// The shard shared by threads without their own.
pub(super) const SHARED: usize = SHARDS - 1;

/// The shard of a thread, in all statistics: its own while it lives, if one was free.
struct Slot(usize);

/// One bit per shard, set if a thread owns it.
static TAKEN: AtomicU32 = AtomicU32::new(0);

thread_local! {
    static SLOT: Slot = Slot::take();
    /// The index of the slot. A thread-local with a destructor is slower to access, so the index is
    /// cached here.
    static NUMBER: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// Returns the index of this thread's shard.
#[inline]
pub(super) fn shard() -> usize {
    let number = NUMBER.get();
    if number < SHARDS { number } else { Slot::first() }
}

impl Slot {
    #[cold]
    fn first() -> usize {
        // A thread that is about to end owns none any more.
        let number = SLOT.try_with(|slot| slot.0).unwrap_or(SHARED);
        NUMBER.set(number);
        number
    }

    fn take() -> Slot {
        let free = |taken: u32| (taken.trailing_ones() < SHARED as u32).then_some(taken | (taken + 1));
        // Acquire and release: the next owner of a shard sees the counts of the previous one.
        let taken = TAKEN.fetch_update(Ordering::AcqRel, Ordering::Relaxed, free);
        Slot(taken.map_or(SHARED, |before| before.trailing_ones() as usize))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        NUMBER.set(SHARED);
        if self.0 != SHARED {
            TAKEN.fetch_and(!(1 << self.0), Ordering::Release);
        }
    }
}
