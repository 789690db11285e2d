//! Where a model's bytes live: a mapped file, or memory of our own. The only unsafe code of this room.

use crate::error::{Error, Result};
use crate::files;
use memmap2::Mmap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Write;
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
        let file = files::open(path, "cannot open the model")?;
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

/// How the names of temporary files end.
pub(crate) const PART: &str = ".part";

/// The folder that a file is in.
pub(crate) fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Puts `contents` at `path` in one step: a temporary file beside it, whose name starts with `prefix`, synced, renamed over it. Returns the
/// file, open behind the contents.
pub(crate) fn replace_file(path: &Path, prefix: &OsStr, contents: &[u8], mode: u32) -> Result<File> {
    write_beside(path, prefix, contents, mode)?.put(path, true)
}

/// A temporary file beside the one it is meant for. Removed when dropped.
pub(crate) struct Beside(tempfile::NamedTempFile);

/// Writes `contents` to a temporary file beside `path`, whose name starts with `prefix`, and syncs it.
pub(crate) fn write_beside(path: &Path, prefix: &OsStr, contents: &[u8], mode: u32) -> Result<Beside> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix).suffix(PART);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    #[cfg(not(unix))]
    let _ = mode;
    let mut file =
        builder.tempfile_in(folder(path)).map_err(|e| Error::io(path, "cannot write beside the file", e))?;
    file.write_all(contents).map_err(|e| Error::io(path, "cannot write the file", e))?;
    file.as_file().sync_all().map_err(|e| Error::io(path, "cannot write the file", e))?;
    Ok(Beside(file))
}

impl Beside {
    /// The file, open after the contents.
    pub(crate) fn file(&self) -> &File {
        self.0.as_file()
    }

    /// Renames the file to `path`. A file that is there is replaced if `replace` is true; otherwise it is an error.
    pub(crate) fn put(self, path: &Path, replace: bool) -> Result<File> {
        let placed = if replace { self.0.persist(path) } else { self.0.persist_noclobber(path) };
        let file = placed.map_err(|e| Error::io(path, "cannot put the file in place", e.error))?;
        #[cfg(unix)]
        if let Ok(folder) = File::open(folder(path)) {
            // The rename itself must survive a power cut. Some file systems can't sync a folder; the model is whole either way.
            let _ = folder.sync_all();
        }
        Ok(file)
    }
}
