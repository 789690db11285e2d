//! Labels in doubt: those of a clause that may only go on with the request of another clause.
//!
//! In "turn on the hall light and the kitchen light" the words "the kitchen light" are no request by
//! themselves: lines that ask for the light to go on hold them as often as lines that ask for the
//! opposite. Read alone, the clause gets one of the two labels by chance. Such a label is in doubt if
//! the clause almost has a label of another clause instead, and is dropped if the text read as a whole
//! prefers that one.

/// Maximum number of clauses of a text that are compared. Labels of later ones are never in doubt.
const MOST_CLAUSES: usize = 8;
/// Number of labels that are kept of each clause, the best.
const KEPT: usize = 8;
/// Number of labels besides its own that a clause may have instead, the best.
const NEAREST: usize = 3;
/// A clause that prefers its own label to another by this much is sure of it.
const SURE: f32 = 12.0;
/// A label stays if the clause prefers it to the other by the preference of the whole text for the
/// other, times this, and as much more.
const WEIGHT: f32 = 1.5;
const MARGIN: f32 = 4.0;

/// The best labels of the clauses of one text.
pub(crate) struct Clauses {
    /// The logit above which a clause may have a label.
    least: f32,
    clauses: [Clause; MOST_CLAUSES],
    count: usize,
}

/// The best labels of a clause and their logits, best first.
#[derive(Clone, Copy, Default)]
struct Clause {
    best: [(u32, f32); KEPT],
    count: usize,
}

impl Clause {
    fn of(logits: &[f32], least: f32) -> Clause {
        let mut clause = Clause::default();
        for (label, &logit) in (0..).zip(logits) {
            let least = if clause.count < KEPT { least } else { clause.best[KEPT - 1].1 };
            if logit > least {
                let place = clause.best().partition_point(|&(_, other)| other >= logit);
                clause.count = (clause.count + 1).min(KEPT);
                clause.best.copy_within(place..clause.count - 1, place + 1);
                clause.best[place] = (label, logit);
            }
        }
        clause
    }

    fn best(&self) -> &[(u32, f32)] {
        &self.best[..self.count]
    }

    /// The labels that the clause has by itself.
    fn own(&self) -> &[(u32, f32)] {
        &self.best[..self.best().partition_point(|&(_, logit)| logit > 0.0)]
    }

    fn has(&self, label: u32) -> bool {
        self.own().iter().any(|&(own, _)| own == label)
    }

    /// Calls `each` with every label in doubt because of another clause, the label that it is in
    /// doubt for, and how much more the clause prefers it.
    fn for_each_doubt(&self, other: &Clause, mut each: impl FnMut(u32, u32, f32)) {
        let alone = || self.own().iter().filter(|&&(label, _)| !other.has(label));
        let near = self.best().iter().take(alone().count() + NEAREST);
        for &(rival, its) in near.filter(|&&(label, _)| other.has(label)) {
            let unsure = alone().filter(|&&(_, logit)| logit - its < SURE);
            unsure.for_each(|&(label, logit)| each(label, rival, logit - its));
        }
    }
}

impl Clauses {
    /// Starts a text. `doubt` says how far below 0 a clause's logit for the label of another may lie.
    #[inline]
    pub(crate) fn new(doubt: f32) -> Clauses {
        Clauses { least: -doubt, clauses: Default::default(), count: 0 }
    }

    /// Adds the logits of a clause.
    pub(crate) fn add(&mut self, logits: &[f32]) {
        if let Some(clause) = self.clauses.get_mut(self.count) {
            *clause = Clause::of(logits, self.least);
            self.count += 1;
        }
    }

    fn for_each_doubt(&self, each: &mut dyn FnMut(usize, u32, u32, f32)) {
        let clauses = &self.clauses[..self.count];
        for (i, clause) in clauses.iter().enumerate() {
            for (_, other) in clauses.iter().enumerate().filter(|(j, _)| *j != i) {
                clause.for_each_doubt(other, |label, rival, preference| each(i, label, rival, preference));
            }
        }
    }

    /// Returns true if a label is in doubt, so that the text must be read as a whole.
    pub(crate) fn any_in_doubt(&self) -> bool {
        let mut found = false;
        self.for_each_doubt(&mut |_, _, _, _| found = true);
        found
    }

