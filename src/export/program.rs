//! Writes the network as an ML Program: operations in execution order, large constants in
//! `weight.bin`.

use super::CoreMlPrecision;
use super::proto::{
    Argument, Binding, BlobFile, Block, Bytes, ConstantDimension, Contents, Dimension, Floats, Function,
    Immediate, Ints, NamedValueType, Numbers, Operation, Program, TensorType, TensorValue, Texts, Value,
    ValueType,
};
use super::weights::{BlobType, BlobWriter};
use crate::calibration::Calibration;
use crate::error::{Error, Result};
use crate::network::{Layer, Network};
use crate::shape::DIMENSIONS;
use half::f16;
use std::collections::BTreeMap;

/// Name of the input: the features of a text's clauses.
pub(super) const FEATURES: &str = "features";
/// Names of the outputs.
pub(super) const LOGITS: &str = "logits";
pub(super) const PROBABILITIES: &str = "probabilities";

/// MIL's names for element types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
enum Element {
    Text = 2,
    Float16 = 10,
    Float32 = 11,
    Int8 = 21,
    Int32 = 23,
}

/// Largest finite float16.
const FLOAT16_MAX: f32 = 65_504.0;
/// About the smallest normal float16. A smaller scale loses digits.
const FLOAT16_TINY: f32 = 6.2e-5;

fn kind(element: Element, dimensions: &[usize]) -> ValueType {
    let of_size = |&size: &usize| Dimension { constant: Some(ConstantDimension { size: size as u64 }) };
    ValueType {
        tensor: Some(TensorType {
            data_type: element as i32,
            rank: dimensions.len() as i64,
            dimensions: dimensions.iter().map(of_size).collect(),
        }),
    }
}

fn immediate(element: Element, dimensions: &[usize], numbers: Numbers) -> Value {
    let tensor = Some(TensorValue { numbers: Some(numbers) });
    Value { kind: Some(kind(element, dimensions)), contents: Some(Contents::Immediate(Immediate { tensor })) }
}

fn text(value: &str) -> Value {
    immediate(Element::Text, &[], Numbers::Strings(Texts { values: vec![value.to_owned()] }))
}

fn number(value: f32) -> Value {
    immediate(Element::Float32, &[], Numbers::Floats(Floats { values: vec![value] }))
}

/// Collects operations in order.
struct Builder {
    operations: Vec<Operation>,
    blobs: BlobWriter,
    /// Rows per call of the package.
    rows: usize,
    /// The type that the layers compute in.
    float: Element,
    int8_weights: bool,
}

impl Builder {
    /// Shape of `width` values per input row.
    fn wide(&self, width: usize) -> [usize; 2] {
        [self.rows, width]
    }

    fn push(
        &mut self,
        what: &str,
        inputs: &[(&str, &str)],
        attributes: Vec<(&str, Value)>,
        name: &str,
        output: ValueType,
    ) {
        let argument = |name: &str| Argument { arguments: vec![Binding { name: name.to_owned() }] };
        let mut of_operation: BTreeMap<String, Value> =
            attributes.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        of_operation.insert("name".to_owned(), text(name));
        self.operations.push(Operation {
            kind: what.to_owned(),
            inputs: inputs.iter().map(|&(key, name)| (key.to_owned(), argument(name))).collect(),
            outputs: vec![NamedValueType { name: name.to_owned(), kind: Some(output) }],
            attributes: of_operation,
        });
    }

    fn constant(&mut self, name: &str, value: Value) {
        let output = value.kind.clone().unwrap_or_default();
        self.push("const", &[], vec![("val", value)], name, output);
    }

    /// Adds a tensor to the weight file.
    fn blob(&mut self, element: Element, dimensions: &[usize], data: &[u8]) -> Value {
        let blob_type = match element {
            Element::Float16 => BlobType::Float16,
            Element::Float32 => BlobType::Float32,
            Element::Int8 | Element::Int32 | Element::Text => BlobType::Int8,
        };
        let offset = self.blobs.push(blob_type, data);
        let file = BlobFile { name: "@model_path/weights/weight.bin".to_owned(), offset };
        Value { kind: Some(kind(element, dimensions)), contents: Some(Contents::File(file)) }
    }

