//! Reduces word vectors of any width to 256 dimensions: scales them to unit norm, centres them,
//! projects wider ones to their principal axes, and rotates them to spread the rest evenly over all
//! 256 dimensions.
//!
//! The axes come from orthogonal iteration (Bauer, 1957). All its sums go through [`simd`], so they
//! have the same bits on every machine. The rotation is a Hadamard matrix with random signs (Ailon
//! and Chazelle, 2006). Without it, the first columns would hold most of a vector, and rounding to
//! int8 with one scale would lose most there.

use crate::shape::DIMENSIONS;
use crate::simd::{self, Matrix, Product};

/// Rounds of orthogonal iteration. Axes not separated after these have nearly the same variance.
const ROUNDS: usize = 10;

/// Rows multiplied at a time, to bound memory.
const BLOCK: usize = 1024;

/// The reduction of one lexicon's vectors to rows of 256, fitted on a sample of them.
#[derive(Debug, Clone)]
pub(super) struct Reduction {
    mean: Vec<f32>,
    /// [`DIMENSIONS`] rows as wide as the vectors. `None` if the vectors are not wider than
    /// [`DIMENSIONS`].
    axes: Option<Vec<f32>>,
}

/// A pseudorandom number (SplitMix64; Steele et al., 2014).
fn scrambled(number: u64) -> u64 {
    let mut z = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Scales to unit norm. Returns false for a vector of zeros.
pub(super) fn to_unit(vector: &mut [f32]) -> bool {
    let square: f64 = vector.iter().map(|&value| f64::from(value) * f64::from(value)).sum();
    let length = square.sqrt();
    if length < 1e-12 {
        return false;
    }
    vector.iter_mut().for_each(|value| *value = (f64::from(*value) / length) as f32);
    true
}

impl Reduction {
    /// Fits on vectors of unit norm, `width` values each, row by row.
    pub(super) fn new(sample: &[f32], width: usize) -> Reduction {
        let mut sums = vec![0f64; width];
        for row in sample.chunks(width) {
            sums.iter_mut().zip(row).for_each(|(sum, &value)| *sum += f64::from(value));
        }
        let count = (sample.len() / width).max(1) as f64;
        let mean: Vec<f32> = sums.iter().map(|sum| (sum / count) as f32).collect();
        let axes = (width > DIMENSIONS).then(|| axes(&covariance(sample, &mean), width));
        Reduction { mean, axes }
    }

    /// Returns rows of [`DIMENSIONS`] for vectors of unit norm, in their order. The rows don't have
    /// unit norm.
    pub(super) fn rows(&self, vectors: &[f32]) -> Vec<f32> {
        let width = self.mean.len();
        let mut rows = vec![0.0; vectors.len() / width * DIMENSIONS];
        for (vectors, rows) in vectors.chunks(BLOCK * width).zip(rows.chunks_mut(BLOCK * DIMENSIONS)) {
            let centred = centred(vectors, &self.mean);
            match &self.axes {
                Some(axes) => {
                    let across = Matrix { data: axes, row_stride: 1, column_stride: width };
                    let a = row_major(&centred, width);
                    let product =
                        Product { a, b: across, columns: DIMENSIONS, inner: width, accumulate: false };
                    simd::matmul(product, rows, rayon::current_num_threads());
                }
                None => {
                    for (row, vector) in rows.chunks_mut(DIMENSIONS).zip(centred.chunks(width)) {
                        row[..width].copy_from_slice(vector);
                    }
                }
            }
            rows.chunks_mut(DIMENSIONS).for_each(rotate);
        }
        rows
    }
}

fn row_major(data: &[f32], width: usize) -> Matrix<'_> {
    Matrix { data, row_stride: width, column_stride: 1 }
}

fn centred(vectors: &[f32], mean: &[f32]) -> Vec<f32> {
    vectors
        .chunks(mean.len())
        .flat_map(|row| row.iter().zip(mean).map(|(value, mean)| value - mean))
        .collect()
}

/// Σ x xᵀ over the centred sample.
fn covariance(sample: &[f32], mean: &[f32]) -> Vec<f32> {
    let width = mean.len();
    let mut covariance = vec![0.0; width * width];
    for block in sample.chunks(BLOCK * width) {
        let centred = centred(block, mean);
        let across = Matrix { data: &centred, row_stride: 1, column_stride: width };
        let (b, inner) = (row_major(&centred, width), centred.len() / width);
        let product = Product { a: across, b, columns: width, inner, accumulate: true };
        simd::matmul(product, &mut covariance, rayon::current_num_threads());
    }
    covariance
}

