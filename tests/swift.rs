//! Runs the Swift package and the Objective-C host with the library, where this machine has the
//! tools; `.ci/run` requires both.
#![cfg(unix)]

#[path = "c/library.rs"]
mod library;

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output};

fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{}", line.trim_end());
}

fn run(command: &mut Command) -> Output {
    let output = command
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("INTENTKIT_LIB_DIR", &library::plain().folder)
        .output()
        .unwrap_or_else(|e| panic!("cannot start {command:?}: {e}"));
    for text in [&output.stdout, &output.stderr] {
        say(&String::from_utf8_lossy(text));
    }
    output
}

#[test]
fn the_swift_package_passes_its_tests() {
    if Command::new("swift").arg("--version").output().is_err() {
        return say(
            "skipped: there is no Swift to test the package with; scripts/swift-root.sh makes a Debian that has it",
        );
    }
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("swift");
    let output = run(Command::new("swift").args(["test", "--scratch-path"]).arg(scratch));
    assert!(output.status.success());
}

#[test]
fn the_objective_c_host_trains_predicts_rejects_and_exports() {
    /// Exit status of the script if something is missing, which it prints.
    const SKIPPED: i32 = 3;
    let output = run(&mut Command::new("scripts/objc-host.sh"));
    assert!(output.status.success() || output.status.code() == Some(SKIPPED), "{}", output.status);
}
