#!/usr/bin/env python3
"""races.py - the races of tests/races on booted machines: `make races`, `make replay`.

    make races [RACE=NAME|PREFIX*] [ARCH=...] [RUNS=n] [MUTANT=name] [APPEND="fault=vma ..."]
    make replay RACE=NAME [SCHED="0@gup_read 1 r 0"] [ARCH=...] [CELL="flush=ipi ..."]
                [MUTANT=name]

`races` boots each machine as often as it takes to have every cell of every race, and
prints a table for each race; the kernel says what each cell should be. Where an oracle
stops the machine, that is the cell's verdict (DAMAGED), and the next boot goes on behind
it. `replay` runs one script in one cell, and tells what each part of it did.
"""
import glob
import os
import re
import sys
import time

from machine import Config, HANG, Machine
from mutant import Mutant, make_in
from tap import MACHINES

# What a boot decides, and so a race that sweeps it needs a boot for: beside the plain one.
BOOTS = {
    "rcu": {arch: [("rcu=counter", {})] for arch in MACHINES},
    "fold": {"x86_64": [("fold=permm", {"LA57": "1"})],
             "s390x": [("fold=permm:" + levels, {}) for levels in "245"]},
}
BEGINS = re.compile(r"^race (\d+) (\S+) (.*): begins, expected (\w+) ?(.*)$")
VERDICT = re.compile(r"^race (\d+) \S+ .*?: ([A-Za-z]+) ?(.*)$")
PANIC = re.compile(r"^PANIC on cpu \d+: (.*)$", re.M)


class Cell:
    """One cell: where it is, what was expected there, what came out."""

    def __init__(self, number, race, place, expected, because):
        self.number, self.race, self.place = int(number), race, place
        self.expected, self.expected_because = expected, because.strip()
        self.verdict = self.because = None
        self.runs = 1
        self.story = ""

    @property
    def values(self):
        return dict(word.split("=", 1) for word in self.place.split())

    @property
    def well(self):
        return self.verdict == self.expected and (
            self.verdict != "EXCLUDED" or self.because == self.expected_because)

    def options(self):
        """What `make replay` takes for this cell."""
        return " ".join(word for word in self.place.split()
                        if not word.startswith(("machine=", "mutant=")))


