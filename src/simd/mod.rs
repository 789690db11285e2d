//! The kernels: the only loops whose speed decides the library's.
//!
//! This file is the one door: safe functions that check lengths and hand over to the kernel set chosen for this CPU.
//! `portable` is complete, simple and the oracle. Every other set gives **the same bits**: integer sums are exact, a
//! float sum has one order (sixteen lanes, element `i` in lane `i % 16`, lanes added as a tree; in a matrix product
//! one running sum per element, `k` ascending), and a product is rounded before it is added (no fused multiply-add).
//! That is what makes the same training data give the same model file on every machine.

// First, since macros are known from their definition on.
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

/// A matrix as the kernels see it: element `(i, j)` is `data[i * row_stride + j * column_stride]`.
#[derive(Clone, Copy)]
pub struct Matrix<'a> {
    /// The elements; may hold more than the matrix.
    pub data: &'a [f32],
    /// Distance between rows.
    pub row_stride: usize,
    /// Distance between columns.
    pub column_stride: usize,
}

/// How far one Adam step goes; see [`adam`].
#[derive(Debug, Clone, Copy)]
pub struct AdamStep {
    /// Learning rate, bias correction of the first moment included.
    pub rate: f32,
    /// Reciprocal of the second moment's bias correction.
    pub second_correction: f32,
    /// Share of itself that a weight loses, learning rate included (decoupled weight decay; Loshchilov and Hutter, 2019).
    pub decay: f32,
}

type WeightedSum = unsafe fn(&[f32], &[(u32, f32)], &mut [f32; DIMENSIONS]);
/// The last argument is scratch for packed matrices: it grows as needed, and what it holds means nothing.
type Matmul = unsafe fn(Matrix<'_>, Matrix<'_>, &mut [f32], usize, usize, bool, &mut Vec<f32>);
type Adam = unsafe fn(&mut [f32], &mut [f32], &mut [f32], &[f32], AdamStep);

/// One set of kernels. `unsafe` because a set may only run where its CPU features are; `pick` sees to that.
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

/// The set that `INTENTKIT_KERNELS` names, for comparing and for finding faults; without it, or where it names none that
/// runs here, the best.
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

/// The sets that this CPU can run, from the oracle to the best.
fn usable() -> impl Iterator<Item = Kernels> {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    let others = [avx2::detect(), avx512::detect()].into_iter().flatten();
    #[cfg(all(target_arch = "aarch64", not(miri)))]
    let others = neon::detect();
    #[cfg(any(miri, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
    let others = std::iter::empty();
    std::iter::once(portable::KERNELS).chain(others)
}

/// Name of the kernel set in use: `portable`, `avx2`, `avx512`, `neon`, `neon-dotprod` or `neon-i8mm`.
pub fn kernel_name() -> &'static str {
    KERNELS.name
}

/// Names of the kernel sets that this CPU can run, the best last.
pub fn kernel_names() -> impl Iterator<Item = &'static str> {
    usable().map(|set| set.name)
}

/// Asks for memory to be brought into the first cache, where the CPU has such a hint.
#[inline]
pub fn prefetch<T>(memory: &[T]) {
    for line in memory.chunks(64 / size_of::<T>().clamp(1, 64)) {
        #[cfg(all(target_arch = "x86_64", not(miri)))]
        // SAFETY: a hint; every x86-64 CPU has it, and the place is in memory of ours.
        unsafe {
            use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
            _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast());
        }
        #[cfg(all(target_arch = "aarch64", not(miri)))]
        // SAFETY: a hint, which changes nothing; the intrinsic is not stable yet.
        unsafe {
            std::arch::asm!("prfm pldl1keep, [{0}]", in(reg) line.as_ptr(), options(nostack, readonly, preserves_flags));
        }
        #[cfg(any(miri, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
        let _ = line;
    }
}

/// Adds `weight` times each of the named rows of `table` (rows of [`DIMENSIONS`] numbers) to `sums`. Exact: wraps only
/// beyond what [`crate::text::ngrams::MAX_NGRAMS`] allows.
///
/// # Panics
/// When a row number is past the end of the table.
pub fn add_rows(sums: &mut [i32; DIMENSIONS], table: &[i8], rows: &[u32], weight: i32) {
    // SAFETY: `KERNELS` only ever holds a set that `pick` found usable on this CPU.
    unsafe { (KERNELS.add_rows)(sums, table, rows, weight) }
}

/// As [`add_rows`] for rows of two 4-bit numbers a byte, each 8 too large: the lower half of byte `j` is for column `j`, the upper one for
/// column [`HALF`](crate::shape::HALF)` + j`.
///
/// # Panics
/// When a row number is past the end of the table.
pub fn add_int4_rows(sums: &mut [i32; DIMENSIONS], table: &[u8], rows: &[u32], weight: i32) {
    // SAFETY: as in `add_rows`.
    unsafe { (KERNELS.add_int4_rows)(sums, table, rows, weight) }
}

