use super::*;
use crate::text::ngrams::token_hash;
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

fn file(contents: impl AsRef<[u8]>) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("words.vec");
    fs::write(&path, contents).unwrap();
    (folder, path)
}

fn load(contents: &str) -> Result<Lexicon> {
    let (_folder, path) = file(contents);
    Lexicon::load(path)
}

fn has(lexicon: &Lexicon, word: &str) -> bool {
    lexicon.find(token_hash(word)).is_some()
}

fn cosine(lexicon: &Lexicon, a: &str, b: &str) -> f32 {
    let vector = |word: &str| lexicon.vector(lexicon.find(token_hash(word)).unwrap());
    simd::dot(&vector(a), &vector(b))
}

/// Lamp and light are similar, song is not.
const LINES: &str = "lamp 1 0.1 0\nlight 0.9 0.2 0\nsong 0 0.1 -1\nthe 0.3 0.3 0.3\n";

#[test]
fn glove_word2vec_and_fasttext_files_say_the_same() {
    let glove = load(LINES).unwrap();
    assert!(cosine(&glove, "lamp", "light") > 0.8 && cosine(&glove, "lamp", "song") < 0.2);
    assert_eq!(load(&format!("4 3\n{LINES}")).unwrap(), glove);
    assert_eq!(load(&format!("4 3\n{}", LINES.replace('\n', " \r\n"))).unwrap(), glove);
    assert_eq!(load(&LINES.replace(' ', "\t")).unwrap(), glove);
    // The norm of the vectors doesn't matter.
    let words = ["lamp", "light", "song", "the"];
    let long = [100.0, 10.0, 0.0, 0.9, 0.2, 0.0, 0.0, 1.0, -10.0, 0.3, 0.3, 0.3];
    assert_eq!(Lexicon::new(&words, &long, 3).unwrap().len(), 4);
}

#[test]
fn words_are_normalised_the_first_of_equals_wins_and_what_is_no_word_is_left_out() {
    let lines = "Lamp 1 0\nLAMP 0 1\nlight 0.9 0.1\nnew york 0 1\n, 0 1\n</s> 0 1\n. . . 0 1\nnothing 0 0\nＳｏｎｇ -1 0.5\n";
    let lexicon = load(lines).unwrap();
    assert_eq!(lexicon.len(), 3);
    assert!(has(&lexicon, "lamp") && has(&lexicon, "light") && has(&lexicon, "song"));
    assert!(cosine(&lexicon, "lamp", "light") > 0.5);
}

#[test]
fn faults_name_file_and_line() {
    let fault = |contents: &str| {
        let message = load(contents).unwrap_err().to_string();
        assert!(message.contains("words.vec"), "{message}");
        message
    };
    assert!(
        fault("a 1 2 3\nb 1 2 3\nc 1 2\n")
            .contains("line 3: expected a word and its numbers, with spaces between, 3 of them; found 2")
    );
    assert!(
        fault("a 1 2 3\nb 1 2 3 4\n")
            .contains("line 2: expected a word and its numbers, with spaces between, 3 of them; found more")
    );
    assert!(
        fault("a 1 2 3\nb 1 x 3\n").contains("line 2")
            && fault("a 1 2 3\nb 1 x 3\n").contains("number 2 is not a number")
    );
    assert!(fault("a 1 2 3\nb 1 NaN 3\n").contains("line 2: number 2 is NaN; expected a finite number"));
    assert!(fault("a 1 2 3\nb 1 1e99 3\n").contains("line 2: number 2 is inf"));
    assert!(fault("9 999999\n").contains("line 1: the vectors have 999999 numbers each; 2 to 2048 are read"));
    assert!(fault("word\n").contains("line 1: expected a word and its numbers"));
    assert!(fault("").contains("the file is empty"));
    assert!(fault(", 1 2\n. 2 1\n").contains("none of its 2 entries is a word with a vector"));
    let (_folder, path) = file([b'a', b' ', b'1', b' ', b'2', b'\n', 0xFF, b' ', b'1', b' ', b'2', b'\n']);
    assert!(Lexicon::load(path).unwrap_err().to_string().contains("line 2: expected UTF-8"));
    assert!(matches!(Lexicon::load("no such file.vec"), Err(Error::Io { .. })));
}

