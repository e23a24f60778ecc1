#!/usr/bin/env python3
"""The short form of `make conformance`: Linux's own tests on our machines, against what is
recorded of them. Linux is not started; a verdict may become the one that it has."""
import re
import sys

sys.path.insert(0, "tests/tools")
from tap import done, skip, test
import conformance


def program_of(case):
    """One line per program, and one for all runs of gup_test."""
    return re.sub(r"^loops \d+ ", "", case).split()[0].rstrip(":")


for machine in conformance.MACHINES:
    why = conformance.missing(machine)
    if why:
        skip(machine, why)
        continue
    recorded = conformance.recorded(machine)
    verdicts = conformance.run_origami(machine)
    wrong = ["%s: %s, recorded %s here, %s on Linux" % (case, verdicts.get(case, "none"), *both)
             for case, both in recorded.items() if verdicts.get(case, "none") not in both]
    wrong += ["%s: is not recorded" % case for case in verdicts if case not in recorded]
    for program in dict.fromkeys(program_of(case) for case in recorded):
        of_it = [line for line in wrong if program_of(line.replace(":", " ")) == program]
        test(not of_it, "%s: %s as recorded" % (machine, program), "\n".join(of_it))
done()
