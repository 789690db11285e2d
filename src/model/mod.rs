//! The immutable model: labels, vectorizer, network, calibration and decision rule, all borrowed
//! from one block of bytes.
//!
//! A trained model *is* the bytes of its file. Training, loading and saving share one layout, so a
//! model just trained and the same model loaded elsewhere are identical.

mod bytes;
mod draft;
mod file;
mod parts;
mod reading;
mod scratch;

pub use crate::calibration::Calibration;
use crate::decision::{Centroids, Choice, DecisionRule, Outside, RejectRule, RejectScore, ScoreSettings};
use crate::error::{Error, Result};
use crate::files;
use crate::network::int8::PackedNetwork;
use crate::network::{Layer, Network};
use crate::room;
use crate::rules::{Matcher, Matches, Rule};
pub use crate::shape::DIMENSIONS;
use crate::shape::HALF;
use crate::text::MAX_TEXT_BYTES;
use crate::text::filter::Filter;
pub use crate::text::ngrams::NgramSettings;
use crate::text::ngrams::{Words, token_hashes};
use crate::text::vocabulary::Vocabulary;
use crate::vectorizer::{FeatureVector, LexiconRows, Table, Vectorizer};
use bytes::Bytes;
pub(crate) use draft::Draft;
pub use file::{FORMAT, MAX_SEPARATORS, MAX_SYMBOLS};
pub(crate) use parts::SILENT_BIAS;
pub use parts::{LayerParts, Parts, TableParts};
#[doc(hidden)]
pub use reading::Reading;
pub(crate) use scratch::with_logits;
use serde::{Deserialize, Serialize};
use std::ops::Range;
use std::path::Path;

/// How a model was trained. Two runs of the same training give equal summaries.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TrainingSummary {
    /// Number of lines it was trained on, lines without labels included.
    pub examples: usize,
    /// Number of labelled examples that training held out, or that the validation data has.
    pub heldout: usize,
    /// Share of labelled held-out examples whose top label was right, before any text is rejected,
    /// 0 to 1. `None` if there were none.
    ///
    /// The run that measures it is trained neither on these examples nor on near-duplicates of
    /// them, so this is the accuracy to expect on new wording. With validation data, its examples
    /// are measured, and near-duplicates of them stay in the training.
    pub heldout_accuracy: Option<f64>,
    /// Accuracy to expect on wording like that of the examples, 0 to 1: near-duplicates of the
    /// held-out examples, if there are any, are trained on. `None` if it was not measured, as with
    /// validation data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub familiar_accuracy: Option<f64>,
    /// Share of the held-out in-scope lines answered with exactly their labels, rejection included,
    /// 0 to 1. `None` if not measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heldout_answered: Option<f64>,
    /// Number of passes over the data.
    pub epochs: usize,
    /// Seed of the random numbers.
    pub seed: u64,
}

/// Everything in a model except its tensors.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Metadata {
    /// XXH3-64 of the whole file, computed with these sixteen hexadecimal digits as zeros. The
    /// first field, so that a reader finds it first.
    pub checksum: String,
    /// Version of the file format.
    pub format: u32,
    /// Version of the library that wrote the file.
    pub library: String,
    /// Name of the preset that trained it, with `auto` resolved.
    pub preset: String,
    /// One label or a set of labels.
    pub choice: Choice,
    /// The labels in the order of their first appearance in the training data.
    pub labels: Vec<String>,
    /// How texts are read. `None` for a model trained from feature rows.
    pub ngrams: Option<NgramSettings>,
    /// The clause separators: normalised words and marks. Empty if each text is one clause.
    #[serde(rename = "joiners")]
    pub separators: Vec<String>,
    /// The symbols that count as words, one normalised character each. Empty in older models, and
    /// in those whose labels symbols don't tell apart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub symbols: Vec<String>,
    /// How far below 0 a clause's logit for the label of another clause may lie to put its own labels
    /// in doubt, 0 to 100. If labels are in doubt, the text is read as a whole. 0 in older models and
    /// in those without clause separators: no label is in doubt.
    #[serde(default, skip_serializing_if = "is_default")]
    pub doubt: f32,
    /// The settings of the lexicon. `None` for a model without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lexicon: Option<LexiconSettings>,
    /// The map from logits to probabilities.
    pub calibration: Calibration,
    /// How in-scope texts are told from others.
    pub reject: RejectSettings,
    /// How the model was trained.
    pub training: TrainingSummary,
    /// The keyword rules.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// How texts are read for the rules, see [`crate::rules`]. 0 in older models, and without rules.
    #[serde(default, skip_serializing_if = "is_default")]
    pub rule_reading: u8,
}

