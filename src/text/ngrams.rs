//! From words to hashed n-grams: word n-grams with clause boundaries, and character 3- and 4-grams
//! of `<word>`.
//!
//! An n-gram is a 64-bit hash (feature hashing, Weinberger et al., 2009). Its top bits are the
//! index of a row in the embedding table. Training copes with n-grams that share a row. Nothing is
//! stored and nothing allocates.

use super::filter::Filter;
use super::vocabulary::Vocabulary;
use super::{MAX_WORD_BYTES, PaddedWord, Token, Word, for_each_token};
use serde::{Deserialize, Serialize};

/// Maximum number of n-grams read from one text; the rest of a longer text is ignored. No ASCII
/// text of [`super::MAX_TEXT_BYTES`] has more, unless it is full of symbols that count as words. A
/// sum of this many int8 rows fits 32 bits at any weight that [`NgramSettings`] allows.
pub const MAX_NGRAMS: usize = 3_300_000;

/// Maximum number of words of a text that are looked up in the lexicon. At weights up to
/// [`MAX_LEXICON_WEIGHT`] the sum still fits 32 bits.
pub const MAX_LEXICON_WORDS: usize = 4096;

/// Maximum weight of a lexicon row.
pub const MAX_LEXICON_WEIGHT: u8 = 96;

/// Which n-grams are read, and their weights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NgramSettings {
    /// Longest word n-gram, 1 to 3. From 2 on, the clause boundaries count as words.
    pub words: u8,
    /// Whether character 3- and 4-grams are read.
    pub characters: bool,
    /// Weight of a word n-gram, 1 to 5.
    pub word_weight: u8,
    /// Weight of a character n-gram, 1 to 5.
    pub character_weight: u8,
    /// Whether words and trigrams that training has not seen reduce the features' norm. False in
    /// older models.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub evidence: bool,
}

impl NgramSettings {
    /// Returns true if every field is in range.
    pub fn is_valid(&self) -> bool {
        (1..=3).contains(&self.words)
            && (1..=5).contains(&self.word_weight)
            && (1..=5).contains(&self.character_weight)
    }
}

/// The kinds of n-gram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One to three words.
    Words,
    /// Three characters of `<word>`. Every word has at least one, so **a text shares an n-gram with
    /// the training data only if it shares a trigram**: the trigrams suffice to tell known texts
    /// from unknown ones.
    Trigram,
    /// Four characters of `<word>`.
    Fourgram,
}

const MIX: u64 = 0x9E37_79B9_7F4A_7C15;
const SPREAD: u64 = 0xFF51_AFD7_ED55_8CCD;
const WORD: u64 = 0x1000_0000_01B3;
pub(super) const CHARACTERS: u64 = 0xC4CE_B9FE_1A85_EC53;
/// Stands for every rare word in word n-grams.
pub(crate) const RARE: u64 = 0x2545_F491_4F6C_DD1D;
/// Stands for a clause boundary in word n-grams.
pub(super) const BOUNDARY: u64 = 0x51_7CC1_B727_220A;

/// Returns the row of a hash in an embedding table of `2^bits` rows.
#[inline]
pub fn row(hash: u64, bits: u32) -> u32 {
    (hash >> (64 - bits)) as u32
}

/// One step of [`hash_bytes`]: mixes in eight bytes.
#[inline(always)]
fn mix(hash: u64, eight: u64) -> u64 {
    let hash = (hash ^ eight).wrapping_mul(MIX);
    hash ^ (hash >> 32)
}

#[inline]
pub(super) fn hash_bytes(seed: u64, bytes: &[u8]) -> u64 {
    let (whole, rest) = bytes.as_chunks::<8>();
    let mut hash = seed;
    for chunk in whole {
        hash = mix(hash, u64::from_le_bytes(*chunk));
    }
    if !rest.is_empty() {
        hash = mix(hash, padded(rest));
    }
    hash.wrapping_mul(SPREAD)
}

