//! JSON Lines: `{"text": "...", "labels": ["a"]}`.

use std::fmt::{self, Formatter};

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{Example, long_label, long_text, many_labels};
use crate::network::MAX_LABELS;
use crate::text::MAX_TEXT_BYTES;

const EXPECTED: &str = r#"expected {"text": "...", "labels": ["a"]}"#;

/// Fields of any type: serde's own errors about a wrong type would quote the value.
#[derive(Deserialize)]
struct Line {
    #[serde(default, deserialize_with = "present")]
    text: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    labels: Option<Value>,
    /// Not read: a common typo, which the error names.
    label: Option<IgnoredAny>,
}

/// Distinguishes `null` from a missing key.
fn present<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(input).map(Some)
}

/// A JSON value, of which only as much is kept as a line may have.
enum Value {
    Text(String),
    /// Length in bytes of a text over the limit.
    LongText(usize),
    Array(Array),
    /// The name of its type.
    Other(&'static str),
}

/// The strings of an array, at most as many as a line may have labels.
#[derive(Default)]
struct Array {
    texts: Vec<String>,
    count: usize,
    /// The fault of the first invalid label.
    fault: Option<String>,
}

impl Value {
    fn kind(&self) -> &'static str {
        match self {
            Value::Text(_) | Value::LongText(_) => "a string",
            Value::Array(_) => "an array",
            Value::Other(kind) => kind,
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_any(Values)
    }
}

struct Values;

impl<'de> Visitor<'de> for Values {
    type Value = Value;

    fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(match text.len() {
            0..=MAX_TEXT_BYTES => Value::Text(text.to_owned()),
            length => Value::LongText(length),
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut array = Array::default();
        while array.count < MAX_LABELS {
            let Some(element) = elements.next_element()? else { return Ok(Value::Array(array)) };
            array.count += 1;
            let fault = match element {
                Value::Text(text) => {
                    array.texts.push(text);
                    continue;
                }
                Value::LongText(length) => format!("label {} {}", array.count, long_label(length)),
                other => format!("{EXPECTED}, found {} among the labels", other.kind()),
            };
            array.fault.get_or_insert(fault);
        }
        while elements.next_element::<IgnoredAny>()?.is_some() {
            array.count += 1;
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Value::Other("an object"))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Other("null"))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Value, E> {
        Ok(Value::Other("a boolean"))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Value, E> {
        Ok(Value::Other("a number"))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Value, E> {
        Ok(Value::Other("a number"))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value, E> {
        Ok(Value::Other("a number"))
    }
}

pub(super) fn parse(line: &str) -> Result<Example, String> {
    // serde would also accept an array for the struct.
    let start = line.trim_start();
    if !start.starts_with('{') {
        let found = if start.starts_with('[') { "an array" } else { "no object" };
        return Err(format!("{EXPECTED}, one object per line, found {found}"));
    }
    let line: Line = serde_json::from_str(line).map_err(|e| {
        let place = format!(" at line {} column {}", e.line(), e.column());
        let reason = e.to_string();
        let reason = reason.strip_suffix(&place).unwrap_or(&reason);
        format!("{EXPECTED}, one object per line, found bad JSON at byte {}: {reason}", e.column())
    })?;
    let text = match line.text {
        Some(Value::Text(text)) => text,
        Some(Value::LongText(length)) => return Err(long_text(length)),
        Some(other) => return Err(format!("{EXPECTED}, found {} for `text`", other.kind())),
        None => return Err(format!("{EXPECTED}, found no `text`")),
    };
    let labels = match line.labels {
        Some(Value::Array(labels)) => labels,
        Some(other) => return Err(format!("{EXPECTED}, found {} for `labels`", other.kind())),
        None => {
            let found = if line.label.is_some() { "`label` instead of `labels`" } else { "no `labels`" };
            return Err(format!(r#"{EXPECTED}, found {found}; "labels": [] marks an out-of-scope line"#));
        }
    };
    match labels.fault {
        Some(fault) => Err(fault),
        None if labels.count > MAX_LABELS => Err(many_labels(labels.count)),
        None => Example::checked(text, labels.texts),
    }
}