/// The settings of the lexicon; its rows and their words are tensors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LexiconSettings {
    /// Weight of a row, 1 to `MAX_LEXICON_WEIGHT`.
    pub weight: u8,
}

/// The settings of the reject rule; its thresholds and centroids are tensors.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RejectSettings {
    /// Acceptance rate that applies unless a caller asks for another one: the share of in-scope
    /// texts to accept, 0 to 1.
    pub keep: f32,
    /// How the score is computed.
    #[serde(flatten)]
    pub score: ScoreSettings,
}

/// Byte ranges of a layer's tensors.
#[derive(Debug, Clone, Default)]
struct LayerPlaces {
    weights: Range<usize>,
    scales: Range<usize>,
    biases: Range<usize>,
}

/// Byte ranges of the tensors.
#[derive(Debug, Clone, Default)]
struct Places {
    table: Range<usize>,
    /// Whether the embedding table is int8; int4 otherwise.
    table_is_int8: bool,
    known: Range<usize>,
    frequent: Range<usize>,
    lexicon_rows: Range<usize>,
    lexicon_words: Range<usize>,
    layers: [LayerPlaces; 4],
    linear: Option<LayerPlaces>,
    thresholds: Range<usize>,
    reject_points: Range<usize>,
    centroids: Range<usize>,
    centroid_inverse_norms: Range<usize>,
    outside: Range<usize>,
    reject_right: Range<usize>,
    reject_outside: Range<usize>,
}

impl Places {
    fn network<'a>(&self, bytes: &'a [u8]) -> Network<'a> {
        let floats = |place: &Range<usize>| bytemuck::cast_slice(&bytes[place.clone()]);
        let layer = |places: &LayerPlaces| Layer {
            weights: bytemuck::cast_slice(&bytes[places.weights.clone()]),
            scales: floats(&places.scales),
            biases: floats(&places.biases),
        };
        let [first, second, third, output] = &self.layers;
        Network {
            hidden: [layer(first), layer(second), layer(third)],
            output: layer(output),
            linear: self.linear.as_ref().map(layer),
        }
    }
}

/// An immutable classifier. Any number of threads may use it at once; it locks nothing and its
/// predictions allocate nothing.
#[derive(Debug)]
pub struct Model {
    bytes: Bytes,
    metadata: Metadata,
    places: Places,
    /// Hashes of the clause separators.
    separators: Vec<u64>,
    /// Hashes of the symbols that count as words.
    symbols: Vec<u64>,
    /// The keyword rules, compiled.
    rules: Matcher,
    /// The network in the layout of the int8 kernels.
    packed: PackedNetwork,
    /// Set if the model was trained with lines without labels.
    outside: Option<Outside>,
}

impl Model {
    /// Assembles a model.
    ///
    /// # Errors
    /// Fails with [`Error::Model`] if the parts don't fit together, and with [`Error::OutOfMemory`]
    /// if there is not enough memory.
    pub fn from_parts(parts: &Parts) -> Result<Model> {
        let bytes = file::write(parts)?;
        room::check::<u8>(bytes.len())?;
        Model::parse(Bytes::copied(&bytes), "model in memory")
    }

    /// Opens a model file by mapping it into memory; the embedding table is not copied. While it is
    /// open, the file may be replaced by renaming another one over it, as [`Model::save`] does. Its
    /// bytes must not be changed in place.
    ///
    /// # Errors
    /// Fails with [`Error::Io`] if it can't be read, and with [`Error::Model`], naming the fault,
    /// if it is not a valid model.
    pub fn load(path: &Path) -> Result<Model> {
        Model::parse(Bytes::mapped(path)?, &path.display().to_string())
    }

    /// Opens a model from bytes, which it copies.
    ///
    /// # Errors
    /// Fails with [`Error::Model`], naming the fault, if they are not a valid model, and with
    /// [`Error::OutOfMemory`] if there is not enough memory.
    pub fn from_bytes(bytes: &[u8]) -> Result<Model> {
        file::check_length(bytes, "model in memory")?;
        room::check::<u8>(bytes.len())?;
        Model::parse(Bytes::copied(bytes), "model in memory")
    }

