//! Writes the folder that Core ML calls a package, in one step.

use crate::error::{Error, Result};
use crate::files;
use serde_json::json;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use twox_hash::XxHash3_64;

const MANIFEST: &str = "Manifest.json";
/// In the folder `Data`.
const MODEL: &str = "com.apple.CoreML/model.mlmodel";
const WEIGHTS: &str = "com.apple.CoreML/weights";
const AUTHOR: &str = "com.apple.CoreML";

/// Returns an item's identifier, in the form of a UUID of version 8 (RFC 9562). It depends only on
/// the contents, so that equal models give equal packages.
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

/// Returns true if `path` is a package as this module writes them.
fn is_package(path: &Path) -> bool {
    path.join(MANIFEST).is_file() && path.join("Data").join(MODEL).is_file()
}

/// Writes a package to `path`, or to the target of its symbolic links. It is written beside `path`
/// and moved there in one step: a reader never sees half a package, nor a moment without one.
///
/// A system that can't exchange two folders first moves the old package aside. It is moved back if
/// the new one can't be moved in, and by the next export if the program was killed in between.
///
/// # Errors
/// Fails with [`Error::InvalidArgument`] if `path` exists and is not a package, and with
/// [`Error::Io`], naming the step that failed.
pub(super) fn write(path: &Path, model: &[u8], weights: &[u8]) -> Result<()> {
    write_by(exchange, &files::target(path)?, model, weights)
}

/// Exchanges two folders in one step, or fails.
type Exchange = fn(&Path, &Path) -> io::Result<()>;

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?)
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(ErrorKind::Unsupported.into())
}

fn write_by(exchange: Exchange, path: &Path, model: &[u8], weights: &[u8]) -> Result<()> {
    let aside = aside(path);
    recover(path, &aside)?;
    let taken = match fs::symlink_metadata(path) {
        Ok(_) if is_package(path) => true,
        Ok(_) => {
            return Err(Error::invalid(format!(
                "{} exists and is not a Core ML package; move it away or export to another name",
                path.display()
            )));
        }
        Err(error) if error.kind() == ErrorKind::NotFound => false,
        Err(error) => return Err(Error::io(path, "cannot inspect it", error)),
    };
    files::sweep(files::folder(path), files::PREFIX.as_ref());
    // Locked until the new package is in place.
    let (beside, lock) =
        files::folder_beside(path).map_err(|e| Error::io(path, "cannot write beside the package", e))?;
    let fresh = beside.path().join("new");
    fill(&fresh, model, weights).map_err(|e| Error::io(path, "cannot write the package", e))?;
    let in_place = |e| Error::io(path, "cannot put the package in place", e);
    if !taken {
        fs::rename(&fresh, path).map_err(in_place)?;
    } else if exchange(&fresh, path).is_err() {
        fs::rename(path, &aside).map_err(|e| Error::io(path, "cannot move the old package aside", e))?;
        if let Err(error) = fs::rename(&fresh, path) {
            if fs::rename(&aside, path).is_err() {
                let told = format!("{error}; the old package is now {}", aside.display());
                return Err(in_place(io::Error::new(error.kind(), told)));
            }
            return Err(in_place(error));
        }
        // If this fails, the next export removes it.
        let _ = fs::remove_dir_all(&aside);
    }
    files::sync_folder(path);
    drop(beside);
    drop(lock);
    Ok(())
}

/// The path of the old package while the new one is moved in, on a system that can't exchange the
/// two.
fn aside(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".intent-old");
    path.with_file_name(name)
}

/// Cleans up after a program that was killed while a package was aside, or while that was being
/// removed.
fn recover(path: &Path, aside: &Path) -> Result<()> {
    if fs::symlink_metadata(path).is_ok() {
        let _ = fs::remove_dir_all(aside);
        return Ok(());
    }
    match is_package(aside) {
        true => fs::rename(aside, path).map_err(|e| Error::io(path, "cannot put the old package back", e)),
        false => Ok(()),
    }
}

fn fill(folder: &Path, model: &[u8], weights: &[u8]) -> io::Result<()> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};

    const CANNOT: Exchange = |_, _| Err(ErrorKind::Unsupported.into());
    /// The new package disappears before the exchange.
    const VANISHES: Exchange = |fresh, _| {
        fs::remove_dir_all(fresh)?;
        Err(ErrorKind::Unsupported.into())
    };

    fn model(path: &Path) -> Vec<u8> {
        fs::read(path.join("Data").join(MODEL)).unwrap()
    }

    fn count(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn a_package_that_is_replaced_is_never_missing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.mlpackage");
        write(&path, b"0", b"").unwrap();
        let other = folder.path().join("y.mlpackage");
        write(&other, b"0", b"").unwrap();
        if exchange(&path, &other).is_err() {
            println!("skipped: this file system can't exchange two folders");
            return;
        }
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let mut looks = 0;
                while !done.load(Ordering::Relaxed) || looks == 0 {
                    assert!(path.exists(), "missing at look {looks}");
                    looks += 1;
                }
            });
            (0..200u8).for_each(|i| write(&path, &[i], b"").unwrap());
            done.store(true, Ordering::Relaxed);
            reader.join().unwrap();
        });
        assert_eq!((model(&path), count(folder.path())), (vec![199], 2));
    }

    #[test]
    fn without_an_exchange_a_package_is_replaced_and_nothing_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.mlpackage");
        for contents in [b"1", b"2"] {
            write_by(CANNOT, &path, contents, b"").unwrap();
            assert_eq!((model(&path), count(folder.path())), (contents.to_vec(), 1));
        }
    }

    #[test]
    fn a_package_left_aside_comes_back_even_when_the_next_export_fails() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.mlpackage");
        write(&path, b"old", b"").unwrap();
        fs::rename(&path, aside(&path)).unwrap();
        write_by(VANISHES, &path, b"new", b"").unwrap_err();
        assert_eq!((model(&path), count(folder.path())), (b"old".to_vec(), 1));
        // Killed after the new package was in place.
        fs::create_dir_all(aside(&path).join("Data/half")).unwrap();
        write_by(CANNOT, &path, b"new", b"").unwrap();
        assert_eq!((model(&path), count(folder.path())), (b"new".to_vec(), 1));
    }

    #[test]
    fn an_export_that_cannot_take_the_place_leaves_the_old_package_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.mlpackage");
        write(&path, b"old", b"").unwrap();
        let error = write_by(VANISHES, &path, b"new", b"").unwrap_err().to_string();
        assert!(error.contains("cannot put the package in place"), "{error}");
        assert_eq!((model(&path), count(folder.path())), (b"old".to_vec(), 1));
    }

    #[test]
    fn what_a_killed_export_left_is_swept_by_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.mlpackage");
        fill(&folder.path().join(".intent-aB3dE6.part/new"), b"half", b"").unwrap();
        write(&path, b"new", b"").unwrap();
        assert_eq!(count(folder.path()), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_a_package_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("x.mlpackage"), folder.path().join("link.mlpackage"));
        write(&path, b"old", b"").unwrap();
        std::os::unix::fs::symlink("x.mlpackage", &link).unwrap();
        write(&link, b"new", b"").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(model(&path), b"new");
    }
}
