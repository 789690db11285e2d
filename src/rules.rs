//! Keyword rules: labels that words ask for, without training.
//!
//! **Keywords** match anywhere in a text; the words of a keyword must be adjacent. **Phrases**
//! match the whole text. Texts and rules are compared as normalised words: case, punctuation and
//! the form of letters don't matter. Words are compared by their 64-bit hashes, and matching
//! allocates nothing.
//!
//! Two things are read since [`READING`] 1, and not with rules in older models:
//!
//! - **Elided words**: the first word of a keyword also matches what follows an apostrophe,
//!   "alarme" in "l'alarme". Not the endings of English words, as in "can't".
//! - **Symbols** such as `+`, `#` and `$` count as words of the rules that contain them. So `c++`
//!   doesn't match "vitamin c". Punctuation marks never count.

use crate::error::{Error, Result};
use crate::text::ngrams::{join, token_hash};
use crate::text::{Token, for_each_token, structures};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// Maximum number of words in a keyword. Phrases have no limit.
pub const MAX_KEYWORD_WORDS: usize = 8;

/// Maximum number of keywords and phrases in a model.
pub const MAX_RULE_WORDS: usize = 65_536;

/// The way of reading that new rules get.
pub const READING: u8 = 1;

/// English endings, which are no words after an apostrophe.
const ENDINGS: [&str; 8] = ["t", "s", "d", "m", "re", "ve", "ll", "em"];

/// Maximum number of labels that rules ask for in one text.
const MAX_MATCHES: usize = 16;

/// Words that ask for a label, in addition to the network.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The label's name.
    pub label: String,
    /// Words or adjacent words that ask for the label anywhere in a text. See the
    /// [module](crate::rules) for what they match.
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

/// Returns true for a mark that counts as a word of a rule that contains it.
fn is_symbol(mark: &str) -> bool {
    let ends = |c| matches!(c, '!' | '?' | '¡' | '¿' | '-' | '/' | '\\' | '_' | '·' | '・' | '§' | '¶');
    !structures(mark) && !mark.chars().all(ends)
}

/// The hashes of a rule's words.
struct Words {
    hashes: Vec<u64>,
    /// Those of symbols.
    symbols: Vec<u64>,
}

/// Returns the hashes of a rule's words.
fn words(text: &str, reading: u8) -> Words {
    let mut words = Words { hashes: vec![], symbols: vec![] };
    for_each_token(text, |token| match token {
        Token::Word(word) => words.hashes.push(token_hash(word.text())),
        Token::Mark(mark) if reading > 0 && is_symbol(mark) => {
            words.hashes.push(token_hash(mark));
            words.symbols.push(token_hash(mark));
        }
        Token::Mark(_) => {}
    });
    words
}

/// Returns one hash for a sequence of words.
fn chain(words: &[u64]) -> u64 {
    words.iter().fold(0, |hash, &word| join(hash, word))
}

/// Checks that a model can hold the rules, read in the given way.
///
/// # Errors
/// Fails with [`Error::InvalidArgument`], naming the rule, if a label or a keyword is invalid, or
/// there are more than [`MAX_RULE_WORDS`] keywords and phrases.
pub fn check(rules: &[Rule], reading: u8) -> Result<()> {
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
            match words(keyword, reading).hashes.len() {
                0 => return refuse(format!("keyword `{keyword}` contains no word")),
                1..=MAX_KEYWORD_WORDS => {}
                found => {
                    return refuse(format!(
                        "keyword `{keyword}` has {found} words; at most {MAX_KEYWORD_WORDS}, or make it a phrase"
                    ));
                }
            }
        }
        if let Some(phrase) = rule.phrases.iter().find(|phrase| words(phrase, reading).hashes.is_empty()) {
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
    plain: Table,
    /// The rules that contain symbols.
    with_symbols: Table,
    reads_elided: bool,
}

#[derive(Debug, Clone, Default)]
struct Table {
    /// (hash of the words, label), ascending.
    keywords: Vec<(u64, u32)>,
    phrases: Vec<(u64, u32)>,
    /// Number of words of the longest keyword.
    longest: usize,
    /// (hash, 0) of the symbols in the rules, ascending.
    symbols: Vec<(u64, u32)>,
}

impl Table {
    fn is_empty(&self) -> bool {
        self.keywords.is_empty() && self.phrases.is_empty()
    }
}

/// The word sequences that end at the current word of a text.
#[derive(Default)]
struct Sequences {
    /// Their hashes, of 1, 2, ... words; 0 for none.
    last: [u64; MAX_KEYWORD_WORDS],
    /// The same with a first word that is what follows an apostrophe.
    elided: [u64; MAX_KEYWORD_WORDS],
    has_elided: bool,
    /// The hash of all words.
    whole: u64,
    count: usize,
}

/// (number of words, label) of each keyword found.
type Found = SmallVec<[(usize, u32); MAX_MATCHES]>;

impl Sequences {
    #[inline(never)]
    fn push(&mut self, hash: u64, part: Option<u64>, table: &Table, found: &mut Found) {
        self.whole = join(self.whole, hash);
        self.count += 1;
        self.has_elided |= part.is_some();
        let most = table.longest.min(self.count);
        for length in (1..=most).rev() {
            self.last[length - 1] = join(if length == 1 { 0 } else { self.last[length - 2] }, hash);
            if self.has_elided {
                self.elided[length - 1] = match length {
                    1 => part.map_or(0, |part| join(0, part)),
                    _ if self.elided[length - 2] == 0 => 0,
                    _ => join(self.elided[length - 2], hash),
                };
            }
        }
        for length in (1..=most).rev() {
            let elided = if self.has_elided { self.elided[length - 1] } else { 0 };
            for hash in [self.last[length - 1], elided].into_iter().filter(|&hash| hash != 0) {
                for label in labels_of(&table.keywords, hash) {
                    match found.iter().position(|(_, other)| *other == label) {
                        Some(place) => found[place].0 = length.max(found[place].0),
                        None if found.len() < MAX_MATCHES => found.push((length, label)),
                        None => {}
                    }
                }
            }
        }
    }
}

