//! Makes the C header from `src/ffi`, into OUT_DIR and never into the source tree. `tests/abi.rs` holds
//! `include/intentkit.h` against it.

use std::path::Path;
use std::{env, fs};

/// In the order of the header. Single files, so that cbindgen needs neither cargo nor the network.
const SOURCES: [&str; 16] = [
    "src/ffi/status.rs",
    "src/ffi/version.rs",
    "src/ffi/error.rs",
    "src/ffi/arguments.rs",
    "src/ffi/options.rs",
    "src/ffi/train.rs",
    "src/ffi/classifier.rs",
    "src/ffi/predict.rs",
    "src/ffi/queue.rs",
    "src/ffi/learn.rs",
    "src/ffi/rules.rs",
    "src/ffi/stats.rs",
    "src/ffi/explain.rs",
    "src/ffi/runtime.rs",
    "src/ffi/export.rs",
    // For the struct that predictions are written into.
    "src/decision/mod.rs",
];

fn main() {
    for path in SOURCES.into_iter().chain(["cbindgen.toml", "build.rs", "src/ffi"]) {
        println!("cargo::rerun-if-changed={path}");
    }
    if let Err(message) = header() {
        println!("cargo::error=cannot make the C header: {message}");
    }
    println!("cargo::rustc-env=INTENTKIT_TARGET={}", variable("TARGET"));
    // Programs find the library by this name, wherever it was built.
    match variable("CARGO_CFG_TARGET_OS").as_str() {
        "macos" | "ios" => {
            println!("cargo::rustc-cdylib-link-arg=-Wl,-install_name,@rpath/libintentkit.dylib");
        }
        "linux" | "android" => println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libintentkit.so"),
        _ => {}
    }
    if env::var_os("CARGO_CFG_COREML_STANDIN").is_some() {
        link_standin();
    }
}

/// What the Swift code of coreml-rs needs on Linux, where the linker isn't told by the object files: tests of the adapter only.
fn link_standin() {
    let runtime = "/usr/libexec/swift/lib/swift/linux";
    println!("cargo::rerun-if-env-changed=INTENTKIT_COREML_STANDIN");
    println!("cargo::rustc-link-search=native={}", variable("INTENTKIT_COREML_STANDIN"));
    println!("cargo::rustc-link-lib=static=CoreML");
    println!("cargo::rustc-link-search=native={runtime}");
    for library in [
        "swiftCore",
        "swift_Concurrency",
        "swift_StringProcessing",
        "swift_RegexParser",
        "swiftGlibc",
        "BlocksRuntime",
        "dispatch",
        "swiftDispatch",
        "Foundation",
        "FoundationEssentials",
        "FoundationInternationalization",
        "_FoundationICU",
        "swiftSynchronization",
        "swiftSwiftOnoneSupport",
    ] {
        println!("cargo::rustc-link-lib=dylib={library}");
    }
    println!("cargo::rustc-link-arg=-Wl,-rpath,{runtime}");
    // Without it no protocol conformance is registered, and whatever decodes JSON crashes.
    println!("cargo::rustc-link-arg={runtime}/x86_64/swiftrt.o");
}

fn header() -> Result<(), String> {
    let root = variable("CARGO_MANIFEST_DIR");
    let root = Path::new(&root);
    let mut config = cbindgen::Config::from_file(root.join("cbindgen.toml"))?;
    config.after_includes = config.after_includes.map(|text| text.replace("@VERSION@", &version_macros()));
    let builder = cbindgen::Builder::new().with_config(config);
    let builder = SOURCES.iter().fold(builder, |builder, source| builder.with_src(root.join(source)));
    let mut text = vec![];
    builder.generate().map_err(|e| e.to_string())?.write(&mut text);
    let text = String::from_utf8(text).map_err(|e| e.to_string())?;
    let path = Path::new(&variable("OUT_DIR")).join("intentkit.h");
    fs::write(&path, tidied(&text)).map_err(|e| format!("{}: {e}", path.display()))?;
    println!("cargo::rustc-env=INTENTKIT_GENERATED_HEADER={}", path.display());
    Ok(())
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

fn version_macros() -> String {
    let parts = ["MAJOR", "MINOR", "PATCH"].map(|part| variable(&format!("CARGO_PKG_VERSION_{part}")));
    let packed = parts.iter().fold(0, |packed, part| packed << 8 | part.parse::<u32>().unwrap_or(0));
    let [major, minor, patch] = parts;
    format!(
        "#define INTENTKIT_VERSION_MAJOR {major}\n\
         #define INTENTKIT_VERSION_MINOR {minor}\n\
         #define INTENTKIT_VERSION_PATCH {patch}\n\
         #define INTENTKIT_VERSION \"{}\"\n\
         /** The same as one number: a byte for each part, 0x010203 for 1.2.3. */\n\
         #define INTENTKIT_VERSION_NUMBER 0x{packed:06x}",
        variable("CARGO_PKG_VERSION")
    )
}

/// A variable that cargo sets for every build script.
fn variable(name: &str) -> String {
    env::var(name).unwrap_or_default()
}
