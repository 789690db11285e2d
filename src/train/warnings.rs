//! Sentences about the data that its owner should know, each naming the examples it is about, counted from 1.
//!
//! No sentence quotes a text: texts are somebody's.

use super::Dataset;
use super::dataset::{Inputs, Targets};
use crate::data::list;
use crate::text::for_each_word;
use caseless::Caseless;
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap, HashSet};
use twox_hash::XxHash3_64;
use unicode_normalization::UnicodeNormalization;

/// Most numbers or names in one sentence.
const MOST: usize = 10;

/// Fewest held-out lines with labels that training does not warn of.
const LEAST_HELD_OUT: usize = 10;
/// Lines with labels to hold out that the warning asks for.
const ENOUGH_HELD_OUT: usize = 20;

/// Warns of too few held-out lines with labels for data of `labels` labels; `of_file` if they come from a validation file.
pub(super) fn held_out(lines: usize, labels: usize, of_file: bool) -> Option<String> {
    // On small data nearly every line is held out once, so this many lines are measured.
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

/// What is worth a warning in the first `examples` lines of `data`, whose labels are `targets`, and in `valid`. A label with one
/// example is mentioned only if lines are held out.
pub(super) fn find(
    data: &Dataset<'_>,
    examples: usize,
    targets: &Targets,
    valid: Option<&Dataset<'_>>,
    holds_out: bool,
) -> Vec<String> {
    let lines = targets.of_line.get(..examples).unwrap_or(&targets.of_line);
    let labels = Labels::new(&targets.names, lines);
    let mut warnings = vec![];
    if let Inputs::Texts(texts) = &data.inputs {
        let texts = texts.get(..examples).unwrap_or(texts);
        let index = Index::new(texts);
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

/// Lines whose texts are equal after normalising, with different labels.
struct Conflict {
    /// For each set of labels the line that has it first.
    firsts: Vec<usize>,
    all: Vec<usize>,
}

/// Lines of texts by what is left of them after normalising.
struct Index {
    /// A number that equal texts share, and the line, in order.
    keys: Vec<(u64, usize)>,
    /// Lines of which nothing is left.
    empty: Vec<usize>,
}

impl Index {
    fn new(texts: &[&str]) -> Index {
        let of_line: Vec<Option<u64>> =
            texts.par_iter().map_init(Vec::new, |words, text| key(text, words)).collect();
        let (mut keys, mut empty) = (vec![], vec![]);
        for (line, key) in of_line.into_iter().enumerate() {
            match key {
                Some(key) => keys.push((key, line)),
                None => empty.push(line),
            }
        }
        keys.sort_unstable();
        Index { keys, empty }
    }

    /// Equal texts with different labels, told apart by whether they are also written alike.
    fn conflicts(&self, texts: &[&str], lines: &[Vec<u32>]) -> Vec<String> {
        let (mut alike, mut symbols) = (vec![], vec![]);
        for group in self.keys.chunk_by(|a, b| a.0 == b.0) {
            let first = group[0].1;
            if group.iter().all(|&(_, line)| is_same_set(&lines[first], &lines[line])) {
                continue;
            }
            // By spelling the line it is first in, and for each different set of labels the line that has it first.
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
                "{examples} have different labels but differ only in symbols, punctuation or invisible \
                 characters, which don't count at present; write the difference in words, or give them the same \
                 labels"
            )
        });
        alike.into_iter().chain(symbols).collect()
    }

    fn without_words(&self) -> Option<String> {
        let (have, it) = if self.empty.len() == 1 { ("has", "it") } else { ("have", "them") };
        numbers("example", &self.empty).map(|examples| {
            format!(
                "{examples} {have} no words, so there is nothing to learn from {it} (symbols and punctuation \
                 don't count at present); add words, or remove {it}"
            )
        })
    }

    /// Lines of the validation data whose texts the training data has.
    fn shared(&self, valid: &[&str]) -> Option<String> {
        let mut words = vec![];
        let mut pairs = vec![];
        for (number, text) in (1..).zip(valid) {
            let Some(wanted) = key(text, &mut words) else { continue };
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

/// What is said of labels, whatever the lines are made of.
struct Labels<'a> {
    names: &'a [String],
    /// Number of lines, and the first of them.
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

    /// Names of the labels that lines have, with the number of their lines and the number of the first.
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
                "label `{name}` has 1 example, number {number}, and can't be held out; it is trained on all the same"
            ));
        }
        list(lone.iter().map(|(name, number)| format!("`{name}` (example {number})")), MOST).map(|named| {
            format!(
                "{} labels have 1 example each and can't be held out: {named}; they are trained on all the same",
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

    /// Labels that are probably one, spelt in several ways.
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
                "labels that differ only in case, blanks, `_`, `-` or Unicode form are learned as different \
                 labels; use one spelling: {}",
                named.join("; ")
            )
        })
    }

    /// Labels of the validation data that no training line has.
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

