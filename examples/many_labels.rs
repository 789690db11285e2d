//! Made-up training lines for many labels, to measure what labels cost: `many_labels LABELS [LINES] [SEED]` prints JSON Lines.
//!
//! Each label is a pair of made-up words, each of which eight labels share; a line says both in one of three endings each, among common words and in
//! any order. The pairs depend on the number of labels alone, so that another seed gives other wordings of the same labels.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::io::Write;

const ENDINGS: [&str; 3] = ["", "s", "ing"];
const COMMON: [&str; 16] = [
    "please", "could", "you", "now", "the", "my", "show", "me", "open", "find", "start", "a", "for", "with",
    "and", "today",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<usize>());
    let usage = "many_labels LABELS [LINES] [SEED]: whole numbers";
    let mut number = |default| arguments.next().unwrap_or(default).map_err(|_| usage);
    let (labels, lines, seed) = (number(Ok(100))?, number(Ok(2))?, number(Ok(1))?);
    let mut random = ChaCha8Rng::seed_from_u64(0);
    let mut below = |most: usize| random.next_u64() as usize % most;
    let words: Vec<String> = (0..(labels / 4).max(8)).map(|_| word(&mut below)).collect();
    // The second word is another step away in each round through the first.
    let pair = |label: usize| {
        let (first, round) = (label % words.len(), label / words.len());
        [first, (first + 1 + 2 * round) % words.len()]
    };
    let mut random = ChaCha8Rng::seed_from_u64(seed as u64);
    let mut below = |most: usize| random.next_u64() as usize % most;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for label in 0..labels {
        for _ in 0..lines {
            let mut line: Vec<String> =
                pair(label).iter().map(|&word| format!("{}{}", words[word], ENDINGS[below(3)])).collect();
            (0..1 + below(4)).for_each(|_| line.push(COMMON[below(COMMON.len())].into()));
            (1..line.len()).rev().for_each(|last| line.swap(last, below(last + 1)));
            let text = line.join(" ");
            writeln!(out, "{}", serde_json::json!({ "text": text, "labels": [format!("label{label}")] }))?;
        }
    }
    Ok(out.flush()?)
}

/// Two to four syllables.
fn word(below: &mut impl FnMut(usize) -> usize) -> String {
    let mut letter = |letters: &str| char::from(letters.as_bytes()[below(letters.len())]);
    let syllables = 2 + letter("012") as usize % 3;
    (0..syllables).flat_map(|_| [letter("bdfgklmnprstvz"), letter("aeiou")]).collect()
}
