#!/usr/bin/env python3
"""explore.py - every interleaving of the races in tests/races, on the simulated machine.

    explore.py explore     make explore [RACE=...] [MUTANT=name] [MEMORY=sc|tso] [V=1]
                           [SEARCH=classes|everything|preemptions:N|random] [EVICTS=1]
                           [APPEND="fault=vma ..."], where the race has no other wish
    explore.py replay      make replay ARCH=sim RACE=... [SCHED="..."] [CELL="..."] [GDB=1]
    explore.py why         make why AT=file:line [RACE=...]
    explore.py mutants     make explore-mutants [MUTANT="name ..."]

The program (tests/races/sim/run.c) explores one race, each cell in a process of its own,
and prints a line for each cell: the verdict that the race file expects, the verdict of the
race's script, and whether the search has found damage. Here they are compared, for each
geometry of the machine, each way that its tables fold, and each memory model. Damage that
nobody expects is shown (show.py), with the commands that replay it.
"""
import fnmatch
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby

from mutant import Mutant, all_mutants, make_in
from show import lanes_text, load

RECORDS = "build/explore"
# (geometry, levels, fold): the machine's usual one first
MACHINES = (("A", "4", "boot"), ("A", "4", "permm"), ("B", "3", "permm"))
SMALL = ("C", "4", "boot")  # for races that name it: their leaves are of four pages
MEMORIES = ("sc", "tso")
CELL = re.compile(r"cell (\S+) (.*?): (expected=.*) because=(.*)")
BUILT = tuple("build/sim-%s-explore/unit" % geometry for geometry in "ABC")


class Cell:
    """What the program says of one cell."""

    def __init__(self, match, machine, memory, record):
        self.race, self.place = match.group(1), match.group(2)
        self.machine, self.memory, self.record = machine, memory, record
        for key, value in (word.split("=", 1) for word in match.group(3).split()):
            setattr(self, key, int(value) if value.isdigit() else value)
        self.naive = float(self.naive)
        self.because, self.script_because, self.why = [
            part.strip() for part in match.group(4).split("|", 2)]
        self.schedule = self.found = self.found_script = ""
        self.places = []

    def problems(self):
        if self.expected == "nothing":
            if " mutant=" not in self.place:
                yield "no row of its table is about this cell"
            return
        if self.script != self.expected or (
                self.script == "EXCLUDED" and self.script_because != self.because):
            yield "the script's verdict is %s %s, expected %s %s" % (
                self.script, self.script_because, self.expected, self.because)
        if self.search == "DAMAGED" and self.expected != "DAMAGED":
            yield "an interleaving does damage: %s" % self.why
        if self.search == "none" and self.expected == "DAMAGED":
            yield "no interleaving does damage, of %d" % self.executions
        if self.cut:
            yield "not all was explored"


def record_path(race, machine, memory, mutant=""):
    return os.path.abspath("%s/%s%s-%s-%s.json" % (
        RECORDS, race, mutant and "-" + mutant, "".join(machine), memory))


def run_program(tree, machine, memory, *options):
    geometry, levels, fold = machine
    return subprocess.run(
        ["build/sim-%s-explore/unit" % geometry, "-", levels, fold, "memory=" + memory]
        + list(options), cwd=tree, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        errors="replace")


def explore(race, machine, memory, mutant="", tree=".", options=()):
    """(cells, what was wrong with the program's run or "")."""
    os.makedirs(RECORDS, exist_ok=True)
    record = record_path(race, machine, memory, mutant)
    result = run_program(tree, machine, memory, "race=" + race, "mutant=" + mutant,
                         "record=" + record, *options)
    cells = []
    for line in result.stdout.splitlines():
        match = CELL.match(line)
        if match:
            cells.append(Cell(match, machine, memory, record))
            continue
        word, _, rest = line.partition(" ")
        if cells and word in ("schedule", "found", "script"):
            setattr(cells[-1], {"script": "found_script"}.get(word, word), rest)
        elif cells and word == "places":
            cells[-1].places = rest.split()
    failed = result.returncode != 0 or not cells
    return cells, result.stdout[-3000:] if failed else ""


def build(mutant):
    """The tree to run in; with a mutant a copy."""
    if not mutant:
        return "."
    it = Mutant(mutant)
    complaint = it.prepare(("explore",))
    if complaint:
        sys.exit("%s does not apply: %s" % (it.patch, complaint))
    result = make_in(it.tree, *BUILT, ARCH="x86_64")
    if result.returncode:
        sys.exit("%s does not compile:\n%s" % (it.patch, result.stdout))
    return it.tree


