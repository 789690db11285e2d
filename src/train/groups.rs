//! Finds near-duplicate lines. Held-out lines must not have near-duplicates among the training
//! lines, or the test says nothing about new wording.
//!
//! Clauses are TF-IDF vectors of their n-grams. Two clauses with a cosine of at least [`NEAR`] are
//! near-duplicates. Groups grow by single linkage, nearest pair first (Kruskal's algorithm).
//!
//! Templates could chain all lines of a label into one group, which could then not be held out. So
//! a group takes no more of any label's lines than leave training at a time, unless they are nearly
//! equal.

use super::clauses::for_each_piece;
use crate::text::ngrams::{self, Kind, NgramSettings, Piece, Words};
use rayon::prelude::*;
use std::collections::HashMap;

/// Minimum cosine of near-duplicates, and of clauses that count as equal.
const NEAR: f32 = 0.5;
const EQUAL: f32 = 0.95;
/// Maximum number of clauses compared per n-gram, and of neighbours kept per clause. They make the
/// time linear in the number of clauses; up to a thousand clauses are compared completely.
const LOOKED_AT: usize = 1024;
const NEIGHBOURS: usize = 16;

const NGRAMS: NgramSettings =
    NgramSettings { words: 2, characters: true, word_weight: 1, character_weight: 1, evidence: false };

/// Indices of n-grams or clauses, each with its weight.
type Weighted = Vec<(u32, f32)>;

/// The distinct clauses, and those of each line.
struct Clauses {
    /// The hashes of each clause's n-grams, with repetitions.
    ngrams: Vec<Vec<u64>>,
    of_line: Vec<Vec<u32>>,
}

impl Clauses {
    fn of(texts: &[&str], words: &Words<'_>) -> Clauses {
        let read = |text: &&str| {
            let (mut all, mut clause, mut key) = (vec![], vec![], 0);
            for_each_piece(text, &NGRAMS, words, &mut |piece| match piece {
                Piece::Ngrams(kind, hashes) => {
                    if kind == Kind::Words {
                        key = ngrams::join(key, hashes[0]);
                    }
                    clause.extend(hashes);
                }
                Piece::Lexicon(_) => {}
                Piece::ClauseEnd => all.push((std::mem::take(&mut key), std::mem::take(&mut clause))),
            });
            all
        };
        let read: Vec<Vec<(u64, Vec<u64>)>> = texts.par_iter().map(read).collect();
        let (mut numbers, mut clauses) = (HashMap::new(), Clauses { ngrams: vec![], of_line: vec![] });
        for line in read {
            let mut own: Vec<u32> = line
                .into_iter()
                .map(|(key, ngrams)| {
                    *numbers.entry(key).or_insert_with(|| {
                        clauses.ngrams.push(ngrams);
                        clauses.ngrams.len() as u32 - 1
                    })
                })
                .collect();
            own.sort_unstable();
            own.dedup();
            clauses.of_line.push(own);
        }
        clauses
    }

    /// Returns unit vectors of (n-gram, weight), rare n-grams first, and for each n-gram the first
    /// clauses that contain it, with its weight there.
    fn vectors(&self) -> (Vec<Weighted>, Vec<Weighted>) {
        let (mut numbers, mut frequencies) = (HashMap::new(), vec![]);
        let mut vectors: Vec<Weighted> = vec![];
        for ngrams in &self.ngrams {
            let mut ids: Vec<u32> = ngrams
                .iter()
                .map(|ngram| {
                    *numbers.entry(*ngram).or_insert_with(|| {
                        frequencies.push(0u32);
                        frequencies.len() as u32 - 1
                    })
                })
                .collect();
            ids.sort_unstable();
            let vector: Weighted =
                ids.chunk_by(|a, b| a == b).map(|same| (same[0], same.len() as f32)).collect();
            vector.iter().for_each(|(id, _)| frequencies[*id as usize] += 1);
            vectors.push(vector);
        }
        let n = 1.0 + self.ngrams.len() as f64;
        let idf: Vec<f32> =
            frequencies.iter().map(|&df| (libm::log(n / (1.0 + f64::from(df))) + 1.0) as f32).collect();
        let mut holders = vec![vec![]; idf.len()];
        for (clause, vector) in (0..).zip(&mut vectors) {
            vector.iter_mut().for_each(|(id, weight)| *weight *= idf[*id as usize]);
            let length = vector.iter().map(|(_, weight)| weight * weight).sum::<f32>().sqrt();
            for (id, weight) in vector {
                *weight /= length;
                let holders: &mut Weighted = &mut holders[*id as usize];
                if holders.len() < LOOKED_AT {
                    holders.push((clause, *weight));
                }
            }
        }
        (vectors, holders)
    }

    /// Returns the pairs of near-duplicates, nearest first.
    fn pairs(&self) -> Vec<(f32, u32, u32)> {
        let (vectors, holders) = self.vectors();
        let near = |cosines: &mut Vec<f32>, (clause, vector): (usize, &Weighted)| {
            cosines.resize(vectors.len(), 0.0);
            let mut met = vec![];
            for &(id, weight) in vector {
                for &(other, its) in &holders[id as usize] {
                    if other as usize >= clause {
                        break;
                    }
                    let cosine = &mut cosines[other as usize];
                    if *cosine == 0.0 {
                        met.push(other);
                    }
                    *cosine += weight * its;
                }
            }
            let mut found: Vec<(f32, u32, u32)> = vec![];
            for other in met {
                let cosine = std::mem::take(&mut cosines[other as usize]);
                if cosine >= NEAR {
                    found.push((cosine, other, clause as u32));
                }
            }
            found.sort_unstable_by(nearest_first);
            found.truncate(NEIGHBOURS);
            found
        };
        let mut pairs: Vec<_> = vectors.par_iter().enumerate().map_init(Vec::new, near).flatten().collect();
        pairs.sort_unstable_by(nearest_first);
        pairs
    }
}

