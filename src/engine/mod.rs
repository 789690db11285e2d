//! Engines: they compute logits from features. They read the same model, and differ in speed and
//! rounding only.
//!
//! The CPU is always available. On Apple systems Core ML may be faster. A background thread
//! measures whether it is, and whether it agrees with the CPU ([`Engines`]).

#[cfg(target_vendor = "apple")]
mod core_ml;
#[cfg(all(feature = "coreml-rs", any(target_os = "macos", coreml_standin)))]
mod coreml_rs;
mod cpu;
mod engines;
#[cfg(any(target_vendor = "apple", test))]
mod layout;
mod measure;
#[cfg(test)]
mod tests;

use crate::export::CoreMlPrecision;
use crate::model::Model;
pub use crate::simd::kernel_name;
use crate::vectorizer::FeatureVector;
#[cfg(all(feature = "coreml-rs", any(target_os = "macos", coreml_standin)))]
pub use coreml_rs::CoreMlRs;
pub use cpu::{CpuFloat32, CpuInt8};
pub(crate) use engines::SLOTS;
pub use engines::{EngineChoice, Engines, Report};
pub use measure::{Candidate, CandidateReport, Limits, State};
use serde::Serialize;

/// An engine for one model's network.
pub trait Engine: Send + Sync {
    /// Returns the name, as the command line and statistics show it.
    fn name(&self) -> &'static str;

    /// Writes the logits of feature vectors, row after row, one per label of `model`. On the CPU
    /// several rows at a time give the same bits as one by one, and may take less time.
    ///
    /// # Errors
    /// A sentence with the system's message. The engine isn't used again. The CPU never fails.
    ///
    /// # Panics
    /// If the length of `logits` is not the number of feature vectors times the number of labels.
    fn logits(&self, model: &Model, rows: &[FeatureVector], logits: &mut [f32]) -> Result<(), String>;

    /// Returns the system's plan for the Neural Engine. `None` if the system doesn't tell.
    fn plan(&self) -> Option<Plan> {
        None
    }
}

/// The number of operations that the system plans to run on a Neural Engine. A plan, not a
/// measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Number of operations for which the Neural Engine is preferred.
    pub planned_on_neural_engine: usize,
    /// Number of all operations in the plan, without constants.
    pub operations: usize,
}

/// Returns whether the system has a Neural Engine. `None` if it is too old to tell (before macOS
/// 14, iOS 17).
pub fn has_neural_engine() -> Option<bool> {
    #[cfg(target_vendor = "apple")]
    return core_ml::has_neural_engine();
    #[cfg(not(target_vendor = "apple"))]
    Some(false)
}

/// The arithmetic of the CPU engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    /// Integer sums of the stored int8 numbers: the fastest, and the same bits on every CPU.
    #[default]
    Int8,
    /// Float32 with the dequantised numbers: the reference that exports are compared with.
    Float32,
}

impl Precision {
    /// Creates the engine for this arithmetic.
    pub fn engine(self, model: &Model) -> Box<dyn Engine> {
        match self {
            Precision::Int8 => Box::new(CpuInt8),
            Precision::Float32 => Box::new(CpuFloat32::new(model)),
        }
    }
}

/// Returns the engines besides the CPU that this system offers, with a Core ML package of that
/// precision.
pub fn offered(precision: CoreMlPrecision) -> Vec<Candidate> {
    #[cfg(target_vendor = "apple")]
    return core_ml::candidates(precision);
    #[cfg(not(target_vendor = "apple"))]
    {
        let _ = precision;
        vec![]
    }
}
