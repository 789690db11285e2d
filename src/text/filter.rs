//! A compact set of hashes with rare false positives. It holds the character trigrams of the
//! training data.
//!
//! Hash buckets can't tell a known n-gram from an unknown one, since nearly all buckets are used.
//! This is an open-addressed table of 16-bit fingerprints, at most half full. A lookup touches one
//! cache line and takes an unknown hash for a known one in about 1 of 30,000 cases. Any bytes are a
//! valid set, so a lookup in a corrupt file can't fail.

use super::slots;

/// A borrowed set of hashes.
#[derive(Clone, Copy)]
pub struct Filter<'a> {
    slots: &'a [u16],
    /// Right shift that leaves the slot index of a hash.
    shift: u32,
}

fn fingerprint(hash: u64) -> u16 {
    // 0 marks a free slot.
    ((hash >> 24) as u16).max(1)
}

impl<'a> Filter<'a> {
    /// Makes a set over slots from [`Filter::build`]. Returns `None` unless their number is a power
    /// of two, at least 2.
    pub fn new(slots: &'a [u16]) -> Option<Self> {
        (slots.len() >= 2 && slots.len().is_power_of_two())
            .then(|| Filter { slots, shift: 64 - slots.len().trailing_zeros() })
    }

    /// Returns true if `hash` is in the set, and rarely for other hashes.
    #[inline]
    pub fn contains(&self, hash: u64) -> bool {
        let (mark, mask) = (fingerprint(hash), self.slots.len() - 1);
        let mut at = (hash >> self.shift) as usize;
        for _ in 0..self.slots.len() {
            match self.slots[at & mask] {
                0 => return false,
                slot if slot == mark => return true,
                _ => at += 1,
            }
        }
        false
    }

    /// Adds hashes to a set while more than a sixteenth of its slots are free, and ignores the
    /// rest. More would make lookups slow, and a set can't grow without the hashes it was built
    /// from.
    pub fn extend(slots: &mut [u16], hashes: impl IntoIterator<Item = u64>) {
        let mut free = slots.iter().filter(|&&slot| slot == 0).count();
        for hash in hashes {
            if free <= slots.len() / 16 || Filter::new(slots).is_none_or(|set| set.contains(hash)) {
                continue;
            }
            let at = slots::place(slots, hash, |_| false);
            slots[at] = fingerprint(hash);
            free -= 1;
        }
    }

    /// Returns the slots of a set of `hashes`. Their order doesn't matter.
    pub fn build(mut hashes: Vec<u64>) -> Vec<u16> {
        hashes.sort_unstable();
        hashes.dedup();
        let mut slots = slots::free(hashes.len());
        for hash in hashes {
            let mark = fingerprint(hash);
            let at = slots::place(&slots, hash, |slot| slot == mark);
            slots[at] = mark;
        }
        slots
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashes(from: u64, count: u64) -> Vec<u64> {
        (from..from + count)
            .map(|i| {
                (i + 1)
                    .wrapping_mul(0x9E37_79B9_7F4A_7C15)
                    .rotate_left(17)
                    .wrapping_mul(0xFF51_AFD7_ED55_8CCD)
            })
            .collect()
    }

    #[test]
    fn holds_all_it_was_given_and_little_else() {
        let given = hashes(0, 7000);
        let slots = Filter::build(given.clone());
        assert_eq!(slots.len() * 2, 32 * 1024);
        let filter = Filter::new(&slots).unwrap();
        assert!(given.iter().all(|&hash| filter.contains(hash)));
        let wrong = hashes(1 << 40, 1_000_000).into_iter().filter(|&hash| filter.contains(hash)).count();
        assert!(wrong < 100, "{wrong} of a million unknown hashes taken for known");
    }

    #[test]
    fn does_not_depend_on_the_order_or_on_repetitions() {
        let given = hashes(0, 500);
        let mut other: Vec<u64> = given.iter().rev().copied().collect();
        other.extend(&given);
        assert_eq!(Filter::build(given), Filter::build(other));
    }

    #[test]
    fn takes_further_hashes_as_long_as_a_sixteenth_is_free() {
        let (before, after) = (hashes(0, 7000), hashes(7000, 40_000));
        let mut slots = Filter::build(before.clone());
        Filter::extend(&mut slots, after[..5000].iter().copied());
        let contains = |slots: &[u16], hash: u64| Filter::new(slots).is_some_and(|set| set.contains(hash));
        assert!(before.iter().chain(&after[..5000]).all(|&hash| contains(&slots, hash)));
        Filter::extend(&mut slots, after);
        assert_eq!(slots.iter().filter(|&&slot| slot == 0).count(), slots.len() / 16);
        assert!(before.iter().all(|&hash| contains(&slots, hash)));
    }

    #[test]
    fn any_contents_answer() {
        assert!(Filter::new(&[]).is_none() && Filter::new(&[1, 2, 3]).is_none());
        let full = [7u16; 16];
        assert!(!Filter::new(&full).unwrap().contains(9 << 24));
        let empty = Filter::build(vec![]);
        assert!(!Filter::new(&empty).unwrap().contains(3));
    }
}
