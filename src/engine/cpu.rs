//! The CPU engines.

use super::Engine;
use crate::model::Model;
use crate::network::float32::FloatNetwork;
use crate::vectorizer::FeatureVector;

/// Integer arithmetic on the model's weights as they are stored.
pub struct CpuInt8;

impl Engine for CpuInt8 {
    fn name(&self) -> &'static str {
        "cpu-int8"
    }

    fn logits(&self, model: &Model, rows: &[FeatureVector], logits: &mut [f32]) -> Result<(), String> {
        model.logits(rows, logits);
        Ok(())
    }
}

/// Float32 arithmetic on the model's weights, dequantised once.
pub struct CpuFloat32(FloatNetwork);

impl CpuFloat32 {
    /// Dequantises the weights of `model`.
    pub fn new(model: &Model) -> Self {
        CpuFloat32(FloatNetwork::new(&model.network()))
    }
}

impl Engine for CpuFloat32 {
    fn name(&self) -> &'static str {
        "cpu-float32"
    }

    fn logits(&self, model: &Model, rows: &[FeatureVector], logits: &mut [f32]) -> Result<(), String> {
        let each = logits.chunks_mut(model.labels().len());
        rows.iter().zip(each).for_each(|(features, logits)| self.0.logits(features, logits));
        Ok(())
    }
}