    /// Adds values in the precision of the layers.
    fn floats(&mut self, name: &str, dimensions: &[usize], values: &[f32]) -> Result<Value> {
        let refused = |value: f32| {
            Error::invalid(format!(
                "`{name}` has the value {value:e}, which float16 cannot represent; export with precision float32"
            ))
        };
        let data: Vec<u8> = match self.float {
            Element::Float16 => {
                if let Some(&value) = values.iter().find(|value| value.is_nan() || value.abs() > FLOAT16_MAX)
                {
                    return Err(refused(value));
                }
                values.iter().flat_map(|&value| f16::from_f32(value).to_le_bytes()).collect()
            }
            _ => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        };
        Ok(self.blob(self.float, dimensions, &data))
    }

    /// Adds a layer's weights as `NAME_weight` and its biases as `NAME_bias`; zeros if it has no
    /// biases.
    fn weights(&mut self, name: &str, layer: &Layer<'_>) -> Result<()> {
        let (outputs, inputs) = (layer.scales.len(), layer.weights.len() / layer.scales.len().max(1));
        let (weight, bias) = (format!("{name}_weight"), format!("{name}_bias"));
        if self.int8_weights {
            // The products computed on the device must fit as well.
            let fits =
                |scale: f32| scale == 0.0 || (FLOAT16_TINY..=FLOAT16_MAX / 127.0).contains(&scale.abs());
            if let Some(scale) = layer.scales.iter().find(|&&scale| !fits(scale)) {
                return Err(Error::invalid(format!(
                    "a scale of `{weight}` is {scale:e}, which is out of range for float16; export with precision float32"
                )));
            }
            let scales = self.floats(&weight, &[outputs], layer.scales)?;
            let rows = self.blob(Element::Int8, &[outputs, inputs], bytemuck::cast_slice(layer.weights));
            let zero = immediate(Element::Int8, &[], Numbers::Bytes(Bytes { values: vec![0] }));
            let axis = immediate(Element::Int32, &[], Numbers::Ints(Ints { values: vec![0] }));
            let operands =
                vec![("quantized_data", rows), ("scale", scales), ("zero_point", zero), ("axis", axis)];
            self.push(
                "constexpr_affine_dequantize",
                &[],
                operands,
                &weight,
                kind(self.float, &[outputs, inputs]),
            );
        } else {
            let of_row = |(row, &scale): (&[i8], &f32)| {
                row.iter().map(move |&w| f32::from(w) * scale).collect::<Vec<_>>()
            };
            let values: Vec<f32> =
                layer.weights.chunks(inputs.max(1)).zip(layer.scales).flat_map(of_row).collect();
            let value = self.floats(&weight, &[outputs, inputs], &values)?;
            self.constant(&weight, value);
        }
        let zeros = vec![0.0; outputs];
        let biases = if layer.biases.is_empty() { &zeros } else { layer.biases };
        let value = self.floats(&bias, &[outputs], biases)?;
        self.constant(&bias, value);
        Ok(())
    }

    /// `name = x Wᵀ + b`.
    fn linear(&mut self, name: &str, x: &str, layer: &Layer<'_>) -> Result<()> {
        self.weights(name, layer)?;
        let (weight, bias) = (format!("{name}_weight"), format!("{name}_bias"));
        let output = kind(self.float, &self.wide(layer.scales.len()));
        self.push("linear", &[("x", x), ("weight", &weight), ("bias", &bias)], vec![], name, output);
        Ok(())
    }

    fn cast(&mut self, x: &str, element: Element, name: &str, width: usize) {
        let dtype = format!("{name}_dtype");
        self.constant(&dtype, text(if element == Element::Float16 { "fp16" } else { "fp32" }));
        self.push("cast", &[("x", x), ("dtype", &dtype)], vec![], name, kind(element, &self.wide(width)));
    }

