//! Fits the plane that separates texts like the lines without labels from all others; see
//! [`crate::decision::Outside`].
//!
//! Ridge regression on the features, with target 1 for lines without labels and -1 for the others;
//! both kinds have the same total weight. The network alone only learns low logits for such lines,
//! and a text close to a label's centroid makes up for those.

use super::centroids::rows_of;
use super::dataset::Inputs;
use crate::error::Result;
use crate::model::Draft;
use crate::shape::DIMENSIONS;
use crate::threads;
use crate::vectorizer::FeatureVector;
use rayon::prelude::*;

/// Maximum number of lines of each kind.
const LINES: usize = 4_000;
/// Factor of the squared weights in the loss.
const PENALTY: f64 = 1.0;

/// Returns the plane of the given lines, bias last, or nothing if they are all of one kind.
pub(crate) fn outside(
    draft: &Draft<'_>,
    inputs: &Inputs<'_>,
    of_line: &[Vec<u32>],
    lines: &[usize],
) -> Result<Vec<f32>> {
    let (none, labelled): (Vec<usize>, Vec<usize>) =
        lines.iter().partition(|&&line| of_line[line].is_empty());
    let read = |lines: &[usize]| -> Result<Vec<FeatureVector>> {
        let some: Vec<usize> = lines.iter().step_by(lines.len().div_ceil(LINES).max(1)).copied().collect();
        let rows = some.par_iter().map(|&line| match inputs {
            Inputs::Texts(texts) => {
                Ok(rows_of(draft, texts[line], &[])?.into_iter().map(|(row, _)| row).collect())
            }
            Inputs::Features(rows) => Ok(vec![rows[line]]),
        });
        Ok(rows.collect::<Result<Vec<Vec<FeatureVector>>>>()?.concat())
    };
    let (none, labelled) = (read(&none)?, read(&labelled)?);
    Ok(if none.is_empty() || labelled.is_empty() { vec![] } else { plane(&none, &labelled) })
}

/// Returns the plane between two kinds of rows. Neither may be empty.
pub(crate) fn plane(one: &[FeatureVector], other: &[FeatureVector]) -> Vec<f32> {
    let half = (one.len() + other.len()) as f64 / 2.0;
    let weighted = |rows: &[FeatureVector], wanted: f64| {
        let weight = half / rows.len() as f64;
        rows.iter().map(|row| (row.map(f64::from), weight, wanted)).collect::<Vec<_>>()
    };
    let rows = [weighted(one, 1.0), weighted(other, -1.0)].concat();
    let mut mean = [0.0; DIMENSIONS];
    for (row, weight, _) in &rows {
        mean.iter_mut().zip(row).for_each(|(mean, value)| *mean += weight * value / (2.0 * half));
    }
    let rows: Vec<_> = rows
        .into_iter()
        .map(|(mut row, weight, wanted)| {
            row.iter_mut().zip(&mean).for_each(|(value, mean)| *value -= mean);
            (row, weight, wanted)
        })
        .collect();
    // The lower triangle of the normal equations, each value a sum in row order.
    let equations: Vec<(Vec<f64>, f64)> = threads::map(0..DIMENSIONS, |i| {
        let (mut left, mut right) = (vec![0.0; i + 1], 0.0);
        for (row, weight, wanted) in &rows {
            let scaled = weight * row[i];
            left.iter_mut().zip(row).for_each(|(sum, value)| *sum += scaled * value);
            right += scaled * wanted;
        }
        left[i] += PENALTY;
        (left, right)
    });
    let (mut matrix, right): (Vec<Vec<f64>>, Vec<f64>) = equations.into_iter().unzip();
    let weights = solve(&mut matrix, right);
    // The weighted mean of the targets is 0.
    let bias: f64 = -weights.iter().zip(&mean).map(|(weight, mean)| weight * mean).sum::<f64>();
    weights.iter().chain([&bias]).map(|&value| value as f32).collect()
}

/// Solves `a x = b` for a positive definite `a`, given as its lower triangle (Cholesky).
fn solve(a: &mut [Vec<f64>], mut b: Vec<f64>) -> Vec<f64> {
    let n = b.len();
    for i in 0..n {
        for j in 0..=i {
            let sum = a[i][j] - (0..j).map(|k| a[i][k] * a[j][k]).sum::<f64>();
            a[i][j] = if i == j { sum.max(1e-12).sqrt() } else { sum / a[j][j] };
        }
    }
    for i in 0..n {
        b[i] = (b[i] - (0..i).map(|k| a[i][k] * b[k]).sum::<f64>()) / a[i][i];
    }
    for i in (0..n).rev() {
        b[i] = (b[i] - (i + 1..n).map(|k| a[k][i] * b[k]).sum::<f64>()) / a[i][i];
    }
    b
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::random::{Purpose, Random};

    #[test]
    fn the_plane_parts_few_rows_from_many() {
        let mut random = Random::new(1, Purpose::Weights);
        let mut rows = |count: usize, at: usize| -> Vec<FeatureVector> {
            let mut row = || {
                let mut row = [0.0; DIMENSIONS];
                row.iter_mut().for_each(|value| *value = random.normal() / 40.0);
                row[at] += 0.9;
                row
            };
            (0..count).map(|_| row()).collect()
        };
        let (one, other) = (rows(5, 3), rows(200, 7));
        let plane = plane(&one, &other);
        let side =
            |row: &FeatureVector| row.iter().zip(&plane).map(|(a, b)| a * b).sum::<f32>() + plane[DIMENSIONS];
        assert!(one.iter().all(|row| side(row) > 0.3), "{:?}", one.iter().map(side).collect::<Vec<_>>());
        assert!(other.iter().all(|row| side(row) < -0.3));
    }

    #[test]
    fn equations_are_solved() {
        let mut a = vec![vec![4.0], vec![2.0, 3.0]];
        let found = solve(&mut a, vec![8.0, 8.0]);
        assert!((found[0] - 1.0).abs() < 1e-12 && (found[1] - 2.0).abs() < 1e-12, "{found:?}");
    }
}