/// Reads up to eight bytes as a little-endian number. Uses two loads that may overlap, which is
/// faster than copying a few bytes.
#[inline(always)]
fn padded(bytes: &[u8]) -> u64 {
    let halves = |low: u64, high: u64, width: usize| low | high << (8 * (bytes.len() - width));
    if let (Some(low), Some(high)) = (bytes.first_chunk(), bytes.last_chunk()) {
        halves(u32::from_le_bytes(*low).into(), u32::from_le_bytes(*high).into(), 4)
    } else if let (Some(low), Some(high)) = (bytes.first_chunk(), bytes.last_chunk()) {
        halves(u16::from_le_bytes(*low).into(), u16::from_le_bytes(*high).into(), 2)
    } else {
        bytes.first().map_or(0, |&byte| byte.into())
    }
}

/// Combines two hashes into one; order matters.
#[inline]
pub(crate) fn join(left: u64, right: u64) -> u64 {
    let mixed = (left.rotate_left(25) ^ right).wrapping_mul(MIX);
    (mixed ^ (mixed >> 32)).wrapping_mul(SPREAD)
}

/// Maximum number of clauses in a text; the last one takes the rest of the text. Requests have two
/// or three. The limit bounds the time and the rows of a text.
pub const MAX_CLAUSES: usize = 32;

/// Returns the hash by which words and marks, such as clause separators, are compared.
pub fn token_hash(word: &str) -> u64 {
    hash_bytes(WORD, word.as_bytes())
}

/// Returns the [`token_hash`] of each word or mark.
pub(crate) fn token_hashes(words: &[String]) -> Vec<u64> {
    words.iter().map(|word| token_hash(word)).collect()
}

/// [`token_hash`] of a word, with a single load for words of up to eight bytes.
#[inline(always)]
fn word_hash(word: Word<'_>) -> u64 {
    match word.padded[1..].first_chunk() {
        Some(eight) if word.length <= 8 => {
            let bytes = u64::from_le_bytes(*eight) & (u64::MAX >> (64 - 8 * word.length));
            mix(WORD, bytes).wrapping_mul(SPREAD)
        }
        _ => hash_bytes(WORD, word.bytes()),
    }
}

/// Words that get special treatment. Defaults to no such words.
#[derive(Clone, Copy, Default)]
pub struct Words<'a> {
    /// [`token_hash`]es of the clause separators: words and marks that separate clauses.
    pub separators: &'a [u64],
    /// [`token_hash`]es of the symbols that count as words: marks that tell labels apart. A clause
    /// separator stays one.
    pub symbols: &'a [u64],
    /// Words frequent enough to be distinct in word n-grams. All other words count as one rare word
    /// there, so that a name that training has rarely or never seen still shows that a name occurs.
    /// `None` makes all words distinct.
    pub frequent: Option<Filter<'a>>,
    /// Words with a row in the lexicon. `None` if the model has no lexicon.
    pub lexicon: Option<Vocabulary<'a>>,
}

/// A piece of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Hashes of n-grams of one kind, at least one: the word n-grams that end with the same word,
    /// or the character n-grams of one word.
    Ngrams(Kind, &'a [u64]),
    /// A word with this row of the lexicon. Its n-grams follow.
    Lexicon(u32),
    /// The end of a clause, which has at least one n-gram.
    ClauseEnd,
}

/// A part of a clause.
pub(super) enum Part<'a> {
    /// A word, its hash in word n-grams ([`token_hash`], or [`RARE`]), and its row of the lexicon.
    Word(Word<'a>, u64, Option<u32>),
    /// The end of a clause of at least one word.
    ClauseEnd,
}

