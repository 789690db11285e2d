//! The C header of the library is the one that its sources make. Here and not beside the library, whose tests would compile
//! cbindgen for every target and sanitizer.

#[path = "../../include/header.rs"]
mod header;

use std::fs;
use std::path::Path;

const HEADER: &str = include_str!("../../include/intentkit.h");

#[test]
fn the_committed_header_is_the_generated_one() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let generated = header::header(&root, env!("CARGO_PKG_VERSION")).unwrap();
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("intentkit.h");
    fs::write(&path, &generated).unwrap();
    assert!(
        generated == HEADER,
        "include/intentkit.h is out of date; look at the change and copy it: cp {} include/intentkit.h",
        path.display()
    );
}
