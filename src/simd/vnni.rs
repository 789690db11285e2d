//! Int8 layers with the dot-product instruction of AVX-512 VNNI: four products per lane at once.

use super::packed::{Activations, Call, PANEL};
use super::{LANES, TILE};
use crate::shape::DIMENSIONS;
use std::arch::x86_64::*;

/// # Safety
/// The CPU must have AVX-512 F, BW, DQ, VL and VNNI.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
pub(super) unsafe fn affine(call: &Call<'_>, outputs: &mut [f32]) {
    // SAFETY: upheld by this function's contract.
    unsafe {
        match (call.layer.is_narrow, call.inputs.len()) {
            (false, 1) => affine_rows::<1>(call, outputs),
            (false, _) => affine_rows::<TILE>(call, outputs),
            (true, 1) => narrow_rows::<1>(call, outputs),
            (true, _) => narrow_rows::<TILE>(call, outputs),
        }
    }
}

/// # Safety
/// The CPU must have AVX-512 F, BW, DQ, VL and VNNI.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
unsafe fn affine_rows<const ROWS: usize>(call: &Call<'_>, outputs: &mut [f32]) {
    // The instruction reads unsigned values, so 128 is added to each input; the offsets subtract it
    // again.
    let mut inputs = [[0u8; DIMENSIONS]; ROWS];
    for (row, to) in call.inputs.iter().zip(&mut inputs) {
        for (to, &value) in to.iter_mut().zip(row) {
            *to = (value as u8) ^ 0x80;
        }
    }
    let blocks = call.layer.scales.len();
    let mut first = 0;
    while first < blocks {
        // Processes as many blocks of a panel together as fit the 32 registers with their sums and,
        // for a tile, the inputs.
        // SAFETY: the features are this function's own; at least that many blocks are left.
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

/// Computes the outputs of `COUNT` blocks from `first` on. Returns `COUNT`.
///
/// # Safety
/// The CPU must have AVX-512 F, BW, DQ, VL and VNNI.
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
    // SAFETY: an offset and a group are one register of sixteen values each; the loads may be
    // unaligned; `group` is less than `per_block`, which is at most a quarter of DIMENSIONS.
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
                for (sums, four) in sums.iter_mut().zip(four) {
                    sums[block] = _mm512_dpbusd_epi32(sums[block], four, weights);
                }
            }
        }
    }
    // By reference: moving them out of the array would copy the registers through memory twice.
    for (row, blocks) in sums.iter().enumerate() {
        for (block, sums) in blocks.iter().enumerate() {
            // SAFETY: a register of sixteen 32-bit values.
            let sums: [i32; LANES] = unsafe { std::mem::transmute(*sums) };
            call.finish(first + block, row, sums, outputs);
        }
    }
    COUNT
}

static NOTHING: Activations = [0; DIMENSIONS];

/// # Safety
/// The CPU must have AVX-512 F, BW, DQ, VL and VNNI, and the layer must be int4.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
unsafe fn narrow_rows<const ROWS: usize>(call: &Call<'_>, outputs: &mut [f32]) {
    let mut inputs = [&NOTHING; ROWS];
    let mut excess = [0; ROWS];
    for ((row, to), excess) in call.inputs.iter().zip(&mut inputs).zip(&mut excess) {
        *to = row;
        *excess = call.excess(row);
    }
    let blocks = call.layer.scales.len();
    let mut first = 0;
    while first < blocks {
        // SAFETY: the features are this function's own; at least that many blocks are left.
        first += unsafe {
            match (blocks - first).min(PANEL - first % PANEL) {
                8.. if ROWS == 1 => narrow_tile::<ROWS, 8>(call, first, inputs, excess, outputs),
                4.. if ROWS == 1 => narrow_tile::<ROWS, 4>(call, first, inputs, excess, outputs),
                2.. => narrow_tile::<ROWS, 2>(call, first, inputs, excess, outputs),
                _ => narrow_tile::<ROWS, 1>(call, first, inputs, excess, outputs),
            }
        };
    }
}

/// Computes the outputs of `COUNT` blocks from `first` on. Returns `COUNT`. The two halves of a
/// byte have separate sums. Those of the upper halves are sixteen times too large until the end,
/// which saves a shift per group.
///
/// # Safety
/// The CPU must have AVX-512 F, BW, DQ, VL and VNNI, and the layer must be int4.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
unsafe fn narrow_tile<const ROWS: usize, const COUNT: usize>(
    call: &Call<'_>,
    first: usize,
    inputs: [&Activations; ROWS],
    excess: [i32; ROWS],
    outputs: &mut [f32],
) -> usize {
    let (groups, stride) = call.groups(first);
    let lower = _mm512_set1_epi8(15);
    let mut sums = [[[_mm512_setzero_si512(); 2]; COUNT]; ROWS];
    // SAFETY: a register is a group; the loads of inputs may be unaligned; `group` is less than
    // `per_block`, which is at most an eighth of DIMENSIONS.
    unsafe {
        for group in 0..call.per_block() {
            let mut eight = [[_mm512_setzero_si512(); 2]; ROWS];
            for (eight, input) in eight.iter_mut().zip(inputs) {
                let input = input.as_ptr().add(8 * group).cast::<i32>();
                *eight = [
                    _mm512_set1_epi32(input.read_unaligned()),
                    _mm512_set1_epi32(input.add(1).read_unaligned()),
                ];
            }
            for block in 0..COUNT {
                let pairs = _mm512_load_si512(groups.as_ptr().add(group * stride + block).cast());
                let weights = [_mm512_and_si512(pairs, lower), _mm512_andnot_si512(lower, pairs)];
                for (sums, eight) in sums.iter_mut().zip(&eight) {
                    let sums = &mut sums[block];
                    sums[0] = _mm512_dpbusd_epi32(sums[0], weights[0], eight[0]);
                    sums[1] = _mm512_dpbusd_epi32(sums[1], weights[1], eight[1]);
                }
            }
        }
    }
    // By reference: moving them out of the array would copy the registers through memory twice.
    for (row, blocks) in sums.iter().enumerate() {
        for (block, sums) in blocks.iter().enumerate() {
            let whole = _mm512_add_epi32(sums[0], _mm512_srai_epi32::<4>(sums[1]));
            let exact = _mm512_sub_epi32(whole, _mm512_set1_epi32(excess[row]));
            // SAFETY: a register of sixteen 32-bit values.
            let sums: [i32; LANES] = unsafe { std::mem::transmute(exact) };
            call.finish(first + block, row, sums, outputs);
        }
    }
    COUNT
}
