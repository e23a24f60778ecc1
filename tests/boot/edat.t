#!/usr/bin/env python3
"""s390x with large leaves in hardware (EDAT=1): the kernel uses what the CPU offers, and no
more. The plugin that switches them on does its work or ends QEMU."""
import sys

sys.path.insert(0, "tests/tools")
from tap import done, edat_missing, guest, run, skip, test

TESTS = "test=leaf_flush_*"

plain = guest(None, ARCH="s390x", SMP="2", APPEND=TESTS)
test(plain.status == 0 and "edat" not in plain.log and "# SKIP no such leaves" in plain.log,
     "without EDAT=1 there are none", plain)
wrong = guest("true", ARCH="x86_64", PLUGIN="build/edat.so") \
    if run("make", "-s", "build/edat.so").status == 0 else plain
test(wrong.status and "edat: for s390x" in wrong.story, "the plugin is for s390x", wrong)

missing = edat_missing()
for smp in ("1", "2", "4"):
    name = "EDAT=1 SMP=%s: " % smp
    if missing:
        skip(name + "leaves", missing)
        continue
    result = guest(None, ARCH="s390x", EDAT="1", SMP=smp, APPEND=TESTS, TIMEOUT="120")
    test(" edat1 edat2," in result.log, name + "the CPUs offer leaves", result)
    test(result.status == 0 and "\nok " in result.log and "SKIP" not in result.log,
         name + TESTS, result)
    result = guest("cat /proc/policies; hello", ARCH="s390x", EDAT="1", SMP=smp)
    test(result.status == 0, name + "programs run", result)
done()
