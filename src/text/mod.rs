//! From text to normalised words.
//!
//! 1. **Ignorable characters** (Unicode's Default_Ignorable_Code_Point and the format characters:
//!    soft hyphen, bidi marks, variation selectors, ...) are removed; UAX 29 ignores them too (rule
//!    WB4). ZWJ stays inside emoji sequences (WB3c). ZERO WIDTH SPACE stays, because it separates
//!    words.
//! 2. **Normalisation** (`normalise`): stream-safe text (UAX 15, section 13), then
//!    NFKC(toCasefold(NFKD(x))) with full case folding (Unicode Standard 3.13, after D146). One
//!    deviation: U+0307 directly after `i` is dropped, so that "İstanbul" and "istanbul" are one
//!    word. `ı` stays `ı`.
//! 3. **Splitting** (`split`): default word boundaries (UAX 29). Within a segment, every character
//!    other than letters, digits and their marks also ends a word. Apostrophes are removed ("don't"
//!    → "dont"), and emoji become words of their own. Punctuation between words is reported too,
//!    since it can separate clauses.
//!
//! Pure ASCII needs none of the Unicode tables: a byte loop gives the same words. Nothing here
//! allocates, and time is linear in the text's length.

pub mod filter;
pub mod names;
pub mod ngrams;
mod normalise;
mod slots;
mod split;
#[cfg(test)]
mod tests;
pub mod vocabulary;

/// Maximum length of a text to classify, in bytes (1 MiB). Callers check it; the functions here
/// accept any length.
pub const MAX_TEXT_BYTES: usize = 1 << 20;

/// Maximum length of a word in bytes of normalised UTF-8. A longer run of letters is cut at a char
/// boundary.
pub const MAX_WORD_BYTES: usize = 64;

/// Size of the window of normalised text, in bytes.
const WINDOW: usize = 2048;

/// Calls `word` with each normalised word of `text`, in order.
pub fn for_each_word(text: &str, mut word: impl FnMut(&str)) {
    for_each_token(text, |token| {
        if let Token::Word(found) = token {
            word(found.text());
        }
    });
}

/// A piece of normalised text.
#[derive(Clone, Copy)]
pub enum Token<'a> {
    /// A word, as [`for_each_word`] reports it.
    Word(Word<'a>),
    /// A punctuation mark or symbol on its own, one character. Marks inside words, numbers and
    /// names, as in `don't`, `3.5` or `example.com`, are not reported.
    Mark(&'a str),
}

impl<'a> Token<'a> {
    /// Returns the word or mark as text.
    pub fn text(self) -> &'a str {
        match self {
            Token::Word(word) => word.text(),
            Token::Mark(mark) => mark,
        }
    }
}

/// Returns true for a mark that only structures a sentence, so that it tells nothing apart.
pub(crate) fn structures(mark: &str) -> bool {
    mark.chars().all(|c| {
        matches!(c, '.' | ',' | ';' | ':' | '"' | '\'' | '`' | '(' | ')' | '[' | ']' | '{' | '}' | '«' | '»'
            | '\u{2010}'..='\u{203A}' | '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{301F}' | '\u{60C}'
            | '\u{61B}' | '\u{6D4}' | '\u{964}' | '\u{965}')
    })
}

/// A word between `<` and `>`, padded so that eight bytes can be read from any offset in it. Bytes
/// after `>` are undefined.
pub(crate) type PaddedWord = [u8; 1 + MAX_WORD_BYTES + 1 + 8];

/// A normalised word, not empty, as UTF-8 bytes. A prediction hashes bytes, so it needn't pay for a
/// `str`'s UTF-8 check.
#[derive(Clone, Copy)]
pub struct Word<'a> {
    padded: &'a PaddedWord,
    length: usize,
    /// Number of bytes before the last apostrophe, or 0 without one.
    before: usize,
    is_ascii: bool,
}

impl<'a> Word<'a> {
    /// A mark that counts as a word.
    fn of_mark(mark: &str, padded: &'a mut PaddedWord) -> Word<'a> {
        let length = mark.len().min(MAX_WORD_BYTES);
        padded[0] = b'<';
        padded[1..1 + length].copy_from_slice(&mark.as_bytes()[..length]);
        padded[1 + length] = b'>';
        Word { padded, length, before: 0, is_ascii: mark.is_ascii() }
    }

    /// Returns the word as text.
    pub fn text(self) -> &'a str {
        // Only whole characters are pushed, so this is always UTF-8.
        std::str::from_utf8(self.bytes()).unwrap_or_default()
    }

    /// Returns what follows the last apostrophe in the word, if there is one: "alarme" of "l'alarme".
    pub fn after_apostrophe(self) -> Option<&'a str> {
        let part = (self.before > 0).then(|| self.bytes().get(self.before..))?;
        part.and_then(|part| std::str::from_utf8(part).ok()).filter(|part| !part.is_empty())
    }

    #[inline(always)]
    fn bytes(self) -> &'a [u8] {
        self.padded.get(1..1 + self.length).unwrap_or_default()
    }
}

