use std::io::{self, BufReader, Read};

use proptest::prelude::*;

use super::*;
use Format::{Csv, FastText, JsonLines};

fn good(format: Format, input: impl AsRef<[u8]>) -> Vec<Example> {
    read(input.as_ref(), format, "in").unwrap()
}

/// Returns the error's sentence, which must not contain the text of the faulty line.
fn bad(format: Format, input: impl AsRef<[u8]>) -> String {
    let error = read(input.as_ref(), format, "in").unwrap_err();
    assert!(matches!(error, Error::Data { .. }));
    let sentence = error.to_string();
    assert!(!sentence.contains("secret"), "{sentence}");
    sentence
}

fn ex(text: &str, labels: &[&str]) -> Example {
    Example::new(text, labels.iter().copied())
}

#[test]
fn every_format_skips_a_byte_order_mark_and_blank_lines_and_takes_crlf() {
    let expected = [ex("see, my screen", &["a", "b"]), ex("hm", &[])];
    let json = "\u{feff}{\"text\":\"see, my screen\",\"labels\":[\"a\",\"b\"]}\r\n\r\n \n{\"id\":1,\"text\":\"hm\",\"labels\":[]}";
    let fast = "\u{feff}__label__a __label__b\tsee, my screen \r\n\r\n \nhm";
    let csv = "\u{feff}text,labels\r\n\r\n\"see, my screen\",a|b\r\n\r\n \nhm,\r\n";
    for (format, input) in [(JsonLines, json), (FastText, fast), (Csv, csv)] {
        assert_eq!(good(format, input), expected);
        assert_eq!(good(format, input.replace('\r', "")), expected);
    }
    assert_eq!(good(JsonLines, ""), []);
    assert_eq!(good(FastText, "\u{feff}\n"), []);
    assert_eq!(good(Csv, "text,labels"), []);
}

