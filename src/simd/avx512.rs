//! AVX-512: the portable kernels compiled for it, and hand-written ones where the compiler doesn't
//! keep values in registers. Multiplications and additions stay separate, in the portable order.

use super::vnni::affine;
use super::{Kernels, LANES, Matrix, Product, portable, prefetch};
use crate::shape::DIMENSIONS;
use std::arch::x86_64::*;

pub(super) fn detect() -> Option<Kernels> {
    let has_all = is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512vnni");
    has_all.then_some(AVX512)
}

recompiled! { features: "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni", columns: 256, tile: 4 x 16 }

const AVX512: Kernels = Kernels { name: "avx512", affine, weighted_sum, matmul, ..recompiled::SET };

/// Number of rows prefetched ahead: row addresses look random to the CPU, and the table is larger
/// than its near caches.
const AHEAD: usize = 4;

/// Keeps the whole sum in registers and reads each row once.
#[target_feature(enable = "avx512f")]
fn weighted_sum(rows: &[f32], entries: &[(u32, f32)], sum: &mut [f32; DIMENSIONS]) {
    let row = |number: u32| &rows[number as usize * DIMENSIONS..][..DIMENSIONS];
    let mut sums = [_mm512_setzero_ps(); DIMENSIONS / LANES];
    for (i, &(number, weight)) in entries.iter().enumerate() {
        if let Some(&(soon, _)) = entries.get(i + AHEAD) {
            prefetch(row(soon));
        }
        let weight = _mm512_set1_ps(weight);
        for (sum, values) in sums.iter_mut().zip(row(number).as_chunks().0) {
            *sum = _mm512_add_ps(*sum, _mm512_mul_ps(weight, load(values)));
        }
    }
    for (to, sum) in sum.as_chunks_mut().0.iter_mut().zip(sums) {
        store(to, sum);
    }
}

/// Computes tiles of 16 x 16 sums, one register per row. With one column of registers, the
/// multiplication itself can broadcast a factor; with more, a separate broadcast costs a third of
/// the speed.
#[target_feature(enable = "avx512f")]
fn matmul(product: Product<'_>, c: &mut [f32], packed: &mut Vec<f32>) {
    let Product { a, b, columns, inner, accumulate } = product;
    let rows = c.len() / columns;
    let (panel, strips) = portable::buffers(packed, inner * LANES, rows.next_multiple_of(LANES) * inner);
    let strip = |i: usize| i * LANES * inner..(i + 1) * LANES * inner;
    for i in 0..rows.div_ceil(LANES) {
        if in_place(a, i * LANES, rows).is_none() {
            let packed = strips[strip(i)].as_chunks_mut().0;
            pack(a, i * LANES, LANES.min(rows - i * LANES), packed);
        }
    }
    let b = Matrix { data: b.data, row_stride: b.column_stride, column_stride: b.row_stride };
    for first in (0..columns).step_by(LANES) {
        let width = LANES.min(columns - first);
        if in_place(b, first, columns).is_none() {
            pack(b, first, width, panel.as_chunks_mut().0);
        }
        let lines = in_place(b, first, columns).unwrap_or(Lines { data: panel, step: LANES });
        for (i, c) in c.chunks_mut(LANES * columns).enumerate() {
            let packed = Lines { data: &strips[strip(i)], step: LANES };
            let factors = in_place(a, i * LANES, rows).unwrap_or(packed);
            tile(factors, lines, inner, &mut c[first..], columns, width, accumulate);
        }
    }
}

/// Contiguous lines of sixteen values, one for each `k`.
#[derive(Clone, Copy)]
struct Lines<'a> {
    data: &'a [f32],
    step: usize,
}

impl<'a> Lines<'a> {
    #[inline(always)]
    fn line(self, k: usize) -> &'a [f32; LANES] {
        let start = k * self.step;
        // A slice of sixteen is always an array of sixteen.
        self.data[start..start + LANES].first_chunk().unwrap_or(&[0.0; LANES])
    }
}