def race_names():
    """Those of mm. The simulated machine has no kernel/ipc: ipc_* are for the guests."""
    return sorted(f[:-2] for f in os.listdir("tests/races")
                  if f.endswith(".c") and not f.startswith("ipc_")
                  and "RACE(%s)" % f[:-2] in open("tests/races/" + f).read())


def machines_of(race):
    """Those that it names ("machine=A,C,x86_64" in .sweeps), or all but the small one."""
    with open("tests/races/%s.c" % race, encoding="utf-8") as stream:
        named = re.search(r'\.sweeps\s*=\s*"[^"]*\bmachine=([^"\s]*)', stream.read())
    if not named:
        return MACHINES
    return [m for m in MACHINES + (SMALL,) if m[0] in named.group(1).split(",")]


def functions(cells):
    """mm's own functions that were on the way of the last executions."""
    places = sorted({"%x" % (int(p, 16) - 1) for cell in cells for p in cell.places})
    program = "build/sim-%s-explore/unit" % cells[0].machine[0]
    text = subprocess.run(["addr2line", "-i", "-f", "-e", program],
                          input="\n".join(places), stdout=subprocess.PIPE, text=True).stdout
    lines = text.splitlines()
    return sorted({lines[i] for i in range(0, len(lines) - 1, 2) if "/mm/" in lines[i + 1]})


def sum_line(race, cells):
    damaged = sum(cell.search == "DAMAGED" for cell in cells)
    return "%-20s %s %-5s %-3s %3d cells %8d executions %7d given up %9.1e interleavings" \
           " %4d steps  %s" % (
               race, cells[0].machine[0], cells[0].machine[2], cells[0].memory, len(cells),
               sum(cell.executions for cell in cells), sum(cell.blocked for cell in cells),
               sum(cell.naive for cell in cells), max(cell.longest for cell in cells),
               "damage in %d, as expected" % damaged if damaged else "no damage")


def show_cell(cell):
    """The record is of the last damage that the program has met."""
    if os.path.exists(cell.record):
        print(lanes_text(load(cell.record)))


def by_luck(cell, mutant, tree, walks=10000):
    """What a tester without a search would have seen of this cell."""
    policies = [word for word in cell.place.split()
                if word.split("=")[0] in ("flush", "tables", "reader", "rcu", "step", "fault")]
    result = run_program(tree, cell.machine, cell.memory, "race=" + cell.race, "search=random",
                         "cells=boot", "mutant=" + mutant, "most=%d" % walks,
                         *[word for word in policies if word != "step=lockless"])
    found = re.search(r" violations=(\d+)", result.stdout)
    return "%s of %d random walks" % (found.group(1) if found else "?", walks)


def write_pages(record):
    """HTML= and PERFETTO=: the same execution for a browser and for a trace viewer."""
    for variable, option in (("HTML", "--html"), ("PERFETTO", "--perfetto")):
        if os.environ.get(variable):
            subprocess.check_call(["tests/tools/show.py", option, os.environ[variable], record])
            print("written: " + os.environ[variable])


def report_race(race, cells, trouble, verbose, show):
    bad = [(cell, problem) for cell in cells for problem in cell.problems()]
    if cells:
        print(sum_line(race, cells))
    for cell in cells if verbose else ():
        print("    %s: %s, %d executions%s" % (cell.place, cell.search, cell.executions,
                                               cell.why and " (%s)" % cell.why))
    for cell, problem in bad:
        print("FAIL %s %s memory=%s: %s" % (race, cell.place, cell.memory, problem))
    if trouble:
        print("FAIL %s: %s" % (race, trouble))
    if bad and show:
        show_cell(bad[0][0])
    sys.stdout.flush()
    return len(bad) + bool(trouble)


