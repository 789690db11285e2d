//! Where a model's bytes live: a mapped file, or memory of our own. The only unsafe code of this module.

use crate::error::{Error, Result};
use crate::sources;
use memmap2::Mmap;
use std::path::Path;

/// A cache line; a vector of these starts where every tensor's type may start.
#[derive(Debug, Clone, Copy, bytemuck::Zeroable, bytemuck::Pod)]
#[repr(C, align(64))]
pub(super) struct Line([u8; 64]);

/// The bytes of one model, aligned for every tensor.
#[derive(Debug)]
pub(super) enum Bytes {
    Mapped(Mmap),
    Owned { lines: Vec<Line>, length: usize },
}

impl Bytes {
    pub(super) fn mapped(path: &Path) -> Result<Bytes> {
        let file = sources::open(path, "cannot open the model")?;
        let about = file.metadata().map_err(|e| Error::io(path, "cannot open the model", e))?;
        if about.len() == 0 {
            return Ok(Bytes::copied(&[]));
        }
        // SAFETY: a mapping is only sound while nobody changes the file in place. That is the documented contract of model
        // files: this library replaces them by renaming and never writes into one.
        let map = unsafe { Mmap::map(&file) }.map_err(|e| Error::io(path, "cannot map the model", e))?;
        Ok(Bytes::Mapped(map))
    }

    pub(super) fn copied(bytes: &[u8]) -> Bytes {
        let mut lines = vec![Line([0; 64]); bytes.len().div_ceil(64)];
        bytemuck::cast_slice_mut(&mut lines)[..bytes.len()].copy_from_slice(bytes);
        Bytes::Owned { lines, length: bytes.len() }
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        match self {
            Bytes::Mapped(map) => map,
            Bytes::Owned { lines, length } => &bytemuck::cast_slice(lines)[..*length],
        }
    }
}
