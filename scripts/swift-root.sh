#!/usr/bin/env bash
# Runs a command in a Debian trixie with Swift 6, where this repository is /src: scripts/swift-root.sh COMMAND [ARGUMENT ...].
#
# The root is made once, in about a minute, and reused: INTENTKIT_SWIFT_ROOT, or target/swift-root. Mounts live in a mount namespace
# of the command's own and go with it, so that the folder can be removed like any other. The environment is empty but for what Swift
# needs and the variables that INTENTKIT_SWIFT_ENV names (NAME=VALUE, one a line). RUSTUP_HOME's toolchain is there read-only, and
# what is in ROOT/cargo is CARGO_HOME. Needs root and mmdebstrap.
set -euo pipefail
cd "$(dirname "$0")/.."
repository=$PWD
root=${INTENTKIT_SWIFT_ROOT:-$repository/target/swift-root}
[ "$(id -u)" = 0 ] || { echo "swift-root: skipped, only root can make and enter a root"; exit 3; }

if [ ! -e "$root/ready" ]; then
  command -v mmdebstrap >/dev/null || { echo "swift-root: skipped, mmdebstrap is missing"; exit 3; }
  mirror=$(sed -nE 's/^URIs: *(\S+debian)\/?$/\1/p' /etc/apt/sources.list.d/*.sources 2>/dev/null | head -n 1)
  rm -rf --one-file-system "$root"
  mkdir -p "$(dirname "$root")"
  mmdebstrap --quiet --variant=essential --mode=root \
    --include=swiftlang,libc6-dev,libstdc++-14-dev,pkgconf,ca-certificates \
    --aptopt='Acquire::Languages "none"' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    trixie "$root" "deb ${mirror:-http://deb.debian.org/debian} trixie main"
  mkdir -p "$root/src" "$root/rust" "$root/cargo"
  touch "$root/ready"
fi

variables=()
[ -z "${INTENTKIT_SWIFT_ENV:-}" ] || mapfile -t variables <<<"$INTENTKIT_SWIFT_ENV"
export root repository toolchain
toolchain=$(rustc --print sysroot)
# Inside, before the root is entered: mounts that nobody else sees.
exec unshare -m bash -euc '
  mount --make-rprivate /
  mount -t proc proc "$root/proc"
  mount --bind "$repository" "$root/src"
  mount --bind "$toolchain" "$root/rust"
  mount -o remount,bind,ro "$root/rust"
  exec timeout -k 10 "${INTENTKIT_SWIFT_LIMIT:-1200}" chroot "$root" "$@"
' swift-root /usr/bin/env -i HOME=/root PATH=/rust/bin:/usr/bin:/bin LANG=C.UTF-8 SWIFT_BACKTRACE=enable=no CARGO_HOME=/cargo \
  ${variables[@]+"${variables[@]}"} "$@"