#[test]
fn binary_forms_of_word_vectors_are_told_by_their_first_bytes_with_what_to_do() {
    let word2vec = [&b"2 3\nlamp "[..], &0.5f32.to_le_bytes(), &(-0.25f32).to_le_bytes(), &[0; 4]].concat();
    let model = safetensors("embeddings", "F32", &[6, 3], &floats());
    for (contents, expected) in [
        (b"\xBA\x16\x4F\x2F\x0C\0\0\0".to_vec(), "a fastText model; name the .vec file of its vectors"),
        (word2vec, "word2vec's binary format; save it as text"),
        (b"\x80\x04\x95\x10\0\0\0".to_vec(), "a Python pickle, such as gensim's .kv; save it as text"),
        (b"\x1F\x8B\x08\x08".to_vec(), "compressed with gzip; unpack it first"),
        (b"PK\x03\x04\x14\0".to_vec(), "a zip archive or an office document; unpack it"),
        (model, "the folder that holds this file and its tokenizer.json"),
    ] {
        let (_folder, path) = file(contents);
        let message = Lexicon::load(&path).unwrap_err().to_string();
        assert!(message.starts_with(&format!("{}, line 1: expected text, but this is ", path.display())));
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn arrays_that_do_not_fit_are_refused_in_a_sentence() {
    let message =
        |words: &[&str], vectors: &[f32], width| Lexicon::new(words, vectors, width).unwrap_err().to_string();
    assert!(message(&["a", "b"], &[1.0; 5], 3).contains("2 words of 3 numbers was given 5"));
    assert!(message(&["a"], &[1.0], 1).contains("have 1 numbers each; 2 to 2048"));
    assert!(
        message(&["a", "b"], &[1.0, 0.0, 1.0, f32::NAN], 2)
            .contains("word 1 of the lexicon: number 2 is NaN")
    );
    assert!(message(&["?"], &[1.0, 0.0], 2).contains("none of the lexicon's 1 entries"));
}

/// A safetensors file of one tensor.
fn safetensors(name: &str, kind: &str, shape: &[usize], data: &[u8]) -> Vec<u8> {
    let header =
        format!(r#"{{"{name}":{{"dtype":"{kind}","shape":{shape:?},"data_offsets":[0,{}]}}}}"#, data.len());
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), data].concat()
}

fn folder(tokenizer: &str, weights: &[u8]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("tokenizer.json"), tokenizer).unwrap();
    fs::write(folder.path().join("model.safetensors"), weights).unwrap();
    folder
}

const WORDPIECE: &str = r###"{"added_tokens":[{"id":0,"content":"[PAD]"}],"model":{"type":"WordPiece","continuing_subword_prefix":"##",
    "vocab":{"[PAD]":0,"lamp":1,"light":2,"##light":3,"song":4,"!":5}}}"###;
const ROWS: [[f32; 3]; 6] = [
    [0.5, 0.5, 0.5],
    [1.0, 0.125, 0.0],
    [0.75, 0.25, 0.0],
    [0.0, 1.0, 0.0],
    [0.0, 0.125, -1.0],
    [0.25, 0.5, 0.0],
];

fn floats() -> Vec<u8> {
    ROWS.as_flattened().iter().flat_map(|value| value.to_le_bytes()).collect()
}

#[test]
fn model2vec_folders_give_their_whole_words_in_any_number_format() {
    let read = |weights: Vec<u8>| Lexicon::load(folder(WORDPIECE, &weights).path()).unwrap();
    let lexicon = read(safetensors("embeddings", "F32", &[6, 3], &floats()));
    assert_eq!(lexicon.len(), 3);
    assert!(
        has(&lexicon, "lamp") && has(&lexicon, "light") && has(&lexicon, "song") && !has(&lexicon, "pad")
    );
    assert!(cosine(&lexicon, "lamp", "light") > 0.5 && cosine(&lexicon, "lamp", "song") < 0.2);
    let all = ROWS.as_flattened();
    let doubles: Vec<u8> = all.iter().flat_map(|&value| f64::from(value).to_le_bytes()).collect();
    assert_eq!(read(safetensors("embeddings", "F64", &[6, 3], &doubles)), lexicon);
    // All of these numbers are exact in 16 bits; halves are floats with a narrower exponent.
    let brain: Vec<u8> =
        all.iter().flat_map(|value| ((value.to_bits() >> 16) as u16).to_le_bytes()).collect();
    assert_eq!(read(safetensors("embedding.weight", "BF16", &[6, 3], &brain)), lexicon);
    let half = |value: &f32| match value.to_bits() {
        0 => 0u16,
        bits => {
            (bits >> 16 & 0x8000) as u16 | (((bits >> 23 & 0xFF) - 112) << 10 | (bits >> 13 & 0x3FF)) as u16
        }
    };
    let halves: Vec<u8> = all.iter().flat_map(|value| half(value).to_le_bytes()).collect();
    assert_eq!(read(safetensors("embeddings", "F16", &[6, 3], &halves)), lexicon);
    let small: Vec<u8> = all.iter().map(|value| (value * 8.0) as i8 as u8).collect();
    assert_eq!(read(safetensors("embeddings", "I8", &[6, 3], &small)), lexicon);
}

