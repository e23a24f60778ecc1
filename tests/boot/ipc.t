#!/usr/bin/env python3
"""Endpoints and handles within one program, with and without the Linux layer."""
import re
import sys

sys.path.insert(0, "tests/tools")
from tap import MACHINES, done, guest, run, test

LINE = re.compile(r"^(ok|not ok) \d+ - (.*)$")


def report(where, result):
    count = 0
    reasons = []
    for line in result.output.splitlines():
        match = LINE.match(line)
        if match:
            count += 1
            test(match.group(1) == "ok", "%s: %s" % (where, match.group(2)),
                 "\n".join(reasons))
        reasons = reasons + [line] if line.startswith("#") else []
    test(result.status == 0 and count and "\n1..%d\n" % count in result.output,
         where + ": ran to its end", result)


SHELL = ("store -d && pager -d files && echo dear reader > /srv/files/letter && "
         "cat /srv/files/letter && ls /srv && cat /srv/files/none")

for arch in MACHINES:
    result = guest(SHELL, ARCH=arch)
    test(result.status == 1 and result.output.startswith("dear reader\nfiles\n")
         and "No such file" in result.output, arch + ": a pager's files, in the shell", result)
    program = "build/%s-user/native-ipc" % arch
    run("make", "-s", "ARCH=" + arch, program)
    for cpus in ("1", "4"):
        report("%s SMP=%s" % (arch, cpus), guest("native-ipc", [program], ARCH=arch, SMP=cpus))
        report("%s SMP=%s LINUX=n" % (arch, cpus),
               guest(None, ARCH=arch, LINUX="n", SMP=cpus, APPEND="init=/bin/native-ipc"))
done()
