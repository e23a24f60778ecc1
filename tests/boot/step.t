#!/usr/bin/env python3
"""step draws the lockless walk under every fold policy and in every way, and the pages
that it finds are the right ones; with a mutant that hands copies down they are not."""
import re
import sys

sys.path.insert(0, "tests/tools")
from tap import MACHINES, done, guest, run, test

WAYS = ("lockless", "addrend-folded", "addrend-value", "rederef", "depth", "oneword-root")
CASES = [  # machine, variables, levels that the table has, where a border of all is
    ("x86_64", dict(), 4, "7ffffff000"),
    ("x86_64", dict(LA57="1"), 5, "7ffffff000"),
    ("x86_64", dict(LA57="1", APPEND="fold=permm"), 4, "7ffffff000"),
    ("s390x", dict(APPEND="fold=permm:2"), 2, "3ffff000"),
    ("s390x", dict(), 3, "7ffff000"),
    ("s390x", dict(APPEND="fold=permm:5"), 5, "7ffff000"),
]
RIGHT = "3 of 3 pages found, 0 of them wrong\nsame pages: gup_fast and the slow way found 3\n"


def turns(text):
    """Level and what the pointer points into, of each line of the drawing."""
    return re.findall(r"^ *(pgd|p4d|pud|pmd|pte) +[0-9a-f]+ +(table|STACK) ", text, re.M)


def check_way(where, levels, way, output):
    lines = turns(output)
    folded = output.count(" folded ")
    test(output.startswith("step %s: %d levels" % (way, levels)) and RIGHT in output
         and len([level for level, _ in lines if level == "pte"]) == 3
         and "WRONG" not in output, "%s: %s finds the right pages" % (where, way), output)
    if way == "lockless":
        test(folded == 5 - levels and "STACK" not in output,
             where + ": folded levels hand the pointer through", output)
    if way == "addrend-value" and levels < 5:
        test(("STACK" in output) == (folded > 0),
             where + ": addrend-value has its copies on the stack", output)


for arch, variables, levels, address in CASES:
    where = " ".join([arch] + ["%s=%s" % pair for pair in variables.items()])
    command = "; ".join("echo next; step %s 3 %s" % (address, way) for way in WAYS)
    result = guest(command, ARCH=arch, **variables)
    outputs = result.output.split("next\n")[1:]
    test(result.status == 0 and len(outputs) == len(WAYS), where + ": step", result)
    for way, output in zip(WAYS, outputs):
        check_way(where, levels, way, output)

for arch in MACHINES:
    for way in WAYS:
        result = guest("step 7ffff000 3; gup", ARCH=arch, APPEND="step=" + way)
        test(RIGHT in result.output and "step=%s\n" % way in result.output,
             "%s: gup_fast with step=%s finds the right pages" % (arch, way), result)
    result = guest("step 7ffff000 3 none; echo $?; step 7ffff001 3; echo $?; step 1 400000 1; step 999 0 1",
                   ARCH=arch)
    test(re.fullmatch(r"step: .*: Invalid argument\n1\nusage: (.*\n)*2\n"
                      r"step lockless: (.*\n)+. of 1 pages found, 0 of them wrong\n"
                      r"step: no such process.*\n",
                      result.output), arch + ": no such way, a bad address, a peer", result)

# The mistake that all of this began with: the kernel with it is built here.
for arch, address, variables in [
        ("x86_64", "fffffff000", ["LA57=1", "APPEND=invariant=report fold=permm"]),
        ("s390x", "fffff000", ["APPEND=invariant=report"])]:
    result = run("make", "-s", "exec", "MUTANT=stackcopy", "ARCH=" + arch,
                 "CMD=step %s 3" % address, *variables)
    test(result.status and " STACK " in result.output
         and "3 of 3 pages found, 2 of them wrong\n" in result.output
         and result.output.count("\nWRONG pages: ") == 2,
         arch + ": a copy handed down leads to wrong pages, and the stack is shown", result)
done()