/// Calls `token` with each normalised word, and each mark between words, in order.
pub fn for_each_token(text: &str, mut token: impl FnMut(Token<'_>)) {
    if text.is_ascii() {
        ascii_tokens(text.as_bytes(), token)
    } else {
        unicode_tokens::<WINDOW>(text, &mut token)
    }
}

/// Takes `dyn`: a generic function would be compiled for each caller, 8 kB each.
fn unicode_tokens<const N: usize>(text: &str, token: &mut dyn FnMut(Token<'_>)) {
    let mut splitter = split::Splitter::<N, _>::new(token);
    normalise::normalise(visible(text), |c| splitter.push(c));
    splitter.finish();
}

/// Maps a letter or digit to lower case and any other byte to 0.
const LOWER: [u8; 256] = {
    let mut lower = [0; 256];
    let mut byte = 0u8;
    while byte < 128 {
        if byte.is_ascii_alphanumeric() {
            lower[byte as usize] = byte.to_ascii_lowercase();
        }
        byte += 1;
    }
    lower
};

fn ascii_tokens(text: &[u8], token: impl FnMut(Token<'_>)) {
    let mut word = WordBuffer::new(token);
    for (i, &byte) in text.iter().enumerate() {
        let lower = LOWER[usize::from(byte)];
        if lower != 0 {
            word.push_ascii(lower);
        } else if byte == b' ' {
            word.cut();
        } else if byte == b'\'' {
            if joins(text, i) {
                word.apostrophe();
            } else {
                word.cut();
            }
        } else {
            word.cut();
            if byte.is_ascii_punctuation() && byte != b'_' && !joins(text, i) {
                word.mark(char::from(byte));
            }
        }
    }
    word.cut();
}

/// Returns true if the mark at `i` joins the letters (UAX 29, WB6 and WB7) or digits (WB11 and
/// WB12) around it.
fn joins(text: &[u8], i: usize) -> bool {
    let before = i.checked_sub(1).and_then(|i| text.get(i));
    let (Some(before), Some(after)) = (before, text.get(i + 1)) else { return false };
    let letters = matches!(text[i], b'\'' | b'.' | b':');
    let digits = matches!(text[i], b'\'' | b'.' | b',' | b';');
    letters && before.is_ascii_alphabetic() && after.is_ascii_alphabetic()
        || digits && before.is_ascii_digit() && after.is_ascii_digit()
}

const ZWJ: char = '\u{200D}';

/// Yields the characters of `text` without the ignorable ones. This comes before normalising, so
/// that a mark after an ignorable character still combines with its letter.
fn visible(text: &str) -> impl Iterator<Item = char> + '_ {
    let mut rest = text.chars();
    std::iter::from_fn(move || {
        loop {
            let c = rest.next()?;
            let kept =
                if c == ZWJ { rest.clone().next().is_some_and(split::is_emoji) } else { !is_ignorable(c) };
            if kept {
                return Some(c);
            }
        }
    })
}

/// Returns true for Default_Ignorable_Code_Point or general category Cf (Unicode 17), except ZERO
/// WIDTH SPACE.
fn is_ignorable(c: char) -> bool {
    c > '\u{AC}'
        && matches!(c,
            '\u{AD}' | '\u{34F}' | '\u{600}'..='\u{605}' | '\u{61C}' | '\u{6DD}' | '\u{70F}'
            | '\u{890}'..='\u{891}' | '\u{8E2}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200C}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFFB}' | '\u{110BD}' | '\u{110CD}' | '\u{13430}'..='\u{1343F}'
            | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

/// Collects the current word.
struct WordBuffer<F> {
    padded: PaddedWord,
    len: usize,
    before: usize,
    is_ascii: bool,
    emit: F,
}

impl<F: FnMut(Token<'_>)> WordBuffer<F> {
    fn new(emit: F) -> Self {
        let mut padded = [0; _];
        padded[0] = b'<';
        WordBuffer { padded, len: 0, before: 0, is_ascii: true, emit }
    }

    #[inline]
    fn push_ascii(&mut self, byte: u8) {
        if self.len == MAX_WORD_BYTES {
            self.cut();
        }
        self.padded[1 + self.len] = byte;
        self.len += 1;
    }

    /// Takes note of an apostrophe before the next character.
    fn apostrophe(&mut self) {
        self.before = self.len;
    }

    /// Returns true if `c` still fits.
    fn has_room_for(&self, c: char) -> bool {
        self.len + c.len_utf8() <= MAX_WORD_BYTES
    }

    fn push(&mut self, c: char) {
        if !self.has_room_for(c) {
            self.cut();
        }
        self.is_ascii &= c.is_ascii();
        self.len += c.encode_utf8(&mut self.padded[1 + self.len..]).len();
    }

    /// Ends the current word, if any.
    #[inline]
    fn cut(&mut self) {
        if self.len > 0 {
            self.padded[1 + self.len] = b'>';
            let word =
                Word { padded: &self.padded, length: self.len, before: self.before, is_ascii: self.is_ascii };
            (self.emit)(Token::Word(word));
            (self.len, self.before, self.is_ascii) = (0, 0, true);
        }
    }

    /// Reports a mark. The word before it must have been cut.
    fn mark(&mut self, c: char) {
        (self.emit)(Token::Mark(c.encode_utf8(&mut [0; 4])));
    }
}