class Source:
    """A race as its file tells it, for the choice of boots."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as stream:
            text = stream.read()
        self.name = re.search(r"^RACE\((\w+)\)", text, re.M).group(1)
        sweeps = re.search(r"\.sweeps\s*=\s*\"([^\"]*)\"", text)
        self.sweeps = sweeps.group(1).split() if sweeps else []
        self.mutants = set(",".join(re.findall(r"mutant=([\w,]+)", text)).split(","))

    def is_for(self, arch):
        """Or only for other machines?"""
        named = [word[len("machine="):].split(",") for word in self.sweeps
                 if word.startswith("machine=")]
        return not named or arch in named[0]

    def is_wanted(self, pattern):
        return pattern == "all" or self.name == pattern or (
            pattern.endswith("*") and self.name.startswith(pattern[:-1]))


def sources(pattern="all"):
    found = []
    for path in sorted(glob.glob("tests/races/*.c")):
        with open(path, encoding="utf-8") as stream:
            if re.search(r"^RACE\(", stream.read(), re.M):
                found.append(Source(path))
    chosen = [race for race in found if race.is_wanted(pattern)]
    if not chosen:
        sys.exit("RACE=%s: there is none; there are: %s"
                 % (pattern, " ".join(race.name for race in found)))
    return chosen


class Kernel:
    """What is booted: the tree as it is, or with a mistake in it."""

    def __init__(self, arch, mutant=""):
        self.arch, self.mutant = arch, mutant
        self.variables = {"ARCH": arch, "SMP": "4"}
        tree = "."
        if mutant:
            it = Mutant(mutant)
            tree = it.tree
            complaint = it.prepare((arch,))
            if complaint:
                sys.exit("%s does not apply: %s" % (it.patch, complaint))
            folder = "%s/build/%s-lab/" % (tree, arch)
            self.variables.update(KERNEL=folder + "kernel.elf", RAMDISK=folder + "ramdisk.cpio")
        made = make_in(tree, "image", "ARCH=" + arch)
        if made.returncode:
            sys.exit("make image ARCH=%s failed:\n%s" % (arch, made.stdout))

    def boot(self, options, **variables):
        """(status, log, story). It may take long, as long as it goes from cell to cell."""
        if self.mutant:
            options += " mutant=" + self.mutant
        options = "%s %s" % (os.environ.get("APPEND", ""), options)
        config = Config(APPEND=options, **dict(self.variables, **variables))
        with Machine(config) as machine:
            cells = 0
            while machine.pump(0.2) and time.monotonic() < machine.deadline:
                now = machine.log.count("\nrace ")
                if now != cells:
                    machine.deadline = time.monotonic() + config.limit
                cells = now
            status = machine.finish()
            return status, machine.log, machine.story()


def read(log, cells):
    """Enters a log's cells; True: all of this boot's cells were run."""
    for line in log.splitlines():
        match = BEGINS.match(line)
        if match:
            cells.setdefault(int(match.group(1)), Cell(*match.groups()))
            continue
        match = VERDICT.match(line)
        if match:
            cell = cells[int(match.group(1))]
            cell.verdict, cell.because = match.group(2), match.group(3).strip()
    return re.search(r"^races: \d+ cells", log, re.M) is not None


def stopped(cell, status, log, story):
    """The machine ended in the middle of that cell: by an oracle, or in a hang."""
    panic = PANIC.search(log)
    cell.story = story
    if status == HANG or not panic:
        cell.verdict, cell.because = "HANG", "no end"
    else:
        cell.verdict, cell.because = "DAMAGED", panic.group(1)


def run_boot(kernel, pattern, options, runs, **variables):
    """All cells of one choice of boot options."""
    cells, first = {}, 1
    while True:
        status, log, story = kernel.boot("race=%s %s runs=%d cells=%d" % (
            pattern, options, runs, first), **variables)
        if read(log, cells):
            return list(cells.values())
        if not cells or max(cells) < first:
            sys.exit("races: the machine did not get to a race:\n" + story)
        last = cells[max(cells)]
        again = last.verdict
        stopped(last, status, log, story)
        if again == last.verdict:
            last.runs += 1
        first = last.number + (last.verdict == "HANG" or last.runs >= runs)


def run_races(kernel, pattern="all", runs=1):
    """Every cell of the races that the pattern names, on one machine."""
    chosen = sources(pattern)
    if kernel.mutant:
        chosen = [race for race in chosen if kernel.mutant in race.mutants]
    cells = []
    for race in chosen if kernel.mutant else [None]:
        name = race.name if race else pattern
        cells += run_boot(kernel, name, "", runs)
        for axis, boots in BOOTS.items():
            if any(axis in it.sweeps for it in ([race] if race else chosen)):
                for options, variables in boots[kernel.arch]:
                    cells += run_boot(kernel, name, "sweep=%s %s" % (axis, options), runs,
                                      **variables)
    return cells


# --- showing it -------------------------------------------------------------------------
def short(cell):
    text = cell.verdict
    if cell.verdict == "EXCLUDED":
        text += " " + cell.because
    return text if cell.well else text + "!"


def print_table(race, cells):
    """Rows for all axes that have several values, columns for the last of them."""
    values = {}
    for cell in cells:
        for axis, value in cell.values.items():
            values.setdefault(axis, dict())[value] = True
    swept = [axis for axis in values if len(values[axis]) > 1 and axis != "machine"]
    across = "reader" if "reader" in swept else swept[-1] if swept else "step"
    down = [axis for axis in swept if axis != across]
    heads = list(values[across])
    rows = {}
    for cell in cells:
        row = " ".join("%s=%s" % (axis, cell.values[axis]) for axis in down)
        rows.setdefault(row, {})[cell.values[across]] = short(cell)
    width = max(len(row) for row in rows)
    print("\n%s on %s" % (race, cells[0].values["machine"]))
    print(("  %-*s  %s" % (width, "", " ".join(
        "%-24s" % (across + "=" + head) for head in heads))).rstrip())
    for row, verdicts in rows.items():
        print(("  %-*s  %s" % (width, row, " ".join(
            "%-24s" % verdicts.get(head, "-") for head in heads))).rstrip())


def print_failure(kernel, cell):
    print("FAIL %s %s: %s %s, expected %s %s" % (
        cell.race, cell.place, cell.verdict, cell.because, cell.expected,
        cell.expected_because))
    print("again: %s" % again(kernel, cell))
    if cell.story:
        print(cell.story)


def again(kernel, cell):
    return 'make replay RACE=%s ARCH=%s CELL="%s"%s' % (
        cell.race, kernel.arch, cell.options(),
        kernel.mutant and " MUTANT=" + kernel.mutant)


def races():
    runs, failures, count = int(os.environ.get("RUNS") or 1), 0, 0
    for arch in [os.environ["ONLY_ARCH"]] if os.environ.get("ONLY_ARCH") else MACHINES:
        kernel = Kernel(arch, os.environ.get("MUTANT") or "")
        cells = run_races(kernel, os.environ.get("RACE") or "all", runs)
        for race in dict.fromkeys(cell.race for cell in cells):
            print_table(race, [cell for cell in cells if cell.race == race])
        for cell in cells:
            if not cell.well:
                print_failure(kernel, cell)
        failures += sum(not cell.well for cell in cells)
        count += len(cells)
        sys.stdout.flush()
    print("\nraces: %d cells, each %d times; %d not as expected" % (count, runs, failures))
    return 1 if failures or not count else 0


def replay():
    race, script = os.environ.get("RACE"), os.environ.get("SCHED")
    if not race:
        sys.exit("replay: say which race: make replay RACE=gup_munmap")
    sources(race)
    kernel = Kernel(os.environ.get("ARCH") or "x86_64", os.environ.get("MUTANT") or "")
    options = "race=%s cells=boot %s" % (race, os.environ.get("CELL") or "")
    if script:
        options += " script=" + ",".join(script.split())
    large = {"LA57": "1"} if kernel.arch == "x86_64" and "fold=permm" in options else {}
    status, log, story = kernel.boot(options, **large)
    refused = re.findall(r"^boot option .* refused.*|^unknown boot option .*", log, re.M)
    if refused:
        sys.exit("replay: " + "\n".join(refused))
    cells = {}
    whole = read(log, cells)
    if len(cells) != 1:
        sys.exit("replay: no race was run:\n" + story)
    cell = cells[1]
    if not whole:
        stopped(cell, status, log, story)
        print(story)
    print("%s %s" % (cell.race, cell.place))
    for line in log.splitlines():
        if line.startswith("# "):
            print("  " + line[2:])
    print("%s %s" % (cell.verdict, cell.because))
    if script:
        return 0 if cell.verdict in ("HARMLESS", "DETECTED", "EXCLUDED", "DAMAGED") else 1
    print("expected: %s %s" % (cell.expected, cell.expected_because))
    return 0 if cell.well else 1


if __name__ == "__main__":
    if sys.argv[1:] not in (["races"], ["replay"]):
        sys.exit(__doc__)
    sys.exit(races() if sys.argv[1] == "races" else replay())
