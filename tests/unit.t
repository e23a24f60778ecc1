#!/usr/bin/env python3
"""The kernel's unit tests, in both guests, with 1, 2 and 4 CPUs: test=unit, KTAP."""
import re
import sys

sys.path.insert(0, "tests/tools")
from tap import MACHINES, done, edat_missing, guest, skip, test

LINE = re.compile(r"^(ok|not ok) \d+ (\S+)( # SKIP (.*))?$")


def report(where, result):
    lines = result.log.splitlines()
    plan = [int(line[3:]) for line in lines if re.match(r"1\.\.\d+$", line)]
    count = 0
    reasons = []
    for line in lines:
        match = LINE.match(line)
        if not match:
            reasons = reasons + [line] if line.startswith("#") else []
            continue
        count += 1
        name = "%s: %s" % (where, match.group(2))
        if match.group(3):
            skip(name, match.group(4))
        else:
            test(match.group(1) == "ok", name, "\n".join(reasons))
        reasons = []
    test(result.status == 0 and plan == [count],
         where + ": all tests ran to their end", result.story)


for arch in MACHINES:
    for cpus in ("1", "2", "4"):
        report("%s SMP=%s" % (arch, cpus),
               guest(None, ARCH=arch, SMP=cpus, APPEND="test=unit", TIMEOUT="180"))
    for policy in ("vma", "speculative"):  # what concerns memory, by the other ways of faults
        report("%s SMP=2 fault=%s" % (arch, policy),
               guest(None, ARCH=arch, SMP="2", APPEND="test=mm_* fault=" + policy,
                     TIMEOUT="180"))
# And where large leaves are the machine's own.
missing = edat_missing()
if missing:
    skip("s390x EDAT=1", missing)
else:
    report("s390x EDAT=1 SMP=2", guest(None, ARCH="s390x", EDAT="1", SMP="2",
                                       APPEND="test=unit", TIMEOUT="180"))
done()