impl Matcher {
    /// Compiles the rules over these labels. Ignores rules for other labels. `reading` is the way of
    /// reading that the rules were made for, 0 to [`READING`].
    pub fn new(rules: &[Rule], labels: &[String], reading: u8) -> Matcher {
        let mut matcher = Matcher { reads_elided: reading > 0, ..Matcher::default() };
        for rule in rules {
            let Some(label) = labels.iter().position(|label| *label == rule.label) else { continue };
            for keyword in &rule.keywords {
                let words = words(keyword, reading);
                let table = matcher.table(&words);
                if (1..=MAX_KEYWORD_WORDS).contains(&words.hashes.len()) {
                    table.longest = table.longest.max(words.hashes.len());
                    table.keywords.push((chain(&words.hashes), label as u32));
                }
            }
            for phrase in &rule.phrases {
                let words = words(phrase, reading);
                matcher.table(&words).phrases.push((chain(&words.hashes), label as u32));
            }
        }
        for table in [&mut matcher.plain, &mut matcher.with_symbols] {
            for entries in [&mut table.keywords, &mut table.phrases, &mut table.symbols] {
                entries.sort_unstable();
                entries.dedup();
            }
        }
        matcher
    }

    fn table(&mut self, words: &Words) -> &mut Table {
        if words.symbols.is_empty() {
            return &mut self.plain;
        }
        self.with_symbols.symbols.extend(words.symbols.iter().map(|&symbol| (symbol, 0)));
        &mut self.with_symbols
    }

    /// Returns true if there are no rules.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.plain.is_empty() && self.with_symbols.is_empty()
    }

    /// Returns the labels that the rules ask for in a text, at most 16. Time is linear in the
    /// text's length.
    pub fn matches(&self, text: &str) -> Matches {
        let mut found = Found::new();
        let (mut plain, mut with_symbols) = (Sequences::default(), Sequences::default());
        let symbols = &self.with_symbols.symbols;
        for_each_token(text, |token| match token {
            Token::Word(word) => {
                let part =
                    word.after_apostrophe().filter(|part| self.reads_elided && !ENDINGS.contains(part));
                let (hash, part) = (token_hash(word.text()), part.map(token_hash));
                plain.push(hash, part, &self.plain, &mut found);
                with_symbols.push(hash, part, &self.with_symbols, &mut found);
            }
            Token::Mark(mark) if !symbols.is_empty() => {
                let hash = token_hash(mark);
                if labels_of(symbols, hash).next().is_some() {
                    with_symbols.push(hash, None, &self.with_symbols, &mut found);
                }
            }
            Token::Mark(_) => {}
        });
        let phrases = |table: &Table, whole| labels_of(&table.phrases, whole).collect::<Matches>();
        let mut matches = phrases(&self.with_symbols, with_symbols.whole);
        found.sort_by_key(|&(length, _)| std::cmp::Reverse(length));
        let others = phrases(&self.plain, plain.whole);
        for label in others.into_iter().chain(found.into_iter().map(|(_, label)| label)) {
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
        check(rules, READING).unwrap();
        Matcher::new(rules, &labels(), READING).matches(text).to_vec()
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
    fn an_elided_word_is_found_after_either_apostrophe_and_an_english_ending_is_none() {
        let rules = [rule("a", &["alarme", "eau froide"], &[]), rule("b", &["acqua", "can", "t", "re"], &[])];
        for text in ["coupe l'alarme", "coupe l’alarme !", "plus d'eau froide", "L\u{2BC}ALARME"] {
            assert_eq!(matches(&rules, text), [0], "{text}");
        }
        assert_eq!(matches(&rules, "il colore dell'acqua"), [1]);
        for text in ["i can't", "they’re here", "d'eau", "alarmes"] {
            assert_eq!(matches(&rules, text), [0u32; 0], "{text}");
        }
        let whole = [rule("a", &["l'alarme"], &["dell'acqua"])];
        assert_eq!((matches(&whole, "coupe l’alarme"), matches(&whole, "dell’acqua")), (vec![0], vec![0]));
        let before = Matcher::new(&rules, &labels(), 0);
        assert!(before.matches("coupe l'alarme").is_empty() && before.matches("une alarme").len() == 1);
    }

    #[test]
    fn symbols_of_a_keyword_count_and_punctuation_does_not() {
        let rules = [
            rule("a", &["c++", "$ rate"], &[]),
            rule("b", &["vitamin"], &["c#"]),
            rule("c", &["5 % off"], &[]),
        ];
        for (text, wanted) in [
            ("learn C++!", vec![0]),
            ("vitamin c", vec![1]),
            ("c# ?", vec![1]),
            ("c", vec![]),
            ("c+", vec![]),
            ("the $ rate, please", vec![0]),
            ("the rate", vec![]),
            ("get 5% off", vec![2]),
            ("get 5 off", vec![]),
        ] {
            assert_eq!(matches(&rules, text), wanted, "{text}");
        }
        assert_eq!(Matcher::new(&rules, &labels(), 0).matches("vitamin c").to_vec(), [1, 0]);
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
        let matches = Matcher::new(&rules, &labels, READING).matches(&text);
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
            let message = check(&[rule], READING).unwrap_err().to_string();
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
