//! How wide every model is.

/// Length of a feature vector, and width of the embedding table's rows.
pub const DIMENSIONS: usize = 256;

/// Bytes of a row of 4-bit numbers.
pub const HALF: usize = DIMENSIONS / 2;
