#!/usr/bin/env bash
# Links libintentkit.dylib for Macs (arm64, x86-64) and iOS devices out of the static libraries that scripts/build-xcframework.sh makes, on
# Linux, and checks what comes out. Nothing runs: there is no Apple system here.
#
# The linker is the Rust toolchain's own. In place of Apple's SDK stands a list of the system's functions that the library
# may call, scripts/apple/libSystem-imports.txt (those with a $ are x86-64's): a call to any other fails to link, so that the list is looked at.
# A dSYM is made of each as Xcode does for an app, and asked where a function is.
set -euo pipefail
cd "$(dirname "$0")/.."
# Of the library for arm64 Macs: one per cent over what it is now; the aim is 900,000.
limit=1820000
built=${CARGO_TARGET_DIR:-target}
lld=$(rustc --print sysroot)/lib/rustlib/$(rustc -vV | sed -n 's/^host: //p')/bin/rust-lld
for tool in dsymutil llvm-nm llvm-objdump llvm-symbolizer; do
  command -v $tool >/dev/null || { echo "link-apple: $tool is missing; install the package llvm"; exit 1; }
done

sdk=$(mktemp -d)
trap 'rm -rf "$sdk"' EXIT
# stub FILE INSTALL_NAME LIST
stub() {
  local platforms='[ arm64-macos, x86_64-macos, arm64-ios ]'
  mkdir -p "$(dirname "$sdk/$1")"
  cat >"$sdk/$1" <<STUB
--- !tapi-tbd
tbd-version: 4
targets: $platforms
install-name: '$2'
current-version: 1
exports:
  - targets: $platforms
    symbols: [ $([ -z "$3" ] || sed "s/.*/'&'/" "$3" | paste -sd,) ]
...
STUB
}
stub usr/lib/libSystem.tbd /usr/lib/libSystem.B.dylib scripts/apple/libSystem-imports.txt
stub usr/lib/libobjc.tbd /usr/lib/libobjc.A.dylib scripts/apple/libobjc-imports.txt
# Core ML's classes are looked up by name when the program runs, so of the frameworks nothing but the names is linked.
for framework in CoreML Foundation; do
  stub System/Library/Frameworks/$framework.framework/$framework.tbd \
    /System/Library/Frameworks/$framework.framework/Versions/A/$framework ""
done
sed 's/^/_/' tests/exports.txt >"$sdk/exports"

# link TARGET ARCHITECTURE PLATFORM OLDEST_SYSTEM
link() {
  local library=$built/$1/dist/libintentkit.dylib
  differs() { echo "link-apple: $library: $1"; exit 1; }
  local linker=("$lld" -flavor darwin -dylib -arch "$2" -platform_version "$3" "$4" "$4" -syslibroot "$sdk" -dead_strip -x \
    -exported_symbols_list "$sdk/exports" -install_name @rpath/libintentkit.dylib -force_load "$built/$1/dist/libintentkit.a" \
    -lSystem -lobjc -framework CoreML -framework Foundation)
  "${linker[@]}" -S -o "$library"
  about() { llvm-objdump --macho "$@" "$library"; }
  llvm-nm -gUj "$library" | sed 's/^_//' | diff - tests/exports.txt || differs "exports other names than tests/exports.txt"
  [ "$(about --dylib-id | tail -n 1)" = @rpath/libintentkit.dylib ] || differs "another install name"
  about --private-headers | grep -A 5 LC_BUILD_VERSION | grep -q "minos $4" || differs "another oldest system"
  local used='libintentkit\|libSystem\|libobjc\|CoreML.framework\|Foundation.framework'
  [ "$(about --dylibs-used | grep -v "$library" | grep -vc "$used")" = 0 ] ||
    differs "links more than libSystem, libobjc, CoreML and Foundation"
  # As Xcode makes an app's dSYM, from which its crash reports have names and lines.
  "${linker[@]}" -o "$sdk/app"
  dsymutil "$sdk/app" -o "$sdk/app.dSYM"
  local at
  at=$(llvm-nm "$sdk/app" | sed -n 's/ T _intent_predict$//p')
  llvm-symbolizer --obj="$sdk/app.dSYM/Contents/Resources/DWARF/app" "0x$at" | grep -q '^\./src/ffi/predict\.rs:[1-9]' ||
    differs "the dSYM of what links it doesn't know where intent_predict is"
  bytes=$(stat -c %s "$library")
  echo "libintentkit.dylib for $1, compiled and linked, never run: $bytes bytes"
}

[ -f "$built/aarch64-apple-darwin/dist/libintentkit.a" ] || { echo "link-apple: run scripts/build-xcframework.sh first"; exit 1; }
# linked TARGET ...: if it was built; INTENTKIT_SLICES=few leaves some out.
linked() { if [ -f "$built/$1/dist/libintentkit.a" ]; then link "$@"; else echo "left out: $1, which was not built"; fi; }
linked x86_64-apple-darwin x86_64 macos 12.0
linked aarch64-apple-ios arm64 ios 15.0
link aarch64-apple-darwin arm64 macos 12.0
[ "$bytes" -le "$limit" ] || { echo "link-apple: at most $limit bytes are allowed"; exit 1; }
