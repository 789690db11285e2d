//! Warnings about the data. Each names the examples that it is about, counted from 1.
//!
//! No warning quotes a text: texts are private.

use super::dataset::{Dataset, Inputs};
use super::targets::Targets;
use crate::data::list;
use crate::text::{Token, for_each_token};
use caseless::Caseless;
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap, HashSet};
use twox_hash::XxHash3_64;
use unicode_normalization::UnicodeNormalization;

/// Maximum number of examples or labels named in one warning.
const MOST: usize = 10;

/// Fewest held-out lines with labels without a warning.
const LEAST_HELD_OUT: usize = 10;
/// Number of lines with labels to hold out that the warning recommends.
const ENOUGH_HELD_OUT: usize = 20;

/// Number of lines with several labels from which training finds all clause separators.
const ENOUGH_JOINED: usize = 100;

/// Warns of too few lines with several labels to learn the clause separators from.
pub(super) fn joined(lines: usize) -> Option<String> {
    let have = match lines {
        0 | ENOUGH_JOINED.. => return None,
        1 => "only 1 example has".to_owned(),
        _ => format!("only {lines} examples have"),
    };
    Some(format!(
        "{have} several labels, too few to find all clause separators; if a text may ask for several things, set `separators`, such as `and`"
    ))
}

/// Warns of too few held-out lines with labels for data with `labels` labels. `of_file` is true if
/// they come from a validation file.
pub(super) fn held_out(lines: usize, labels: usize, of_file: bool) -> Option<String> {
    // In small data nearly every line is held out once, so this many lines are tested.
    let each = ENOUGH_HELD_OUT.div_ceil(labels.max(1)).max(5);
    let so = "so accuracy, probabilities and the rejection threshold rest on typical data";
    match lines {
        LEAST_HELD_OUT.. => None,
        _ if of_file => {
            let have = match lines {
                0 => "no validation example has labels".to_owned(),
                1 => "only 1 validation example has labels".to_owned(),
                _ => format!("only {lines} validation examples have labels"),
            };
            Some(format!(
                "{have}, {so}; give the validation data at least {ENOUGH_HELD_OUT} examples with labels"
            ))
        }
        _ => {
            let have = match lines {
                0 => "no example with labels could be held out".to_owned(),
                1 => "only 1 example with labels could be held out".to_owned(),
                _ => format!("only {lines} examples with labels could be held out"),
            };
            Some(format!("{have}, {so}; give each label about {each} examples in different words"))
        }
    }
}

/// Returns the warnings about the first `examples` lines of `data`, whose labels are `targets`, and
/// about `valid`. Labels with one example are mentioned only if lines are held out.
pub(super) fn find(
    data: &Dataset<'_>,
    examples: usize,
    targets: &Targets,
    symbols: &[String],
    valid: Option<&Dataset<'_>>,
    holds_out: bool,
) -> Vec<String> {
    let lines = targets.of_line.get(..examples).unwrap_or(&targets.of_line);
    let labels = Labels::new(&targets.names, lines);
    let mut warnings = vec![];
    if let Inputs::Texts(texts) = &data.inputs {
        let texts = texts.get(..examples).unwrap_or(texts);
        let index = Index::new(texts, symbols);
        warnings.extend(index.conflicts(texts, lines));
        warnings.extend(index.without_words());
        if let Some(Inputs::Texts(valid)) = valid.map(|valid| &valid.inputs) {
            warnings.extend(index.shared(valid));
        }
    }
    if holds_out {
        warnings.extend(labels.lone());
    }
    warnings.extend(labels.only_one());
    warnings.extend(labels.alike());
    warnings.extend(valid.and_then(|valid| labels.unknown(valid)));
    warnings
}

/// Lines with equal texts after normalising, but different labels.
struct Conflict {
    /// For each set of labels, the first line that has it.
    firsts: Vec<usize>,
    all: Vec<usize>,
}

/// Lines of texts, by their normalised words.
struct Index<'a> {
    /// A hash of the words, and the line, in order.
    keys: Vec<(u64, usize)>,
    /// Lines without words.
    empty: Vec<usize>,
    /// The symbols that count as words.
    symbols: &'a [String],
}

