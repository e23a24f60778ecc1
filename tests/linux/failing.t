#!/usr/bin/env python3
"""A whole program, now and then an allocation of which fails: the short form of `make
failing`. (What is built into failing.c is swept by programs.t, at every N.)"""
import sys

sys.path.insert(0, "tests/tools")
from tap import MACHINES, compile_static, done, guest, test

for arch in MACHINES:
    files = [compile_static(arch, "tests/linux/%s.c" % name,
                            "build/tests/%s/%s" % (arch, name))
             for name in ("failing", "mmap_calls")]
    result = guest("failing /bin/mmap_calls 11", files, ARCH=arch, TIMEOUT="120")
    test(result.status == 0 and "\nok 3 - nothing is lost by that" in result.output,
         arch + ": mmap_calls: nothing is lost by allocations that fail", result)
done()
