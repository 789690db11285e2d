//! Builds the C library in a target folder of the tests' own, for tests that link it or look inside.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// A folder with the dynamic and the static library.
pub struct Library {
    pub folder: PathBuf,
}

/// The library as C programs get it: without the command line's parts, and without exports that misbehave.
pub fn plain() -> &'static Library {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    LIBRARY.get_or_init(|| build("plain", &[]))
}

/// With exports that misbehave.
#[allow(dead_code)]
pub fn misbehaving() -> &'static Library {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    LIBRARY.get_or_init(|| build("misbehaving", &["--features", "misbehaving-exports"]))
}

impl Library {
    pub fn dynamic(&self) -> PathBuf {
        self.folder.join(if cfg!(target_vendor = "apple") { "libintentkit.dylib" } else { "libintentkit.so" })
    }

    pub fn fixed(&self) -> PathBuf {
        self.folder.join("libintentkit.a")
    }
}

/// Release without link-time optimisation, so both kinds may come from one build; what ships is built one by one.
fn build(name: &str, features: &[&str]) -> Library {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("c");
    let library = Library { folder: root.join(name) };
    fs::create_dir_all(&library.folder).unwrap();
    // Builds with other features put their libraries in the same place, so one at a time.
    let lock = File::create(root.join("lock")).unwrap();
    lock.lock().unwrap();
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["rustc", "--lib", "--crate-type", "cdylib,staticlib", "--release", "--no-default-features"])
        .args(features)
        .args(["--offline", "--quiet", "--target", env!("INTENTKIT_TARGET"), "--target-dir"])
        .arg(root.join("target"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "cannot build the library:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let built = root.join("target").join(env!("INTENTKIT_TARGET")).join("release");
    for path in [library.dynamic(), library.fixed()] {
        fs::copy(built.join(path.file_name().unwrap()), &path).unwrap();
    }
    library
}