#[test]
fn folders_of_sentence_transformers_are_read_whichever_folder_holds_the_files() {
    let weights = safetensors("embedding.weight", "F32", &[6, 3], &floats());
    let direct = folder(WORDPIECE, &weights);
    let expected = Lexicon::load(direct.path()).unwrap();
    // Versions 3 and 4.
    let modules = |path: &str| {
        format!(
            r#"[{{"idx":0,"name":"0","path":"{path}","type":"sentence_transformers.models.StaticEmbedding"}},
                {{"idx":1,"name":"1","path":"1_Normalize","type":"sentence_transformers.models.Normalize"}}]"#
        )
    };
    let outer = tempfile::tempdir().unwrap();
    let inner = outer.path().join("0_StaticEmbedding");
    fs::create_dir(&inner).unwrap();
    for name in ["tokenizer.json", "model.safetensors"] {
        fs::copy(direct.path().join(name), inner.join(name)).unwrap();
    }
    fs::write(outer.path().join("modules.json"), modules("0_StaticEmbedding")).unwrap();
    assert_eq!(Lexicon::load(outer.path()).unwrap(), expected);
    // Files in the folder itself take precedence.
    fs::write(direct.path().join("modules.json"), modules(".")).unwrap();
    assert_eq!(Lexicon::load(direct.path()).unwrap(), expected);
    // Folders outside are not read, and an invalid list names nothing.
    let elsewhere = format!("../{}", direct.path().file_name().unwrap().to_string_lossy());
    for modules in [modules(&elsewhere), modules(&direct.path().to_string_lossy()), modules("x"), "[".into()]
    {
        fs::write(outer.path().join("modules.json"), modules).unwrap();
        let message = Lexicon::load(outer.path()).unwrap_err().to_string();
        assert!(message.contains(&outer.path().join("tokenizer.json").display().to_string()), "{message}");
    }
}

#[test]
fn words_that_were_added_to_a_tokenizer_are_words_and_special_tokens_are_none() {
    let weights = safetensors("embeddings", "F32", &[6, 3], &floats());
    // `bulb` has an index of its own, `light` one of the vocabulary's; added words have no marks.
    let added = r###"[{"id":0,"content":"pad","special":true},{"id":2,"content":"light","special":false},
        {"id":4,"content":"bulb","special":false},{"id":5,"content":"new york","special":false}]"###;
    for vocabulary in [
        r###"{"type":"WordPiece","vocab":{"pad":0,"lamp":1,"light":2,"##light":3}}"###,
        r###"{"type":"BPE","vocab":{"pad":0,"Ġlamp":1,"light":2,"Ġ!":3}}"###,
    ] {
        let tokenizer = format!(r#"{{"added_tokens":{added},"model":{vocabulary}}}"#);
        let lexicon = Lexicon::load(folder(&tokenizer, &weights).path()).unwrap();
        assert_eq!(lexicon.len(), 3, "{vocabulary}");
        assert!(has(&lexicon, "lamp") && has(&lexicon, "light") && has(&lexicon, "bulb"), "{vocabulary}");
        assert!(cosine(&lexicon, "lamp", "bulb") < 0.5);
    }
}

#[test]
fn word_starts_of_bpe_and_unigram_are_understood() {
    let weights = safetensors("embeddings", "F32", &[6, 3], &floats());
    let bpe = r#"{"model":{"type":"BPE","vocab":{"x":0,"Ġlamp":1,"ĠlicÃ³":2,"light":3,"Ġsong":4,"Ġ!":5}}}"#;
    let unigram = r#"{"model":{"type":"Unigram","vocab":[["<s>",0],["▁lamp",-1.5],["▁licó",-2],["light",-3],["▁song",-4],["▁",-5]]}}"#;
    let ends = r#"{"model":{"type":"BPE","end_of_word_suffix":"</w>","vocab":{"x":0,"lamp</w>":1,"licó</w>":2,"light":3,"song</w>":4,"!</w>":5}}}"#;
    let lexicons =
        [bpe, unigram, ends].map(|tokenizer| Lexicon::load(folder(tokenizer, &weights).path()).unwrap());
    for lexicon in &lexicons {
        assert_eq!(lexicon.len(), 3);
        assert!(has(lexicon, "lamp") && has(lexicon, "licó") && has(lexicon, "song"));
    }
    assert!(lexicons[0] == lexicons[1] && lexicons[1] == lexicons[2]);
}

