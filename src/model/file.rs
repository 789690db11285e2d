//! The `.intent` file: a safetensors file with all metadata as one JSON string under the key
//! `intentkit`.
//!
//! The header is padded so that the tensors start on a 64-byte boundary: int8 matrices first, then
//! float32 and uint32, then the filters. So every tensor is aligned for its type. Safetensors' own
//! writer sorts tensors and pads to 8 bytes only, so the header is written here. It is read with
//! the safetensors crate, which checks every offset.

use super::{LayerParts, LayerPlaces, Metadata, Parts, Places, TableParts, TrainingSummary};
use crate::calibration::Calibration;
use crate::data::check_label;
use crate::decision::RejectRule;
use crate::error::{Error, ModelFault, Result};
use crate::network::{HIDDEN, INPUTS, MAX_LABELS};
use crate::room;
use crate::rules::{self, MAX_STRINGS, READING, strings};
use crate::shape::{DIMENSIONS, HALF};
use crate::sources;
use crate::text::ngrams::MAX_LEXICON_WEIGHT;
use crate::text::vocabulary::Vocabulary;
use safetensors::{Dtype, SafeTensors};
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::{self, Formatter};
use std::hash::Hasher;
use std::ops::{Range, RangeInclusive};
use twox_hash::XxHash3_64;

/// Newest file format that this library reads.
pub const FORMAT: u32 = 3;

/// Returns the oldest format that has all that a model uses, so that older versions of this library
/// open as many models as they can.
fn oldest_format(metadata: &Metadata) -> u32 {
    let is_old = metadata.symbols.is_empty() && metadata.doubt == 0.0 && metadata.rule_reading == 0;
    if is_old { 2 } else { 3 }
}

/// Maximum number of clause separators: every word of a text is compared with all of them.
pub const MAX_SEPARATORS: usize = 64;

/// Maximum number of symbols that count as words.
pub const MAX_SYMBOLS: usize = 32;

const KEY: &str = "intentkit";
/// The checksum's field inside a JSON string inside a JSON file.
const CHECKSUM_FIELD: &[u8] = br#"\"checksum\":\""#;
const CHECKSUM_DIGITS: usize = 16;
const ALIGNMENT: usize = 64;
/// Maximum header size. A header is mostly labels: 16,384 of 255 bytes, escaped twice, take far
/// less.
const MAX_HEADER: usize = 64 << 20;
/// More than any model has.
const MAX_TENSORS: usize = 64;
/// 2^20 rows: more than any embedding table needs.
const MAX_ROWS: usize = 1 << 20;

/// Maximum scale of a row of weights, far above what training makes. With it, features of up to a
/// million give logits under 10^36 through all four layers (products of 256, 256, 128 and 64
/// integers up to 127). No sum of such logits overflows float32, not even after calibration with
/// factors up to [`MAX_FACTOR`].
const MAX_SCALE: f32 = 1e3;
/// Maximum factor of a calibration; see [`MAX_SCALE`].
const MAX_FACTOR: f32 = 100.0;
/// Maximum of values added to logits or scores: biases, shifts, weights of the reject score and its
/// plane.
const MAX_ADDEND: f32 = 1e6;
/// Maximum of the held-out lines' reject scores, which are as large as logits.
const MAX_SCORE: f32 = 1e36;

fn layer_name(index: usize) -> String {
    if index < HIDDEN.len() { format!("hidden{}", index + 1) } else { "output".into() }
}

