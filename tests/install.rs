//! CMake and pkg-config find what `scripts/install-c.sh` installs: each builds `examples/hello.c`,
//! which then runs.
#![cfg(unix)]

#[path = "c/library.rs"]
mod library;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn run(command: &mut Command) -> String {
    // Cargo adds its own folder, which may contain an older library.
    command.env_remove("LD_LIBRARY_PATH").env_remove("DYLD_FALLBACK_LIBRARY_PATH");
    let output = command.output().unwrap_or_else(|e| panic!("cannot start {command:?}: {e}"));
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?} failed ({}):\n{out}{err}", output.status);
    out.into_owned()
}

/// Returns true if all of these programs exist. Prints the missing one otherwise.
fn are_here(programs: &[&str]) -> bool {
    let missing = programs.iter().find(|program| Command::new(program).arg("--version").output().is_err());
    if let Some(missing) = missing {
        let _ = writeln!(std::io::stderr(), "skipped: there is no {missing} to build the C example with");
    }
    missing.is_none()
}

/// Returns an empty folder and the installed library in it, moved after installation.
fn installed(name: &str) -> (PathBuf, PathBuf) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("install").join(name);
    let _ = fs::remove_dir_all(&folder);
    let (first, prefix) = (folder.join("first"), folder.join("moved to"));
    let mut script = Command::new(Path::new(ROOT).join("scripts/install-c.sh"));
    run(script.arg(&first).env("INTENTKIT_LIB_DIR", library::plain().folder));
    fs::rename(&first, &prefix).unwrap();
    (folder, prefix)
}

fn says_hello(program: &Path) {
    let output = run(&mut Command::new(program));
    assert_eq!(output.lines().filter(|line| line.contains(" -> ")).count(), 3, "{output}");
}

#[test]
#[cfg_attr(debug_assertions, ignore = "the library trains: run with --release")]
fn pkg_config_finds_the_installed_library() {
    if !are_here(&["pkg-config", "cc"]) {
        return;
    }
    let (folder, prefix) = installed("pkg-config");
    let program = folder.join("hello");
    let build = r#"cc "$SOURCE" $FLAGS -o "$PROGRAM" -Wl,-rpath,"$LIBRARIES""#;
    let flags = |options: &[&str]| {
        let mut command = Command::new("pkg-config");
        run(command.args(options).arg("intentkit").env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig")))
    };
    assert_eq!(flags(&["--modversion"]).trim(), env!("CARGO_PKG_VERSION"));
    // The shell reads what pkg-config has escaped.
    let build = build.replace("$FLAGS", flags(&["--cflags", "--libs"]).trim());
    let mut shell = Command::new("sh");
    shell.args(["-c", &build]).env("SOURCE", Path::new(ROOT).join("examples/hello.c"));
    run(shell.env("PROGRAM", &program).env("LIBRARIES", prefix.join("lib")));
    says_hello(&program);
}

#[test]
#[cfg_attr(debug_assertions, ignore = "the library trains: run with --release")]
fn cmake_finds_the_installed_library() {
    if !are_here(&["cmake", "cc"]) {
        return;
    }
    let (folder, prefix) = installed("cmake");
    let project = format!(
        "cmake_minimum_required(VERSION 3.10)\n\
         project(hello C)\n\
         find_package(IntentKit {} REQUIRED)\n\
         add_executable(dynamic \"{ROOT}/examples/hello.c\")\n\
         target_link_libraries(dynamic IntentKit::intentkit)\n\
         add_executable(static \"{ROOT}/examples/hello.c\")\n\
         target_link_libraries(static IntentKit::intentkit_static)\n",
        env!("CARGO_PKG_VERSION")
    );
    fs::write(folder.join("CMakeLists.txt"), project).unwrap();
    let build = folder.join("build");
    let mut configure = Command::new("cmake");
    configure.arg("-S").arg(&folder).arg("-B").arg(&build);
    run(configure.arg(format!("-DCMAKE_PREFIX_PATH={}", prefix.display())));
    run(Command::new("cmake").arg("--build").arg(&build));
    says_hello(&build.join("dynamic"));
    says_hello(&build.join("static"));

    // A program for the next minor version must not get this one.
    let other = fs::read_to_string(folder.join("CMakeLists.txt")).unwrap();
    fs::write(folder.join("CMakeLists.txt"), other.replace(env!("CARGO_PKG_VERSION"), "0.999")).unwrap();
    let mut configure = Command::new("cmake");
    configure.arg("-S").arg(&folder).arg("-B").arg(folder.join("other"));
    configure.arg(format!("-DCMAKE_PREFIX_PATH={}", prefix.display()));
    assert!(!configure.output().unwrap().status.success());
}
