//! The portable kernels once more, compiled for CPUs with more instructions: the same lines, so the same bits by construction,
//! since Rust never contracts a multiplication and an addition, and vector lanes are independent sums.

/// Defines a module `recompiled` whose `SET` holds all portable kernels as `unsafe` functions that may use the instructions of `features`:
/// table rows are added so many columns at a time, and tiles of a matrix product have so many rows and columns.
macro_rules! recompiled {
    (features: $features:literal, columns: $columns:literal, tile: $rows:literal x $width:literal) => {
        mod recompiled {
            use crate::shape::DIMENSIONS;
            use crate::simd::{AdamStep, Kernels, Matrix, packed::Call, portable};

            recompiled! { $features;
                add_rows(sums: &mut [i32; DIMENSIONS], table: &[i8], rows: &[u32], weight: i32)
                    = portable::add_rows::<$columns>;
                add_int4_rows(sums: &mut [i32; DIMENSIONS], table: &[u8], rows: &[u32], weight: i32)
                    = portable::add_int4_rows::<128>;
                affine(call: &Call<'_>, outputs: &mut [f32]) = portable::affine;
                dot_i8(a: &[i8; DIMENSIONS], b: &[i8; DIMENSIONS]) -> i32 = portable::dot_i8;
                normalise(sums: &[i32; DIMENSIONS], vector: &mut [f32; DIMENSIONS]) = portable::normalise;
                largest(values: &[f32]) -> usize = portable::largest;
                sum_exp_but(values: &[f32], base: f32, skip: usize) -> f32 = portable::sum_exp_but;
                quantise(values: &[f32], quantised: &mut [i8]) -> f32 = portable::quantise;
                dot(a: &[f32], b: &[f32]) -> f32 = portable::dot;
                axpy(a: f32, x: &[f32], y: &mut [f32]) = portable::axpy;
                weighted_sum(rows: &[f32], entries: &[(u32, f32)], sum: &mut [f32; DIMENSIONS])
                    = portable::weighted_sum;
                matmul(a: Matrix<'_>, b: Matrix<'_>, c: &mut [f32], columns: usize, inner: usize, accumulate: bool, packed: &mut Vec<f32>)
                    = portable::matmul::<$rows, $width>;
                adam(w: &mut [f32], first: &mut [f32], second: &mut [f32], gradient: &[f32], step: AdamStep)
                    = portable::adam;
                sigmoids(values: &mut [f32]) = portable::sigmoids;
            }
        }
    };
    ($features:literal; $($name:ident($($argument:ident: $type:ty),*) $(-> $result:ty)? = $kernel:expr;)*) => {
        /// For a set of that name, whose best kernels take the place of some of these.
        pub(super) const SET: Kernels = Kernels { name: "", $($name,)* };
        $(
            /// # Safety
            /// The CPU has the features.
            #[target_feature(enable = $features)]
            unsafe fn $name($($argument: $type),*) $(-> $result)? {
                $kernel($($argument),*)
            }
        )*
    };
}
