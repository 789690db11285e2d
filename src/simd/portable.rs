//! The portable kernels: plain Rust without intrinsics, the oracle for every other set.
//!
//! A compiler can vectorise them without reordering anything. They are inlined into the other sets,
//! which compile the same lines for wider registers.

use super::packed::Call;
use super::{AdamStep, Kernels, LANES, Matrix, Product, math};
use crate::shape::{DIMENSIONS, HALF};

pub(super) const KERNELS: Kernels = Kernels {
    name: "portable",
    add_rows: add_rows::<64>,
    add_int4_rows: add_int4_rows::<64>,
    affine,
    dot_i8,
    normalise,
    largest,
    sum_exp_but,
    quantise,
    dot,
    axpy,
    weighted_sum,
    matmul: matmul::<4, 8>,
    adam,
    sigmoids,
};

/// Keeps `COLUMNS` sums in registers while it reads all rows.
#[inline(always)]
pub(super) fn add_rows<const COLUMNS: usize>(
    sums: &mut [i32; DIMENSIONS],
    table: &[i8],
    rows: &[u32],
    weight: i32,
) {
    let (table, _) = table.as_chunks::<DIMENSIONS>();
    // Sums of up to 256 rows fit an i16 (256 * 127 < 2^15), which doubles the number of lanes.
    for some in rows.chunks(256) {
        for (block, sums) in sums.as_chunks_mut::<COLUMNS>().0.iter_mut().enumerate() {
            let mut part = [0i16; COLUMNS];
            for &row in some {
                let values = &table[row as usize].as_chunks::<COLUMNS>().0[block];
                for j in 0..COLUMNS {
                    part[j] += i16::from(values[j]);
                }
            }
            for j in 0..COLUMNS {
                sums[j] = sums[j].wrapping_add(i32::from(part[j]).wrapping_mul(weight));
            }
        }
    }
}

/// As [`add_rows`], for rows of two 4-bit values per byte, `BYTES` bytes at a time. Sums of up to
/// sixteen rows fit a byte (16 * 15 < 2^8), which gives four times as many lanes as 32 bits. The 8
/// added to each value is subtracted at the end.
#[inline(always)]
pub(super) fn add_int4_rows<const BYTES: usize>(
    sums: &mut [i32; DIMENSIONS],
    table: &[u8],
    rows: &[u32],
    weight: i32,
) {
    let (table, _) = table.as_chunks::<HALF>();
    for some in rows.chunks(256) {
        for block in 0..HALF / BYTES {
            let (mut low, mut high) = ([0u16; BYTES], [0u16; BYTES]);
            for few in some.chunks(16) {
                let (mut low_bytes, mut high_bytes) = ([0u8; BYTES], [0u8; BYTES]);
                for &row in few {
                    let bytes = &table[row as usize].as_chunks::<BYTES>().0[block];
                    for j in 0..BYTES {
                        low_bytes[j] += bytes[j] & 15;
                        high_bytes[j] += bytes[j] >> 4;
                    }
                }
                for j in 0..BYTES {
                    low[j] += u16::from(low_bytes[j]);
                    high[j] += u16::from(high_bytes[j]);
                }
            }
            let too_large = 8 * some.len() as i32;
            for (half, part) in [low, high].into_iter().enumerate() {
                let sums = &mut sums[half * HALF..].as_chunks_mut::<BYTES>().0[block];
                for j in 0..BYTES {
                    let sum = (i32::from(part[j]) - too_large).wrapping_mul(weight);
                    sums[j] = sums[j].wrapping_add(sum);
                }
            }
        }
    }
}

#[inline(always)]
pub(super) fn affine(call: &Call<'_>, outputs: &mut [f32]) {
    for block in 0..call.layer.scales.len() {
        for (number, row) in call.inputs.iter().enumerate() {
            let mut sums = [0; LANES];
            let (groups, stride) = call.groups(block);
            let groups = groups.iter().step_by(stride).take(call.per_block());
            if call.layer.is_narrow {
                for (group, eight) in groups.zip(row.as_chunks::<8>().0) {
                    for (sum, pairs) in sums.iter_mut().zip(&group.0) {
                        for k in 0..4 {
                            *sum += i32::from(pairs[k] & 15) * i32::from(eight[k]);
                            *sum += i32::from(pairs[k] as u8 >> 4) * i32::from(eight[4 + k]);
                        }
                    }
                }
                let excess = call.excess(row);
                sums.iter_mut().for_each(|sum| *sum -= excess);
            } else {
                for (group, four) in groups.zip(row.as_chunks::<4>().0) {
                    for (sum, weights) in sums.iter_mut().zip(&group.0) {
                        *sum += (0..4).map(|k| i32::from(weights[k]) * i32::from(four[k])).sum::<i32>();
                    }
                }
            }
            call.finish(block, number, sums, outputs);
        }
    }
}

#[inline(always)]
pub(super) fn dot_i8(a: &[i8; DIMENSIONS], b: &[i8; DIMENSIONS]) -> i32 {
    a.iter().zip(b).map(|(&a, &b)| i32::from(a) * i32::from(b)).sum()
}

#[inline(always)]
pub(super) fn normalise(sums: &[i32; DIMENSIONS], vector: &mut [f32; DIMENSIONS]) {
    for (value, &sum) in vector.iter_mut().zip(sums) {
        *value = sum as f32;
    }
    let norm = dot(vector, vector).sqrt();
    if norm > 0.0 {
        let reciprocal = 1.0 / norm;
        vector.iter_mut().for_each(|value| *value *= reciprocal);
    }
}