    /// `name = what(x, y)` in float32, with `width` values per row.
    fn combine(&mut self, what: &str, x: &str, y: &str, name: &str, width: usize) {
        self.push(what, &[("x", x), ("y", y)], vec![], name, kind(Element::Float32, &self.wide(width)));
    }

    fn unary(&mut self, what: &str, x: &str, name: &str, width: usize) {
        self.push(what, &[("x", x)], vec![], name, kind(Element::Float32, &self.wide(width)));
    }

    /// `what` over a row, kept as a dimension of size 1.
    fn reduce(&mut self, what: &str, x: &str, name: &str) {
        let output = kind(Element::Float32, &self.wide(1));
        self.push(what, &[("x", x), ("axes", "last_axis"), ("keep_dims", "keep_dims")], vec![], name, output);
    }

    /// Adds the logits of the network, as [`LOGITS`].
    fn logits(&mut self, network: &Network<'_>) -> Result<()> {
        let labels = network.output.scales.len();
        let mut x = FEATURES.to_owned();
        if self.float == Element::Float16 {
            self.cast(FEATURES, Element::Float16, "features_half", DIMENSIONS);
            x = "features_half".to_owned();
        }
        let features = x.clone();
        for (i, layer) in network.hidden.iter().enumerate() {
            let (sum, hidden) = (format!("sum{i}"), format!("hidden{i}"));
            self.linear(&sum, &x, layer)?;
            let output = kind(self.float, &self.wide(layer.scales.len()));
            self.push("relu", &[("x", &sum)], vec![], &hidden, output);
            x = hidden;
        }
        let is_half = self.float == Element::Float16;
        let last = if is_half { "logits_half" } else { LOGITS };
        match &network.linear {
            Some(linear) => {
                self.linear("deep", &x, &network.output)?;
                self.linear("straight", &features, linear)?;
                let output = kind(self.float, &self.wide(labels));
                self.push("add", &[("x", "deep"), ("y", "straight")], vec![], last, output);
            }
            None => self.linear(last, &x, &network.output)?,
        }
        if is_half {
            self.cast(last, Element::Float32, LOGITS, labels);
        }
        Ok(())
    }

    /// Maps [`LOGITS`] to [`PROBABILITIES`], always in float32: probabilities depend on small
    /// differences.
    fn probabilities(&mut self, calibration: Calibration, labels: usize) {
        let mut logit = LOGITS;
        if calibration.scale != 1.0 {
            self.constant("scale", number(calibration.scale));
            self.combine("mul", logit, "scale", "scaled", labels);
            logit = "scaled";
        }
        if calibration.shift != 0.0 {
            self.constant("shift", number(calibration.shift));
            self.combine("add", logit, "shift", "shifted", labels);
            logit = "shifted";
        }
        if calibration.coupling > 0.0 && labels > 1 {
            self.log_sum_of_others(labels);
            self.constant("coupling", number(calibration.coupling));
            self.combine("mul", "others", "coupling", "coupled", labels);
            self.combine("sub", logit, "coupled", "calibrated", labels);
            logit = "calibrated";
        }
        self.unary("sigmoid", logit, PROBABILITIES, labels);
    }

