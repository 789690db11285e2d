//! The statements of README and documentation hold: the C example and its compiler lines, the data
//! formats, every path. No committed file names a path on a developer's machine.

#[cfg(unix)]
#[path = "c/library.rs"]
mod library;
#[path = "documents/markdown.rs"]
mod markdown;

use intentkit::data::{Format, read};
use markdown::{blocks, code_spans};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const README: &str = include_str!("../README.md");
const HELLO: &str = include_str!("../examples/hello.c");

fn blocks_in(language: &str) -> Vec<String> {
    blocks(README).into_iter().filter(|block| block.0 == language).map(|block| block.1).collect()
}

/// Returns the README and all files under `docs`.
fn documents() -> Vec<PathBuf> {
    let mut found = vec![Path::new(ROOT).join("README.md"), Path::new(ROOT).join("CHANGELOG.md")];
    let mut folders = vec![Path::new(ROOT).join("docs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                found.push(path);
            }
        }
    }
    found
}

#[test]
fn the_c_example_is_the_file() {
    assert_eq!(blocks_in("c"), [HELLO], "put examples/hello.c into README.md as it is");
}

/// The compiler lines of the README, run with a library built for the tests, and the program's
/// output.
#[test]
#[cfg(unix)]
fn the_lines_that_build_the_c_example_work_and_it_prints_what_is_shown() {
    if std::env::var_os("INTENTKIT_RUNNER").is_some() || Command::new("cc").arg("--version").output().is_err()
    {
        let _ = writeln!(
            std::io::stderr(),
            "skipped: the README's lines need a `cc` that compiles for this machine"
        );
        return;
    }
    let shell = blocks_in("sh").concat();
    let lines: Vec<&str> = shell.lines().filter_map(|line| line.strip_suffix(" && ./hello")).collect();
    assert_eq!(lines.len(), 2, "one for the static and one for the dynamic library");
    assert!(HELLO.contains(lines[0]), "examples/hello.c says another line than the README");
    let library = library::plain();
    let folder = library.folder.to_str().unwrap();
    let shown = blocks_in("text").into_iter().find(|block| block.contains(" -> "));
    for (number, line) in lines.iter().enumerate() {
        let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("readme-hello-{number}"));
        let mut words = line.split_whitespace();
        let mut compiler = Command::new(words.next().unwrap());
        compiler.current_dir(ROOT);
        while let Some(word) = words.next() {
            if word == "-o" {
                words.next();
                compiler.arg("-o").arg(&program);
            } else {
                // The dynamic library's path is stored in the program, so it must be absolute here.
                compiler.arg(word.replace("target/release", folder));
            }
        }
        let output = compiler.output().unwrap();
        assert!(output.status.success(), "{line}\n{}", String::from_utf8_lossy(&output.stderr));
        let output = Command::new(&program).output().unwrap();
        assert!(output.status.success(), "{line}\n{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(Some(String::from_utf8(output.stdout).unwrap()), shown, "{line}");
    }
}

#[test]
fn the_three_data_formats_say_the_same() {
    let example = |language: &str, mark: &str| {
        let block = blocks_in(language).into_iter().find(|block| block.contains(mark));
        block.unwrap_or_else(|| panic!("no block of {language} holds {mark}"))
    };
    let json = read(example("json", "\"labels\"").as_bytes(), Format::JsonLines, "README.md").unwrap();
    let fast = read(example("text", "__label__").as_bytes(), Format::FastText, "README.md").unwrap();
    let csv = read(example("csv", "text,labels").as_bytes(), Format::Csv, "README.md").unwrap();
    assert_eq!((json.len(), &json, &json), (3, &fast, &csv));
}

#[test]
fn every_path_in_the_documents_exists() {
    let rooms =
        [".ci/", "benches/", "docs/", "examples/", "include/", "models/", "scripts/", "src/", "tests/"];
    let mut missing = vec![];
    for document in documents() {
        let text = fs::read_to_string(&document).unwrap();
        let mut check = |base: &Path, path: &str| {
            if !base.join(path).exists() {
                missing.push(format!("{}: {path}", document.strip_prefix(ROOT).unwrap().display()));
            }
        };
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = link.split('#').next().unwrap_or_default();
            if !path.is_empty() && !path.contains("://") {
                check(document.parent().unwrap(), path);
            }
        }
        for span in code_spans(&text) {
            let top = !span.contains(['/', ' ', '*'])
                && [".toml", ".md", ".lock"].iter().any(|end| span.ends_with(end));
            if top || rooms.iter().any(|room| span.starts_with(room)) && !span.contains(' ') {
                check(Path::new(ROOT), span);
            }
        }
    }
    assert_eq!(missing, [""; 0]);
}

#[test]
fn every_anchor_in_the_readme_has_its_heading() {
    let anchor = |heading: &str| {
        let kept = heading.to_lowercase().replace(|c: char| !c.is_alphanumeric() && c != ' ' && c != '-', "");
        format!("#{}", kept.trim().replace(' ', "-"))
    };
    let headings: Vec<String> = README
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| anchor(line.trim_start_matches('#')))
        .collect();
    for link in README.split("](#").skip(1).filter_map(|rest| rest.split(')').next()) {
        assert!(headings.contains(&format!("#{link}")), "no heading for #{link}");
    }
}

#[test]
fn nothing_committed_names_a_place_on_somebodys_machine() {
    let Ok(output) = Command::new("git").args(["-C", ROOT, "ls-files", "-z"]).output() else {
        let _ = writeln!(std::io::stderr(), "skipped: there is no git to list the files");
        return;
    };
    if !output.status.success() {
        let _ = writeln!(std::io::stderr(), "skipped: this is no git repository");
        return;
    }
    // In two parts, so that this file doesn't contain them.
    let places =
        [["/wo", "rk/"], ["/ho", "me/"], ["/ro", "ot/"], ["/Us", "ers/"]].map(|parts| parts.concat());
    let mut found = vec![];
    for name in String::from_utf8(output.stdout).unwrap().split_terminator('\0') {
        // A listed file may have been removed without a commit.
        let Ok(bytes) = fs::read(Path::new(ROOT).join(name)) else { continue };
        for place in &places {
            if bytes.windows(place.len()).any(|window| window == place.as_bytes()) {
                found.push(format!("{name}: {place}"));
            }
        }
    }
    assert_eq!(found, [""; 0]);
}
