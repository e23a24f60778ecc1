#!/usr/bin/env python3
"""A short torture: on each machine one boot under programs and one under kernel threads."""
import sys

sys.path.insert(0, "tests/tools")
from tap import MACHINES, done, test
from torture import Boot

SEED = 20201017

for arch in MACHINES:
    for by_kernel in (False, True):
        seed = SEED
        while Boot(seed, arch, "4").by_kernel != by_kernel:
            seed += 1
        boot = Boot(seed, arch, "4")
        well, story = boot.run()
        test(well, "%s: %s" % (arch, boot), story)
done()
