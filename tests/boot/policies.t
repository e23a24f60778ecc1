#!/usr/bin/env python3
"""Flush, freeing and reader policies other than the defaults: all unit tests pass under
each of these combinations. (Combinations of the fold policies: fold.t.)"""
import re
import sys

sys.path.insert(0, "tests/tools")
from tap import done, guest, test

COMBINATIONS = [
    ("x86_64", "flush=broadcast tables=rcu-ipi-fallback reader=both"),
    ("x86_64", "flush=ipi tables=immediate"),  # the flush has waited for the walkers
    ("s390x", "flush=ipi tables=ipi"),
    ("s390x", "flush=broadcast tables=rcu reader=rcu"),
    ("x86_64", "test=lockless* rcu=counter"),  # interrupts off do not keep tables
]

for arch, options in COMBINATIONS:
    result = guest(None, ARCH=arch, SMP="2", APPEND="test=unit " + options, TIMEOUT="180")
    failed = re.findall(r"(?:^#.*\n)*^not ok.*", result.log, re.M)
    test(result.status == 0 and not failed and "\nok " in result.log,
         "%s %s: all unit tests" % (arch, options), "\n".join(failed) or result.story)

for arch in ("x86_64", "s390x"):
    result = guest("cat /proc/policies", ARCH=arch, APPEND="flush=sometimes tables= reader=2")
    test(result.status == 0 and result.log.count("refused, default kept") == 3
         and "\nflush=" in "\n" + result.output and "\ntables=rcu\n" in result.output
         and "\nreader=irq\n" in result.output,
         arch + ": values that are none are refused, and defaults kept", result.story)
done()
