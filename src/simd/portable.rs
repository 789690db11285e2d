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

/// Tiles of `ROWS` x `COLUMNS` sums in registers. Both matrices are packed first, so that the inner loop reads straight
/// on; what a tile has past the edge is zeros, which no other sum sees.
#[inline(always)]
pub(super) fn matmul<const ROWS: usize, const COLUMNS: usize>(
    a: Matrix<'_>,
    b: Matrix<'_>,
    c: &mut [f32],
    columns: usize,
    inner: usize,
    accumulate: bool,
    packed: &mut Vec<f32>,
) {
    let rows = c.len() / columns;
    let (panel, strips) = buffers(packed, inner * COLUMNS, rows.div_ceil(ROWS) * inner * ROWS);
    let ((panel, _), (strips, _)) = (panel.as_chunks_mut(), strips.as_chunks_mut());
    for first in (0..rows).step_by(ROWS) {
        pack(a, first, ROWS.min(rows - first), &mut strips[first / ROWS * inner..][..inner]);
    }
    let transposed = Matrix { data: b.data, row_stride: b.column_stride, column_stride: b.row_stride };
    for first in (0..columns).step_by(COLUMNS) {
        let width = COLUMNS.min(columns - first);
        pack(transposed, first, width, panel);
        for (i, lines) in c.chunks_mut(ROWS * columns).enumerate() {
            let mut sums = [[0.0f32; COLUMNS]; ROWS];
            if accumulate {
                for (sum, line) in sums.iter_mut().zip(lines.chunks(columns)) {
                    copy(&line[first..first + width], sum);
                }
            }
            sums = tile(&strips[i * inner..][..inner], panel, sums);
            for (sum, line) in sums.iter().zip(lines.chunks_mut(columns)) {
                match <&mut [f32; COLUMNS]>::try_from(&mut line[first..first + width]) {
                    Ok(whole) => *whole = *sum,
                    Err(_) => line[first..first + width].copy_from_slice(&sum[..width]),
                }
            }
        }
    }
}

/// Two buffers of these lengths in one; what they hold is left over from before.
pub(super) fn buffers(scratch: &mut Vec<f32>, first: usize, second: usize) -> (&mut [f32], &mut [f32]) {
    if scratch.len() < first + second {
        scratch.resize(first + second, 0.0);
    }
    scratch[..first + second].split_at_mut(first)
}

/// The sums of one tile over all `k`, in registers: by value and with constant bounds, or the compiler leaves them in
/// memory, which is six times slower.
#[inline(always)]
fn tile<const ROWS: usize, const COLUMNS: usize>(
    strip: &[[f32; ROWS]],
    panel: &[[f32; COLUMNS]],
    mut sums: [[f32; COLUMNS]; ROWS],
) -> [[f32; COLUMNS]; ROWS] {
    for (factors, line) in strip.iter().zip(panel) {
        for i in 0..ROWS {
            for j in 0..COLUMNS {
                sums[i][j] += factors[i] * line[j];
            }
        }
    }
    sums
}

/// Packs rows `first..first + count` of a matrix column by column: `packed[k][i]` is its element `(first + i, k)`.
#[inline(always)]
pub(super) fn pack<const WIDTH: usize>(
    matrix: Matrix<'_>,
    first: usize,
    count: usize,
    packed: &mut [[f32; WIDTH]],
) {
    if matrix.row_stride == 1 {
        for (k, line) in packed.iter_mut().enumerate() {
            let start = k * matrix.column_stride + first;
            copy(&matrix.data[start..start + count], line);
            line[count..].fill(0.0);
        }
        return;
    }
    for i in 0..WIDTH {
        if i >= count {
            packed.iter_mut().for_each(|line| line[i] = 0.0);
            continue;
        }
        // Reads along the row, which is where the matrix is contiguous.
        let row = &matrix.data[(first + i) * matrix.row_stride..];
        for (k, line) in packed.iter_mut().enumerate() {
            line[i] = row[k * matrix.column_stride];
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
pub(super) fn adam(w: &mut [f32], first: &mut [f32], second: &mut [f32], gradient: &[f32], step: AdamStep) {
    for (((w, m), v), g) in w.iter_mut().zip(first).zip(second).zip(gradient) {
        *m = 0.9 * *m + 0.1 * g;
        *v = 0.999 * *v + 0.001 * (g * g);
        *w -= step.rate * *m / ((*v * step.second_correction).sqrt() + 1e-8) + step.decay * *w;
    }
}

#[inline(always)]
pub(super) fn sigmoids(values: &mut [f32]) {
    for value in values {
        *value = math::sigmoid(*value);
    }
}
