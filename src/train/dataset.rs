//! The data of a training.

use crate::data::{Example, check_label};
use crate::error::{Error, Result};
use crate::shape::DIMENSIONS;
use crate::text::MAX_TEXT_BYTES;
use crate::vectorizer::FeatureVector;

/// Lines with their labels. Lines without labels are out-of-scope examples.
#[derive(Debug, Clone, Default)]
pub struct Dataset<'a> {
    /// The input of each line.
    pub inputs: Inputs<'a>,
    /// The label names of each line.
    pub labels: Vec<Vec<&'a str>>,
}

impl<'a> Dataset<'a> {
    /// Creates a data set that borrows the examples.
    pub fn of(examples: &'a [Example]) -> Self {
        Dataset {
            inputs: Inputs::Texts(examples.iter().map(|e| e.text.as_str()).collect()),
            labels: examples.iter().map(|e| e.labels.iter().map(String::as_str).collect()).collect(),
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        let (lines, labelled) = (self.inputs.len(), self.labels.len());
        if lines != labelled {
            return Err(Error::invalid(format!(
                "there are {lines} lines but labels for {labelled}; give one set for each"
            )));
        }
        for (i, labels) in self.labels.iter().enumerate() {
            for (j, label) in (1..).zip(labels) {
                let name = |fault| Error::invalid(format!("example {i}: label {j} {fault}"));
                check_label(label).map_err(name)?;
            }
        }
        match &self.inputs {
            Inputs::Texts(texts) => match texts.iter().find(|text| text.len() > MAX_TEXT_BYTES) {
                Some(text) => Err(Error::TextTooLong { length: text.len() }),
                None => Ok(()),
            },
            Inputs::Features(rows) => check_features(rows),
        }
    }
}

/// The inputs of a data set.
#[derive(Debug, Clone)]
pub enum Inputs<'a> {
    /// Texts, for a vectorizer that is trained with the network.
    Texts(Vec<&'a str>),
    /// Feature vectors from the caller.
    Features(&'a [FeatureVector]),
}

impl Default for Inputs<'_> {
    fn default() -> Self {
        Inputs::Texts(vec![])
    }
}

impl Inputs<'_> {
    /// Returns the number of lines.
    pub fn len(&self) -> usize {
        match self {
            Inputs::Texts(texts) => texts.len(),
            Inputs::Features(rows) => rows.len(),
        }
    }

    /// Returns true if there are no lines.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Checks that feature rows are finite and small enough for float32 sums.
pub(crate) fn check_features(rows: &[FeatureVector]) -> Result<()> {
    for (i, row) in rows.iter().enumerate() {
        if let Some(j) = (0..DIMENSIONS).find(|&j| !row[j].is_finite() || row[j].abs() > 1e6) {
            let value = row[j];
            return Err(Error::invalid(format!(
                "feature row {i} holds {value} at index {j}; features must be finite and at most a million, preferably of unit length"
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_that_are_no_numbers_are_refused_with_their_place() {
        let mut rows = [[0.0; DIMENSIONS]; 3];
        check_features(&rows).unwrap();
        rows[2][5] = f32::NAN;
        assert!(check_features(&rows).unwrap_err().to_string().contains("row 2 holds NaN at index 5"));
    }
}