impl<'a> Index<'a> {
    fn new(texts: &[&str], symbols: &'a [String]) -> Index<'a> {
        let of_line: Vec<Option<u64>> =
            texts.par_iter().map_init(Vec::new, |words, text| key(text, symbols, words)).collect();
        let (mut keys, mut empty) = (vec![], vec![]);
        for (line, key) in of_line.into_iter().enumerate() {
            match key {
                Some(key) => keys.push((key, line)),
                None => empty.push(line),
            }
        }
        keys.sort_unstable();
        Index { keys, empty, symbols }
    }

    /// Warns of equal texts with different labels, in one sentence for texts written alike and one
    /// for others.
    fn conflicts(&self, texts: &[&str], lines: &[Vec<u32>]) -> Vec<String> {
        let (mut alike, mut symbols) = (vec![], vec![]);
        for group in self.keys.chunk_by(|a, b| a.0 == b.0) {
            let first = group[0].1;
            if group.iter().all(|&(_, line)| is_same_set(&lines[first], &lines[line])) {
                continue;
            }
            // By spelling its first line, and for each different set of labels its first line.
            let mut spellings: HashMap<String, usize> = HashMap::new();
            let mut sets: BTreeMap<Vec<u32>, usize> = BTreeMap::new();
            let mut is_alike = false;
            for &(_, line) in group {
                let own = *spellings.entry(spelling(texts[line])).or_insert(line);
                is_alike |= !is_same_set(&lines[own], &lines[line]);
                let mut set = lines[line].clone();
                set.sort_unstable();
                sets.entry(set).or_insert(line);
            }
            let mut firsts: Vec<usize> = sets.into_values().collect();
            firsts.sort_unstable();
            let all = group.iter().map(|&(_, line)| line).collect();
            if is_alike { &mut alike } else { &mut symbols }.push(Conflict { firsts, all });
        }
        let alike = groups(&mut alike).map(|examples| {
            format!(
                "{examples} have the same text but different labels; give them the same labels, or remove all but one"
            )
        });
        let symbols = groups(&mut symbols).map(|examples| {
            format!(
                "{examples} have different labels but differ only in punctuation or invisible characters, \
                 which don't count; write the difference in words, or give them the same \
                 labels"
            )
        });
        alike.into_iter().chain(symbols).collect()
    }

    fn without_words(&self) -> Option<String> {
        let (have, it) = if self.empty.len() == 1 { ("has", "it") } else { ("have", "them") };
        numbers("example", &self.empty).map(|examples| {
            format!(
                "{examples} {have} no words, so there is nothing to learn from {it} (punctuation doesn't count); add words, or remove {it}"
            )
        })
    }

    /// Warns of lines of the validation data whose texts are in the training data.
    fn shared(&self, valid: &[&str]) -> Option<String> {
        let mut words = vec![];
        let mut pairs = vec![];
        for (number, text) in (1..).zip(valid) {
            let Some(wanted) = key(text, self.symbols, &mut words) else { continue };
            let at = self.keys.partition_point(|(key, _)| *key < wanted);
            if let Some((_, line)) = self.keys.get(at).filter(|(key, _)| *key == wanted) {
                pairs.push((number, line + 1));
            }
        }
        if let [(own, other)] = pairs[..] {
            return Some(format!(
                "validation example {own} has the text of training example {other}, so accuracy measured on it is \
                 too high; remove it from the training or the validation data"
            ));
        }
        let named = pairs.iter().map(|(own, other)| format!("{own} (training example {other})"));
        list(named, MOST / 2).map(|named| {
            format!(
                "{} validation examples have the text of a training example, so accuracy measured on them is too \
                 high: {named}; remove them from the training or the validation data",
                pairs.len()
            )
        })
    }
}

/// Warnings about labels, for texts and feature rows alike.
struct Labels<'a> {
    names: &'a [String],
    /// Number of lines of each label, and the first of them.
    of_label: Vec<(usize, usize)>,
}

