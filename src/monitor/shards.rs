//! Which thread counts where: most threads have a shard of their own, so that counting costs no waiting.

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};

/// Fifteen threads have one each, all others share the last.
pub(super) const SHARDS: usize = 16;

/// The shard that threads share which have none of their own.
pub(super) const SHARED: usize = SHARDS - 1;

/// The shard of a thread, in all statistics there are: its own while it lives, if there is one left.
struct Slot(usize);

/// A bit for each shard that some thread has.
static TAKEN: AtomicU32 = AtomicU32::new(0);

thread_local! {
    static SLOT: Slot = Slot::take();
    /// The number of the slot. A thread-local with a destructor is slower to access, so the number is
    /// cached here.
    static NUMBER: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// The number of this thread's shard.
#[inline]
pub(super) fn shard() -> usize {
    let number = NUMBER.get();
    if number < SHARDS { number } else { Slot::first() }
}

impl Slot {
    #[cold]
    fn first() -> usize {
        // A thread that is about to end has none any more.
        let number = SLOT.try_with(|slot| slot.0).unwrap_or(SHARED);
        NUMBER.set(number);
        number
    }

    fn take() -> Slot {
        let free = |taken: u32| (taken.trailing_ones() < SHARED as u32).then_some(taken | (taken + 1));
        // Acquire and release: who has a shard next sees what was counted in it before.
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
