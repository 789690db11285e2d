//! Readers: files crafted to use much memory use at most four times their length, and are refused.

use intentkit::data::{self, Format};
use intentkit::model::Model;
use intentkit::{Lexicon, Rule};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fs;
use std::hash::Hasher;
use std::path::Path;
use twox_hash::XxHash3_64;

/// Counts the bytes that the current thread holds, and their maximum.
struct Counting;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static MOST: Cell<isize> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    HELD.set(HELD.get() + bytes);
    MOST.set(MOST.get().max(HELD.get()));
}

// SAFETY: forwards every call to the system's allocator; the counters are plain thread-local
// numbers. `realloc` is the trait's default: both blocks count while one is copied to the other.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller's promise, forwarded.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: the caller's promise, forwarded.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Returns the maximum number of bytes held while `read` ran, beyond those before it.
fn most(read: impl FnOnce()) -> usize {
    let before = HELD.get();
    MOST.set(before);
    read();
    (MOST.get() - before) as usize
}

/// Approximate length of the files, and the memory that a reader always uses.
const LENGTH: usize = 24 << 20;
const SLACK: usize = 2 << 20;

/// Returns `head`, repetitions of `piece` up to the length, and `tail`.
fn filled(head: &str, piece: &str, tail: &str) -> String {
    format!("{head}{}{tail}", piece.repeat((LENGTH - head.len() - tail.len()) / piece.len()))
}

/// Asserts that a reader refuses contents with a sentence that contains `expected`, and checks its
/// memory.
fn refused<T>(what: &str, length: usize, expected: &str, read: impl FnOnce() -> intentkit::Result<T>) {
    let mut sentence = String::new();
    let most = most(|| sentence = read().err().map(|error| error.to_string()).unwrap_or_default());
    assert!(sentence.contains(expected) && sentence.len() < 1000, "{what}: {sentence:.1000}");
    assert!(most <= 4 * length + SLACK, "{what}: {most} bytes were held for a file of {length}");
}

