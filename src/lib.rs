//! IntentKit: an on-device intent classifier.
//!
//! It maps a short text to a set of labels, learns on the device, and predicts in microseconds. The
//! same examples, options and seed give the same model, byte for byte, on every machine.
//!
//! ```
//! use intentkit::{Classifier, TrainOptions, data::Example};
//!
//! let examples = [
//!     Example::new("can you see my screen", ["vision", "chat"]),
//!     Example::new("describe what is on the screen", ["vision", "chat"]),
//!     Example::new("take a picture of the page", ["vision"]),
//!     Example::new("tell me a joke", ["chat"]),
//! ];
//! let (classifier, _) = Classifier::train(&examples, &TrainOptions::default())?;
//!
//! let prediction = classifier.predict("what can you see on my screen?")?;
//! for chosen in prediction.labels() {
//!     println!("{} {:.2}", classifier.labels()[chosen.label as usize], chosen.probability);
//! }
//! assert!(!prediction.is_rejected());
//! assert!(classifier.predict("\u{43f}\u{440}\u{438}\u{432}\u{435}\u{442}")?.is_rejected(), "nothing in it is known");
//! # Ok::<(), intentkit::Error>(())
//! ```
//!
//! # Modules
//!
//! Data flow of a prediction: bytes → `text` → `vectorizer` → [`engine`] → [`decision`] →
//! [`Prediction`].
//!
//! | module | contents |
//! | --- | --- |
//! | `text` | normalisation, words, n-grams and their names, the filter of known n-grams |
//! | `error` | the error type; each error has a sentence to show |
//! | `files` | atomic replacement of files |
//! | `sources` | opening files that a caller names, and recognising them by their first bytes |
//! | `threads` | the thread pool that calls share |
//! | `clock` | the processor's clock |
//! | `shape` | the dimensions of every model |
//! | `room` | checked allocation of large blocks of memory |
//! | `simd` | the kernels, and the fixed order of their sums |
//! | `vectorizer` | a text, or each of its clauses, as 256 numbers: the sum of its n-grams' rows |
//! | `network` | the layers, their int8 and float32 forward passes, what each feature adds to a logit |
//! | `calibration` | logits to probabilities |
//! | [`decision`] | combining clauses, rejection rule, thresholds, ranking |
//! | [`data`] | reading examples: JSON Lines, fastText, CSV |
//! | [`rules`] | keyword rules beside the network |
//! | [`lexicon`] | reading word vectors, reduced to 256 dimensions |
//! | [`model`] | the immutable model and its file |
//! | [`export`] | the Core ML package writer |
//! | [`engine`] | the engines that compute a network, and the choice between them |
//! | [`train`] | options, recipes, the training loop, calibration, rounding to int8 |
//! | [`learn`] | updates after training; the training-state file |
//! | [`metrics`] | the metrics of an evaluation |
//! | [`monitor`] | counters and times of a live classifier: report, OpenMetrics |
//! | [`classifier`] | train, load, predict, explain, evaluate, export; live: update, swap, queue, count |
//! | `ffi` | the C interface: thin exports of the above |
//!
//! A module depends only on modules listed above it; `tests/modules.rs` checks this.

mod calibration;
pub mod classifier;
mod clock;
pub mod data;
pub mod decision;
pub mod engine;
mod error;
pub mod export;
mod ffi;
mod files;
pub mod learn;
pub mod lexicon;
pub mod metrics;
pub mod model;
pub mod monitor;
mod network;
mod room;
pub mod rules;
mod shape;
mod simd;
mod sources;
mod text;
mod threads;
pub mod train;
mod vectorizer;

pub use classifier::{Classifier, LiveClassifier, Prediction};
pub use decision::{Cost, PredictOptions, Scored, Source};
pub use error::{Error, ModelFault, Result};
pub use export::{CoreMlOptions, CoreMlPrecision};
pub use lexicon::Lexicon;
pub use rules::Rule;
pub use text::MAX_TEXT_BYTES;
pub use text::ngrams::MAX_CLAUSES;
pub use train::{Preset, TrainOptions};
pub use vectorizer::FeatureVector;

/// For this workspace's programs, tests and benchmarks; not part of the public interface.
#[doc(hidden)]
pub mod internal {
    pub use crate::clock::ticks;

    pub mod ffi {
        pub use crate::ffi::*;
    }

    pub mod files {
        pub use crate::files::{check_folder, folder, is_at, lock, replace, target};
    }

    pub mod simd {
        pub use crate::simd::{TILE, kernel_name, kernel_names};
    }

    pub mod text {
        pub use crate::text::ngrams::for_each_piece;
    }
}

/// Compiles and runs the README's Rust code as a doctest.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
