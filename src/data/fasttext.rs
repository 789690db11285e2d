//! fastText lines: `__label__a __label__b some text`.

use super::{Example, list, many_labels};
use crate::network::MAX_LABELS;

const PREFIX: &str = "__label__";
/// Maximum number of line numbers in one warning.
const MOST: usize = 10;

pub(super) fn parse(line: &str) -> Result<Example, String> {
    let (mut labels, mut count) = (Vec::new(), 0);
    let mut rest = line.trim_start();
    while let Some(marked) = rest.strip_prefix(PREFIX) {
        let (name, behind) = marked.split_once(char::is_whitespace).unwrap_or((marked, ""));
        // Labels over the limit are only counted.
        count += 1;
        if count <= MAX_LABELS {
            labels.push(name.to_owned());
        }
        rest = behind.trim_start();
    }
    // fastText itself accepts labels anywhere. Reading them as words here would silently turn a
    // whole file into out-of-scope examples.
    if rest.split_whitespace().any(|word| word.starts_with(PREFIX)) {
        return Err(format!("expected every `{PREFIX}` at the start of the line, found one after the text"));
    }
    if count > MAX_LABELS {
        return Err(many_labels(count));
    }
    Example::checked(rest, labels)
}

/// Readable lines that are probably mistakes.
#[derive(Default)]
pub(super) struct Slips {
    misspelt: Vec<u64>,
    joined: Vec<u64>,
}

impl Slips {
    /// Checks the example of line `line`.
    pub(super) fn look_at(&mut self, line: u64, example: &Example) {
        if example.text.split_whitespace().next().is_some_and(is_misspelt) {
            self.misspelt.push(line);
        }
        if example.labels.iter().any(|label| label.contains(PREFIX)) {
            self.joined.push(line);
        }
    }

    pub(super) fn warnings(&self, origin: &str) -> Vec<String> {
        let at = |lines: &[u64]| {
            let plural = if lines.len() == 1 { "" } else { "s" };
            let named = list(lines.iter().map(u64::to_string), MOST);
            named.map(|named| format!("{origin}, line{plural} {named}"))
        };
        let misspelt = at(&self.misspelt).map(|at| {
            format!(
                "{at}: the first word of the text looks like a misspelt `{PREFIX}` and isn't read as a label; start every \
                 label with `{PREFIX}`"
            )
        });
        let joined = at(&self.joined).map(|at| {
            format!("{at}: labels without a space between them are read as one label; put a space before each `{PREFIX}`")
        });
        misspelt.into_iter().chain(joined).collect()
    }
}

/// Returns true if a word is nearly the prefix with a label: `_label_off`, `__Label__off`,
/// `__labels__off`, `label__off`.
fn is_misspelt(word: &str) -> bool {
    let word = word.to_lowercase();
    let bare = word.trim_start_matches('_');
    let Some(rest) = ["labels", "label", "lable"].iter().find_map(|name| bare.strip_prefix(name)) else {
        return false;
    };
    if bare.len() == word.len() {
        // `label_printer` is an ordinary word.
        return rest.starts_with("__");
    }
    rest.is_empty() || rest.starts_with('_')
}