impl<'a> Labels<'a> {
    fn new(names: &'a [String], lines: &[Vec<u32>]) -> Labels<'a> {
        let mut of_label = vec![(0, 0); names.len()];
        for (line, labels) in lines.iter().enumerate() {
            for &label in labels {
                if let Some((count, first)) = of_label.get_mut(label as usize) {
                    *first = if *count == 0 { line } else { *first };
                    *count += 1;
                }
            }
        }
        Labels { names, of_label }
    }

    /// Returns the labels that occur, with the number of their lines and the number of the first
    /// line.
    fn used(&self) -> impl Iterator<Item = (&'a str, usize, usize)> {
        let both = self.names.iter().zip(&self.of_label);
        both.filter(|(_, (count, _))| *count > 0)
            .map(|(name, (count, first))| (name.as_str(), *count, first + 1))
    }

    fn lone(&self) -> Option<String> {
        let lone: Vec<(&str, usize)> =
            self.used().filter(|used| used.1 == 1).map(|(name, _, first)| (name, first)).collect();
        if let [(name, number)] = lone[..] {
            return Some(format!(
                "label `{name}` has 1 example, number {number}, and can't be held out; it is still trained on"
            ));
        }
        list(lone.iter().map(|(name, number)| format!("`{name}` (example {number})")), MOST).map(|named| {
            format!(
                "{} labels have 1 example each and can't be held out: {named}; they are still trained on",
                lone.len()
            )
        })
    }

    fn only_one(&self) -> Option<String> {
        let mut used = self.used();
        let (name, ..) = used.next()?;
        used.next().is_none().then(|| {
            format!(
                "`{name}` is the only label in the data, so there is nothing to choose between; add examples \
                 of other labels"
            )
        })
    }

    /// Warns of labels that are probably the same, in several spellings.
    fn alike(&self) -> Option<String> {
        let mut spelt: HashMap<String, Vec<(&str, usize)>> = HashMap::new();
        for (name, _, first) in self.used() {
            spelt.entry(folded_label(name)).or_default().push((name, first));
        }
        let mut groups: Vec<_> = spelt.into_values().filter(|group| group.len() > 1).collect();
        groups.iter_mut().for_each(|group| group.sort_unstable_by_key(|(name, first)| (*first, *name)));
        groups.sort_unstable_by_key(|group| group.first().map(|(name, first)| (*first, *name)));
        let names = |group: &Vec<(&str, usize)>| {
            group.iter().map(|(name, first)| format!("`{name}` (example {first})")).collect()
        };
        let (mut named, rest) = within_limit(groups.iter().map(names));
        if rest > 0 {
            named.push(format!("and {rest} more"));
        }
        (!named.is_empty()).then(|| {
            format!(
                "labels that differ only in case, spaces, `_`, `-` or Unicode form are learned as different \
                 labels; use one spelling: {}",
                named.join("; ")
            )
        })
    }

    /// Warns of labels of the validation data that no training line has.
    fn unknown(&self, valid: &Dataset<'_>) -> Option<String> {
        let known: HashSet<&str> = self.used().map(|(name, ..)| name).collect();
        let mut unknown: Vec<(&str, usize)> = vec![];
        let mut seen: HashSet<&str> = HashSet::new();
        for (number, labels) in (1..).zip(&valid.labels) {
            for &label in labels {
                if !known.contains(label) && seen.insert(label) {
                    unknown.push((label, number));
                }
            }
        }
        if unknown.is_empty() {
            return None;
        }
        let spelt: HashMap<String, &str> = self.used().map(|(name, ..)| (folded_label(name), name)).collect();
        let named = unknown.iter().map(|(name, number)| match spelt.get(&folded_label(name)) {
            Some(meant) => format!("`{name}` (validation example {number}, perhaps meant as `{meant}`)"),
            None => format!("`{name}` (validation example {number})"),
        });
        list(named, MOST).map(|named| {
            format!(
                "the training data doesn't have all labels of the validation data, so examples with these count \
                 as wrong: {named}; add training examples, or correct the names"
            )
        })
    }
}

/// Returns a hash of a text's normalised words, or `None` if there are none.
fn key(text: &str, symbols: &[String], words: &mut Vec<u8>) -> Option<u64> {
    words.clear();
    for_each_token(text, |token| {
        if matches!(token, Token::Word(_)) || symbols.iter().any(|symbol| symbol == token.text()) {
            words.extend(token.text().bytes());
            words.push(0);
        }
    });
    (!words.is_empty()).then(|| XxHash3_64::oneshot(words))
}

/// Returns a text without differences in case, normalisation form and width of spaces.
fn spelling(text: &str) -> String {
    folded(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns a label's name without differences that are probably unintended. `_` and `-` between
/// other characters become spaces. Elsewhere they stay, since `-1` isn't `1` and `A-` isn't `A`.
fn folded_label(name: &str) -> String {
    let is_blank = |c: char| c.is_whitespace() || c == '_' || c == '-';
    let folded = folded(name);
    let (mut rest, mut out) = (folded.trim(), String::new());
    while let Some(start) = rest.find(is_blank) {
        let (word, tail) = rest.split_at(start);
        let (blanks, after) = tail.split_at(tail.find(|c: char| !is_blank(c)).unwrap_or(tail.len()));
        out.push_str(word);
        let is_between = !out.is_empty() && !after.is_empty();
        let is_one_kind =
            blanks.trim().is_empty() || ["_", "-"].iter().any(|c| blanks.replace(c, "").is_empty());
        out.push_str(if is_between && is_one_kind { " " } else { blanks });
        rest = after;
    }
    out + rest
}

fn folded(text: &str) -> String {
    text.nfkd().default_case_fold().nfkc().collect()
}

/// Returns true if two lines have the same labels. No line has a label twice.
fn is_same_set(a: &[u32], b: &[u32]) -> bool {
    a == b || a.len() == b.len() && a.iter().all(|label| b.contains(label))
}

/// Returns `example 3` or `examples 3, 7 and 9` for lines counted from 0, or `None` for no lines.
fn numbers(noun: &str, lines: &[usize]) -> Option<String> {
    let plural = if lines.len() == 1 { "" } else { "s" };
    list(lines.iter().map(|line| (line + 1).to_string()), MOST).map(|list| format!("{noun}{plural} {list}"))
}

/// Lists conflicts in the order of their first lines: `examples 3 and 7`, or
/// `examples (3 and 7) and (4 and 9), and 5 more groups of examples,`. Names all their lines if
/// these are at most [`MOST`], and otherwise the first line with each set of labels.
fn groups(conflicts: &mut [Conflict]) -> Option<String> {
    conflicts.sort_unstable_by(|a, b| a.firsts.cmp(&b.firsts));
    let few = conflicts.iter().map(|conflict| conflict.all.len()).sum::<usize>() <= MOST;
    let groups: Vec<&[usize]> =
        conflicts.iter().map(|conflict| if few { &conflict.all[..] } else { &conflict.firsts[..] }).collect();
    if let [group] = &groups[..] {
        return numbers("example", group);
    }
    let numbers = |group: &&[usize]| group.iter().map(|line| (line + 1).to_string()).collect();
    let (named, rest) = within_limit(groups.iter().map(numbers));
    let shown = named.len();
    list(named.into_iter().map(|group| format!("({group})")), shown).map(|list| match rest {
        0 => format!("examples {list}"),
        _ => format!("examples {list}, and {rest} more groups of examples,"),
    })
}

/// Returns the first groups with at most [`MOST`] items in total, each as one list, and the number
/// of the remaining groups. Always includes the first group, truncated if need be.
fn within_limit(groups: impl ExactSizeIterator<Item = Vec<String>>) -> (Vec<String>, usize) {
    let (all, mut shown, mut count) = (groups.len(), vec![], 0);
    for group in groups {
        count += group.len();
        if count > MOST && !shown.is_empty() {
            break;
        }
        shown.extend(list(group.into_iter(), MOST));
    }
    let rest = all - shown.len();
    (shown, rest)
}

#[cfg(test)]
mod tests;