    /// Gives the labels in doubt that the text as a whole doesn't have, and prefers another to, the
    /// logits of the text as a whole.
    pub(crate) fn resolve(&self, whole: &[f32], logits: &mut [f32]) {
        // Of each clause, one bit for each label kept.
        let mut dropped = [0u8; MOST_CLAUSES];
        self.for_each_doubt(&mut |clause, label, rival, preference| {
            let [of_label, of_rival] = [label, rival].map(|label| whole[label as usize]);
            if of_label < 0.0 && preference < WEIGHT * (of_rival - of_label) + MARGIN {
                let place = self.clauses[clause].own().iter().position(|&(own, _)| own == label);
                dropped[clause] |= place.map_or(0, |place| 1 << place);
            }
        });
        let clauses = || self.clauses[..self.count].iter().zip(dropped);
        for (clause, dropped) in clauses() {
            for (_, &(label, _)) in clause.own().iter().enumerate().filter(|(i, _)| dropped >> i & 1 == 1) {
                let stays = clauses().any(|(clause, dropped)| {
                    clause
                        .own()
                        .iter()
                        .enumerate()
                        .any(|(i, &(own, _))| own == label && dropped >> i & 1 == 0)
                });
                if !stays {
                    logits[label as usize] = whole[label as usize];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(clauses: &[&[f32]], whole: &[f32]) -> Vec<f32> {
        let mut of_text = Clauses::new(8.0);
        clauses.iter().for_each(|clause| of_text.add(clause));
        let mut logits = vec![9.0; whole.len()];
        if of_text.any_in_doubt() {
            of_text.resolve(whole, &mut logits);
        }
        logits
    }

    #[test]
    fn the_whole_text_decides_between_labels_that_a_clause_could_both_have() {
        let (hall, kitchen) = ([5.0, -6.0, -9.0], [-2.0, 3.0, -9.0]);
        let whole = [6.0, -5.0, -7.0];
        for clauses in [[&hall[..], &kitchen], [&kitchen, &hall]] {
            assert_eq!(resolved(&clauses, &whole), [9.0, -5.0, 9.0]);
        }
        assert_eq!(resolved(&[&hall, &[0.5, 1.0, -9.0]], &whole), [9.0, -5.0, 9.0], "with both labels");
    }

    #[test]
    fn a_label_stays_if_its_clause_or_the_whole_text_is_clear() {
        let hall = [5.0, -6.0, -9.0];
        assert_eq!(
            resolved(&[&hall, &[-9.0, 3.0, -9.0]], &[6.0, -5.0, -7.0]),
            [9.0; 3],
            "far from the other"
        );
        assert_eq!(resolved(&[&hall, &[-2.0, 3.0, -9.0]], &[6.0, 1.0, -7.0]), [9.0; 3], "the whole has it");
        assert_eq!(resolved(&[&hall, &[-6.0, 7.0, -9.0]], &[9.0, -9.0, -7.0]), [9.0; 3], "sure of it");
        assert_eq!(
            resolved(&[&hall, &[-5.0, 6.0, -9.0]], &[1.0, -1.0, -7.0]),
            [9.0; 3],
            "prefers it by more"
        );
        let (doubtful, sure) = ([-2.0, 3.0, -9.0], [-9.0, 8.0, -9.0]);
        assert_eq!(resolved(&[&hall, &doubtful, &sure], &[6.0, -5.0, -7.0]), [9.0; 3], "another has it");
    }

    #[test]
    fn any_number_of_clauses_and_labels_is_read() {
        let many: Vec<f32> = (0..300).map(|label| (label * 7919 % 300) as f32 / 10.0 - 9.0).collect();
        let clauses: Vec<&[f32]> = vec![&many; 40];
        assert_eq!(resolved(&clauses, &many), [9.0; 300]);
        let mut nan = many.clone();
        nan[3] = f32::NAN;
        assert_eq!(resolved(&[&nan, &many], &nan)[3], 9.0);
        assert_eq!(resolved(&[&[], &[]], &[]), [0.0; 0]);
    }
}
