//! The C header, made from `src/ffi`: by `build.rs` with the feature `header`, and by `cli/tests/header.rs`.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

/// The sections of the header in its order, and the files whose types and functions they hold. A section uses types of
/// itself and of those before it. Single files, so that cbindgen needs neither cargo nor the network.
const SECTIONS: [(&str, &[&str]); 19] = [
    ("Version", &["src/ffi/version.rs"]),
    ("Status and errors", &["src/ffi/status.rs", "src/ffi/error.rs"]),
    ("Texts, feature rows and labels", &["src/ffi/arguments.rs", "src/decision/mod.rs"]),
    ("Classifier", &["src/ffi/classifier.rs"]),
    (
        "Training options",
        &[
            "src/ffi/options/mod.rs",
            "src/ffi/options/recipe.rs",
            "src/ffi/options/texts.rs",
            "src/ffi/options/lexicon.rs",
            "src/ffi/options/files.rs",
            "src/ffi/options/progress.rs",
        ],
    ),
    ("Training", &["src/ffi/train.rs", "src/ffi/report.rs"]),
    ("Model files", &["src/ffi/model_file.rs"]),
    ("Labels", &["src/ffi/labels.rs"]),
    ("Prediction", &["src/ffi/predict.rs"]),
    ("Requests: predictions in the background", &["src/ffi/requests.rs"]),
    ("Features: the two halves of a prediction", &["src/ffi/features.rs"]),
    ("Keyword rules", &["src/ffi/rules.rs"]),
    ("Updates", &["src/ffi/update.rs"]),
    ("Training state: a file with the data that updates need", &["src/ffi/training_state.rs"]),
    ("Background training", &["src/ffi/retraining.rs"]),
    ("Statistics", &["src/ffi/statistics.rs"]),
    ("Explanations", &["src/ffi/explain.rs"]),
    ("Engines", &["src/ffi/engine.rs"]),
    ("Core ML packages", &["src/ffi/export.rs"]),
];

/// Between what comes first in the header and its sections.
const MARK: &str = "/* @SECTIONS@ */";

/// Makes the header of the sources under `root`, for a library of this version.
pub fn header(root: &Path, version: &str) -> Result<String, String> {
    let mut config = cbindgen::Config::from_file(root.join("cbindgen.toml"))?;
    let renamed: HashMap<String, String> =
        config.export.rename.iter().map(|(rust, c)| (c.clone(), rust.clone())).collect();
    config.after_includes =
        config.after_includes.map(|text| text.replace("@VERSION@", &version_macros(version)));
    let files = || SECTIONS.iter().flat_map(|(_, files)| files.iter());
    let builder = files().fold(cbindgen::Builder::new().with_config(config), |builder, file| {
        builder.with_src(root.join(file))
    });
    let mut text = vec![];
    builder.generate().map_err(|e| e.to_string())?.write(&mut text);
    let text = tidied(&String::from_utf8(text).map_err(|e| e.to_string())?);
    let mut sources = vec![];
    for (_, files) in &SECTIONS {
        let read =
            files.iter().map(|file| fs::read_to_string(root.join(file)).map_err(|e| format!("{file}: {e}")));
        sources.push(read.collect::<Result<String, String>>()?);
    }
    sectioned(&text, &renamed, &sources)
}

