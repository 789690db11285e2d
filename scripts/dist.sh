#!/usr/bin/env bash
# Builds a library that ships: scripts/dist.sh cdylib|staticlib [cargo's options, such as --target].
#
# One crate type in a build: with several, cargo silently drops the link-time optimisation. The compiler inlines and unrolls
# less than by itself, which costs no prediction anything (what has to be inlined says so) and takes a tenth off the size. The
# standard library is compiled with it, for size and without the printing of stack traces, which is 170 kB of a library that
# hands every panic to its host as an error. That is not stable in cargo, hence RUSTC_BOOTSTRAP: the compiler is the
# one that compiles and tests everything else. docs/decisions/standard-library.md has the reasons.
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
# Nothing but our own calls can be seen in the static library, and none of it is bitcode: link-time optimisation leaves out `compiler_builtins`, which
# would carry its own along.
env RUSTC_BOOTSTRAP=1 cargo rustc --profile dist --no-default-features --lib --crate-type "$crate_type" "$@" \
  -Z build-std=std,panic_unwind -Z build-std-features=optimize_for_size \
  -Z profile-rustflags --config 'profile.dist.package.compiler_builtins.rustflags=["-Clinker-plugin-lto=no","-Cembed-bitcode=no"]' -- \
  -C llvm-args='--inline-threshold=10 --inlinehint-threshold=200 --unroll-threshold=100'
[ "$crate_type" != staticlib ] || python3 scripts/hide-symbols.py "${CARGO_TARGET_DIR:-target}/$target/dist/libintentkit.a"
