//! Finds the symbols that tell labels apart, such as the `+` of `c++` beside `c#`, `$` beside `€`,
//! or a text that is only `?`. They count as words; others don't, since in most data people set
//! them as they like.

use crate::model::MAX_SYMBOLS;
use crate::text::{Token, for_each_token, structures};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Minimum share of a label's lines that have a symbol which tells the label apart.
const SHARE: f64 = 0.5;
/// Minimum number of those lines.
const LEAST: usize = 2;
/// Minimum ratio of that share to the share of the other lines.
const LIFT: f64 = 5.0;

/// The symbols and the labels of a text.
type Read<'a> = (Vec<String>, &'a [u32]);

/// The words of a text, each followed by a zero byte, and its symbols, with repetitions.
fn read(text: &str) -> (Vec<u8>, Vec<String>) {
    let (mut words, mut symbols) = (vec![], vec![]);
    for_each_token(text, |token| match token {
        Token::Word(word) => {
            words.extend(word.text().bytes());
            words.push(0);
        }
        Token::Mark(mark) if !structures(mark) => symbols.push(mark.to_owned()),
        Token::Mark(_) => {}
    });
    symbols.sort_unstable();
    (words, symbols)
}

/// Returns the symbols that count as words, in order.
///
/// A symbol counts if one label has it in at least half of its lines, and in a five times larger
/// share of them than the other lines do. It also counts if texts with different labels differ in
/// it alone, or if a text with labels consists of symbols.
pub(super) fn found(texts: &[&str], of_line: &[Vec<u32>], labels: usize) -> Vec<String> {
    let mut lines_of = vec![0usize; labels];
    let mut with: BTreeMap<String, (usize, HashMap<u32, usize>)> = BTreeMap::new();
    // By words.
    let mut alike: HashMap<Vec<u8>, Vec<Read<'_>>> = HashMap::new();
    for (text, labels) in texts.iter().zip(of_line) {
        let (words, symbols) = read(text);
        labels.iter().for_each(|&label| lines_of[label as usize] += 1);
        for symbol in symbols.iter().collect::<BTreeSet<_>>() {
            let (lines, of_label) = with.entry(symbol.clone()).or_default();
            *lines += 1;
            labels.iter().for_each(|&label| *of_label.entry(label).or_default() += 1);
        }
        alike.entry(words).or_default().push((symbols, labels));
    }
    let tells = |(lines, of_label): &(usize, HashMap<u32, usize>)| {
        of_label.iter().any(|(&label, &inside)| {
            let all = lines_of[label as usize];
            let share = inside as f64 / all as f64;
            let elsewhere = (lines - inside + 1) as f64 / (texts.len() - all + 1) as f64;
            inside >= LEAST && share >= SHARE && share >= LIFT * elsewhere
        })
    };
    let mut found: BTreeSet<String> =
        with.iter().filter(|(_, counts)| tells(counts)).map(|(symbol, _)| symbol.clone()).collect();
    for (words, lines) in &alike {
        for (symbols, labels) in lines {
            let is_all = words.is_empty() && !labels.is_empty();
            let differs = lines.iter().any(|(others, of_others)| of_others != labels && others != symbols);
            if is_all || differs {
                let is_in_all = |symbol: &&String| {
                    let count = |of: &[String]| of.iter().filter(|other| other == symbol).count();
                    lines.iter().all(|(others, _)| count(others) == count(symbols))
                };
                found.extend(symbols.iter().filter(|symbol| is_all || !is_in_all(symbol)).cloned());
            }
        }
    }
    if found.len() > MAX_SYMBOLS {
        let mut most: Vec<(usize, String)> = found
            .into_iter()
            .map(|symbol| (with.get(&symbol).map_or(0, |counts| counts.0), symbol))
            .collect();
        most.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        found = most.into_iter().take(MAX_SYMBOLS).map(|(_, symbol)| symbol).collect();
    }
    found.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(lines: &[(&str, u32)]) -> Vec<String> {
        let texts: Vec<&str> = lines.iter().map(|line| line.0).collect();
        let labels: Vec<Vec<u32>> = lines.iter().map(|line| vec![line.1]).collect();
        found(&texts, &labels, 8)
    }

    #[test]
    fn a_symbol_that_a_label_has_and_others_lack_counts() {
        let lines = [("c", 0), ("learn c", 0), ("c++", 1), ("c++ books", 1), ("c# or not", 2), ("use c#", 2)];
        assert_eq!(of(&lines), ["#", "+"]);
        let lines =
            [("5 $", 0), ("i have 7$", 0), ("5 €", 1), ("some € please", 1), ("3 + 4", 2), ("1 + 1", 2)];
        assert_eq!(of(&lines), ["$", "+", "€"]);
    }

    #[test]
    fn texts_that_are_only_symbols_and_texts_that_differ_in_one_alone_make_it_count() {
        assert_eq!(of(&[("?", 0), ("help", 0), ("!", 1), ("fire", 1)]), ["!", "?"]);
        assert_eq!(
            of(&[("you are coming", 0), ("you are coming?", 1), ("who is it?", 2), ("is it?", 3)]),
            ["?"]
        );
        // Both have it.
        assert_eq!(of(&[("are you coming?", 0), ("are you coming?", 1)]), [""; 0]);
    }

    #[test]
    fn marks_that_everybody_sets_or_that_structure_sentences_do_not_count() {
        let lines = [("is it?", 0), ("what is it?", 0), ("who is it?", 1), ("where is it?", 1), ("go", 1)];
        assert_eq!(of(&lines), [""; 0]);
        let lines = [("stop.", 0), ("halt.", 0), ("go on", 1), ("go", 1), ("left, right", 2), ("in, out", 2)];
        assert_eq!(of(&lines), [""; 0]);
    }
}
