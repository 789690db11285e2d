//! A change that can't be made or recorded leaves everything unchanged.

use intentkit::Error;
use intentkit::data::Example;
use intentkit::learn::{Change, Durability, Learner, LearnerFile};
use intentkit::model::Model;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

fn learner() -> Learner {
    let sample = Model::load(Path::new("models/assistant.intent")).unwrap();
    let mut learner = Learner::of(Arc::new(sample)).unwrap();
    learner.update(&[of("water the ficus", "GARDEN"), of("rake the leaves", "YARD")]).unwrap();
    learner
}

fn of(text: &str, label: &str) -> Example {
    Example::new(text, [label])
}

/// Returns changes of every kind.
fn changes() -> Vec<Change> {
    vec![
        Change::Update(vec![of("zebra quokka tango", "CHATBOTS"), of("water the ficus", "YARD")]),
        Change::Update(vec![Example::new("what a lovely day", [""; 0])]),
        Change::Update(vec![of("the roof leaks", "HOUSE"), of("the roof still leaks", "HOUSE")]),
        Change::Rename { label: "GARDEN".into(), to: "PLANTS".into() },
        Change::Merge { label: "YARD".into(), into: "GARDEN".into() },
        Change::Remove { label: "YARD".into() },
        Change::Rules(serde_json::from_str(r#"[{"label":"NEW","keywords":["brandnew"]}]"#).unwrap()),
    ]
}

fn impossible() -> Change {
    Change::Remove { label: "NOBODY".into() }
}

/// Returns the whole training state.
fn everything(learner: &Learner) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.learner");
    LearnerFile::create(&path, learner, Durability::Process).unwrap();
    fs::read(path).unwrap()
}

#[test]
fn changes_of_every_kind_that_are_taken_back_leave_no_trace() {
    let refused = || Error::InvalidArgument("refused".into());
    let mut kept = learner();
    for change in changes() {
        let mut learner = learner();
        let before = everything(&learner);
        learner.apply_and(std::slice::from_ref(&change), |_| Err(refused())).unwrap_err();
        assert!(everything(&learner) == before, "{change:?}");
        learner.apply_all(&[change.clone(), impossible()]).unwrap_err();
        assert!(everything(&learner) == before, "{change:?}");
        kept.apply_and(std::slice::from_ref(&change), |_| Err(refused())).unwrap_err();
    }
    // Several at once; later changes have the same result too.
    kept.apply_and(&changes()[..4], |_| Err(refused())).unwrap_err();
    let mut twin = learner();
    for learner in [&mut kept, &mut twin] {
        learner.apply_all(&changes()[..4]).unwrap();
    }
    assert!(everything(&kept) == everything(&twin));
}

#[test]
fn changes_that_belong_together_stand_in_one_record_and_are_made_again_together() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.learner");
    let mut learner = learner();
    let mut file = LearnerFile::create(&path, &learner, Durability::Process).unwrap();
    let changes = &changes()[..4];
    let report = learner.apply_and(changes, |_| file.append(changes)).unwrap();
    assert!(report.steps > 0, "steps of all");
    drop(file);
    let whole = fs::read(&path).unwrap();
    let (_, again) = LearnerFile::open(&path, Durability::Process).unwrap();
    assert_eq!(again.model().as_bytes(), learner.model().as_bytes());
    // If the record is cut anywhere, none of them is there.
    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    let (_, cut) = LearnerFile::open(&path, Durability::Process).unwrap();
    assert!(cut.model().labels().contains(&"GARDEN".into()), "not renamed");
    assert!(!cut.model().labels().contains(&"HOUSE".into()), "not learned");
}

#[test]
fn a_change_that_cannot_be_written_down_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.learner");
    let mut learner = learner();
    let mut file = LearnerFile::create(&path, &learner, Durability::Process).unwrap();
    // Nothing can be written to a path that names another file.
    fs::remove_file(&path).unwrap();
    fs::write(&path, "another").unwrap();
    let before = learner.model().as_bytes().to_vec();
    let change = [Change::Rename { label: "GARDEN".into(), to: "PLANTS".into() }];
    let error = learner.apply_and(&change, |_| file.append(&change)).unwrap_err();
    assert!(matches!(error, Error::Learner { .. }), "{error}");
    assert_eq!(learner.model().as_bytes(), before);
    assert_eq!(fs::read(&path).unwrap(), b"another");
}

#[test]
fn a_new_training_state_file_takes_the_place_of_none_that_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.learner");
    drop(LearnerFile::create_new(&path, &learner(), Durability::Process).unwrap());
    let before = fs::read(&path).unwrap();
    let mut other = learner();
    other.update(&[of("zebra", "ZOO")]).unwrap();
    let error = LearnerFile::create_new(&path, &other, Durability::Process).map(drop).unwrap_err();
    assert!(
        matches!(&error, Error::Io { source, .. } if source.kind() == ErrorKind::AlreadyExists),
        "{error}"
    );
    assert!(fs::read(&path).unwrap() == before);
}

#[test]
#[cfg(unix)]
fn what_a_link_names_is_written_anew_and_keeps_its_permissions() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = tempfile::tempdir().unwrap();
    let (real, link) = (folder.path().join("real.learner"), folder.path().join("link.learner"));
    let mut learner = learner();
    drop(LearnerFile::create(&real, &learner, Durability::Process).unwrap());
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&real), 0o600, "texts are for their owner");
    fs::set_permissions(&real, fs::Permissions::from_mode(0o660)).unwrap();
    symlink(&real, &link).unwrap();
    let (mut file, _) = LearnerFile::open(&link, Durability::Process).unwrap();
    let held = LearnerFile::open(&real, Durability::Process).map(drop).unwrap_err().to_string();
    assert!(held.contains("open"), "{held}");
    learner.update(&[of("zebra", "ZOO")]).unwrap();
    file.rewrite(&learner).unwrap();
    drop(file);
    drop(LearnerFile::create(&link, &learner, Durability::Process).unwrap());
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink(), "the link stays");
    assert_eq!(mode(&real), 0o660);
    let (_, again) = LearnerFile::open(&real, Durability::Process).unwrap();
    assert_eq!(again.model().as_bytes(), learner.model().as_bytes());
}

/// A path that can't be checked is not one without a file.
#[test]
#[cfg(unix)]
fn a_link_to_itself_is_an_error_and_one_to_no_file_yet_leads_to_the_new_one() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let link = |name: &str| folder.path().join(name);
    for (name, target) in [("itself", "itself"), ("new", "there.learner")] {
        symlink(target, link(name)).unwrap();
        let created = LearnerFile::create(&link(name), &learner(), Durability::Process);
        assert_eq!(created.is_ok(), name == "new");
        assert!(fs::symlink_metadata(link(name)).unwrap().is_symlink());
    }
    assert!(link("there.learner").exists());
}