/// Returns sixteen rows of a matrix with `rows` rows, if they need no packing.
fn in_place(matrix: Matrix<'_>, first: usize, rows: usize) -> Option<Lines<'_>> {
    let whole = matrix.row_stride == 1 && first + LANES <= rows;
    whole.then(|| Lines { data: matrix.data.get(first..).unwrap_or_default(), step: matrix.column_stride })
}

/// Computes the sums of one tile over all `k`.
#[inline]
#[target_feature(enable = "avx512f")]
fn tile(
    factors: Lines<'_>,
    lines: Lines<'_>,
    inner: usize,
    c: &mut [f32],
    columns: usize,
    width: usize,
    accumulate: bool,
) {
    let mask = (u32::MAX >> (32 - width)) as __mmask16;
    let mut sums = [_mm512_setzero_ps(); LANES];
    if accumulate {
        for (sum, line) in sums.iter_mut().zip(c.chunks(columns)) {
            let line = &line[..width];
            // SAFETY: the mask limits the load to the line's length.
            *sum = unsafe { _mm512_maskz_loadu_ps(mask, line.as_ptr()) };
        }
    }
    for k in 0..inner {
        let (factors, line) = (factors.line(k), load(lines.line(k)));
        for i in 0..LANES {
            sums[i] = _mm512_add_ps(sums[i], _mm512_mul_ps(_mm512_set1_ps(factors[i]), line));
        }
    }
    for (sum, line) in sums.iter().zip(c.chunks_mut(columns)) {
        let line = &mut line[..width];
        // SAFETY: the mask limits the store to the line's length.
        unsafe { _mm512_mask_storeu_ps(line.as_mut_ptr(), mask, *sum) };
    }
}

/// As [`portable::pack`]. Transposes rows that are contiguous in memory in registers.
#[target_feature(enable = "avx512f")]
fn pack(matrix: Matrix<'_>, first: usize, count: usize, packed: &mut [[f32; LANES]]) {
    if matrix.row_stride == 1 || matrix.column_stride != 1 {
        return portable::pack(matrix, first, count, packed);
    }
    let (squares, rest) = packed.as_chunks_mut::<LANES>();
    let whole = squares.len() * LANES;
    for (k, square) in squares.iter_mut().enumerate() {
        let mut rows = [_mm512_setzero_ps(); LANES];
        for (i, row) in rows[..count].iter_mut().enumerate() {
            let start = (first + i) * matrix.row_stride + k * LANES;
            if let Some(values) = matrix.data[start..start + LANES].first_chunk() {
                *row = load(values);
            }
        }
        for (to, column) in square.iter_mut().zip(transposed(rows)) {
            store(to, column);
        }
    }
    let data = matrix.data.get(whole..).unwrap_or_default();
    portable::pack(Matrix { data, ..matrix }, first, count, rest);
}

/// Transposes rows to columns: 2 x 2 and 4 x 4 values within quarters of the registers, then the
/// quarters.
#[inline]
#[target_feature(enable = "avx512f")]
fn transposed(rows: [__m512; LANES]) -> [__m512; LANES] {
    let mut pairs = rows;
    let mut fours = rows;
    let mut columns = rows;
    for i in (0..LANES).step_by(2) {
        pairs[i] = _mm512_unpacklo_ps(rows[i], rows[i + 1]);
        pairs[i + 1] = _mm512_unpackhi_ps(rows[i], rows[i + 1]);
    }
    for i in (0..LANES).step_by(4) {
        let [a, b, c, d] = [0, 1, 2, 3].map(|j| _mm512_castps_pd(pairs[i + j]));
        fours[i] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, c));
        fours[i + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, c));
        fours[i + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(b, d));
        fours[i + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(b, d));
    }
    for i in 0..4 {
        // Quarters 0 and 2, or 1 and 3, of two registers.
        let even = |x, y| _mm512_shuffle_f32x4::<0b10_00_10_00>(x, y);
        let odd = |x, y| _mm512_shuffle_f32x4::<0b11_01_11_01>(x, y);
        let (top, bottom) = ([fours[i], fours[4 + i]], [fours[8 + i], fours[12 + i]]);
        columns[i] = even(even(top[0], top[1]), even(bottom[0], bottom[1]));
        columns[4 + i] = even(odd(top[0], top[1]), odd(bottom[0], bottom[1]));
        columns[8 + i] = odd(even(top[0], top[1]), even(bottom[0], bottom[1]));
        columns[12 + i] = odd(odd(top[0], top[1]), odd(bottom[0], bottom[1]));
    }
    columns
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load(values: &[f32; LANES]) -> __m512 {
    // SAFETY: the reference guarantees sixteen floats; no alignment is needed.
    unsafe { _mm512_loadu_ps(values.as_ptr()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn store(to: &mut [f32; LANES], values: __m512) {
    // SAFETY: as in `load`.
    unsafe { _mm512_storeu_ps(to.as_mut_ptr(), values) }
}
