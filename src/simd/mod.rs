//! The kernels: the loops that decide the library's speed.
//!
//! This file is the single entry point: safe functions that check lengths and call the kernel set
//! chosen for this CPU. `portable` is complete, simple and the oracle. Every other set gives **the
//! same bits**:
//!
//! - Integer sums are exact.
//! - A float sum has one order: sixteen lanes, element `i` in lane `i % 16`, lanes added as a tree.
//!   In a matrix product each element has one running sum, with `k` ascending.
//! - A product is rounded before it is added (no fused multiply-add).
//!
//! So the same training data gives the same model file on every machine.

// First, since macros are in scope only after their definition.
#[cfg(all(target_arch = "x86_64", not(miri)))]
#[macro_use]
mod recompiled;

#[cfg(all(target_arch = "x86_64", not(miri)))]
mod avx2;
#[cfg(all(target_arch = "x86_64", not(miri)))]
mod avx512;
mod math;
#[cfg(all(target_arch = "aarch64", not(miri)))]
mod neon;
mod packed;
mod portable;
#[cfg(all(target_arch = "x86_64", not(miri)))]
mod vnni;

pub use math::{exp, sigmoid};
pub use packed::{Activations, NARROW, PackedLayer, TILE};

use crate::shape::DIMENSIONS;

use once_cell::sync::Lazy;
use rayon::prelude::*;
use std::cell::RefCell;

/// Lanes of a float sum, and outputs of a packed layer's block.
const LANES: usize = 16;

/// A strided view of a matrix: element `(i, j)` is `data[i * row_stride + j * column_stride]`.
#[derive(Clone, Copy)]
pub struct Matrix<'a> {
    /// The elements. May be longer than the matrix needs.
    pub data: &'a [f32],
    /// Distance between rows, in elements.
    pub row_stride: usize,
    /// Distance between columns, in elements.
    pub column_stride: usize,
}

/// The matrix product `a b`, or `c + a b` with `accumulate`, where `c` holds what was there before.
#[derive(Clone, Copy)]
pub struct Product<'a> {
    /// Left factor, of `inner` columns.
    pub a: Matrix<'a>,
    /// Right factor, of `inner` rows and `columns` columns.
    pub b: Matrix<'a>,
    /// Columns of the result.
    pub columns: usize,
    /// Terms of each sum.
    pub inner: usize,
    /// Adds to the result instead of replacing it.
    pub accumulate: bool,
}

/// Step sizes of [`adam`].
#[derive(Debug, Clone, Copy)]
pub struct AdamStep {
    /// Learning rate, bias correction of the first moment included.
    pub rate: f32,
    /// Reciprocal of the second moment's bias correction.
    pub second_correction: f32,
    /// Share of itself that a weight loses in the step (decoupled weight decay; Loshchilov and
    /// Hutter, 2019). Includes the learning rate.
    pub decay: f32,
}

