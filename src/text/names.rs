//! Readable n-grams for explanations: the n-grams of
//! [`for_each_piece`](super::ngrams::for_each_piece), in the same order, with their words and
//! letters. Allocates.

use super::ngrams::{
    BOUNDARY, CHARACTERS, Kind, MAX_NGRAMS, NgramSettings, Part, Words, for_each_part, hash_bytes, join,
};
use std::fmt::{self, Display, Formatter};

/// The clause boundaries when they count as words. No word equals one of them.
const EDGES: [&str; 2] = ["^", "$"];

/// The words or characters of an n-gram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name<'a> {
    /// Adjacent words; `^` and `$` are the boundaries of the clause.
    Words(&'a [String]),
    /// Characters of a word; `<` and `>` are its boundaries.
    Characters {
        /// The characters.
        part: &'a str,
        /// The whole word, without its boundaries.
        word: &'a str,
    },
}

impl Display for Name<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Name::Words(words) => f.write_str(&words.join(" ")),
            Name::Characters { part, .. } => f.write_str(part),
        }
    }
}

/// A piece of text, as [`Piece`](super::ngrams::Piece), with its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedPiece<'a> {
    /// An n-gram's kind, hash and name.
    Ngram(Kind, u64, Name<'a>),
    /// A word with this row of the lexicon. Its n-grams follow.
    Lexicon(u32, &'a str),
    /// The end of a clause with these words.
    ClauseEnd(&'a [String]),
}

/// Calls `piece` with every piece that [`for_each_piece`](super::ngrams::for_each_piece) reports.
pub fn for_each_named_piece(
    text: &str,
    settings: &NgramSettings,
    told_apart: Words<'_>,
    mut piece: impl FnMut(NamedPiece<'_>),
) {
    let [start, end] = EDGES.map(str::to_owned);
    let (mut words, mut hashes, mut left) = (vec![start], vec![BOUNDARY], MAX_NGRAMS);
    let mut rows = vec![None];
    for_each_part(text, &told_apart, |part| match part {
        Part::Word(word, hash, row) => {
            words.push(word.text().to_owned());
            hashes.push(hash);
            rows.push(row);
        }
        Part::ClauseEnd => {
            words.push(end.clone());
            hashes.push(BOUNDARY);
            rows.push(None);
            for end in 1..words.len() {
                rows[end].into_iter().for_each(|row| piece(NamedPiece::Lexicon(row, &words[end])));
                for_each_ngram(&words, &hashes, end, settings, |kind, hash, name| {
                    if left > 0 {
                        left -= 1;
                        piece(NamedPiece::Ngram(kind, hash, name));
                    }
                });
            }
            piece(NamedPiece::ClauseEnd(&words[1..words.len() - 1]));
            words.truncate(1);
            hashes.truncate(1);
            rows.truncate(1);
        }
    });
}

/// Reports the n-grams that end with word `end` of a clause. The first and last of `words` are the
/// clause's boundaries; `hashes` are the hashes of `words`.
fn for_each_ngram(
    words: &[String],
    hashes: &[u64],
    end: usize,
    settings: &NgramSettings,
    mut ngram: impl FnMut(Kind, u64, Name<'_>),
) {
    let is_edge = |at: usize| at == 0 || at == words.len() - 1;
    let mut joined = hashes[end];
    // A boundary alone is not an n-gram.
    if !is_edge(end) {
        ngram(Kind::Words, joined, Name::Words(&words[end..=end]));
    }
    for start in (0..end).rev().take(usize::from(settings.words) - 1) {
        joined = join(hashes[start], joined);
        ngram(Kind::Words, joined, Name::Words(&words[start..=end]));
    }
    if !is_edge(end) {
        for_each_character_ngram(&words[end], &mut ngram);
    }
}

fn for_each_character_ngram(word: &str, ngram: &mut impl FnMut(Kind, u64, Name<'_>)) {
    let padded = format!("<{word}>");
    let edges: Vec<usize> = padded.char_indices().map(|(at, _)| at).chain([padded.len()]).collect();
    for (kind, length) in [(Kind::Trigram, 3), (Kind::Fourgram, 4)] {
        for edges in edges.windows(length + 1) {
            let part = &padded[edges[0]..edges[length]];
            ngram(kind, hash_bytes(CHARACTERS, part.as_bytes()), Name::Characters { part, word });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::filter::Filter;
    use super::super::ngrams::{Piece, for_each_piece, token_hash};
    use super::super::vocabulary::Vocabulary;
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, PartialEq)]
    enum Read {
        Ngram(Kind, u64),
        Lexicon(u32),
        ClauseEnd,
    }

    fn settings(words: u8) -> NgramSettings {
        NgramSettings { words, characters: true, word_weight: 1, character_weight: 1, evidence: false }
    }

    fn names(text: &str, words: u8) -> Vec<String> {
        let mut names = vec![];
        let told_apart = Words { separators: &[token_hash("and")], ..Words::default() };
        for_each_named_piece(text, &settings(words), told_apart, |piece| {
            names.push(match piece {
                NamedPiece::Ngram(_, _, name) => name.to_string(),
                NamedPiece::Lexicon(_, word) => format!("({word})"),
                NamedPiece::ClauseEnd(words) => format!("[{}]", words.join(" ")),
            });
        });
        names
    }

    #[test]
    fn ngrams_are_named_by_their_words_and_letters() {
        assert_eq!(names("ÖL!", 1), ["öl", "<öl", "öl>", "<öl>", "[öl]"]);
        assert_eq!(
            names("Go on and hi", 3),
            [
                "go", "^ go", "<go", "go>", "<go>", "on", "go on", "^ go on", "<on", "on>", "<on>", "on $",
                "go on $", "[go on]", "hi", "^ hi", "<hi", "hi>", "<hi>", "hi $", "^ hi $", "[hi]"
            ]
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn they_are_the_ngrams_that_the_vectorizer_reads(
            text in "([a-cäßあ中🚀]{0,5}( |, | and |, and |\\. |'|-)){0,12}", words in 1u8..=3, cut in any::<bool>(), rare in any::<bool>(), known in any::<bool>(),
        ) {
            let separators = if cut { vec![token_hash("and"), token_hash(",")] } else { vec![] };
            let symbols = if known { vec![token_hash("-")] } else { vec![] };
            let slots = if rare { Filter::build(vec![token_hash("a"), token_hash("bc")]) } else { vec![] };
            let lexicon = Vocabulary::build(&["b", "中", "aa"].map(token_hash));
            let lexicon = Vocabulary::new(&lexicon).filter(|_| known);
            let told_apart = Words { separators: &separators, symbols: &symbols, frequent: Filter::new(&slots), lexicon };
            let (mut read, mut named) = (vec![], vec![]);
            for_each_piece(&text, &settings(words), &told_apart, |piece| match piece {
                Piece::Ngrams(kind, hashes) => read.extend(hashes.iter().map(|&hash| Read::Ngram(kind, hash))),
                Piece::Lexicon(row) => read.push(Read::Lexicon(row)),
                Piece::ClauseEnd => read.push(Read::ClauseEnd),
            });
            for_each_named_piece(&text, &settings(words), told_apart, |piece| named.push(match piece {
                NamedPiece::Ngram(kind, hash, _) => Read::Ngram(kind, hash),
                NamedPiece::Lexicon(row, _) => Read::Lexicon(row),
                NamedPiece::ClauseEnd(_) => Read::ClauseEnd,
            }));
            prop_assert_eq!(read, named);
        }
    }
}
