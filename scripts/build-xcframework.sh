#!/usr/bin/env bash
# Makes target/IntentKit.xcframework: static libraries for macOS (arm64 and x86_64) and iOS devices, with the header in a folder named after
# the C module, and a privacy manifest. Works on Linux as well as on macOS; slices whose standard library can't be had (simulators, on
# Linux) are left out with a line, and all but the one for arm64 Macs with INTENTKIT_SLICES=few. What comes out is checked by scripts/apple/check-xcframework.py. Nothing here has been used by Xcode yet.
set -euo pipefail
cd "$(dirname "$0")/.."
export MACOSX_DEPLOYMENT_TARGET=12.0 IPHONEOS_DEPLOYMENT_TARGET=15.0
built=${CARGO_TARGET_DIR:-target}
out=$built/IntentKit.xcframework

have() { [ -d "$(rustc --print sysroot)/lib/rustlib/$1" ] || rustup target add "$1" >/dev/null 2>&1; }
library() { echo "$built/$1/dist/libintentkit.a"; }
targets=(aarch64-apple-darwin x86_64-apple-darwin aarch64-apple-ios)
case ${INTENTKIT_SLICES:-all} in
  all) ;;
  few) targets=(aarch64-apple-darwin) ;;
  *) echo "build-xcframework: INTENTKIT_SLICES must be all or few"; exit 1 ;;
esac
for target in "${targets[@]}"; do
  have "$target" || { echo "build-xcframework: $target can't be had: \`rustup target add $target\` failed"; exit 1; }
  scripts/dist.sh staticlib --target "$target" --quiet
done
simulators=()
for target in aarch64-apple-ios-sim x86_64-apple-ios; do
  if [ ${#targets[@]} = 1 ]; then
    echo "left out: $target"
  elif have $target; then
    scripts/dist.sh staticlib --target $target --quiet && simulators+=("$(library $target)")
  else
    echo "left out: $target, whose standard library can't be had here"
  fi
done

# Debian has it with a version behind its name only.
lipo=$(compgen -c | grep -Ex '(llvm-)?lipo(-[0-9]+)?' | sort | head -n 1) || { echo "build-xcframework: lipo is missing; install the package llvm"; exit 1; }
rm -rf "$out"
# slice NAME LIBRARY ...
slice() {
  local folder=$out/$1
  shift
  mkdir -p "$folder/Headers/CIntentKit"
  cp include/intentkit.h include/module.modulemap "$folder/Headers/CIntentKit/"
  cp scripts/apple/PrivacyInfo.xcprivacy "$folder/"
  if [ $# -gt 1 ]; then "$lipo" -create "$@" -output "$folder/libintentkit.a"; else cp "$1" "$folder/libintentkit.a"; fi
}
if [ ${#targets[@]} = 1 ]; then
  slice macos-arm64 "$(library aarch64-apple-darwin)"
else
  slice macos-arm64_x86_64 "$(library aarch64-apple-darwin)" "$(library x86_64-apple-darwin)"
  slice ios-arm64 "$(library aarch64-apple-ios)"
fi
[ ${#simulators[@]} -lt 2 ] || slice ios-arm64_x86_64-simulator "${simulators[@]}"
few=()
[ ${#targets[@]} -gt 1 ] || few=(--few)
python3 scripts/apple/check-xcframework.py --write ${few[@]+"${few[@]}"} "$out"
! command -v codesign >/dev/null || codesign --sign - --timestamp=none "$out"
