#!/usr/bin/env python3
"""make debug: gdb stops in kernel_main, at breakpoints, shows lines, backtraces, CPUs."""
import os
import sys

sys.path.insert(0, "tests/tools")
from tap import MACHINES, done, run, test

SESSION = "break mm_fault\ncontinue\nbacktrace\ninfo threads\nprint cpu_count\n"
LIMIT = str(60 * float(os.environ.get("TIME_SCALE") or 1))  # seconds

for arch in MACHINES:
    result = run("timeout", "-k", "2", LIMIT, "make", "-s", "debug", "ARCH=" + arch,
                 input=SESSION)
    for words, what in (("kernel_main () at kernel/main.c", "stops in kernel_main"),
                        ("mm_fault (", "stops at a breakpoint"),
                        (" at mm/space/fault.c:", "knows the source line"),
                        ("task_page_fault (", "shows the way there"),
                        ("Thread 1.2", "shows the other CPU"),
                        ("= 2", "prints variables")):
        test(words in result.output, "%s: gdb %s" % (arch, what), result)
done()
