#!/usr/bin/env python3
"""A short torture: on each machine one boot under programs, one under threads of the kernel,
and one under programs with huge pages everywhere (on s390x in leaves, if they are to be
had)."""
import sys

sys.path.insert(0, "tests/tools")
from tap import MACHINES, done, edat_missing, test
from torture import Boot

SEED = 20201017
BOOTS = ((False, "n", ""), (True, "n", ""),
         (False, "n" if edat_missing() else "1", "thp=always"))

for arch in MACHINES:
    for by_kernel, edat, append in BOOTS:
        seed = SEED
        while Boot(seed, arch, "4").by_kernel != by_kernel:
            seed += 1
        boot = Boot(seed, arch, "4", edat, append)
        well, story = boot.run()
        test(well, "%s: %s" % (arch, boot), story)
done()
