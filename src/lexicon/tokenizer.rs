//! The vocabulary of a tokenizer file, parsed without reading the file into memory, and the whole
//! words in it.
//!
//! Only a tokenizer's whole words are used. WordPiece marks the other entries as continuations
//! (`##ing`). BPE and Unigram mark where a word starts (`Ġlamp`, `▁lamp`) or ends (`lamp</w>`).

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::collections::HashSet;
use std::fmt::{self, Formatter};

/// Maximum numbers of entries and of added tokens. Real tokenizers have up to half a million
/// entries.
const MAX_ENTRIES: usize = 1 << 21;
const MAX_ADDED: usize = 1 << 16;

#[derive(Deserialize)]
pub(super) struct Tokenizer {
    model: Model,
    #[serde(default, deserialize_with = "few")]
    added_tokens: Vec<Added>,
}

impl Tokenizer {
    /// Returns the words that have vectors, with the vectors' indices: first the vocabulary's in
    /// index order, then the added words, which have no marks.
    pub(super) fn words(&self) -> impl Iterator<Item = (String, usize)> {
        let (special, added): (Vec<&Added>, Vec<&Added>) =
            self.added_tokens.iter().partition(|token| token.special);
        let special: HashSet<&str> = special.into_iter().map(|token| token.content.as_str()).collect();
        let marks = Marks::of(&self.model);
        let of_vocabulary = self.model.vocab.entries().filter(move |(entry, _)| !special.contains(entry));
        let of_vocabulary =
            of_vocabulary.filter_map(move |(entry, number)| Some((marks.word(entry)?, number)));
        of_vocabulary.chain(added.into_iter().map(|token| (token.content.clone(), token.id)))
    }

    /// Number of entries, special tokens and parts of words included.
    pub(super) fn len(&self) -> usize {
        let added = self.added_tokens.iter().filter(|token| !token.special).count();
        self.model.vocab.places.len() + added
    }
}

#[derive(Deserialize)]
struct Model {
    vocab: Vocabulary,
    continuing_subword_prefix: Option<String>,
    end_of_word_suffix: Option<String>,
}

/// An added token, inside or outside the vocabulary: a plain word, or a special token such as
/// `[PAD]`.
#[derive(Deserialize)]
struct Added {
    id: usize,
    content: String,
    #[serde(default)]
    special: bool,
}

/// Parses at most [`MAX_ADDED`] tokens.
fn few<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<Added>, D::Error> {
    struct Few;
    impl<'de> Visitor<'de> for Few {
        type Value = Vec<Added>;

        fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
            f.write_str("an array of added tokens")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Vec<Added>, A::Error> {
            let mut tokens = vec![];
            while let Some(token) = elements.next_element()? {
                if tokens.len() == MAX_ADDED {
                    return Err(A::Error::custom(format!("more than {MAX_ADDED} tokens were added")));
                }
                tokens.push(token);
            }
            Ok(tokens)
        }
    }
    input.deserialize_seq(Few)
}

/// Entries with their indices: an object, or for Unigram a list of entries with their scores. All
/// text is in one string, since an entry has a few bytes and a string of its own takes several
/// times as much.
#[derive(Default)]
struct Vocabulary {
    text: String,
    places: Vec<Place>,
}

struct Place {
    start: u32,
    end: u32,
    number: u32,
}

impl Vocabulary {
    /// Returns the entries with their indices, in index order.
    fn entries(&self) -> impl Iterator<Item = (&str, usize)> {
        self.places
            .iter()
            .map(|place| (&self.text[place.start as usize..place.end as usize], place.number as usize))
    }

    /// Adds the text from `start` on as an entry. No row has the index `u32::MAX`.
    fn push<E: serde::de::Error>(&mut self, start: usize, number: u64) -> Result<(), E> {
        if self.places.len() == MAX_ENTRIES {
            return Err(E::custom(format!("it has more than {MAX_ENTRIES} entries")));
        }
        let place = |at: usize| u32::try_from(at).map_err(|_| E::custom("its entries are too long"));
        let (start, end) = (place(start)?, place(self.text.len())?);
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        self.places.push(Place { start, end, number });
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Vocabulary {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let mut vocabulary = input.deserialize_any(Entries)?;
        // Equal indices stay in file order.
        vocabulary.places.sort_unstable_by_key(|place| (place.number, place.start));
        Ok(vocabulary)
    }
}

struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = Vocabulary;

    fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("a vocabulary of numbered entries")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Vocabulary, A::Error> {
        let mut vocabulary = Vocabulary::default();
        let mut start = 0;
        while entries.next_key_seed(Append(&mut vocabulary.text))?.is_some() {
            let number = entries.next_value()?;
            vocabulary.push(start, number)?;
            start = vocabulary.text.len();
        }
        Ok(vocabulary)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Vocabulary, A::Error> {
        let mut vocabulary = Vocabulary::default();
        let (mut start, mut number) = (0, 0);
        while entries.next_element_seed(First(&mut vocabulary.text))?.is_some() {
            vocabulary.push(start, number)?;
            (start, number) = (vocabulary.text.len(), number + 1);
        }
        Ok(vocabulary)
    }
}

/// Appends a string.
struct Append<'a>(&'a mut String);

impl<'de> DeserializeSeed<'de> for Append<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<(), D::Error> {
        input.deserialize_str(self)
    }
}

impl Visitor<'_> for Append<'_> {
    type Value = ();

    fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("an entry")
    }

    fn visit_str<E>(self, entry: &str) -> Result<(), E> {
        self.0.push_str(entry);
        Ok(())
    }
}

/// Appends the first string of an array.
struct First<'a>(&'a mut String);

impl<'de> DeserializeSeed<'de> for First<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<(), D::Error> {
        input.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for First<'_> {
    type Value = ();

    fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("an entry and its score")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        if elements.next_element_seed(Append(self.0))?.is_none() {
            return Err(A::Error::invalid_length(0, &self));
        }
        while elements.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

/// How a tokenizer marks whole words, or their starts.
struct Marks<'a> {
    start: Option<&'static str>,
    end: Option<&'a str>,
    continuation: &'a str,
}

/// The mark for a space in byte-level BPE, and in SentencePiece.
const BYTE_SPACE: &str = "Ġ";
const SPACE: &str = "▁";

impl<'a> Marks<'a> {
    fn of(model: &'a Model) -> Marks<'a> {
        let used = |mark: &&str| {
            let marked = model.vocab.entries().filter(|(entry, _)| entry.starts_with(*mark)).count();
            marked * 20 > model.vocab.places.len()
        };
        Marks {
            start: [BYTE_SPACE, SPACE].into_iter().find(used),
            end: model.end_of_word_suffix.as_deref().filter(|suffix| !suffix.is_empty()),
            continuation: model
                .continuing_subword_prefix
                .as_deref()
                .filter(|mark| !mark.is_empty())
                .unwrap_or("##"),
        }
    }

    fn word(&self, entry: &str) -> Option<String> {
        let entry = match (self.start, self.end) {
            (Some(mark), _) => entry.strip_prefix(mark)?,
            (None, Some(suffix)) => entry.strip_suffix(suffix)?,
            (None, None) if entry.starts_with(self.continuation) => return None,
            (None, None) => entry,
        };
        if self.start == Some(BYTE_SPACE) {
            String::from_utf8(entry.chars().map(byte).collect::<Option<_>>()?).ok()
        } else {
            Some(entry.to_owned())
        }
    }
}

/// Returns the byte of a character in byte-level BPE: visible characters stand for themselves, and
/// the characters from U+0100 on for the other bytes, in order (Radford et al., 2019).
fn byte(c: char) -> Option<u8> {
    let is_visible = |byte: &u8| matches!(byte, b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF);
    match u32::from(c) {
        code @ 0..256 => Some(code as u8).filter(is_visible),
        code => (0..=255u8).filter(|byte| !is_visible(byte)).nth(code as usize - 256),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_byte_level_bpe_are_found() {
        assert_eq!(
            ['Ġ', 'Ċ', 'a', 'Ã', 'Ń'].map(byte),
            [Some(b' '), Some(b'\n'), Some(b'a'), Some(0xC3), Some(0xAD)]
        );
        assert_eq!(byte('\u{1FFF}'), None);
    }
}
