//! Data with and without warnings.

use super::*;
use crate::data::Example;
use crate::shape::DIMENSIONS;
use crate::train::symbols;

/// Texts with labels separated by spaces.
fn examples(lines: &[(&str, &str)]) -> Vec<Example> {
    lines.iter().map(|(text, labels)| Example::new(*text, labels.split_whitespace())).collect()
}

fn found(data: &Dataset<'_>, valid: Option<&Dataset<'_>>) -> Vec<String> {
    let targets = Targets::new(&[], data.labels.iter().map(Vec::as_slice)).unwrap();
    let symbols = match &data.inputs {
        Inputs::Texts(texts) => symbols::found(texts, &targets.of_line, targets.names.len()),
        Inputs::Features(_) => vec![],
    };
    find(data, data.inputs.len(), &targets, &symbols, valid, valid.is_none())
}

fn of(lines: &[(&str, &str)]) -> Vec<String> {
    found(&Dataset::of(&examples(lines)), None)
}

/// Lines without warnings, before `lines`.
fn after_good(lines: &[(&str, &str)]) -> Vec<String> {
    of(&[&[("turn it on", "on"), ("turn it off", "off"), ("lights on", "on"), ("lights off", "off")], lines]
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
    let rest = "have the same text but different labels; give them the same labels, or remove all but one";
    assert_eq!(after_good(&[("Turn  it ON", "off")]), [format!("examples 1 and 5 {rest}")]);
    // A line without labels and one with more labels also disagree. All lines with the text are
    // named.
    let lines = [("turn it off", ""), ("turn it off", "off on"), ("turn it off", "off")];
    assert_eq!(after_good(&lines), [format!("examples 2, 5, 6 and 7 {rest}")]);
    // If there are too many, the first with each set of labels is named.
    let many = [&[("turn it off", "off"); 9][..], &[("turn it off", "on"); 9]].concat();
    assert_eq!(after_good(&many), [format!("examples 2 and 14 {rest}")]);
    let several = after_good(&[("turn it off", "on"), ("turn it on", "off")]);
    assert_eq!(several, [format!("examples (1 and 6) and (2 and 5) {rest}")]);
}

#[test]
fn many_texts_with_different_labels_are_counted_after_ten_numbers() {
    let texts: Vec<String> = (0..8).map(|i| format!("text {i}")).collect();
    let lines: Vec<(&str, &str)> =
        ["a", "b"].iter().flat_map(|label| texts.iter().map(move |text| (text.as_str(), *label))).collect();
    let found = of(&lines);
    let expected = "examples (1 and 9), (2 and 10), (3 and 11), (4 and 12) and (5 and 13), and 3 more groups \
                    of examples, have the same text but";
    assert!(found.len() == 1 && found[0].starts_with(expected), "{found:?}");
}

#[test]
fn texts_that_only_punctuation_tells_apart_are_named_with_the_reason() {
    let found = of(&[
        ("c", "C"),
        ("c compiler", "C"),
        ("(c)", "CPP"),
        ("c templates", "CPP"),
        ("c...", "CS"),
        ("c linq", "CS"),
    ]);
    let rest = "have different labels but differ only in punctuation or invisible characters, which don't \
                count; write the difference in words, or give them the same labels";
    assert_eq!(found, [format!("examples 1, 3 and 5 {rest}")]);
    // Symbols count.
    assert_eq!(of(&[("c", "C"), ("c compiler", "C"), ("c++", "CPP"), ("c++ templates", "CPP")]), [""; 0]);
    // Written alike somewhere: reported once.
    let both = after_good(&[("turn it on", "off"), ("turn it on!", "off")]);
    assert!(both.len() == 1 && both[0].contains("the same text"), "{both:?}");
}

#[test]
fn examples_without_words_are_named() {
    let found = after_good(&[("...", "on"), ("say it", "on"), ("", "off"), (" .", "")]);
    assert!(found.len() == 1 && found[0].starts_with("examples 5, 7 and 8 have no words, so"), "{found:?}");
    let expected = "example 5 has no words, so there is nothing to learn from it (punctuation doesn't count); add words, or \
                    remove it";
    assert_eq!(after_good(&[("...", "on")]), [expected]);
    assert_eq!(after_good(&[("?", "on")]), [""; 0]);
}

#[test]
fn labels_with_one_example_are_named_up_to_ten_unless_nothing_is_held_out() {
    let found = after_good(&[("x", "lone"), ("y", "other")]);
    let expected = "2 labels have 1 example each and can't be held out: `lone` (example 5) and `other` \
                    (example 6); they are still trained on";
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
        (1, 2, false, "only 1 example with labels could be held out", "give each label about 10 examples"),
        (9, 40, false, "only 9 examples with labels could be held out", "give each label about 5 examples"),
        (0, 3, true, "no validation example has labels", "give the validation data at least 20 examples"),
        (1, 3, true, "only 1 validation example has labels", "give the validation data at least 20 examples"),
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
    assert_eq!((held_out(10, 3, false), held_out(10, 3, true), held_out(599, 1, false)), (None, None, None));
}

#[test]
fn data_with_one_label_only_is_warned_of() {
    let expected = "`on` is the only label in the data, so there is nothing to choose between; add examples of other labels";
    assert_eq!(of(&[("turn it on", "on"), ("lights on", "on"), ("hello", "")]), [expected]);
    // A label without lines has an index but no examples.
    let data = examples(&[("turn it on", "on"), ("lights on", "on")]);
    let data = Dataset::of(&data);
    let targets = Targets::new(&["off".into()], data.labels.iter().map(Vec::as_slice)).unwrap();
    assert_eq!(find(&data, 2, &targets, &[], None, true), [expected]);
}

#[test]
fn validation_examples_that_are_also_trained_on_are_named() {
    assert_eq!(
        with_valid(&[("Turn it off?", "off"), ("?", ""), ("something new", "on")]),
        ["validation example 1 has the text of training example 2, so accuracy measured on it is too high; \
             remove it from the training or the validation data"]
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
    let lines =
        [("a", "Light"), ("b", "light"), ("c", "lamp_on"), ("d", "Light"), ("e", "light"), ("f", "lamp-on")];
    let found = of(&[&lines[..], &[("g", "lamp_on"), ("h", "lamp-on")]].concat());
    let expected = "labels that differ only in case, spaces, `_`, `-` or Unicode form are learned as \
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
    let data =
        Dataset { inputs: Inputs::Features(&rows), labels: vec![vec!["a"], vec!["A"], vec!["a"], vec!["A"]] };
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
    assert_eq!(find(&data, 4, &targets, &[], None, true), [""; 0]);
}

#[test]
fn too_few_lines_with_several_labels_are_warned_of_with_what_to_set() {
    for lines in [1, 20, 99] {
        let found = joined(lines).unwrap();
        assert!(found.contains(&format!("only {lines} ")) && found.contains("set `separators`"), "{found}");
    }
    assert_eq!((joined(0), joined(100)), (None, None));
}