type WeightedSum = unsafe fn(&[f32], &[(u32, f32)], &mut [f32; DIMENSIONS]);
/// The last argument is scratch space for packed matrices. It grows as needed, and its contents are
/// undefined.
type Matmul = unsafe fn(Product<'_>, &mut [f32], &mut Vec<f32>);
type Adam = unsafe fn(&mut [f32], &mut [f32], &mut [f32], &[f32], AdamStep);

/// One set of kernels. Its functions are `unsafe` because they need the set's CPU features, which
/// `pick` checks.
#[derive(Clone, Copy)]
struct Kernels {
    name: &'static str,
    add_rows: unsafe fn(&mut [i32; DIMENSIONS], &[i8], &[u32], i32),
    add_int4_rows: unsafe fn(&mut [i32; DIMENSIONS], &[u8], &[u32], i32),
    affine: unsafe fn(&packed::Call<'_>, &mut [f32]),
    dot_i8: unsafe fn(&[i8; DIMENSIONS], &[i8; DIMENSIONS]) -> i32,
    normalise: unsafe fn(&[i32; DIMENSIONS], &mut [f32; DIMENSIONS]),
    largest: unsafe fn(&[f32]) -> usize,
    sum_exp_but: unsafe fn(&[f32], f32, usize) -> f32,
    quantise: unsafe fn(&[f32], &mut [i8]) -> f32,
    dot: unsafe fn(&[f32], &[f32]) -> f32,
    axpy: unsafe fn(f32, &[f32], &mut [f32]),
    weighted_sum: WeightedSum,
    matmul: Matmul,
    adam: Adam,
    sigmoids: unsafe fn(&mut [f32]),
}

static KERNELS: Lazy<Kernels> = Lazy::new(pick);

/// Returns the set named by `INTENTKIT_KERNELS`, for comparisons and debugging. Defaults to the
/// fastest set, also if the named one can't run here.
fn pick() -> Kernels {
    named(&std::env::var("INTENTKIT_KERNELS").unwrap_or_default())
}

fn named(name: &str) -> Kernels {
    let mut best = portable::KERNELS;
    for set in usable() {
        if set.name == name {
            return set;
        }
        best = set;
    }
    best
}

/// The sets that this CPU can run, from the oracle to the fastest.
fn usable() -> impl Iterator<Item = Kernels> {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    let others = [avx2::detect(), avx512::detect()].into_iter().flatten();
    #[cfg(all(target_arch = "aarch64", not(miri)))]
    let others = neon::detect();
    #[cfg(any(miri, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
    let others = std::iter::empty();
    std::iter::once(portable::KERNELS).chain(others)
}

/// Name of the kernel set in use: `portable`, `avx2`, `avx512`, `neon`, `neon-dotprod` or
/// `neon-i8mm`.
pub fn kernel_name() -> &'static str {
    KERNELS.name
}

/// Names of the kernel sets that this CPU can run, the fastest last.
pub fn kernel_names() -> impl Iterator<Item = &'static str> {
    usable().map(|set| set.name)
}

/// Prefetches memory into the L1 cache, if the CPU has such a hint.
#[inline]
pub fn prefetch<T>(memory: &[T]) {
    for line in memory.chunks(64 / size_of::<T>().clamp(1, 64)) {
        #[cfg(all(target_arch = "x86_64", not(miri)))]
        // SAFETY: a hint; every x86-64 CPU has it, and the address is in a slice.
        unsafe {
            use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
            _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast());
        }
        #[cfg(all(target_arch = "aarch64", not(miri)))]
        // SAFETY: a hint without effect on the program's state; the intrinsic is not stable yet.
        unsafe {
            std::arch::asm!("prfm pldl1keep, [{0}]", in(reg) line.as_ptr(), options(nostack, readonly, preserves_flags));
        }
        #[cfg(any(miri, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
        let _ = line;
    }
}

/// Adds `weight` times each of the given rows of `table` (rows of [`DIMENSIONS`] values) to `sums`.
/// Exact up to [`crate::text::ngrams::MAX_NGRAMS`] rows; wraps beyond.
///
/// # Panics
/// Panics if a row index is out of range.
pub fn add_rows(sums: &mut [i32; DIMENSIONS], table: &[i8], rows: &[u32], weight: i32) {
    // SAFETY: `KERNELS` only ever holds a set that `pick` found usable on this CPU.
    unsafe { (KERNELS.add_rows)(sums, table, rows, weight) }
}

/// As [`add_rows`], for rows of two 4-bit values per byte, each stored plus 8. The lower half of
/// byte `j` is for column `j`, the upper half for column [`HALF`](crate::shape::HALF)` + j`.
///
/// # Panics
/// Panics if a row index is out of range.
pub fn add_int4_rows(sums: &mut [i32; DIMENSIONS], table: &[u8], rows: &[u32], weight: i32) {
    // SAFETY: as in `add_rows`.
    unsafe { (KERNELS.add_int4_rows)(sums, table, rows, weight) }
}

/// Dot product of two int8 rows.
pub fn dot_i8(a: &[i8; DIMENSIONS], b: &[i8; DIMENSIONS]) -> i32 {
    // SAFETY: as in `add_rows`.
    unsafe { (KERNELS.dot_i8)(a, b) }
}

/// Argmax: returns the index of the largest value, the first of equal ones. Ignores NaNs. Returns
/// `None` if `values` is empty.
pub fn largest(values: &[f32]) -> Option<usize> {
    // SAFETY: as in `add_rows`.
    (!values.is_empty()).then(|| unsafe { (KERNELS.largest)(values) })
}

