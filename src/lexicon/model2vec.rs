//! Model2Vec folders: a vector for each entry of a tokenizer (Tulkens and van Dongen, 2024).
//!
//! sentence-transformers 3 and 4 save both files in a folder of their own, which `modules.json`
//! names; model2vec and sentence-transformers 5 save them beside it.

use super::tokenizer::Tokenizer;
use super::{Builder, fault};
use crate::error::{Error, Result};
use crate::sources;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Component, Path, PathBuf};

/// The name of the tensor of vectors, in model2vec and in sentence-transformers.
const VECTORS: [&str; 2] = ["embeddings", "embedding.weight"];

/// The two files of a model. `MODULES` is the file that names a model's parts.
const FILES: [&str; 2] = ["model.safetensors", "tokenizer.json"];
const MODULES: &str = "modules.json";
const MAX_MODULES: u64 = 1 << 20;

/// Maximum size of a file in bytes.
const MAX_BYTES: u64 = 2 << 30;

/// Maximum length of the header of a safetensors file in bytes; a file of two or three tensors has
/// a short one.
const MAX_HEADER: u64 = 1 << 20;

/// Reads the words of a folder. Also returns the number of entries of its tokenizer.
pub(super) fn read(folder: &Path) -> Result<(Builder, usize)> {
    let folder = inner(folder).unwrap_or_else(|| folder.to_owned());
    let [weights, tokenizer] = FILES.map(|name| folder.join(name));
    let parsed: Tokenizer = json(&tokenizer)?;
    let file = bytes(&weights)?;
    if file.first_chunk().is_some_and(|length| u64::from_le_bytes(*length) > MAX_HEADER) {
        return Err(fault(&weights, "it does not start like a safetensors file of vectors".into()));
    }
    let tensors = SafeTensors::deserialize(&file).map_err(|e| {
        fault(&weights, format!("it is not a complete safetensors file ({e}); copy or download it again"))
    })?;
    let embeddings = Embeddings::find(&tensors).map_err(|reason| fault(&weights, reason))?;
    let mut builder =
        Builder::new(embeddings.width).map_err(|reason| fault(&weights, format!("the vectors {reason}")))?;
    let mut vector = vec![0.0; embeddings.width];
    for (word, number) in parsed.words() {
        if builder.is_full() {
            break;
        }
        if embeddings.vector(number, &mut vector) {
            builder
                .add(&word, &vector)
                .map_err(|reason| fault(&weights, format!("the vector of entry {number}: {reason}")))?;
        }
    }
    Ok((builder, parsed.len()))
}

/// Returns the subfolder that contains the files, or `None` if this folder contains them.
fn inner(folder: &Path) -> Option<PathBuf> {
    /// An entry of `modules.json`: a part of a model, and its folder.
    #[derive(Deserialize)]
    struct Module {
        #[serde(rename = "type")]
        kind: String,
        path: PathBuf,
    }
    let holds = |folder: &Path| FILES.iter().all(|name| folder.join(name).exists());
    if holds(folder) {
        return None;
    }
    let modules: Vec<Module> = {
        let (file, _) = open(&folder.join(MODULES)).ok()?;
        serde_json::from_reader(BufReader::new(file.take(MAX_MODULES))).ok()?
    };
    let module = modules.into_iter().find(|module| module.kind.ends_with("StaticEmbedding"))?;
    // A folder may come from anywhere, so it must not point outside itself.
    let is_within = module.path.components().all(|part| matches!(part, Component::Normal(_)));
    Some(folder.join(module.path)).filter(|folder| is_within && holds(folder))
}

/// Opens one of a folder's files. Also returns its length.
fn open(path: &Path) -> Result<(File, u64)> {
    let file = sources::open(path, CANNOT_READ)?;
    let length = file.metadata().map_err(|e| Error::io(path, CANNOT_READ, e))?.len();
    if length > MAX_BYTES {
        return Err(fault(path, format!("the file has {length} bytes; the maximum is {MAX_BYTES}")));
    }
    Ok((file, length))
}

const CANNOT_READ: &str = "cannot read this part of the lexicon";

fn bytes(path: &Path) -> Result<Vec<u8>> {
    let (file, length) = open(path)?;
    let mut bytes = vec![];
    bytes
        .try_reserve_exact(length as usize)
        .map_err(|_| fault(path, format!("cannot allocate its {length} bytes")))?;
    file.take(length).read_to_end(&mut bytes).map_err(|e| Error::io(path, CANNOT_READ, e))?;
    match sources::kind(&bytes) {
        Some(kind) => Err(fault(path, format!("it is {kind}"))),
        None => Ok(bytes),
    }
}

