//! What is replayed while something new is learned: kept examples, or generated bags with the model's own answers.

use super::super::dataset::Bag;
use super::super::random::Random;
use super::state::State;
use crate::model::Model;
use crate::simd::{self, DIMENSIONS};
use std::collections::HashMap;

/// Most examples that are kept.
const MOST: usize = 20_000;
/// Longer texts are learned from and not kept.
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

    /// A line that has probabilities instead of labels.
    pub(super) fn push_soft(&mut self, bag: Bag, wanted: Vec<f32>) {
        self.soft_bags.push(vec![bag]);
        self.soft.push(wanted);
    }

    /// Bags, those of lines with labels first, their labels, and the others' probabilities.
    pub(super) fn in_order(mut self) -> InOrder {
        self.bags.append(&mut self.soft_bags);
        (self.bags, self.targets, self.soft)
    }
}

/// An example that is kept.
#[derive(Debug, Clone)]
pub(super) struct KeptExample {
    pub(super) text: String,
    pub(super) labels: Vec<u32>,
    /// Whether it came after training.
    pub(super) correction: bool,
}

/// Earlier examples.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) examples: Vec<KeptExample>,
    corrections: Vec<usize>,
    by_text: HashMap<String, usize>,
}

impl Kept {
    /// Keeps an example; one of the same text is replaced.
    pub(super) fn add(&mut self, text: &str, labels: Vec<u32>, correction: bool) {
        if text.len() > LONGEST {
            return;
        }
        if let Some(&at) = self.by_text.get(text) {
            if correction && !self.examples[at].correction {
                self.corrections.push(at);
            }
            let kept = &mut self.examples[at];
            (kept.labels, kept.correction) = (labels, kept.correction || correction);
            return;
        }
        if self.examples.len() == MOST {
            return;
        }
        let at = self.examples.len();
        self.by_text.insert(text.to_owned(), at);
        if correction {
            self.corrections.push(at);
        }
        self.examples.push(KeptExample { text: text.to_owned(), labels, correction });
    }

    /// An example to replay, an earlier correction if there is one and it is asked for. Without the history of training nothing else
    /// is kept that could stand for it: then `None`.
    pub(super) fn draw(
        &self,
        correction: bool,
        has_history: bool,
        random: &mut Random,
    ) -> Option<&KeptExample> {
        if correction && !self.corrections.is_empty() {
            return self.examples.get(self.corrections[random.below(self.corrections.len())]);
        }
        if !has_history && !correction {
            return None;
        }
        self.examples.get(random.below(self.examples.len()))
    }
}

/// A bag without some of its entries.
pub(super) fn some_of(bag: &Bag, dropout: f32, random: &mut Random) -> Bag {
    bag.iter().filter(|_| random.unit() >= dropout).copied().collect()
}

/// A bag of n-grams that speak for one of the old labels, among some of those of the text being learned, and the old model's answer:
/// what a text of that label may look like that shares n-grams with it.
pub(super) fn generated(state: &State, old: &Model, around: &[Bag], random: &mut Random) -> (Bag, Vec<f32>) {
    /// At most so many of the label's n-grams, each the nearest to its centroid of so many drawn at random.
    const OWN: usize = 4;
    const DRAWN: usize = 16;
    /// Share of the text's n-grams that are left out.
    const DROPPED: f32 = 0.6;
    let labels = old.labels().len();
    let centroid = old.centroids().rows.as_chunks::<DIMENSIONS>().0[random.below(labels)];
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
