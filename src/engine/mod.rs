//! What computes logits from features. Engines differ in speed and rounding only: they read the same model.
//!
//! The CPU always can and always answers. On Apple systems Core ML may be faster; whether it is, and whether it gives the same
//! answers, is measured in the background ([`Engines`]).

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
    /// Its name, as the command line and statistics show it.
    fn name(&self) -> &'static str;

    /// Writes the logits of feature vectors, row behind row, one for each label of `model`. Several rows at a time give the same
    /// bits as one by one on the CPU, and may cost less.
    ///
    /// # Errors
    /// A sentence that says what the system said, after which the engine isn't asked again. The CPU never fails.
    ///
    /// # Panics
    /// When `logits` is not as many rows as there are feature vectors, each as long as there are labels.
    fn logits(&self, model: &Model, rows: &[FeatureVector], logits: &mut [f32]) -> Result<(), String>;

    /// What the system plans to run on a Neural Engine; `None` where it doesn't say.
    fn plan(&self) -> Option<Plan> {
        None
    }
}

/// How many operations of an engine's program the system plans to run on a Neural Engine. A plan, not a measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Those for which it prefers the Neural Engine.
    pub planned_on_neural_engine: usize,
    /// All that it plans for, constants left out.
    pub operations: usize,
}

/// Whether this system has a Neural Engine; `None` where it is too old to say (before macOS 14, iOS 17).
pub fn has_neural_engine() -> Option<bool> {
    #[cfg(target_vendor = "apple")]
    return core_ml::has_neural_engine();
    #[cfg(not(target_vendor = "apple"))]
    Some(false)
}

/// The arithmetic a classifier computes in on the CPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    /// Integer sums of the stored int8 numbers: fastest, and the same bits on every CPU.
    #[default]
    Int8,
    /// Float32 over the same numbers multiplied out: the reference that exports are compared with.
    Float32,
}

impl Precision {
    /// The engine for it.
    pub fn engine(self, model: &Model) -> Box<dyn Engine> {
        match self {
            Precision::Int8 => Box::new(CpuInt8),
            Precision::Float32 => Box::new(CpuFloat32::new(model)),
        }
    }
}

/// The engines besides the CPU that this system offers, running a Core ML package of that precision.
pub fn offered(precision: CoreMlPrecision) -> Vec<Candidate> {
    #[cfg(target_vendor = "apple")]
    return core_ml::candidates(precision);
    #[cfg(not(target_vendor = "apple"))]
    {
        let _ = precision;
        vec![]
    }
}
