//! Keyword rules: labels that are asked for by words rather than by learning.
//!
//! A rule's **keywords** match anywhere in a text, a keyword of several words where they stand one behind the other; its **phrases** match a
//! text as a whole. Texts and rules are compared as normalised words, so that case, punctuation and the form of letters don't matter.
//! Words are told apart by their 64-bit hashes, and nothing is allocated while matching.

use crate::error::{Error, Result};
use crate::text::ngrams::{join, token_hash};
use crate::text::{Token, for_each_token};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// Words of the longest keyword. Phrases may have any number.
pub const MAX_KEYWORD_WORDS: usize = 8;

/// Keywords and phrases of a model in all.
pub const MAX_RULE_WORDS: usize = 65_536;

/// Labels that rules may ask for in one text.
const MAX_MATCHES: usize = 16;

/// What asks for a label besides the network.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The label's name.
    pub label: String,
    /// Words, or words in a row, that ask for the label wherever they stand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keywords: Vec<String>,
    /// Texts that ask for the label.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phrases: Vec<String>,
}

impl Rule {
    /// Reads rules from JSON: an array of objects, such as
    /// `[{"label": "vision", "keywords": ["screenshot"], "phrases": ["what is this"]}]`.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] saying where and why.
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

/// The most strings that the JSON text of any rules has, the names of keys among them: up to six for a rule of one keyword.
pub(crate) const MAX_STRINGS: usize = 8 * MAX_RULE_WORDS;

/// How many strings a JSON text holds. Each takes memory of its own where the text is read, many times the text's if they are short.
pub(crate) fn strings(json: &str) -> usize {
    let mut escaped = false;
    let quotes = json.bytes().filter(|&byte| {
        let is_quote = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        is_quote
    });
    quotes.count() / 2
}

/// The hashes of a text's words.
fn words(text: &str) -> Vec<u64> {
    let mut hashes = vec![];
    for_each_token(text, |token| {
        if let Token::Word(word) = token {
            hashes.push(token_hash(word.text()));
        }
    });
    hashes
}

/// One number for words in a row.
fn chain(words: &[u64]) -> u64 {
    words.iter().fold(0, |hash, &word| join(hash, word))
}

/// Whether rules can be a model's.
///
/// # Errors
/// [`Error::InvalidArgument`] naming the rule.
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
                0 => return refuse(format!("keyword `{keyword}` holds no word")),
                1..=MAX_KEYWORD_WORDS => {}
                found => {
                    return refuse(format!(
                        "keyword `{keyword}` has {found} words; at most {MAX_KEYWORD_WORDS}, or make it a phrase"
                    ));
                }
            }
        }
        if let Some(phrase) = rule.phrases.iter().find(|phrase| words(phrase).is_empty()) {
            return refuse(format!("phrase `{phrase}` holds no word"));
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

/// Labels that a text's rules ask for, those of phrases first, then those of longer keywords, then in the order of the text.
pub type Matches = SmallVec<[u32; MAX_MATCHES]>;

/// Rules made ready for matching.
#[derive(Debug, Clone, Default)]
pub struct Matcher {
    /// (number for the words in a row, label), ascending.
    keywords: Vec<(u64, u32)>,
    phrases: Vec<(u64, u32)>,
    /// Words of the longest keyword.
    longest: usize,
}

impl Matcher {
    /// Rules over these labels; rules of other labels are left out.
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

    /// Whether there are no rules.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.keywords.is_empty() && self.phrases.is_empty()
    }

    /// The labels that the rules ask for in a text, at most sixteen. Time is linear in the text.
    pub fn matches(&self, text: &str) -> Matches {
        // The numbers of the last words in a row: those that end here with 1, 2, ... words.
        let mut last = [0u64; MAX_KEYWORD_WORDS];
        let (mut count, mut whole) = (0usize, 0u64);
        // (words, label) of the keywords found.
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

/// The labels behind a number.
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
            (rule("a", &["?!"], &[]), "keyword `?!` holds no word"),
            (rule("a", &[&eight], &[]), "at most 8"),
            (rule("a", &[], &[" "]), "phrase ` ` holds no word"),
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
