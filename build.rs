//! Sets what the linker is told, and with the feature `header` makes the C header, into OUT_DIR and never into the source
//! tree. Programs that depend on this crate leave the feature off and so don't compile cbindgen. `cli/tests/header.rs` makes
//! the same header and compares `include/intentkit.h` with it, whether the feature is on or off.

#[cfg(feature = "header")]
#[path = "include/header.rs"]
mod header;

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    #[cfg(feature = "header")]
    make_header();
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

/// Writes the header where cargo puts what build scripts make.
#[cfg(feature = "header")]
fn make_header() {
    for path in ["build", "cbindgen.toml", "src/ffi", "src/decision/mod.rs"] {
        println!("cargo::rerun-if-changed={path}");
    }
    let (root, folder) = (variable("CARGO_MANIFEST_DIR"), variable("OUT_DIR"));
    let made = header::header(root.as_ref(), &variable("CARGO_PKG_VERSION")).and_then(|header| {
        let path = std::path::Path::new(&folder).join("intentkit.h");
        std::fs::write(&path, header).map_err(|e| format!("{}: {e}", path.display()))
    });
    if let Err(message) = made {
        println!("cargo::error=cannot make the C header: {}", message.replace('\n', " "));
    }
}

/// A variable that cargo sets for every build script.
fn variable(name: &str) -> String {
    env::var(name).unwrap_or_default()
}
