//! fastText lines: `__label__a __label__b some text`.

use super::Example;

const PREFIX: &str = "__label__";

pub(super) fn parse(line: &str) -> Result<Example, String> {
    let mut labels = Vec::new();
    let mut rest = line.trim_start();
    while let Some(marked) = rest.strip_prefix(PREFIX) {
        let (name, behind) = marked.split_once(char::is_whitespace).unwrap_or((marked, ""));
        labels.push(name.to_owned());
        rest = behind.trim_start();
    }
    // fastText itself takes labels anywhere. Taking them for words here would turn a whole file, silently, into
    // out-of-scope examples.
    if rest.split_whitespace().any(|word| word.starts_with(PREFIX)) {
        return Err(format!("expected every `{PREFIX}` at the start of the line, found one behind the text"));
    }
    Example::checked(rest, labels)
}
