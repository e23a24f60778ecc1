#!/usr/bin/env python3
"""bench.py - `make bench`: guest instructions per operation, beside aims and Linux's.

    bench.py [MACHINE ...]     x86_64, x86_64-la57, s390x; all three if none is named

Prints "bench <machine> <operation> <instructions>" lines, each followed by the aim (and
OVER where it is missed), by what Linux needs, and by how many times fewer that is.

The machine is the release build on one CPU under -icount, booted directly with 256 MiB:
the clock counts instructions, and two runs give the same figures. One boot runs
user/bench.c as process 1, another tests/bench/kernel.c inside the kernel. Figures of
several CPUs come from a plugin that counts each by itself (counted.py).
"""
import os
import re
import subprocess
import sys

import counted
from machine import Config, Machine

MACHINES = {"x86_64": dict(ARCH="x86_64"), "x86_64-la57": dict(ARCH="x86_64", LA57="1"),
            "s390x": dict(ARCH="s390x")}
AIMS = "tests/bench/aims.txt"
EDAT = "build/edat.so"
POLICIES = ("vma", "speculative")  # fault=; the default is measured anyhow
NET = {"anon_fault": "clear_page", "cow_copy": "copy_page",
       "collapse_page": "copy_page"}  # what is taken off
NET.update({"anon_fault_" + policy: "clear_page" for policy in POLICIES})
BLOCK = {"x86_64": 512, "s390x": 256}  # pages of a huge page, which pmd_fault clears
# On s390x these need what QEMU's CPU has and does not show (tests/tools/edat.c).
LEAVES = ("pmd_fault", "munmap_leaf", "collapse_page", "split_page")


def build(arch, *arguments):
    subprocess.check_call(["make", "-s", "--no-print-directory", "-j2", "BUILD=release",
                           "BENCH=y", "MUTANT=", "ARCH=" + arch] + list(arguments))


def boot(variables, *files, **more):
    """One run of a machine: what it printed, and its log."""
    config = Config(**dict(dict(BUILD="release", BENCH="y", SMP="1", ICOUNT="1",
                                TIMEOUT="120"), **variables, **more))
    with Machine(config, files=files) as machine:
        status = machine.finish()
        if status:
            sys.stderr.write(machine.output + machine.story())
            sys.exit("bench: the machine failed with status %d" % status)
        return machine.output, machine.log


def user_figures(variables, append=""):
    program = "build/%s-user/bench" % variables["ARCH"]
    output, _ = boot(variables, program, APPEND="init=/bin/bench " + append)
    return {name: float(value) for name, value in
            re.findall(r"^(\w+) ([\d.]+)$", output, re.M)}


def kernel_figures(variables, append=""):
    _, log = boot(variables, APPEND="test=bench " + append)
    return {name: int(total) / int(rounds) for name, total, rounds in
            re.findall(r"^bench (\w+) (-?\d+) (\d+)$", log, re.M)}


def leaf_figures(variables):
    """Of huge pages, in leaves; without them, the others remain."""
    try:
        found = user_figures(dict(variables, EDAT="1"))
    except SystemExit as why:
        print("# no leaves on s390x, so huge pages are full tables there: %s" % why)
        return {}
    return {name: found[name] for name in LEAVES}


def policy_figures(variables):
    """The first touch of a page, by the other ways that faults are done."""
    return {"anon_fault_" + policy: user_figures(variables, "fault=" + policy)["anon_fault"]
            for policy in POLICIES}


def figures(machine):
    variables = MACHINES[machine]
    programs = ["build/%s-user/%s" % (variables["ARCH"], p) for p in ("bench", "bench-smp")]
    build(variables["ARCH"], "image", counted.COUNTER, EDAT, *programs)
    result = user_figures(variables)
    if variables["ARCH"] == "s390x":
        result.update(leaf_figures(variables))
    result.update(kernel_figures(variables))
    result.update(policy_figures(variables))
    result["shootdown"] = counted.shootdown(variables)
    for name, part in NET.items():
        result[name] -= result[part]
    result["pmd_fault"] -= BLOCK[variables["ARCH"]] * result["clear_page"]
    if variables["ARCH"] == "x86_64":  # all levels are there from the start, but for permm
        result.pop("upgrade", None)
    if "LA57" in variables:
        result["upgrade"] = user_figures(variables, "fold=permm").get("upgrade")
    return result


def aims(arch):
    """Of each operation: what Linux needs, our aim (None: there is none), what it is."""
    column = 0 if arch == "x86_64" else 1
    with open(AIMS) as stream:
        for line in stream:
            name, *words = line.split("#")[0].split(None, 5) or [""]
            if name:
                numbers = [None if w == "-" else float(w) for w in words[:4]]
                yield name, numbers[column], numbers[2 + column], "".join(words[4:]).strip()


def number(value):
    if value is None:
        return "--"
    return "%d" % round(value) if value >= 1000 or value == int(value) else "%.1f" % value


def show(machine, name, value, linux, aim):
    print("bench %-11s %-22s %9s   aim %8s %-4s   Linux %10s %5s" % (
        machine, name, number(value), number(aim),
        "OVER" if aim is not None and value is not None and value > aim else "",
        number(linux), "%.1fx" % (linux / value) if linux and value else ""), flush=True)


def bench(machine):
    measured = figures(machine)
    for name, linux, aim, _ in aims(MACHINES[machine]["ARCH"]):
        show(machine, name, measured.pop(name, None), linux, aim)
    for name in sorted(measured):
        show(machine, name, measured[name], None, None)


def scale(machine):
    """Locks taken and shared words written, per operation, by the number of CPUs."""
    for name, row in counted.scaling(MACHINES[machine]).items():
        print("scale %-11s %-22s %s" % (machine, name, "   ".join(
            "%d CPU%s: %4.1f locks %5.1f writes" % (cpus, "s" if cpus > 1 else " ", *counts)
            for cpus, counts in row.items())), flush=True)


def wall(machine):
    """What two CPUs do in the time of one: of the host's time, so for reading only."""
    _, log = boot(MACHINES[machine], APPEND="test=wall", SMP="2", ICOUNT="no")
    for name, best, middle in re.findall(r"^wall (\w+) (\d+) (\d+)$", log, re.M):
        print("wall  %-11s gup_fast_512, %-4s pages   2 CPUs do %.2f times as much as one at "
              "best, %.2f in the median" % (machine, name, int(best) / 100, int(middle) / 100),
              flush=True)


def explain():
    print("# instructions; aim and Linux's are of %s, which says what Linux does more" % AIMS)
    for name, _, _, text in aims("x86_64"):
        if text:
            print("# %-22s %s" % (name, text))
    print("# unpin, and what is let go of after gup, is not in the figures of gup and pin")
    print("# scale: locks taken, and writes to words that several CPUs use, per operation")


def main(names):
    for name in names:
        if name not in MACHINES:
            sys.exit("bench: %s: choose from %s" % (name, " ".join(MACHINES)))
    for name in names or MACHINES:
        bench(name)
        scale(name)
        wall(name)
    explain()


if __name__ == "__main__":
    main(sys.argv[1:])
