//! Files that can't be read: missing, damaged, of another kind.

use crate::program::{DATA, Folder, intent, intent_with, small};
use std::fs;
use std::process::Command;

#[test]
#[cfg(unix)]
fn a_named_pipe_is_refused_wherever_a_file_is_read_and_an_open_one_is_read() {
    let folder = Folder::new();
    let pipe = folder.path("pipe.jsonl");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let (data, output) = (folder.path("data.jsonl"), folder.path("a.intent"));
    let train = ["train", &data, "--output", &output];
    for arguments in [
        &["train", &pipe, "--output", &output][..],
        &[&train[..], &["--valid", &pipe]].concat(),
        &[&train[..], &["--lexicon", &pipe]].concat(),
        &[&train[..], &["--descriptions", &pipe]].concat(),
        &["predict", "--model", &pipe, "lights"],
        &["eval", "--model", small(), &pipe],
        &["eval", "--model", &pipe, &data],
        &["info", "--model", &pipe],
        &["update", "--model", &pipe, &data, "--output", &output],
        &["new", &pipe, "--output", &output],
    ] {
        let ran = intent(arguments);
        let complaint = ran.complaint(1);
        assert!(complaint.starts_with(&format!("{pipe}: cannot open")), "{arguments:?}: {complaint}");
        assert!(complaint.ends_with("it is a named pipe; name a regular file"), "{arguments:?}: {complaint}");
    }
    let given = ["train", "/dev/stdin", "--format", "jsonl", "--output", &output, "--epochs", "3", "--quiet"];
    intent_with(&given, DATA.as_bytes()).succeeded();
}

#[test]
fn a_bad_line_is_named_with_its_file() {
    let folder = Folder::new();
    let bad = folder.put("bad.jsonl", b"{\"text\": \"secret words\", \"labels\": [\"a\"]}\n{\"text\": 3}\n");
    let ran = folder.train("bad.jsonl", "a.intent", &[]);
    let complaint = ran.complaint(1);
    assert!(complaint.starts_with(&format!("{bad}, line 2: expected {{\"text\"")), "{complaint}");
    let eval = intent_with(&["eval", "--model", small(), "-"], b"\n\nnonsense\n");
    assert!(eval.complaint(1).starts_with("standard input, line 3: expected"), "{}", eval.err);
}

#[test]
fn missing_files_and_unknown_formats_are_named_with_the_next_step() {
    let folder = Folder::new();
    let missing = folder.train("none.jsonl", "a.intent", &[]);
    assert!(missing.complaint(1).contains("none.jsonl: cannot open: "), "{}", missing.err);
    assert!(missing.complaint(1).ends_with("; check the name"), "{}", missing.err);
    folder.put("data.docx", b"");
    let unknown = folder.train("data.docx", "a.intent", &[]);
    assert!(unknown.complaint(2).contains("data.docx: the format is unknown"), "{}", unknown.err);
    assert!(unknown.complaint(2).contains("--format"), "{}", unknown.err);
    let model = intent(&["predict", "--model", &folder.path("none.intent"), "x"]);
    assert!(model.complaint(1).contains("none.intent: cannot open the model: "), "{}", model.err);
}

#[test]
fn a_file_that_is_no_sound_model_is_refused_by_name() {
    let folder = Folder::new();
    let data = folder.path("data.jsonl");
    let mut bytes = fs::read(small()).unwrap();
    let cut = folder.put("cut.intent", &bytes[..bytes.len() / 2]);
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    let flipped = folder.put("flipped.intent", &bytes);
    for (model, expected) in [
        (&data, "not an IntentKit model file"),
        (&cut, "its header says"),
        (&flipped, "its contents have changed"),
    ] {
        for command in [
            &["info", "--model", model][..],
            &["predict", "--model", model, "x"],
            &["eval", "--model", model, &data],
        ] {
            let ran = intent(command);
            let complaint = ran.complaint(1);
            assert!(complaint.starts_with(model.as_str()) && complaint.contains(expected), "{complaint}");
        }
    }
}
