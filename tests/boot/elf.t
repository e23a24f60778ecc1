#!/usr/bin/env python3
"""Programs that are wrong: execve() refuses each, and the log says what is wrong."""
import os
import sys
import tempfile

sys.path.insert(0, "tests/tools")
import elf
from elf import Segment, program
from tap import MACHINES, done, guest, test

HUGE = 1 << 62
KERNEL_ADDRESS = 0xffff800000000000


def wrong_programs(arch):
    other = {"x86_64": "s390x", "s390x": "x86_64"}[arch]
    second = Segment(address=0x1000800)
    return {
        "empty": b"",
        "text": b"#!/bin/sh\necho no\n",
        "other": program(other),
        "class32": program(arch, bits=1),
        "object": program(arch, kind=elf.RELOCATABLE),
        "cut": program(arch, size=0x30),
        "cut_headers": program(arch, size=0x60),
        "cut_segment": program(arch, size=0x200),
        "many_headers": program(arch, headers=0xffff),
        "no_headers": program(arch, headers=0),
        "far_headers": program(arch, phoff=HUGE),
        "overlap": program(arch, [Segment(), second]),
        "same": program(arch, [Segment(), Segment()]),
        "huge": program(arch, [Segment(memory=HUGE)]),
        "huge_file": program(arch, [Segment(size=HUGE)]),
        "wrap": program(arch, [Segment(memory=(1 << 64) - PAGE)]),
        "far_offset": program(arch, [Segment(offset=(1 << 64) - 16)]),
        "short_memory": program(arch, [Segment(memory=16)]),
        "kernel": program(arch, [Segment(address=KERNEL_ADDRESS)]),
        "null": program(arch, [Segment(address=0)]),
        "writable_code": program(arch, [Segment(flags=elf.R | elf.W | elf.X)]),
        "entry_outside": program(arch, entry=0x2000000),
        "entry_kernel": program(arch, entry=KERNEL_ADDRESS),
        "entry_data": program(arch, [Segment(flags=elf.R)]),
        "dynamic": program(arch, [Segment(), Segment(kind=elf.INTERP)]),
    }


PAGE = elf.PAGE
for arch in MACHINES:
    with tempfile.TemporaryDirectory() as folder:
        bad = wrong_programs(arch)
        for name, contents in dict(bad, good=program(arch)).items():
            with open(os.path.join(folder, name), "wb") as stream:
                stream.write(contents)
        files = [os.path.join(folder, name) for name in list(bad) + ["good"]]
        command = "; ".join("%s; echo %s $?" % (name, name) for name in list(bad) + ["good"])
        result = guest(command, files, ARCH=arch)
    test("good 42\n" in result.output and result.status == 0,
         arch + ": a right program runs", result)
    for name in bad:
        test("%s 126\n" % name in result.output and "sh: %s: " % name in result.output,
             "%s: %s is refused" % (arch, name), result.output)
        test(any("/bin/" + name + ":" in line for line in result.log.splitlines()),
             "%s: the log says what is wrong with %s" % (arch, name), result.log)
done()
