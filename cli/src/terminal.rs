//! Other people's texts made safe to show on a terminal.

use std::borrow::Cow;

/// Returns `text` on one line, with a blank for every control character.
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Returns `text` with its control characters, which could move the cursor or hide output, written as in JSON (`\u001b`).
/// Line ends stay if `lines` is true.
pub fn visible(text: &str, lines: bool) -> Cow<'_, str> {
    let is_unsafe = |c: char| c.is_control() && !(lines && c == '\n');
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_unsafe(c) { out += &format!("\\u{:04x}", u32::from(c)) } else { out.push(c) }
    }
    Cow::Owned(out)
}