/// Calls `part` with each word of `text` except the clause separators, in order, and with the end
/// of each clause.
pub(super) fn for_each_part(text: &str, words: &Words<'_>, mut part: impl FnMut(Part<'_>)) {
    let (mut clauses, mut any, mut looked_up) = (1, false, 0);
    for_each_token(text, |token| {
        let hash = match token {
            Token::Word(word) => word_hash(word),
            Token::Mark(_) if words.separators.is_empty() && words.symbols.is_empty() => return,
            Token::Mark(mark) => token_hash(mark),
        };
        if clauses < MAX_CLAUSES && words.separators.contains(&hash) {
            if any {
                part(Part::ClauseEnd);
                (clauses, any) = (clauses + 1, false);
            }
            return;
        }
        // Filled for symbols alone.
        let mut padded;
        let word = match token {
            Token::Word(word) => Some(word),
            Token::Mark(mark) if words.symbols.contains(&hash) => {
                padded = [0; _];
                Some(Word::of_mark(mark, &mut padded))
            }
            Token::Mark(_) => None,
        };
        if let Some(word) = word {
            let is_rare = words.frequent.is_some_and(|frequent| !frequent.contains(hash));
            let row =
                words.lexicon.filter(|_| looked_up < MAX_LEXICON_WORDS).and_then(|lexicon| lexicon.row(hash));
            looked_up += usize::from(row.is_some());
            part(Part::Word(word, if is_rare { RARE } else { hash }, row));
            any = true;
        }
    });
    if any {
        part(Part::ClauseEnd);
    }
}

/// Calls `piece` with all n-grams of `text`, word by word and including repetitions, and with the
/// end of each clause.
///
/// Clause separators belong to no clause. Without separators, a text with words is one clause.
/// Trigrams are reported even if [`NgramSettings::characters`] is false, since they tell known
/// texts from unknown ones.
pub fn for_each_piece(text: &str, settings: &NgramSettings, words: &Words<'_>, piece: impl FnMut(Piece<'_>)) {
    let mut reader = Reader {
        longest: settings.words,
        piece,
        left: MAX_NGRAMS,
        last_but_one: None,
        last: BOUNDARY,
        hashes: [0; MAX_WORD_BYTES],
    };
    for_each_part(text, words, |part| match part {
        Part::Word(word, hash, row) => {
            row.into_iter().for_each(|row| (reader.piece)(Piece::Lexicon(row)));
            reader.word(word, hash);
        }
        Part::ClauseEnd => reader.end_clause(),
    });
}

/// Reads the clauses of a text in order.
struct Reader<F> {
    /// Maximum length of word n-grams, in words.
    longest: u8,
    piece: F,
    /// Number of n-grams that may still be reported.
    left: usize,
    last_but_one: Option<u64>,
    last: u64,
    /// Hashes of the n-grams to report next. A word has no more trigrams than bytes.
    hashes: [u64; MAX_WORD_BYTES],
}

