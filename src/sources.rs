//! Opens the files that a caller names without blocking, and recognises formats by their first
//! bytes.

use crate::error::{Error, Result};
use std::fs::{File, FileType};
use std::io;
use std::path::Path;

/// Opens a regular file for reading. Fails for anything else: a named pipe may have no writer, and
/// a device no end. An error names `action` as what failed.
pub(crate) fn open(path: &Path, action: &'static str) -> Result<File> {
    let mut options = File::options();
    options.read(true);
    // Without it, opening a named pipe waits for a writer.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    let failed = |e| Error::io(path, action, e);
    let file = options.open(path).map_err(failed)?;
    // Checks the open file: the path may name another one by now.
    let kind = file.metadata().map_err(failed)?.file_type();
    if kind.is_file() {
        return Ok(file);
    }
    Err(failed(io::Error::other(format!("it is {}; name a regular file", name(kind)))))
}

/// As [`open`], but also accepts any file that was opened for this process: `/dev/stdin`, a shell's
/// `<(command)`.
pub(crate) fn open_stream(path: &Path, action: &'static str) -> Result<File> {
    let is_own = ["/dev/fd", "/proc/self/fd"].iter().any(|folder| path.parent() == Some(Path::new(folder)));
    match cfg!(unix) && (is_own || path == Path::new("/dev/stdin")) {
        true => File::open(path).map_err(|e| Error::io(path, action, e)),
        false => open(path, action),
    }
}

fn name(kind: FileType) -> &'static str {
    if kind.is_dir() {
        return "a folder";
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if kind.is_fifo() {
            return "a named pipe";
        }
        if kind.is_char_device() || kind.is_block_device() {
            return "a device";
        }
    }
    "not a regular file"
}

/// Recognises an unsupported format by its first bytes. Returns its name and a remedy as one
/// phrase, to follow `it is`.
pub(crate) fn kind(start: &[u8]) -> Option<&'static str> {
    let signature = SIGNATURES.iter().find(|(signature, _)| start.starts_with(signature));
    match start {
        _ if signature.is_some() => signature.map(|(_, phrase)| *phrase),
        // Protocols 2 to 5.
        [0x80, 2..=5, ..] => Some(PICKLE),
        _ if start.get(257..262) == Some(b"ustar") => Some("a tar archive; unpack it first"),
        _ if start.starts_with(b"BZh") && start.get(4..10) == Some(b"1AY&SY") => {
            Some("compressed with bzip2; unpack it first")
        }
        _ if is_binary_word2vec(start) => Some(WORD2VEC),
        _ => None,
    }
}

/// As [`kind`], where text is expected.
pub(crate) fn no_text(start: &[u8]) -> Option<&'static str> {
    // The length of a header, and its first key.
    let is_safetensors = start.get(5..10) == Some(b"\0\0\0{\"");
    kind(start).or(is_safetensors.then_some(SAFETENSORS))
}

/// Maximum number of bytes examined.
const LOOKED_AT: usize = 4096;

const PICKLE: &str = "a Python pickle, such as gensim's .kv; save it as text, word vectors with gensim's \
                      save_word2vec_format(path, binary=False)";
const SAFETENSORS: &str = "a safetensors file, as IntentKit's models are; name a text file instead, or for a \
                           lexicon the folder that holds this file and its tokenizer.json";
const WORD2VEC: &str = "word2vec's binary format; save it as text, with gensim's \
                        save_word2vec_format(path, binary=False)";
const ZIP: &str = "a zip archive or an office document; unpack it, or save its table as CSV";
const UTF_16: &str = "text in UTF-16; save it in UTF-8";