def main_explore():
    mutant = os.environ.get("MUTANT", "")
    tree = build(mutant)
    wanted = os.environ.get("RACE")
    memories = [os.environ["MEMORY"]] if os.environ.get("MEMORY") else MEMORIES
    failures, everything = 0, []
    more = (["search=" + os.environ["SEARCH"]] if os.environ.get("SEARCH") else []) + (
        ["evicts="] if os.environ.get("EVICTS") else []) + (
            os.environ.get("APPEND") or "").split()
    races = fnmatch.filter(race_names(), wanted or "*")
    if not races:
        sys.exit("explore: there is no race %s; there are: %s" % (
            wanted, " ".join(race_names())))
    ways = [(race, machine, memory)
            for race in races for memory in memories for machine in machines_of(race)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        explored = pool.map(lambda way: explore(*way, mutant, tree, more), ways)
        for race, results in groupby(zip(ways, explored), lambda pair: pair[0][0]):
            of_race = []
            for _, (cells, trouble) in results:
                failures += report_race(race, cells, trouble, os.environ.get("V"), True)
                of_race += cells
            everything += of_race
            if of_race and not mutant:
                print("    through %s" % " ".join(functions(of_race[:1])))
    seconds = sum(cell.ms for cell in everything) / 1000
    print("explored: %d cells, %d executions, %d steps in %.1f s of one core (%.1f M steps/s),"
          " bounds hit: %d; %d not as expected" % (
              len(everything), sum(cell.executions for cell in everything),
              sum(cell.steps for cell in everything), seconds,
              sum(cell.steps for cell in everything) / 1e6 / max(seconds, 0.001),
              sum(cell.cut for cell in everything), failures))
    damaged = [cell for cell in everything if cell.search == "DAMAGED"]
    if mutant:
        print("with MUTANT=%s damage in %d cells" % (mutant, len(damaged)))
    if mutant and damaged:
        print("the first in execution %d of the search; by luck in %s" % (
            min(cell.first for cell in damaged), by_luck(damaged[0], mutant, tree)))
    if damaged and (mutant or wanted):
        show_cell(damaged[0])
        write_pages(damaged[0].record)
    return 1 if failures or not everything else 0


def main_replay():
    race, schedule = os.environ.get("RACE"), os.environ.get("SCHED") or ""
    if not race:
        sys.exit("replay: say which race: make replay ARCH=sim RACE=gup_munmap")
    tree = build(os.environ.get("MUTANT", ""))
    geometry = os.environ.get("GEOMETRY") or machines_of(race)[0][0]
    grows = "fold=permm" in (os.environ.get("CELL") or "")
    machine = [m for m in MACHINES + (SMALL,)
               if m[0] == geometry and (not grows or m[2] == "permm")][0]
    by_steps = re.match(r"(i?s?\d|r)x\d", schedule)
    options = ["cells=boot", "race=" + race] + (os.environ.get("CELL") or "").split()
    options = [o for o in options if not o.startswith(("step=lockless", "fold=", "machine="))]
    if os.environ.get("MUTANT"):
        options.append("mutant=" + os.environ["MUTANT"])
    if schedule:
        options.append("%s=%s" % ("schedule" if by_steps else "script",
                                  ",".join(schedule.split())))
    if os.environ.get("GDB"):
        os.chdir(tree)
        os.execvp("gdb", ["gdb", "--args", "build/sim-%s-explore/unit" % geometry, "-",
                          machine[1], machine[2],
                          "memory=" + (os.environ.get("MEMORY") or "sc")] + options)
    result = run_program(tree, machine, os.environ.get("MEMORY") or "sc", *options)
    print(result.stdout, end="")
    return result.returncode


USUAL = set()

# --- mutants ---------------------------------------------------------------------------

def where(cell):
    """The cell, whatever the tree's mistake, and the memory model."""
    return cell.race, cell.place.partition(" mutant=")[0]


def usual_damage():
    """The cells that are damaged in the tree as it is: they show nothing of a mutant."""
    if not USUAL:
        for machine in MACHINES + (SMALL,):
            cells, _ = explore("all", machine, "sc", options=("most=1",))
            USUAL.update(where(cell) for cell in cells if cell.expected == "DAMAGED")
    return USUAL


def kills(mutant, races=None, machines=None, memories=None):
    """Explores the races with the mutant until damage: the cell, or None."""
    usual = usual_damage()
    for memory in memories or MEMORIES:
        most = "2000" if memory == "sc" else "300"
        for machine in machines or MACHINES + (SMALL,):
            for race in races or ("all",):
                cells, _ = explore(race, machine, memory, mutant.name, mutant.tree,
                                   ("most=" + most,))
                damaged = [cell for cell in cells
                           if cell.search == "DAMAGED" and where(cell) not in usual]
                if damaged:
                    return min(damaged, key=lambda cell: cell.first)
    return None


def prepare(mutant, geometry=None):
    complaint = mutant.prepare(("explore",))
    if complaint:
        return complaint
    goals = [goal for goal in BUILT if not geometry or "-%s-" % geometry in goal]
    result = make_in(mutant.tree, *goals, ARCH="x86_64")
    return result.stdout if result.returncode else ""


def expectation(mutant):
    """The field Explored: (race, machine, memory), or (None, None, why it survives)."""
    field = mutant.fields.get("Explored", "")
    survives, _, why = field.partition(": ")
    if survives == "survives":
        return None, None, why
    words = field.split()
    if len(words) < 4:
        return None, None, ""
    race, geometry, fold, memory = words[:4]
    return race, [m for m in MACHINES + (SMALL,)
                  if m[0] == geometry and m[2] == fold][0], memory


def try_mutant(mutant):
    """(is it as its patch says?, a line about it)"""
    race, machine, memory = expectation(mutant)
    if not race and memory:
        return True, "%-24s survives: %s" % (mutant.name, memory)
    trouble = prepare(mutant, machine and machine[0])
    if trouble:
        return False, "%-24s does not build: %s" % (mutant.name, trouble[-300:])
    cell = kills(mutant, race and [race], machine and [machine], race and [memory])
    shutil.rmtree(mutant.tree)
    if not cell:
        return False, "%-24s survives, though nothing says why" % mutant.name
    limit = int((mutant.fields.get("Explored", "").split() + ["100"] * 5)[4]) if race else 0
    return cell.first <= limit, \
        "%-24s killed by %s in execution %d (%s %s): %s" % (
            mutant.name, cell.race, cell.first, cell.place, cell.memory, cell.why)


def is_explored(mutant):
    """Only what removes something from the files of mm/ that run there can show."""
    with open(mutant.patch) as stream:
        changed = re.search(r"^\+\+\+ (?:b/)?(mm/\S+)", stream.read(), re.M)
    return changed and (changed.group(1).endswith(".h") or os.path.exists(
        "build/sim-A-explore/%s.o" % changed.group(1)[:-2]))


def explored_mutants(only=()):
    """The mutants that can show, each tried: [(as it should be?, a line)]."""
    mutants = [m for m in all_mutants() if is_explored(m) and (not only or m.name in only)]
    usual_damage()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(try_mutant, mutants)


def main_mutants():
    good, lines = True, []
    for well, line in explored_mutants(os.environ.get("MUTANT", "").split()):
        print(("" if well else "FAIL ") + line, flush=True)
        good &= well
        lines.append(line)
    print("%d of %d mutants killed" % (
        sum(" killed by " in line for line in lines), len(lines)))
    return 0 if good else 1


def main_why():
    place = os.environ.get("AT", "")
    path, _, number = place.partition(":")
    if not os.path.exists(path) or not number.isdigit():
        sys.exit("why: say where: make why AT=mm/table/gup_leaf.h:118")
    tags = [(abs(n - int(number)), name)
            for n, line in enumerate(open(path), 1)
            for name in re.findall(r"SAFE\((\w+)\):", line)]
    if not tags or min(tags)[0] > 12:
        sys.exit("why: no protection stands near %s; there are: %s"
                 % (place, " ".join(name for _, name in tags) or "none in this file"))
    tag = min(tags)[1]
    mutants = [m for m in all_mutants() if m.fields.get("Removes") == tag]
    if not mutants:
        sys.exit("why: SAFE(%s) has no mutant: see tests/mutants/UNKILLED" % tag)
    mutant = mutants[0]
    print("SAFE(%s) at %s\n%s\n" % (tag, place, mutant.fields.get("Story", "")))
    trouble = prepare(mutant)
    if trouble:
        sys.exit(trouble)
    cell = kills(mutant, [os.environ["RACE"]] if os.environ.get("RACE") else race_names())
    if not cell:
        print("Without it no interleaving of the races does damage on this machine model;"
              " it is killed by %s" % mutant.fields.get("Killed-by"))
        return 1
    show_cell(cell)
    return 0


MAINS = {"explore": main_explore, "replay": main_replay, "why": main_why,
         "mutants": main_mutants}

if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in MAINS:
        sys.exit(__doc__)
    sys.exit(MAINS[sys.argv[1]]())
