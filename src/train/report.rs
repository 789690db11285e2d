//! What a training tells besides the model.

use super::options::Preset;

/// What came of a training besides the model.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainReport {
    /// `auto` resolved.
    pub preset: Preset,
    /// Lines trained on.
    pub examples: usize,
    /// Number of labels.
    pub labels: usize,
    /// Lines with labels that were held out, over all folds, or that the validation data has. Training warns if there are fewer
    /// than 10.
    pub heldout: usize,
    /// Accuracy to expect for new wording: see [`TrainingSummary::heldout_accuracy`](crate::model::TrainingSummary::heldout_accuracy).
    pub heldout_accuracy: Option<f64>,
    /// Accuracy to expect for wording like that of the lines: see
    /// [`TrainingSummary::familiar_accuracy`](crate::model::TrainingSummary::familiar_accuracy).
    pub familiar_accuracy: Option<f64>,
    /// Share of the held-out lines answered with exactly their labels: see
    /// [`TrainingSummary::heldout_answered`](crate::model::TrainingSummary::heldout_answered).
    pub heldout_answered: Option<f64>,
    /// Passes over the data in the run that made the weights.
    pub epochs: usize,
    /// The words and marks at which texts are cut into clauses.
    pub separators: Vec<String>,
    /// What the lexicon had to give; `None` without one.
    pub lexicon: Option<LexiconUse>,
    /// Sentences about likely mistakes in the data, and about too few lines to measure on. Each names the examples it is about by
    /// their numbers, counted from 1, and none quotes a text.
    pub warnings: Vec<String>,
    /// Time taken.
    pub seconds: f64,
}

/// How much of a lexicon a training could use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LexiconUse {
    /// Different words of the training texts.
    pub words: usize,
    /// How many of those the lexicon has.
    pub found: usize,
    /// Words of the lexicon that the model holds: those, and others that lie near them.
    pub held: usize,
}
