#!/usr/bin/env python3
"""Every cell of every race, on both machines: `make races` with a line for each race. And
`make replay`: a schedule of one's own, and one that nobody can follow."""
import sys

sys.path.insert(0, "tests/tools")
from races import Kernel, again, run_races, sources
from tap import MACHINES, done, run, test

for arch in MACHINES:
    kernel = Kernel(arch)
    cells = run_races(kernel)
    for race in (race for race in sources() if race.is_for(arch)):
        mine = [cell for cell in cells if cell.race == race.name]
        wrong = [cell for cell in mine if not cell.well]
        test(mine and not wrong, "%s: race %s: %d cells" % (arch, race.name, len(mine)),
             "\n".join("%s: %s %s, expected %s %s\nagain: %s\n%s" % (
                 cell.place, cell.verdict, cell.because, cell.expected,
                 cell.expected_because, again(kernel, cell), cell.story) for cell in wrong))

result = run("make", "-s", "replay", "RACE=gup_munmap", "SCHED=0@gup_grabbed 1 0",
             "CELL=flush=ipi reader=irq")
test(result.status == 0 and '1: waits at "cross-call"' in result.output
     and "\nDETECTED" in result.output, "replay follows a schedule", result.output)
result = run("make", "-s", "replay", "RACE=gup_munmap", "SCHED=0@nowhere 1 0")
test(result.status != 0 and "0@nowhere" in result.output,
     "replay refuses a schedule with an event that is none", result.output)
done()
