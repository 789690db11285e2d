//! `intent new`.

use crate::program::{Folder, intent};

#[test]
fn new_makes_a_model_of_rules_and_update_replaces_them() {
    let folder = Folder::new();
    let rules = folder.put("rules.json", br#"[{"label": "vision", "keywords": ["screenshot"]}]"#);
    let model = folder.path("first.intent");
    intent(&["new", &rules, "--output", &model]).succeeded();
    assert!(intent(&["predict", "--model", &model, "a screenshot please"]).out.starts_with("vision 0.85"));
    assert_eq!(
        intent(&["info", "--model", &model, "--json"]).json()["rules"][0]["keywords"][0],
        "screenshot"
    );
    let others = folder.put("others.json", br#"[{"label": "vision", "phrases": ["look at this"]}]"#);
    intent(&["update", "--model", &model, "--rules", &others, "--output", &model]).succeeded();
    assert!(intent(&["predict", "--model", &model, "a screenshot please"]).out.starts_with("(rejected)"));
    assert!(intent(&["predict", "--model", &model, "Look at this!"]).out.starts_with("vision 0.85"));
    let bad = folder.put("bad.json", br#"[{"label": "vision"}]"#);
    assert!(intent(&["new", &bad, "--output", &model]).complaint(1).contains("bad.json: rule 0"));
}
