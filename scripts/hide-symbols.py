"""Hides all names of a static library but those in tests/exports.txt, so that another Rust library fits into the same program:
`hide-symbols.py LIBRARY`.

Link-time optimisation leaves one object with two names or three of the standard library beside ours, among them `rust_eh_personality`, which every Rust
library brings along: two such libraries in one program define it twice. For Linux, binutils make it private. For Apple's systems they
can't, nor can LLVM's objcopy, so the symbols are moved here from the object's exported ones to its local ones. What is hidden already stays
so.
"""

import struct
import subprocess
import sys
import tempfile
from pathlib import Path

EXPORTS = Path(__file__).resolve().parents[1] / "tests/exports.txt"
MACHO, EXTERNAL, PRIVATE = b"\xcf\xfa\xed\xfe", 0x01, 0x10


def elf(library):
    """All objects as one, since what they share must not be visible outside."""
    with tempfile.TemporaryDirectory() as folder:
        one, made = f"{folder}/intentkit.o", f"{folder}/{library.name}"
        # Groups that occur in several objects are told apart by name, hidden or not; ours must not be dropped for another library's.
        subprocess.run(["ld", "-r", "--force-group-allocation", "-o", one, "--whole-archive", library], check=True)
        subprocess.run(["objcopy", f"--keep-global-symbols={EXPORTS}", one], check=True)
        subprocess.run(["ar", "rcsD", made, one], check=True)
        library.write_bytes(Path(made).read_bytes())


def members(archive):
    """Where the contents of each member start, whose names may stand before them."""
    at = 8
    while at < len(archive):
        yield at + 60 + (int(archive[at + 3 : at + 16]) if archive[at : at + 3] == b"#1/" else 0)
        at += 60 + int(archive[at + 48 : at + 58])
        at += at % 2


def commands(archive, at):
    """Kind and place of each load command of the object that starts there."""
    count, at = struct.unpack_from("<I", archive, at + 16)[0], at + 32
    for _ in range(count):
        kind, size = struct.unpack_from("<2I", archive, at)
        yield kind, at
        at += size


def hide(archive, start, keep):
    """Makes the defined external symbols of the Mach-O object at `start` local, but for those to keep and those that are private to the library
    already."""
    places = dict(commands(archive, start))
    symbols, count, strings = struct.unpack_from("<3I", archive, places[0x2] + 8)
    symbols, strings = start + symbols, start + strings
    old = [archive[symbols + 16 * i : symbols + 16 * i + 16] for i in range(count)]
    local, locals_, defined, defineds = struct.unpack_from("<4I", archive, places[0xB] + 8)
    assert (local, defined) == (0, locals_), "symbols in another order than local, defined, undefined"

    def name(symbol):
        begin = strings + struct.unpack_from("<I", symbol)[0]
        return archive[begin : archive.index(b"\0", begin)].decode()

    hidden = [i for i in range(defined, defined + defineds) if not old[i][4] & PRIVATE and name(old[i]) not in keep]
    order = [*range(locals_), *hidden, *(i for i in range(locals_, count) if i not in hidden)]
    for new, i in enumerate(order):
        archive[symbols + 16 * new : symbols + 16 * new + 16] = old[i]
        if i in hidden:
            archive[symbols + 16 * new + 4] &= ~EXTERNAL
    struct.pack_into("<4I", archive, places[0xB] + 8, 0, locals_ + len(hidden), locals_ + len(hidden), defineds - len(hidden))

    # Relocations name symbols by their number.
    moved = {i: new for new, i in enumerate(order)}
    for kind, at in commands(archive, start):
        for section in range(struct.unpack_from("<I", archive, at + 64)[0] if kind == 0x19 else 0):
            offset, number = struct.unpack_from("<2I", archive, at + 72 + 80 * section + 56)
            for place in range(start + offset + 4, start + offset + 4 + 8 * number, 8):
                (word,) = struct.unpack_from("<I", archive, place)
                if word >> 27 & 1:
                    struct.pack_into("<I", archive, place, word & 0xFF000000 | moved[word & 0xFFFFFF])
    return {name(old[i]) for i in hidden}


def macho(library):
    archive, hidden = bytearray(library.read_bytes()), set()
    keep = {f"_{name}" for name in EXPORTS.read_text().split()}
    contents, *objects = members(archive)
    for start in objects:
        hidden |= hide(archive, start, keep)
    # The archive's table of contents: pairs of a name's place and a member's, then the names.
    (size,) = struct.unpack_from("<I", archive, contents)
    pairs = [archive[contents + 4 + 8 * i : contents + 12 + 8 * i] for i in range(size // 8)]
    names = contents + 4 + size + 4
    (length,) = struct.unpack_from("<I", archive, names - 4)

    def name(pair):
        begin = names + struct.unpack_from("<I", pair)[0]
        return archive[begin : archive.index(b"\0", begin)].decode()

    left = [pair for pair in pairs if name(pair) not in hidden]
    # The names make room for as much as the pairs give away, so that no member moves.
    freed = size - 8 * len(left)
    table = struct.pack("<I", 8 * len(left)) + b"".join(left) + struct.pack("<I", length + freed)
    archive[contents : names + length] = table + archive[names : names + length] + b"\0" * freed
    library.write_bytes(archive)


def main():
    library = Path(sys.argv[1])
    archive = library.read_bytes()
    (macho if any(archive[start : start + 4] == MACHO for start in members(archive)) else elf)(library)


main()
