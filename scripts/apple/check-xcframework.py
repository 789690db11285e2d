"""Checks an XCFramework of static libraries without Xcode: `check-xcframework.py [--write] [--few] FOLDER`.

Each slice's objects must be for its platform and architectures, for no newer system than promised, and export the names of
tests/exports.txt and no others. With --write, Info.plist is made from the slices first. With --few the slice for arm64 Macs is enough.
"""

import plistlib
import struct
import sys
from pathlib import Path

from macho import BUILD_VERSION, EXTERNAL, MAGIC, PRIVATE, SYMBOLS, commands, members, string

ROOT = Path(__file__).resolve().parents[2]
PLATFORMS = {1: "macos", 2: "ios", 7: "ios-simulator"}
MINIMUM = {"macos": (12, 0), "ios": (15, 0), "ios-simulator": (15, 0)}
ARCHITECTURES = {0x0100000C: "arm64", 0x01000007: "x86_64"}


def thin(data):
    """Architecture -> archive of a library, universal or not."""
    if data[:4] == b"\xca\xfe\xba\xbe":
        count = struct.unpack(">I", data[4:8])[0]
        entries = [struct.unpack(">5I", data[8 + 20 * i : 28 + 20 * i]) for i in range(count)]
        return {ARCHITECTURES[cpu]: data[start : start + size] for cpu, _, start, size, _ in entries}
    first = next(objects(data))
    return {ARCHITECTURES[struct.unpack("<I", first[4:8])[0]]: data}


def objects(archive):
    """The Mach-O objects of a static library."""
    for start, end in members(archive):
        if archive[start : start + 4] == MAGIC:
            yield archive[start:end]


def facts(object_):
    """Platform, minimum system and defined external names of an object."""
    built, names = None, set()
    for kind, at in commands(object_, 0):
        if kind == BUILD_VERSION:
            platform, minimum = struct.unpack_from("<2I", object_, at + 8)
            built = PLATFORMS[platform], (minimum >> 16, minimum >> 8 & 255)
        elif kind == SYMBOLS:
            symbols, number, strings, _ = struct.unpack_from("<4I", object_, at + 8)
            for i in range(number):
                name, kind, _, _, _ = struct.unpack_from("<IBBHQ", object_, symbols + 16 * i)
                # External, defined in a section, not private to the library.
                if kind & EXTERNAL and kind & 0x0E == 0x0E and not kind & PRIVATE:
                    names.add(string(object_, strings + name))
    return built, names


def look(folder):
    """What the libraries of a slice are: platform, architectures."""
    promised = {f"_{name}" for name in (ROOT / "tests/exports.txt").read_text().split()}
    platforms, slices = set(), thin((folder / "libintentkit.a").read_bytes())
    for architecture, archive in slices.items():
        names = set()
        for object_ in objects(archive):
            built, defined = facts(object_)
            names |= defined
            # Compiler support in assembly states no platform.
            if built:
                platforms.add(built[0])
                assert built[1] <= MINIMUM[built[0]], f"{folder.name} {architecture}: needs {built}"
        assert names == promised, f"{folder.name} {architecture}: {sorted(names ^ promised)} lacking or too many"
    assert len(platforms) == 1, f"{folder.name}: objects for {sorted(platforms)}"
    for file in ("Headers/CIntentKit/intentkit.h", "Headers/CIntentKit/module.modulemap", "PrivacyInfo.xcprivacy"):
        assert (folder / file).is_file(), f"{folder.name}: {file} is missing"
    plistlib.loads((folder / "PrivacyInfo.xcprivacy").read_bytes())
    return platforms.pop(), sorted(slices)


def main():
    framework = Path(sys.argv[-1])
    entries = []
    for folder in sorted(path for path in framework.iterdir() if path.is_dir()):
        platform, architectures = look(folder)
        entry = {
            "LibraryIdentifier": folder.name,
            "LibraryPath": "libintentkit.a",
            "BinaryPath": "libintentkit.a",
            "HeadersPath": "Headers",
            "SupportedPlatform": platform.split("-")[0],
            "SupportedArchitectures": architectures,
        }
        if "-" in platform:
            entry["SupportedPlatformVariant"] = platform.split("-")[1]
        entries.append(entry)
        size = (folder / "libintentkit.a").stat().st_size
        print(f"{folder.name}: {platform}, {', '.join(architectures)}, {size:,} bytes")
    wanted = {"CFBundlePackageType": "XFWK", "XCFrameworkFormatVersion": "1.0", "AvailableLibraries": entries}
    info = framework / "Info.plist"
    if "--write" in sys.argv:
        info.write_bytes(plistlib.dumps(wanted))
    assert plistlib.loads(info.read_bytes()) == wanted, "Info.plist says something else than the slices are"
    required = {"macos-arm64"} if "--few" in sys.argv else {"macos-arm64_x86_64", "ios-arm64"}
    assert required <= {entry["LibraryIdentifier"] for entry in entries}, f"a slice of {sorted(required)} is missing"
    print(f"{framework.name}: {len(entries)} slices, checked; never used by Xcode")


main()
