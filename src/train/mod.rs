//! Training: examples in, an immutable [`Model`] out.
//!
//! A part of the lines is held out and a network trained on the rest: it tells how many epochs are good, how logits
//! become probabilities, and below which score a text is rejected. The weights that are kept are trained on all lines, at the
//! same time where there are two threads.
//! Where lines have several labels, a trial before that tells whether texts are better cut into clauses.
//! The same data, options and seed give the same bytes on every CPU, platform and number of threads.

mod assemble;
pub(crate) mod bags;
mod calibration;
pub(crate) mod centroids;
mod clauses;
mod dataset;
pub(crate) mod fit;
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
/// `valid`, where given, takes the place of the held-out lines, and all lines of `data` are trained on from the start.
///
/// # Errors
/// [`Error::InvalidArgument`](crate::Error::InvalidArgument) for options or data out of range, [`Error::Training`](crate::Error::Training) when the data can't be learned from or
/// the loss leaves the numbers, [`Error::TextTooLong`](crate::Error::TextTooLong), [`Error::Stopped`](crate::Error::Stopped) when `progress` says so. Nothing is left behind
/// in either case.
pub fn train(
    data: &Dataset<'_>,
    valid: Option<&Dataset<'_>>,
    options: &TrainOptions,
    progress: &mut ProgressFn<'_>,
) -> Result<(Model, TrainReport)> {
    let (model, report, _) = run(data, valid, options, progress)?;
    Ok((model, report))
}
