//! Text → normalised words.
//!
//! 1. **Ignorable characters** (Unicode's Default_Ignorable_Code_Point and the format characters: soft hyphen,
//!    bidi marks, variation selectors, ...) are left out; UAX 29 looks through them (rule WB4) anyway.
//!    ZWJ stays where it glues emoji (WB3c); ZERO WIDTH SPACE stays, because it separates words.
//! 2. **Normalising** (`normalise`): stream-safe text (UAX 15, section 13), then NFKC(toCasefold(NFKD(x))) with full
//!    case folding (Unicode Standard 3.13, after D146). One deviation: U+0307 directly after `i` is dropped, so that
//!    "İstanbul" and "istanbul" are one word. `ı` stays `ı`.
//! 3. **Splitting** (`split`): default word boundaries (UAX 29); inside them, everything but letters, digits and
//!    their marks cuts as well, apostrophes vanish ("don't" → "dont"), emoji become words of their own. Punctuation
//!    between words is reported too, since it may part clauses.
//!
//! Pure ASCII needs none of the tables; it takes a byte loop that gives the same words.
//! Nothing here allocates; time is linear in the text.

pub mod filter;
pub mod names;
pub mod ngrams;
mod normalise;
mod slots;
mod split;
#[cfg(test)]
mod tests;
pub mod vocabulary;

/// Longest text that can be classified, in bytes (1 MiB). Callers check; the functions here take any length.
pub const MAX_TEXT_BYTES: usize = 1 << 20;

/// Longest word in bytes of normalised UTF-8; a longer run of letters is cut there (at a char boundary).
pub const MAX_WORD_BYTES: usize = 64;

/// Bytes of normalised text looked at together.
const WINDOW: usize = 2048;

/// Calls `word` with every normalised word of `text`, in order.
///
/// ```
/// let mut words = Vec::new();
/// intentkit::text::for_each_word("Don’t close İstanbul's ﬁle! 🇹🇷", |word| words.push(word.to_owned()));
/// assert_eq!(words, ["dont", "close", "istanbuls", "file", "🇹🇷"]);
/// ```
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
    /// A word, as [`for_each_word`] gives it.
    Word(Word<'a>),
    /// A punctuation mark or symbol that stands for itself, one character; not one within a word, number or name, such as
    /// those of `don't`, `3.5` or `example.com`.
    Mark(&'a str),
}

impl<'a> Token<'a> {
    /// What it is written as.
    pub fn text(self) -> &'a str {
        match self {
            Token::Word(word) => word.text(),
            Token::Mark(mark) => mark,
        }
    }
}

/// A word between `<` and `>`, with room for reading eight bytes from anywhere in it; what is behind is left from others.
pub(crate) type PaddedWord = [u8; 1 + MAX_WORD_BYTES + 1 + 8];

/// A normalised word, not empty, as bytes of UTF-8: a prediction hashes bytes, and has no need of the check that a `str` costs.
#[derive(Clone, Copy)]
pub struct Word<'a> {
    padded: &'a PaddedWord,
    length: usize,
    is_ascii: bool,
}

impl<'a> Word<'a> {
    /// As text.
    pub fn text(self) -> &'a str {
        // Whole characters went in, so this is always UTF-8.
        std::str::from_utf8(self.bytes()).unwrap_or_default()
    }

    #[inline(always)]
    fn bytes(self) -> &'a [u8] {
        self.padded.get(1..1 + self.length).unwrap_or_default()
    }
}

/// Calls `token` with every normalised word and every mark between words, in order.
pub fn for_each_token(text: &str, mut token: impl FnMut(Token<'_>)) {
    if text.is_ascii() {
        ascii_tokens(text.as_bytes(), token)
    } else {
        unicode_tokens::<WINDOW>(text, &mut token)
    }
}

/// Not generic in `token`: eight kilobytes that each caller would have of its own.
fn unicode_tokens<const N: usize>(text: &str, token: &mut dyn FnMut(Token<'_>)) {
    let mut splitter = split::Splitter::<N, _>::new(token);
    normalise::normalise(visible(text), |c| splitter.push(c));
    splitter.finish();
}

/// A letter or digit in lower case; 0 for everything else.
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
            if !joins(text, i) {
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

/// Whether the mark at `i` is one that joins the letters (UAX 29, WB6 and WB7) or digits (WB11 and WB12) around it.
fn joins(text: &[u8], i: usize) -> bool {
    let before = i.checked_sub(1).and_then(|i| text.get(i));
    let (Some(before), Some(after)) = (before, text.get(i + 1)) else { return false };
    let letters = matches!(text[i], b'\'' | b'.' | b':');
    let digits = matches!(text[i], b'\'' | b'.' | b',' | b';');
    letters && before.is_ascii_alphabetic() && after.is_ascii_alphabetic()
        || digits && before.is_ascii_digit() && after.is_ascii_digit()
}

const ZWJ: char = '\u{200D}';

/// The characters of `text` without the ignorable ones. They go before normalising, so that a mark behind one
/// still finds its letter.
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

/// Default_Ignorable_Code_Point or general category Cf (Unicode 17), but not ZERO WIDTH SPACE.
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

/// The word being put together.
struct WordBuffer<F> {
    padded: PaddedWord,
    len: usize,
    is_ascii: bool,
    emit: F,
}

impl<F: FnMut(Token<'_>)> WordBuffer<F> {
    fn new(emit: F) -> Self {
        let mut padded = [0; _];
        padded[0] = b'<';
        WordBuffer { padded, len: 0, is_ascii: true, emit }
    }

    #[inline]
    fn push_ascii(&mut self, byte: u8) {
        if self.len == MAX_WORD_BYTES {
            self.cut();
        }
        self.padded[1 + self.len] = byte;
        self.len += 1;
    }

    /// Whether `c` still fits.
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

    /// Ends the word, if there is one.
    #[inline]
    fn cut(&mut self) {
        if self.len > 0 {
            self.padded[1 + self.len] = b'>';
            let word = Word { padded: &self.padded, length: self.len, is_ascii: self.is_ascii };
            (self.emit)(Token::Word(word));
            (self.len, self.is_ascii) = (0, true);
        }
    }

    /// Reports a mark. The word before it has been cut.
    fn mark(&mut self, c: char) {
        (self.emit)(Token::Mark(c.encode_utf8(&mut [0; 4])));
    }
}
