//! IntentKit: an on-device intent classifier.
//!
//! It turns a short text into the set of labels it asks for, learns on the device, and answers in microseconds.

pub mod classifier;
pub mod data;
pub mod decision;
mod error;
pub mod ffi;
pub mod metrics;
pub mod model;
pub mod network;
pub mod runtime;
pub mod simd;
pub mod text;
pub mod train;
pub mod vectorizer;

pub use classifier::{Classifier, Prediction};
pub use decision::{PredictOptions, Scored};
pub use error::{Error, ModelFault, Result};
pub use train::{Preset, TrainOptions};
