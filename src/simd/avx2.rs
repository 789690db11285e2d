//! AVX2: the portable kernels compiled for its registers, so the bits are the same by construction (Rust never contracts a
//! multiplication and an addition, and vector lanes are independent sums), and the int8 layers by hand.

use super::packed::{Call, PANEL};
use super::{AdamStep, DIMENSIONS, Kernels, LANES, Matrix, TILE, portable};
use std::arch::x86_64::*;

pub(super) fn detect() -> Option<Kernels> {
    is_x86_feature_detected!("avx2").then_some(AVX2)
}

const AVX2: Kernels = Kernels {
    name: "avx2",
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

/// Defines `unsafe` twins of portable kernels that may use AVX2 instructions.
macro_rules! for_avx2 {
    ($($name:ident($($argument:ident: $type:ty),*) $(-> $result:ty)? = $kernel:expr;)*) => {$(
        /// # Safety
        /// The CPU has AVX2.
        #[target_feature(enable = "avx2")]
        unsafe fn $name($($argument: $type),*) $(-> $result)? {
            $kernel($($argument),*)
        }
    )*};
}

for_avx2! {
    add_rows(sums: &mut [i32; DIMENSIONS], table: &[i8], rows: &[u32], weight: i32) = portable::add_rows::<128>;
    add_int4_rows(sums: &mut [i32; DIMENSIONS], table: &[u8], rows: &[u32], weight: i32) = portable::add_int4_rows::<128>;
    dot_i8(a: &[i8; DIMENSIONS], b: &[i8; DIMENSIONS]) -> i32 = portable::dot_i8;
    normalise(sums: &[i32; DIMENSIONS], vector: &mut [f32; DIMENSIONS]) = portable::normalise;
    largest(values: &[f32]) -> usize = portable::largest;
    sum_exp_but(values: &[f32], base: f32, skip: usize) -> f32 = portable::sum_exp_but;
    quantise(values: &[f32], quantised: &mut [i8]) -> f32 = portable::quantise;
    dot(a: &[f32], b: &[f32]) -> f32 = portable::dot;
    axpy(a: f32, x: &[f32], y: &mut [f32]) = portable::axpy;
    weighted_sum(rows: &[f32], entries: &[(u32, f32)], sum: &mut [f32; DIMENSIONS]) = portable::weighted_sum;
    matmul(a: Matrix<'_>, b: Matrix<'_>, c: &mut [f32], columns: usize, inner: usize, accumulate: bool, packed: &mut Vec<f32>) = portable::matmul::<4, 16>;
    adam(w: &mut [f32], first: &mut [f32], second: &mut [f32], gradient: &[f32], step: AdamStep) = portable::adam;
    sigmoids(values: &mut [f32]) = portable::sigmoids;
}

/// # Safety
/// The CPU has AVX2.
#[target_feature(enable = "avx2")]
unsafe fn affine(call: &Call<'_>, outputs: &mut [f32]) {
    let blocks = call.layer.scales.len();
    let mut first = 0;
    while first < blocks {
        // SAFETY: upheld by this function's contract; there are as many blocks left.
        first += unsafe {
            match (call.inputs.len(), (blocks - first).min(PANEL - first % PANEL)) {
                (1, 4..) => tile::<1, 4>(call, first, outputs),
                (1, _) => tile::<1, 1>(call, first, outputs),
                _ => tile::<TILE, 1>(call, first, outputs),
            }
        };
    }
}

/// The outputs of `COUNT` blocks from `first` on; returns `COUNT`. Products of two pairs of int8 numbers are added in 16 bits,
/// which hold them: weights and activations are in -127..=127, and 2 * 127 * 127 < 2^15.
///
/// # Safety
/// The CPU has AVX2.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn tile<const ROWS: usize, const COUNT: usize>(
    call: &Call<'_>,
    first: usize,
    outputs: &mut [f32],
) -> usize {
    let (groups, stride) = call.groups(first);
    let ones = _mm256_set1_epi16(1);
    let mut sums = [[[_mm256_setzero_si256(); 2]; COUNT]; ROWS];
    // SAFETY: a group is two registers of weights; an unaligned load; `group` stays below `per_block`, which is at most a
    // quarter of DIMENSIONS.
    unsafe {
        for group in 0..call.per_block() {
            for (input, sums) in call.inputs.iter().zip(&mut sums) {
                let four = input.as_ptr().add(4 * group).cast::<i32>().read_unaligned();
                // The instruction multiplies unsigned by signed numbers, so the sign goes over to the weights.
                let signed = _mm256_set1_epi32(four);
                let unsigned = _mm256_abs_epi8(signed);
                for (block, sums) in sums.iter_mut().enumerate() {
                    let weights = groups.as_ptr().add(group * stride + block).cast::<__m256i>();
                    for (half, sum) in sums.iter_mut().enumerate() {
                        let weights = _mm256_sign_epi8(_mm256_load_si256(weights.add(half)), signed);
                        let products = _mm256_madd_epi16(_mm256_maddubs_epi16(unsigned, weights), ones);
                        *sum = _mm256_add_epi32(*sum, products);
                    }
                }
            }
        }
    }
    for (row, blocks) in sums.into_iter().enumerate() {
        for (block, sums) in blocks.into_iter().enumerate() {
            // SAFETY: two registers of eight 32-bit numbers.
            let sums: [i32; LANES] = unsafe { std::mem::transmute(sums) };
            call.finish(first + block, row, sums, outputs);
        }
    }
    COUNT
}
