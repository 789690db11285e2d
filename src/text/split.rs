//! Words at UAX 29 boundaries, found in a window that moves over the normalised text.
//!
//! A full window is handled up to an offset where the following text can't matter: right before its
//! last plain letter, digit, space or underscore. UAX 29 looks ahead no further than the next such
//! character and doesn't depend on text before one. If the end of the window has none (emoji,
//! dots), everything except the last three segments is handled.

use super::{Token, WordBuffer, ZWJ};
use unicode_normalization::char::is_combining_mark;
use unicode_properties::UnicodeEmoji;
use unicode_segmentation::UnicodeSegmentation;

/// Maximum number of marks, skin tones and joined emoji on one character; more are dropped. No word
/// has room for that many marks, and no emoji needs them. The limit keeps three segments shorter
/// than the window.
const MAX_ATTACHED: usize = 64;

/// Inserted into long runs of marks by the stream-safe process.
const GRAPHEME_JOINER: char = '\u{34F}';

pub(super) struct Splitter<const N: usize, F> {
    window: [u8; N],
    len: usize,
    attached: usize,
    after_zwj: bool,
    letters: Letters<F>,
}

impl<const N: usize, F: FnMut(Token<'_>)> Splitter<N, F> {
    pub(super) fn new(emit: F) -> Self {
        const { assert!(N >= 16 * MAX_ATTACHED) };
        let letters =
            Letters { word: WordBuffer::new(emit), is_emoji: false, after_apostrophe: false, is_open: false };
        Splitter { window: [0; N], len: 0, attached: 0, after_zwj: false, letters }
    }

    pub(super) fn push(&mut self, c: char) {
        let attaches = c == ZWJ || is_mark(c) || is_skin_tone(c);
        self.attached = if attaches || self.after_zwj { self.attached + 1 } else { 0 };
        if attaches && self.attached > MAX_ATTACHED || c == GRAPHEME_JOINER {
            return;
        }
        self.after_zwj = c == ZWJ;
        if self.len + c.len_utf8() > N {
            self.make_room();
        }
        if let Some(free) = self.window.get_mut(self.len..) {
            self.len += c.encode_utf8(free).len();
        }
    }

    /// Handles the rest of the window.
    pub(super) fn finish(mut self) {
        self.handle(self.len);
    }

    fn make_room(&mut self) {
        let handled = certain_part(as_text(&self.window[..self.len]));
        self.handle(handled);
        self.window.copy_within(handled..self.len, 0);
        self.len -= handled;
    }

    /// Handles the first `end` bytes. A segment that continues after them stays open.
    fn handle(&mut self, end: usize) {
        let text = as_text(&self.window[..self.len]);
        for (start, segment) in text.split_word_bound_indices().take_while(|&(start, _)| start < end) {
            match segment.get(..end - start) {
                Some(part) if part.len() < segment.len() => {
                    self.letters.push(part);
                    self.letters.is_open = true;
                }
                _ => {
                    self.letters.push(segment);
                    self.letters.end_segment();
                }
            }
        }
    }
}

/// Only whole characters enter and leave the window, so this is always UTF-8.
fn as_text(window: &[u8]) -> &str {
    std::str::from_utf8(window).unwrap_or_default()
}

/// Returns how many bytes can be handled now, whatever text follows.
fn certain_part(text: &str) -> usize {
    let mut tail = text.char_indices().rev().take(2 * MAX_ATTACHED).peekable();
    while let Some((at, c)) = tail.next() {
        let plain = matches!(c, ' ' | '_') || c.is_alphanumeric() && !is_mark(c);
        if plain && tail.peek().is_some_and(|&(_, before)| before != ZWJ) {
            return at;
        }
    }
    let mut starts = [0; 3];
    for (start, _) in text.split_word_bound_indices() {
        starts = [starts[1], starts[2], start];
    }
    // Three segments never fill a window; if they did, this must still make room.
    if starts[0] > 0 { starts[0] } else { text.char_indices().next_back().map_or(0, |(at, _)| at) }
}

/// Extracts words and marks from segments.
struct Letters<F> {
    word: WordBuffer<F>,
    /// True if the current word consists of emoji, which don't mix with letters.
    is_emoji: bool,
    after_apostrophe: bool,
    /// True if the next part continues a segment that the previous window began.
    is_open: bool,
}

impl<F: FnMut(Token<'_>)> Letters<F> {
    fn push(&mut self, part: &str) {
        for (i, c) in part.char_indices() {
            match c {
                ZWJ => continue,
                '\'' | '\u{2019}' | '\u{2BC}' => {
                    self.after_apostrophe = true;
                    continue;
                }
                _ if is_mark(c) => {
                    // A mark belongs to its base character. If a word was cut because it is full,
                    // its further marks are dropped.
                    let has_base = self.word.len > 0 && !self.is_emoji && !self.after_apostrophe;
                    if has_base && self.word.has_room_for(c) {
                        self.word.push(c);
                    } else if has_base {
                        self.word.cut();
                    }
                    continue;
                }
                _ if c.is_alphanumeric() => self.push_as(false, c),
                _ if is_emoji(c) => self.push_as(true, c),
                _ => {
                    self.word.cut();
                    // Inside a segment, the character joins its neighbours.
                    if i == 0 && !self.is_open && !c.is_whitespace() && !c.is_control() && c != '_' {
                        self.word.mark(c);
                    }
                }
            }
            self.after_apostrophe = false;
        }
    }

    fn push_as(&mut self, is_emoji: bool, c: char) {
        if self.is_emoji != is_emoji {
            self.word.cut();
            self.is_emoji = is_emoji;
        }
        if self.after_apostrophe {
            self.word.apostrophe();
        }
        self.word.push(c);
    }

    fn end_segment(&mut self) {
        self.word.cut();
        (self.after_apostrophe, self.is_open) = (false, false);
    }
}

fn is_mark(c: char) -> bool {
    c >= '\u{300}' && is_combining_mark(c)
}

fn is_skin_tone(c: char) -> bool {
    matches!(c, '\u{1F3FB}'..='\u{1F3FF}')
}

pub(super) fn is_emoji(c: char) -> bool {
    !c.is_ascii() && c.is_emoji_char()
}
