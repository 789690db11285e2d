//! Trainable matrices and their product.

use crate::simd::{self, AdamStep, Matrix, Product};
use ndarray::Array2;

/// A matrix with its gradient and Adam's two moments.
pub(crate) struct Parameter {
    pub(crate) value: Array2<f32>,
    pub(crate) gradient: Array2<f32>,
    first: Array2<f32>,
    second: Array2<f32>,
}

impl Parameter {
    pub(crate) fn new(value: Array2<f32>) -> Self {
        let zeros = Array2::zeros(value.raw_dim());
        Parameter { value, gradient: zeros.clone(), first: zeros.clone(), second: zeros }
    }

    pub(crate) fn view(&self) -> View<'_> {
        View::from(&self.value)
    }

    /// The values, row by row.
    pub(crate) fn values(&self) -> &[f32] {
        self.value.as_slice().unwrap_or_default()
    }

    /// The gradient, row by row.
    pub(crate) fn gradient_mut(&mut self) -> &mut [f32] {
        self.gradient.as_slice_mut().unwrap_or_default()
    }

    pub(crate) fn adam(&mut self, step: AdamStep) {
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

/// A borrowed matrix, as an operand of a product.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    matrix: Matrix<'a>,
    rows: usize,
    columns: usize,
}

impl<'a> View<'a> {
    /// Row-major values with `columns` per row.
    pub(crate) fn new(data: &'a [f32], columns: usize) -> Self {
        let matrix = Matrix { data, row_stride: columns, column_stride: 1 };
        View { matrix, rows: data.len() / columns.max(1), columns }
    }

    /// The transpose.
    pub(crate) fn t(self) -> Self {
        let Matrix { data, row_stride, column_stride } = self.matrix;
        let matrix = Matrix { data, row_stride: column_stride, column_stride: row_stride };
        View { matrix, rows: self.columns, columns: self.rows }
    }
}

impl<'a> From<&'a Array2<f32>> for View<'a> {
    fn from(array: &'a Array2<f32>) -> Self {
        View::new(array.as_slice().unwrap_or_default(), array.ncols())
    }
}

/// A matrix with one row per row of the batch. Its buffer is reused from step to step.
#[derive(Default)]
pub(crate) struct Rows {
    values: Vec<f32>,
    columns: usize,
}

impl Rows {
    /// Sets the size. The contents are undefined.
    pub(crate) fn reshape(&mut self, rows: usize, columns: usize) {
        self.values.resize(rows * columns, 0.0);
        self.columns = columns;
    }

    /// Sets the number of rows, each a copy of `row`.
    pub(crate) fn repeat(&mut self, rows: usize, row: &[f32]) {
        self.values.clear();
        (0..rows).for_each(|_| self.values.extend_from_slice(row));
        self.columns = row.len();
    }

    pub(crate) fn values(&self) -> &[f32] {
        &self.values
    }

    pub(crate) fn values_mut(&mut self) -> &mut [f32] {
        &mut self.values
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = &[f32]> {
        self.values.chunks_exact(self.columns)
    }

    pub(crate) fn rows_mut(&mut self) -> impl Iterator<Item = &mut [f32]> {
        self.values.chunks_exact_mut(self.columns)
    }

    pub(crate) fn view(&self) -> View<'_> {
        View::new(&self.values, self.columns)
    }
}

/// `c = a b`, or `c += a b` with `accumulate`, in the fixed order of [`simd::matmul`] and on up to
/// `threads` threads.
///
/// # Panics
/// Panics if the shapes don't match.
pub(crate) fn product(a: View<'_>, b: View<'_>, c: &mut [f32], accumulate: bool, threads: usize) {
    assert!(a.columns == b.rows && a.rows * b.columns == c.len());
    let product = Product { a: a.matrix, b: b.matrix, columns: b.columns, inner: b.rows, accumulate };
    simd::matmul(product, c, threads);
}
