//! Label names and descriptions as additional lines: with few examples, they say most about a
//! label.

use super::dataset::{Dataset, Inputs};
use super::options::TrainOptions;
use crate::error::{Error, Result};
use crate::text::for_each_word;
use std::collections::BTreeMap;

/// Labels with more lines than this need no additional line.
pub(crate) const FEW: usize = 20;

/// An additional line for a label.
pub(crate) struct NameLine {
    pub(crate) text: String,
    pub(crate) label: String,
}

/// Returns the lines to add to `data`, in the order of the labels' first appearance.
pub(crate) fn lines(data: &Dataset<'_>, options: &TrainOptions) -> Result<Vec<NameLine>> {
    let (mut order, mut counts) = (vec![], BTreeMap::<&str, usize>::new());
    for &label in data.labels.iter().flatten() {
        *counts.entry(label).or_insert_with(|| {
            order.push(label);
            0
        }) += 1;
    }
    let descriptions: BTreeMap<&str, &str> =
        options.descriptions.iter().map(|(label, text)| (label.as_str(), text.as_str())).collect();
    if let Some(label) = descriptions.keys().find(|label| !counts.contains_key(*label)) {
        return Err(Error::invalid(format!(
            "there is a description of label `{label}`, which no example has"
        )));
    }
    if matches!(data.inputs, Inputs::Features(_)) {
        return match descriptions.is_empty() {
            true => Ok(vec![]),
            false => Err(Error::invalid("descriptions are texts; feature rows can't be trained with them")),
        };
    }
    let line = |label: &&str| {
        let text = match descriptions.get(label) {
            Some(text) => (*text).to_owned(),
            None if options.label_names && counts.get(label).is_some_and(|lines| *lines <= FEW) => {
                spoken(label)
            }
            None => String::new(),
        };
        is_words(&text).then(|| NameLine { text, label: (*label).to_owned() })
    };
    Ok(order.iter().filter_map(line).collect())
}

/// Returns the line for a label's name, or `None` if it has no usable word.
pub(crate) fn line_of(label: &str) -> Option<String> {
    Some(spoken(label)).filter(|text| is_words(text))
}

/// Splits a name into words: `BookRestaurant` and `book_restaurant` become `Book Restaurant` and
/// `book restaurant`.
fn spoken(name: &str) -> String {
    let mut spoken = String::new();
    let mut before_is_small = false;
    for c in name.chars() {
        if before_is_small && c.is_uppercase() {
            spoken.push(' ');
        }
        before_is_small = c.is_lowercase();
        spoken.push(if c == '_' { ' ' } else { c });
    }
    spoken
}

/// Returns true if any word has at least three letters: names such as `c7` say nothing.
fn is_words(text: &str) -> bool {
    let mut any = false;
    for_each_word(text, |word| any |= word.chars().filter(|c| c.is_alphabetic()).count() >= 3);
    any
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Example;

    fn texts(examples: &[Example], options: &TrainOptions) -> Vec<(String, String)> {
        let lines = lines(&Dataset::of(examples), options).unwrap();
        lines.into_iter().map(|line| (line.label, line.text)).collect()
    }

    fn pair(label: &str, text: &str) -> (String, String) {
        (label.into(), text.into())
    }

    #[test]
    fn names_of_labels_with_few_lines_become_lines_where_they_are_words() {
        let mut examples =
            vec![Example::new("fly me", ["book_flight", "c7"]), Example::new("eat", ["BookRestaurant"])];
        examples.extend((0..21).map(|i| Example::new(format!("pay {i}"), ["pay_bill"])));
        let options = TrainOptions::default();
        let expected = [pair("book_flight", "book flight"), pair("BookRestaurant", "Book Restaurant")];
        assert_eq!(texts(&examples, &options), expected);
        assert_eq!(texts(&examples, &TrainOptions { label_names: false, ..options.clone() }), []);
        let options = TrainOptions { descriptions: vec![pair("pay_bill", "settle an invoice")], ..options };
        assert_eq!(texts(&examples, &options)[2], pair("pay_bill", "settle an invoice"));
    }

    #[test]
    fn a_description_of_a_label_without_lines_is_refused_by_name() {
        let options = TrainOptions { descriptions: vec![pair("b", "some words")], ..TrainOptions::default() };
        let examples = [Example::new("x", ["a"])];
        let error = lines(&Dataset::of(&examples), &options).err().unwrap();
        assert!(error.to_string().contains("label `b`"), "{error}");
    }
}
