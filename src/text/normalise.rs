//! NFKC(toCasefold(NFKD(x))) in one pass over stream-safe text.
//!
//! Folding text that is decomposed and in canonical order keeps it decomposed and in canonical
//! order (a test checks every character). So one decomposition, one sort and one composition are
//! enough.

use caseless::Caseless;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{canonical_combining_class, compose, decompose_compatible};

/// Stream-safe text has at most 30 non-starters in a row.
const RUN: usize = 32;
const DOT_ABOVE: char = '\u{307}';
/// No character below this one has a combining class or is the second half of a composition.
const FIRST_COMBINING: char = '\u{300}';

/// Calls `emit` with each character of the normalised text.
pub(super) fn normalise(text: impl Iterator<Item = char>, emit: impl FnMut(char)) {
    let mut order = Order { run: [(0, '\0'); RUN], len: 0, composer: Composer::new(emit) };
    for c in text.stream_safe() {
        decompose_compatible(c, |c| order.push(c));
    }
    order.flush();
    order.composer.flush();
}

fn class(c: char) -> u8 {
    if c < FIRST_COMBINING { 0 } else { canonical_combining_class(c) }
}

/// Sorts the non-starters between two starters into canonical order.
struct Order<F> {
    run: [(u8, char); RUN],
    len: usize,
    composer: Composer<F>,
}

impl<F: FnMut(char)> Order<F> {
    fn push(&mut self, c: char) {
        let class = class(c);
        if class == 0 || self.len == RUN {
            self.flush();
        }
        if class == 0 {
            return self.composer.fold(c);
        }
        // Insertion sort: runs are short, and characters of one class must keep their order.
        let mut at = self.len;
        while at > 0 && self.run[at - 1].0 > class {
            self.run[at] = self.run[at - 1];
            at -= 1;
        }
        self.run[at] = (class, c);
        self.len += 1;
    }

    fn flush(&mut self) {
        for &(_, c) in &self.run[..self.len] {
            self.composer.fold(c);
        }
        self.len = 0;
    }
}

/// Folds case, drops the Turkish dot, and composes (UAX 15, D117).
struct Composer<F> {
    starter: Option<char>,
    /// Marks after `starter` that didn't combine with it.
    marks: [char; RUN],
    len: usize,
    last_class: u8,
    after_i: bool,
    emit: F,
}

impl<F: FnMut(char)> Composer<F> {
    fn new(emit: F) -> Self {
        Composer { starter: None, marks: ['\0'; RUN], len: 0, last_class: 0, after_i: false, emit }
    }

    fn fold(&mut self, c: char) {
        if c.is_ascii() {
            self.push(c.to_ascii_lowercase());
        } else {
            std::iter::once(c).default_case_fold().for_each(|c| self.push(c));
        }
    }

    fn push(&mut self, c: char) {
        // Before composing, so that the next mark meets the bare i.
        if self.after_i && c == DOT_ABOVE {
            return;
        }
        self.after_i = c == 'i';
        let class = class(c);
        let Some(starter) = self.starter else {
            match class {
                0 => self.starter = Some(c),
                _ => (self.emit)(c),
            }
            return;
        };
        let blocked = self.len > 0 && self.last_class >= class;
        if !blocked
            && c >= FIRST_COMBINING
            && let Some(composed) = compose(starter, c)
        {
            self.starter = Some(composed);
        } else if class == 0 {
            self.flush();
            self.starter = Some(c);
        } else if let Some(slot) = self.marks.get_mut(self.len) {
            *slot = c;
            self.len += 1;
            self.last_class = class;
        } else {
            self.flush();
            (self.emit)(c);
        }
    }

    fn flush(&mut self) {
        if let Some(starter) = self.starter.take() {
            (self.emit)(starter);
        }
        for &c in &self.marks[..self.len] {
            (self.emit)(c);
        }
        self.len = 0;
    }
}
