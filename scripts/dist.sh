#!/usr/bin/env bash
# Builds a library that ships: scripts/dist.sh cdylib|staticlib [cargo's options, such as --target]. A static library takes
# binutils besides (CROSS_COMPILE names those for another system, such as aarch64-linux-gnu-), for Apple's systems Python.
#
# One crate type in a build: with several, cargo silently drops the link-time optimisation. The compiler inlines and unrolls
# less than by itself, which costs no prediction anything (what has to be inlined says so) and takes a tenth off the size. The
# standard library is compiled with it, for size and without the printing of stack traces, which is 170 kB of a library that
# hands every panic to its host as an error. That is not stable in cargo, hence RUSTC_BOOTSTRAP: the compiler is the
# one that compiles and tests everything else. docs/decisions/standard-library.md has the reasons.
#
# Static libraries for Apple's systems carry line tables, out of which Xcode makes the dSYM of an app; the app has none of it.
# Folders of the machine that builds are in none of what comes out (trim-paths, not stable either).
set -euo pipefail
cd "$(dirname "$0")/.."
crate_type=${1:?cdylib or staticlib}
shift
[ -f "$(rustc --print sysroot)/lib/rustlib/src/rust/library/std/Cargo.toml" ] || rustup component add rust-src >/dev/null 2>&1 ||
  { echo "dist: the sources of the standard library are missing; run \`rustup component add rust-src\`"; exit 1; }
target= previous=
for given in "$@"; do
  [ "$previous" != --target ] || target=$given
  previous=$given
done
if [ -z "$target" ]; then
  target=$(rustc -vV | sed -n 's/^host: //p')
  set -- --target "$target" "$@"
fi
if [[ $target == *-apple-* && $crate_type == staticlib ]]; then set -- --config 'profile.dist.debug="line-tables-only"' "$@"; fi
# Link-time optimisation leaves out `compiler_builtins`, which would carry its bitcode along.
env RUSTC_BOOTSTRAP=1 cargo rustc -p intentkit --profile dist --lib --crate-type "$crate_type" "$@" \
  -Z build-std=std,panic_unwind -Z build-std-features=optimize_for_size \
  -Z trim-paths --config 'profile.dist.trim-paths="all"' \
  -Z profile-rustflags --config 'profile.dist.package.compiler_builtins.rustflags=["-Clinker-plugin-lto=no","-Cembed-bitcode=no"]' -- \
  -C llvm-args='--inline-threshold=10 --inlinehint-threshold=200 --unroll-threshold=100'
library=${CARGO_TARGET_DIR:-target}/$target/dist/libintentkit
case $crate_type,$target in
  staticlib,*) library=$library.a ;;
  *-apple-*) library=$library.dylib ;;
  *) library=$library.so ;;
esac
for folder in "$PWD" "${CARGO_HOME:-$HOME/.cargo}" "$(rustc --print sysroot)"; do
  if grep -qF "$folder" "$library"; then echo "dist: $library names $folder, a folder of this machine"; exit 1; fi
done
[ "$crate_type" = staticlib ] || exit 0

# Link-time optimisation leaves one object with two names or three of the standard library beside ours, among them `rust_eh_personality`, which every
# Rust library brings along: two such libraries in one program would define it twice. So all but our own calls are hidden.
if [[ $target == *-apple-* ]]; then
  python3 scripts/apple/hide-symbols.py "$library"
  exit
fi
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
# All objects as one, since what they share must not be seen outside. Groups that occur in several objects are told apart by name, hidden or
# not; ours must not be dropped for another library's.
"${CROSS_COMPILE:-}ld" -r --force-group-allocation -o "$made/intentkit.o" --whole-archive "$library"
"${CROSS_COMPILE:-}objcopy" --keep-global-symbols=tests/exports.txt "$made/intentkit.o"
"${CROSS_COMPILE:-}ar" rcsD "$made/libintentkit.a" "$made/intentkit.o"
cp "$made/libintentkit.a" "$library"