#[rustfmt::skip]
const SIGNATURES: &[(&[u8], &str)] = &[
    (b"\x1F\x8B", "compressed with gzip; unpack it first"),
    (b"\xFD7zXZ\0", "compressed with xz; unpack it first"),
    (b"\x28\xB5\x2F\xFD", "compressed with zstd; unpack it first"),
    (b"\x04\x22\x4D\x18", "compressed with LZ4; unpack it first"),
    (b"7z\xBC\xAF\x27\x1C", "a 7z archive; unpack it first"),
    (b"PK\x03\x04", ZIP),
    (b"PK\x05\x06", ZIP),
    (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "an office document; save its table as CSV"),
    (b"PAR1\x15", "a Parquet file; convert it to CSV or JSON Lines"),
    (b"ARROW1\0", "an Arrow file; convert it to CSV or JSON Lines"),
    (b"SQLite format 3\0", "an SQLite database; export the table as CSV"),
    (b"\x89HDF\r\n", "an HDF5 file; convert it to text"),
    (b"\x93NUMPY", "a NumPy array; convert it to text"),
    // 793712314, little-endian.
    (b"\xBA\x16\x4F\x2F", "a fastText model; name the .vec file of its vectors"),
    (b"GGUF", "a GGUF model, which is not supported"),
    (b"intentL1", "a training-state file (.learner) of IntentKit, which `intent update` opens; name another file"),
    (b"version https://git-lfs", "a pointer of Git LFS; fetch the file itself with `git lfs pull`"),
    (b"<!DOCTYPE html", "a web page; download the file itself"),
    (b"%PDF-", "a PDF document; save its text in a text file"),
    (b"{\\rtf", "a rich text document; save it as plain text in UTF-8"),
    (b"\xFF\xFE", UTF_16),
    (b"\xFE\xFF", UTF_16),
];

/// Returns true for a line of two numbers, as in word2vec's text files, followed by bytes that are
/// not text.
fn is_binary_word2vec(start: &[u8]) -> bool {
    let start = &start[..start.len().min(LOOKED_AT)];
    let Some(end) = start.iter().position(|&byte| byte == b'\n') else { return false };
    let (header, rest) = (&start[..end], &start[end + 1..]);
    let mut numbers = header.split(|&byte| byte == b' ');
    let is_number = |number: &[u8]| !number.is_empty() && number.iter().all(u8::is_ascii_digit);
    let is_header = numbers.by_ref().take(2).filter(|number| is_number(number)).count() == 2;
    // The last character may be cut off.
    let is_text = match std::str::from_utf8(rest) {
        Ok(text) => !text.contains('\0'),
        Err(e) => e.error_len().is_none(),
    };
    is_header && numbers.next().is_none() && !is_text
}

/// Returns true if the bytes start like text.
pub(crate) fn is_text(start: &[u8]) -> bool {
    let start = &start[..start.len().min(LOOKED_AT)];
    let valid = match std::str::from_utf8(start) {
        Ok(text) => text,
        Err(e) if e.error_len().is_none() => {
            std::str::from_utf8(&start[..e.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !valid.is_empty() && !valid.contains(|c: char| c.is_control() && !c.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_bytes_tell_what_no_reader_takes_and_text_is_none_of_it() {
        let word2vec = [&b"2 3\nlamp "[..], &1.5f32.to_le_bytes(), &[0, 0, 0x80, 0xBF]].concat();
        let safetensors = [&200u64.to_le_bytes()[..], br#"{"__metadata__":{}}"#].concat();
        let tar = [&[b'a'; 257][..], b"ustar\x0000"].concat();
        for (start, expected) in [
            (&b"\x1F\x8B\x08\0"[..], "gzip; unpack it"),
            (b"BZh91AY&SY\0", "bzip2; unpack it"),
            (b"\xFD7zXZ\0\0", "xz; unpack it"),
            (b"PK\x03\x04\x14\0", "zip archive"),
            (b"PAR1\x15\x04", "Parquet"),
            (b"\xBA\x16\x4F\x2F\x0C\0", "fastText model; name the .vec"),
            (b"\x80\x04\x95\x10", "pickle"),
            (&word2vec, "word2vec's binary format"),
            (&safetensors, "safetensors"),
            (&tar, "tar archive"),
            (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
            (b"\xFF\xFE{\0", "UTF-16"),
            (b"intentL1", "training-state"),
        ] {
            let found = no_text(start).unwrap_or_else(|| panic!("{expected} is not told"));
            assert!(found.contains(expected), "{found}");
        }
        for text in [
            "",
            "2 3\nlamp 1 2 3\n",
            "2 3\n",
            "{\"text\": \"PK\", \"labels\": []}",
            "PAR1 is a race",
            "__label__a BZh",
            "\u{feff}text,labels\n",
            "3 bulbs\nplease",
        ] {
            assert_eq!(no_text(text.as_bytes()), None, "{text}");
            assert_eq!(is_text(text.as_bytes()), !text.is_empty(), "{text}");
        }
        assert_eq!(kind(&safetensors), None);
        // A character cut in the middle.
        assert_eq!(kind("2 3\nдом".as_bytes().split_last().unwrap().1), None);
        assert!(is_text(&[b'a', 0xD0]) && !is_text(&[b'a', 0xFF]) && !is_text(&[0; 64]));
    }
}
