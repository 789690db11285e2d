//! Splits the lines into those held out to test on and those trained on meanwhile.

use super::options::MANY_LABELS;
use super::random::{Purpose, Random};
use super::targets::Targets;
use std::collections::{HashMap, HashSet};

/// Share of the lines held out although near-duplicates of them are trained on: in a single fold,
/// and in all of several folds.
const FAMILIAR: (f64, f64) = (0.05, 0.25);

/// Lines to test on and lines to train on, each in order. A line that shares a group with both is
/// in neither.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Holdout {
    /// Held-out lines without a near-duplicate among the lines trained on.
    pub(super) held: Vec<usize>,
    /// Held-out lines with a near-duplicate among them.
    pub(super) familiar: Vec<usize>,
    pub(super) rest: Vec<usize>,
}

/// How many lines are held out, and in how many folds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Plan {
    pub(super) folds: usize,
    /// Share of the lines held out in each fold.
    pub(super) share: f64,
}

impl Plan {
    /// Returns the plan for this many lines and labels. Small data gets more folds: it takes more
    /// held-out lines to measure new wording, and each run is cheaper.
    pub(super) fn of(lines: usize, labels: usize) -> Plan {
        match lines {
            _ if labels >= MANY_LABELS => Plan { folds: 1, share: 0.1 },
            ..2_000 => {
                let folds = (2_500 / lines.max(1)).clamp(5, 10);
                Plan { folds, share: 1.0 / folds as f64 }
            }
            2_000..=5_000 => Plan { folds: 10_000 / lines, share: 0.2 },
            _ => Plan { folds: 1, share: 0.1 },
        }
    }
}

/// The lines to choose among.
struct Lines<'a> {
    groups: &'a [Vec<u64>],
    /// The labels of each line. Lines without labels have one of their own.
    labels_of: Vec<Vec<usize>>,
    /// The lines of each group.
    lines_of: HashMap<u64, Vec<usize>>,
    /// Number of lines of each label.
    totals: Vec<usize>,
}

/// The lines left to train on while a fold is chosen.
struct Left {
    trained: Vec<bool>,
    /// Number of lines of each label.
    of_label: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn new(targets: &Targets, groups: &'a [Vec<u64>]) -> Self {
        let none = targets.names.len();
        let labels_of: Vec<Vec<usize>> = targets.of_line[..groups.len()]
            .iter()
            .map(|labels| match &labels[..] {
                [] => vec![none],
                labels => labels.iter().map(|&label| label as usize).collect(),
            })
            .collect();
        let mut lines_of: HashMap<u64, Vec<usize>> = HashMap::new();
        for (line, groups) in groups.iter().enumerate() {
            groups.iter().for_each(|&group| lines_of.entry(group).or_default().push(line));
        }
        let mut totals = vec![0usize; none + 1];
        labels_of.iter().flatten().for_each(|&label| totals[label] += 1);
        Lines { groups, labels_of, lines_of, totals }
    }

    /// Returns the number of lines of each label to leave training. A line leaves together with the
    /// lines that share any of its groups, so more lines leave if they have several groups. Over
    /// several folds every line gets a turn.
    fn quotas(&self, plan: Plan) -> Vec<isize> {
        let all: usize = self.groups.iter().map(Vec::len).sum();
        let each = plan.share * all as f64 / self.groups.len().max(1) as f64;
        let part = |&n: &usize| match n as f64 * each {
            _ if n < 2 => 0,
            part if plan.folds > 1 => part.ceil() as isize,
            part => (part as isize).max(1),
        };
        self.totals.iter().map(part).collect()
    }

    /// Holds out lines in the given order until the quotas are met. Skips lines that were held out
    /// before.
    fn hold_out(&self, order: &[usize], had: &[bool], quotas: &[isize], left: &mut Left) -> Vec<usize> {
        let mut quota = quotas.to_vec();
        let mut chosen: HashSet<u64> = HashSet::new();
        for &line in order {
            let labels = &self.labels_of[line];
            if had[line] || !left.trained[line] || labels.iter().any(|&label| quota[label] <= 0) {
                continue;
            }
            let mut leaving: Vec<usize> =
                self.groups[line].iter().flat_map(|group| &self.lines_of[group]).copied().collect();
            leaving.sort_unstable();
            leaving.dedup();
            leaving.retain(|&line| left.trained[line]);
            let mut after = left.of_label.clone();
            leaving.iter().flat_map(|&line| &self.labels_of[line]).for_each(|&label| after[label] -= 1);
            // A group may slightly exceed the rest of the quota.
            let enough = |&label: &usize| {
                let most = quota[label] + quotas[label] / 2 + 1;
                after[label] > 0
                    && 2 * after[label] >= self.totals[label]
                    && (left.of_label[label] - after[label]) as isize <= most
            };
            if leaving.iter().flat_map(|&line| &self.labels_of[line]).all(enough) {
                left.of_label = after;
                leaving.iter().for_each(|&line| left.trained[line] = false);
                leaving.iter().flat_map(|&line| &self.labels_of[line]).for_each(|&label| quota[label] -= 1);
                chosen.extend(&self.groups[line]);
            }
        }
        let is_held = |line: &usize| {
            !left.trained[*line] && self.groups[*line].iter().all(|group| chosen.contains(group))
        };
        (0..self.groups.len()).filter(is_held).collect()
    }

