//! The library's dependencies, by cargo.

use std::process::Command;

#[test]
fn what_only_the_command_line_needs_is_no_dependency_of_the_library() {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "--locked",
            "--package",
            "intentkit",
            "--edges",
            "normal",
            "--prefix",
            "none",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).unwrap();
    let names: Vec<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(names.contains(&"ndarray") && names.contains(&"safetensors"), "{tree}");
    for name in ["clap", "clap_builder", "clap_derive", "indicatif", "console", "cbindgen"] {
        assert!(!names.contains(&name), "the library depends on {name}");
    }
}