/// Parses JSON from the file without reading it into memory.
fn json<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let (file, length) = open(path)?;
    let mut input = BufReader::with_capacity(1 << 16, file.take(length));
    let start = input.fill_buf().map_err(|e| Error::io(path, CANNOT_READ, e))?;
    if let Some(kind) = sources::no_text(start) {
        return Err(fault(path, format!("it is {kind}")));
    }
    serde_json::from_reader(input)
        .map_err(|e| fault(path, format!("it is not a tokenizer of a supported kind: {e}")))
}

/// The vectors in a safetensors file.
struct Embeddings<'a> {
    view: TensorView<'a>,
    width: usize,
    /// The row of each entry, if entries share rows.
    mapping: Option<TensorView<'a>>,
}

impl<'a> Embeddings<'a> {
    fn find(tensors: &SafeTensors<'a>) -> Result<Self, String> {
        let view = VECTORS.into_iter().find_map(|name| tensors.tensor(name).ok());
        let view = view.ok_or("it has no tensor `embeddings` or `embedding.weight`")?;
        let &[_, width] = view.shape() else {
            return Err(format!(
                "its tensor of vectors has the shape {:?}; expected two dimensions",
                view.shape()
            ));
        };
        if !matches!(view.dtype(), Dtype::F64 | Dtype::F32 | Dtype::F16 | Dtype::BF16 | Dtype::I8) {
            return Err(format!("its vectors are {:?}; F64, F32, F16, BF16 and I8 are read", view.dtype()));
        }
        let mapping = tensors.tensor("mapping").ok();
        if let Some(kind) = mapping.as_ref().map(TensorView::dtype)
            && !matches!(kind, Dtype::I64 | Dtype::I32)
        {
            return Err(format!("its tensor `mapping` is {kind:?}; I64 and I32 are read"));
        }
        Ok(Embeddings { view, width, mapping })
    }

    /// Writes the vector of an entry. Returns false if it has none.
    fn vector(&self, entry: usize, vector: &mut [f32]) -> bool {
        let row = match &self.mapping {
            None => Some(entry),
            Some(mapping) if mapping.dtype() == Dtype::I64 => number(mapping.data(), entry)
                .and_then(|bytes| usize::try_from(i64::from_le_bytes(bytes)).ok()),
            Some(mapping) => number(mapping.data(), entry)
                .and_then(|bytes| usize::try_from(i32::from_le_bytes(bytes)).ok()),
        };
        let size = self.view.dtype().bitsize() / 8 * self.width;
        let place = row.and_then(|row| Some(row.checked_mul(size)?..row.checked_add(1)?.checked_mul(size)?));
        let Some(row) = place.and_then(|place| self.view.data().get(place)) else { return false };
        let each = vector.iter_mut().enumerate();
        match self.view.dtype() {
            Dtype::F64 => {
                each.for_each(|(i, to)| *to = number(row, i).map_or(0.0, |b| f64::from_le_bytes(b) as f32));
            }
            Dtype::F32 => each.for_each(|(i, to)| *to = number(row, i).map_or(0.0, f32::from_le_bytes)),
            Dtype::I8 => each.for_each(|(i, to)| *to = f32::from(row[i] as i8)),
            Dtype::F16 => {
                each.for_each(|(i, to)| *to = number(row, i).map_or(0.0, |b| half(u16::from_le_bytes(b))))
            }
            _ => each.for_each(|(i, to)| {
                *to = number(row, i).map_or(0.0, |b| f32::from_bits(u32::from(u16::from_le_bytes(b)) << 16));
            }),
        }
        true
    }
}

/// Returns the bytes of value `i`.
fn number<const SIZE: usize>(data: &[u8], i: usize) -> Option<[u8; SIZE]> {
    data.get(i.checked_mul(SIZE)?..)?.first_chunk().copied()
}

/// Converts IEEE half precision to single.
fn half(bits: u16) -> f32 {
    let (sign, exponent, fraction) =
        (u32::from(bits >> 15) << 31, u32::from(bits >> 10) & 31, u32::from(bits) & 0x3FF);
    let size = match exponent {
        // A subnormal number: 2^-24 per unit.
        0 => fraction as f32 / 16_777_216.0,
        31 => f32::from_bits(0x7F80_0000 | fraction << 13),
        _ => f32::from_bits((exponent + 112) << 23 | fraction << 13),
    };
    f32::from_bits(size.to_bits() | sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_precision_is_what_it_should_be() {
        for (bits, value) in [
            (0x3C00, 1.0),
            (0xC000, -2.0),
            (0x0001, 5.960_464_5e-8),
            (0x7BFF, 65504.0),
            (0x3555, 0.333_251_95),
            (0x8000, -0.0),
        ] {
            assert_eq!(half(bits).to_bits(), f32::to_bits(value), "{bits:x}");
        }
        assert!(half(0x7C01).is_nan() && half(0xFC00) == f32::NEG_INFINITY);
    }
}
