#!/usr/bin/env bash
# Makes what a release consists of in target/release-VERSION and publishes nothing: scripts/release.sh URL [--dry-run].
#
# The XCFramework as a zip with its checksum, the libraries for this machine with the header and the Objective-C wrapper, lists of what they are made of
# (CycloneDX), and Package.swift as it is to be tagged, with the zip under URL. --dry-run does the same with a tree that isn't ready for a
# release. There are no dSYMs of our own: what apps link is static and carries line tables, from which Xcode makes the app's dSYM
# (scripts/link-apple.sh does the same and asks it where a function is).
set -euo pipefail
cd "$(dirname "$0")/.."
url=${1:-}
[[ $url == https://* ]] || { echo "release: say where the files will lie: scripts/release.sh https://... [--dry-run]"; exit 2; }
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
if [ "${2:-}" != --dry-run ]; then
  [ -z "$(git status --porcelain)" ] || { echo "release: the tree has changes that are not committed"; exit 1; }
  grep -q "^## \[$version\]" CHANGELOG.md || { echo "release: CHANGELOG.md has no heading '## [$version]' yet"; exit 1; }
fi
built=${CARGO_TARGET_DIR:-target}
out=$built/release-$version
rm -rf "$out"
mkdir -p "$out"

if ! cargo cyclonedx --version >/dev/null 2>&1; then
  # Unoptimised, it is ready in half of the time.
  cargo install cargo-cyclonedx --locked --version =0.5.9 --quiet --debug
fi
export SOURCE_DATE_EPOCH
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
host=$(rustc -vV | sed -n 's/^host: //p')
for target in "$host" aarch64-apple-darwin; do
  cargo cyclonedx -qq --format json --spec-version 1.5 --no-build-deps --target "$target" --override-filename sbom
  mv sbom.json "$out/IntentKit-$version-$target.cdx.json"
  # It writes one for every package of the workspace; the command line is no part of a release.
  rm -f cli/sbom.json
done

scripts/build-xcframework.sh
scripts/dist.sh cdylib --quiet
scripts/dist.sh staticlib --quiet
python3 - "$version" "$host" "$built" "$out" "$url" <<'PYTHON'
"""Packs, adds up and writes down; the same files give the same bytes."""
import gzip, hashlib, io, json, sys, tarfile, zipfile
from pathlib import Path

version, host, built, out, url = sys.argv[1], sys.argv[2], *map(Path, sys.argv[3:5]), sys.argv[5]
framework, name = built / "IntentKit.xcframework", f"IntentKit-{version}.xcframework.zip"
with zipfile.ZipFile(out / name, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
    for path in sorted(path for path in framework.rglob("*") if path.is_file()):
        entry = zipfile.ZipInfo(str(path.relative_to(built)), (2020, 1, 1, 0, 0, 0))
        entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
        archive.writestr(entry, path.read_bytes())

libraries = [built / host / "dist" / file for file in ("libintentkit.so", "libintentkit.dylib", "libintentkit.a")]
files = [path for path in libraries if path.is_file()]
assert len(files) == 2, f"the libraries for {host} are not all there: {files}"
files += [Path(path) for path in ("include/intentkit.h", "include/module.modulemap", "swift/ObjectiveC/INTClassifier.h",
                                  "swift/ObjectiveC/INTClassifier.m", "LICENSE-MIT", "LICENSE-APACHE", "CHANGELOG.md")]
packed = io.BytesIO()
with tarfile.open(fileobj=packed, mode="w") as archive:
    for path in files:
        entry = tarfile.TarInfo(f"intentkit-{version}-{host}/{path.name}")
        entry.size, entry.mode = path.stat().st_size, 0o644
        archive.addfile(entry, io.BytesIO(path.read_bytes()))
(out / f"intentkit-{version}-{host}.tar.gz").write_bytes(gzip.compress(packed.getvalue(), mtime=0))

# What `swift package compute-checksum` prints: the SHA-256 of the zip.
checksum = hashlib.sha256((out / name).read_bytes()).hexdigest()
manifest = Path("Package.swift").read_text()
local = '.binaryTarget(name: "CIntentKit", path: "target/IntentKit.xcframework")'
assert manifest.count(local) == 1, "Package.swift names no local XCFramework to replace"
remote = f'.binaryTarget(name: "CIntentKit", url: "{url.rstrip("/")}/{name}", checksum: "{checksum}")'
(out / "Package.swift").write_text(manifest.replace(local, remote))

for path in sorted(out.glob("*.cdx.json")):
    components = json.loads(path.read_text())["components"]
    assert len(components) > 20 and any(part["name"] == "safetensors" for part in components), path
    print(f"{path.name}: {len(components)} components")
sums = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(out.iterdir())}
(out / "SHA256SUMS").write_text("".join(f"{digest}  {file}\n" for file, digest in sums.items()))
for path in sorted(out.iterdir()):
    print(f"{path.stat().st_size:>10,} {path.name}")
PYTHON
echo "release $version is in $out; to publish: upload the files to $url, commit $out/Package.swift as Package.swift, tag $version"
