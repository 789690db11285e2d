//! JSON Lines: `{"text": "...", "labels": ["a"]}`.

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny};
use serde_json::Value;

use super::Example;

const EXPECTED: &str = r#"expected {"text": "...", "labels": ["a"]}"#;

/// Values of any type, since serde's own words about a wrong type quote the value.
#[derive(Deserialize)]
struct Line {
    #[serde(default, deserialize_with = "present")]
    text: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    labels: Option<Value>,
    /// Never used: a likely slip, which the error can name.
    label: Option<IgnoredAny>,
}

/// Keeps `null` apart from a missing key.
fn present<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(input).map(Some)
}

pub(super) fn parse(line: &str) -> Result<Example, String> {
    // serde would take an array for the struct as well.
    let start = line.trim_start();
    if !start.starts_with('{') {
        let found = if start.starts_with('[') { "an array" } else { "no object" };
        return Err(format!("{EXPECTED}, one object a line, found {found}"));
    }
    let line: Line = serde_json::from_str(line).map_err(|e| {
        let place = format!(" at line {} column {}", e.line(), e.column());
        let reason = e.to_string();
        let reason = reason.strip_suffix(&place).unwrap_or(&reason);
        format!("{EXPECTED}, one object a line, found bad JSON at byte {}: {reason}", e.column())
    })?;
    let text = match line.text {
        Some(Value::String(text)) => text,
        Some(other) => return Err(format!("{EXPECTED}, found {} for `text`", kind(&other))),
        None => return Err(format!("{EXPECTED}, found no `text`")),
    };
    let labels = match line.labels {
        Some(Value::Array(labels)) => labels,
        Some(other) => return Err(format!("{EXPECTED}, found {} for `labels`", kind(&other))),
        None => {
            let found = if line.label.is_some() { "`label` instead of `labels`" } else { "no `labels`" };
            return Err(format!(r#"{EXPECTED}, found {found}; "labels": [] marks an out-of-scope line"#));
        }
    };
    let names = labels.into_iter().map(|label| match label {
        Value::String(name) => Ok(name),
        other => Err(format!("{EXPECTED}, found {} among the labels", kind(&other))),
    });
    Example::checked(text, names.collect::<Result<_, _>>()?)
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
