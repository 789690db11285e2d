//! The C interface matches its description: version numbers, exported names. `cli/tests/header.rs` makes the header.

#[path = "c/library.rs"]
mod library;

use std::collections::BTreeSet;
use std::ffi::CStr;
use std::io::Write as _;
use std::process::Command;

const HEADER: &str = include_str!("../include/intentkit.h");
const EXPORTS: &str = include_str!("exports.txt");

fn listed() -> BTreeSet<String> {
    EXPORTS.lines().map(str::to_owned).collect()
}

/// Returns the value of a macro in the header.
fn macro_value(name: &str) -> &'static str {
    let start = format!("#define {name} ");
    HEADER
        .lines()
        .find_map(|line| line.strip_prefix(&start))
        .unwrap_or_else(|| panic!("the header lacks {name}"))
}

#[test]
fn every_version_is_that_of_the_package() {
    let version = env!("CARGO_PKG_VERSION");
    let parts = ["MAJOR", "MINOR", "PATCH"].map(|part| macro_value(&format!("INTENTKIT_VERSION_{part}")));
    assert_eq!(parts.join("."), version);
    assert_eq!(macro_value("INTENTKIT_VERSION"), format!("\"{version}\""));
    // SAFETY: a static NUL-terminated string, as the header says.
    let running = unsafe { CStr::from_ptr(intentkit::internal::ffi::intent_version()) };
    assert_eq!(running.to_str().unwrap(), version);
    let [major, minor, patch] = parts.map(|part| part.parse::<u32>().unwrap());
    let packed = major * 65_536 + minor * 256 + patch;
    let digits = macro_value("INTENTKIT_VERSION_NUMBER").strip_prefix("0x").unwrap();
    assert_eq!(u32::from_str_radix(digits, 16).unwrap(), packed);
    assert_eq!(intentkit::internal::ffi::intent_version_number(), packed);
}

#[test]
fn the_header_declares_the_listed_functions() {
    let mut declared = BTreeSet::new();
    // Declarations start at the beginning of a line; comments and struct members do not start with
    // a type.
    for line in
        HEADER.lines().filter(|line| !line.starts_with([' ', '#', '/']) && !line.starts_with("typedef"))
    {
        if let Some((before, _)) = line.split_once('(') {
            declared.insert(before.rsplit([' ', '*']).next().unwrap().to_owned());
        }
    }
    assert_eq!(declared, listed());
}

#[test]
fn every_name_that_the_header_gives_a_program_starts_with_intent() {
    let macros = HEADER.lines().filter_map(|line| line.strip_prefix("#define ")?.split([' ', '(']).next());
    let mut names: Vec<&str> = macros.collect();
    names.extend(HEADER.lines().filter_map(|line| line.strip_prefix("} ")?.strip_suffix(';')));
    assert!(names.len() > 20, "{names:?}");
    for name in names {
        assert!(name.starts_with("intent_") || name.starts_with("INTENT"), "{name}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn the_library_exports_the_listed_names_alone() {
    if Command::new("nm").arg("--version").output().is_err() {
        let _ = writeln!(std::io::stderr(), "skipped: there is no nm to list the library's symbols");
        return;
    }
    let output =
        Command::new("nm").args(["-D", "--defined-only"]).arg(library::plain().dynamic()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let symbols = String::from_utf8(output.stdout).unwrap();
    let exported: BTreeSet<String> =
        symbols.lines().filter_map(|line| line.split_whitespace().last()).map(str::to_owned).collect();
    assert_eq!(exported, listed());
}
