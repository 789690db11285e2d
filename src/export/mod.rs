//! Writes a model as a Core ML package (`NAME.mlpackage`, an ML Program), without Core ML, Python
//! or protoc.
//!
//! The package computes the network on float32 features and returns the model's logits and its
//! calibrated probabilities. Reading texts and choosing labels stay with this library. The weights
//! are the stored ones times their scales, so the results are those of
//! [`Precision::Float32`](crate::engine::Precision::Float32), except for rounding to the export's
//! precision.

mod package;
mod program;
mod proto;
mod weights;

use crate::decision::Choice;
use crate::error::{Error, Result};
use crate::model::Model;
use crate::shape::DIMENSIONS;
use program::{FEATURES, LOGITS, PROBABILITIES};
use prost::Message;
use proto::{ArrayFeatureType, FeatureDescription, FeatureType, Metadata, ModelDescription, Strings};
use serde_json::json;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

/// The precision that a package computes in. Calibration is always in float32.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CoreMlPrecision {
    /// Weights and activations in float16, the Neural Engine's precision. Needs macOS 12 or iOS 15.
    #[default]
    Float16,
    /// Everything in float32, which the Neural Engine doesn't support. Needs macOS 12 or iOS 15.
    Float32,
    /// The model's own int8 weights, with activations in float16: about half the size of a float16
    /// package. Needs macOS 13 or iOS 16.
    Int8,
}

impl CoreMlPrecision {
    const ALL: [CoreMlPrecision; 3] =
        [CoreMlPrecision::Float16, CoreMlPrecision::Float32, CoreMlPrecision::Int8];

    /// Its name: `float16`, `float32` or `int8`.
    pub fn name(self) -> &'static str {
        match self {
            CoreMlPrecision::Float16 => "float16",
            CoreMlPrecision::Float32 => "float32",
            CoreMlPrecision::Int8 => "int8",
        }
    }

    /// The lowest version of the specification that has the operations used.
    fn specification(self) -> i32 {
        if self == CoreMlPrecision::Int8 { 7 } else { 6 }
    }

    fn opset(self) -> &'static str {
        if self == CoreMlPrecision::Int8 { "CoreML6" } else { "CoreML5" }
    }
}

impl fmt::Display for CoreMlPrecision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for CoreMlPrecision {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        CoreMlPrecision::ALL.into_iter().find(|precision| precision.name() == name).ok_or_else(|| {
            Error::invalid(format!("`{name}` is not a precision of a package; use float16, float32 or int8"))
        })
    }
}

/// Maximum number of rows per call of a package.
pub const MAX_ROWS: usize = 4096;

/// Options of a package.
#[derive(Debug, Clone, PartialEq)]
pub struct CoreMlOptions {
    /// Precision to compute in. Defaults to float16.
    pub precision: CoreMlPrecision,
    /// Rows per call, 1 to [`MAX_ROWS`]. Defaults to 1. More rows raise the throughput if the host
    /// fills them.
    pub rows: usize,
    /// Author of the model, for the package's description. Defaults to empty.
    pub author: String,
    /// Licence of the model, for the package's description. Defaults to empty.
    pub license: String,
}

impl Default for CoreMlOptions {
    fn default() -> Self {
        CoreMlOptions {
            precision: CoreMlPrecision::default(),
            rows: 1,
            author: String::new(),
            license: String::new(),
        }
    }
}

/// Writes `model` as a Core ML package to the folder `path`, usually named `NAME.mlpackage`. The
/// same model and options give the same bytes. Replaces an existing package in one step, and never
/// replaces anything else.
///
/// # Errors
/// Fails with [`Error::InvalidArgument`] if an option is out of range, if `path` exists and is not
/// a package, or if a weight doesn't fit the precision. Fails with [`Error::Io`] if the package
/// can't be written.
pub fn core_ml(model: &Model, path: &Path, options: &CoreMlOptions) -> Result<()> {
    let (spec, weights) = contents(model, options)?;
    package::write(path, &spec, &weights)
}

/// Returns the bytes of `model.mlmodel` and of `weight.bin`.
fn contents(model: &Model, options: &CoreMlOptions) -> Result<(Vec<u8>, Vec<u8>)> {
    let rows = options.rows;
    if !(1..=MAX_ROWS).contains(&rows) {
        return Err(Error::invalid(format!("`rows` is {rows}; it must be from 1 to {MAX_ROWS}")));
    }
    let calibration = model.metadata().calibration;
    let (program, weights) = program::build(&model.network(), calibration, options.precision, rows)?;
    let spec = proto::Model {
        specification_version: options.precision.specification(),
        description: Some(description(model, options)),
        program: Some(program),
    };
    Ok((spec.encode_to_vec(), weights))
}

fn description(model: &Model, options: &CoreMlOptions) -> ModelDescription {
    let feature = |name: &str, about: &str, width: usize| {
        let shape = vec![options.rows as i64, width as i64];
        let array = Some(ArrayFeatureType { shape, data_type: proto::ARRAY_FLOAT32 });
        FeatureDescription {
            name: name.to_owned(),
            short_description: about.to_owned(),
            kind: Some(FeatureType { array }),
        }
    };
    let labels = model.labels().len();
    ModelDescription {
        inputs: vec![feature(
            FEATURES,
            "The 256 features of each clause of a text, as intent_vectorize_rows() gives them: numbers of unit length.",
            DIMENSIONS,
        )],
        outputs: vec![
            feature(
                PROBABILITIES,
                "The calibrated probability of each label, were the row the whole text.",
                labels,
            ),
            feature(LOGITS, "The network's output for each label, which IntentKit decides by.", labels),
        ],
        metadata: Some(Metadata {
            short_description: format!(
                "An IntentKit classifier of short texts with {labels} labels: its network, from features to probabilities."
            ),
            version: model.metadata().library.clone(),
            author: options.author.clone(),
            license: options.license.clone(),
            user_defined: about(model, options),
        }),
    }
}

/// Metadata that a program needs to use the package without the model's file.
fn about(model: &Model, options: &CoreMlOptions) -> Strings {
    let metadata = model.metadata();
    let rule = model.rule();
    let entries = [
        ("checksum", metadata.checksum.clone()),
        ("format", metadata.format.to_string()),
        ("library", metadata.library.clone()),
        ("precision", options.precision.to_string()),
        ("labels", json!(metadata.labels).to_string()),
        ("choice", if metadata.choice == Choice::Single { "single" } else { "multi" }.to_owned()),
        ("thresholds", json!(rule.thresholds).to_string()),
        ("calibration", json!(metadata.calibration).to_string()),
        ("reject", json!(metadata.reject).to_string()),
        ("reject_points", json!(rule.reject.points).to_string()),
        ("ngrams", json!(metadata.ngrams).to_string()),
        ("joiners", json!(metadata.separators).to_string()),
    ];
    let symbols = (!metadata.symbols.is_empty()).then(|| ("symbols", json!(metadata.symbols).to_string()));
    entries.into_iter().chain(symbols).map(|(key, value)| (format!("intentkit.{key}"), value)).collect()
}
