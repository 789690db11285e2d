//! A model in the making, read straight from its parts.

use super::{LayerParts, Parts, Reading, TableParts};
use crate::decision::{Centroids, Outside, RejectScore};
use crate::error::{Error, Result};
use crate::network::int8::PackedNetwork;
use crate::network::{Layer, Network};
use crate::text::filter::Filter;
use crate::text::ngrams::{Words, token_hashes};
use crate::text::vocabulary::Vocabulary;
use crate::vectorizer::{FeatureVector, LexiconRows, Table, Vectorizer};

/// A model that is not written yet. It reads texts and scores them as the model of the same parts
/// does, bit for bit, and spares writing a file into memory, checking it and reading it back.
pub(crate) struct Draft<'a> {
    parts: &'a Parts,
    /// Hashes of the clause separators.
    separators: Vec<u64>,
    /// Hashes of the symbols that count as words.
    symbols: Vec<u64>,
    packed: PackedNetwork,
    outside: Option<Outside>,
}

impl<'a> Draft<'a> {
    pub(crate) fn new(parts: &'a Parts) -> Self {
        Draft {
            separators: token_hashes(&parts.metadata.separators),
            symbols: token_hashes(&parts.metadata.symbols),
            packed: PackedNetwork::new(&network(parts)),
            outside: Outside::new(&parts.outside),
            parts,
        }
    }

    /// Number of labels.
    pub(crate) fn labels(&self) -> usize {
        self.parts.metadata.labels.len()
    }

    /// Calls `row` with the features of each clause of a text; see
    /// [`Model::for_each_row`](super::Model::for_each_row).
    ///
    /// # Errors
    /// [`Error::NoVectorizer`] where training starts from feature rows.
    pub(crate) fn for_each_row(&self, text: &str, row: impl FnMut(&FeatureVector)) -> Result<()> {
        self.vectorizer().ok_or(Error::NoVectorizer)?.for_each_row(text, row);
        Ok(())
    }

    fn vectorizer(&self) -> Option<Vectorizer<'_>> {
        let Parts { metadata, table, known, frequent, lexicon_rows, lexicon_words, .. } = self.parts;
        let frequent = Filter::new(frequent);
        let lexicon = Vocabulary::new(lexicon_words);
        Some(Vectorizer {
            settings: metadata.ngrams.as_ref()?,
            table: match table {
                TableParts::Int8(numbers) => Table::Int8(numbers),
                TableParts::Int4(bytes) => Table::Int4(bytes),
            },
            known: Filter::new(known)?,
            words: Words { separators: &self.separators, symbols: &self.symbols, frequent, lexicon },
            lexicon: LexiconRows {
                rows: Table::Int4(lexicon_rows),
                weight: metadata.lexicon.map_or(0, |lexicon| i32::from(lexicon.weight)),
            },
        })
    }

    /// Writes the logits of one feature vector.
    ///
    /// # Panics
    /// When `logits` is not as long as there are labels.
    pub(crate) fn logits(&self, features: &FeatureVector, logits: &mut [f32]) {
        self.packed.logits(std::slice::from_ref(features), logits);
    }

    /// See [`Model::reading`](super::Model::reading).
    pub(crate) fn reading<'b>(&'b self, logits: &'b mut [f32]) -> Reading<'b> {
        let Parts { metadata, centroids, centroid_inverse_norms, .. } = self.parts;
        let score = RejectScore {
            centroids: Centroids { rows: centroids, inverse_norms: centroid_inverse_norms },
            settings: metadata.reject.score,
            outside: self.outside.as_ref(),
        };
        Reading::new(score, logits, metadata.doubt)
    }
}

fn network(parts: &Parts) -> Network<'_> {
    fn layer(LayerParts { weights, scales, biases }: &LayerParts) -> Layer<'_> {
        Layer { weights, scales, biases }
    }
    let [first, second, third, output] = &parts.layers;
    Network {
        hidden: [layer(first), layer(second), layer(third)],
        output: layer(output),
        linear: parts.linear.as_ref().map(layer),
    }
}