/// Returns `Σ e^(value - base)` over all values except the one at index `skip`, in the lane order
/// of the module's documentation. No value may exceed `base` by more than 87, or its term is
/// clamped to `e^87`.
pub fn sum_exp_but(values: &[f32], base: f32, skip: usize) -> f32 {
    // SAFETY: as in `add_rows`.
    unsafe { (KERNELS.sum_exp_but)(values, base, skip) }
}

/// Rounds `values` to integers in -127..=127 (ties to even) and returns the scale:
/// `values ≈ scale * quantised`. If all absolute values are below 1e-30, writes zeros and returns
/// 0.
///
/// # Panics
/// Panics if the lengths differ.
pub fn quantise(values: &[f32], quantised: &mut [i8]) -> f32 {
    assert_eq!(values.len(), quantised.len());
    // SAFETY: as in `add_rows`.
    unsafe { (KERNELS.quantise)(values, quantised) }
}

/// Dot product, in the lane order of the module's documentation.
///
/// # Panics
/// Panics if the lengths differ.
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    // SAFETY: as in `add_rows`.
    unsafe { (KERNELS.dot)(a, b) }
}

/// `y += a * x`.
///
/// # Panics
/// Panics if the lengths differ.
pub fn axpy(a: f32, x: &[f32], y: &mut [f32]) {
    assert_eq!(x.len(), y.len());
    // SAFETY: as in `add_rows`.
    unsafe { (KERNELS.axpy)(a, x, y) }
}

/// Writes the sum of weight times row over the entries `(row, weight)` to `sum`, in their order.
/// Rows have [`DIMENSIONS`] columns.
///
/// # Panics
/// Panics if a row index is out of range.
pub fn weighted_sum(rows: &[f32], entries: &[(u32, f32)], sum: &mut [f32; DIMENSIONS]) {
    // SAFETY: as in `add_rows`.
    unsafe { (KERNELS.weighted_sum)(rows, entries, sum) }
}

/// Writes `v / |v|` of an integer vector in float32. A zero vector stays zero.
pub fn normalise(sums: &[i32; DIMENSIONS], vector: &mut [f32; DIMENSIONS]) {
    // SAFETY: as in `add_rows`.
    unsafe { (KERNELS.normalise)(sums, vector) }
}

thread_local! {
    /// Packed matrices of [`matmul`], kept so that a training step allocates nothing.
    static PACKED: RefCell<Vec<f32>> = const { RefCell::new(vec![]) };
}

/// Computes `product` into `c`, which is row-major.
///
/// Uses up to `threads` threads of the current rayon pool. The result's bits don't depend on their
/// number.
///
/// # Panics
/// Panics if a matrix extends past its data.
pub fn matmul(product: Product<'_>, c: &mut [f32], threads: usize) {
    let Product { a, columns, inner, .. } = product;
    if c.is_empty() || columns == 0 {
        return;
    }
    let rows = c.len() / columns;
    assert_eq!(c.len(), rows * columns);
    let run = |first_row: usize, part: &mut [f32]| {
        let a = Matrix { data: a.data.get(first_row * a.row_stride..).unwrap_or_default(), ..a };
        // SAFETY: as in `add_rows`.
        PACKED.with_borrow_mut(|packed| unsafe { (KERNELS.matmul)(Product { a, ..product }, part, packed) });
    };
    // Below about a million multiply-adds, a second thread costs more than it saves.
    if threads <= 1 || rows * columns * inner < 1 << 20 {
        return run(0, c);
    }
    let rows_each = rows.div_ceil(threads).next_multiple_of(16);
    c.par_chunks_mut(rows_each * columns).enumerate().for_each(|(i, part)| run(i * rows_each, part));
}

/// One step of Adam (Kingma and Ba, 2015) with decay rates 0.9 and 0.999 and epsilon 1e-8.
///
/// # Panics
/// Panics if the lengths differ.
pub fn adam(weights: &mut [f32], first: &mut [f32], second: &mut [f32], gradient: &[f32], step: AdamStep) {
    assert!(first.len() == weights.len() && second.len() == weights.len() && gradient.len() == weights.len());
    // SAFETY: as in `add_rows`.
    unsafe { (KERNELS.adam)(weights, first, second, gradient, step) }
}

/// Replaces each value with its [`sigmoid`].
pub fn sigmoids(values: &mut [f32]) {
    // SAFETY: as in `add_rows`.
    unsafe { (KERNELS.sigmoids)(values) }
}

#[cfg(test)]
mod tests;
