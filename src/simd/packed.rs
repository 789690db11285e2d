//! Int8 layers in the memory order of the kernels.
//!
//! A block has sixteen outputs. Its weights are stored in groups of four inputs, with the four
//! weights of each output adjacent: 64 bytes. A dot-product instruction of any width multiplies
//! them with four broadcast inputs, so no sum has to be added up across a register. A panel has up
//! to eight blocks and stores their groups of the same inputs side by side, so a kernel reads a
//! panel sequentially. (With whole blocks one after another, eight streams 4096 bytes apart would
//! map to the same L1 cache lines and evict each other.)
//!
//! A layer whose weights all fit int4 is stored as int4 where that pays: a group then has eight
//! inputs, and a byte two weights. A prediction for one text waits for weights from the L2 cache,
//! so half the bytes is half the wait. On ARM the L1 caches are larger, and unpacking costs more
//! than this saves.

use super::{KERNELS, LANES};
use crate::shape::DIMENSIONS;

/// Maximum number of rows of activations computed together. Each weight is read once for all of
/// them.
pub const TILE: usize = 4;

/// Number of blocks in a panel.
pub(super) const PANEL: usize = 8;

/// The weights of four inputs for the sixteen outputs of a block. In an int4 layer, the weights of
/// eight inputs, each stored plus 8: the lower half of each byte for the first four, the upper half
/// for the others.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Group(pub(super) [[i8; 4]; LANES]);

/// Largest weight of an int4 layer; the smallest is its negative.
pub const NARROW: i8 = 7;

/// Whether this machine's kernels support int4 layers.
const CAN_BE_NARROW: bool = cfg!(target_arch = "x86_64");

/// Activations of one row, rounded to int8. A layer reads as many as it has inputs.
pub type Activations = [i8; DIMENSIONS];

/// A packed layer: output `j` is `scales[j] * Σ weights[j][i] input[i] + biases[j]`.
#[derive(Debug, Clone, Default)]
pub struct PackedLayer {
    /// Panel by panel; the last one may have fewer blocks.
    pub(super) groups: Vec<Group>,
    /// Start of each output's sum for kernels that read the inputs as unsigned numbers, plus 128.
    #[cfg(target_arch = "x86_64")]
    pub(super) offsets: Vec<[i32; LANES]>,
    pub(super) scales: Vec<[f32; LANES]>,
    /// Empty if the layer adds to existing outputs.
    pub(super) biases: Vec<[f32; LANES]>,
    pub(super) is_narrow: bool,
    inputs: usize,
    outputs: usize,
}

/// Splits into blocks of sixteen, padded with zeros.
fn blocks(values: &[f32]) -> Vec<[f32; LANES]> {
    let block = |some: &[f32]| std::array::from_fn(|i| some.get(i).copied().unwrap_or(0.0));
    values.chunks(LANES).map(block).collect()
}

/// Returns the index of a block's first group, and the distance between its groups.
#[inline(always)]
fn place(block: usize, blocks: usize, per_block: usize) -> (usize, usize) {
    let panel = block / PANEL * PANEL;
    (panel * per_block + block - panel, PANEL.min(blocks - panel))
}

