//! The report of a training.

use super::options::Preset;

/// The results of a training besides the model.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainReport {
    /// The preset, with `auto` resolved.
    pub preset: Preset,
    /// Number of lines trained on.
    pub examples: usize,
    /// Number of labels.
    pub labels: usize,
    /// Number of labelled examples that training held out, over all folds. With validation data,
    /// the number of labelled examples in it. Training warns if there are fewer than 10.
    pub heldout: usize,
    /// Accuracy to expect for new wording, 0 to 1: see
    /// [`TrainingSummary::heldout_accuracy`](crate::model::TrainingSummary::heldout_accuracy).
    pub heldout_accuracy: Option<f64>,
    /// Accuracy to expect for wording like that of the lines, 0 to 1: see
    /// [`TrainingSummary::familiar_accuracy`](crate::model::TrainingSummary::familiar_accuracy).
    pub familiar_accuracy: Option<f64>,
    /// Share of the held-out lines answered with exactly their labels, 0 to 1: see
    /// [`TrainingSummary::heldout_answered`](crate::model::TrainingSummary::heldout_answered).
    pub heldout_answered: Option<f64>,
    /// Number of passes over the data in the final run.
    pub epochs: usize,
    /// The clause separators.
    pub separators: Vec<String>,
    /// The symbols that count as words, because they tell labels apart; one character each.
    pub symbols: Vec<String>,
    /// How much of the lexicon was used. `None` without a lexicon.
    pub lexicon: Option<LexiconUse>,
    /// Warnings about likely mistakes in the data and about too few lines to test on, one sentence
    /// each. Each names its examples by number, from 1, and none quotes a text.
    pub warnings: Vec<String>,
    /// Duration in seconds.
    pub seconds: f64,
}

/// How much of a lexicon a training could use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LexiconUse {
    /// Number of distinct words in the training texts.
    pub words: usize,
    /// Number of those words that the lexicon has.
    pub found: usize,
    /// Number of the lexicon's words in the model: those found, and others close to them.
    pub held: usize,
}
