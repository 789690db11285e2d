//! The portable kernels: plain Rust, no intrinsics, the oracle for every other set.
//!
//! They are written so that a compiler can vectorise them without being allowed to reorder anything, and are inlined
//! into the other sets, which compile the same lines for wider registers.

use super::{AdamStep, DIMENSIONS, Kernels, Matrix, math};

pub(super) const KERNELS: Kernels = Kernels {
    name: "portable",
    add_rows,
    matvec_i8,
    quantise,
    dot,
    axpy,
    weighted_sum,
    matmul: matmul::<4, 8>,
    adam,
    sigmoids,
};

#[inline(always)]
pub(super) fn add_rows(sums: &mut [i32; DIMENSIONS], table: &[i8], rows: &[u32], weight: i32) {
    // Up to 256 rows fit an i16 sum (256 * 127 < 2^15), which is twice as many lanes.
    for some in rows.chunks(256) {
        let mut part = [0i16; DIMENSIONS];
        for &row in some {
            let start = row as usize * DIMENSIONS;
            for (sum, &value) in part.iter_mut().zip(&table[start..start + DIMENSIONS]) {
                *sum += i16::from(value);
            }
        }
        for (sum, &value) in sums.iter_mut().zip(&part) {
            *sum = sum.wrapping_add(i32::from(value).wrapping_mul(weight));
        }
    }
}

#[inline(always)]
pub(super) fn matvec_i8(weights: &[i8], input: &[i8], sums: &mut [i32]) {
    for (sum, row) in sums.iter_mut().zip(weights.chunks_exact(input.len())) {
        *sum = row.iter().zip(input).map(|(&w, &x)| i32::from(w) * i32::from(x)).sum();
    }
}

#[inline(always)]
pub(super) fn quantise(values: &[f32], quantised: &mut [i8]) -> f32 {
    const ROUND: f32 = 12_582_912.0;
    let mut largest = [0.0f32; 16];
    for chunk in values.chunks(16) {
        for (lane, value) in largest.iter_mut().zip(chunk) {
            let size = value.abs();
            *lane = if size > *lane { size } else { *lane };
        }
    }
    let largest = largest.iter().fold(0.0f32, |a, &b| if b > a { b } else { a });
    // So small that 127 / largest might not be finite: nothing a network can tell from zero.
    if largest < 1e-30 {
        quantised.fill(0);
        return 0.0;
    }
    let scale = largest / 127.0;
    let inverse = 127.0 / largest;
    for (to, value) in quantised.iter_mut().zip(values) {
        *to = ((value * inverse + ROUND) - ROUND) as i8;
    }
    scale
}

/// The one order of float sums: lane `i % 16`, then a tree over the lanes.
#[inline(always)]
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0f32; 16];
    let (whole, rest) = (a.chunks_exact(16), a.chunks_exact(16).remainder());
    let other = b.chunks_exact(16);
    let other_rest = other.remainder();
    for (x, y) in whole.zip(other) {
        for i in 0..16 {
            lanes[i] += x[i] * y[i];
        }
    }
    for (i, (x, y)) in rest.iter().zip(other_rest).enumerate() {
        lanes[i] += x * y;
    }
    for width in [8, 4, 2, 1] {
        for i in 0..width {
            lanes[i] += lanes[i + width];
        }
    }
    lanes[0]
}

#[inline(always)]
pub(super) fn axpy(a: f32, x: &[f32], y: &mut [f32]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += a * x;
    }
}

#[inline(always)]
pub(super) fn weighted_sum(rows: &[f32], entries: &[(u32, f32)], sum: &mut [f32; DIMENSIONS]) {
    // A block of the sum stays in registers while all rows pass by.
    for (block, part) in sum.chunks_exact_mut(BLOCK).enumerate() {
        let mut sums = [0.0f32; BLOCK];
        for &(row, weight) in entries {
            let start = row as usize * DIMENSIONS + block * BLOCK;
            let values = &rows[start..start + BLOCK];
            for j in 0..BLOCK {
                sums[j] += weight * values[j];
            }
        }
        part.copy_from_slice(&sums);
    }
}