impl<F: FnMut(Piece<'_>)> Reader<F> {
    #[inline(always)]
    fn report(&mut self, kind: Kind, count: usize) {
        let count = count.min(self.left);
        self.left -= count;
        if count > 0 {
            (self.piece)(Piece::Ngrams(kind, &self.hashes[..count]));
        }
    }

    #[inline(always)]
    fn word(&mut self, word: Word<'_>, hash: u64) {
        self.hashes[0] = hash;
        let mut count = 1;
        if self.longest >= 2 {
            count += self.longer(1, hash);
            self.last_but_one = Some(self.last);
            self.last = hash;
        }
        self.report(Kind::Words, count);

        if word.is_ascii {
            self.ascii_characters::<3>(Kind::Trigram, word.padded, word.length);
            self.ascii_characters::<4>(Kind::Fourgram, word.padded, word.length - 1);
        } else {
            self.unicode_characters(&word.padded[..word.length + 2]);
        }
    }

    /// Writes the word pair that ends with `hash`, and the triple if asked for, to index `at` on.
    /// Returns how many it wrote.
    #[inline(always)]
    fn longer(&mut self, at: usize, hash: u64) -> usize {
        let pair = join(self.last, hash);
        self.hashes[at] = pair;
        match self.last_but_one {
            Some(before) if self.longest >= 3 => {
                self.hashes[at + 1] = join(before, pair);
                2
            }
            _ => 1,
        }
    }

    fn end_clause(&mut self) {
        if self.longest >= 2 {
            let count = self.longer(0, BOUNDARY);
            self.report(Kind::Words, count);
        }
        (self.piece)(Piece::ClauseEnd);
        (self.last_but_one, self.last) = (None, BOUNDARY);
    }

    /// Reports the first `count` n-grams of `WIDTH` bytes, one byte per character.
    #[inline(always)]
    fn ascii_characters<const WIDTH: u32>(&mut self, kind: Kind, padded: &PaddedWord, count: usize) {
        for (hash, window) in self.hashes[..count].iter_mut().zip(padded.windows(8)) {
            let Some(eight) = window.first_chunk() else { return };
            let few = u64::from_le_bytes(*eight) & ((1 << (8 * WIDTH)) - 1);
            *hash = mix(CHARACTERS, few).wrapping_mul(SPREAD);
        }
        self.report(kind, count);
    }

    /// Reports the character n-grams of a padded word with any characters.
    #[inline(never)]
    fn unicode_characters(&mut self, padded: &[u8]) {
        // Offsets of the characters; the end counts as one.
        let mut starts = [0usize; MAX_WORD_BYTES + 3];
        let mut count = 0;
        for at in 0..=padded.len() {
            if padded.get(at).is_none_or(|byte| byte & 0xC0 != 0x80) {
                starts[count] = at;
                count += 1;
            }
        }
        for (kind, width) in [(Kind::Trigram, 3), (Kind::Fourgram, 4)] {
            let edges = starts[..count].windows(width + 1);
            let found = edges.len();
            for (hash, edges) in self.hashes.iter_mut().zip(edges) {
                *hash = hash_bytes(CHARACTERS, &padded[edges[0]..edges[width]]);
            }
            self.report(kind, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: NgramSettings =
        NgramSettings { words: 2, characters: true, word_weight: 1, character_weight: 1, evidence: false };

    fn count(text: &str, settings: &NgramSettings, kind: Kind) -> usize {
        let mut count = 0;
        for_each_piece(text, settings, &Words::default(), |piece| {
            if let Piece::Ngrams(found, hashes) = piece
                && found == kind
            {
                count += hashes.len();
            }
        });
        count
    }

    fn hashes(text: &str) -> Vec<(Kind, u64)> {
        let mut all = vec![];
        for_each_piece(text, &SETTINGS, &Words::default(), |piece| {
            if let Piece::Ngrams(kind, hashes) = piece {
                all.extend(hashes.iter().map(|&hash| (kind, hash)));
            }
        });
        all
    }

    #[test]
    fn a_sentence_has_its_words_its_pairs_with_boundaries_and_its_characters() {
        // <can> <you> <see>: 3 trigrams and 2 fourgrams each.
        assert_eq!(count("Can you see?", &SETTINGS, Kind::Words), 3 + 4);
        assert_eq!(count("Can you see?", &SETTINGS, Kind::Trigram), 9);
        assert_eq!(count("Can you see?", &SETTINGS, Kind::Fourgram), 6);
        let triples = NgramSettings { words: 3, ..SETTINGS };
        assert_eq!(count("Can you see?", &triples, Kind::Words), 3 + 4 + 3);
        assert_eq!(count("Can you see?", &NgramSettings { words: 1, ..SETTINGS }, Kind::Words), 3);
    }

    fn clauses(text: &str, separators: &[&str]) -> Vec<Vec<u64>> {
        let separators: Vec<u64> = separators.iter().map(|word| token_hash(word)).collect();
        let (mut clauses, mut open) = (vec![], Vec::<u64>::new());
        let words = Words { separators: &separators, ..Words::default() };
        for_each_piece(text, &SETTINGS, &words, |piece| match piece {
            Piece::Ngrams(_, hashes) => open.extend(hashes),
            Piece::Lexicon(_) => {}
            Piece::ClauseEnd => clauses.push(std::mem::take(&mut open)),
        });
        assert!(open.is_empty());
        clauses
    }

    #[test]
    fn separators_cut_a_text_into_clauses_that_read_as_if_each_stood_alone() {
        let separators = ["and", "then", ",", "、"];
        let whole = |text| clauses(text, &[]).concat();
        assert_eq!(
            clauses("Then, and open the door, and then play music, then", &separators),
            [whole("open the door"), whole("play music")]
        );
        assert_eq!(clauses("开灯、放歌", &separators), [whole("开灯"), whole("放歌")]);
        assert_eq!(clauses("open the door", &separators), [whole("open the door")]);
        assert_eq!(clauses("and, then", &separators), [[0u64; 0]; 0]);
        // A mark within a number is not a clause separator.
        assert_eq!(clauses("add 1,000", &separators).len(), 1);
    }

    #[test]
    fn rare_words_are_one_in_word_ngrams_and_keep_their_letters() {
        let slots = Filter::build(["play", "by"].map(token_hash).to_vec());
        let words = Words { frequent: Filter::new(&slots), ..Words::default() };
        let read = |text: &str, wanted: fn(Kind) -> bool| {
            let mut all: Vec<u64> = vec![];
            for_each_piece(text, &SETTINGS, &words, |piece| match piece {
                Piece::Ngrams(kind, hashes) if wanted(kind) => all.extend(hashes),
                _ => {}
            });
            all
        };
        let is_word = |kind| kind == Kind::Words;
        assert_eq!(read("play Xanadu by Rush", is_word), read("play Roses by Outkast", is_word));
        assert_ne!(read("play Xanadu by Rush", is_word), read("Xanadu play by Rush", is_word));
        let is_letters = |kind| kind != Kind::Words;
        assert_ne!(read("play Xanadu by Rush", is_letters), read("play Roses by Outkast", is_letters));
    }

    #[test]
    fn a_text_has_no_more_clauses_than_the_limit_and_loses_no_word() {
        let text = "go,".repeat(1000);
        let found = clauses(&text, &[","]);
        assert_eq!(found.len(), MAX_CLAUSES);
        assert_eq!(found[MAX_CLAUSES - 1], clauses(&"go ".repeat(1000 - MAX_CLAUSES + 1), &[]).concat());
    }

    #[test]
    fn characters_are_counted_as_characters_not_bytes() {
        for (text, trigrams, fourgrams) in
            [("a", 1, 0), ("中", 1, 0), ("ab", 2, 1), ("да", 2, 1), ("grün", 4, 3)]
        {
            assert_eq!(count(text, &SETTINGS, Kind::Trigram), trigrams, "{text}");
            assert_eq!(count(text, &SETTINGS, Kind::Fourgram), fourgrams, "{text}");
        }
    }

    #[test]
    fn a_text_without_words_has_no_ngrams() {
        for text in ["", "   ", "?!...", "\u{0}\u{1}"] {
            assert!(hashes(text).is_empty());
        }
    }

    #[test]
    fn different_ngrams_have_different_hashes_and_order_counts() {
        let mut all = hashes("the quick brown fox jumps over a lazy dog");
        let length = all.len();
        all.sort_by_key(|ngram| ngram.1);
        all.dedup();
        // Only trigrams and fourgrams such as `the` could repeat, and none does here.
        assert_eq!(all.len(), length);
        assert_ne!(hashes("see me"), hashes("me see"));
    }

    #[test]
    fn rows_spread_evenly() {
        let mut used = vec![0u32; 1 << 10];
        for i in 0..20_000 {
            used[row(hash_bytes(WORD, format!("word{i}").as_bytes()), 10) as usize] += 1;
        }
        let (least, most) = (used.iter().min().copied(), used.iter().max().copied());
        assert!(least > Some(2) && most < Some(50), "{least:?} {most:?}");
    }

    #[test]
    fn hashes_are_the_same_on_every_machine() {
        // Model files depend on these hashes: they may change only with the file format.
        let expected = [
            14722733282008932381,
            12048388101589265402,
            12696894042834285424,
            5553283366388832841,
            3208524632508087096,
            10934034926468185219,
        ];
        assert_eq!(hashes("hi").iter().map(|ngram| ngram.1).collect::<Vec<u64>>(), expected);
    }
}
