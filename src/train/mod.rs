//! Training: from examples to an immutable [`Model`].
//!
//! Part of the lines is held out, and a network is trained on the rest. It determines the number of
//! epochs, the calibration of probabilities and the rejection threshold. The final weights are
//! trained on all lines, in parallel if there are two threads.
//!
//! If lines have several labels, an earlier trial decides whether texts are split into clauses.
//!
//! The same data, options and seed give the same bytes on every CPU, platform and number of
//! threads.

mod assemble;
pub(crate) mod bags;
mod calibration;
pub(crate) mod centroids;
mod clauses;
mod dataset;
pub(crate) mod fit;
pub(crate) mod fragments;
mod groups;
mod heldout;
mod holdout;
pub(crate) mod names;
pub(crate) mod options;
pub(crate) mod outside;
mod progress;
pub(crate) mod quantise;
pub(crate) mod random;
mod report;
mod run;
mod separators;
mod symbols;
mod targets;
pub(crate) mod tensor;
mod threshold;
mod training;
pub(crate) mod transfer;
mod trial;
mod warnings;
pub(crate) mod weights;

pub(crate) use dataset::check_features;
pub use dataset::{Dataset, Inputs};
pub use options::{Preset, TrainOptions};
pub use progress::{Phase, Progress, ProgressFn};
pub use report::{LexiconUse, TrainReport};
pub(crate) use run::run;
pub(crate) use training::Run;

use crate::error::Result;
use crate::model::Model;

/// Trains a model.
///
/// `valid`, if given, replaces the held-out lines. All lines of `data` are then trained on from the
/// start.
///
/// # Errors
/// [`Error::InvalidArgument`](crate::Error::InvalidArgument) for options or data out of range,
/// [`Error::Training`](crate::Error::Training) if nothing can be learned from the data or the loss
/// is not finite, [`Error::TextTooLong`](crate::Error::TextTooLong),
/// [`Error::Stopped`](crate::Error::Stopped) if `progress` asks to stop. Nothing is left on
/// failure.
pub fn train(
    data: &Dataset<'_>,
    valid: Option<&Dataset<'_>>,
    options: &TrainOptions,
    progress: &mut ProgressFn<'_>,
) -> Result<(Model, TrainReport)> {
    let (model, report, _) = run(data, valid, options, progress)?;
    Ok((model, report))
}
