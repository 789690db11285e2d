//! NEON, which every 64-bit ARM CPU has: the portable kernels as the compiler vectorises them, and
//! hand-written int8 layers in three sets:
//!
//! - with multiplications alone (Cortex-A53),
//! - with dot products (`sdot`; Cortex-A76, Apple A11 and later),
//! - with matrix products too (`smmla`; Apple A15, M2 and later), which pay for tiles of rows.
//!
//! `sdot` and `smmla` are written in assembly because their intrinsics are not stable in Rust yet.

use super::packed::{Call, PANEL};
use super::{Kernels, LANES, TILE, portable};
use std::arch::aarch64::*;
use std::arch::{asm, is_aarch64_feature_detected};

/// The sets that this CPU can run, the fastest last.
pub(super) fn detect() -> impl Iterator<Item = Kernels> {
    let dotprod = is_aarch64_feature_detected!("dotprod");
    let i8mm = dotprod && is_aarch64_feature_detected!("i8mm");
    let sets = [(true, NEON), (dotprod, DOTPROD), (i8mm, I8MM)];
    sets.into_iter().filter(|(usable, _)| *usable).map(|(_, set)| set)
}

/// With 32 registers, a whole row of 4-bit values is added at a time.
const NEON: Kernels = Kernels {
    name: "neon",
    affine: affine_neon,
    add_int4_rows: portable::add_int4_rows::<128>,
    ..portable::KERNELS
};
const DOTPROD: Kernels = Kernels { name: "neon-dotprod", affine: affine_dotprod, ..NEON };
const I8MM: Kernels = Kernels { name: "neon-i8mm", affine: affine_i8mm, ..NEON };

/// Number of blocks computed together for one row: sixteen registers of sums.
const BLOCKS: usize = 4;