/// Returns the directions of most variance, one per row.
fn axes(covariance: &[f32], width: usize) -> Vec<f32> {
    let start = |i: u64| (scrambled(i) >> 40) as f32 / 8_388_608.0 - 1.0;
    let mut axes: Vec<f32> = (0..(DIMENSIONS * width) as u64).map(start).collect();
    orthogonalise(&mut axes, width);
    let mut next = vec![0.0; axes.len()];
    for _ in 0..ROUNDS {
        let (a, b) = (row_major(&axes, width), row_major(covariance, width));
        let product = Product { a, b, columns: width, inner: width, accumulate: false };
        simd::matmul(product, &mut next, rayon::current_num_threads());
        std::mem::swap(&mut axes, &mut next);
        orthogonalise(&mut axes, width);
    }
    axes
}

/// Gram-Schmidt, each row twice: once is not enough for nearly parallel rows. A row that adds no
/// direction becomes zero.
fn orthogonalise(rows: &mut [f32], width: usize) {
    for i in 0..rows.len() / width {
        let (before, rest) = rows.split_at_mut(i * width);
        let row = &mut rest[..width];
        for _ in 0..2 {
            if !to_unit(row) {
                row.fill(0.0);
            }
            before.chunks(width).for_each(|other| simd::axpy(-simd::dot(row, other), other, row));
        }
        if simd::dot(row, row) < 1e-6 || !to_unit(row) {
            row.fill(0.0);
        }
    }
}

/// Flips random signs, then applies the fast Walsh-Hadamard transform, scaled to keep norms.
fn rotate(row: &mut [f32]) {
    for (i, value) in (0..).zip(row.iter_mut()) {
        let sign = if scrambled(!i) & 1 == 0 { 1.0 } else { -1.0 };
        *value *= sign / 16.0;
    }
    let mut half = 1;
    while half < row.len() {
        for block in row.chunks_mut(2 * half) {
            let (left, right) = block.split_at_mut(half);
            for (a, b) in left.iter_mut().zip(right) {
                (*a, *b) = (*a + *b, *a - *b);
            }
        }
        half *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Vectors with nearly all variance in the first few directions.
    fn vectors(count: usize, width: usize, strong: usize) -> Vec<f32> {
        let mut all = vec![];
        for i in 0..count as u64 {
            let value = |j: usize| (scrambled(i * 4096 + j as u64) >> 40) as f32 / 8_388_608.0 - 1.0;
            let mut row: Vec<f32> =
                (0..width).map(|j| value(j) * if j < strong { 1.0 } else { 0.01 }).collect();
            to_unit(&mut row);
            all.extend(row);
        }
        all
    }

    fn cosine(a: &[f32], b: &[f32]) -> f32 {
        simd::dot(a, b) / (simd::dot(a, a) * simd::dot(b, b)).sqrt()
    }

    /// What takes an emulated CPU minutes and depends on no CPU; CI leaves it out there.
    mod slow {
        use super::*;

        #[test]
        fn what_lies_close_stays_close_whether_the_vectors_are_wide_or_narrow() {
            for (width, strong) in [(3, 3), (100, 40), (256, 100), (300, 60), (700, 120)] {
                let sample = vectors(900, width, strong);
                let rows = Reduction::new(&sample, width).rows(&sample);
                let centred = centred(&sample, &Reduction::new(&sample, width).mean);
                let row = |i: usize| &rows[i * DIMENSIONS..(i + 1) * DIMENSIONS];
                let vector = |i: usize| &centred[i * width..(i + 1) * width];
                for i in 0..100 {
                    let gap = cosine(row(i), row(i + 100)) - cosine(vector(i), vector(i + 100));
                    assert!(gap.abs() < 0.01, "{width}: {gap}");
                }
            }
        }
    }

    #[test]
    fn no_column_holds_much_more_than_its_part() {
        let sample = vectors(500, 50, 50);
        let rows = Reduction::new(&sample, 50).rows(&sample);
        let largest = rows
            .chunks(DIMENSIONS)
            .map(|row| row.iter().fold(0.0f32, |a, b| a.max(b.abs())) / simd::dot(row, row).sqrt());
        assert!(largest.fold(0.0, f32::max) < 0.4);
    }

    #[test]
    fn fewer_vectors_than_dimensions_are_enough() {
        let sample = vectors(5, 300, 300);
        let rows = Reduction::new(&sample, 300).rows(&sample);
        assert!(rows.iter().all(|value| value.is_finite()));
        assert!((cosine(&rows[..DIMENSIONS], &rows[DIMENSIONS..2 * DIMENSIONS])).abs() < 0.9);
    }

    #[test]
    fn the_bits_do_not_depend_on_the_number_of_threads() {
        let sample = vectors(2500, 300, 90);
        let rows = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let rows = pool.install(|| Reduction::new(&sample, 300).rows(&sample));
            rows.iter().map(|value| value.to_bits()).collect::<Vec<u32>>()
        };
        assert_eq!(rows(1), rows(3));
    }
}