#[test]
fn labels_repeated_in_a_line_are_merged_in_their_first_order() {
    let expected = [ex("x", &["b", "a"])];
    assert_eq!(good(JsonLines, r#"{"text":"x","labels":["b","a","b"]}"#), expected);
    assert_eq!(good(FastText, "__label__b __label__a __label__b x"), expected);
    assert_eq!(good(Csv, "text,labels\nx,b | a|b"), expected);
}

#[test]
fn csv_columns_are_found_by_name_and_quoted_fields_hold_anything() {
    let input = "id, labels ,text\n1,\"a|b,c\",\"one \"\"two\"\",\r\n\nthree\"\n2,,5\" screen\n3,a,\"\"\n\u{feff}\"4\",,\rz";
    let texts =
        [ex("one \"two\",\r\n\nthree", &["a", "b,c"]), ex("5\" screen", &[]), ex("", &["a"]), ex("\rz", &[])];
    assert_eq!(good(Csv, input), texts);
}

#[test]
fn json_lines_that_are_no_example_say_what_was_expected_and_found() {
    for (line, found) in [
        (r#"["secret", ["a"]]"#, "one object per line, found an array"),
        ("secret", "found no object"),
        (r#"{"text": secret}"#, "found bad JSON at byte 10: expected value"),
        (r#"  {"text": "secret"#, "found bad JSON at byte 18: EOF while parsing a string"),
        (r#"{"text":"secret","text":"","labels":[]}"#, "duplicate field `text`"),
        (r#"{"labels": ["secret"]}"#, "found no `text`"),
        (r#"{"text": 5, "labels": ["secret"]}"#, "found a number for `text`"),
        (r#"{"text": null, "labels": ["secret"]}"#, "found null for `text`"),
        (r#"{"text": "secret"}"#, r#"found no `labels`; "labels": [] marks an out-of-scope line"#),
        (r#"{"text": "secret", "label": "a"}"#, "found `label` instead of `labels`; \"labels\": [] marks"),
        (r#"{"text": "secret", "labels": "secret"}"#, "found a string for `labels`"),
        (r#"{"text": "secret", "labels": {"secret": 1}}"#, "found an object for `labels`"),
        (r#"{"text": "secret", "labels": ["secret", true]}"#, "found a boolean among the labels"),
    ] {
        let sentence = bad(JsonLines, format!("\r\n{line}\r\n"));
        assert!(
            sentence.starts_with(r#"in, line 2: expected {"text": "...", "labels": ["a"]}, "#),
            "{sentence}"
        );
        assert!(sentence.contains(found), "{sentence}");
    }
}

#[test]
fn csv_that_is_no_table_of_examples_says_what_was_expected_and_where_the_record_starts() {
    let head = "text,labels\r\n\r\n\"1\r\n2\",\r\n";
    for (input, expected) in [
        (String::new(), "in, line 1: expected a header such as `text,labels`, found no column `text`"),
        ("secret,labels".into(), "line 1: expected a header such as `text,labels`, found no column `text`"),
        (
            "\n\nTEXT,text\n".into(),
            "line 3: expected a header such as `text,labels`, found no column `labels`",
        ),
        ("text,labels,text\n".into(), "line 1: expected one column `text` in the header, found several"),
        (format!("{head}secret"), "line 5: expected 2 fields as in the header, found 1"),
        (format!("{head}\n\"secret\nx\", b,a"), "line 6: expected 2 fields as in the header, found 3"),
        (
            format!("{head}\"secret\n,a\nb,c\n"),
            "line 5: expected a quote that closes the field, found the end",
        ),
        (
            format!("{head}\n\"x\n\"secret\" y\",a\n"),
            "line 6: expected a comma after a closing quote, found more",
        ),
        (format!("{head}\"secret\n\",||"), "line 5: label 1 is empty"),
    ] {
        let sentence = bad(Csv, input);
        assert!(sentence.contains(expected), "{sentence}");
    }
}

#[test]
fn a_fasttext_label_behind_the_text_is_an_error() {
    let sentence = bad(FastText, "__label__a fine\nsecret __label__a");
    assert_eq!(
        sentence,
        "in, line 2: expected every `__label__` at the start of the line, found one after the text"
    );
    assert_eq!(good(FastText, "the__label__ stays"), [ex("the__label__ stays", &[])]);
}

#[test]
fn fasttext_lines_that_were_probably_meant_otherwise_are_warned_of_by_their_numbers() {
    let warnings = |input: &str| read_with_warnings(input.as_bytes(), FastText, "in").unwrap().warnings;
    let misspelt = |lines: &str| {
        format!(
            "in, {lines}: the first word of the text looks like a misspelt `__label__` and isn't read as a label; start \
             every label with `__label__`"
        )
    };
    for line in [
        "_label_off",
        "__label_off",
        "__Label__off",
        "_label__off",
        "label__off",
        "__label off",
        "__labels__off",
    ] {
        assert_eq!(warnings(&format!("__label__on go\n\n{line} secret")), [misspelt("line 3")], "{line}");
    }
    assert_eq!(warnings("__label__on _label_off secret"), [misspelt("line 1")]);
    let many = "_label_a secret\n".repeat(12);
    assert_eq!(warnings(&many), [misspelt("lines 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2 more")]);
    assert_eq!(
        warnings("__label__off,__label__on secret\n__label__on go\n__label__off|__label__on secret"),
        [
            "in, lines 1 and 3: labels without a space between them are read as one label; put a space before each `__label__`"
        ]
    );
    assert_eq!(warnings("__label__on go\nlabel it\nlabel_printer off\n_ label\n__label__a,b x"), [""; 0]);
    let json = r#"{"text": "_label_off", "labels": ["a,__label__b"]}"#;
    assert_eq!(read_with_warnings(json.as_bytes(), JsonLines, "in").unwrap().warnings, [""; 0]);
}

#[test]
fn label_names_must_be_visible_and_of_reasonable_length() {
    let longest = "é".repeat(127) + "x";
    assert_eq!(good(FastText, format!("__label__{longest} x"))[0].labels, [longest.as_str()]);
    for (label, expected) in [
        ("", "label 2 is empty"),
        (" ", "label 2 is empty"),
        ("secret\0", "label 2 contains a control character"),
        ("\u{7f}secret", "label 2 contains a control character"),
        ("secret\u{9f}x", "label 2 contains a control character"),
        (&"secret".repeat(50), "label 2 has 300 bytes; expected at most 255"),
    ] {
        let json = serde_json::json!({"text": "", "labels": ["a", label]}).to_string();
        let inputs = [
            (JsonLines, json),
            (FastText, format!("__label__a __label__{label} x")),
            (Csv, format!("text,labels\nx,a|{label}")),
        ];
        for (format, input) in inputs {
            let sentence = bad(format, input);
            assert!(sentence.contains(expected), "{format:?}: {sentence}");
        }
    }
}

#[test]
fn bad_utf8_is_reported_by_line_and_byte() {
    let quoted = [b"\"x\n", &b"a\xff\",b"[..]].concat();
    for (format, head, body) in
        [(JsonLines, "", &b"a\xff"[..]), (FastText, "", b"a\xff"), (Csv, "text,labels\n", &quoted)]
    {
        let line = if format == Csv { 3 } else { 1 };
        let sentence = bad(format, [head.as_bytes(), body].concat());
        assert_eq!(
            sentence,
            format!("in, line {line}: expected UTF-8, found something else at byte 2 of the line")
        );
    }
}

#[test]
fn other_files_given_as_data_are_told_by_their_first_bytes_in_every_format() {
    let model = include_bytes!("../../models/assistant.intent");
    for (input, expected) in [
        (&b"\x1F\x8B\x08\0"[..], "compressed with gzip; unpack it first"),
        (b"PK\x03\x04\x14\0", "a zip archive or an office document; unpack it, or save its table as CSV"),
        (b"PAR1\x15\x04", "a Parquet file; convert it to CSV or JSON Lines"),
        (b"\xFF\xFEt\0e\0x\0t\0", "text in UTF-16; save it in UTF-8"),
        (model, "a safetensors file, as IntentKit's models are"),
        (b"intentL1", "a training-state file"),
    ] {
        for format in [JsonLines, FastText, Csv] {
            let sentence = bad(format, input);
            assert!(
                sentence.starts_with(&format!("in, line 1: expected text, but this is {expected}")),
                "{sentence}"
            );
        }
    }
}

#[test]
fn texts_and_lines_beyond_their_limits_are_errors_rather_than_memory() {
    let longest = "x".repeat(MAX_TEXT_BYTES);
    assert_eq!(good(FastText, &longest)[0].text.len(), MAX_TEXT_BYTES);
    for (format, input) in [
        (JsonLines, format!(r#"{{"text":"{longest}x","labels":[]}}"#)),
        (FastText, format!("{longest}x")),
        (Csv, format!("labels,text\n,{longest}x")),
    ] {
        assert!(bad(format, input).contains("the text has 1048577 bytes; the maximum is 1048576"));
    }
    // Endless inputs: a reader that doesn't stop never returns.
    let endless = |first: &'static str, rest: u8| BufReader::new(first.as_bytes().chain(io::repeat(rest)));
    for (format, first, rest, expected) in [
        (JsonLines, "{", b' ', "in, line 1: the line has more than 8388608 bytes"),
        (FastText, "a\n", b'b', "in, line 2: the line has more than 8388608 bytes"),
        (Csv, "text,labels\n", b'b', "in, line 2: the line has more than 8388608 bytes"),
    ] {
        let sentence = read(endless(first, rest), format, "in").unwrap_err().to_string();
        assert!(sentence.starts_with(expected), "{sentence}");
    }
    let record = format!("text,labels\n\n\"{}", format!("{longest}\n").repeat(9));
    assert!(bad(Csv, record).starts_with("in, line 3: the record has more than 8388608 bytes"));
}

#[test]
fn a_line_has_no_more_labels_than_a_model_and_says_how_many_it_has() {
    let most = MAX_LABELS;
    let lines = |count: usize| {
        [
            (JsonLines, format!(r#"{{"text":"x","labels":[{}]}}"#, vec![r#""a""#; count].join(","))),
            (FastText, format!("{}x", "__label__a ".repeat(count))),
            (Csv, format!("text,labels\nx,{}", vec!["a"; count].join("|"))),
        ]
    };
    for (format, input) in lines(most) {
        assert_eq!(good(format, input), [ex("x", &["a"])], "{format:?}");
    }
    for (format, input) in lines(most + 7) {
        let sentence = bad(format, input);
        assert!(sentence.contains("the line has 16391 labels; the maximum is 16384"), "{sentence}");
    }
    let record = format!("text,labels\n{}", ",".repeat(5000));
    assert!(bad(Csv, record).contains("the record has 5001 fields or more; the maximum is 4096"));
    // Other values in a line are skipped, however deep they are.
    for (value, found) in
        [("7", "a number"), ("[[\"a\"]]", "an array"), ("{\"a\":[1]}", "an object"), ("null", "null")]
    {
        let sentence = bad(JsonLines, format!(r#"{{"text":{value},"labels":[]}}"#));
        assert!(sentence.contains(&format!("found {found} for `text`")), "{sentence}");
    }
    let long = "x".repeat(MAX_TEXT_BYTES + 1);
    let sentence = bad(JsonLines, format!(r#"{{"text":"","labels":["a","{long}"]}}"#));
    assert!(sentence.contains("label 2 has 1048577 bytes; expected at most 255"), "{sentence}");
}

#[test]
#[cfg(unix)]
fn whatever_is_no_regular_file_is_refused_at_once_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe.csv");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for (path, expected) in [
        (pipe.as_path(), "it is a named pipe; name a regular file"),
        (Path::new("/dev/zero"), "it is a device; name a regular file"),
        (folder.path(), "it is a folder; name a regular file"),
    ] {
        let messages = [
            read_file(path, Some(Csv)).unwrap_err(),
            read_text(path).unwrap_err(),
            crate::model::Model::load(path).unwrap_err(),
        ];
        for message in messages.map(|error| error.to_string()) {
            assert!(message.starts_with(&format!("{}: cannot open", path.display())), "{message}");
            assert!(message.ends_with(expected), "{message}");
        }
        if !path.is_dir() {
            let message = crate::Lexicon::load(path).unwrap_err().to_string();
            assert!(message.ends_with(expected), "{message}");
        }
    }
}

#[test]
fn a_small_text_is_read_whole_within_the_limit_of_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rules.json");
    let read = |contents: &[u8]| {
        std::fs::write(&path, contents).unwrap();
        read_text(&path).map_err(|error| error.to_string())
    };
    assert_eq!(read("[é]".as_bytes()).unwrap(), "[é]");
    assert_eq!(read(&vec![b' '; MAX_LINE_BYTES]).unwrap().len(), MAX_LINE_BYTES);
    let message = read(&vec![b' '; MAX_LINE_BYTES + 1]).unwrap_err();
    assert!(message.contains("the file has more than 8388608 bytes"), "{message}");
    assert!(read(b"[\xFF").unwrap_err().contains("byte 2 of the file"));
    assert!(read(b"PK\x03\x04").unwrap_err().contains("zip archive"));
}

#[test]
fn the_format_is_known_by_extension_or_by_name() {
    for (format, extensions) in
        [(JsonLines, "jsonl ndjson JSON"), (FastText, "txt ft fasttext"), (Csv, "csv")]
    {
        for extension in extensions.split(' ') {
            assert_eq!(Format::of_path(Path::new(&format!("b.{extension}"))).unwrap(), format);
        }
    }
    for name in ["some/a.xml", "csv"] {
        let error = Format::of_path(Path::new(name)).unwrap_err();
        assert!(matches!(error, Error::InvalidArgument(_)));
        assert!(
            error.to_string().starts_with(&format!("{name}: "))
                && error.to_string().contains("jsonl, fasttext or csv")
        );
    }
    for (name, format) in [("jsonl", JsonLines), ("fasttext", FastText), ("csv", Csv)] {
        assert_eq!(name.parse::<Format>().unwrap(), format);
    }
    let error = "xml".parse::<Format>().unwrap_err().to_string();
    assert_eq!(error, "there is no format \"xml\"; choose jsonl, fasttext or csv");
}

#[test]
fn files_are_read_by_extension_unless_a_format_is_given() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lines.csv");
    std::fs::write(&path, "text,labels\nx,a\n").unwrap();
    assert_eq!(read_file(&path, None).unwrap(), [ex("x", &["a"])]);
    assert_eq!(read_file(&path, Some(FastText)).unwrap(), [ex("text,labels", &[]), ex("x,a", &[])]);
    let origin = path.display().to_string();
    assert!(
        read_file(&path, Some(JsonLines))
            .unwrap_err()
            .to_string()
            .starts_with(&format!("{origin}, line 1: "))
    );
    let missing = read_file(&folder.path().join("none.csv"), None).unwrap_err();
    assert!(matches!(missing, Error::Io { action: "cannot open", .. }));
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("unplugged"))
        }
    }
    let broken = read(BufReader::new(Broken), Csv, "standard input").unwrap_err();
    assert_eq!(broken.to_string(), "standard input: cannot read: unplugged");
}

#[rustfmt::skip]
const SCRAPS: &[&str] = &[
    "{\"text\":", "\"labels\":", "[", "]", "}", "\"\"", "\"", ",", "|", "a", "\n", "\r\n", "\r", "\u{feff}", "__label__", " ",
];

/// Bytes enough like examples to pass the first check.
fn scraps() -> impl Strategy<Value = Vec<u8>> {
    let scrap = proptest::sample::select(SCRAPS).prop_map(|s| s.as_bytes().to_vec());
    let scrap = prop_oneof![scrap, any::<u8>().prop_map(|b| vec![b])];
    proptest::collection::vec(scrap, 0..40).prop_map(|scraps| scraps.concat())
}

fn examples(label: &'static str) -> impl Strategy<Value = Vec<Example>> {
    let labels = proptest::collection::btree_set(label, 0..4);
    let example = (any::<String>(), labels).prop_map(|(text, labels)| Example::new(text, labels));
    proptest::collection::vec(example, 0..8)
}

proptest! {
    #[test]
    fn no_bytes_make_reading_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), scraps in scraps()) {
        for input in [bytes, scraps] {
            for format in [JsonLines, FastText, Csv] {
                let _ = read(&input[..], format, "in");
            }
            let _ = read(&[b"text,labels\n", &input[..]].concat()[..], Csv, "in");
        }
    }

    #[test]
    fn examples_written_as_json_lines_read_the_same(examples in examples("[^\\pC\\s]{1,40}")) {
        let line = |e: &Example| serde_json::json!({"labels": e.labels, "text": e.text}).to_string() + "\n";
        prop_assert_eq!(good(JsonLines, examples.iter().map(line).collect::<String>()), examples);
    }

    #[test]
    fn examples_written_as_csv_read_the_same(examples in examples("[a-z,\"]{1,9}")) {
        let mut writer = ::csv::Writer::from_writer(Vec::new());
        writer.write_record(["text", "labels"]).unwrap();
        for example in &examples {
            writer.write_record([example.text.as_str(), &example.labels.join("|")]).unwrap();
        }
        prop_assert_eq!(good(Csv, writer.into_inner().unwrap()), examples);
    }
}
