"""elf.py - small ELF programs, right and wrong, for tests of the loader."""
import struct

MACHINE = {"x86_64": 62, "s390x": 22}
ORDER = {"x86_64": "<", "s390x": ">"}
CODE = {  # exit(42) in machine code
    "x86_64": bytes.fromhex("bf2a000000" "b83c000000" "0f05"),
    "s390x": bytes.fromhex("a729002a" "0a01"),
}
EXEC, DYN, RELOCATABLE = 2, 3, 1
LOAD, INTERP = 1, 3
X, W, R = 1, 2, 4
HEADER, PHDR = 64, 56
PAGE = 0x1000


class Segment:
    def __init__(self, kind=LOAD, flags=R | X, offset=0, address=0x1000000, size=PAGE,
                 memory=None):
        self.kind, self.flags, self.offset, self.address = kind, flags, offset, address
        self.size, self.memory = size, size if memory is None else memory


def program(arch, segments=None, kind=EXEC, machine=None, entry=None, headers=None,
            size=PAGE, bits=2, phoff=HEADER):
    """An ELF file. Without arguments: a program that exits with 42. Its code lies behind
    the headers, so the first segment's address tells the entry point."""
    segments = [Segment()] if segments is None else segments
    order = ORDER[arch]
    count = len(segments) if headers is None else headers
    code = HEADER + PHDR * len(segments)
    code += code % 2
    entry = segments[0].address + code if entry is None else entry
    header = struct.pack(order + "4sBBBB8xHHIQQQIHHHHHH", b"\x7fELF", bits,
                         1 if order == "<" else 2, 1, 0, kind, machine or MACHINE[arch], 1,
                         entry, phoff, 0, 0, HEADER, PHDR, count, 64, 0, 0)
    table = b"".join(struct.pack(order + "IIQQQQQQ", s.kind, s.flags, s.offset, s.address,
                                 s.address, s.size, s.memory, PAGE) for s in segments)
    text = header + table
    text += bytes(code - len(text)) + CODE[arch]
    return (text + bytes(max(0, size - len(text))))[:size]