    /// Removes up to `most` lines with near-duplicates in training, in the given order.
    fn familiar(&self, order: &[usize], mut most: usize, left: &mut Left) -> Vec<usize> {
        let none = self.totals.len() - 1;
        let mut relatives: HashMap<u64, usize> = HashMap::new();
        (0..self.groups.len())
            .filter(|&line| left.trained[line])
            .flat_map(|line| &self.groups[line])
            .for_each(|&group| *relatives.entry(group).or_default() += 1);
        let mut familiar = vec![];
        for &line in order {
            let (groups, labels) = (&self.groups[line], &self.labels_of[line]);
            let has_some = groups.iter().all(|group| relatives.get(group).is_some_and(|&count| count > 1));
            let stays = labels
                .iter()
                .all(|&label| label != none && 2 * (left.of_label[label] - 1) >= self.totals[label]);
            if most > 0 && left.trained[line] && has_some && stays {
                most -= 1;
                left.trained[line] = false;
                labels.iter().for_each(|&label| left.of_label[label] -= 1);
                groups.iter().for_each(|group| *relatives.entry(*group).or_default() -= 1);
                familiar.push(line);
            }
        }
        familiar.sort_unstable();
        familiar
    }
}
/// Chooses the lines to hold out, fold by fold: about the plan's share of each label's lines and of
/// those without labels, and at least one if a label has two. Each line is held out at most once.
///
/// `groups` has the groups of the candidate lines; further lines are always trained on. A group
/// leaves training as a whole, and at least half of each label's lines stay.
pub(super) fn choose(
    targets: &Targets,
    groups: &[Vec<u64>],
    plan: Plan,
    familiar: bool,
    seed: u64,
) -> Vec<Holdout> {
    // Lines without labels count as a label of their own.
    let lines = Lines::new(targets, groups);
    let quotas = lines.quotas(plan);

    let mut random = Random::new(seed, Purpose::Holdout);
    let mut names: Vec<u64> = lines.lines_of.keys().copied().collect();
    names.sort_unstable();
    let mut had = vec![false; groups.len()];
    let mut folds = vec![];
    for _ in 0..plan.folds {
        // Each group is equally likely to leave, so lines are held out in proportion to the size of
        // their groups.
        random.shuffle(&mut names);
        let ranks: HashMap<u64, usize> = names.iter().copied().zip(0..).collect();
        let mut order: Vec<usize> = (0..groups.len()).collect();
        random.shuffle(&mut order);
        order.sort_by_key(|&line| groups[line].first().map(|group| ranks[group]));
        let mut left = Left { trained: vec![true; targets.of_line.len()], of_label: lines.totals.clone() };
        let mut fold =
            Holdout { held: lines.hold_out(&order, &had, &quotas, &mut left), ..Holdout::default() };
        fold.held.iter().for_each(|&line| had[line] = true);
        if familiar {
            let share = if plan.folds == 1 { FAMILIAR.0 } else { FAMILIAR.1 / plan.folds as f64 };
            random.shuffle(&mut order);
            fold.familiar = lines.familiar(&order, (share * groups.len() as f64) as usize, &mut left);
        }
        fold.rest = (0..targets.of_line.len()).filter(|&line| left.trained[line]).collect();
        folds.push(fold);
    }
    folds
}

/// Returns for each line whether it has a near-duplicate.
pub(super) fn has_relatives(groups: &[Vec<u64>]) -> Vec<bool> {
    let mut lines: HashMap<u64, usize> = HashMap::new();
    groups.iter().flatten().for_each(|&group| *lines.entry(group).or_default() += 1);
    groups.iter().map(|groups| groups.iter().all(|group| lines[group] > 1)).collect()
}
