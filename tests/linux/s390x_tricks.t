#!/usr/bin/env python3
"""Tricks that only s390x has end as they should, and the machine goes on."""
import sys

sys.path.insert(0, "tests/tools")
from tap import compile_static, done, guest, test

TRICKS = compile_static("s390x", "tests/linux/s390x_tricks.c",
                        "build/tests/s390x/s390x_tricks", "-w", "-march=z13", "-mno-vx")

listed = guest("s390x_tricks", [TRICKS], ARCH="s390x")
tricks = [line.split() for line in listed.output.splitlines()]
command = "; ".join("s390x_tricks %s; echo %s $?" % (name, name) for name, _ in tricks)
result = guest(command + "; hello", [TRICKS], ARCH="s390x")
test(len(tricks) > 30, "s390x: the tricks are listed", listed)
for name, status in tricks:
    test("%s %s\n" % (name, status) in result.output,
         "s390x: %s ends with status %s" % (name, status), result)
test(result.status == 0 and "Hello from" in result.output,
     "s390x: the machine goes on", result)
done()
