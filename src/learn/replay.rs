//! Replay during learning: kept examples, or generated bags with the model's own predictions.

use super::state::State;
use crate::model::Model;
use crate::shape::DIMENSIONS;
use crate::simd;
use crate::text::ngrams;
use crate::train::bags::Bag;
use crate::train::random::Random;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Maximum number of kept examples.
const MOST: usize = 20_000;
/// Maximum length of kept texts in bytes. Longer ones are learned from, but not kept.
const LONGEST: usize = 4096;

/// The lines of a step.
#[derive(Default)]
pub(super) struct Lines {
    bags: Vec<Vec<Bag>>,
    targets: Vec<Vec<u32>>,
    soft_bags: Vec<Vec<Bag>>,
    soft: Vec<Vec<f32>>,
}

/// See [`Lines::in_order`].
type InOrder = (Vec<Vec<Bag>>, Vec<Vec<u32>>, Vec<Vec<f32>>);

impl Lines {
    pub(super) fn push(&mut self, bags: Vec<Bag>, wanted: Vec<u32>) {
        self.bags.push(bags);
        self.targets.push(wanted);
    }

    /// Adds a line with probabilities instead of labels.
    pub(super) fn push_soft(&mut self, bag: Bag, wanted: Vec<f32>) {
        self.soft_bags.push(vec![bag]);
        self.soft.push(wanted);
    }

    /// Adds the label `into` to the lines that have `label`.
    pub(super) fn absorb(&mut self, label: usize, into: usize) {
        for wanted in &mut self.targets {
            add_to(wanted, into as u32, label as u32);
        }
        for answer in &mut self.soft {
            answer[into] = answer[into].max(answer[label]);
        }
    }

    /// Returns the bags, lines with labels first, then the labels, and the probabilities of the
    /// others.
    pub(super) fn in_order(mut self) -> InOrder {
        self.bags.append(&mut self.soft_bags);
        (self.bags, self.targets, self.soft)
    }
}

/// Adds a label to lines that have `beside`.
fn add_to(labels: &mut Vec<u32>, label: u32, beside: u32) {
    if labels.contains(&beside)
        && let Err(place) = labels.binary_search(&label)
    {
        labels.insert(place, label);
    }
}

/// A kept example.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct KeptExample {
    pub(super) text: String,
    pub(super) labels: Vec<u32>,
    /// Whether it was added after training.
    pub(super) correction: bool,
}

/// The kept examples.
#[derive(Debug, Default, Clone)]
pub(super) struct Kept {
    pub(super) examples: Vec<KeptExample>,
    /// Indices of those added after training, ascending.
    corrections: Vec<usize>,
    by_text: HashMap<String, usize>,
}

/// The index of an added example, and the example it replaced.
pub(super) struct Replaced {
    place: usize,
    before: Option<KeptExample>,
}

impl Kept {
    /// Keeps an example, replacing one with the same text. If no slot is free, it replaces one of
    /// training, while there are any. Returns the replacement, or `None` if the text is too long to
    /// be kept.
    pub(super) fn add(&mut self, text: &str, labels: Vec<u32>, correction: bool) -> Option<Replaced> {
        if text.len() > LONGEST {
            return None;
        }
        let place = match self.by_text.get(text) {
            Some(&place) => place,
            None if self.examples.len() < MOST => self.examples.len(),
            None => {
                // Any slot will do; this one is deterministic.
                let start = (ngrams::token_hash(text) % MOST as u64) as usize;
                let mut places = (start..MOST).chain(0..start);
                places.find(|&place| !self.examples[place].correction).unwrap_or(start)
            }
        };
        let mut example = KeptExample { text: text.to_owned(), labels, correction };
        if let Some(before) = self.examples.get(place) {
            example.correction |= before.correction;
            self.by_text.remove(&before.text);
        }
        self.by_text.insert(text.to_owned(), place);
        if let (true, Err(at)) = (example.correction, self.corrections.binary_search(&place)) {
            self.corrections.insert(at, place);
        }
        let before = match self.examples.get_mut(place) {
            Some(kept) => Some(std::mem::replace(kept, example)),
            None => {
                self.examples.push(example);
                None
            }
        };
        Some(Replaced { place, before })
    }

    /// Undoes the most recent [`Kept::add`] not yet undone.
    pub(super) fn put_back(&mut self, Replaced { place, before }: Replaced) {
        if let Some(kept) = self.examples.get(place) {
            self.by_text.remove(&kept.text);
        }
        if let (false, Ok(at)) =
            (before.as_ref().is_some_and(|before| before.correction), self.corrections.binary_search(&place))
        {
            self.corrections.remove(at);
        }
        match before {
            Some(before) => {
                self.by_text.insert(before.text.clone(), place);
                self.examples[place] = before;
            }
            None => self.examples.truncate(place),
        }
    }

    /// Returns the labels of the example with this text.
    pub(super) fn labels_of(&self, text: &str) -> Option<Vec<u32>> {
        self.by_text.get(text).and_then(|&place| self.examples.get(place)).map(|kept| kept.labels.clone())
    }

    /// Adds a label to the examples that have `beside`.
    pub(super) fn add_label(&mut self, label: u32, beside: u32) {
        self.examples.iter_mut().for_each(|example| add_to(&mut example.labels, label, beside));
    }

