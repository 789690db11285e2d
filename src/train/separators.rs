//! Learns the clause separators, words and marks that separate the clauses of a text, from lines
//! with several labels.
//!
//! A separator occurs in many lines with several labels and in few with one, whichever labels those
//! are. Words of a label that seldom occurs alone look alike in the first respect. So each label is
//! checked: a separator is about as frequent in lines without the label as in lines with it. The
//! words that pass are candidates; held-out lines decide whether they help.

use crate::model::MAX_SEPARATORS;
use crate::text::{Token, for_each_token};
use std::collections::{BTreeMap, BTreeSet};

/// Minimum number of lines of each kind.
const LEAST_LINES: usize = 20;
/// Minimum share of the lines with several labels that contain a separator.
const COVERAGE: f64 = 0.05;
/// Minimum ratio of its frequency there to that in lines with one label.
const LIFT: f64 = 5.0;
/// Maximum ratio of its frequency in lines with a label to that in lines without.
const UNEVEN: f64 = 3.0;

/// Returns the words and marks of a text that could be a separator. In a line with several labels
/// these are all but the first and the last, which separate nothing. In a line with one label they
/// are all except a mark at its end.
fn different_tokens(text: &str, joined: bool) -> BTreeSet<String> {
    let mut tokens = vec![];
    let mut ends_with_mark = false;
    for_each_token(text, |token| {
        ends_with_mark = matches!(token, Token::Mark(_));
        tokens.push(token.text().to_owned());
    });
    if joined || ends_with_mark {
        tokens.pop();
    }
    let mut different = BTreeSet::new();
    different.extend(tokens.into_iter().skip(usize::from(joined)));
    different
}

/// Returns the candidates for clause separators in alphabetical order. `labels` is the number of
/// labels.
pub(super) fn candidates(texts: &[&str], of_line: &[Vec<u32>], labels: usize) -> Vec<String> {
    let joined: Vec<usize> = (0..texts.len()).filter(|&line| of_line[line].len() > 1).collect();
    let alone: Vec<usize> = (0..texts.len()).filter(|&line| of_line[line].len() == 1).collect();
    if joined.len() < LEAST_LINES || alone.len() < LEAST_LINES {
        return vec![];
    }
    let mut counts: BTreeMap<String, [usize; 2]> = BTreeMap::new();
    for (kind, lines) in [&joined, &alone].into_iter().enumerate() {
        for &line in lines {
            for token in different_tokens(texts[line], kind == 0) {
                counts.entry(token).or_default()[kind] += 1;
            }
        }
    }
    let coverage = |count: usize| count as f64 / joined.len() as f64;
    counts.retain(|_, [in_joined, in_alone]| {
        let elsewhere = (*in_alone as f64 + 1.0) / (alone.len() as f64 + 1.0);
        coverage(*in_joined) > COVERAGE && coverage(*in_joined) > LIFT * elsewhere
    });

    let mut lines_of = vec![0usize; labels];
    let mut with: BTreeMap<&str, Vec<usize>> =
        counts.keys().map(|token| (token.as_str(), vec![0; labels])).collect();
    for &line in &joined {
        of_line[line].iter().for_each(|&label| lines_of[label as usize] += 1);
        for token in different_tokens(texts[line], true) {
            if let Some(with) = with.get_mut(token.as_str()) {
                of_line[line].iter().for_each(|&label| with[label as usize] += 1);
            }
        }
    }
    let is_even = |token: &str, with: &[usize]| {
        let in_joined = counts.get(token).map_or(0, |count| count[0]);
        with.iter().zip(&lines_of).all(|(&with, &lines)| {
            let others = joined.len() - lines;
            let (inside, outside) = (with as f64 / lines as f64, (in_joined - with) as f64 / others as f64);
            // A few lines are no evidence.
            with < LEAST_LINES / 2 || others < LEAST_LINES || inside <= UNEVEN * outside
        })
    };
    let mut found: Vec<String> = with
        .iter()
        .filter(|(token, with)| is_even(token, with))
        .map(|(token, _)| (*token).to_owned())
        .collect();
    found.truncate(MAX_SEPARATORS);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::random::{Purpose, Random};

    /// Requests for five labels, each with a word of its label, joined by the given separators. The
    /// last two labels never occur alone.
    fn lines(separators: &[&str], count: usize) -> (Vec<String>, Vec<Vec<u32>>) {
        let words = ["weather", "music", "lamp", "table", "alarm"];
        let mut random = Random::new(1, Purpose::Minibatches);
        let (mut texts, mut labels) = (vec![], vec![]);
        for i in 0..count {
            let clause = |label: usize, random: &mut Random| {
                format!("please the {} {}", words[label], ["now", "today", "soon"][random.below(3)])
            };
            if i % 3 == 0 {
                let label = random.below(3);
                texts.push(clause(label, &mut random));
                labels.push(vec![label as u32]);
            } else {
                let first = random.below(5);
                let second = (first + 1 + random.below(4)) % 5;
                let separator = separators[random.below(separators.len())];
                texts.push(format!(
                    "{}{separator}{}",
                    clause(first, &mut random),
                    clause(second, &mut random)
                ));
                labels.push(vec![first as u32, second as u32]);
            }
        }
        (texts, labels)
    }

    fn found(texts: &[String], labels: &[Vec<u32>]) -> Vec<String> {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        candidates(&texts, labels, 5)
    }

    #[test]
    fn separators_of_any_language_are_found_and_words_of_labels_that_never_stand_alone_are_not() {
        let (texts, labels) = lines(&[" and ", ", und danach ", "、"], 600);
        assert_eq!(found(&texts, &labels), [",", "and", "danach", "und", "、"]);
    }

    #[test]
    fn texts_that_are_not_joined_and_too_few_lines_have_none() {
        let (texts, labels) = lines(&[" "], 600);
        assert_eq!(found(&texts, &labels), [""; 0]);
        let (texts, labels) = lines(&[" and "], 30);
        assert_eq!(found(&texts, &labels), [""; 0]);
    }
}