/// The header with its items in sections: each in that of the file it comes from, in the order of the source, and the
/// macro that fills a struct after the struct.
fn sectioned(header: &str, renamed: &HashMap<String, String>, sources: &[String]) -> Result<String, String> {
    let (start, rest) = header.split_once(MARK).ok_or("cbindgen.toml has no mark for the sections")?;
    let opening = "#ifdef __cplusplus\nextern \"C\" {\n#endif // __cplusplus\n";
    let closing = "#ifdef __cplusplus\n}  // extern \"C\"\n";
    let (rest, end) = rest.split_once(closing).ok_or("the header has no end")?;
    let (mut sections, mut macros) = (vec![BTreeMap::new(); SECTIONS.len()], HashMap::new());
    for block in
        rest.split("\n\n").map(str::trim).filter(|block| !block.is_empty() && *block != opening.trim())
    {
        let name = name(block).ok_or_else(|| format!("this has no name:\n{block}"))?;
        let rust = renamed.get(name).map_or(name, String::as_str);
        let definitions = ["fn {}(", "struct {} {", "enum {} {", "type {} ", "const {}:"];
        let definitions = definitions.map(|definition| definition.replace("{}", rust));
        let place = |source: &String| definitions.iter().find_map(|definition| source.find(definition));
        match sources.iter().enumerate().find_map(|(section, source)| Some((section, place(source)?))) {
            // A map, since cbindgen follows modules and may give an item twice.
            Some((section, place)) => drop(sections[section].insert(place, (name, block))),
            None => drop(macros.insert(name.trim_end_matches("_INIT").to_lowercase(), block)),
        }
    }
    let mut text = format!("{}\n\n{opening}", start.trim_end());
    for ((heading, _), blocks) in SECTIONS.iter().zip(sections) {
        let line = "=".repeat(93);
        text += &format!("\n/* {line}\n * {heading}\n * {line} */\n");
        for (name, block) in blocks.into_values() {
            text += &format!("\n{block}\n");
            if let Some(filling) = macros.remove(name) {
                text += &format!("\n{filling}\n");
            }
        }
    }
    match macros.values().next() {
        Some(block) => Err(format!("this is of no section:\n{block}")),
        None => Ok(format!("{text}\n{closing}{end}")),
    }
}

/// The name that a declaration gives to C.
fn name(block: &str) -> Option<&str> {
    let lines = || block.lines().filter(|line| !line.starts_with([' ', '/']) && *line != "INTENT_API");
    let first = lines().next()?;
    if let Some(name) = first.strip_prefix("#define ") {
        return name.split([' ', '(']).next();
    }
    if let Some(name) = lines().find_map(|line| line.strip_prefix("} ")) {
        return name.strip_suffix(';');
    }
    if let Some((_, name)) = first.split_once("(*") {
        return name.split(')').next();
    }
    let name =
        first.strip_prefix("typedef ").map_or(first.split('(').next()?, |alias| alias.trim_end_matches(';'));
    name.rsplit([' ', '*']).next()
}

/// What cbindgen has no setting for: comments of one line on one line, tags on enums and structs that their functions need
/// not repeat, one blank line where it leaves several.
fn tidied(header: &str) -> String {
    let lines: Vec<&str> = header.lines().collect();
    let (mut tidied, mut i) = (String::new(), 0);
    while i < lines.len() {
        let line = lines[i];
        let comment = lines.get(i + 1).and_then(|text| text.trim_start().strip_prefix("* "));
        if let (Some(indent), Some(comment)) = (line.strip_suffix("/**"), comment)
            && lines.get(i + 2).is_some_and(|end| end.trim() == "*/")
        {
            tidied += &format!("{indent}/** {comment} */\n");
            i += 3;
            continue;
        }
        let name = || lines[i..].iter().find_map(|end| end.strip_prefix("} ")?.strip_suffix(';'));
        match (line.strip_prefix("typedef ").and_then(|kind| kind.strip_suffix(" {")), name()) {
            (Some(kind @ ("enum" | "struct")), Some(name)) => {
                tidied += &format!("typedef {kind} {name} {{\n")
            }
            _ if line.is_empty() && tidied.ends_with("\n\n") => {}
            _ => tidied += &format!("{line}\n"),
        }
        i += 1;
    }
    tidied
}

fn version_macros(version: &str) -> String {
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let [major, minor, patch] = [(); 3].map(|()| parts.next().unwrap_or(0));
    let packed = major << 16 | minor << 8 | patch;
    format!(
        "#define INTENTKIT_VERSION_MAJOR {major}\n\
         #define INTENTKIT_VERSION_MINOR {minor}\n\
         #define INTENTKIT_VERSION_PATCH {patch}\n\
         #define INTENTKIT_VERSION \"{version}\"\n\
         /** The version as one number with a byte for each part: 0x010203 for 1.2.3. */\n\
         #define INTENTKIT_VERSION_NUMBER 0x{packed:06x}"
    )
}
