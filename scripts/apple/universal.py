"""Joins static libraries of different architectures to a universal one: `universal.py OUT LIBRARY ...`. `lipo` does so on macOS; Debian's reads
bitcode that it is too old for."""

import struct
import sys
from pathlib import Path

# As lipo aligns slices: 2^14.
ALIGNMENT = 14


def main():
    out, libraries = Path(sys.argv[1]), [Path(name).read_bytes() for name in sys.argv[2:]]
    header, bodies, at = struct.pack(">2I", 0xCAFEBABE, len(libraries)), b"", 8 + 20 * len(libraries)
    for library in libraries:
        # The CPU stands in the first object: an archive's symbol table comes before it.
        object_ = library[library.index(b"\xcf\xfa\xed\xfe") :]
        cpu, kind = struct.unpack("<2I", object_[4:12])
        start = -(-at // (1 << ALIGNMENT)) << ALIGNMENT
        bodies += b"\0" * (start - at) + library
        at = start + len(library)
        header += struct.pack(">5I", cpu, kind & 0xFFFFFF, start, len(library), ALIGNMENT)
    out.write_bytes(header + bodies)


main()
