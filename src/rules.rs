//! Keyword rules: labels that words ask for, without training.
//!
//! **Keywords** match anywhere in a text; the words of a keyword must be adjacent. **Phrases**
//! match the whole text. Texts and rules are compared as normalised words: case, punctuation and
//! the form of letters don't matter. Words are compared by their 64-bit hashes, and matching
//! allocates nothing.

use crate::error::{Error, Result};
use crate::text::ngrams::{join, token_hash};
use crate::text::{Token, for_each_token};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// Maximum number of words in a keyword. Phrases have no limit.
pub const MAX_KEYWORD_WORDS: usize = 8;

/// Maximum number of keywords and phrases in a model.
pub const MAX_RULE_WORDS: usize = 65_536;

/// Maximum number of labels that rules ask for in one text.
const MAX_MATCHES: usize = 16;

/// Words that ask for a label, in addition to the network.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The label's name.
    pub label: String,
    /// Words or adjacent words that ask for the label anywhere in a text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keywords: Vec<String>,
    /// Whole texts that ask for the label.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phrases: Vec<String>,
}

impl Rule {
    /// Reads rules from JSON: an array of objects, such as
    /// `[{"label": "vision", "keywords": ["screenshot"], "phrases": ["what is this"]}]`.
    ///
    /// # Errors
    /// Fails with [`Error::InvalidArgument`], saying where and why, if the JSON is not such an
    /// array.
    pub fn of_json(json: &str) -> Result<Vec<Rule>> {
        let strings = strings(json);
        if strings > MAX_STRINGS {
            return Err(Error::invalid(format!(
                "the rules hold {strings} strings; a model holds at most {MAX_RULE_WORDS} keywords and phrases"
            )));
        }
        let example = r#"[{"label": "vision", "keywords": ["screenshot"], "phrases": ["what is this"]}]"#;
        serde_json::from_str(json)
            .map_err(|e| Error::invalid(format!("expected rules such as {example}; {e}")))
    }
}

/// Maximum number of strings in the JSON of any valid rules, names of keys included: a rule of one
/// keyword takes up to six.
pub(crate) const MAX_STRINGS: usize = 8 * MAX_RULE_WORDS;

/// Counts the strings in a JSON text. Each string is allocated when the text is parsed, so many
/// short ones take many times the text's size.
pub(crate) fn strings(json: &str) -> usize {
    let mut escaped = false;
    let quotes = json.bytes().filter(|&byte| {
        let is_quote = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        is_quote
    });
    quotes.count() / 2
}

/// Returns the hashes of a text's words.
fn words(text: &str) -> Vec<u64> {
    let mut hashes = vec![];
    for_each_token(text, |token| {
        if let Token::Word(word) = token {
            hashes.push(token_hash(word.text()));
        }
    });
    hashes
}

/// Returns one hash for a sequence of words.
fn chain(words: &[u64]) -> u64 {
    words.iter().fold(0, |hash, &word| join(hash, word))
}

/// Checks that a model can hold the rules.
///
/// # Errors
/// Fails with [`Error::InvalidArgument`], naming the rule, if a label or a keyword is invalid, or
/// there are more than [`MAX_RULE_WORDS`] keywords and phrases.
pub fn check(rules: &[Rule]) -> Result<()> {
    let mut count = 0;
    for (i, rule) in rules.iter().enumerate() {
        let refuse = |fault: String| Err(Error::invalid(format!("rule {i}: {fault}")));
        if let Err(fault) = crate::data::check_label(&rule.label) {
            return refuse(format!("the label {fault}"));
        }
        if rule.keywords.is_empty() && rule.phrases.is_empty() {
            return refuse(format!("`{}` has neither keywords nor phrases", rule.label));
        }
        for keyword in &rule.keywords {
            match words(keyword).len() {
                0 => return refuse(format!("keyword `{keyword}` contains no word")),
                1..=MAX_KEYWORD_WORDS => {}
                found => {
                    return refuse(format!(
                        "keyword `{keyword}` has {found} words; at most {MAX_KEYWORD_WORDS}, or make it a phrase"
                    ));
                }
            }
        }
        if let Some(phrase) = rule.phrases.iter().find(|phrase| words(phrase).is_empty()) {
            return refuse(format!("phrase `{phrase}` contains no word"));
        }
        count += rule.keywords.len() + rule.phrases.len();
    }
    match count <= MAX_RULE_WORDS {
        true => Ok(()),
        false => Err(Error::invalid(format!(
            "the rules have {count} keywords and phrases; a model holds at most {MAX_RULE_WORDS}"
        ))),
    }
}

/// Labels that the rules ask for in a text: those of phrases first, then those of longer keywords,
/// then in text order.
pub type Matches = SmallVec<[u32; MAX_MATCHES]>;

/// Rules compiled for matching.
#[derive(Debug, Clone, Default)]
pub struct Matcher {
    /// (hash of the words, label), ascending.
    keywords: Vec<(u64, u32)>,
    phrases: Vec<(u64, u32)>,
    /// Number of words of the longest keyword.
    longest: usize,
}

impl Matcher {
    /// Compiles the rules over these labels. Ignores rules for other labels.
    pub fn new(rules: &[Rule], labels: &[String]) -> Matcher {
        let mut matcher = Matcher::default();
        for rule in rules {
            let Some(label) = labels.iter().position(|label| *label == rule.label) else { continue };
            for keyword in &rule.keywords {
                let words = words(keyword);
                if (1..=MAX_KEYWORD_WORDS).contains(&words.len()) {
                    matcher.longest = matcher.longest.max(words.len());
                    matcher.keywords.push((chain(&words), label as u32));
                }
            }
            matcher.phrases.extend(rule.phrases.iter().map(|phrase| (chain(&words(phrase)), label as u32)));
        }
        for table in [&mut matcher.keywords, &mut matcher.phrases] {
            table.sort_unstable();
            table.dedup();
        }
        matcher
    }