impl PackedLayer {
    /// Packs row-major `weights`, one row per scale. `biases` has one value per output, or none for
    /// a layer that adds to existing outputs.
    ///
    /// # Panics
    /// Panics if the lengths don't match, or if the row length is not a multiple of 4 or is over
    /// [`DIMENSIONS`].
    pub fn new(weights: &[i8], scales: &[f32], biases: &[f32]) -> Self {
        let outputs = scales.len();
        let inputs = weights.len() / outputs.max(1);
        assert!(weights.len() == inputs * outputs && (biases.is_empty() || biases.len() == outputs));
        assert!(inputs.is_multiple_of(4) && inputs <= DIMENSIONS);
        let fits = || weights.iter().all(|weight| (-NARROW..=NARROW).contains(weight));
        let is_narrow = CAN_BE_NARROW && inputs.is_multiple_of(8) && fits();
        let count = outputs.div_ceil(LANES);
        let per_block = if is_narrow { inputs / 8 } else { inputs / 4 };
        let mut groups = vec![Group([[0; 4]; LANES]); count * per_block];
        #[cfg(target_arch = "x86_64")]
        let mut offsets = vec![[0; LANES]; count];
        for (j, row) in weights.chunks_exact(inputs.max(1)).enumerate() {
            let (block, lane) = (j / LANES, j % LANES);
            let (start, stride) = place(block, count, per_block);
            let groups = groups[start..].iter_mut().step_by(stride);
            if is_narrow {
                for (group, eight) in groups.zip(row.as_chunks::<8>().0) {
                    group.0[lane] = std::array::from_fn(|k| (eight[k] + 8) | (eight[4 + k] + 8) << 4);
                }
            } else {
                for (group, four) in groups.zip(row.as_chunks().0) {
                    group.0[lane] = *four;
                }
            }
            #[cfg(target_arch = "x86_64")]
            {
                offsets[block][lane] = -128 * row.iter().map(|&w| i32::from(w)).sum::<i32>();
            }
        }
        PackedLayer {
            groups,
            #[cfg(target_arch = "x86_64")]
            offsets,
            scales: blocks(scales),
            biases: blocks(biases),
            is_narrow,
            inputs,
            outputs,
        }
    }

    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Computes the outputs of up to [`TILE`] rows, each row's values scaled by its `input_scales`.
    /// Writes output `j` of row `r` to `outputs[r * stride + j]`, or adds it there for a layer
    /// without biases. `rectify` replaces negative results with zero.
    ///
    /// # Panics
    /// Panics if there are more rows than [`TILE`], if the number of scales differs from that of
    /// rows, if `stride` is less than the number of outputs, or if `outputs` is too short.
    pub fn apply(
        &self,
        inputs: &[Activations],
        input_scales: &[f32],
        rectify: bool,
        outputs: &mut [f32],
        stride: usize,
    ) {
        let rows = inputs.len();
        assert!(rows <= TILE && input_scales.len() == rows && self.outputs <= stride);
        assert!(rows == 0 || outputs.len() >= (rows - 1) * stride + self.outputs);
        let call = Call { layer: self, inputs, input_scales, rectify, stride };
        // SAFETY: the set runs on this CPU, and all lengths were checked.
        unsafe { (KERNELS.affine)(&call, outputs) }
    }
}

/// The arguments of a kernel call.
pub(super) struct Call<'a> {
    pub(super) layer: &'a PackedLayer,
    pub(super) inputs: &'a [Activations],
    pub(super) input_scales: &'a [f32],
    pub(super) rectify: bool,
    pub(super) stride: usize,
}

impl Call<'_> {
    /// Number of groups in a block.
    #[inline(always)]
    pub(super) fn per_block(&self) -> usize {
        if self.layer.is_narrow { self.layer.inputs / 8 } else { self.layer.inputs / 4 }
    }

    /// Returns the error of a row's sums over the stored weights of an int4 layer, which are 8 too
    /// large.
    #[inline(always)]
    pub(super) fn excess(&self, row: &Activations) -> i32 {
        let mut sum = 0;
        for &value in &row[..self.layer.inputs] {
            sum += i32::from(value);
        }
        8 * sum
    }

    /// Returns the groups from a block's first one on, and the distance between the groups of a
    /// block. Group `g` of the `b`-th block from there is `groups[g * stride + b]`, within the
    /// panel.
    #[inline(always)]
    pub(super) fn groups(&self, block: usize) -> (&[Group], usize) {
        let (start, stride) = place(block, self.layer.scales.len(), self.per_block());
        (&self.layer.groups[start..], stride)
    }

    /// Converts a row's integer sums to its outputs of the block in float32, with the same steps in
    /// every kernel. Does nothing for rows beyond the call's, so that kernels may compute a whole
    /// tile.
    #[inline(always)]
    pub(super) fn finish(&self, block: usize, row: usize, sums: [i32; LANES], outputs: &mut [f32]) {
        let layer = self.layer;
        let (Some(&input_scale), Some(scales)) = (self.input_scales.get(row), layer.scales.get(block)) else {
            return;
        };
        // A loop rather than a closure, which would be compiled without the kernel's instructions.
        macro_rules! values {
            ($start:expr) => {{
                let mut values = $start;
                for j in 0..LANES {
                    let value = sums[j] as f32 * (input_scale * scales[j]) + values[j];
                    values[j] = if !self.rectify || value > 0.0 { value } else { 0.0 };
                }
                values
            }};
        }
        let first = block * LANES;
        let room = &mut outputs[row * self.stride + first..];
        if first + LANES <= layer.outputs
            && let Some(to) = room.first_chunk_mut()
        {
            *to = match layer.biases.get(block) {
                Some(biases) => values!(*biases),
                None => values!(*to),
            };
        } else {
            let to = &mut room[..layer.outputs - first];
            let mut start = [0.0; LANES];
            start[..to.len()].copy_from_slice(to);
            let values = values!(*layer.biases.get(block).unwrap_or(&start));
            to.copy_from_slice(&values[..to.len()]);
        }
    }
}
