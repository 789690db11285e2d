//! Centroids of the labels: the mean direction of each label's training rows.

use super::dataset::Inputs;
use crate::error::Result;
use crate::model::{Draft, Parts};
use crate::shape::DIMENSIONS;
use crate::vectorizer::FeatureVector;
use rayon::prelude::*;

/// Maximum number of lines per label: enough for a mean.
const LINES: usize = 200;

/// Returns int8 rows and the reciprocals of their norms; see [`crate::decision::Centroids`].
pub(crate) fn centroids(
    draft: &Draft<'_>,
    inputs: &Inputs<'_>,
    of_line: &[Vec<u32>],
    lines: &[usize],
) -> Result<(Vec<i8>, Vec<f32>)> {
    let labels = draft.labels();
    let mut left = vec![LINES; labels];
    let looked_at = |line: &&usize| {
        let mut any = false;
        for &label in &of_line[**line] {
            any |= left[label as usize] > 0;
            left[label as usize] = left[label as usize].saturating_sub(1);
        }
        any
    };
    let lines: Vec<usize> = lines.iter().filter(looked_at).copied().collect();
    let rows: Vec<Vec<(FeatureVector, Option<u32>)>> = lines
        .par_iter()
        .map(|&line| match inputs {
            Inputs::Texts(texts) => rows_of(draft, texts[line], &of_line[line]),
            Inputs::Features(rows) => Ok(vec![(rows[line], None)]),
        })
        .collect::<Result<_>>()?;
    let mut sums = vec![0f64; labels * DIMENSIONS];
    for (line, rows) in lines.iter().zip(rows) {
        for (row, owner) in rows {
            let norm = row.iter().map(|&v| f64::from(v) * f64::from(v)).sum::<f64>().sqrt().max(1e-12);
            for &label in &of_line[*line] {
                if owner.is_none_or(|owner| owner == label) {
                    let sum = &mut sums[label as usize * DIMENSIONS..(label as usize + 1) * DIMENSIONS];
                    sum.iter_mut().zip(&row).for_each(|(sum, &value)| *sum += f64::from(value) / norm);
                }
            }
        }
    }
    Ok(sums.chunks(DIMENSIONS).map(rounded).fold((vec![], vec![]), |mut all, (row, inverse_norm)| {
        all.0.extend(row);
        all.1.push(inverse_norm);
        all
    }))
}

/// Writes one label's centroid, the mean direction of its rows.
pub(crate) fn of_rows(rows: &[FeatureVector], label: usize, parts: &mut Parts) {
    let mut sum = [0f64; DIMENSIONS];
    for row in rows {
        sum.iter_mut().zip(row).for_each(|(sum, &value)| *sum += f64::from(value));
    }
    let (row, inverse_norm) = rounded(&sum);
    parts.centroids[label * DIMENSIONS..(label + 1) * DIMENSIONS].copy_from_slice(&row);
    parts.centroid_inverse_norms[label] = inverse_norm;
}

/// Returns the most probable of some labels, the first of equal ones, or `None` if there are none.
pub(crate) fn likeliest(labels: &[u32], logits: &[f32]) -> Option<u32> {
    let likelier = |a: u32, b: u32| if logits[b as usize] > logits[a as usize] { b } else { a };
    labels.iter().copied().reduce(likelier)
}

/// Returns a line's rows. If there are several, each belongs to the line's label that the network
/// finds most probable for it.
pub(crate) fn rows_of(
    draft: &Draft<'_>,
    text: &str,
    wanted: &[u32],
) -> Result<Vec<(FeatureVector, Option<u32>)>> {
    let mut rows = vec![];
    draft.for_each_row(text, |row| rows.push((*row, None)))?;
    if rows.len() > 1 && wanted.len() > 1 {
        let mut logits = vec![0.0; draft.labels()];
        for (row, owner) in &mut rows {
            draft.logits(row, &mut logits);
            *owner = likeliest(wanted, &logits);
        }
    }
    Ok(rows)
}

fn rounded(sum: &[f64]) -> (Vec<i8>, f32) {
    let largest = sum.iter().fold(0.0f64, |a, b| a.max(b.abs()));
    let inverse = if largest > 0.0 { 127.0 / largest } else { 0.0 };
    let row: Vec<i8> = sum.iter().map(|value| (value * inverse).round() as i8).collect();
    let square: i32 = row.iter().map(|&v| i32::from(v) * i32::from(v)).sum();
    (row, if square > 0 { 1.0 / (square as f32).sqrt() } else { 0.0 })
}
