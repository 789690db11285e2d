//! A failed allocation of a large block is an error without side effects. Otherwise it would abort
//! the process.

use intentkit::data::{Example, read_file};
use intentkit::learn::{Durability, train_to_learn};
use intentkit::train::Dataset;
use intentkit::{Classifier, Error, LiveClassifier, TrainOptions};
use std::alloc::{GlobalAlloc, Layout, System};
use std::path::Path;
use std::ptr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Refuses blocks of at least this many bytes.
struct Scarce(AtomicUsize);

// SAFETY: forwards every call to the system's allocator, or returns null, which means out of
// memory.
unsafe impl GlobalAlloc for Scarce {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.size() >= self.0.load(Ordering::Relaxed) {
            return ptr::null_mut();
        }
        // SAFETY: the caller's promise, forwarded.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise, forwarded.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static MEMORY: Scarce = Scarce(AtomicUsize::new(usize::MAX));
/// The limit is global to all threads.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Returns the result of `work` without blocks larger than an int4 embedding table: neither a
/// float32 one nor a model.
fn without_memory<T>(work: impl FnOnce() -> T) -> T {
    MEMORY.0.store(1_100_000, Ordering::Relaxed);
    let result = work();
    MEMORY.0.store(usize::MAX, Ordering::Relaxed);
    result
}

fn is_out_of_memory<T>(result: Result<T, Error>) {
    let error = result.err().expect("there was no memory");
    assert!(matches!(error, Error::OutOfMemory { .. }), "{error}");
    assert!(error.to_string().starts_with("cannot allocate"), "{error}");
}

#[test]
fn training_without_memory_is_an_error() {
    let _alone = ONE_AT_A_TIME.lock().unwrap();
    let examples = read_file(Path::new("models/assistant.jsonl"), None).unwrap();
    let options = TrainOptions { epochs: Some(1), threads: 1, ..TrainOptions::default() };
    is_out_of_memory(without_memory(|| Classifier::train(&examples, &options)));
    is_out_of_memory(without_memory(|| {
        train_to_learn(&Dataset::of(&examples), None, &options, &mut |_| true)
    }));
    Classifier::train(&examples, &options).unwrap();
}

#[test]
fn learning_and_loading_without_memory_are_errors_that_change_nothing() {
    let _alone = ONE_AT_A_TIME.lock().unwrap();
    let bytes = std::fs::read("models/assistant.intent").unwrap();
    is_out_of_memory(without_memory(|| Classifier::from_bytes(&bytes)));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.learner");
    let live = LiveClassifier::load("models/assistant.intent").unwrap();
    let correction = [Example::new("it is dark", ["VISION"])];
    is_out_of_memory(without_memory(|| live.update(&correction)));
    is_out_of_memory(without_memory(|| live.save_learner(&path, Durability::Process)));
    assert!(!path.exists());
    assert!(live.current().model().as_bytes() == bytes);
    live.update(&correction).unwrap();
    let learned = live.current().model().as_bytes().to_vec();
    // The training state has its embedding tables already; the model to publish can't be allocated.
    is_out_of_memory(without_memory(|| live.update(&[Example::new("it is bright", ["VISION"])])));
    assert!(live.current().model().as_bytes() == learned);
    live.save_learner(&path, Durability::Process).unwrap();
    drop(live);
    assert!(without_memory(|| LiveClassifier::load_learner(&path, Durability::Process)).is_err());
    let again = LiveClassifier::load_learner(&path, Durability::Process).unwrap();
    assert!(again.current().model().as_bytes() == learned);
}