/// Returns the bytes of a model file.
pub(super) fn write(parts: &Parts) -> Result<Vec<u8>> {
    let mut metadata = parts.metadata.clone();
    metadata.checksum = "0".repeat(CHECKSUM_DIGITS);
    metadata.format = oldest_format(&metadata);
    metadata.library = env!("CARGO_PKG_VERSION").into();
    let labels = metadata.labels.len();

    let unwritable = |e| Error::invalid(format!("cannot write the metadata: {e}"));
    let text = serde_json::to_string(&metadata).map_err(unwritable)?;
    let text = serde_json::to_string(&text).map_err(unwritable)?;
    // Nothing else in the header needs escaping, and a `serde_json::Value` would add 12 kB of code.
    let mut header = format!(r#"{{"__metadata__":{{"{KEY}":{text}}}"#);
    let table = match &parts.table {
        TableParts::Int8(numbers) => numbers.len(),
        TableParts::Int4(bytes) => bytes.len(),
    };
    // The other tensors of a model with few labels take less than 1 MiB.
    let length = (1 << 20) + table + parts.lexicon_rows.len() + 2 * parts.centroids.len();
    // The tensors are in memory twice: on their own, and in the file after its header.
    room::check::<u8>(2 * length)?;
    let mut tensors: Vec<u8> = Vec::with_capacity(length);
    let mut put = |name: &str, dtype: &str, shape: &[usize], data: &[u8]| {
        let start = tensors.len();
        tensors.extend_from_slice(data);
        let shape: Vec<String> = shape.iter().map(usize::to_string).collect();
        let (shape, end) = (shape.join(","), tensors.len());
        header +=
            &format!(r#","{name}":{{"dtype":"{dtype}","shape":[{shape}],"data_offsets":[{start},{end}]}}"#);
    };

    let mut layers: Vec<(String, &LayerParts, usize)> =
        parts.layers.iter().enumerate().map(|(i, l)| (layer_name(i), l, INPUTS[i])).collect();
    layers.extend(parts.linear.as_ref().map(|linear| ("linear".to_owned(), linear, DIMENSIONS)));
    if metadata.ngrams.is_some() {
        match &parts.table {
            TableParts::Int8(numbers) => {
                let shape = [numbers.len() / DIMENSIONS, DIMENSIONS];
                put("table", "I8", &shape, bytemuck::cast_slice(numbers));
            }
            TableParts::Int4(bytes) => put("table", "U8", &[bytes.len() / HALF, HALF], bytes),
        }
    }
    for (name, layer, inputs) in &layers {
        let shape = [layer.scales.len(), *inputs];
        put(&format!("{name}.weight"), "I8", &shape, bytemuck::cast_slice(&layer.weights));
    }
    put("centroids", "I8", &[labels, DIMENSIONS], bytemuck::cast_slice(&parts.centroids));
    if metadata.lexicon.is_some() {
        put("lexicon.rows", "U8", &[parts.lexicon_rows.len() / HALF, HALF], &parts.lexicon_rows);
    }
    for (name, layer, _) in &layers {
        let shape = [layer.scales.len()];
        put(&format!("{name}.scale"), "F32", &shape, bytemuck::cast_slice(&layer.scales));
        if !layer.biases.is_empty() {
            put(&format!("{name}.bias"), "F32", &shape, bytemuck::cast_slice(&layer.biases));
        }
    }
    put("thresholds", "F32", &[labels], bytemuck::cast_slice(&parts.thresholds));
    let inverse_norms = bytemuck::cast_slice(&parts.centroid_inverse_norms);
    put("centroid_inverse_norms", "F32", &[labels], inverse_norms);
    let points = &parts.reject_points;
    put("reject_points", "F32", &[points.len()], bytemuck::cast_slice(points));
    let optional = [
        ("outside", &parts.outside),
        ("reject_right", &parts.reject_right),
        ("reject_outside", &parts.reject_outside),
    ];
    for (name, values) in optional.into_iter().filter(|(_, values)| !values.is_empty()) {
        put(name, "F32", &[values.len()], bytemuck::cast_slice(values));
    }
    if metadata.lexicon.is_some() {
        let slots = bytemuck::cast_slice(&parts.lexicon_words);
        put("lexicon.words", "U32", &[parts.lexicon_words.len()], slots);
    }
    if metadata.ngrams.is_some() {
        put("known", "U16", &[parts.known.len()], bytemuck::cast_slice(&parts.known));
        if !parts.frequent.is_empty() {
            let slots = bytemuck::cast_slice(&parts.frequent);
            put("frequent", "U16", &[parts.frequent.len()], slots);
        }
    }

    header.push('}');
    let mut head = header.into_bytes();
    head.resize((8 + head.len()).next_multiple_of(ALIGNMENT) - 8, b' ');
    let mut bytes = (head.len() as u64).to_le_bytes().to_vec();
    bytes.append(&mut head);
    bytes.append(&mut tensors);
    seal(&mut bytes)?;
    Ok(bytes)
}

/// Writes the checksum of the bytes into them.
pub(super) fn seal(bytes: &mut [u8]) -> Result<()> {
    let digits = checksum_place(bytes).ok_or_else(|| Error::invalid("the model's header has no checksum"))?;
    let checksum = checksum(bytes, &digits);
    bytes[digits].copy_from_slice(checksum.as_bytes());
    Ok(())
}

fn header_length(bytes: &[u8]) -> Result<usize, ModelFault> {
    let not_a_model = || {
        ModelFault::NotAModel(match sources::kind(bytes) {
            Some(kind) => format!("it is {kind}"),
            None if sources::is_text(bytes) => {
                "it is a text file; name the model file, not the training data".into()
            }
            None => "it doesn't start like a safetensors file".into(),
        })
    };
    let (length, rest) = bytes.split_first_chunk::<8>().ok_or_else(not_a_model)?;
    let length = u64::from_le_bytes(*length);
    if length > MAX_HEADER as u64 || rest.first().is_some_and(|&b| b != b'{') {
        return Err(not_a_model());
    }
    if 8 + length > bytes.len() as u64 {
        return Err(ModelFault::WrongLength { found: bytes.len() as u64, expected: 8 + length });
    }
    Ok(length as usize)
}

/// Checks, before bytes are copied, that their number is what the header says. Reads only the
/// header.
pub(super) fn check_length(bytes: &[u8], origin: &str) -> Result<()> {
    let check = || {
        let header = header_length(bytes)?;
        check_whole(bytes, header).map(drop)
    };
    check().map_err(|fault| Error::Model { origin: origin.to_owned(), fault })
}

/// Returns the header's outline of the tensors. Fails unless the number of bytes is that of header
/// and tensors.
fn check_whole(bytes: &[u8], header: usize) -> Result<Outline, ModelFault> {
    let tensors = outline(&bytes[8..8 + header])?;
    let (found, expected) = (bytes.len() as u64, (8 + header as u64).saturating_add(tensors.length));
    if found == expected { Ok(tensors) } else { Err(ModelFault::WrongLength { found, expected }) }
}

fn checksum_place(bytes: &[u8]) -> Option<Range<usize>> {
    let header = bytes.get(..8 + header_length(bytes).ok()?)?;
    let start =
        header.windows(CHECKSUM_FIELD.len()).position(|w| w == CHECKSUM_FIELD)? + CHECKSUM_FIELD.len();
    (start + CHECKSUM_DIGITS <= header.len()).then_some(start..start + CHECKSUM_DIGITS)
}

fn checksum(bytes: &[u8], digits: &Range<usize>) -> String {
    let mut hasher = XxHash3_64::new();
    hasher.write(&bytes[..digits.start]);
    hasher.write(&[b'0'; CHECKSUM_DIGITS]);
    hasher.write(&bytes[digits.end..]);
    format!("{:016x}", hasher.finish())
}

/// Checks a file's bytes and finds its tensors. Every value is checked before it is used: lengths
/// first, then the format, the checksum and every shape.
pub(super) fn read(bytes: &[u8]) -> Result<(Metadata, Places), ModelFault> {
    if cfg!(target_endian = "big") {
        return Err(ModelFault::NotAModel("model files need a little-endian machine".into()));
    }
    let length = header_length(bytes)?;
    let header = &bytes[8..8 + length];
    let text = metadata_text(header)?;
    let tensors = check_whole(bytes, length)?;
    let digits = checksum_place(bytes).ok_or_else(|| ModelFault::NotAModel("it has no checksum".into()))?;
    let found = checksum(bytes, &digits);
    let expected = String::from_utf8_lossy(&bytes[digits]);
    if found != expected && !tensors.in_our_order {
        return Err(ModelFault::Rewritten);
    }
    if found != expected {
        return Err(ModelFault::ChecksumMismatch { found, expected: expected.into_owned() });
    }
    let metadata = metadata(&text)?;
    drop(text);
    let tensors = SafeTensors::deserialize(bytes).map_err(|e| ModelFault::NotAModel(e.to_string()))?;
    let places = places(&tensors, bytes, &metadata)?;
    Ok((metadata, places))
}

fn unsound(_: serde_json::Error) -> ModelFault {
    ModelFault::NotAModel(format!("it is a safetensors file without valid `{KEY}` metadata"))
}

/// Returns the text of the metadata. Checks its format number before anything that a newer format
/// may have changed.
fn metadata_text(header: &[u8]) -> Result<String, ModelFault> {
    #[derive(serde::Deserialize)]
    struct Header {
        #[serde(rename = "__metadata__")]
        metadata: Entry,
    }
    #[derive(serde::Deserialize)]
    struct Entry {
        intentkit: String,
    }
    #[derive(serde::Deserialize)]
    struct Version {
        format: u32,
    }
    let text = serde_json::from_slice::<Header>(header).map_err(unsound)?.metadata.intentkit;
    let format = serde_json::from_str::<Version>(&text).map_err(unsound)?.format;
    if format == 0 {
        return Err(ModelFault::NotAModel("its format is 0; formats start at 1".into()));
    }
    if format > FORMAT {
        return Err(ModelFault::NewerFormat { found: format, supported: FORMAT });
    }
    let strings = strings(&text);
    if strings > MAX_STRINGS {
        return Err(ModelFault::AbsurdSize(format!(
            "the metadata has {strings} strings; the maximum is {MAX_STRINGS}"
        )));
    }
    Ok(text)
}

/// Parses the metadata and checks every range that its users rely on.
fn metadata(text: &str) -> Result<Metadata, ModelFault> {
    let metadata: Metadata = serde_json::from_str(text).map_err(unsound)?;
    if metadata.labels.is_empty() || metadata.labels.len() > MAX_LABELS {
        let found = metadata.labels.len();
        return Err(ModelFault::AbsurdSize(format!(
            "the file has {found} labels; a model has 1 to {MAX_LABELS}"
        )));
    }
    if metadata.ngrams.as_ref().is_some_and(|settings| !settings.is_valid()) {
        return Err(ModelFault::AbsurdSize("the n-gram settings are out of range".into()));
    }
    if metadata.separators.len() > MAX_SEPARATORS {
        let found = metadata.separators.len();
        return Err(ModelFault::AbsurdSize(format!(
            "the file has {found} clause separators; the maximum is {MAX_SEPARATORS}"
        )));
    }
    if metadata.rule_reading > READING {
        return Err(ModelFault::AbsurdSize(format!(
            "the file's rules need reading {}; this version has {READING}",
            metadata.rule_reading
        )));
    }
    if !(0.0..=100.0).contains(&metadata.doubt) {
        return Err(ModelFault::AbsurdSize(format!("the doubt {} is not between 0 and 100", metadata.doubt)));
    }
    if metadata.symbols.len() > MAX_SYMBOLS {
        let found = metadata.symbols.len();
        return Err(ModelFault::AbsurdSize(format!(
            "the file has {found} symbols that count as words; the maximum is {MAX_SYMBOLS}"
        )));
    }
    if let Some(lexicon) = &metadata.lexicon
        && (!(1..=MAX_LEXICON_WEIGHT).contains(&lexicon.weight) || metadata.ngrams.is_none())
    {
        return Err(ModelFault::AbsurdSize("the lexicon's settings are out of range".into()));
    }
    let (Calibration { scale, coupling, shift }, reject) = (metadata.calibration, &metadata.reject);
    let addends = [shift, reject.score.weight, reject.score.logit_cap.unwrap_or(0.0)];
    if !metadata.calibration.is_valid()
        || scale.max(coupling) > MAX_FACTOR
        || !addends.iter().all(|addend| addend.abs() <= MAX_ADDEND)
        || !(0.0..=1.0).contains(&reject.keep)
        || reject.score.length_power > 3
    {
        return Err(ModelFault::NotAModel("its calibration or reject rule is out of range".into()));
    }
    let TrainingSummary { heldout_accuracy, familiar_accuracy, heldout_answered, .. } = metadata.training;
    let mut shares = [heldout_accuracy, familiar_accuracy, heldout_answered].into_iter().flatten();
    if !shares.all(|share| (0.0..=1.0).contains(&share)) {
        return Err(ModelFault::NotAModel("a share of its held-out lines is not from 0 to 1".into()));
    }
    check_names(&metadata)?;
    Ok(metadata)
}

/// Checks labels and rules as training does: names go unchanged to terminals and hosts.
fn check_names(metadata: &Metadata) -> Result<(), ModelFault> {
    let mut seen = HashSet::new();
    for (i, label) in metadata.labels.iter().enumerate() {
        check_label(label).map_err(|fault| ModelFault::NotAModel(format!("its label {i} {fault}")))?;
        if !seen.insert(label) {
            return Err(ModelFault::NotAModel(format!("its label {i} is a duplicate")));
        }
    }
    rules::check(&metadata.rules, metadata.rule_reading)
        .map_err(|fault| ModelFault::NotAModel(format!("its {fault}")))
}

/// The header's description of all tensors.
struct Outline {
    /// The largest end offset.
    length: u64,
    /// Whether the first tensor is int8 or int4. Other writers of safetensors files put wider
    /// types, such as floats, first.
    in_our_order: bool,
}

/// Reads the outline. Bounds the memory for reading the header: few tensors, short shapes, no other
/// metadata.
fn outline(header: &[u8]) -> Result<Outline, ModelFault> {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Entry {
        #[serde(rename = "intentkit")]
        _text: IgnoredAny,
    }
    #[derive(serde::Deserialize)]
    struct Tensor {
        dtype: Dtype,
        #[serde(rename = "shape")]
        _shape: Shape,
        data_offsets: (u64, u64),
    }
    #[derive(serde::Deserialize)]
    struct Shape(#[serde(default)] IgnoredAny, #[serde(default)] IgnoredAny, #[serde(default)] IgnoredAny);

    struct Header;
    impl<'de> Visitor<'de> for Header {
        type Value = Outline;

        fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
            f.write_str("the header of a safetensors file")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Outline, A::Error> {
            let (mut count, mut outline) = (0, Outline { length: 0, in_our_order: true });
            while let Some(name) = entries.next_key::<Cow<'_, str>>()? {
                if name == "__metadata__" {
                    entries.next_value::<Entry>()?;
                    continue;
                }
                count += 1;
                if count > MAX_TENSORS {
                    return Err(A::Error::custom(format!("it has more than {MAX_TENSORS} tensors")));
                }
                let Tensor { dtype, data_offsets: (start, end), .. } = entries.next_value()?;
                outline.length = outline.length.max(end);
                outline.in_our_order &= start > 0 || end == 0 || matches!(dtype, Dtype::I8 | Dtype::U8);
            }
            Ok(outline)
        }
    }
    serde_json::Deserializer::from_slice(header)
        .deserialize_map(Header)
        .map_err(|e| ModelFault::NotAModel(e.to_string()))
}

struct Finder<'a> {
    tensors: &'a SafeTensors<'a>,
    bytes: &'a [u8],
}

impl Finder<'_> {
    /// Returns the byte range of a tensor of this type and shape, in which `None` stands for any
    /// length.
    fn find(&self, name: &str, dtype: Dtype, shape: &[Option<usize>]) -> Result<Range<usize>, ModelFault> {
        let wrong = |problem: String| ModelFault::WrongTensor { name: name.to_owned(), problem };
        let tensor = self.tensors.tensor(name).map_err(|_| wrong("is missing".into()))?;
        let fits = tensor.shape().len() == shape.len()
            && tensor
                .shape()
                .iter()
                .zip(shape)
                .all(|(&found, wanted)| wanted.is_none_or(|wanted| wanted == found));
        if tensor.dtype() != dtype || !fits {
            let wanted: Vec<String> =
                shape.iter().map(|n| n.map_or("any".into(), |n| n.to_string())).collect();
            return Err(wrong(format!(
                "is {:?} {:?}; expected {dtype:?} [{}]",
                tensor.dtype(),
                tensor.shape(),
                wanted.join(", ")
            )));
        }
        let start = tensor.data().as_ptr() as usize - self.bytes.as_ptr() as usize;
        if !start.is_multiple_of(dtype.bitsize() / 8) {
            return Err(wrong("is not aligned for its type".into()));
        }
        Ok(start..start + tensor.data().len())
    }

    fn is_empty(&self, name: &str) -> bool {
        self.tensors.tensor(name).is_ok_and(|tensor| tensor.data().is_empty())
    }

    /// Returns the byte range of a float32 tensor with all values in `range`.
    fn floats(
        &self,
        name: &str,
        length: usize,
        range: RangeInclusive<f32>,
    ) -> Result<Range<usize>, ModelFault> {
        let place = self.find(name, Dtype::F32, &[Some(length)])?;
        let values: &[f32] = bytemuck::cast_slice(&self.bytes[place.clone()]);
        match values.iter().find(|value| !range.contains(value)) {
            None => Ok(place),
            Some(value) => Err(ModelFault::WrongTensor {
                name: name.into(),
                problem: format!(
                    "has the value {value:e}; its values are from {:e} to {:e}",
                    range.start(),
                    range.end()
                ),
            }),
        }
    }

    fn filter(&self, name: &str) -> Result<Range<usize>, ModelFault> {
        let place = self.find(name, Dtype::U16, &[None])?;
        let slots = place.len() / size_of::<u16>();
        if slots < 2 || !slots.is_power_of_two() {
            return Err(ModelFault::AbsurdSize(format!(
                "the filter `{name}` has {slots} slots; it needs a power of two"
            )));
        }
        Ok(place)
    }

    /// Returns the byte ranges of the lexicon's rows and words. Each word must have a row.
    fn lexicon(&self) -> Result<(Range<usize>, Range<usize>), ModelFault> {
        let rows = self.find("lexicon.rows", Dtype::U8, &[None, Some(HALF)])?;
        let words = self.find("lexicon.words", Dtype::U32, &[None])?;
        let vocabulary = Vocabulary::new(bytemuck::cast_slice(&self.bytes[words.clone()]));
        let last = vocabulary.map(|vocabulary| vocabulary.last_row().map_or(0, |row| row as usize + 1));
        match last {
            Some(last) if last <= rows.len() / HALF => Ok((rows, words)),
            _ => Err(ModelFault::AbsurdSize("a word of the lexicon has no row".into())),
        }
    }

    fn layer(
        &self,
        name: &str,
        outputs: usize,
        inputs: usize,
        biased: bool,
    ) -> Result<LayerPlaces, ModelFault> {
        let weights = self.find(&format!("{name}.weight"), Dtype::I8, &[Some(outputs), Some(inputs)])?;
        if self.bytes[weights.clone()].contains(&(i8::MIN as u8)) {
            let problem = "has the value -128; weights are from -127 to 127".into();
            return Err(ModelFault::WrongTensor { name: format!("{name}.weight"), problem });
        }
        Ok(LayerPlaces {
            weights,
            scales: self.floats(&format!("{name}.scale"), outputs, -MAX_SCALE..=MAX_SCALE)?,
            biases: match biased {
                true => self.floats(&format!("{name}.bias"), outputs, -MAX_ADDEND..=MAX_ADDEND)?,
                false => 0..0,
            },
        })
    }
}

