//! File names that stand where something else belongs: a model among texts or data, a data file among texts.

use crate::failure::Failure;
use intentkit::learn::LearnerFile;
use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The first bytes of a file, as training-state files and as model files start; zeros if it has fewer or can't be read.
fn start(path: &Path) -> ([u8; 8], [u8; 2]) {
    let (mut first, mut second) = ([0; 8], [0; 2]);
    // A named pipe would wait for a writer.
    if path.is_file()
        && let Ok(mut file) = File::open(path)
    {
        // A shorter file is neither of the two.
        let _ = file.read_exact(&mut first).and_then(|()| file.read_exact(&mut second));
    }
    (first, second)
}

/// Returns true if `path` is a training-state file.
pub fn is_training_state(path: &Path) -> bool {
    LearnerFile::is_start(&start(path).0)
}

/// Returns true if `path` is what `--model` takes: a model file or a training-state file.
pub fn is_model(path: &Path) -> bool {
    let (first, second) = start(path);
    // A model file is a safetensors file: the length of a header, and the header's first key.
    LearnerFile::is_start(&first) || (&first[5..], &second) == (b"\0\0\0", b"{\"")
}

/// Fails if `path` is a model where data belongs.
pub fn check_data(path: &Path) -> Result<(), Failure> {
    if is_model(path) {
        let name = path.display();
        return Err(Failure::Usage(format!("{name} is a model, not a data file; write --model {name}")));
    }
    Ok(())
}

/// Fails if one of `texts` is the name of a file that exists. What has no extension or holds a blank is a text.
pub fn check_texts(texts: &[String]) -> Result<(), Failure> {
    for text in texts {
        let path = Path::new(text);
        if text.contains(char::is_whitespace) || path.extension().is_none() || !path.is_file() {
            continue;
        }
        return Err(Failure::Usage(if is_model(path) {
            format!("{text} is a model, not a text; write --model {text} and then the text")
        } else {
            format!(
                "{text} is a file, not a text; `intent predict < {text}` reads its lines as texts, and `intent eval --model \
                 MODEL {text}` measures a model on its labelled texts"
            )
        }));
    }
    Ok(())
}

/// The first of a command line's arguments that names a model without an option before it.
pub fn stray_model(arguments: impl Iterator<Item = OsString>) -> Option<String> {
    let mut taken = false;
    for argument in arguments {
        let is_value = std::mem::replace(
            &mut taken,
            ["--model", "-m", "--output", "-o", "--training-state"].iter().any(|option| argument == *option),
        );
        if !is_value && is_model(Path::new(&argument)) {
            return Some(argument.to_string_lossy().into_owned());
        }
    }
    None
}