#[test]
fn folders_that_are_not_whole_are_refused_by_the_file_that_is_wrong() {
    let whole = safetensors("embeddings", "F32", &[6, 3], &floats());
    let message = |tokenizer: &str, weights: &[u8]| {
        Lexicon::load(folder(tokenizer, weights).path()).unwrap_err().to_string()
    };
    let truncated = message(WORDPIECE, &whole[..whole.len() - 9]);
    assert!(
        truncated.contains("model.safetensors") && truncated.contains("copy or download it again"),
        "{truncated}"
    );
    for (weights, wanted) in [
        (safetensors("other", "F32", &[6, 3], &floats()), "no tensor `embeddings` or `embedding.weight`"),
        (safetensors("embeddings", "F32", &[18], &floats()), "expected two dimensions"),
        (safetensors("embeddings", "U8", &[24, 3], &floats()), "F64, F32, F16, BF16 and I8 are read"),
        (safetensors("embeddings", "F32", &[18, 1], &floats()), "2 to 2048 are read"),
        (b"PK\x03\x05".to_vec(), "not a complete safetensors file"),
        (b"PK\x03\x04".to_vec(), "it is a zip archive"),
        (b"version https://git-lfs.github.com/spec/v1\noid".to_vec(), "git lfs pull"),
    ] {
        let message = message(WORDPIECE, &weights);
        assert!(message.contains("model.safetensors") && message.contains(wanted), "{message}");
    }
    for tokenizer in [
        "",
        "[]",
        r#"{"model":{"vocab":7}}"#,
        r#"{"model":{"vocab":{"a":-1}}}"#,
        r#"{"model":{"vocab":[[]]}}"#,
    ] {
        let message = message(tokenizer, &whole);
        assert!(message.contains("tokenizer.json") && message.contains("not a tokenizer"), "{message}");
    }
    // An index without a row is not a word.
    let beyond = r#"{"model":{"vocab":{"lamp":6,"song":18446744073709551615}}}"#;
    assert!(message(beyond, &whole).contains("none of its 2 entries"));
    let empty = tempfile::tempdir().unwrap();
    assert!(Lexicon::load(empty.path()).unwrap_err().to_string().contains("tokenizer.json"));
}

#[test]
fn entries_may_share_rows() {
    let read = |kind: &str, mapping: &[u8]| {
        let header = format!(
            r#"{{"embeddings":{{"dtype":"F32","shape":[6,3],"data_offsets":[0,72]}},"mapping":{{"dtype":"{kind}","shape":[6],"data_offsets":[72,{}]}}}}"#,
            72 + mapping.len()
        );
        let weights =
            [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &floats(), mapping].concat();
        Lexicon::load(folder(WORDPIECE, &weights).path())
    };
    let rows = [0i32, 1, 1, 0, 4, 5];
    let small = read("I32", rows.map(i32::to_le_bytes).as_flattened()).unwrap();
    let large = read("I64", rows.map(|row| i64::from(row).to_le_bytes()).as_flattened()).unwrap();
    assert!(cosine(&small, "lamp", "light") > 0.999 && small == large);
    // Rows read without the mapping would be other words' rows.
    let message = read("U32", rows.map(i32::to_le_bytes).as_flattened()).unwrap_err().to_string();
    assert!(message.contains("`mapping` is U32; I64 and I32 are read"), "{message}");
}

#[test]
fn wide_vectors_are_reduced_and_many_words_are_read_in_blocks() {
    let mut text = String::from("3000 300\n");
    for i in 0..3000u32 {
        let value = |j: u32| {
            (i.wrapping_mul(2_654_435_761) ^ j.wrapping_mul(40_503)).wrapping_mul(2_246_822_519) >> 16
        };
        let numbers: Vec<String> =
            (0..300).map(|j| format!("{}", f64::from(value(j)) / 32_768.0 - 1.0)).collect();
        text += &format!("w{i} {}\n", numbers.join(" "));
    }
    let lexicon = load(&text).unwrap();
    assert_eq!(lexicon.len(), 3000);
    let last = lexicon.vector(2999);
    assert!((simd::dot(&last, &last) - 1.0).abs() < 1e-5);
    assert_eq!(format!("{lexicon:?}"), "Lexicon(3000 words of 300 numbers)");
}