fn places(tensors: &SafeTensors<'_>, bytes: &[u8], metadata: &Metadata) -> Result<Places, ModelFault> {
    let finder = Finder { tensors, bytes };
    let labels = metadata.labels.len();
    let outputs = [HIDDEN[0], HIDDEN[1], HIDDEN[2], labels];
    let mut places = Places::default();
    for (i, layer) in places.layers.iter_mut().enumerate() {
        *layer = finder.layer(&layer_name(i), outputs[i], INPUTS[i], true)?;
    }
    if tensors.tensor("linear.weight").is_ok() {
        places.linear = Some(finder.layer("linear", labels, DIMENSIONS, false)?);
    }
    places.thresholds = finder.floats("thresholds", labels, 0.0..=1.0)?;
    let points = if finder.is_empty("reject_points") { 0 } else { RejectRule::POINTS };
    places.reject_points = finder.floats("reject_points", points, -MAX_SCORE..=MAX_SCORE)?;
    places.centroids = finder.find("centroids", Dtype::I8, &[Some(labels), Some(DIMENSIONS)])?;
    // A row of integers that is not zero has a norm of at least 1.
    places.centroid_inverse_norms = finder.floats("centroid_inverse_norms", labels, 0.0..=1.0)?;
    let optional = [
        ("outside", DIMENSIONS + 1, -MAX_ADDEND..=MAX_ADDEND, &mut places.outside),
        ("reject_right", RejectRule::POINTS, 0.0..=1.0, &mut places.reject_right),
        ("reject_outside", RejectRule::POINTS, 0.0..=1.0, &mut places.reject_outside),
    ];
    for (name, length, range, place) in optional {
        if tensors.tensor(name).is_ok() {
            *place = finder.floats(name, length, range)?;
        }
    }
    if metadata.ngrams.is_some() {
        let dtype = tensors.tensor("table").map(|table| table.dtype());
        places.table_is_int8 = dtype.is_ok_and(|dtype| dtype == Dtype::I8);
        let (dtype, width) = if places.table_is_int8 { (Dtype::I8, DIMENSIONS) } else { (Dtype::U8, HALF) };
        places.table = finder.find("table", dtype, &[None, Some(width)])?;
        let rows = places.table.len() / width;
        if !(2..=MAX_ROWS).contains(&rows) || !rows.is_power_of_two() {
            return Err(ModelFault::AbsurdSize(format!(
                "the embedding table has {rows} rows; it needs a power of two up to {MAX_ROWS}"
            )));
        }
        places.known = finder.filter("known")?;
        if tensors.tensor("frequent").is_ok() {
            places.frequent = finder.filter("frequent")?;
        }
        if metadata.lexicon.is_some() {
            (places.lexicon_rows, places.lexicon_words) = finder.lexicon()?;
        }
    }
    Ok(places)
}
