//! AVX2: the portable kernels compiled for it, and hand-written int8 layers.

use super::packed::{Call, PANEL};
use super::{Kernels, LANES, TILE};
use std::arch::x86_64::*;

pub(super) fn detect() -> Option<Kernels> {
    is_x86_feature_detected!("avx2").then_some(AVX2)
}

recompiled! { features: "avx2", columns: 128, tile: 4 x 16 }

const AVX2: Kernels = Kernels { name: "avx2", affine, ..recompiled::SET };

/// # Safety
/// The CPU must have AVX2.
#[target_feature(enable = "avx2")]
unsafe fn affine(call: &Call<'_>, outputs: &mut [f32]) {
    let blocks = call.layer.scales.len();
    let mut first = 0;
    while first < blocks {
        // SAFETY: upheld by this function's contract; at least that many blocks are left.
        first += unsafe {
            let left = (blocks - first).min(PANEL - first % PANEL);
            match (call.layer.is_narrow, call.inputs.len(), left) {
                (false, 1, 4..) => tile::<1, 4>(call, first, outputs),
                (false, 1, _) => tile::<1, 1>(call, first, outputs),
                (false, ..) => tile::<TILE, 1>(call, first, outputs),
                (true, 1, 2..) => narrow_tile::<1, 2>(call, first, outputs),
                (true, 1, _) => narrow_tile::<1, 1>(call, first, outputs),
                (true, ..) => narrow_tile::<TILE, 1>(call, first, outputs),
            }
        };
    }
}

/// Computes the outputs of `COUNT` blocks from `first` on. Returns `COUNT`. Products of two pairs
/// of int8 values are added in 16 bits without overflow: weights and activations are in -127..=127,
/// and 2 * 127 * 127 < 2^15.
///
/// # Safety
/// The CPU must have AVX2.
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
    // SAFETY: a group is two registers of weights; the load may be unaligned; `group` is less than
    // `per_block`, which is at most a quarter of DIMENSIONS.
    unsafe {
        for group in 0..call.per_block() {
            for (input, sums) in call.inputs.iter().zip(&mut sums) {
                let four = input.as_ptr().add(4 * group).cast::<i32>().read_unaligned();
                // The instruction multiplies unsigned by signed values, so the sign moves to the
                // weights.
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
    // By reference: moving them out of the array would copy the registers through memory twice.
    for (row, blocks) in sums.iter().enumerate() {
        for (block, sums) in blocks.iter().enumerate() {
            // SAFETY: two registers of eight 32-bit values.
            let sums: [i32; LANES] = unsafe { std::mem::transmute(*sums) };
            call.finish(first + block, row, sums, outputs);
        }
    }
    COUNT
}

/// As [`tile`] for an int4 layer. The products of eight inputs sum to at most 4 * 15 * 127, and 16
/// bits hold four such groups.
///
/// # Safety
/// The CPU must have AVX2, and the layer must be int4.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn narrow_tile<const ROWS: usize, const COUNT: usize>(
    call: &Call<'_>,
    first: usize,
    outputs: &mut [f32],
) -> usize {
    const TOGETHER: usize = 4;
    let (groups, stride) = call.groups(first);
    let (ones, lower) = (_mm256_set1_epi16(1), _mm256_set1_epi8(15));
    let mut sums = [[[_mm256_setzero_si256(); 2]; COUNT]; ROWS];
    for some in (0..call.per_block()).step_by(TOGETHER) {
        let mut products = [[[_mm256_setzero_si256(); 2]; COUNT]; ROWS];
        // SAFETY: a group is two registers of weights; the loads may be unaligned; `group` is less
        // than `per_block`, which is at most an eighth of DIMENSIONS.
        unsafe {
            for group in some..call.per_block().min(some + TOGETHER) {
                for block in 0..COUNT {
                    let pairs = groups.as_ptr().add(group * stride + block).cast::<__m256i>();
                    for half in 0..2 {
                        let pairs = _mm256_load_si256(pairs.add(half));
                        let low = _mm256_and_si256(pairs, lower);
                        let high = _mm256_and_si256(_mm256_srli_epi16::<4>(pairs), lower);
                        for (input, products) in call.inputs.iter().zip(&mut products) {
                            let input = input.as_ptr().add(8 * group).cast::<i32>();
                            let of_low = _mm256_maddubs_epi16(low, _mm256_set1_epi32(input.read_unaligned()));
                            let input = input.add(1);
                            let of_high =
                                _mm256_maddubs_epi16(high, _mm256_set1_epi32(input.read_unaligned()));
                            let product = &mut products[block][half];
                            *product = _mm256_add_epi16(*product, _mm256_add_epi16(of_low, of_high));
                        }
                    }
                }
            }
        }
        for (sums, products) in sums.as_flattened_mut().iter_mut().zip(products.as_flattened()) {
            for (sum, products) in sums.iter_mut().zip(products) {
                *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(*products, ones));
            }
        }
    }
    // By reference: moving them out of the array would copy the registers through memory twice.
    for ((number, row), blocks) in call.inputs.iter().enumerate().zip(&sums) {
        let excess = _mm256_set1_epi32(call.excess(row));
        for (block, sums) in blocks.iter().enumerate() {
            let exact = [_mm256_sub_epi32(sums[0], excess), _mm256_sub_epi32(sums[1], excess)];
            // SAFETY: two registers of eight 32-bit values.
            let sums: [i32; LANES] = unsafe { std::mem::transmute(exact) };
            call.finish(first + block, number, sums, outputs);
        }
    }
    COUNT
}
