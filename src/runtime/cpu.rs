//! The CPU engines.

use super::Runtime;
use crate::model::Model;
use crate::network::float32::FloatNetwork;
use crate::vectorizer::FeatureVector;

/// Integer arithmetic straight on the model's bytes.
pub struct CpuInt8;

impl Runtime for CpuInt8 {
    fn name(&self) -> &'static str {
        "cpu-int8"
    }

    fn logits(&self, model: &Model, features: &FeatureVector, logits: &mut [f32]) {
        model.logits(features, logits);
    }
}

/// Float32 arithmetic on the model's weights, multiplied out once.
pub struct CpuFloat32(FloatNetwork);

impl CpuFloat32 {
    /// Multiplies the weights of `model` out.
    pub fn new(model: &Model) -> Self {
        CpuFloat32(FloatNetwork::new(&model.network()))
    }
}

impl Runtime for CpuFloat32 {
    fn name(&self) -> &'static str {
        "cpu-float32"
    }

    fn logits(&self, _: &Model, features: &FeatureVector, logits: &mut [f32]) {
        self.0.logits(features, logits);
    }
}
