//! What training and measuring warn of.

use crate::program::{Folder, Ran, intent, small};

#[test]
fn a_label_with_one_example_is_named_in_a_warning() {
    let folder = Folder::new();
    let lone = folder.put("lone.jsonl", br#"{"text": "will it rain", "labels": ["weather"]}"#);
    let (data, model) = (folder.path("data.jsonl"), folder.path("a.intent"));
    let train = ["train", &data, &lone, "--output", &model, "--epochs", "2", "--json"];
    let ran = intent(&train);
    assert!(ran.err.starts_with("intent: warning: ") && ran.err.contains("`weather`"), "{}", ran.err);
    assert!(ran.json()["warnings"][0].as_str().unwrap().contains("`weather`"));
    let quiet = intent(&[&train[..], &["--quiet"]].concat());
    assert_eq!(quiet.err, "");
    assert_eq!(quiet.json()["warnings"].as_array().unwrap().len(), 1);
}

#[test]
fn lines_of_a_fasttext_file_that_were_probably_meant_otherwise_are_named_in_warnings() {
    let folder = Folder::new();
    let lines = "__label__on turn on\n\n_label_off turn off\n__label__off,__label__on turn down\n__label__off lights out\n";
    let slips = folder.put("slips.txt", lines.as_bytes());
    let misspelt = format!("{slips}, line 3: the first word of the text looks like a misspelt `__label__`");
    let joined = format!("{slips}, line 4: labels without a space between them are read as one label");
    let warned = |ran: &Ran| {
        let shown: Vec<&str> = ran.err.lines().collect();
        let told = ran.json()["warnings"].clone();
        for (i, start) in [&misspelt, &joined].into_iter().enumerate() {
            assert!(shown[i].starts_with(&format!("intent: warning: {start}")), "{}", ran.err);
            assert!(told[i].as_str().unwrap().starts_with(start), "{told}");
        }
        told.as_array().unwrap().len()
    };
    // The data of two labels with one example each, of which nothing can be held out, is warned of as well.
    assert_eq!(warned(&folder.train("slips.txt", "a.intent", &["--json"])), 4);
    let valid = folder.train("data.jsonl", "a.intent", &["--json", "--valid", &slips]);
    assert_eq!(warned(&valid), 4, "and of labels that the training data doesn't have: {}", valid.err);
    assert_eq!(warned(&intent(&["eval", "--model", small(), &slips, "--json"])), 2);
    let quiet = folder.train("slips.txt", "a.intent", &["--quiet"]);
    assert_eq!((quiet.code, quiet.err.as_str()), (0, ""));
}
