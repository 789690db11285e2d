//! Open addressing: a power of two of slots, at most half of them taken when they are filled. 0 marks a
//! free slot.

/// Free slots for this many hashes.
pub(super) fn free<T: Default + Clone>(hashes: usize) -> Vec<T> {
    vec![T::default(); (hashes * 2).next_power_of_two().max(16)]
}

/// The first slot to look at for a hash.
pub(super) fn home(hash: u64, slots: usize) -> usize {
    (hash >> (64 - slots.trailing_zeros())) as usize
}

/// The first slot from a hash's home on that is free or that `is_its` says is the hash's own. One
/// slot at least must be free.
pub(super) fn place<T: Copy + Default + PartialEq>(
    slots: &[T],
    hash: u64,
    is_its: impl Fn(T) -> bool,
) -> usize {
    let (mut at, mask) = (home(hash, slots.len()), slots.len() - 1);
    while slots[at] != T::default() && !is_its(slots[at]) {
        at = (at + 1) & mask;
    }
    at
}
