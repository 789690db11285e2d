//! The portable kernels compiled again for CPUs with more instructions. The lines are the same, and
//! so are the bits: Rust never fuses a multiplication and an addition, and vector lanes are
//! independent sums.

/// Defines a module `twins` whose `SET` has `unsafe` versions of all portable kernels, compiled
/// with the instructions of `features`. `columns` is the number of columns of table rows added at a
/// time, and `tile` the size of a matrix product's tiles.
macro_rules! recompiled {
    (features: $features:literal, columns: $columns:literal, tile: $rows:literal x $width:literal) => {
        mod recompiled {
            use crate::shape::DIMENSIONS;
            use crate::simd::{AdamStep, Kernels, Product, packed::Call, portable};

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
                matmul(product: Product<'_>, c: &mut [f32], packed: &mut Vec<f32>)
                    = portable::matmul::<$rows, $width>;
                adam(w: &mut [f32], first: &mut [f32], second: &mut [f32], gradient: &[f32], step: AdamStep)
                    = portable::adam;
                sigmoids(values: &mut [f32]) = portable::sigmoids;
            }
        }
    };
    ($features:literal; $($name:ident($($argument:ident: $type:ty),*) $(-> $result:ty)? = $kernel:expr;)*) => {
        /// The base of a named set, which replaces some of these with faster kernels.
        pub(super) const SET: Kernels = Kernels { name: "", $($name,)* };
        $(
            /// # Safety
            /// The CPU must have the features.
            #[target_feature(enable = $features)]
            unsafe fn $name($($argument: $type),*) $(-> $result)? {
                $kernel($($argument),*)
            }
        )*
    };
}