/// A kernel for some blocks from `first` on, for one row or a whole tile.
type Tile = unsafe fn(call: &Call<'_>, first: usize, outputs: &mut [f32]);

/// Processes the blocks with three kernels: for one row and [`BLOCKS`] blocks, one row and one
/// block, and a tile and one block.
///
/// # Safety
/// The CPU must have the kernels' instructions.
#[inline(always)]
unsafe fn affine(call: &Call<'_>, outputs: &mut [f32], some: Tile, one: Tile, tile: Tile) {
    let blocks = call.layer.scales.len();
    let mut first = 0;
    while first < blocks {
        let (kernel, count) = match (call.inputs.len(), (blocks - first).min(PANEL - first % PANEL)) {
            (1, BLOCKS..) => (some, BLOCKS),
            (1, _) => (one, 1),
            _ => (tile, 1),
        };
        // SAFETY: upheld by this function's contract; at least `count` blocks are left.
        unsafe { kernel(call, first, outputs) };
        first += count;
    }
}

/// # Safety
/// Needs only NEON, which every 64-bit ARM CPU has.
unsafe fn affine_neon(call: &Call<'_>, outputs: &mut [f32]) {
    // SAFETY: these kernels need only NEON.
    unsafe { affine(call, outputs, multiplied::<1, 2>, multiplied::<1, 1>, multiplied::<TILE, 1>) }
}

/// # Safety
/// The CPU must have `sdot`.
unsafe fn affine_dotprod(call: &Call<'_>, outputs: &mut [f32]) {
    // SAFETY: upheld by this function's contract.
    unsafe { affine(call, outputs, dotted::<1, BLOCKS>, dotted::<1, 1>, dotted::<TILE, 1>) }
}

/// # Safety
/// The CPU must have `sdot` and `smmla`.
unsafe fn affine_i8mm(call: &Call<'_>, outputs: &mut [f32]) {
    // SAFETY: upheld by this function's contract.
    unsafe { affine(call, outputs, dotted::<1, BLOCKS>, dotted::<1, 1>, matrix) }
}

/// Returns `sum` plus the dot product of four pairs of int8 values in each lane.
///
/// # Safety
/// The CPU must have `sdot`.
#[inline]
#[target_feature(enable = "neon,dotprod")]
unsafe fn sdot(mut sum: int32x4_t, a: int8x16_t, b: int8x16_t) -> int32x4_t {
    // SAFETY: reads and writes only the named registers.
    unsafe {
        asm!(
            "sdot {sum:v}.4s, {a:v}.16b, {b:v}.16b",
            sum = inout(vreg) sum, a = in(vreg) a, b = in(vreg) b,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    sum
}

/// Returns `sum` plus the product of two matrices of two rows of eight int8 values, the second one
/// transposed.
///
/// # Safety
/// The CPU must have `smmla`.
#[inline]
#[target_feature(enable = "neon,i8mm")]
unsafe fn smmla(mut sum: int32x4_t, a: int8x16_t, b: int8x16_t) -> int32x4_t {
    // SAFETY: reads and writes only the named registers.
    unsafe {
        asm!(
            "smmla {sum:v}.4s, {a:v}.16b, {b:v}.16b",
            sum = inout(vreg) sum, a = in(vreg) a, b = in(vreg) b,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    sum
}

/// Returns the four inputs of `group`, repeated four times.
///
/// # Safety
/// The row must have these inputs.
#[inline(always)]
unsafe fn four_inputs(row: &[i8], group: usize) -> int8x16_t {
    // SAFETY: upheld by this function's contract; the load may be unaligned.
    unsafe { vreinterpretq_s8_s32(vld1q_dup_s32(row.as_ptr().add(4 * group).cast())) }
}

/// Returns a block's sums of one row.
#[inline(always)]
fn lanes(quarters: [int32x4_t; 4]) -> [i32; LANES] {
    // SAFETY: four registers of four 32-bit values.
    unsafe { std::mem::transmute(quarters) }
}

/// # Safety
/// The CPU must have `sdot`, and the layer `COUNT` blocks from `first` on.
#[expect(
    clippy::needless_range_loop,
    reason = "iterators keep the sums in memory: a quarter more instructions"
)]
#[target_feature(enable = "neon,dotprod")]
unsafe fn dotted<const ROWS: usize, const COUNT: usize>(call: &Call<'_>, first: usize, outputs: &mut [f32]) {
    let (groups, stride) = call.groups(first);
    let rows = ROWS.min(call.inputs.len());
    // SAFETY: a group is four registers of weights; `group` is less than `per_block`, a quarter of
    // the inputs; `sdot` by this function's contract.
    unsafe {
        let mut sum = [[[vdupq_n_s32(0); 4]; COUNT]; ROWS];
        for group in 0..call.per_block() {
            for row in 0..rows {
                let four = four_inputs(&call.inputs[row], group);
                for block in 0..COUNT {
                    let weights = groups.as_ptr().add(group * stride + block).cast::<i8>();
                    for quarter in 0..4 {
                        let weights = vld1q_s8(weights.add(16 * quarter));
                        sum[row][block][quarter] = sdot(sum[row][block][quarter], weights, four);
                    }
                }
            }
        }
        for (row, blocks) in sum.into_iter().enumerate() {
            for (block, quarters) in blocks.into_iter().enumerate() {
                call.finish(first + block, row, lanes(quarters), outputs);
            }
        }
    }
}

/// Without dot products. Products of two pairs of int8 values are added in 16 bits without
/// overflow: weights and activations are in -127..=127, and 2 * 127 * 127 < 2^15.
///
/// # Safety
/// From `first` on, the layer must have one block if `COUNT` is 1, and otherwise `BLOCKS` blocks,
/// which are processed `COUNT` at a time.
unsafe fn multiplied<const ROWS: usize, const COUNT: usize>(
    call: &Call<'_>,
    first: usize,
    outputs: &mut [f32],
) {
    let blocks = if COUNT == 1 { 1 } else { BLOCKS };
    let rows = ROWS.min(call.inputs.len());
    for some in (0..blocks).step_by(COUNT) {
        let (groups, stride) = call.groups(first + some);
        let per_block = call.per_block();
        for row in 0..rows {
            // SAFETY: a group is four registers of weights; groups come in pairs, since layers have
            // multiples of eight inputs here, and an odd last one is multiplied by zeros.
            unsafe {
                let zero = vdupq_n_s8(0);
                let mut sum = [[[vdupq_n_s32(0); 2]; 4]; COUNT];
                for group in (0..per_block).step_by(2) {
                    let one = four_inputs(&call.inputs[row], group);
                    let last = group + 1 == per_block;
                    let two = if last { zero } else { four_inputs(&call.inputs[row], group + 1) };
                    for (block, sum) in sum.iter_mut().enumerate() {
                        let weights = groups.as_ptr().add(group * stride + block).cast::<i8>();
                        let next = weights.add(if last { 0 } else { 64 * stride });
                        for (quarter, sum) in sum.iter_mut().enumerate() {
                            let (w, v) =
                                (vld1q_s8(weights.add(16 * quarter)), vld1q_s8(next.add(16 * quarter)));
                            let low = vmull_s8(vget_low_s8(w), vget_low_s8(one));
                            let high = vmull_high_s8(w, one);
                            let low = vmlal_s8(low, vget_low_s8(v), vget_low_s8(two));
                            let high = vmlal_high_s8(high, v, two);
                            sum[0] = vpadalq_s16(sum[0], low);
                            sum[1] = vpadalq_s16(sum[1], high);
                        }
                    }
                }
                for (block, sum) in sum.into_iter().enumerate() {
                    let quarters = sum.map(|[low, high]| vpaddq_s32(low, high));
                    call.finish(first + some + block, row, lanes(quarters), outputs);
                }
            }
        }
    }
}

/// Computes one block for a tile of rows, two outputs by two rows at a time.
///
/// # Safety
/// The CPU must have `smmla` and `sdot`, and the layer a block at `first`.
#[target_feature(enable = "neon,dotprod,i8mm")]
unsafe fn matrix(call: &Call<'_>, first: usize, outputs: &mut [f32]) {
    let (groups, stride) = call.groups(first);
    let per_block = call.per_block();
    // SAFETY: a group is four registers of weights; an odd last group is paired with zeros; missing
    // rows of the tile are zeros as well.
    unsafe {
        let mut sum = [[[vdupq_n_s32(0); 2]; 2]; 4];
        for group in (0..per_block).step_by(2) {
            let eight = |row: usize| match call.inputs.get(row) {
                Some(row) if group + 1 < per_block => vld1_s8(row.as_ptr().add(4 * group)),
                Some(row) => {
                    let four = row.as_ptr().add(4 * group).cast::<u32>().read_unaligned();
                    vcreate_s8(u64::from(four))
                }
                None => vdup_n_s8(0),
            };
            let inputs = [vcombine_s8(eight(0), eight(1)), vcombine_s8(eight(2), eight(3))];
            let weights = groups.as_ptr().add(group * stride).cast::<i32>();
            let next = weights.add(if group + 1 < per_block { LANES * stride } else { 0 });
            for (quarter, sum) in sum.iter_mut().enumerate() {
                let (w, v) = (vld1q_s32(weights.add(4 * quarter)), vld1q_s32(next.add(4 * quarter)));
                // Eight inputs of two outputs each.
                let pairs = [vreinterpretq_s8_s32(vzip1q_s32(w, v)), vreinterpretq_s8_s32(vzip2q_s32(w, v))];
                for (pair, sum) in pairs.into_iter().zip(sum) {
                    for (sum, inputs) in sum.iter_mut().zip(inputs) {
                        *sum = smmla(*sum, inputs, pair);
                    }
                }
            }
        }
        // A product's lanes are the first row's two outputs, then the second row's.
        for pair in 0..2 {
            let halves = sum.map(|quarter| {
                let [low, high] = quarter.map(|products| vreinterpretq_s64_s32(products[pair]));
                [vzip1q_s64(low, high), vzip2q_s64(low, high)]
            });
            for row in 0..2 {
                let quarters = halves.map(|half| vreinterpretq_s32_s64(half[row]));
                call.finish(first, 2 * pair + row, lanes(quarters), outputs);
            }
        }
    }
}