/// `Σ e^(value - base)` in the lane order of [`dot`], without the value at index `skip`.
#[inline(always)]
pub(super) fn sum_exp_but(values: &[f32], base: f32, skip: usize) -> f32 {
    let mut lanes = [0.0f32; LANES];
    let mut block = |some: &[f32; LANES], first: usize, count: usize| {
        for (i, (lane, value)) in lanes.iter_mut().zip(some).enumerate() {
            let term = math::exp(value - base);
            *lane += if i >= count || first + i == skip { 0.0 } else { term };
        }
    };
    let (whole, rest) = values.as_chunks::<LANES>();
    for (number, some) in whole.iter().enumerate() {
        block(some, number * LANES, LANES);
    }
    let mut last = [base; LANES];
    last[..rest.len()].copy_from_slice(rest);
    block(&last, values.len() - rest.len(), rest.len());
    tree(lanes, |a, b| a + b)
}

/// Returns the index of the first largest value. Ignores NaNs. Returns 0 if all values are NaN.
#[inline(always)]
pub(super) fn largest(values: &[f32]) -> usize {
    let mut lanes = [f32::NEG_INFINITY; LANES];
    let (whole, rest) = values.as_chunks::<LANES>();
    for some in whole {
        for i in 0..LANES {
            lanes[i] = if some[i] > lanes[i] { some[i] } else { lanes[i] };
        }
    }
    for (lane, &value) in lanes.iter_mut().zip(rest) {
        *lane = if value > *lane { value } else { *lane };
    }
    let largest = tree(lanes, |a, b| if b > a { b } else { a });
    // Sixteen comparisons at once, then one by one in the block found.
    let holds = |some: &[f32; LANES]| {
        let mut any = false;
        for value in some {
            any |= *value == largest;
        }
        any
    };
    let before = LANES * whole.iter().take_while(|some| !holds(some)).count();
    values[before..].iter().position(|&value| value == largest).map_or(0, |place| before + place)
}

#[inline(always)]
pub(super) fn quantise(values: &[f32], quantised: &mut [i8]) -> f32 {
    const ROUND: f32 = 12_582_912.0;
    let mut largest = [0.0f32; LANES];
    let (whole, rest) = values.as_chunks::<LANES>();
    for some in whole {
        for i in 0..LANES {
            let size = some[i].abs();
            largest[i] = if size > largest[i] { size } else { largest[i] };
        }
    }
    for (lane, value) in largest.iter_mut().zip(rest) {
        let size = value.abs();
        *lane = if size > *lane { size } else { *lane };
    }
    let largest = tree(largest, |a, b| if b > a { b } else { a });
    // 127 / largest might overflow. A network can't tell such values from zero.
    if largest < 1e-30 {
        quantised.fill(0);
        return 0.0;
    }
    let scale = largest / 127.0;
    let inverse = 127.0 / largest;
    for (to, value) in quantised.iter_mut().zip(values) {
        // The lowest bits of this sum are the rounded integer.
        *to = (value * inverse + ROUND).to_bits() as i8;
    }
    scale
}

/// The fixed order of float sums: lane `i % 16`, then a tree over the lanes.
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
    tree(lanes, |a, b| a + b)
}

/// Reduces all lanes to one value. Unrolled with constant lengths: the compiler would not vectorise
/// a loop over the steps.
#[inline(always)]
fn tree(lanes: [f32; LANES], of_two: impl Fn(f32, f32) -> f32) -> f32 {
    let (mut eight, mut four, mut two) = ([0.0; 8], [0.0; 4], [0.0; 2]);
    for i in 0..8 {
        eight[i] = of_two(lanes[i], lanes[i + 8]);
    }
    for i in 0..4 {
        four[i] = of_two(eight[i], eight[i + 4]);
    }
    for i in 0..2 {
        two[i] = of_two(four[i], four[i + 2]);
    }
    of_two(two[0], two[1])
}

#[inline(always)]
pub(super) fn axpy(a: f32, x: &[f32], y: &mut [f32]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += a * x;
    }
}

#[inline(always)]
pub(super) fn weighted_sum(rows: &[f32], entries: &[(u32, f32)], sum: &mut [f32; DIMENSIONS]) {
    // A block of the sum stays in registers while all rows are read.
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

/// Computes tiles of `ROWS` x `COLUMNS` sums in registers. Both matrices are packed first, so that
/// the inner loop reads sequentially. Tiles are padded with zeros past the edge, which affect no
/// other sum.
#[inline(always)]
pub(super) fn matmul<const ROWS: usize, const COLUMNS: usize>(
    product: Product<'_>,
    c: &mut [f32],
    packed: &mut Vec<f32>,
) {
    let Product { a, b, columns, inner, accumulate } = product;
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

/// Returns two buffers of these lengths from one. Their contents are undefined.
pub(super) fn buffers(scratch: &mut Vec<f32>, first: usize, second: usize) -> (&mut [f32], &mut [f32]) {
    if scratch.len() < first + second {
        scratch.resize(first + second, 0.0);
    }
    scratch[..first + second].split_at_mut(first)
}

/// Computes the sums of one tile over all `k`. Takes them by value and with constant bounds to keep
/// them in registers: in memory they are six times slower.
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

/// Packs rows `first..first + count` of a matrix column by column: `packed[k][i]` is its element
/// `(first + i, k)`.
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
        // Reads along the row, where the matrix is contiguous.
        let row = &matrix.data[(first + i) * matrix.row_stride..];
        for (k, line) in packed.iter_mut().enumerate() {
            line[i] = row[k * matrix.column_stride];
        }
    }
}

/// Copies into the front of `to`. Whole lines, nearly all of them, are copied without `memmove`.
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
