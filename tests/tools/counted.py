"""counted.py - runs with several CPUs under tests/tools/counter.c, for bench.py.

shootdown(): what an munmap costs each CPU that runs another thread of the process.
scaling(): lock acquisitions and writes to shared words per operation, with 1, 2, 4 CPUs.

x86_64 runs under icount: a CPU that waits gives the others their turn (PAUSE), and the
waiting is counted alike each time. s390x has no such instruction, and would wait for ever;
it broadcasts its flushes, so nobody waits for an answer there.
"""
import os
import re
import statistics
import subprocess
import tempfile

from machine import Config, Machine

COUNTER = "build/counter.so"
LOCKS = ("spin_lock", "spin_lock_irqsave", "spin_trylock", "rwsem_lock")
CPUS = (1, 2, 4)


class Interval:
    """One line of the counter's file: lists by CPU, and a number."""

    def __init__(self, line):
        instructions, locks, writes = line.split()[1:]
        self.instructions = [int(n) for n in instructions.split(",")]
        self.locks = [int(n) for n in locks.split(",")]
        self.writes = int(writes)


def symbols(program):
    """Name to address, in hexadecimal, as nm has it."""
    text = subprocess.check_output(["nm", program], errors="replace")
    return {name: address for address, _, name in
            (line.split() for line in text.splitlines() if len(line.split()) == 3)}


def run(variables, cpus, marks, share, command=None, files=(), append=""):
    """One boot with the counter: what was printed, and the intervals between marks (a
    program with the functions bench_begin and bench_end)."""
    arch = variables["ARCH"]
    kernel = symbols("build/%s-release-bench/kernel.elf" % arch)
    marks = symbols(marks)
    with tempfile.NamedTemporaryFile() as out:
        plugin = [COUNTER, "out=" + out.name, "low=" + kernel["__text_start"],
                  "high=" + kernel["__text_end"], "begin=" + marks["bench_begin"],
                  "end=" + marks["bench_end"]]
        plugin += ["count=" + kernel[name] for name in LOCKS]
        config = Config(BUILD="release", BENCH="y", SMP=str(cpus), APPEND=append,
                        ICOUNT="1" if arch == "x86_64" else "", TIMEOUT="300",
                        PLUGIN=",".join(plugin + ["share=on"] * share), **variables)
        with Machine(config, command, files) as machine:
            if machine.finish():
                raise SystemExit("bench: a run with %d CPUs failed\n%s%s" % (
                    cpus, machine.output, machine.story()))
            lines = out.read().decode().splitlines()
            assert all(line.startswith("interval ") for line in lines), lines
            return machine.output + machine.log, [Interval(line) for line in lines]


def shootdown(variables):
    """Instructions for each further CPU: the difference between 2 and 4 CPUs, halved."""
    program = os.path.abspath("build/%s-user/bench-smp" % variables["ARCH"])
    total = {}
    for cpus in (2, 4):
        _, intervals = run(variables, cpus, program, False, "bench-smp", [program])
        total[cpus] = sum(statistics.median(i.instructions[cpu] for i in intervals)
                          for cpu in (range(cpus) if variables["ARCH"] == "x86_64"
                                      else range(1, cpus)))
    return max(0, (total[4] - total[2]) / 2)


def scaling(variables):
    """{operation: {cpus: (lock acquisitions, shared writes)}}, per operation."""
    kernel = "build/%s-release-bench/kernel.elf" % variables["ARCH"]
    result = {}
    for cpus in CPUS:
        log, intervals = run(variables, cpus, kernel, True, append="test=scaling")
        phases = re.findall(r"^phase (\w+) (\d+)$", log, re.M)
        assert len(phases) == len(intervals), (phases, len(intervals))
        base = sum(intervals[0].locks)
        for (name, operations), interval in list(zip(phases, intervals))[1:]:
            result.setdefault(name, {})[cpus] = (
                max(0, sum(interval.locks) - base) / int(operations),
                interval.writes / int(operations))
    return result