#[test]
fn a_tokenizer_takes_memory_in_proportion_to_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let header = r#"{"embeddings":{"dtype":"I8","shape":[4,2],"data_offsets":[0,8]}}"#;
    let weights = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &[1, 2, 3, 4, 5, 6, 7, 8]];
    fs::write(folder.path().join("model.safetensors"), weights.concat()).unwrap();
    for (what, head, piece, tail, expected) in [
        ("entries", r#"{"model":{"vocab":{"#, r#""a":1,"#, r#""b":2}}}"#, "more than 2097152 entries"),
        ("scores", r#"{"model":{"vocab":["#, r#"["",0],"#, r#"["b",0]]}}"#, "more than 2097152 entries"),
        ("arrays", r#"{"model":{"vocab":["#, "[", "", "expected an entry"),
        ("added", r#"{"added_tokens":["#, r#"{"id":1,"content":"a"},"#, "]}", "more than 65536 tokens"),
        // Merges are ignored.
        ("merges", r#"{"model":{"vocab":{},"merges":["#, r#""a b","#, r#""c d"]}}"#, "none of its 0 entries"),
        ("a string", r#"{"model":{"vocab":{""#, "é", r#"":7}}}"#, "none of its 1 entries"),
    ] {
        let tokenizer = filled(head, piece, tail);
        fs::write(folder.path().join("tokenizer.json"), &tokenizer).unwrap();
        refused(what, tokenizer.len(), expected, || Lexicon::load(folder.path()));
    }
    fs::write(folder.path().join("tokenizer.json"), r#"{"model":{"vocab":{"a":0}}}"#).unwrap();
    let header = filled("{", r#""a":{"dtype":"I8","shape":[0],"data_offsets":[0,0]},"#, "}");
    let weights = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes()].concat();
    fs::write(folder.path().join("model.safetensors"), &weights).unwrap();
    refused("a header of vectors", weights.len(), "safetensors file of vectors", || {
        Lexicon::load(folder.path())
    });
}

/// Writes a model file with this header, which contains sixteen zeros for its checksum; with the
/// right checksum if `sealed`.
fn model(path: &Path, header: &str, sealed: bool) -> usize {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(header.as_bytes());
    if sealed {
        let mut hasher = XxHash3_64::new();
        hasher.write(&bytes);
        let zeros = bytes.windows(16).position(|window| window == [b'0'; 16]).unwrap();
        bytes[zeros..zeros + 16].copy_from_slice(format!("{:016x}", hasher.finish()).as_bytes());
    }
    fs::write(path, &bytes).unwrap();
    bytes.len()
}

#[test]
fn a_models_header_takes_memory_in_proportion_to_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.intent");
    let entry = |head: &str, piece: &str, tail: &str| {
        let text = r#"{"__metadata__":{"intentkit":"{\"checksum\":\"0000000000000000\",\"format\":2"#;
        filled(&format!("{text}{head}"), piece, tail)
    };
    let tensors = entry("}\"}", r#","a":{"dtype":"I8","shape":[0],"data_offsets":[0,0]}"#, "}");
    let shape = entry("}\"},\"a\":{\"dtype\":\"I8\",\"shape\":[0", ",1", "],\"data_offsets\":[0,0]}}");
    let labels = entry(r#",\"labels\":["#, r#"\"\","#, r#"\"\"]}"}}"#);
    let rules = entry(r#",\"rules\":["#, r#"{\"label\":\"\"},"#, r#"{\"label\":\"\"}]}"}}"#);
    let others = entry("}\"", r#","a":"""#, "}}");
    let one_label = entry(r#",\"labels\":[\""#, "a", r#"\"]}"}}"#);
    for sealed in [false, true] {
        for (what, header, expected) in [
            ("tensors", &tensors, "more than 64 tensors"),
            ("a shape", &shape, "not an IntentKit model file"),
            ("labels", &labels, "strings; the maximum is 524288"),
            ("rules", &rules, "strings; the maximum is 524288"),
            ("other metadata", &others, "not an IntentKit model file"),
            ("one label", &one_label, if sealed { "valid `intentkit` metadata" } else { "checksum" }),
        ] {
            let length = model(&path, header, sealed);
            refused(what, length, expected, || Model::load(&path));
        }
    }
}

#[test]
fn data_takes_memory_in_proportion_to_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lines");
    // Of the maximum length of a line.
    let line = |head: &str, piece: &str, tail: &str| {
        format!("{head}{}{tail}", piece.repeat((data::MAX_LINE_BYTES - 100) / piece.len()))
    };
    let (text, labels) = (r#"{"labels":[],"text":"#, r#"{"text":"","labels":["#);
    for (what, format, contents, expected) in [
        ("arrays", Format::JsonLines, line(text, "[],", ""), "bad JSON"),
        ("an array", Format::JsonLines, line(&format!("{text}["), "[],", "[]]}"), "an array for `text`"),
        ("texts", Format::JsonLines, line(&format!("{text}["), r#""","#, r#"""]}"#), "an array for `text`"),
        ("an object", Format::JsonLines, line(&format!("{text}{{"), r#""a":0,"#, r#""":0}}"#), "an object"),
        ("escapes", Format::JsonLines, line(&format!("{text}\""), r"\n", "\"}"), "the text has 41942"),
        ("labels", Format::JsonLines, line(labels, r#""","#, r#"""]}"#), "labels; the maximum is 16384"),
        ("numbers", Format::JsonLines, line(labels, "1,", "1]}"), "a number among the labels"),
        ("a line", Format::JsonLines, filled("{", " ", ""), "the line has more than 8388608 bytes"),
        ("fastText", Format::FastText, line("", "__label__ ", ""), "labels; the maximum is 16384"),
        ("words", Format::FastText, line("", "a ", ""), "the text has"),
        ("fields", Format::Csv, line("text,labels\n", ",", ""), "the maximum is 4096"),
        ("cells", Format::Csv, line("text,labels\nx,", "|", ""), "labels; the maximum is 16384"),
        ("a cell", Format::Csv, line("text,labels\n", "x", ","), "the text has"),
        ("a quote", Format::Csv, line("text,labels\n\"", "\n", "\n"), "the end of the file"),
    ] {
        fs::write(&path, &contents).unwrap();
        let length = contents.len();
        refused(what, length, expected, || data::read_file(&path, Some(format)));
    }
    for (what, contents) in [
        ("rules", line("[", r#"{"label":""},"#, r#"{"label":""}]"#)),
        ("keywords", line(r#"[{"label":"a","keywords":["#, r#""","#, r#"""]}]"#)),
    ] {
        fs::write(&path, &contents).unwrap();
        let length = contents.len();
        refused(what, length, "strings; a model holds at most", || Rule::of_json(&data::read_text(&path)?));
    }
}
