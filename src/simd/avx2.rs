//! The portable kernels compiled for AVX2. Not one line of arithmetic of its own, so the bits are the same by
//! construction: Rust never contracts a multiplication and an addition, and vector lanes are independent sums.

use super::{AdamStep, DIMENSIONS, Kernels, Matrix, portable};

pub(super) fn detect() -> Option<Kernels> {
    is_x86_feature_detected!("avx2").then_some(AVX2)
}

const AVX2: Kernels =
    Kernels { name: "avx2", add_rows, matvec_i8, quantise, dot, axpy, weighted_sum, matmul, adam, sigmoids };

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
    add_rows(sums: &mut [i32; DIMENSIONS], table: &[i8], rows: &[u32], weight: i32) = portable::add_rows;
    matvec_i8(weights: &[i8], input: &[i8], sums: &mut [i32]) = portable::matvec_i8;
    quantise(values: &[f32], quantised: &mut [i8]) -> f32 = portable::quantise;
    dot(a: &[f32], b: &[f32]) -> f32 = portable::dot;
    axpy(a: f32, x: &[f32], y: &mut [f32]) = portable::axpy;
    weighted_sum(rows: &[f32], entries: &[(u32, f32)], sum: &mut [f32; DIMENSIONS]) = portable::weighted_sum;
    matmul(a: Matrix<'_>, b: Matrix<'_>, c: &mut [f32], columns: usize, inner: usize, accumulate: bool, packed: &mut Vec<f32>) = portable::matmul::<4, 16>;
    adam(w: &mut [f32], first: &mut [f32], second: &mut [f32], gradient: &[f32], step: AdamStep) = portable::adam;
    sigmoids(values: &mut [f32]) = portable::sigmoids;
}
