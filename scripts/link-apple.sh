#!/usr/bin/env bash
# Compiles and links libintentkit.dylib for Macs (arm64, x86-64) and iOS devices on Linux, and checks what comes out. Nothing runs: there is
# no Apple system here.
#
# The linker is the Rust toolchain's own. In place of Apple's SDK stands a list of the system's functions that the library
# may call, scripts/apple/libSystem-imports.txt: a call to any other fails to link, so that the list is looked at.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/apple/environment.sh
# Of the library for arm64 Macs: what it is now and 3 %; the aim is 900,000.
limit=1598000

for tool in llvm-nm llvm-objdump; do
  command -v $tool >/dev/null || { echo "link-apple: $tool is missing; install the package llvm"; exit 1; }
done

sdk=$(mktemp -d)
trap 'rm -rf "$sdk"' EXIT
platforms='[ arm64-macos, x86_64-macos, arm64-ios ]'
symbols=$(sed "s/.*/'&'/" scripts/apple/libSystem-imports.txt | paste -sd,)
# stub FILE INSTALL_NAME SYMBOLS
stub() {
  mkdir -p "$(dirname "$sdk/$1")"
  cat >"$sdk/$1" <<STUB
--- !tapi-tbd
tbd-version: 4
targets: $platforms
install-name: '$2'
current-version: 1
exports:
  - targets: $platforms
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

# check TARGET MINIMUM_SYSTEM
check() {
  local library=${CARGO_TARGET_DIR:-target}/$1/dist/libintentkit.dylib
  differs() { echo "link-apple: $library: $1"; exit 1; }
  about() { llvm-objdump --macho "$@" "$library"; }
  llvm-nm -gUj "$library" | sed 's/^_//' | diff - tests/exports.txt || differs "exports other names than tests/exports.txt"
  [ "$(about --dylib-id | tail -n 1)" = @rpath/libintentkit.dylib ] || differs "another install name"
  about --private-headers | grep -A 5 LC_BUILD_VERSION | grep -q "minos $2" || differs "another oldest system"
  local used='libintentkit\|libSystem\|libobjc\|CoreML.framework\|Foundation.framework'
  [ "$(about --dylibs-used | grep -v "$library" | grep -vc "$used")" = 0 ] ||
    differs "links more than libSystem, libobjc, CoreML and Foundation"
  bytes=$(stat -c %s "$library")
  echo "libintentkit.dylib for $1, compiled and linked, never run: $bytes bytes"
}

for target in "${apple_targets[@]}"; do
  have "$target" || { echo "link-apple: $target can't be had: \`rustup target add $target\` failed"; exit 1; }
  SDKROOT=$sdk scripts/dist.sh cdylib --target "$target" --quiet
  case $target in
    *-ios) check "$target" "$IPHONEOS_DEPLOYMENT_TARGET" ;;
    *) check "$target" "$MACOSX_DEPLOYMENT_TARGET" ;;
  esac
  [ "$target" != aarch64-apple-darwin ] || [ "$bytes" -le "$limit" ] || { echo "link-apple: at most $limit bytes are allowed"; exit 1; }
done
