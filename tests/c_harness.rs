//! Compiles the C programs of `tests/c` and `examples/hello.c` against the header, links them with the library in each way
//! there is, and runs them.
//!
//! `INTENTKIT_CC`, `INTENTKIT_CXX`: the compilers, instead of `cc` and `c++`. `INTENTKIT_RUNNER`: what runs the programs,
//! such as `qemu-aarch64 -L /usr/aarch64-linux-gnu`. `INTENTKIT_C_SANITIZE=address`: with the address, leak and
//! undefined-behaviour sanitizers.
#![cfg(unix)]

#[path = "c/library.rs"]
mod library;

use library::Library;
use std::env;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

#[derive(Clone, Copy)]
struct Build {
    name: &'static str,
    /// Environment variable, default command, flags.
    compiler: (&'static str, &'static str, &'static [&'static str]),
    dynamic: bool,
}

const C99: (&str, &str, &[&str]) =
    ("INTENTKIT_CC", "cc", &["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic"]);
const CXX: (&str, &str, &[&str]) =
    ("INTENTKIT_CXX", "c++", &["-x", "c++", "-Wall", "-Wextra", "-Werror", "-pedantic"]);
const DYNAMIC: Build = Build { name: "c99-dynamic", compiler: C99, dynamic: true };
const STATIC: Build = Build { name: "c99-static", compiler: C99, dynamic: false };

/// What the static library needs from the system.
const SYSTEM_LIBRARIES: &[&str] =
    if cfg!(target_os = "linux") { &["-lpthread", "-ldl", "-lm"] } else { &["-lm"] };

/// A command line from the environment, split at spaces.
fn words(variable: &str) -> Option<Vec<String>> {
    let words: Vec<String> = env::var(variable).ok()?.split_whitespace().map(str::to_owned).collect();
    (!words.is_empty()).then_some(words)
}

fn command(words: &[String]) -> Command {
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]);
    command
}

fn run(mut command: Command) -> Output {
    // Cargo puts its own folder there, where an older library may lie; programs find theirs by the path they were linked with.
    command.env_remove("LD_LIBRARY_PATH").env_remove("DYLD_FALLBACK_LIBRARY_PATH");
    let output = command.output().unwrap_or_else(|e| panic!("cannot start {command:?}: {e}"));
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?} failed ({}):\n{out}{err}", output.status);
    output
}

/// The words that start the compiler, or `None` with one line of explanation where there is none.
fn compiler(build: Build) -> Option<Vec<String>> {
    let (variable, default, _) = build.compiler;
    if let Some(words) = words(variable) {
        return Some(words);
    }
    if Command::new(default).arg("--version").output().is_err() {
        let _ = writeln!(
            std::io::stderr(),
            "skipped: there is no `{default}` to compile the C programs; name a compiler in {variable}"
        );
        return None;
    }
    Some(vec![default.to_owned()])
}

fn sanitizer() -> &'static [&'static str] {
    match env::var("INTENTKIT_C_SANITIZE").as_deref() {
        Ok("address") => {
            &["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer", "-g"]
        }
        Ok("") | Err(_) => &[],
        Ok(other) => panic!("INTENTKIT_C_SANITIZE is {other}; it can be address"),
    }
}

/// An empty folder for one build of one program.
fn scratch(build: Build, program: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("c/programs").join(build.name).join(program);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn compile(compiler: &[String], build: Build, library: &Library, source: &Path, program: &Path) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut cc = command(compiler);
    cc.args(build.compiler.2).args(sanitizer()).arg("-I").arg(root.join("include")).arg(source);
    // What follows is no source text, whatever language the sources are in.
    if build.compiler.2.contains(&"c++") {
        cc.args(["-x", "none"]);
    }
    if build.dynamic {
        cc.arg("-L").arg(&library.folder).arg("-Wl,-rpath,".to_owned() + &library.folder.to_string_lossy());
        // By its full name, since the static library lies beside it.
        cc.arg(library.dynamic()).args(SYSTEM_LIBRARIES);
    } else {
        cc.arg(library.fixed()).args(SYSTEM_LIBRARIES);
    }
    cc.arg("-o").arg(program);
    run(cc);
}

/// Runs a program on its scratch folder.
fn start(program: &Path, arguments: &[&str]) -> Output {
    let mut command = match words("INTENTKIT_RUNNER") {
        Some(mut words) => {
            words.push(program.to_string_lossy().into_owned());
            self::command(&words)
        }
        None => Command::new(program),
    };
    command.arg(program.parent().unwrap()).args(arguments);
    run(command)
}

fn compile_and_run(build: Build, library: &Library, sources: &[PathBuf]) {
    let Some(compiler) = compiler(build) else { return };
    for source in sources {
        let name = source.file_stem().unwrap().to_str().unwrap();
        // On an emulated processor what trains takes minutes, where once has to do. Examples have a test of their own, and queues are
        // the same on every processor.
        let emulated = words("INTENTKIT_RUNNER").is_some();
        let trains = ["explain", "features", "model", "stack"].contains(&name) && build.name != DYNAMIC.name;
        if emulated
            && (trains
                || ["hello", "learn", "live", "read_only", "requests", "threads", "train"].contains(&name))
        {
            continue;
        }
        let program = scratch(build, name).join(name);
        compile(&compiler, build, library, source, &program);
        match name {
            // What one process saves another loads.
            "model" => ["save", "load"].iter().for_each(|what| drop(start(&program, &[what]))),
            "vectors" => drop(start(&program, &[env!("CARGO_MANIFEST_DIR")])),
            _ => drop(start(&program, &[])),
        }
    }
}

