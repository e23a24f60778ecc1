#!/usr/bin/env python3
"""The TAP programs of this folder: static, by the stock compilers, on both machines; and
on the host's own Linux, so that nobody tests what Linux does not do."""
import re
import sys

sys.path.insert(0, "tests/tools")
from tap import (MACHINES, compile_static, done, edat_missing, guest, run, skip,
                 tap_programs, test)

NOT_ON_LINUX = ("anycall",  # would be rude to a machine that others use
                "aperture", "dma",  # Linux has no such devices
                "caches",  # everybody's
                "contig",  # nor this one
                "failing",  # nor ours to make allocations fail
                "leave",  # with settings that are not what they were
                "ipc", "fuzz_native", "fuzz",  # nor such calls
                "pins")     # uses requests that are ours
FAULTS = ("fault=vma", "fault=speculative")
APPENDS = {"huge": ("thp=always", "thp=never"),  # and once more for each of these
           "cow": FAULTS, "fork": FAULTS, "mapped": FAULTS, "shared": FAULTS}
LINE = re.compile(r"^(ok|not ok) \d+ (?:- )?(.*?)( # SKIP.*)?$")


def report(where, result):
    reasons = []
    count = 0
    for line in result.output.splitlines():
        match = LINE.match(line)
        if not match:
            reasons = reasons + [line] if line.startswith("#") else []
            continue
        count += 1
        if match.group(3):
            skip("%s: %s" % (where, match.group(2)), match.group(3)[8:])
        else:
            test(match.group(1) == "ok", "%s: %s" % (where, match.group(2)),
                 "\n".join(reasons))
    test(result.status == 0 and re.search(r"^1\.\.%d$" % count, result.output, re.M) and
         "\nledger:" not in result.log, where + ": ran to its end", result)


missing = edat_missing()
for name in tap_programs():
    source = "tests/linux/%s.c" % name
    programs = {arch: compile_static(arch, source, "build/tests/%s/%s" % (arch, name))
                for arch in MACHINES}
    if name not in NOT_ON_LINUX:
        report("Linux: " + name, run(programs["x86_64"]))
    for arch in MACHINES:
        for cpus in ("1", "4"):
            report("%s SMP=%s: %s" % (arch, cpus, name),
                   guest(name, [programs[arch]], ARCH=arch, SMP=cpus, TIMEOUT="120"))
        for append in APPENDS.get(name, ()):
            report("%s %s: %s" % (arch, append, name),
                   guest(name, [programs[arch]], ARCH=arch, SMP="2", APPEND=append,
                         TIMEOUT="120"))
    if name == "contig":  # with memory, and how many pages a leaf is to map
        for arch, mem, edat, leaf in (("x86_64", "4G", "", "262144"), ("s390x", "6G", "", "1"),
                                      ("s390x", "6G", "1", "524288")):
            where = "%s contig=1 EDAT=%s: contig" % (arch, edat)
            if edat and missing:
                skip(where, missing)
            else:
                report(where, guest("contig " + leaf, [programs[arch]], ARCH=arch, MEM=mem,
                                    EDAT=edat, SMP="4", APPEND="contig=1", TIMEOUT="240"))
        small = guest("contig", [programs["x86_64"]], ARCH="x86_64", MEM="1G",
                      APPEND="contig=1")
        test(small.status == 0 and "contig: no 1024 MiB in one piece" in small.log,
             "contig=1 where there is no room: said, and the device is empty", small)
    if name.startswith("huge"):  # also where the machine has the leaves
        if missing:
            skip("s390x EDAT=1: " + name, missing)
        else:
            report("s390x EDAT=1: " + name, guest(name, [programs["s390x"]], ARCH="s390x",
                                               EDAT="1", SMP="2", TIMEOUT="120"))
done()