/// A number for the words of a text, equal for texts that are equal after normalising; `None` if there are no words.
fn key(text: &str, words: &mut Vec<u8>) -> Option<u64> {
    words.clear();
    for_each_word(text, |word| {
        words.extend(word.as_bytes());
        words.push(0);
    });
    (!words.is_empty()).then(|| XxHash3_64::oneshot(words))
}

/// A text without what is no difference in writing: case, normalisation form, and how wide blanks are.
fn spelling(text: &str) -> String {
    folded(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A label's name without what is hardly meant as a difference. `_` and `-` between other characters are blanks; elsewhere they
/// stay, since `-1` isn't `1` and `A-` isn't `A`.
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

/// Whether two lines have the same labels. No line has a label twice.
fn is_same_set(a: &[u32], b: &[u32]) -> bool {
    a == b || a.len() == b.len() && a.iter().all(|label| b.contains(label))
}

/// `example 3`, `examples 3, 7 and 9`, of lines counted from 0; `None` without any.
fn numbers(noun: &str, lines: &[usize]) -> Option<String> {
    let plural = if lines.len() == 1 { "" } else { "s" };
    list(lines.iter().map(|line| (line + 1).to_string()), MOST).map(|list| format!("{noun}{plural} {list}"))
}

/// Conflicts in the order of their first lines: `examples 3 and 7`, or `examples (3 and 7) and (4 and 9), and 5 more groups of
/// examples,`. Names all their lines if these are at most [`MOST`], else the first line with each set of labels.
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

/// The first groups, each as one list, as long as they have no more than [`MOST`] items together; and how many more groups there
/// are. The first group is always among them, cut short if need be.
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
mod tests {
    use super::*;
    use crate::data::Example;
    use crate::simd::DIMENSIONS;

    /// Texts with labels separated by blanks.
    fn examples(lines: &[(&str, &str)]) -> Vec<Example> {
        lines.iter().map(|(text, labels)| Example::new(*text, labels.split_whitespace())).collect()
    }

    fn found(data: &Dataset<'_>, valid: Option<&Dataset<'_>>) -> Vec<String> {
        let targets = Targets::new(&[], data.labels.iter().map(Vec::as_slice)).unwrap();
        find(data, data.inputs.len(), &targets, valid, valid.is_none())
    }

    fn of(lines: &[(&str, &str)]) -> Vec<String> {
        found(&Dataset::of(&examples(lines)), None)
    }

    /// Lines that nothing is to be said of, in front of `lines`.
    fn after_good(lines: &[(&str, &str)]) -> Vec<String> {
        of(&[
            &[("turn it on", "on"), ("turn it off", "off"), ("lights on", "on"), ("lights off", "off")],
            lines,
        ]
        .concat())
    }

    fn with_valid(lines: &[(&str, &str)]) -> Vec<String> {
        let train = examples(&[("turn it on", "on"), ("turn it off", "off"), ("!", ""), ("go on", "on")]);
        let valid = examples(lines);
        let mut warnings = found(&Dataset::of(&train), Some(&Dataset::of(&valid)));
        assert!(warnings.remove(0).starts_with("example 3 has no words"), "{warnings:?}");
        warnings
    }

    #[test]
    fn good_data_is_not_warned_of() {
        assert_eq!(after_good(&[("turn it on", "on"), ("Turn it on!", "on"), ("hm", "")]), [""; 0]);
        assert_eq!(after_good(&[("on then off", "on off"), ("On, then off", "off on")]), [""; 0]);
    }

    #[test]
    fn one_text_with_different_labels_is_named_by_the_examples_that_disagree() {
        let rest =
            "have the same text but different labels; give them the same labels, or remove all but one";
        assert_eq!(after_good(&[("Turn  it ON", "off")]), [format!("examples 1 and 5 {rest}")]);
        // A line without labels, and one with more labels, disagree as well. All lines with the text are named.
        let lines = [("turn it off", ""), ("turn it off", "off on"), ("turn it off", "off")];
        assert_eq!(after_good(&lines), [format!("examples 2, 5, 6 and 7 {rest}")]);
        // Where they are too many, the first with each set of labels.
        let many = [&[("turn it off", "off"); 9][..], &[("turn it off", "on"); 9]].concat();
        assert_eq!(after_good(&many), [format!("examples 2 and 14 {rest}")]);
        let several = after_good(&[("turn it off", "on"), ("turn it on", "off")]);
        assert_eq!(several, [format!("examples (1 and 6) and (2 and 5) {rest}")]);
    }

    #[test]
    fn many_texts_with_different_labels_are_counted_after_ten_numbers() {
        let texts: Vec<String> = (0..8).map(|i| format!("text {i}")).collect();
        let lines: Vec<(&str, &str)> = ["a", "b"]
            .iter()
            .flat_map(|label| texts.iter().map(move |text| (text.as_str(), *label)))
            .collect();
        let found = of(&lines);
        let expected = "examples (1 and 9), (2 and 10), (3 and 11), (4 and 12) and (5 and 13), and 3 more groups \
                        of examples, have the same text but";
        assert!(found.len() == 1 && found[0].starts_with(expected), "{found:?}");
    }

    #[test]
    fn texts_that_only_symbols_tell_apart_are_named_with_the_reason() {
        let found = of(&[
            ("c", "C"),
            ("c compiler", "C"),
            ("c++", "CPP"),
            ("c++ templates", "CPP"),
            ("c#", "CS"),
            ("c# linq", "CS"),
        ]);
        let rest = "have different labels but differ only in symbols, punctuation or invisible characters, which \
                    don't count at present; write the difference in words, or give them the same labels";
        assert_eq!(found, [format!("examples 1, 3 and 5 {rest}")]);
        // Written alike somewhere: said once.
        let both = after_good(&[("turn it on", "off"), ("turn it on!", "off")]);
        assert!(both.len() == 1 && both[0].contains("the same text"), "{both:?}");
    }

    #[test]
    fn examples_without_words_are_named() {
        let found = after_good(&[("?", "on"), ("say it", "on"), ("", "off"), (" !", "")]);
        assert!(
            found.len() == 1 && found[0].starts_with("examples 5, 7 and 8 have no words, so"),
            "{found:?}"
        );
        let found = after_good(&[("?", "on")]);
        assert_eq!(
            found,
            ["example 5 has no words, so there is nothing to learn from it (symbols and punctuation don't \
                 count at present); add words, or remove it"]
        );
    }

    #[test]
    fn labels_with_one_example_are_named_up_to_ten_unless_nothing_is_held_out() {
        let found = after_good(&[("x", "lone"), ("y", "other")]);
        let expected = "2 labels have 1 example each and can't be held out: `lone` (example 5) and `other` \
                        (example 6); they are trained on all the same";
        assert_eq!(found, [expected]);
        let names: Vec<String> = (0..12).map(|i| format!("l{i}")).collect();
        let lines: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), name.as_str())).collect();
        let found = of(&lines);
        assert!(found.len() == 1 && found[0].contains("`l9` (example 10) and 2 more; they"), "{found:?}");
        assert_eq!(with_valid(&[("switch on", "on")]), [""; 0]);
    }

    #[test]
    fn too_few_held_out_lines_are_warned_of_with_the_number_that_would_help() {
        let rest = "so accuracy, probabilities and the rejection threshold rest on typical data";
        for (lines, labels, of_file, have, next) in [
            (0, 3, false, "no example with labels could be held out", "give each label about 7 examples"),
            (
                1,
                2,
                false,
                "only 1 example with labels could be held out",
                "give each label about 10 examples",
            ),
            (
                9,
                40,
                false,
                "only 9 examples with labels could be held out",
                "give each label about 5 examples",
            ),
            (0, 3, true, "no validation example has labels", "give the validation data at least 20 examples"),
            (
                1,
                3,
                true,
                "only 1 validation example has labels",
                "give the validation data at least 20 examples",
            ),
            (
                2,
                3,
                true,
                "only 2 validation examples have labels",
                "give the validation data at least 20 examples",
            ),
        ] {
            let found = held_out(lines, labels, of_file).unwrap();
            assert!(found.starts_with(&format!("{have}, {rest}; {next}")), "{found}");
        }
        assert_eq!(
            (held_out(10, 3, false), held_out(10, 3, true), held_out(599, 1, false)),
            (None, None, None)
        );
    }

    #[test]
    fn data_with_one_label_only_is_warned_of() {
        let expected = "`on` is the only label in the data, so there is nothing to choose between; add examples of other labels";
        assert_eq!(of(&[("turn it on", "on"), ("lights on", "on"), ("hello", "")]), [expected]);
        // A label without lines has only been numbered.
        let data = examples(&[("turn it on", "on"), ("lights on", "on")]);
        let data = Dataset::of(&data);
        let targets = Targets::new(&["off".into()], data.labels.iter().map(Vec::as_slice)).unwrap();
        assert_eq!(find(&data, 2, &targets, None, true), [expected]);
    }

    #[test]
    fn validation_examples_that_are_also_trained_on_are_named() {
        assert_eq!(
            with_valid(&[("Turn it off?", "off"), ("?", ""), ("something new", "on")]),
            [
                "validation example 1 has the text of training example 2, so accuracy measured on it is too high; \
                 remove it from the training or the validation data"
            ]
        );
        let found = with_valid(&[("new", "on"), ("turn it off", "off"), ("go on", "on")]);
        let expected = "2 validation examples have the text of a training example, so accuracy measured on them \
                        is too high: 2 (training example 2) and 3 (training example 4); remove them from the \
                        training or the validation data";
        assert_eq!(found, [expected]);
    }

    #[test]
    fn labels_of_the_validation_data_alone_are_named_with_what_may_be_meant() {
        let found = with_valid(&[("new", "ON"), ("x", "dim on"), ("y", "dim")]);
        let expected = "the training data doesn't have all labels of the validation data, so examples with these \
                        count as wrong: `ON` (validation example 1, perhaps meant as `on`) and `dim` (validation \
                        example 2); add training examples, or correct the names";
        assert_eq!(found, [expected]);
    }

    #[test]
    fn labels_that_differ_only_in_spelling_are_named_together() {
        let lines = [
            ("a", "Light"),
            ("b", "light"),
            ("c", "lamp_on"),
            ("d", "Light"),
            ("e", "light"),
            ("f", "lamp-on"),
        ];
        let found = of(&[&lines[..], &[("g", "lamp_on"), ("h", "lamp-on")]].concat());
        let expected = "labels that differ only in case, blanks, `_`, `-` or Unicode form are learned as \
                        different labels; use one spelling: `Light` (example 1) and `light` (example 2); \
                        `lamp_on` (example 3) and `lamp-on` (example 6)";
        assert_eq!(found, [expected]);
    }

    #[test]
    fn spelling_of_labels_is_case_blanks_and_unicode_form_but_not_a_sign() {
        for (a, b) in [
            ("Light", "light"),
            (" light", "light\u{a0}"),
            ("light  on", "light on"),
            ("light_on", "light-on"),
            ("light__on", "light on"),
            ("Stra\u{df}e", "STRASSE"),
            ("\u{e9}t\u{e9}", "e\u{301}te\u{301}"),
        ] {
            assert_eq!(folded_label(a), folded_label(b));
        }
        for (a, b) in
            [("-1", "1"), ("A-", "A"), ("a -1", "a 1"), ("topic_1_1", "topic_11"), ("on", "off"), ("_", "-")]
        {
            assert_ne!(folded_label(a), folded_label(b));
        }
    }

    #[test]
    fn feature_rows_are_warned_of_by_their_labels_only() {
        let rows = [[0.0; DIMENSIONS]; 4];
        let data = Dataset {
            inputs: Inputs::Features(&rows),
            labels: vec![vec!["a"], vec!["A"], vec!["a"], vec!["A"]],
        };
        let found = found(&data, None);
        assert!(found.len() == 1 && found[0].contains("`a` (example 1) and `A` (example 2)"), "{found:?}");
    }

    #[test]
    fn names_of_labels_as_further_lines_are_not_examples() {
        let data = examples(&[
            ("turn on", "on"),
            ("turn off", "off"),
            ("go on", "on"),
            ("be off", "off"),
            ("turn on", "off"),
        ]);
        let data = Dataset::of(&data);
        let targets = Targets::new(&[], data.labels.iter().map(Vec::as_slice)).unwrap();
        assert_eq!(find(&data, 4, &targets, None, true), [""; 0]);
    }
}
