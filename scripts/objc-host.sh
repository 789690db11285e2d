#!/usr/bin/env bash
# Runs the Objective-C host of swift/Examples/objc under GNUstep (manual retain and release, no blocks), and compiles it and the wrapper with
# ARC and blocks for arm64 Macs, against a stub of Foundation: that part is type-checked, never run. INTENTKIT_LIB_DIR is the folder of
# libintentkit, target/release unless it says otherwise.
set -euo pipefail
cd "$(dirname "$0")/.."
library=${INTENTKIT_LIB_DIR:-$PWD/target/release}
sources=(swift/ObjectiveC/INTClassifier.m swift/Examples/objc/main.m)
warnings=(-Wall -Wextra -Werror -Iinclude -Iswift/ObjectiveC)
command -v clang >/dev/null || { echo "objc-host: skipped, there is no clang"; exit 3; }
ls "$library"/libintentkit.* >/dev/null 2>&1 || { echo "objc-host: $library has no libintentkit; run \`cargo build --release --lib\`"; exit 1; }
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT

if [ "$(uname -s)" = Darwin ]; then
  clang "${warnings[@]}" -fobjc-arc "${sources[@]}" -L"$library" -Wl,-rpath,"$library" -lintentkit \
    -framework Foundation -o "$made/host"
  exec "$made/host" "$made"
fi

gcc=$(dirname "$(gcc -print-libgcc-file-name 2>/dev/null || echo none)")
[ -d /usr/include/GNUstep ] && [ -d "$gcc/include/objc" ] || { echo "objc-host: skipped, GNUstep is missing (libgnustep-base-dev, gobjc)"; exit 3; }
clang "${warnings[@]}" -fno-blocks -fobjc-runtime=gcc -fobjc-exceptions -fconstant-string-class=NSConstantString \
  -D_NATIVE_OBJC_EXCEPTIONS -isystem /usr/include/GNUstep -idirafter "$gcc/include" "${sources[@]}" \
  -L"$gcc" -L"$library" -Wl,-rpath,"$library" -lintentkit -lgnustep-base -lobjc -o "$made/host"
"$made/host" "$made"

for source in "${sources[@]}"; do
  clang --target=arm64-apple-macos12 "${warnings[@]}" -fobjc-arc -fblocks -ffreestanding -nostdlibinc \
    -isystem swift/Examples/objc/apple -c "$source" -o "$made/arc.o"
done
# ARC is on there: releasing by hand is an error.
printf '#import "INTClassifier.h"\nvoid f(INTClassifier *c) { [c release]; }\n' >"$made/wrong.m"
! clang --target=arm64-apple-macos12 "${warnings[@]}" -fobjc-arc -fblocks -ffreestanding -nostdlibinc \
  -isystem swift/Examples/objc/apple -fsyntax-only "$made/wrong.m" 2>/dev/null || { echo "objc-host: ARC is not on"; exit 1; }
echo "the Objective-C host ran under GNUstep, and compiles with ARC for arm64 Macs"
