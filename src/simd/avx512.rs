//! AVX-512 with VNNI: four int8 products a lane in one instruction. The rest is the portable kernels, compiled for
//! registers of sixteen floats.

use super::packed::{Call, PANEL};
use super::{AdamStep, DIMENSIONS, Kernels, LANES, Matrix, TILE, portable};
use std::arch::x86_64::*;

pub(super) fn detect() -> Option<Kernels> {
    let has_all = is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512vnni");
    has_all.then_some(AVX512)
}

const AVX512: Kernels = Kernels {
    name: "avx512",
    add_rows,
    add_int4_rows,
    affine,
    dot_i8,
    normalise,
    largest,
    sum_exp_but,
    quantise,
    dot,
    axpy,
    weighted_sum,
    matmul,
    adam,
    sigmoids,
};

/// Defines `unsafe` twins of portable kernels that may use AVX-512 instructions.
macro_rules! for_avx512 {
    ($($name:ident($($argument:ident: $type:ty),*) $(-> $result:ty)? = $kernel:expr;)*) => {$(
        /// # Safety
        /// The CPU has AVX-512 F, BW, DQ, VL and VNNI.
        #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
        unsafe fn $name($($argument: $type),*) $(-> $result)? {
            $kernel($($argument),*)
        }
    )*};
}

for_avx512! {
    add_rows(sums: &mut [i32; DIMENSIONS], table: &[i8], rows: &[u32], weight: i32) = portable::add_rows::<256>;
    add_int4_rows(sums: &mut [i32; DIMENSIONS], table: &[u8], rows: &[u32], weight: i32) = portable::add_int4_rows::<128>;
    dot_i8(a: &[i8; DIMENSIONS], b: &[i8; DIMENSIONS]) -> i32 = portable::dot_i8;
    normalise(sums: &[i32; DIMENSIONS], vector: &mut [f32; DIMENSIONS]) = portable::normalise;
    largest(values: &[f32]) -> usize = portable::largest;
    sum_exp_but(values: &[f32], base: f32, skip: usize) -> f32 = portable::sum_exp_but;
    quantise(values: &[f32], quantised: &mut [i8]) -> f32 = portable::quantise;
    dot(a: &[f32], b: &[f32]) -> f32 = portable::dot;
    axpy(a: f32, x: &[f32], y: &mut [f32]) = portable::axpy;
    weighted_sum(rows: &[f32], entries: &[(u32, f32)], sum: &mut [f32; DIMENSIONS]) = portable::weighted_sum;
    matmul(a: Matrix<'_>, b: Matrix<'_>, c: &mut [f32], columns: usize, inner: usize, accumulate: bool) = portable::matmul::<4, 16>;
    adam(w: &mut [f32], first: &mut [f32], second: &mut [f32], gradient: &[f32], step: AdamStep) = portable::adam;
    sigmoids(values: &mut [f32]) = portable::sigmoids;
}

/// # Safety
/// The CPU has AVX-512 F, BW, DQ, VL and VNNI.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
unsafe fn affine(call: &Call<'_>, outputs: &mut [f32]) {
    // SAFETY: upheld by this function's contract.
    unsafe {
        match call.inputs.len() {
            1 => affine_rows::<1>(call, outputs),
            _ => affine_rows::<TILE>(call, outputs),
        }
    }
}

/// # Safety
/// The CPU has AVX-512 F, BW, DQ, VL and VNNI.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
unsafe fn affine_rows<const ROWS: usize>(call: &Call<'_>, outputs: &mut [f32]) {
    // As unsigned numbers 128 too large, which is what the instruction reads; the offsets take it back.
    let mut inputs = [[0u8; DIMENSIONS]; ROWS];
    for (row, to) in call.inputs.iter().zip(&mut inputs) {
        for (to, &value) in to.iter_mut().zip(row) {
            *to = (value as u8) ^ 0x80;
        }
    }
    let blocks = call.layer.scales.len();
    let mut first = 0;
    while first < blocks {
        // Within a panel, as many blocks together as leave their sums, and for a tile the inputs too, in the 32 registers.
        // SAFETY: the features are this function's own; there are as many blocks left.
        first += unsafe {
            match (blocks - first).min(PANEL - first % PANEL) {
                8.. if ROWS == 1 => tile::<ROWS, 8>(call, first, &inputs, outputs),
                4.. => tile::<ROWS, 4>(call, first, &inputs, outputs),
                2.. => tile::<ROWS, 2>(call, first, &inputs, outputs),
                _ => tile::<ROWS, 1>(call, first, &inputs, outputs),
            }
        };
    }
}

/// The outputs of `COUNT` blocks from `first` on; returns `COUNT`.
///
/// # Safety
/// The CPU has AVX-512 F, BW, DQ, VL and VNNI.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
unsafe fn tile<const ROWS: usize, const COUNT: usize>(
    call: &Call<'_>,
    first: usize,
    inputs: &[[u8; DIMENSIONS]; ROWS],
    outputs: &mut [f32],
) -> usize {
    let (groups, stride) = call.groups(first);
    let mut sums = [[_mm512_setzero_si512(); COUNT]; ROWS];
    // SAFETY: a register is sixteen numbers, which is what an offset and a group are; unaligned loads; `group` stays below
    // `per_block`, which is at most a quarter of DIMENSIONS.
    unsafe {
        for block in 0..COUNT {
            let start = _mm512_loadu_si512(call.layer.offsets[first + block].as_ptr().cast());
            for row in &mut sums {
                row[block] = start;
            }
        }
        for group in 0..call.per_block() {
            let mut four = [_mm512_setzero_si512(); ROWS];
            for (four, input) in four.iter_mut().zip(inputs) {
                *four = _mm512_set1_epi32(input.as_ptr().add(4 * group).cast::<i32>().read_unaligned());
            }
            for block in 0..COUNT {
                let weights = _mm512_load_si512(groups.as_ptr().add(group * stride + block).cast());
                for row in 0..ROWS {
                    sums[row][block] = _mm512_dpbusd_epi32(sums[row][block], four[row], weights);
                }
            }
        }
    }
    for (row, blocks) in sums.into_iter().enumerate() {
        for (block, sums) in blocks.into_iter().enumerate() {
            // SAFETY: a register of sixteen 32-bit numbers.
            let sums: [i32; LANES] = unsafe { std::mem::transmute(sums) };
            call.finish(first + block, row, sums, outputs);
        }
    }
    COUNT
}
