//! Int8 layers in the order in which the kernels read them.
//!
//! Sixteen outputs make a block. A block's weights come in groups of four inputs, the four of each output side by side:
//! 64 bytes that a dot-product instruction of any width multiplies with four broadcast inputs, so that a sum never has to
//! be added up across a register. Up to eight blocks make a panel, whose groups of the same inputs stand side by side: a
//! kernel that computes a panel reads straight on. (Block behind block, eight streams at a distance of 4096 bytes would
//! fall on the same lines of the first cache and push each other out.)
//!
//! A layer whose weights all fit 4 bits is narrow where that pays: a group then holds eight inputs, a byte two weights. One
//! text at a time waits for the weights to come from the second cache, so half of them is half of the wait; ARM's first caches are
//! larger and its instructions for unpacking cost more than it saves.

use super::{KERNELS, LANES};
use crate::shape::DIMENSIONS;

/// Rows of activations that are computed together at most: each weight is then read once for all of them.
pub const TILE: usize = 4;

/// Blocks of a panel.
pub(super) const PANEL: usize = 8;

/// The weights of four inputs for the sixteen outputs of a block; in a narrow layer of eight, each byte's lower half for one of the
/// first four and its upper half for one of the others, each 8 too large.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Group(pub(super) [[i8; 4]; LANES]);

/// Largest weight of a narrow layer; the least is its negative.
pub const NARROW: i8 = 7;

/// Whether this machine's kernels read narrow layers.
const CAN_BE_NARROW: bool = cfg!(target_arch = "x86_64");

/// Activations of one row, rounded to int8; a layer reads as many as it has inputs.
pub type Activations = [i8; DIMENSIONS];

/// A layer: output `j` is `scales[j] * Σ weights[j][i] input[i] + biases[j]`.
#[derive(Debug, Clone, Default)]
pub struct PackedLayer {
    /// Panel by panel; the last one may have fewer blocks.
    pub(super) groups: Vec<Group>,
    /// What each output's sum starts from where a kernel reads the inputs as unsigned numbers, 128 too large.
    #[cfg(target_arch = "x86_64")]
    pub(super) offsets: Vec<[i32; LANES]>,
    pub(super) scales: Vec<[f32; LANES]>,
    /// None where the layer adds to what is there.
    pub(super) biases: Vec<[f32; LANES]>,
    pub(super) is_narrow: bool,
    inputs: usize,
    outputs: usize,
}

/// Blocks of sixteen, zeros behind the last value.
fn blocks(values: &[f32]) -> Vec<[f32; LANES]> {
    let block = |some: &[f32]| std::array::from_fn(|i| some.get(i).copied().unwrap_or(0.0));
    values.chunks(LANES).map(block).collect()
}

/// Where a block's first group stands, and how far apart its groups are.
#[inline(always)]
fn place(block: usize, blocks: usize, per_block: usize) -> (usize, usize) {
    let panel = block / PANEL * PANEL;
    (panel * per_block + block - panel, PANEL.min(blocks - panel))
}

impl PackedLayer {
    /// Packs row-major `weights`, one row for each of `scales`; `biases` are as many, or none for a layer that adds to what is
    /// there.
    ///
    /// # Panics
    /// When the lengths don't fit, or a row is not a multiple of four up to [`DIMENSIONS`].
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

    /// The layer's outputs for up to [`TILE`] rows, whose numbers stand for `input_scales` times as much. Output `j` of row `r` goes
    /// to `outputs[r * stride + j]`, or is added there by a layer without biases; `rectify` puts zeros for negative ones.
    ///
    /// # Panics
    /// When there are more rows than a tile has, not as many scales, or `outputs` is too short.
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

/// What a kernel is asked for.
pub(super) struct Call<'a> {
    pub(super) layer: &'a PackedLayer,
    pub(super) inputs: &'a [Activations],
    pub(super) input_scales: &'a [f32],
    pub(super) rectify: bool,
    pub(super) stride: usize,
}

impl Call<'_> {
    /// Groups that a block has.
    #[inline(always)]
    pub(super) fn per_block(&self) -> usize {
        if self.layer.is_narrow { self.layer.inputs / 8 } else { self.layer.inputs / 4 }
    }

    /// How much too large the sums of a row are that were made with a narrow layer's weights as they are stored.
    #[inline(always)]
    pub(super) fn excess(&self, row: &Activations) -> i32 {
        let mut sum = 0;
        for &value in &row[..self.layer.inputs] {
            sum += i32::from(value);
        }
        8 * sum
    }

    /// The groups from the first one of a block on, and how far apart those of one block are: group `g` of the `b`-th block from there
    /// is `groups[g * stride + b]`, as far as the panel goes.
    #[inline(always)]
    pub(super) fn groups(&self, block: usize) -> (&[Group], usize) {
        let (start, stride) = place(block, self.layer.scales.len(), self.per_block());
        (&self.layer.groups[start..], stride)
    }

    /// A row's integer sums → its outputs of the block, in float32, the same steps in every kernel. Does nothing for rows that the
    /// call has not, so that kernels may compute a whole tile.
    #[inline(always)]
    pub(super) fn finish(&self, block: usize, row: usize, sums: [i32; LANES], outputs: &mut [f32]) {
        let layer = self.layer;
        let (Some(&input_scale), Some(scales)) = (self.input_scales.get(row), layer.scales.get(block)) else {
            return;
        };
        // A loop and no closure, which would be compiled without the kernel's instructions.
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
