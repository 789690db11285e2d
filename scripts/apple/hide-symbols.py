"""Hides all names of a static library for Apple's systems but those in tests/exports.txt: `hide-symbols.py LIBRARY`. LLVM's objcopy can't, so
the symbols are moved here from each object's exported ones to its local ones. What is hidden already stays so.
"""

import struct
import sys
from pathlib import Path

from macho import DYNAMIC_SYMBOLS, EXTERNAL, PRIVATE, SEGMENT, SYMBOLS, commands, members, string

EXPORTS = Path(__file__).resolve().parents[2] / "tests/exports.txt"


def hide(archive, start, keep):
    """Makes the defined external symbols of the Mach-O object at `start` local, but for those to keep and those that are private to the library
    already."""
    places = dict(commands(archive, start))
    symbols, count, strings = struct.unpack_from("<3I", archive, places[SYMBOLS] + 8)
    symbols, strings = start + symbols, start + strings
    old = [archive[symbols + 16 * i : symbols + 16 * i + 16] for i in range(count)]
    local, locals_, defined, defineds = struct.unpack_from("<4I", archive, places[DYNAMIC_SYMBOLS] + 8)
    assert (local, defined) == (0, locals_), "symbols in another order than local, defined, undefined"

    def name(symbol):
        return string(archive, strings + struct.unpack_from("<I", symbol)[0])

    hidden = [i for i in range(defined, defined + defineds) if not old[i][4] & PRIVATE and name(old[i]) not in keep]
    order = [*range(locals_), *hidden, *(i for i in range(locals_, count) if i not in hidden)]
    for new, i in enumerate(order):
        archive[symbols + 16 * new : symbols + 16 * new + 16] = old[i]
        if i in hidden:
            archive[symbols + 16 * new + 4] &= ~EXTERNAL
    struct.pack_into("<4I", archive, places[DYNAMIC_SYMBOLS] + 8, 0, locals_ + len(hidden), locals_ + len(hidden), defineds - len(hidden))

    # Relocations name symbols by their number.
    moved = {i: new for new, i in enumerate(order)}
    for kind, at in commands(archive, start):
        for section in range(struct.unpack_from("<I", archive, at + 64)[0] if kind == SEGMENT else 0):
            offset, number = struct.unpack_from("<2I", archive, at + 72 + 80 * section + 56)
            for place in range(start + offset + 4, start + offset + 4 + 8 * number, 8):
                (word,) = struct.unpack_from("<I", archive, place)
                if word >> 27 & 1:
                    struct.pack_into("<I", archive, place, word & 0xFF000000 | moved[word & 0xFFFFFF])
    return {name(old[i]) for i in hidden}


def main():
    library = Path(sys.argv[1])
    archive, hidden = bytearray(library.read_bytes()), set()
    keep = {f"_{name}" for name in EXPORTS.read_text().split()}
    (contents, _), *objects = members(archive)
    for start, _ in objects:
        hidden |= hide(archive, start, keep)
    # The archive's table of contents: pairs of a name's place and a member's, then the names.
    (size,) = struct.unpack_from("<I", archive, contents)
    pairs = [archive[contents + 4 + 8 * i : contents + 12 + 8 * i] for i in range(size // 8)]
    names = contents + 4 + size + 4
    (length,) = struct.unpack_from("<I", archive, names - 4)

    def name(pair):
        return string(archive, names + struct.unpack_from("<I", pair)[0])

    left = [pair for pair in pairs if name(pair) not in hidden]
    # The names make room for as much as the pairs give away, so that no member moves.
    freed = size - 8 * len(left)
    table = struct.pack("<I", 8 * len(left)) + b"".join(left) + struct.pack("<I", length + freed)
    archive[contents : names + length] = table + archive[names : names + length] + b"\0" * freed
    library.write_bytes(archive)


main()