/// Dot product of two rows of int8 numbers.
pub fn dot_i8(a: &[i8; DIMENSIONS], b: &[i8; DIMENSIONS]) -> i32 {
    // SAFETY: as in `add_rows`.
    unsafe { (KERNELS.dot_i8)(a, b) }
}

/// Place of the largest value, the first of equals; NaNs are passed over. `None` without any value.
pub fn largest(values: &[f32]) -> Option<usize> {
    // SAFETY: as in `add_rows`.
    (!values.is_empty()).then(|| unsafe { (KERNELS.largest)(values) })
}

/// `Σ e^(value - base)` over all values but the one at `skip`, in the lane order of the module's documentation. `base` must not be
/// far below any of them, or the terms are held at `e^87`.
pub fn sum_exp_but(values: &[f32], base: f32, skip: usize) -> f32 {
    // SAFETY: as in `add_rows`.
    unsafe { (KERNELS.sum_exp_but)(values, base, skip) }
}

/// Rounds `values` to integers in -127..=127 (ties to even) and returns the scale: `values ≈ scale * quantised`. Values all smaller
/// than 1e-30 give zeros and scale 0.
///
/// # Panics
/// When the lengths differ.
pub fn quantise(values: &[f32], quantised: &mut [i8]) -> f32 {
    assert_eq!(values.len(), quantised.len());
    // SAFETY: as in `add_rows`.
    unsafe { (KERNELS.quantise)(values, quantised) }
}

/// Dot product, in the lane order of the module's documentation.
///
/// # Panics
/// When the lengths differ.
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    // SAFETY: as in `add_rows`.
    unsafe { (KERNELS.dot)(a, b) }
}

/// `y += a * x`.
///
/// # Panics
/// When the lengths differ.
pub fn axpy(a: f32, x: &[f32], y: &mut [f32]) {
    assert_eq!(x.len(), y.len());
    // SAFETY: as in `add_rows`.
    unsafe { (KERNELS.axpy)(a, x, y) }
}

/// `sum` = the sum of weight times row over the entries `(row, weight)`, in their order; rows have [`DIMENSIONS`] columns.
///
/// # Panics
/// When a row number is past the end of `rows`.
pub fn weighted_sum(rows: &[f32], entries: &[(u32, f32)], sum: &mut [f32; DIMENSIONS]) {
    // SAFETY: as in `add_rows`.
    unsafe { (KERNELS.weighted_sum)(rows, entries, sum) }
}

/// `v / |v|` as float32 of an integer vector; a zero vector stays zero.
pub fn normalise(sums: &[i32; DIMENSIONS], vector: &mut [f32; DIMENSIONS]) {
    // SAFETY: as in `add_rows`.
    unsafe { (KERNELS.normalise)(sums, vector) }
}

thread_local! {
    /// Packed matrices of [`matmul`], kept so that a training step allocates nothing.
    static PACKED: RefCell<Vec<f32>> = const { RefCell::new(vec![]) };
}

/// `c = a b`, or `c += a b` with `accumulate`: `c` is row-major with `columns` columns, `a` has `inner` columns, and `b`
/// has `inner` rows and `columns` columns. Uses up to `threads` threads of the rayon pool it runs in; the bits do not depend
/// on them.
///
/// # Panics
/// When a matrix reaches past its data.
pub fn matmul(
    a: Matrix<'_>,
    b: Matrix<'_>,
    c: &mut [f32],
    columns: usize,
    inner: usize,
    accumulate: bool,
    threads: usize,
) {
    if c.is_empty() || columns == 0 {
        return;
    }
    let rows = c.len() / columns;
    assert_eq!(c.len(), rows * columns);
    let run = |first_row: usize, part: &mut [f32]| {
        let a = Matrix { data: a.data.get(first_row * a.row_stride..).unwrap_or_default(), ..a };
        // SAFETY: as in `add_rows`.
        PACKED.with_borrow_mut(|packed| unsafe {
            (KERNELS.matmul)(a, b, part, columns, inner, accumulate, packed)
        });
    };
    // Below about a million multiply-adds a second thread costs more than it brings.
    if threads <= 1 || rows * columns * inner < 1 << 20 {
        return run(0, c);
    }
    let rows_each = rows.div_ceil(threads).next_multiple_of(16);
    c.par_chunks_mut(rows_each * columns).enumerate().for_each(|(i, part)| run(i * rows_each, part));
}

/// One step of Adam (Kingma and Ba, 2015) with decay rates 0.9 and 0.999 and epsilon 1e-8.
///
/// # Panics
/// When the lengths differ.
pub fn adam(weights: &mut [f32], first: &mut [f32], second: &mut [f32], gradient: &[f32], step: AdamStep) {
    assert!(first.len() == weights.len() && second.len() == weights.len() && gradient.len() == weights.len());
    // SAFETY: as in `add_rows`.
    unsafe { (KERNELS.adam)(weights, first, second, gradient, step) }
}

/// Replaces each value by its [`sigmoid`].
pub fn sigmoids(values: &mut [f32]) {
    // SAFETY: as in `add_rows`.
    unsafe { (KERNELS.sigmoids)(values) }
}

#[cfg(test)]
mod tests;
