#!/usr/bin/env python3
"""Every interleaving of every race: as its table says, on each simulated machine and memory
model. What is to be settled is settled. What the search finds with a protection removed
replays on the booted machines, with the same verdict."""
import re
import sys

sys.path.insert(0, "tests/tools")
from explore import explored_mutants
from tap import MACHINES, comment, done, run, test

result = run("make", "-s", "explore")
end = re.search(r"^explored: (\d+) cells.*bounds hit: 0; 0 not as expected$", result.output, re.M)
test(result.status == 0 and end, "make explore: all races are as their tables say",
     "\n".join(line for line in result.output.splitlines()
               if not line.startswith("    through"))[-6000:])
comment("\n".join(line for line in result.output.splitlines() if line[:1] not in (" ", "F")))
for race in ("gup_two_walkers", "gup_pmd_border"):
    functions = re.search(r"^%s .*\n(?:%s .*\n)*    through (.*)$" % (race, race),
                          result.output, re.M)
    wanted = {"gup_fast_get", "page_try_get", "gather_begin", "gather_end", "page_put_many"}
    test(functions and wanted <= set(functions.group(1).split()),
         race + " goes through mm's own functions", functions and functions.group(1))

result = run("make", "-s", "settle")
test(result.status == 0 and "0 claims do not hold" in result.output, "make settle", result)
comment(result.output[-1500:])

# Each protection, removed: killed by the race that its patch names, or survives, and why.
results = list(explored_mutants())
for well, line in results:
    test(well, line.split(" (")[0].rstrip(), line)
test(sum(" killed by " in line for _, line in results) >= 25, "25 mutants and more are killed")

# Found by the search, shown on one screen, and then made again where it is real.
for mutant, race in (("gup_pte_recheck", "gup_munmap"), ("limit_before_root", "gup_grow"),
                     ("root_before_limit", "grow_gup"), ("fault_recheck", "fault_fault"),
                     ("grab_from_zero", "gup_freed")):
    result = run("make", "-s", "explore", "RACE=" + race, "MUTANT=" + mutant, "MEMORY=sc")
    shown = result.output.partition("\nrace      ")[2]
    test("!!" in shown and len(shown.splitlines()) < 50,
         "%s: a counterexample of %s on one screen" % (mutant, race), result.output[-3000:])
    for arch in MACHINES:
        command = re.search(r"^in a guest +(make replay .*ARCH=%s.*)$" % arch, shown, re.M)
        again = run("sh", "-c", command.group(1)) if command else None
        test(again and again.status == 0 and "\nDAMAGED" in again.output,
             "%s: it replays on %s" % (mutant, arch), again or shown[-1500:])
    here = re.search(r"^here +(make replay .*)$", shown, re.M)
    again = run("sh", "-c", here.group(1)) if here else None
    test(again and "\nDAMAGED" in again.output, mutant + ": and by the same steps",
         again or shown[-1500:])
done()
