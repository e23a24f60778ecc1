#!/usr/bin/env python3
"""Linux's own gup_test over our matrix, on private anonymous memory, on both machines.

The program comes from the distribution's package of Linux 6.1's sources and is not
changed. In that version `-w` (write) is the default, `-W` means read only, and get and pin
have one program; `-z` (the kernel faults the pages in) goes with the slow requests only,
because Linux's fast ones refuse its flag.
"""
import re
import sys

sys.path.insert(0, "tests/tools")
from tap import MACHINES, done, guest, test
import linux_source

COMMANDS = {"-u": "GUP_FAST_BENCHMARK", "-U": "GUP_BASIC_TEST", "-a": "PIN_FAST_BENCHMARK",
            "-b": "PIN_BASIC_TEST", "-L": "PIN_LONGTERM_BENCHMARK",
            "-c": "DUMP_USER_PAGES_TEST"}
SLOW = ("-U", "-b", "-L", "-c")


def matrix():
    """Arguments of all runs."""
    for command in COMMANDS:
        for access in ("-w", "-W"):
            for pages in (1, 123, 512):
                yield "%s %s -n %d -m 2" % (command, access, pages)
        yield command + " -n 512 -m 16 -r 3 -j 4 -T"
        yield command + " -n 100000 -m 64 -t"
    for command in SLOW:
        yield command + " -z -n 123 -m 2"
    yield "-c -p -n 512 -m 2 0 1 511"
    yield "-c -t -F 0x1 0 19 0x1000"  # as Linux's run_vmtests.sh starts it
    yield "-u"


def some():
    """One run of each command, for the machines of OTHERS."""
    for command in COMMANDS:
        yield command + " -n 123 -m 2 -j 2"


OTHERS = [("x86_64", dict(LA57="1", SMP="1")), ("x86_64", dict(LA57="1", APPEND="fold=permm")),
          ("s390x", dict(APPEND="fold=permm:2", SMP="1")), ("s390x", dict(APPEND="fold=permm:5"))]


def check_run(where, arguments, output):
    """One run's lines: one per thread and round, each about the whole size."""
    words = arguments.split()
    name = COMMANDS[words[0]]
    option = dict(zip(words, words[1:]))
    timed = name.endswith("BENCHMARK")
    lines = int(option.get("-j", 1)) * (int(option.get("-r", 1)) if timed else 1)
    line = name + (r": Time: get:\d+ put:\d+ us\n" if timed else ": done\n")
    test(re.fullmatch("(%s){%d}status 0\n" % (line, lines), output),
         "%s: gup_test %s" % (where, arguments), output)


def check_log(arch, log):
    dumped = re.findall(r"gup_test: page (\d+) from [0-9a-f]+: frame [0-9a-f]+, .*", log)
    test(all(page in dumped for page in ("0", "1", "19", "511", "4096")),
         arch + ": the log shows the pages that -c asks for", dumped)
    test(re.search(r"page 511 from .* pinned", log), arch + ": pinned ones with -p", log)
    test("NOT pinned" not in log, arch + ": whatever was to be pinned was", log)


def check_ledger(where, output):
    """Of all that was held nothing is left. (Each number comes from a line of `gup`.)"""
    counted = dict(re.findall(r"gup_(fast|slow|dropped)_pages +(\d+)", output))
    held = {name: int(value) for name, value in counted.items()}
    test(len(held) == 3 and held["fast"] and held["slow"]
         and held["fast"] + held["slow"] == held["dropped"],
         where + ": every page that was found has been let go", held)


def check_runs(where, program, runs, **variables):
    """All of them in one boot; then the counters. Returns the machine's Result."""
    runs = list(runs)
    command = "; ".join("echo run; gup_test %s; echo status $?" % run for run in runs)
    result = guest(command + "; echo run; gup", [program], TIMEOUT="240", **variables)
    outputs = result.output.split("run\n")[1:]
    test(result.status == 0 and len(outputs) == len(runs) + 1, where + ": all of them end",
         result)
    for arguments, output in zip(runs, outputs):
        check_run(where, arguments, output)
    check_ledger(where, outputs[-1])
    return result


programs = {arch: linux_source.build(arch, "gup_test") for arch in MACHINES}
for arch, program in programs.items():
    check_log(arch, check_runs(arch, program, matrix(), ARCH=arch, SMP="4").log)
for arch, variables in OTHERS:
    where = " ".join([arch] + ["%s=%s" % pair for pair in variables.items()])
    check_runs(where, programs[arch], some(), ARCH=arch, **variables)
done()
