//! Options that say which texts to reject.

use crate::program::{Folder, intent, small};
use serde_json::Value;

#[test]
fn costs_and_no_reject_say_what_is_rejected() {
    let folder = Folder::new();
    let (data, model) = (folder.path("data.jsonl"), folder.path("a.intent"));
    let kept = |model: &str, options: &[&str]| {
        intent(&[&["eval", "--model", model, &data, "--json"], options].concat()).json()["in_scope_kept"]
            .as_f64()
            .unwrap()
    };
    let free = ["--ask-back-cost", "0", "--foreign-share", "0.5"];
    let dear = ["--ask-back-cost", "1", "--foreign-share", "0"];
    assert!(kept(small(), &free) <= kept(small(), &dear));
    assert_eq!((kept(small(), &dear), kept(small(), &["--no-reject"])), (1.0, 1.0));
    let train = |options: &[&str]| {
        let train = ["train", &data, "--output", &model, "--epochs", "20", "--quiet"];
        intent(&[&train[..], options].concat()).succeeded();
        kept(&model, &[])
    };
    assert_eq!((train(&free), train(&dear)), (kept(small(), &free), 1.0));
    assert_eq!(train(&["--no-reject"]), 1.0);
    // A text in which something is known, and that no label fits.
    let ask = |options: &[&str]| {
        let ask = ["predict", "--model", small(), "the train leaves at nine", "--json"];
        intent(&[&ask[..], options].concat()).json()["rejected"].clone()
    };
    assert_eq!((ask(&["--no-reject"]), ask(&dear)), (Value::from(false), Value::from(false)));
    assert_eq!(ask(&free), true);
    let folds = ["eval", "--cross-validate", "2", &data, "--epochs", "1", "--json"];
    let pooled = intent(&[&folds[..], &dear].concat()).json()["pooled"]["in_scope_kept"].clone();
    assert_eq!(pooled, 1.0);

    for (more, expected) in [
        (&["--ask-back-cost", "0.5"][..], "--foreign-share"),
        (&["--foreign-share", "0.5"], "--ask-back-cost"),
        (&["--ask-back-cost", "2", "--foreign-share", "0.5"], "--ask-back-cost is 2; it must be from 0 to 1"),
        (&["--ask-back-cost", "0.5", "--foreign-share", "-1"], "--foreign-share is -1"),
        (
            &["--ask-back-cost", "0.5", "--foreign-share", "0.5", "--acceptance-rate", "0.9"],
            "--acceptance-rate",
        ),
        (&["--ask-back-cost", "0.5", "--foreign-share", "0.5", "--no-reject"], "--no-reject"),
        (&["--acceptance-rate", "0.9", "--no-reject"], "--no-reject"),
    ] {
        for command in [
            &["train", &data, "--output", &model][..],
            &["predict", "--model", small(), "x"],
            &["eval", "--model", small(), &data],
        ] {
            let ran = intent(&[command, more].concat());
            assert!(ran.complaint(2).contains(expected), "{command:?} {more:?}: {}", ran.err);
        }
    }
}
