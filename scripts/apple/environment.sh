# Sourced by what builds for Apple systems: the oldest systems, and on Linux the toolchain's own linker. One place, so that a library
# linked dynamically and one linked statically share all that is compiled before them.
export MACOSX_DEPLOYMENT_TARGET=12.0 IPHONEOS_DEPLOYMENT_TARGET=15.0
apple_targets=(aarch64-apple-darwin x86_64-apple-darwin aarch64-apple-ios)
if [ "$(uname -s)" != Darwin ]; then
  for target in "${apple_targets[@]}"; do
    name=$(tr a-z- A-Z_ <<<"$target")
    export "CARGO_TARGET_${name}_LINKER=$PWD/scripts/apple/linker" "CARGO_TARGET_${name}_RUSTFLAGS=-C linker-flavor=ld64.lld"
  done
fi

# have TARGET: whether its standard library is here, or can be had.
have() { [ -d "$(rustc --print sysroot)/lib/rustlib/$1" ] || rustup target add "$1" >/dev/null 2>&1; }
