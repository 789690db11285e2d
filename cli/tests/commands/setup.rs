//! `intent setup`: man pages and completions that man and the shells accept.

use crate::program::{Folder, intent, shell};
use std::fs;
use std::io::Write as _;
use std::process::Command;

/// A prefix with everything installed.
fn installed() -> (Folder, String) {
    let folder = Folder::new();
    let prefix = folder.path("a new/prefix");
    let ran = intent(&["setup", "--prefix", &prefix]);
    ran.succeeded();
    let named = ran.out.lines().filter(|line| line.starts_with(&prefix));
    assert!(named.clone().all(|path| fs::metadata(path).is_ok_and(|file| file.len() > 0)), "{}", ran.out);
    assert!(named.count() > 12 && ran.out.contains("zsh: put `fpath+=("), "{}", ran.out);
    (folder, prefix)
}

fn has(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok();
    if !found {
        let _ =
            writeln!(std::io::stderr(), "skipped: {program} is not installed, so its files are not tried");
    }
    found
}

#[test]
fn every_subcommand_has_a_page_with_its_options_and_examples() {
    let (_folder, prefix) = installed();
    let page = |name: &str| fs::read_to_string(format!("{prefix}/share/man/man1/{name}.1")).unwrap();
    let all = page("intent");
    assert!(
        all.contains("IntentKit") && all.contains("Exit codes") && !all.contains("first\\-prediction"),
        "{all}"
    );
    let help = intent(&["--help"]).out;
    for name in
        ["train", "update", "new", "predict", "explain", "eval", "bench", "export", "info", "demo", "setup"]
    {
        assert!(
            help.contains(&format!("\n  {name} ")) && all.contains(&format!("intent\\-{name}(1)")),
            "{name}"
        );
        assert!(page(&format!("intent-{name}")).contains(".SH EXAMPLES"), "{name}");
    }
    assert!(page("intent-train").contains("acceptance\\-rate"));
    assert!(
        fs::read_dir(format!("{prefix}/share/man/man1")).unwrap().count() == 12,
        "none of hidden subcommands"
    );
}

#[test]
#[cfg(unix)]
fn a_page_shows_its_examples_line_by_line() {
    if !has("groff") {
        return;
    }
    let (folder, prefix) = installed();
    for page in ["intent", "intent-update"] {
        let shown =
            shell(folder.0.path(), &format!("groff -man -Tascii -ww '{prefix}/share/man/man1/{page}.1'"));
        shown.succeeded();
        assert_eq!(shown.err, "", "groff warns of nothing");
        let example = "intent update --model commands.intent";
        assert!(shown.out.lines().any(|line| line.trim_start().starts_with(example)), "{}", shown.out);
    }
}

#[test]
#[cfg(unix)]
fn bash_completes_subcommands_and_options() {
    if !has("bash") {
        return;
    }
    let (folder, prefix) = installed();
    let complete = |words: &str| {
        let script = format!(
            "source '{prefix}/share/bash-completion/completions/intent'; COMP_WORDS=({words}); \
             COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _intent intent \"${{COMP_WORDS[COMP_CWORD]}}\"; echo \"${{COMPREPLY[@]}}\""
        );
        let script = folder.put("try.sh", script.as_bytes());
        let ran = shell(folder.0.path(), &format!("bash '{script}'"));
        ran.succeeded();
        ran.out.trim().to_owned()
    };
    assert_eq!(complete("intent pre"), "predict");
    assert_eq!(complete("intent train --acc"), "--acceptance-rate");
}

#[test]
fn a_prefix_that_cannot_be_written_is_named() {
    let folder = Folder::new();
    let file = folder.path("data.jsonl");
    let ran = intent(&["setup", "--prefix", &file]);
    assert!(
        ran.complaint(1).starts_with(&format!("{file}/share/man/man1: cannot create the folder")),
        "{}",
        ran.err
    );
    let again = folder.path("prefix");
    for _ in 0..2 {
        assert_eq!(intent(&["setup", "--prefix", &again, "--quiet"]).out, "");
    }
}