    fn parse(bytes: Bytes, origin: &str) -> Result<Model> {
        let (metadata, places) = file::read(bytes.as_slice())
            .map_err(|fault| Error::Model { origin: origin.to_owned(), fault })?;
        let (separators, symbols) = (token_hashes(&metadata.separators), token_hashes(&metadata.symbols));
        let rules = Matcher::new(&metadata.rules, &metadata.labels, metadata.rule_reading);
        let packed = PackedNetwork::new(&places.network(bytes.as_slice()));
        let outside = Outside::new(bytemuck::cast_slice(&bytes.as_slice()[places.outside.clone()]));
        Ok(Model { bytes, metadata, places, separators, symbols, rules, packed, outside })
    }

    /// Returns the parts of the model. [`Model::from_parts`] makes the same bytes from them, except
    /// for the library version.
    pub fn parts(&self) -> Parts {
        let layer = |places: &LayerPlaces| LayerParts {
            weights: self.integers(&places.weights).to_vec(),
            scales: self.floats(&places.scales).to_vec(),
            biases: self.floats(&places.biases).to_vec(),
        };
        let bytes = |place: &Range<usize>| self.as_bytes()[place.clone()].to_vec();
        let Places { table, known, frequent, lexicon_rows, lexicon_words, .. } = &self.places;
        Parts {
            metadata: self.metadata.clone(),
            table: match self.table() {
                Table::Int8(_) => TableParts::Int8(self.integers(table).to_vec()),
                Table::Int4(bytes) => TableParts::Int4(bytes.to_vec()),
            },
            known: bytemuck::cast_slice(&self.as_bytes()[known.clone()]).to_vec(),
            frequent: bytemuck::cast_slice(&self.as_bytes()[frequent.clone()]).to_vec(),
            lexicon_rows: bytes(lexicon_rows),
            lexicon_words: bytemuck::cast_slice(&self.as_bytes()[lexicon_words.clone()]).to_vec(),
            layers: self.places.layers.each_ref().map(layer),
            linear: self.places.linear.as_ref().map(layer),
            thresholds: self.floats(&self.places.thresholds).to_vec(),
            reject_points: self.floats(&self.places.reject_points).to_vec(),
            centroids: self.integers(&self.places.centroids).to_vec(),
            centroid_inverse_norms: self.floats(&self.places.centroid_inverse_norms).to_vec(),
            outside: self.floats(&self.places.outside).to_vec(),
            reject_right: self.floats(&self.places.reject_right).to_vec(),
            reject_outside: self.floats(&self.places.reject_outside).to_vec(),
        }
    }

    /// Writes the model to a file in one step: to a temporary file beside it, synced, then renamed.
    /// A reader sees either the old file or the new one, and an interruption loses neither.
    ///
    /// If `path` is a symbolic link, its target is replaced. The new file keeps the mode of the old
    /// one, and its owner if the system allows it.
    ///
    /// # Errors
    /// Fails with [`Error::Io`], naming the step that failed.
    pub fn save(&self, path: &Path) -> Result<()> {
        files::replace(path, self.as_bytes())
    }