fn programs() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources: Vec<PathBuf> = fs::read_dir(root.join("tests/c"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "c") && !path.ends_with("panic.c"))
        .collect();
    sources.extend(["hello", "learn"].map(|name| root.join(format!("examples/{name}.c"))));
    sources.sort();
    sources
}

#[test]
#[cfg_attr(debug_assertions, ignore = "the library trains: run with --release")]
fn c99_programs_run_with_the_dynamic_library() {
    compile_and_run(DYNAMIC, &library::plain(), &programs());
}

#[test]
#[cfg_attr(debug_assertions, ignore = "the library trains: run with --release")]
fn the_same_programs_run_as_cxx() {
    let build = Build { name: "cxx-dynamic", compiler: CXX, dynamic: true };
    compile_and_run(build, &library::plain(), &programs());
}

#[test]
#[cfg_attr(debug_assertions, ignore = "the library trains: run with --release")]
fn the_example_answers_as_the_readme_shows() {
    let Some(compiler) = compiler(STATIC) else { return };
    let build = Build { name: "example", ..STATIC };
    let program = scratch(build, "hello").join("hello");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/hello.c");
    compile(&compiler, build, &library::plain(), &source, &program);
    let output = String::from_utf8(start(&program, &[]).stdout).unwrap();
    let answers: Vec<&str> = output.lines().filter_map(|line| line.split(" -> ").nth(1)).collect();
    assert_eq!(answers.len(), 3, "{output}");
    assert!(answers[0].starts_with("light (") && answers[1].starts_with("music ("), "{output}");
    assert_eq!(answers[2], "none of them", "{output}");
}

/// The C guide names the flag for it.
#[test]
#[cfg(target_os = "linux")]
fn a_hosts_own_library_shows_nothing_of_ours_if_the_linker_is_told_so() {
    let Some(compiler) = compiler(STATIC).filter(|_| words("INTENTKIT_RUNNER").is_none()) else { return };
    if Command::new("nm").arg("--version").output().is_err() {
        let _ = writeln!(std::io::stderr(), "skipped: there is no nm to list the library's symbols");
        return;
    }
    let folder = scratch(Build { name: "host", ..STATIC }, "host");
    let source = folder.join("host.c");
    let host = "#include \"intentkit.h\"\nconst char *host_version(void);\n\
                const char *host_version(void) { return intent_version(); }\n";
    fs::write(&source, host).unwrap();
    let exported = |flags: &[&str]| {
        let library = folder.join("libhost.so");
        let mut cc = command(&compiler);
        let include = Path::new(env!("CARGO_MANIFEST_DIR")).join("include");
        cc.args(STATIC.compiler.2).args(["-shared", "-fPIC", "-I"]).arg(include).arg(&source);
        cc.arg(library::plain().fixed()).args(flags).args(SYSTEM_LIBRARIES).arg("-o").arg(&library);
        run(cc);
        let mut nm = Command::new("nm");
        nm.args(["-D", "--defined-only"]).arg(&library);
        let names = String::from_utf8(run(nm).stdout).unwrap();
        let names: Vec<String> =
            names.lines().filter_map(|line| line.split_whitespace().last()).map(str::to_owned).collect();
        (names, fs::metadata(&library).unwrap().len())
    };
    let (all, larger) = exported(&[]);
    assert!(all.len() > 100 && all.contains(&"intent_predict".to_owned()), "{} names", all.len());
    let (own, smaller) = exported(&["-Wl,--exclude-libs,ALL"]);
    assert_eq!(own, ["host_version"]);
    assert!(smaller < larger, "{smaller} bytes, {larger} with all names");
}

/// Run once more under the address, leak and undefined-behaviour sanitizers.
mod sanitized {
    use super::*;

    #[test]
    #[cfg_attr(debug_assertions, ignore = "the library trains: run with --release")]
    fn c99_programs_run_with_the_static_library() {
        compile_and_run(STATIC, &library::plain(), &programs());
    }

    #[test]
    #[cfg_attr(debug_assertions, ignore = "the library trains: run with --release")]
    fn a_panic_arrives_in_c_as_a_status() {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c/panic.c");
        compile_and_run(Build { name: "panic", ..STATIC }, &library::misbehaving(), &[source]);
    }

    #[test]
    #[cfg_attr(debug_assertions, ignore = "the library trains: run with --release")]
    fn the_learning_example_remembers_what_it_was_told() {
        let Some(compiler) = compiler(STATIC).filter(|_| words("INTENTKIT_RUNNER").is_none()) else { return };
        let build = Build { name: "example", ..STATIC };
        let program = scratch(build, "learn").join("learn");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/learn.c");
        compile(&compiler, build, &library::plain(), &source, &program);
        let output = String::from_utf8(start(&program, &[]).stdout).unwrap();
        let answers: Vec<&str> = output.lines().filter_map(|line| line.split(" -> ").nth(1)).collect();
        assert_eq!(answers, ["light (by a rule)", "none of them", "light"], "{output}");
    }

    /// Otherwise a sanitizer that was never linked in would pass everything.
    #[test]
    fn a_sanitizer_that_was_asked_for_finds_a_leak() {
        let Some(compiler) = compiler(STATIC).filter(|_| !sanitizer().is_empty()) else {
            let _ = writeln!(std::io::stderr(), "skipped: INTENTKIT_C_SANITIZE does not ask for a sanitizer");
            return;
        };
        let build = Build { name: "canary", ..STATIC };
        let folder = scratch(build, "leak");
        let (source, program) = (folder.join("leak.c"), folder.join("leak"));
        let leak = "#include \"intentkit.h\"\nint main(void) { intent_options_new(); return 0; }\n";
        fs::write(&source, leak).unwrap();
        compile(&compiler, build, &library::plain(), &source, &program);
        let output = Command::new(&program).output().unwrap();
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && message.contains("LeakSanitizer"), "{message}");
    }
}
