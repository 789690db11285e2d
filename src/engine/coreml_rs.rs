//! The crate coreml-rs as an engine: opt-in (`--features coreml-rs`), macOS only.
//! `docs/decisions/coreml-rs.md` explains why it is not the default, and which of its functions are
//! avoided: this file calls none that is known to be wrong.

use super::Engine;
use crate::model::Model;
use crate::shape::DIMENSIONS;
use crate::vectorizer::FeatureVector;
use coreml_rs::mlarray::MLArray;
use coreml_rs::mlmodel::CoreMLError;
use coreml_rs::{ComputePlatform, CoreMLModelOptions, CoreMLModelWithState};
use coreml_rs_ndarray::{ArrayD, IxDyn};
use std::fmt::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// A loaded model, or the reason why it is gone.
pub struct CoreMlRs(Mutex<Result<CoreMLModelWithState, String>>);

/// Returns a percent-encoded file URL. A plain path would give a URL without a scheme, or none if
/// it contains a space or `%`.
fn file_url(path: &Path) -> Result<String, String> {
    let absolute = std::path::absolute(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let text = absolute.to_str().ok_or_else(|| format!("{} is not UTF-8", path.display()))?;
    let mut url = String::from("file://");
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                url.push(char::from(byte))
            }
            // Writing to a string can't fail.
            _ => drop(write!(url, "%{byte:02X}")),
        }
    }
    Ok(url)
}

/// Runs `work` in an autorelease pool, so that Objective-C objects are freed at its end: our
/// threads may live long.
fn pooled<R>(work: impl FnOnce() -> R) -> R {
    #[cfg(target_vendor = "apple")]
    return objc2::rc::autoreleasepool(|_| work());
    #[cfg(not(target_vendor = "apple"))]
    work()
}

fn sentence(error: &CoreMLError) -> String {
    format!("coreml-rs: {error}")
}

impl CoreMlRs {
    /// Loads a compiled model (`.mlmodelc`) for the CPU and the Neural Engine.
    ///
    /// # Errors
    /// A sentence, if the model doesn't exist, can't be loaded, or has an output that coreml-rs
    /// can't read.
    pub fn new(compiled: &Path) -> Result<Self, String> {
        // The crate reports a failure to load without a reason.
        if !compiled.is_dir() {
            return Err(format!(
                "{} is not a compiled model; it should be a folder NAME.mlmodelc",
                compiled.display()
            ));
        }
        let options = CoreMLModelOptions {
            compute_platform: ComputePlatform::CpuAndANE,
            ..CoreMLModelOptions::default()
        };
        let url = file_url(compiled)?;
        pooled(|| {
            // From a path: loading from memory blocks forever on failure.
            let loaded = CoreMLModelWithState::new_compiled(url, options).load();
            let model = loaded.map_err(|_| format!("coreml-rs cannot load {}", compiled.display()))?;
            let description = model.description().map_err(|error| sentence(&error))?;
            // Asked for the type of any other output, the crate ends the process.
            let outputs = description.get("output").map_or(&[][..], Vec::as_slice);
            if outputs.is_empty() {
                return Err(format!("{} has no outputs", compiled.display()));
            }
            if let Some(other) =
                outputs.iter().find(|line| !(line.contains("MultiArray") && line.contains("Float32")))
            {
                return Err(format!(
                    "{} has an output that coreml-rs cannot read: {other}",
                    compiled.display()
                ));
            }
            Ok(CoreMlRs(Mutex::new(Ok(model))))
        })
    }
}

impl Engine for CoreMlRs {
    fn name(&self) -> &'static str {
        "core-ml-coreml-rs"
    }

    fn logits(&self, model: &Model, rows: &[FeatureVector], logits: &mut [f32]) -> Result<(), String> {
        let labels = model.labels().len();
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let loaded = state.as_mut().map_err(|reason| reason.clone())?;
        // Row by row: its batches ignore strides.
        let outcome = rows.iter().zip(logits.chunks_mut(labels)).try_for_each(|(row, logits)| {
            pooled(|| {
                // With capacity equal to length: the crate passes the capacity on as the length.
                let input = ArrayD::from_shape_vec(IxDyn(&[1, DIMENSIONS]), row.to_vec());
                let input = input.map_err(|error| format!("coreml-rs: {error}"))?;
                loaded
                    .add_input("features", MLArray::Float32Array(input))
                    .map_err(|error| sentence(&error))?;
                let mut outputs = loaded.predict().map_err(|error| sentence(&error))?.outputs;
                let Some(MLArray::Float32Array(found)) = outputs.remove("logits") else {
                    return Err("coreml-rs gave no float32 logits".to_owned());
                };
                if found.len() != labels {
                    return Err(format!("coreml-rs gave {} logits for {labels} labels", found.len()));
                }
                logits.iter_mut().zip(&found).for_each(|(to, &from)| *to = from);
                Ok(())
            })
        });
        if let Err(reason) = &outcome {
            // A failed prediction leaves its buffers bound; they are freed with the model.
            *state = Err(reason.clone());
        }
        outcome
    }
}