    /// The bytes of the model's file.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.as_slice()
    }

    /// Everything except the tensors.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The labels, in index order.
    pub fn labels(&self) -> &[String] {
        &self.metadata.labels
    }

    /// Number of rows of the embedding table; 0 for a model trained from feature rows.
    pub fn rows(&self) -> usize {
        self.table().rows()
    }

    #[inline]
    fn table(&self) -> Table<'_> {
        let place = &self.places.table;
        match self.places.table_is_int8 {
            true => Table::Int8(self.integers(place)),
            false => Table::Int4(&self.as_bytes()[place.clone()]),
        }
    }

    /// Number of words with a row in the lexicon; 0 for a model without one.
    pub fn lexicon_words(&self) -> usize {
        self.places.lexicon_rows.len() / HALF
    }

    /// Number of weights, biases and values of embedding table and lexicon.
    pub fn parameters(&self) -> usize {
        let layers = self.places.layers.iter().chain(&self.places.linear);
        (self.rows() + self.lexicon_words()) * DIMENSIONS
            + layers.map(|l| l.weights.len() + l.biases.len() / size_of::<f32>()).sum::<usize>()
    }

    fn floats(&self, place: &Range<usize>) -> &[f32] {
        bytemuck::cast_slice(&self.as_bytes()[place.clone()])
    }

    fn integers(&self, place: &Range<usize>) -> &[i8] {
        bytemuck::cast_slice(&self.as_bytes()[place.clone()])
    }

    /// Returns the vectorizer, or `None` for a model trained from feature rows.
    #[doc(hidden)]
    #[inline(always)]
    pub fn vectorizer(&self) -> Option<Vectorizer<'_>> {
        let settings = self.metadata.ngrams.as_ref()?;
        let known = Filter::new(bytemuck::cast_slice(&self.as_bytes()[self.places.known.clone()]))?;
        let frequent = Filter::new(bytemuck::cast_slice(&self.as_bytes()[self.places.frequent.clone()]));
        let slots = bytemuck::cast_slice(&self.as_bytes()[self.places.lexicon_words.clone()]);
        let words = Words {
            separators: &self.separators,
            symbols: &self.symbols,
            frequent,
            lexicon: Vocabulary::new(slots),
        };
        let lexicon = LexiconRows {
            rows: Table::Int4(&self.as_bytes()[self.places.lexicon_rows.clone()]),
            weight: self.metadata.lexicon.map_or(0, |lexicon| i32::from(lexicon.weight)),
        };
        Some(Vectorizer { settings, table: self.table(), known, words, lexicon })
    }

    /// Writes the features of a whole text: 256 numbers with an L2 norm of at most 1, or zeros if
    /// nothing in the text is known.
    ///
    /// # Errors
    /// Fails with [`Error::TextTooLong`] if the text is longer than [`MAX_TEXT_BYTES`], and with
    /// [`Error::NoVectorizer`] if the model was trained from feature rows.
    pub fn vectorize(&self, text: &str, features: &mut FeatureVector) -> Result<()> {
        self.reader(text)?.vectorize(text, features);
        Ok(())
    }

    /// Calls `row` with the features of each clause of a text in which anything is known. A model
    /// without clause separators has at most one row, that of [`Model::vectorize`].
    ///
    /// # Errors
    /// As [`Model::vectorize`].
    pub fn for_each_row(&self, text: &str, row: impl FnMut(&FeatureVector)) -> Result<()> {
        self.reader(text)?.for_each_row(text, row);
        Ok(())
    }

    /// Returns the vectorizer, after checking the text's length.
    #[inline(always)]
    pub(crate) fn reader(&self, text: &str) -> Result<Vectorizer<'_>> {
        if text.len() > MAX_TEXT_BYTES {
            return Err(Error::TextTooLong { length: text.len() });
        }
        self.vectorizer().ok_or(Error::NoVectorizer)
    }

    /// The network's layers.
    #[doc(hidden)]
    pub fn network(&self) -> Network<'_> {
        self.places.network(self.as_bytes())
    }

    /// Writes the logits of feature vectors, computed in int8: row by row, one logit per label.
    ///
    /// # Panics
    /// Panics unless `logits.len()` is the number of rows times the number of labels.
    pub fn logits(&self, rows: &[FeatureVector], logits: &mut [f32]) {
        self.packed.logits(rows, logits);
    }

    /// Starts combining the rows of one text. `logits` receives the combined logits; it needs one
    /// value per label.
    #[doc(hidden)]
    #[inline]
    pub fn reading<'a>(&'a self, logits: &'a mut [f32]) -> Reading<'a> {
        Reading::new(self.reject_score(), logits, self.metadata.doubt)
    }

    /// The parts that compute the reject score of a row.
    pub fn reject_score(&self) -> RejectScore<'_> {
        RejectScore {
            centroids: self.centroids(),
            settings: self.metadata.reject.score,
            outside: self.outside.as_ref(),
        }
    }

    /// The labels' centroids.
    pub fn centroids(&self) -> Centroids<'_> {
        Centroids {
            rows: self.integers(&self.places.centroids),
            inverse_norms: self.floats(&self.places.centroid_inverse_norms),
        }
    }

    /// Returns the labels that keyword rules ask for in a text.
    #[inline]
    pub fn matches(&self, text: &str) -> Matches {
        if self.rules.is_empty() { Matches::new() } else { self.rules.matches(text) }
    }

    /// The rule that chooses labels.
    pub fn rule(&self) -> DecisionRule<'_> {
        DecisionRule {
            choice: self.metadata.choice,
            calibration: self.metadata.calibration,
            thresholds: self.floats(&self.places.thresholds),
            reject: RejectRule {
                points: self.floats(&self.places.reject_points),
                keep: self.metadata.reject.keep,
                right: self.floats(&self.places.reject_right),
                outside: self.floats(&self.places.reject_outside),
            },
        }
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests;
