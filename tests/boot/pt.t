#!/usr/bin/env python3
"""pt draws the table of a process: its levels, the folded ones, the way to an address."""
import sys

sys.path.insert(0, "tests/tools")
from tap import done, guest, test

LEVELS = ("pgd", "p4d", "pud", "pmd", "pte")
CASES = [  # machine, variables, levels that are folded
    ("x86_64", dict(LA57="1"), ()),
    ("x86_64", dict(), ("pgd",)),
    ("x86_64", dict(LA57="1", APPEND="la57=off"), ("pgd",)),
    ("x86_64", dict(LA57="1", APPEND="fold=permm"), ("pgd",)),
    ("s390x", dict(), ("pgd", "p4d")),
    ("s390x", dict(APPEND="fold=permm:2"), ("pgd", "p4d", "pud")),
    ("s390x", dict(APPEND="fold=permm:5"), ()),
]


def folded_levels(text):
    """The levels that `pt` marks as folded, and those that it shows tables or pages of."""
    folded = [level for level in LEVELS
              if any(line.split()[0] == level and "folded" in line
                     for line in text.splitlines() if line.split())]
    shown = [level for level in LEVELS
             if any(line.split()[0] == level and "folded" not in line
                    for line in text.splitlines() if line.split())]
    return tuple(folded), tuple(shown)


for arch, variables, expected in CASES:
    where = "%s %s" % (arch, " ".join("%s=%s" % pair for pair in variables.items()))
    result = guest("pt", ARCH=arch, **variables)
    folded, shown = folded_levels(result.output)
    test(result.status == 0 and folded == expected
         and shown == tuple(level for level in LEVELS if level not in expected),
         "%s: pt shows %d levels" % (where, 5 - len(expected)), result)
    test("rw" in result.output and "r-x" in result.output,
         "%s: pt shows what may be done with pages" % where, result)

for arch in ("x86_64", "s390x"):
    result = guest("pt 1; pt 1 400000; pt self 1000000; pt 999; echo $?; pt 1 x; echo $?",
                   ARCH=arch)
    test("pt: there is no process 999\n1\n" in result.output, arch + ": no such process",
         result)
    test(result.output.endswith("2\n") and "usage: pt" in result.output,
         arch + ": a bad address", result)
done()
