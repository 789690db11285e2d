#!/usr/bin/env bash
# Compiles and links libintentkit.dylib for arm64 Macs on Linux, and checks what comes out. Nothing runs: there is no Mac here.
#
# The linker is the Rust toolchain's own. In place of Apple's SDK stands a list of the system's functions that the library
# may call, scripts/apple/libSystem-imports.txt: a call to any other fails to link, so that the list is looked at.
set -euo pipefail
cd "$(dirname "$0")/.."
target=aarch64-apple-darwin
# What it is now and 3 %; the aim is 900,000.
limit=1598000
minimum=11.0

[ -d "$(rustc --print sysroot)/lib/rustlib/$target" ] || rustup target add $target >/dev/null 2>&1 ||
  { echo "link-apple: $target can't be had: \`rustup target add $target\` failed"; exit 1; }
for tool in llvm-nm llvm-objdump; do
  command -v $tool >/dev/null || { echo "link-apple: $tool is missing; install the package llvm"; exit 1; }
done

sdk=$(mktemp -d)
trap 'rm -rf "$sdk"' EXIT
mkdir -p "$sdk/usr/lib"
symbols=$(sed "s/.*/'&'/" scripts/apple/libSystem-imports.txt | paste -sd,)
# stub FILE INSTALL_NAME SYMBOLS
stub() {
  mkdir -p "$(dirname "$sdk/$1")"
  cat >"$sdk/$1" <<STUB
--- !tapi-tbd
tbd-version: 4
targets: [ arm64-macos ]
install-name: '$2'
current-version: 1
exports:
  - targets: [ arm64-macos ]
    symbols: [ $3 ]
...
STUB
}
# The standard library asks for iconv by name and calls nothing of it.
for library in System c m iconv; do
  stub usr/lib/lib$library.tbd /usr/lib/libSystem.B.dylib "$symbols"
done
# Core ML's classes are looked up by name when the program runs, so of the frameworks nothing but the names is linked.
stub usr/lib/libobjc.tbd /usr/lib/libobjc.A.dylib "$(sed "s/.*/'&'/" scripts/apple/libobjc-imports.txt | paste -sd,)"
for framework in CoreML Foundation; do
  stub System/Library/Frameworks/$framework.framework/$framework.tbd \
    /System/Library/Frameworks/$framework.framework/Versions/A/$framework ""
done
SDKROOT=$sdk MACOSX_DEPLOYMENT_TARGET=$minimum \
  CARGO_TARGET_AARCH64_APPLE_DARWIN_LINKER=$PWD/scripts/apple/linker \
  CARGO_TARGET_AARCH64_APPLE_DARWIN_RUSTFLAGS="-C linker-flavor=ld64.lld" \
  scripts/dist.sh cdylib --target $target --quiet

library=${CARGO_TARGET_DIR:-target}/$target/dist/libintentkit.dylib
differs() { echo "link-apple: $library: $1"; exit 1; }
llvm-nm -gUj "$library" | sed 's/^_//' | diff - tests/exports.txt || differs "exports other names than tests/exports.txt"
about() { llvm-objdump --macho "$@" "$library"; }
[ "$(about --dylib-id | tail -n 1)" = @rpath/libintentkit.dylib ] || differs "another install name"
about --private-headers | grep -A 5 LC_BUILD_VERSION | grep -q "minos $minimum" || differs "another minimum version of macOS"
used='libintentkit\|libSystem\|libobjc\|CoreML.framework\|Foundation.framework'
[ "$(about --dylibs-used | grep -v "$library" | grep -vc "$used")" = 0 ] || differs "links more than libSystem, libobjc, CoreML and Foundation"

bytes=$(stat -c %s "$library")
echo "libintentkit.dylib for $target, compiled and linked, never run: $bytes bytes, at most $limit"
[ "$bytes" -le "$limit" ]
