#!/usr/bin/env bash
# Installs the library for C programs: scripts/install-c.sh PREFIX puts the header, the libraries, and the files by which CMake and pkg-config
# find them, into PREFIX/include and PREFIX/lib. The folder may be moved afterwards.
#
# The libraries come from INTENTKIT_LIB_DIR, or from target/release, where `cargo build --release --lib` leaves them.
set -euo pipefail
prefix=${1:?usage: scripts/install-c.sh PREFIX}
mkdir -p "$prefix"
prefix=$(cd "$prefix" && pwd)
cd "$(dirname "$0")/.."
from=${INTENTKIT_LIB_DIR:-target/release}
version=$(sed -n 's/^#define INTENTKIT_VERSION "\(.*\)"$/\1/p' include/intentkit.h)
# What a program that links the static library needs from the system.
case $(uname -s) in
  Linux) system="-lpthread -ldl -lm" ;;
  *) system="" ;;
esac

fill() { sed -e "s/@VERSION@/$version/" -e "s/@SYSTEM_LIBRARIES@/$2/" "$1"; }

installed=0
for library in "$from"/libintentkit.{so,dylib,a}; do
  [ -f "$library" ] || continue
  mkdir -p "$prefix/lib"
  # Renamed into its place: a program that runs with the old one keeps it.
  cp "$library" "$prefix/lib/.intentkit.new"
  mv -f "$prefix/lib/.intentkit.new" "$prefix/lib/${library##*/}"
  installed=$((installed + 1))
done
[ "$installed" -gt 0 ] || { echo "install-c: $from has no libintentkit; run \`cargo build --release --lib\`"; exit 1; }

mkdir -p "$prefix/include" "$prefix/lib/pkgconfig" "$prefix/lib/cmake/IntentKit"
cp include/intentkit.h include/module.modulemap "$prefix/include/"
fill scripts/c/intentkit.pc.in "$system" >"$prefix/lib/pkgconfig/intentkit.pc"
for file in IntentKitConfig IntentKitConfigVersion; do
  fill scripts/c/$file.cmake.in "${system// /;}" >"$prefix/lib/cmake/IntentKit/$file.cmake"
done
echo "IntentKit $version is installed in $prefix"
