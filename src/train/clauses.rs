//! The clauses of training texts.

use crate::text::ngrams::{self, Kind, NgramSettings, Piece, Words};

/// [`ngrams::for_each_piece`], compiled once for training. Only the prediction needs its own
/// inlined copy.
pub(super) fn for_each_piece(
    text: &str,
    settings: &NgramSettings,
    words: &Words<'_>,
    piece: &mut dyn FnMut(Piece<'_>),
) {
    ngrams::for_each_piece(text, settings, words, piece);
}

/// Single words only.
const WORDS: NgramSettings =
    NgramSettings { words: 1, characters: false, word_weight: 1, character_weight: 1, evidence: false };

/// Calls `clause` with the hashes of each clause's distinct words, in ascending order. `words` has
/// the separators and symbols.
pub(super) fn for_each_clause_words(
    texts: &[&str],
    lines: &[usize],
    words: &Words<'_>,
    mut clause: impl FnMut(&[u64]),
) {
    let mut hashes = vec![];
    for &line in lines {
        for_each_piece(texts[line], &WORDS, words, &mut |piece| match piece {
            Piece::Ngrams(Kind::Words, more) => hashes.extend(more),
            Piece::Ngrams(..) | Piece::Lexicon(_) => {}
            Piece::ClauseEnd => {
                hashes.sort_unstable();
                hashes.dedup();
                clause(&hashes);
                hashes.clear();
            }
        });
    }
}
