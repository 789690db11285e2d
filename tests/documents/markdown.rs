//! Blocks and code spans of Markdown, for tests that check documents.

/// Returns the fenced blocks of a text with their languages.
pub fn blocks(text: &str) -> Vec<(&str, String)> {
    let (mut blocks, mut open): (Vec<(&str, String)>, bool) = (vec![], false);
    for line in text.lines() {
        match line.strip_prefix("```") {
            Some(language) => {
                if !open {
                    blocks.push((language, String::new()));
                }
                open = !open;
            }
            None if open => {
                if let Some((_, block)) = blocks.last_mut() {
                    *block += line;
                    *block += "\n";
                }
            }
            None => {}
        }
    }
    assert!(!open, "a block is never closed");
    blocks
}

/// Returns the text between backticks outside of blocks.
#[allow(dead_code)]
pub fn code_spans(text: &str) -> Vec<&str> {
    let mut outside = true;
    let lines = text.lines().filter(|line| {
        let fence = line.starts_with("```");
        outside ^= fence;
        outside && !fence
    });
    lines.flat_map(|line| line.split('`').skip(1).step_by(2)).collect()
}
