//! Trainable matrices, and the one product they are multiplied with.

use crate::simd::{self, AdamStep, Matrix};
use ndarray::{Array2, ArrayView2};

/// A matrix with its gradient and Adam's two moments.
pub(super) struct Parameter {
    pub(super) value: Array2<f32>,
    pub(super) gradient: Array2<f32>,
    first: Array2<f32>,
    second: Array2<f32>,
}

impl Parameter {
    pub(super) fn new(value: Array2<f32>) -> Self {
        let zeros = Array2::zeros(value.raw_dim());
        Parameter { value, gradient: zeros.clone(), first: zeros.clone(), second: zeros }
    }

    pub(super) fn adam(&mut self, step: AdamStep) {
        let all = (
            self.value.as_slice_mut(),
            self.first.as_slice_mut(),
            self.second.as_slice_mut(),
            self.gradient.as_slice(),
        );
        if let (Some(value), Some(first), Some(second), Some(gradient)) = all {
            simd::adam(value, first, second, gradient, step);
        }
    }
}

fn matrix<'a>(view: &'a ArrayView2<'_, f32>) -> Matrix<'a> {
    let strides = view.strides();
    Matrix {
        // Only whole matrices and their transposes come here: both are contiguous in memory.
        data: view.as_slice_memory_order().unwrap_or_default(),
        row_stride: strides[0].unsigned_abs(),
        column_stride: strides[1].unsigned_abs(),
    }
}

/// `c = a b`, or `c += a b` with `accumulate`, in the fixed order of [`simd::matmul`].
///
/// # Panics
/// When the shapes don't fit.
pub(super) fn product(a: ArrayView2<'_, f32>, b: ArrayView2<'_, f32>, c: &mut Array2<f32>, accumulate: bool) {
    assert!(a.ncols() == b.nrows() && a.nrows() == c.nrows() && b.ncols() == c.ncols());
    let (columns, inner) = (b.ncols(), b.nrows());
    if let Some(values) = c.as_slice_mut() {
        simd::matmul(matrix(&a), matrix(&b), values, columns, inner, accumulate);
    }
}
