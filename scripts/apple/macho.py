"""Static libraries of Mach-O objects, as far as the scripts beside this need to read them."""

import struct

MAGIC = b"\xcf\xfa\xed\xfe"
SEGMENT, SYMBOLS, DYNAMIC_SYMBOLS, BUILD_VERSION = 0x19, 0x2, 0xB, 0x32
# Kinds of symbols: visible outside of the object, but not outside of the library.
EXTERNAL, PRIVATE = 0x01, 0x10


def members(archive):
    """Where the contents of each member start and end, the table of contents included."""
    assert archive[:8] == b"!<arch>\n", "not a static library"
    at = 8
    while at < len(archive):
        size = int(archive[at + 48 : at + 58])
        # A long name stands before the contents.
        name = int(archive[at + 3 : at + 16]) if archive[at : at + 3] == b"#1/" else 0
        yield at + 60 + name, at + 60 + size
        at += 60 + size + size % 2


def commands(data, start):
    """Kind and place of each load command of the object that starts there."""
    count, at = struct.unpack_from("<I", data, start + 16)[0], start + 32
    for _ in range(count):
        kind, size = struct.unpack_from("<2I", data, at)
        yield kind, at
        at += size


def string(data, at):
    """The text up to the next NUL."""
    return data[at : data.index(b"\0", at)].decode()
