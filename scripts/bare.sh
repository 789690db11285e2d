#!/usr/bin/env bash
# Runs the README's two commands in a Debian that has nothing but Rust and the packages the README names. Needs root, mmdebstrap and
# the network.
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || { echo "bare: skipped, only root can make and enter a root"; exit 3; }
command -v mmdebstrap >/dev/null || { echo "bare: skipped, mmdebstrap is missing"; exit 3; }
packages=$(sed -n 's/.*`apt-get install \([a-z0-9 .+-]*\)`.*/\1/p' README.md)
[ -n "$packages" ] || { echo "bare: README.md names no packages to install"; exit 1; }
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
root=$PWD/target/bare-root
rm -rf --one-file-system "$root"
mkdir -p target
mmdebstrap --quiet --variant=minbase --mode=root --include="$(tr ' ' ',' <<<"$packages")" "$suite" "$root" \
  "deb http://deb.debian.org/debian $suite main"
mkdir -p "$root/src" "$root/rust" "$root/cargo"
cp /etc/resolv.conf "$root/etc/"
# Certificates that this machine trusts besides; without the package there is no file to add them to.
cat /etc/ssl/certs/ca-certificates.crt >>"$root/etc/ssl/certs/ca-certificates.crt"
git archive HEAD | tar -x -C "$root/src"
export root toolchain
toolchain=$(rustc --print sysroot)
unshare -m bash -euc '
  mount --make-rprivate /
  mount -t proc proc "$root/proc"
  mount --bind /dev "$root/dev"
  mount --bind "$toolchain" "$root/rust"
  exec chroot "$root" /usr/bin/env -i HOME=/tmp PATH=/rust/bin:/usr/bin:/bin CARGO_HOME=/cargo CARGO_TERM_COLOR=never sh -ec "
    cd /src
    cargo run --release --quiet -- demo
    cargo test --release --quiet"'
rm -rf --one-file-system "$root"
echo "bare: the README's two commands work with $packages"
