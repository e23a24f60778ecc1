#!/usr/bin/env python3
"""Bugs on purpose (tests/unit/crash.c): each ends in a panic that says what happened."""
import re
import sys

sys.path.insert(0, "tests/tools")
from tap import MACHINES, done, guest, test

CRASHES = {  # test, what the log must say
    "crash_panic": "asked for on cpu 1",
    "crash_assert": "one is 1",
    "crash_stack": "kernel stack overflow",
    "crash_read_unmapped": "panic",
    "crash_null": "panic",
    "crash_write_text": "panic",
    "crash_exec_data": "panic",
    "crash_read_user": "panic",
    "crash_rank": "inner",
    "crash_call_with_irqs_off": "can deadlock",
    "crash_poison": "written after it was freed",
    "crash_double_free": "freed twice",
    "crash_mapped_twice": "is mapped at two places",
    "crash_freed_while_mapped": "is freed while",
    "crash_freed_unflushed": "may still use it for address",
    "crash_gup_wrong": "found another page",
}

for arch in MACHINES:
    for name, words in CRASHES.items():
        result = guest(None, ARCH=arch, APPEND="test=" + name, TIMEOUT="30")
        log = result.log.lower()
        test(result.status == 125 and words in log,
             "%s: %s ends in a panic that says \"%s\"" % (arch, name, words), result)
        test("cpu" in log and re.search(r"(unit_crash|dig|unit_run|start_thread)", log),
             "%s: %s names the CPU and the way there" % (arch, name), result)
done()
