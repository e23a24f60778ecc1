#!/usr/bin/env python3
"""make bench measures every operation, and two runs give the same figures."""
import sys

sys.path.insert(0, "tests/tools")
from tap import done, test
import bench
import prices

for machine, variables in bench.MACHINES.items():
    first, second = bench.figures(machine), bench.figures(machine)
    wanted = {name for name, *_ in bench.aims(variables["ARCH"])}
    if machine == "x86_64":
        wanted.remove("upgrade")  # all levels are there from the start
    wanted -= {name for name in first if first[name] is not None}
    test(not wanted, "every operation is measured on " + machine,
         "not measured: " + " ".join(sorted(wanted)))
    differ = ["%s: %s, then %s" % (name, first[name], second.get(name))
              for name in first if first[name] != second.get(name)]
    test(not differ, "two runs give the same figures on " + machine, "\n".join(differ))
for name, (_, edit) in prices.PROTECTIONS.items():
    found = prices.edited(*edit) if edit else prices.Mutant(name)
    test(found, "the price list can do without " + name)
done()
