//! A map from the hash of a whole word to its row in a table.
//!
//! An open-addressed table of 16-bit fingerprints with their rows, at most half full. A lookup
//! touches one cache line and takes an unknown word for a known one in about 1 of 60,000 cases.
//! Lookups succeed on any bytes, even corrupt ones.

use super::slots;
/// Maximum number of words: a row index has 16 bits.
pub const MAX_WORDS: usize = 1 << 16;

/// A borrowed vocabulary.
#[derive(Clone, Copy)]
pub struct Vocabulary<'a> {
    slots: &'a [u32],
}

/// Returns the fingerprint for the upper half of a slot; never 0, which marks a free slot.
fn mark(hash: u64) -> u32 {
    ((hash >> 16) as u32 & 0xFFFF_0000).max(0x1_0000)
}

impl<'a> Vocabulary<'a> {
    /// Makes a vocabulary over slots from [`Vocabulary::build`]. Returns `None` unless their number
    /// is a power of two, at least 2.
    pub fn new(slots: &'a [u32]) -> Option<Self> {
        (slots.len() >= 2 && slots.len().is_power_of_two()).then_some(Vocabulary { slots })
    }

    /// Returns the row of the word with this [`token_hash`](super::ngrams::token_hash), or `None`.
    #[inline]
    pub fn row(&self, hash: u64) -> Option<u32> {
        let (mark, mask) = (mark(hash), self.slots.len() - 1);
        let start = slots::home(hash, self.slots.len());
        for step in 0..self.slots.len() {
            match self.slots[(start + step) & mask] {
                0 => return None,
                slot if slot & 0xFFFF_0000 == mark => return Some(slot & 0xFFFF),
                _ => {}
            }
        }
        None
    }

    /// Returns the largest row that a lookup can return, or `None` if there are no words.
    pub fn last_row(&self) -> Option<u32> {
        self.slots.iter().filter(|&&slot| slot != 0).map(|slot| slot & 0xFFFF).max()
    }

    /// Returns the slots of a vocabulary in which the word with `hashes[i]` has row `i`. Uses at
    /// most the first [`MAX_WORDS`].
    pub fn build(hashes: &[u64]) -> Vec<u32> {
        let hashes = &hashes[..hashes.len().min(MAX_WORDS)];
        let mut slots: Vec<u32> = slots::free(hashes.len());
        for (row, &hash) in (0..).zip(hashes) {
            let at = slots::place(&slots, hash, |slot| slot & 0xFFFF_0000 == mark(hash));
            // Of two words with equal fingerprints the first stays.
            if slots[at] == 0 {
                slots[at] = mark(hash) | row;
            }
        }
        slots
    }
}

#[cfg(test)]
mod tests {
    use super::super::ngrams::token_hash;
    use super::*;

    fn hashes(from: usize, count: usize) -> Vec<u64> {
        (from..from + count).map(|i| token_hash(&format!("word{i}"))).collect()
    }

    #[test]
    fn every_word_has_its_row_and_hardly_any_other_word_has_one() {
        let given = hashes(0, 9000);
        let slots = Vocabulary::build(&given);
        let vocabulary = Vocabulary::new(&slots).unwrap();
        let wrong = (0..).zip(&given).filter(|(row, hash)| vocabulary.row(**hash) != Some(*row)).count();
        assert!(wrong <= 3, "{wrong} of 9000 words share a fingerprint with one before them");
        let taken = hashes(1 << 20, 1_000_000).iter().filter(|&&hash| vocabulary.row(hash).is_some()).count();
        assert!(taken < 50, "{taken} of a million unknown words");
        assert_eq!(vocabulary.last_row(), Some(8999));
    }

    #[test]
    fn any_contents_answer() {
        assert!(Vocabulary::new(&[]).is_none() && Vocabulary::new(&[1, 2, 3]).is_none());
        assert_eq!(Vocabulary::new(&[7u32 << 16; 16]).unwrap().row(9 << 32), None);
        assert_eq!(Vocabulary::new(&Vocabulary::build(&[])).unwrap().row(3), None);
    }
}