    /// Removes a label, and the examples that have no other. Renumbers the labels after it.
    pub(super) fn remove_label(&mut self, label: u32) {
        let mut kept = Kept::default();
        for mut example in std::mem::take(&mut self.examples) {
            let labels = example.labels.len();
            example.labels.retain(|&other| other != label);
            if labels > 0 && example.labels.is_empty() {
                continue;
            }
            example.labels.iter_mut().for_each(|other| *other -= u32::from(*other > label));
            kept.push(example);
        }
        *self = kept;
    }

    /// Appends an example.
    pub(super) fn push(&mut self, example: KeptExample) {
        let place = self.examples.len();
        self.by_text.insert(example.text.clone(), place);
        if example.correction {
            self.corrections.push(place);
        }
        self.examples.push(example);
    }

    /// Draws an example to replay: an earlier correction if asked for and available. Returns `None`
    /// if the training examples are not kept, since no other example could stand for them.
    pub(super) fn draw(
        &self,
        correction: bool,
        has_history: bool,
        random: &mut Random,
    ) -> Option<&KeptExample> {
        if correction && !self.corrections.is_empty() {
            return self.examples.get(self.corrections[random.below(self.corrections.len())]);
        }
        if !has_history && !correction || self.examples.is_empty() {
            return None;
        }
        self.examples.get(random.below(self.examples.len()))
    }
}

/// Returns a bag without a random share of its entries.
pub(super) fn some_of(bag: &Bag, dropout: f32, random: &mut Random) -> Bag {
    bag.iter().filter(|_| random.unit() >= dropout).copied().collect()
}

/// Generates a bag of n-grams that indicate an old label, with some of those of the text being
/// learned, and the old model's prediction for it. It stands for texts of the old label that share
/// n-grams with the new text.
pub(super) fn generated(
    state: &State,
    old: &Model,
    label: usize,
    around: &[Bag],
    random: &mut Random,
) -> (Bag, Vec<f32>) {
    /// Maximum number of the label's n-grams. Each is the nearest to the label's centroid among
    /// several drawn at random.
    const OWN: usize = 4;
    const DRAWN: usize = 16;
    /// Share of the text's n-grams that are left out.
    const DROPPED: f32 = 0.6;
    let labels = old.labels().len();
    let centroid = old.centroids().rows.as_chunks::<DIMENSIONS>().0[label];
    let centroid = centroid.map(f32::from);
    let table = state.weights.table.as_slice().unwrap_or_default();
    let idf = &state.frequencies.idf;
    let mut bag = match around {
        [] => Bag::new(),
        _ => some_of(&around[random.below(around.len())], DROPPED, random),
    };
    for _ in 0..1 + random.below(OWN) {
        let mut nearest = (f32::MIN, 0);
        for _ in 0..DRAWN {
            let row = random.below(idf.len());
            let along = simd::dot(&table[row * DIMENSIONS..(row + 1) * DIMENSIONS], &centroid);
            if idf[row] > 0.0 && along > nearest.0 {
                nearest = (along, row);
            }
        }
        bag.push((nearest.1 as u32, idf[nearest.1]));
    }
    bag.sort_unstable_by_key(|entry| entry.0);
    bag.dedup_by_key(|entry| entry.0);
    let mut answer = vec![0.0; labels];
    old.logits(std::slice::from_ref(&state.features(&bag)), &mut answer);
    simd::sigmoids(&mut answer);
    (bag, answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_kept_once_with_its_last_labels() {
        let mut kept = Kept::default();
        kept.add("a", vec![0], false);
        kept.add("b", vec![1], false);
        kept.add("a", vec![2], true);
        let found: Vec<_> =
            kept.examples.iter().map(|e| (e.text.as_str(), e.labels[0], e.correction)).collect();
        assert_eq!(found, [("a", 2, true), ("b", 1, false)]);
        assert_eq!(kept.corrections, [0]);
    }

    #[test]
    fn what_was_kept_can_be_taken_back() {
        let mut kept = Kept::default();
        let look = |kept: &Kept| {
            let examples: Vec<_> =
                kept.examples.iter().map(|e| (e.text.clone(), e.labels.clone(), e.correction)).collect();
            let mut places: Vec<_> = kept.by_text.clone().into_iter().collect();
            places.sort();
            (examples, places, kept.corrections.clone())
        };
        kept.add("a", vec![0], false);
        kept.add("b", vec![1], true);
        let before = look(&kept);
        let steps = [("a", 1, true), ("c", 2, true), ("b", 0, false), ("c", 0, false)];
        let steps = steps.map(|(text, label, correction)| kept.add(text, vec![label], correction));
        assert_ne!(look(&kept), before);
        steps.into_iter().rev().flatten().for_each(|step| kept.put_back(step));
        assert_eq!(look(&kept), before);
    }

    #[test]
    fn without_room_corrections_take_the_place_of_training_lines() {
        let mut kept = Kept::default();
        (0..MOST).for_each(|i| drop(kept.add(&format!("line {i}"), vec![0], false)));
        (0..50).for_each(|i| drop(kept.add(&format!("correction {i}"), vec![1], true)));
        assert_eq!((kept.examples.len(), kept.by_text.len(), kept.corrections.len()), (MOST, MOST, 50));
        assert!((0..50).all(|i| kept.by_text.contains_key(&format!("correction {i}"))));
    }
}
