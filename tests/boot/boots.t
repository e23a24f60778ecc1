#!/usr/bin/env python3
"""Fifty boots in a row on each machine, and how long a boot to the prompt takes."""
import sys
import time

sys.path.insert(0, "tests/tools")
from machine import Config, Machine
from tap import MACHINES, comment, done, guest, test

BOOTS = 50

for arch in MACHINES:
    failed = 0
    for i in range(BOOTS):
        result = guest("hello", ARCH=arch, SMP=str((1, 2, 4)[i % 3]))
        if result.status or result.output != "Hello from %s!\n" % arch:
            failed += 1
            comment(result)
    test(not failed, "%s: %d boots in a row" % (arch, BOOTS), "%d failed" % failed)
    with Machine(Config(ARCH=arch)) as machine:
        start = time.monotonic()
        if test(machine.expect("origami$ "), arch + ": a prompt", machine.story()):
            comment("%s: prompt after %.2f s" % (arch, time.monotonic() - start))
done()
