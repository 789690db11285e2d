//! Imports run in one direction only: the table in `src/lib.rs` gives the order of the modules, and
//! each depends only on those above it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Returns the modules in the order of the table.
fn table(lib: &str) -> Vec<String> {
    let cells = lib.lines().filter_map(|line| line.strip_prefix("//! | ")?.split(" | ").next());
    let names = cells.filter_map(|cell| cell.trim_matches(['[', ']']).strip_prefix('`')?.strip_suffix('`'));
    names.map(str::to_owned).collect()
}

/// Returns the modules that `lib.rs` declares, except `internal`, which only re-exports.
fn declared(lib: &str) -> BTreeSet<String> {
    let declared = lib.lines().filter_map(|line| {
        let line = line.strip_prefix("pub(crate) ").or(line.strip_prefix("pub ")).unwrap_or(line);
        line.strip_prefix("mod ")?.split([';', ' ']).next()
    });
    declared.filter(|name| *name != "internal").map(str::to_owned).collect()
}

/// Returns a file's code without comments and without the tests at its end.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let lines = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

/// Returns the names in `code` directly after `crate::`, also in braces.
fn named(code: &str) -> BTreeSet<String> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        if code[..at].ends_with(|c: char| is_name(c) || c == '$') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        let Some(group) = rest.strip_prefix('{') else {
            names.extend(rest.split(|c| !is_name(c)).next().map(str::to_owned));
            continue;
        };
        let (mut depth, mut name) = (1, String::new());
        for c in group.chars() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            if depth == 1 && c != '}' || depth == 0 {
                if c == ',' || depth == 0 {
                    let first: String = name.trim().chars().take_while(|&c| is_name(c)).collect();
                    names.extend(Some(first).filter(|first| !first.is_empty()));
                    name.clear();
                } else {
                    name.push(c);
                }
            }
            if depth == 0 {
                break;
            }
        }
    }
    names
}

/// Returns all Rust files of a module.
fn files(module: &str) -> Vec<PathBuf> {
    let (file, folder) = (src().join(format!("{module}.rs")), src().join(module));
    let (mut found, mut folders) = (vec![], vec![folder]);
    found.extend(Some(file).filter(|file| file.exists()));
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(folder) else { continue };
        for path in entries.map(|entry| entry.unwrap().path()) {
            match path.is_dir() {
                true => folders.push(path),
                false if path.file_name().is_some_and(|name| name == "tests.rs") => {}
                false => found.push(path),
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_module_depends_only_on_modules_above_it() {
    let lib = fs::read_to_string(src().join("lib.rs")).unwrap();
    let order = table(&lib);
    let place = |name: &str| order.iter().position(|other| other == name);
    let mut faults = vec![];
    for module in &order {
        let files = files(module);
        assert!(!files.is_empty(), "the table names `{module}`, which has no file");
        let is_last = order.last().is_some_and(|last| last == module);
        for file in files {
            for name in named(&code(&file)) {
                let is_allowed = match place(&name) {
                    Some(at) => place(module).is_some_and(|own| at <= own),
                    // The C interface may import what the crate's root exports to other hosts.
                    None => is_last,
                };
                if !is_allowed {
                    let file = file.strip_prefix(src()).unwrap_or(&file).display().to_string();
                    faults.push(format!("src/{file} uses crate::{name}"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "imports of modules that stand below:\n{}", faults.join("\n"));
}

#[test]
fn the_table_names_every_module() {
    let lib = fs::read_to_string(src().join("lib.rs")).unwrap();
    let named: BTreeSet<String> = table(&lib).into_iter().collect();
    assert_eq!(named, declared(&lib));
}

#[test]
fn names_are_found_in_paths_and_in_braces() {
    let found =
        named("use crate::text; use crate::{Error, data::{list, Lines}, simd}; crate::rules::check()");
    let wanted = ["Error", "data", "rules", "simd", "text"];
    assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), wanted);
}