/// Columns of [`weighted_sum`] held at a time.
const BLOCK: usize = 64;

/// Tiles of `ROWS` x `COLUMNS` sums in registers, over panels of `b` packed so that they are read in order.
#[inline(always)]
pub(super) fn matmul<const ROWS: usize, const COLUMNS: usize>(
    a: Matrix<'_>,
    b: Matrix<'_>,
    c: &mut [f32],
    columns: usize,
    inner: usize,
    accumulate: bool,
) {
    let rows = c.len() / columns;
    let mut panel = vec![[0.0f32; COLUMNS]; inner];
    for first in (0..columns).step_by(COLUMNS) {
        let width = COLUMNS.min(columns - first);
        for (k, line) in panel.iter_mut().enumerate() {
            if b.column_stride == 1 {
                let start = k * b.row_stride + first;
                copy(&b.data[start..start + width], line);
            } else {
                for (j, value) in line[..width].iter_mut().enumerate() {
                    *value = b.data[k * b.row_stride + (first + j) * b.column_stride];
                }
            }
        }
        let mut row = 0;
        while row + ROWS <= rows {
            tile::<ROWS, COLUMNS>(a, row, &panel, c, columns, first, width, accumulate);
            row += ROWS;
        }
        while row < rows {
            tile::<1, COLUMNS>(a, row, &panel, c, columns, first, width, accumulate);
            row += 1;
        }
    }
}

/// Copies into the front of `to`; whole lines, nearly all of them, without calling `memmove`.
#[inline(always)]
fn copy<const LENGTH: usize>(from: &[f32], to: &mut [f32; LENGTH]) {
    match <&[f32; LENGTH]>::try_from(from) {
        Ok(whole) => *to = *whole,
        Err(_) => to[..from.len()].copy_from_slice(from),
    }
}

#[inline(always)]
#[allow(clippy::too_many_arguments)] // the inner tile of one function, inlined into it
fn tile<const ROWS: usize, const COLUMNS: usize>(
    a: Matrix<'_>,
    row: usize,
    panel: &[[f32; COLUMNS]],
    c: &mut [f32],
    columns: usize,
    first: usize,
    width: usize,
    accumulate: bool,
) {
    let mut sums = [[0.0f32; COLUMNS]; ROWS];
    if accumulate {
        for (i, line) in sums.iter_mut().enumerate() {
            let start = (row + i) * columns + first;
            copy(&c[start..start + width], line);
        }
    }
    // One check per tile instead of one per element: the last element that will be read.
    if let Some(last) = panel.len().checked_sub(1) {
        assert!((row + ROWS - 1) * a.row_stride + last * a.column_stride < a.data.len());
    }
    for (k, line) in panel.iter().enumerate() {
        for (i, sum) in sums.iter_mut().enumerate() {
            // SAFETY: the largest of these indices was checked above.
            let factor = unsafe { *a.data.get_unchecked((row + i) * a.row_stride + k * a.column_stride) };
            for j in 0..COLUMNS {
                sum[j] += factor * line[j];
            }
        }
    }
    for (i, line) in sums.iter().enumerate() {
        let start = (row + i) * columns + first;
        match <&mut [f32; COLUMNS]>::try_from(&mut c[start..start + width]) {
            Ok(whole) => *whole = *line,
            Err(_) => c[start..start + width].copy_from_slice(&line[..width]),
        }
    }
}

#[inline(always)]
pub(super) fn adam(w: &mut [f32], first: &mut [f32], second: &mut [f32], gradient: &[f32], step: AdamStep) {
    for (((w, m), v), g) in w.iter_mut().zip(first).zip(second).zip(gradient) {
        let g = g + step.weight_decay * *w;
        *m = 0.9 * *m + 0.1 * g;
        *v = 0.999 * *v + 0.001 * (g * g);
        *w -= step.rate * *m / ((*v * step.second_correction).sqrt() + 1e-8);
    }
}

#[inline(always)]
pub(super) fn sigmoids(values: &mut [f32]) {
    for value in values {
        *value = math::sigmoid(*value);
    }
}