    /// `others_j = ln Σ_{k≠j} e^{z_k}`. Subtracting the top label's term from the sum of all would
    /// leave only rounding errors, so the top labels (all that are equal) are summed separately:
    /// `is_top` is 1 for them and 0 for the rest, by a slope so steep that no two floats lie on it.
    fn log_sum_of_others(&mut self, labels: usize) {
        let axis = immediate(Element::Int32, &[1], Numbers::Ints(Ints { values: vec![-1] }));
        self.constant("last_axis", axis);
        let keep = super::proto::Bools { values: vec![true] };
        let output = ValueType { tensor: Some(TensorType { data_type: 1, rank: 0, dimensions: vec![] }) };
        let tensor = Some(TensorValue { numbers: Some(Numbers::Bools(keep)) });
        let keep = Value { kind: Some(output), contents: Some(Contents::Immediate(Immediate { tensor })) };
        self.constant("keep_dims", keep);
        for (name, value) in [("zero", 0.0), ("one", 1.0), ("slope", 1e30), ("least", 1e-37), ("most", 1e37)]
        {
            self.constant(name, number(value));
        }
        let clip = |builder: &mut Self, x: &str, low: &str, high: &str, name: &str| {
            let output = kind(Element::Float32, &builder.wide(labels));
            builder.push("clip", &[("x", x), ("alpha", low), ("beta", high)], vec![], name, output);
        };
        self.reduce("reduce_max", LOGITS, "largest");
        self.combine("sub", LOGITS, "largest", "below", labels);
        self.unary("exp", "below", "terms", labels);
        self.combine("mul", "below", "slope", "steep", labels);
        self.combine("add", "steep", "one", "raised", labels);
        clip(self, "raised", "zero", "one", "is_top");
        self.combine("sub", "one", "is_top", "is_other", labels);
        self.combine("mul", "terms", "is_other", "other_terms", labels);
        self.reduce("reduce_sum", "other_terms", "rest");
        self.reduce("reduce_sum", "is_top", "tops");
        self.combine("sub", "tops", "is_top", "other_tops", labels);
        self.combine("add", "other_tops", "rest", "but_tops", labels);
        self.combine("sub", "but_tops", "other_terms", "sum_of_others", labels);
        clip(self, "sum_of_others", "least", "most", "positive");
        self.unary("log", "positive", "log_of_others", labels);
        self.combine("add", "log_of_others", "largest", "others", labels);
    }
}

/// Builds the program of a network for `rows` rows per call, and its weight file.
///
/// # Errors
/// Fails with [`Error::InvalidArgument`] if a weight doesn't fit the precision.
pub(super) fn build(
    network: &Network<'_>,
    calibration: Calibration,
    precision: CoreMlPrecision,
    rows: usize,
) -> Result<(Program, Vec<u8>)> {
    let float = if precision == CoreMlPrecision::Float32 { Element::Float32 } else { Element::Float16 };
    let int8_weights = precision == CoreMlPrecision::Int8;
    let mut builder = Builder { operations: vec![], blobs: BlobWriter::new(), rows, float, int8_weights };
    builder.logits(network)?;
    builder.probabilities(calibration, network.output.scales.len());
    let opset = precision.opset().to_owned();
    let input = kind(Element::Float32, &builder.wide(DIMENSIONS));
    let outputs = vec![PROBABILITIES.to_owned(), LOGITS.to_owned()];
    let function = Function {
        inputs: vec![NamedValueType { name: FEATURES.to_owned(), kind: Some(input) }],
        opset: opset.clone(),
        blocks: BTreeMap::from([(opset, Block { outputs, operations: builder.operations })]),
    };
    let program = Program { version: 1, functions: BTreeMap::from([("main".to_owned(), function)]) };
    Ok((program, builder.blobs.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost::Message;

    /// The test vectors of the format document.
    #[test]
    fn messages_have_the_bytes_of_the_format() {
        let bytes = |hex: &str| -> Vec<u8> {
            hex.split(' ').map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
        };
        assert_eq!(
            kind(Element::Float16, &[1, 256]).encode_to_vec(),
            bytes("0a 11 08 0a 10 02 1a 04 0a 02 08 01 1a 05 0a 03 08 80 02")
        );
        assert_eq!(kind(Element::Text, &[]).encode_to_vec(), bytes("0a 02 08 02"));
        assert_eq!(
            text("fp16").encode_to_vec(),
            bytes("12 04 0a 02 08 02 1a 0a 0a 08 22 06 0a 04 66 70 31 36")
        );
        let zero = immediate(Element::Int32, &[], Numbers::Ints(Ints { values: vec![0] }));
        assert_eq!(zero.encode_to_vec(), bytes("12 04 0a 02 08 17 1a 07 0a 05 12 03 0a 01 00"));
        let empty = super::super::proto::Model {
            specification_version: 6,
            description: None,
            program: Some(Program { version: 1, functions: BTreeMap::new() }),
        };
        assert_eq!(empty.encode_to_vec(), bytes("08 06 b2 1f 02 08 01"));
    }
}