fn nearest_first(a: &(f32, u32, u32), b: &(f32, u32, u32)) -> std::cmp::Ordering {
    b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2))
}

/// Returns the groups of each line's clauses, sorted and without repetition. A line without words
/// is a group of its own. A group grows to at most `share` of a label's lines.
pub(super) fn of_lines(
    texts: &[&str],
    of_line: &[Vec<u32>],
    labels: usize,
    words: &Words<'_>,
    share: f64,
) -> Vec<Vec<u64>> {
    let clauses = Clauses::of(texts, words);
    // Lines without labels count as if they had a label of their own.
    let none = [labels as u32];
    let labels_of = |line: usize| if of_line[line].is_empty() { &none[..] } else { &of_line[line] };
    let mut counts: Vec<HashMap<u32, usize>> = vec![HashMap::new(); clauses.ngrams.len()];
    let mut totals = vec![0usize; labels + 1];
    for (line, own) in clauses.of_line.iter().enumerate() {
        for &clause in own {
            for &label in labels_of(line) {
                *counts[clause as usize].entry(label).or_default() += 1;
                totals[label as usize] += 1;
            }
        }
    }
    let mut parents: Vec<u32> = (0..clauses.ngrams.len() as u32).collect();
    for (cosine, one, other) in clauses.pairs() {
        let (one, other) = (root(&mut parents, one), root(&mut parents, other));
        if one == other {
            continue;
        }
        let (large, small) = if counts[one as usize].len() >= counts[other as usize].len() {
            (one, other)
        } else {
            (other, one)
        };
        let fits = counts[small as usize].iter().all(|(label, count)| {
            let both = count + counts[large as usize].get(label).copied().unwrap_or(0);
            both as f64 <= (share * totals[*label as usize] as f64).ceil()
        });
        if cosine >= EQUAL || fits {
            parents[small as usize] = large;
            for (label, count) in std::mem::take(&mut counts[small as usize]) {
                *counts[large as usize].entry(label).or_default() += count;
            }
        }
    }
    let mut lines = vec![];
    for (line, own) in (0..).zip(&clauses.of_line) {
        let mut groups: Vec<u64> = own.iter().map(|&clause| u64::from(root(&mut parents, clause))).collect();
        if groups.is_empty() {
            groups.push(clauses.ngrams.len() as u64 + line);
        }
        groups.sort_unstable();
        groups.dedup();
        lines.push(groups);
    }
    lines
}

/// Returns the clause that represents a group (path halving; Tarjan and van Leeuwen, 1984).
fn root(parents: &mut [u32], mut clause: u32) -> u32 {
    while parents[clause as usize] != clause {
        let grandparent = parents[parents[clause as usize] as usize];
        parents[clause as usize] = grandparent;
        clause = grandparent;
    }
    clause
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(texts: &[&str], labels: &[u32]) -> Vec<Vec<u64>> {
        let of_line: Vec<Vec<u32>> = labels.iter().map(|&label| vec![label]).collect();
        of_lines(texts, &of_line, 2, &Words::default(), 0.34)
    }

    #[test]
    fn near_duplicates_share_a_group_and_other_lines_do_not() {
        let texts = [
            "wake me up at seven",
            "please wake me up at seven",
            "Wake me up, at seven!",
            "what is the weather like in Lyon",
            "play some jazz",
            "turn on the lamp in the hall",
            "turn off the heating",
            "call my mother",
            "remind me of the milk",
        ];
        let found = groups(&texts, &[0; 9]);
        assert!(found[0] == found[1] && found[0] == found[2], "{found:?}");
        let mut different: Vec<_> = found[2..].to_vec();
        different.dedup();
        assert_eq!(different.len(), 7, "{found:?}");
    }

    #[test]
    fn templates_do_not_chain_a_label_into_one_group() {
        let cities = [
            "lyon", "paris", "berlin", "rome", "oslo", "madrid", "kyiv", "bern", "riga", "sofia", "vienna",
            "prague",
        ];
        let texts: Vec<String> = cities
            .iter()
            .map(|city| format!("please tell me what the weather will be like tomorrow in {city}"))
            .collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let found = groups(&texts, &[0; 12]);
        let largest = found.iter().map(|group| found.iter().filter(|other| *other == group).count()).max();
        assert_eq!(largest, Some(5), "{found:?}");
    }

    #[test]
    fn equal_lines_share_a_group_however_many_and_a_line_without_words_has_its_own() {
        let found = groups(&["lights on", "Lights, on", "lights on!", "?", "!"], &[0, 0, 1, 1, 1]);
        assert!(found[0] == found[1] && found[1] == found[2], "{found:?}");
        assert!(found[3] != found[4] && found[3] != found[0], "{found:?}");
    }

    #[test]
    fn a_line_of_several_clauses_is_in_the_group_of_each() {
        let and = [ngrams::token_hash("and")];
        let texts = ["lights on and play some jazz", "play some jazz", "lights on"];
        let found = of_lines(
            &texts,
            &[vec![0, 1], vec![1], vec![0]],
            2,
            &Words { separators: &and, ..Words::default() },
            0.34,
        );
        assert_eq!(found[0].len(), 2);
        assert!(found[0].contains(&found[1][0]) && found[0].contains(&found[2][0]), "{found:?}");
    }
}
