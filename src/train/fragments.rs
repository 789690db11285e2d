//! Parts of lines, which teach a network that reads clauses what is no request of its own.
//!
//! "The kitchen light", the end of a line with `light_on`, is put after another line with
//! `light_on`: the two ask for `light_on` and for nothing else. So what several labels share speaks
//! for none of them, while words of one label still speak for it.

use super::bags::{Bag, Frequencies};
use super::options::Recipe;
use super::random::{Purpose, Random};
use crate::text::for_each_token;
use std::ops::Range;

/// Fragments of each line.
const EACH: usize = 2;
/// Share of them that are a line's end. Others are its beginning, which matters where the verb comes
/// last.
const ENDS: f32 = 0.75;

/// Fragments of lines of one clause.
#[derive(Default)]
pub(crate) struct Fragments {
    bags: Vec<Bag>,
    /// For each line the fragments of all lines with the same labels.
    of_line: Vec<Range<usize>>,
    share: f32,
}

impl Fragments {
    /// Cuts the lines that have labels and a single bag.
    pub(crate) fn new(
        texts: &[&str],
        lines: &[usize],
        labels: &[Vec<u32>],
        bags: &[Vec<Bag>],
        frequencies: &Frequencies,
        recipe: &Recipe,
        seed: u64,
    ) -> Fragments {
        let is_cut = |line: &usize| bags[*line].len() == 1 && !labels[*line].is_empty();
        let mut order: Vec<usize> = lines.iter().copied().filter(is_cut).collect();
        order.sort_unstable_by(|&a, &b| labels[a].cmp(&labels[b]).then(a.cmp(&b)));
        let mut random = Random::new(seed, Purpose::Fragments);
        let mut fragments =
            Fragments { bags: vec![], of_line: vec![0..0; texts.len()], share: recipe.fragments };
        for lines in order.chunk_by(|&a, &b| labels[a] == labels[b]) {
            let first = fragments.bags.len();
            for &line in lines {
                let mut words = vec![];
                for_each_token(texts[line], |token| words.push(token.text().to_owned()));
                for _ in 0..if words.len() < 2 { 0 } else { EACH } {
                    let at = 1 + random.below(words.len() - 1);
                    let part = if random.unit() < ENDS { &words[at..] } else { &words[..at] };
                    fragments.bags.extend(frequencies.bags(&part.join(" "), recipe));
                }
            }
            let range = first..fragments.bags.len();
            lines.iter().for_each(|&line| fragments.of_line[line] = range.clone());
        }
        fragments
    }

    /// Draws a fragment of a line with the same labels, for the share of lines that the recipe says.
    pub(crate) fn after(&self, line: usize, random: &mut Random) -> Option<&Bag> {
        let range = self.of_line.get(line).filter(|range| !range.is_empty())?;
        (random.unit() < self.share).then(|| &self.bags[range.start + random.below(range.len())])
    }
}
