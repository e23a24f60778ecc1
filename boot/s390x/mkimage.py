#!/usr/bin/env python3
"""mkimage.py KERNEL RAMDISK CMDLINE OUTPUT - an image that s390x firmware can boot (IPL).

Firmware loads the image to address 0 as it is and takes the PSW in its first 8 bytes. There
is nobody to pass a ramdisk or a command line, so they are put in: the ramdisk behind the
kernel (.bss included), its place and the command line into the parameter area (head.S).
RAMDISK may be empty: no ramdisk.
"""
import struct
import sys

PARAMETERS = 0x10400
RAMDISK, ROOM, MARK, CMDLINE = 0x08, 0x30, 0x40, 0x80  # offsets in the parameter area
PT_LOAD = 1

# The short PSW (64-bit mode, address 0x10000), then what firmware takes for channel
# programs: two that read nothing.
HEAD = bytes.fromhex("0008000180010000 0200001860000050 0200006860000050 4040404040404040")


def load_elf(path):
    """The kernel as it lies in memory, from address 0 to the end of .bss."""
    with open(path, "rb") as file:
        elf = file.read()
    if elf[:6] != b"\x7fELF\x02\x02" or struct.unpack_from(">H", elf, 18)[0] != 22:
        sys.exit("%s: not a 64-bit s390x ELF file" % path)
    table, = struct.unpack_from(">Q", elf, 32)
    size, count = struct.unpack_from(">HH", elf, 54)
    memory = bytearray()
    for i in range(count):
        kind, _, offset, _, start, in_file, in_memory, _ = struct.unpack_from(
            ">IIQQQQQQ", elf, table + i * size)
        if kind == PT_LOAD:
            memory.extend(bytes(max(0, start + in_memory - len(memory))))
            memory[start:start + in_file] = elf[offset:offset + in_file]
    return memory


def main(kernel, ramdisk, cmdline, output):
    memory = load_elf(kernel)
    memory[0:len(HEAD)] = HEAD
    text = cmdline.encode("ascii", "replace") + b"\0"
    room, = struct.unpack_from(">Q", memory, PARAMETERS + ROOM)
    if len(text) > room:
        sys.exit("the command line has %d characters; the kernel has room for %d"
                 % (len(text) - 1, room - 1))
    memory[PARAMETERS + CMDLINE:PARAMETERS + CMDLINE + len(text)] = text
    memory[PARAMETERS + MARK:PARAMETERS + MARK + 8] = b"IPLIMAGE"
    if ramdisk:
        memory.extend(bytes(-len(memory) % 4096))
        with open(ramdisk, "rb") as file:
            content = file.read()
        struct.pack_into(">QQ", memory, PARAMETERS + RAMDISK, len(memory), len(content))
        memory.extend(content)
    with open(output, "wb") as file:
        file.write(memory)


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    try:
        main(*sys.argv[1:])
    except OSError as error:
        sys.exit("mkimage.py: %s" % error)
