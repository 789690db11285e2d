//! `intent export`.

use crate::program::{Folder, intent, keys, small};
use std::fs;
use std::path::Path;

#[test]
fn export_writes_a_package_and_replaces_it() {
    let folder = Folder::new();
    let package = folder.path("Small.mlpackage");
    let report = intent(&["export", "--model", small(), "--output", &package, "--json"]).json();
    assert_eq!(keys(&report), ["package", "precision", "batch", "labels", "checksum", "bytes"]);
    assert_eq!((&report["precision"], &report["batch"]), (&"float16".into(), &1.into()));
    assert!(Path::new(&package).join("Manifest.json").is_file());
    let other = intent(&[
        "export",
        "--model",
        small(),
        "--output",
        &package,
        "--precision",
        "int8",
        "--batch",
        "8",
        "--author",
        "Ada",
    ]);
    other.succeeded();
    assert!(other.out.contains("int8, 8 rows at a time"), "{}", other.out);
}

#[test]
fn an_export_that_cannot_be_is_refused_by_name() {
    let folder = Folder::new();
    let package = folder.path("x.mlpackage");
    fs::write(&package, "mine").unwrap();
    for (arguments, code, expected) in [
        (&["--output", &package][..], 2, "is not a Core ML package"),
        (&["--output", "/nowhere/x.mlpackage"], 1, "/nowhere/x.mlpackage: cannot write beside the package"),
        (&["--output", "x.mlmodel"], 2, "must end in .mlpackage"),
        (&["--output", &package, "--batch", "0"], 2, "--batch is 0; it must be from 1 to 4096"),
        (&["--output", &package, "--precision", "int4"], 2, "use float16, float32 or int8"),
        (&[], 2, "--output"),
    ] {
        let ran = intent(&[&["export", "--model", small()], arguments].concat());
        assert!(ran.complaint(code).contains(expected), "{arguments:?}: {}", ran.err);
    }
}
