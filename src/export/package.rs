//! The folder that Core ML calls a package, put in place whole.

use crate::error::{Error, Result};
use serde_json::json;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::Path;
use twox_hash::XxHash3_64;

const MANIFEST: &str = "Manifest.json";
/// Below `Data`.
const MODEL: &str = "com.apple.CoreML/model.mlmodel";
const WEIGHTS: &str = "com.apple.CoreML/weights";
const AUTHOR: &str = "com.apple.CoreML";

/// A name for an item that depends on nothing but its contents, so that equal models give equal packages; in the form of a
/// UUID of version 8 (RFC 9562).
fn identifier(contents: &[u8]) -> String {
    let half = |seed| XxHash3_64::oneshot_with_seed(seed, contents);
    let (a, b) = (half(1), half(2));
    format!(
        "{:08X}-{:04X}-8{:03X}-{:04X}-{:012X}",
        a >> 32,
        a >> 16 & 0xFFFF,
        a & 0xFFF,
        b >> 48 & 0x3FFF | 0x8000,
        b & 0xFFFF_FFFF_FFFF
    )
}

fn manifest(model: &[u8], weights: &[u8]) -> String {
    let (model, weights) = (identifier(model), identifier(weights));
    let item = |name: &str, path: &str, description: &str| json!({ "author": AUTHOR, "description": description, "name": name, "path": path });
    let manifest = json!({
        "fileFormatVersion": "1.0.0",
        "itemInfoEntries": {
            &model: item("model.mlmodel", MODEL, "CoreML Model Specification"),
            &weights: item("weights", WEIGHTS, "CoreML Model Weights"),
        },
        "rootModelIdentifier": &model,
    });
    format!("{manifest:#}\n")
}

/// Whether there is a package, as this module writes them.
fn is_package(path: &Path) -> bool {
    path.join(MANIFEST).is_file() && path.join("Data").join(MODEL).is_file()
}

/// Puts a package at `path`. It is written beside it and renamed, so that no reader ever sees half of one; a package that is there
/// is moved aside first and comes back when the new one can't take its place.
///
/// # Errors
/// [`Error::InvalidArgument`] when something else is in the way, [`Error::Io`] naming what failed.
pub(super) fn write(path: &Path, model: &[u8], weights: &[u8]) -> Result<()> {
    let taken = match fs::symlink_metadata(path) {
        Ok(_) if is_package(path) => true,
        Ok(_) => {
            return Err(Error::invalid(format!(
                "{} exists and is no Core ML package; move it away or export to another name",
                path.display()
            )));
        }
        Err(error) if error.kind() == ErrorKind::NotFound => false,
        Err(error) => return Err(Error::io(path, "cannot look at what is there", error)),
    };
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let beside = tempfile::Builder::new().prefix(".intent-").suffix(".part").tempdir_in(folder);
    let beside = beside.map_err(|e| Error::io(path, "cannot write beside the package", e))?;
    let (fresh, old) = (beside.path().join("new"), beside.path().join("old"));
    fill(&fresh, model, weights).map_err(|e| Error::io(path, "cannot write the package", e))?;
    if taken {
        fs::rename(path, &old).map_err(|e| Error::io(path, "cannot move the old package aside", e))?;
    }
    if let Err(error) = fs::rename(&fresh, path) {
        if taken && fs::rename(&old, path).is_err() {
            // What can't go back must not be deleted with the rest.
            let kept = beside.keep().join("old");
            let told = std::io::Error::new(
                error.kind(),
                format!("{error}; the old package is now {}", kept.display()),
            );
            return Err(Error::io(path, "cannot put the package in place", told));
        }
        return Err(Error::io(path, "cannot put the package in place", error));
    }
    #[cfg(unix)]
    if let Ok(folder) = File::open(folder) {
        // The rename itself must survive a power cut. Some file systems can't sync a folder; the package is whole either way.
        let _ = folder.sync_all();
    }
    Ok(())
}

fn fill(folder: &Path, model: &[u8], weights: &[u8]) -> std::io::Result<()> {
    let data = folder.join("Data");
    fs::create_dir_all(data.join(WEIGHTS))?;
    let put = |path: &Path, contents: &[u8]| {
        let mut file = File::create(path)?;
        file.write_all(contents)?;
        file.sync_all()
    };
    put(&data.join(WEIGHTS).join("weight.bin"), weights)?;
    put(&data.join(MODEL), model)?;
    put(&folder.join(MANIFEST), manifest(model, weights).as_bytes())
}
