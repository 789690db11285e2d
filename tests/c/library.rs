//! The C library, for tests that link or inspect it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder with the dynamic and the static library.
pub struct Library {
    pub folder: PathBuf,
}

/// Returns the library that cargo built for this test.
pub fn plain() -> Library {
    let test = std::env::current_exe().unwrap();
    Library { folder: test.parent().unwrap().to_path_buf() }
}

/// Returns a library with an export that panics.
#[allow(dead_code)]
pub fn misbehaving() -> Library {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tmp = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (cargos, library) = (plain().folder, Library { folder: tmp.join("misbehaving") });
    // In a cross build the procedural macros are in the host's folder.
    let macros = tmp.join("../../release/deps");
    fs::create_dir_all(&library.folder).unwrap();
    let output = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .args(["--edition", "2024", "--crate-type", "staticlib", "--target", env!("INTENTKIT_TARGET")])
        .arg(root.join("tests/c/misbehaving.rs"))
        .arg("--extern")
        .arg(format!("intentkit={}", cargos.join("libintentkit.rlib").display()))
        .arg("-L")
        .arg(format!("dependency={}", cargos.display()))
        .arg("-L")
        .arg(format!("dependency={}", macros.display()))
        .arg("-o")
        .arg(library.fixed())
        .output()
        .unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cannot build the library:\n{message}");
    library
}

#[allow(dead_code)]
impl Library {
    pub fn dynamic(&self) -> PathBuf {
        self.folder.join(if cfg!(target_vendor = "apple") { "libintentkit.dylib" } else { "libintentkit.so" })
    }

    pub fn fixed(&self) -> PathBuf {
        self.folder.join("libintentkit.a")
    }
}
