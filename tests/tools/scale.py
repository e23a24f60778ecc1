#!/usr/bin/env python3
"""scale.py - `make scale`: what faults and mappings cost, by the number of CPUs.

    scale.py [x86_64|s390x]

user/scale.c runs with a thread on each of 1, 2 and 4 CPUs under each fault= policy, alone
and beside a thread that maps something else every MAPPER microseconds. Counted by
tests/tools/counter.c in the release build, per operation (the median of the rounds):
instructions in the kernel, locks taken, writes to words that several CPUs use. Prints a
table, and plots it to build/scale-<machine>.svg.

    scale <machine> <test> <policy> <mapper> <CPUs>: instructions, locks, writes

s390x has no icount with several CPUs (counted.py): there, who waits runs in the host's
time, and what it spins is counted, too. The first column of it repeats, the others nearly.

wall: two threads on two CPUs against one, in the host's time; for reading only.
"""
import os
import re
import statistics
import subprocess
import sys

import bench
import counted
from tap import MACHINES

POLICIES = ("mmap", "vma", "speculative")
MAPPER = 200  # microseconds between two mappings of the thread beside
COLOURS = dict(zip(POLICIES, ("#b03a2e", "#1f618d", "#1e8449")))
FIGURES = ("instructions", "locks", "shared writes")


def per_operation(output, intervals):
    """{test: (instructions, locks, writes)} of one run."""
    phases = re.findall(r"^phase (\w+) (\d+)\r?$", output, re.M)
    assert len(phases) == len(intervals), (phases, len(intervals))
    found = {}
    for (name, operations), interval in zip(phases, intervals):
        counts = sum(interval.instructions), sum(interval.locks), interval.writes
        found.setdefault(name, []).append([count / int(operations) for count in counts])
    return {name: [statistics.median(column) for column in zip(*rounds)]
            for name, rounds in found.items()}


def measure(machine):
    """{(test, policy, mapper): {cpus: (instructions, locks, writes)}}"""
    variables = bench.MACHINES[machine]
    program = os.path.abspath("build/%s-user/scale" % variables["ARCH"])
    table = {}
    for policy in POLICIES:
        for mapper in (0, MAPPER):
            for cpus in counted.CPUS:
                output, intervals = counted.run(
                    variables, cpus, program, True, "scale %d %d" % (cpus, mapper),
                    [program], "fault=" + policy)
                for name, counts in per_operation(output, intervals).items():
                    table.setdefault((name, policy, mapper), {})[cpus] = counts
    return table


def show(machine, table):
    for (name, policy, mapper), row in sorted(table.items()):
        print("scale %-7s %-12s %-12s %-7s %s" % (
            machine, name, policy, "mapper" if mapper else "alone", "   ".join(
                "%d CPU%s: %6.0f instr. %5.2f locks %6.2f writes" % (
                    cpus, "s" if cpus > 1 else " ", *counts)
                for cpus, counts in sorted(row.items()))), flush=True)


def wall(machine, policy):
    """How many times as much two CPUs do as one, in the host's time: best and median."""
    variables = bench.MACHINES[machine]
    program = os.path.abspath("build/%s-user/scale" % variables["ARCH"])
    times = {}
    for cpus in (1, 2):
        config = bench.Config(BUILD="release", BENCH="y", SMP=str(cpus), TIMEOUT="120",
                              APPEND="fault=" + policy, **variables)
        with bench.Machine(config, "scale %d" % cpus, [program]) as guest:
            if guest.finish():
                sys.exit("scale: failed\n%s%s" % (guest.output, guest.story()))
            for name, best, middle in re.findall(
                    r"^wall (\w+) .*best (\d+), median (\d+)", guest.output, re.M):
                times[name, cpus] = int(best), int(middle)
    for name in sorted({name for name, _ in times}):
        one, two = times[name, 1], times[name, 2]
        print("wall  %-7s %-12s %-12s 2 CPUs do %.2f times as much as one at best, %.2f in "
              "the median" % (machine, name, policy, one[0] / two[0], one[1] / two[1]),
              flush=True)


# --- the plot: a row for each figure, a column for each test -------------------------------

WIDE, HIGH, LEFT, TOP = 190, 130, 70, 70


def panel(x, y, lines):
    """One diagram at (x, y); lines: [(colour, dashed, {cpus: value})]."""
    most = max(value for _, _, row in lines for value in row.values()) or 1
    places = {cpus: x + 15 + i * (WIDE - 60) / (len(counted.CPUS) - 1)
              for i, cpus in enumerate(counted.CPUS)}
    bottom, height = y + HIGH - 30, HIGH - 50

    yield '<path d="M%d %dV%dH%d" fill="none" stroke="black"/>' % (
        x, bottom - height, bottom, x + WIDE - 35)
    yield '<text x="%d" y="%d" text-anchor="end">%.*f</text>' % (
        x - 4, bottom - height + 4, 1 if most < 100 else 0, most)
    for cpus, place in places.items():
        yield '<text x="%d" y="%d" text-anchor="middle">%d</text>' % (
            place, bottom + 13, cpus)
    for colour, dashed, row in lines:
        points = " ".join("%.1f,%.1f" % (places[c], bottom - height * v / most)
                          for c, v in sorted(row.items()))
        yield '<polyline points="%s" fill="none" stroke="%s" stroke-width="1.5"%s/>' % (
            points, colour, ' stroke-dasharray="4 3"' if dashed else "")


def drawing(machine, table):
    names = sorted({name for name, _, _ in table})
    commit = subprocess.check_output(
        ["git", "describe", "--always", "--dirty", "--abbrev=12"], text=True).strip()
    yield ('<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" '
           'font-family="sans-serif" font-size="11">' % (
               LEFT + WIDE * len(names), TOP + HIGH * len(FIGURES) + 10))
    yield '<rect width="100%" height="100%" fill="white"/>'
    yield '<text x="10" y="18" font-size="13">make scale ARCH=%s, commit %s</text>' % (
        machine, commit)
    for i, policy in enumerate(POLICIES):
        yield '<text x="%d" y="38" fill="%s">fault=%s</text>' % (
            10 + 110 * i, COLOURS[policy], policy)
    yield ('<text x="%d" y="38">dashed: while another thread maps; per operation, by the '
           'number of CPUs</text>' % (10 + 110 * len(POLICIES)))
    for i, name in enumerate(names):
        yield '<text x="%d" y="60">%s</text>' % (LEFT + WIDE * i, name)
        for k, figure in enumerate(FIGURES):
            y = TOP + HIGH * k
            if not i:
                yield '<text x="5" y="%d">%s</text>' % (y + 12, figure)
            yield from panel(LEFT + WIDE * i, y, [
                (COLOURS[policy], mapper, {c: v[k] for c, v in row.items()})
                for (test, policy, mapper), row in table.items() if test == name])
    yield "</svg>"


def main(names):
    for machine in names or MACHINES:
        bench.build(machine, "image", counted.COUNTER, "build/%s-user/scale" % machine)
        table = measure(machine)
        show(machine, table)
        for policy in POLICIES:
            wall(machine, policy)
        path = "build/scale-%s.svg" % machine
        with open(path, "w") as plot:
            plot.write("\n".join(drawing(machine, table)) + "\n")
        print("  drew  %s" % path)


if __name__ == "__main__":
    main(sys.argv[1:])