    /// Returns true if there are no rules.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.keywords.is_empty() && self.phrases.is_empty()
    }

    /// Returns the labels that the rules ask for in a text, at most 16. Time is linear in the
    /// text's length.
    pub fn matches(&self, text: &str) -> Matches {
        // Hashes of the word sequences that end here, of 1, 2, ... words.
        let mut last = [0u64; MAX_KEYWORD_WORDS];
        let (mut count, mut whole) = (0usize, 0u64);
        // (number of words, label) of each keyword found.
        let mut found: SmallVec<[(usize, u32); MAX_MATCHES]> = SmallVec::new();
        for_each_token(text, |token| {
            let Token::Word(word) = token else { return };
            let hash = token_hash(word.text());
            whole = join(whole, hash);
            count += 1;
            for length in (1..=self.longest.min(count)).rev() {
                let before = if length == 1 { 0 } else { last[length - 2] };
                last[length - 1] = join(before, hash);
            }
            for length in (1..=self.longest.min(count)).rev() {
                for label in labels_of(&self.keywords, last[length - 1]) {
                    match found.iter().position(|(_, other)| *other == label) {
                        Some(place) => found[place].0 = length.max(found[place].0),
                        None if found.len() < MAX_MATCHES => found.push((length, label)),
                        None => {}
                    }
                }
            }
        });
        let mut matches: Matches = labels_of(&self.phrases, whole).take(MAX_MATCHES).collect();
        found.sort_by_key(|&(length, _)| std::cmp::Reverse(length));
        for (_, label) in found {
            if matches.len() < MAX_MATCHES && !matches.contains(&label) {
                matches.push(label);
            }
        }
        matches
    }
}

/// Returns the labels of a hash.
fn labels_of(table: &[(u64, u32)], number: u64) -> impl Iterator<Item = u32> + '_ {
    let start = table.partition_point(|entry| entry.0 < number);
    table[start..].iter().take_while(move |entry| entry.0 == number).map(|entry| entry.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(label: &str, keywords: &[&str], phrases: &[&str]) -> Rule {
        let strings = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        Rule { label: label.into(), keywords: strings(keywords), phrases: strings(phrases) }
    }

    fn labels() -> Vec<String> {
        ["a", "b", "c"].map(str::to_owned).to_vec()
    }

    fn matches(rules: &[Rule], text: &str) -> Vec<u32> {
        check(rules).unwrap();
        Matcher::new(rules, &labels()).matches(text).to_vec()
    }

    #[test]
    fn keywords_match_whole_words_in_a_row_whatever_their_case_and_punctuation() {
        let rules = [rule("b", &["screen shot", "Ünïcode"], &[]), rule("c", &["screen"], &[])];
        assert_eq!(matches(&rules, "Take a SCREEN-SHOT!"), [1, 2]);
        assert_eq!(matches(&rules, "a shot of the screen"), [2]);
        assert_eq!(matches(&rules, "ünïcode"), [1]);
        assert_eq!(matches(&rules, "screens shot"), [0u32; 0]);
        assert_eq!(matches(&rules, ""), [0u32; 0]);
    }

    #[test]
    fn phrases_match_the_whole_text_alone_and_come_first() {
        let rules = [rule("a", &["this"], &[]), rule("b", &[], &["what is this"])];
        assert_eq!(matches(&rules, "What is this?"), [1, 0]);
        assert_eq!(matches(&rules, "so what is this"), [0]);
    }

    #[test]
    fn longer_keywords_come_first_and_a_label_once() {
        let rules = [rule("a", &["light"], &[]), rule("c", &["light year", "year"], &[])];
        assert_eq!(matches(&rules, "light light year light year"), [2, 0]);
    }

    #[test]
    fn no_text_asks_for_more_labels_than_there_is_room_for() {
        let labels: Vec<String> = (0..40).map(|i| format!("label{i}")).collect();
        let rules: Vec<Rule> =
            labels.iter().enumerate().map(|(i, l)| rule(l, &[&format!("word{i}")], &[])).collect();
        let text: String = (0..40).map(|i| format!("word{i} ")).collect();
        let matches = Matcher::new(&rules, &labels).matches(&text);
        assert_eq!((matches.len(), matches.spilled()), (16, false));
    }

    #[test]
    fn rules_that_can_match_nothing_are_refused_by_number() {
        let eight = ["w"; 9].join(" ");
        for (rule, reason) in [
            (rule("", &["x"], &[]), "rule 0: the label is empty"),
            (rule("a", &[], &[]), "neither keywords nor phrases"),
            (rule("a", &["?!"], &[]), "keyword `?!` contains no word"),
            (rule("a", &[&eight], &[]), "at most 8"),
            (rule("a", &[], &[" "]), "phrase ` ` contains no word"),
        ] {
            let message = check(&[rule]).unwrap_err().to_string();
            assert!(message.contains(reason), "{message}");
        }
        assert!(Rule::of_json(r#"[{"label": "a", "keyword": ["x"]}]"#).is_err());
        let many = format!(r#"[{{"label": "a", "keywords": [{}""]}}]"#, r#""","#.repeat(MAX_STRINGS));
        let message = Rule::of_json(&many).unwrap_err().to_string();
        assert!(message.contains("the rules hold 524292 strings"), "{message}");
        assert_eq!(strings(r#"{"a\"": "\\", "b": ["", "\"\""]}"#), 5);
        assert_eq!(Rule::of_json(r#"[{"label": "a", "phrases": ["x"]}]"#).unwrap(), [rule("a", &[], &["x"])]);
    }
}
