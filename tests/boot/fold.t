#!/usr/bin/env python3
"""Every fold policy of both machines: the conformance suite, and a program whose address
space grows while four of its threads fault, unmap and pin."""
import sys

sys.path.insert(0, "tests/tools")
from tap import MACHINES, compile_static, done, guest, run, test

# machine, policy, variables, levels of a new mm, hints of grow.c that are granted, levels
# that it adds
CASES = [
    ("x86_64", "boot", dict(), 4, 2, 0),
    ("x86_64", "boot", dict(LA57="1"), 5, 4, 0),
    ("x86_64", "permm:4", dict(LA57="1", APPEND="fold=permm"), 4, 4, 1),
    ("x86_64", "static4", dict(LA57="1", FOLD="static4"), 4, 2, 0),
    ("s390x", "permm:2", dict(APPEND="fold=permm:2"), 2, 4, 3),
    ("s390x", "permm:3", dict(), 3, 4, 2),
    ("s390x", "permm:4", dict(APPEND="fold=permm:4"), 4, 4, 1),
    ("s390x", "permm:5", dict(APPEND="fold=permm:5"), 5, 4, 0),
    ("s390x", "static3", dict(FOLD="static3"), 3, 1, 0),
]
REFUSED = [  # machine, option, what the log says
    ("x86_64", "fold=permm", "permm needs a CPU with LA57"),
    ("s390x", "fold=boot", "tables grow per mm here"),
    ("s390x", "fold=permm:6", 'value "permm:6" refused'),
]
GROW = {arch: compile_static(arch, "tests/linux/grow.c", "build/tests/%s/grow" % arch)
        for arch in MACHINES}

for arch, policy, variables, levels, taken, added in CASES:
    where = "%s %s" % (arch, " ".join([policy] + ["LA57"] * ("LA57" in variables)))
    if "FOLD" in variables:
        built = run("make", "-s", "image", "ARCH=" + arch, "FOLD=" + variables["FOLD"])
        test(built.status == 0, where + ": builds", built)
    options = variables.get("APPEND", "")
    suite = guest(None, **dict(variables, ARCH=arch, SMP="2", TIMEOUT="120",
                               APPEND="test=fold_* " + options))
    test(suite.status == 0 and suite.log.count("\nok ") >= 10
         and "\nnot ok" not in suite.log, where + ": conformance", suite.story)
    result = guest("cat /proc/policies; grow %d; echo status $?; fold; pt" % taken,
                   [GROW[arch]], **dict(variables, ARCH=arch, SMP="4", TIMEOUT="120"))
    words = result.output.split()
    test("fold=" + policy in words, where + ": is in force", result)
    test("%d hints taken, 0 errors\nstatus 0\n" % taken in result.output,
         where + ": contents stay while the root grows", result)
    test("fold_grows" in words and words[words.index("fold_grows") + 1] == str(added),
         "%s: %d levels are added" % (where, added), result)
    test("\n%d levels below" % levels in result.output,
         "%s: the next program has %d again" % (where, levels), result)

# The same on the simulated machine, which has all policies that are chosen at boot in one
# program (make host-test), but not these.
for program in ("build/sim-A-static4/unit", "build/sim-B-static3/unit"):
    result = run("make", "-s", program)
    for tests in ("fold_*", "table_*", "mm_*"):
        if result.status == 0:
            result = run(program, tests)
    test(result.status == 0, program + ": fold_*, table_*, mm_*", result)

for arch, option, message in REFUSED:
    result = guest("true", ARCH=arch, APPEND=option)
    test(result.status == 0 and message in result.log and "default kept" in result.log,
         "%s: %s is refused, with a reason" % (arch, option), result.log)
done()
