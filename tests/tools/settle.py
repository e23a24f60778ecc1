#!/usr/bin/env python3
"""settle.py - "What does IRQ-off buy you?", as one table of explored verdicts.

    make settle [RACE=...] [V=1]

Rows are what may happen to a lockless walk: the pte is cleared under it, or leads to another
page; the frame is freed and used again, the table is; the root grows. Once as the code is,
and once without the look again that each walk takes after its grab, for what the section
alone is worth. Columns are what the walker holds (reader=), against how flushes are made,
how tables are freed, and what RCU counts. Every cell is the search over all interleavings:
`none N` of N executions did damage, or `DAMAGE`, with a schedule for make replay.
"""
import os
import sys

from explore import MACHINES, SMALL, build, explore

ROWS = (  # race, mutant, what happens
    ("gup_dontneed", "", "the pte is cleared"),
    ("gup_repoint", "", "the pte leads to another page"),
    ("gup_munmap", "", "the frame is freed and used again"),
    ("gup_munmap", "gup_pte_recheck", "the same, and nobody looks again"),
    ("gup_truncate", "", "the page is cut off of its file: the pointer there is NULL"),
    ("gup_object_freed", "", "the file itself is freed"),
    ("gup_table_free", "", "the table is freed and used again"),
    ("gup_grow", "", "the root grows, under a walk"),
    ("gup_grow", "limit_before_root", "the same, the root read before the limit"),
    ("gup_leaf", "", "the leaf is split, and becomes a table"),
    ("gup_collapse", "", "the pages become a block"),
    ("gup_collapse", "gup_pmd_recheck", "the same, and nobody looks at the pmd again"),
)
HUGE = ("gup_leaf", "gup_collapse")  # on the machine whose leaves are small
READERS = ("irq", "rcu", "both", "none")
SAYINGS = (
    ("irq-off keeps tables where rcu=merged or a flush by IPI waits for it",
     "Lespinasse: with interrupts off no table is freed under the walk",
     lambda t: t("gup_table_free", "", tables="rcu", rcu="merged", reader="irq") == 0),
    ("irq-off alone keeps nothing where RCU does not count it and flushes are broadcast",
     "Lutomirski: interrupts off is not enough when tables are freed by RCU",
     lambda t: t("gup_table_free", "", tables="rcu", rcu="counter", reader="irq",
                 flush="broadcast") > 0),
    ("rcu_read_lock() alone keeps no table that is freed after an IPI",
     "the reader has to fit the freer",
     lambda t: t("gup_table_free", "", tables="ipi", reader="rcu") > 0),
    ("irq-off saves the frame from reuse only where the flush is an IPI",
     "Hildenbrand: pages are unmapped and freed without waiting for the fast path",
     lambda t: t("gup_munmap", "gup_pte_recheck", reader="irq", flush="ipi") == 0
     and t("gup_munmap", "gup_pte_recheck", reader="irq", flush="broadcast") > 0),
    ("with the look again nothing of that matters for the frame",
     "Gunthorpe: the look again is what makes it right",
     lambda t: t("gup_munmap", "") == 0 and t("gup_dontneed", "") == 0
     and t("gup_repoint", "") == 0),
    ("a pointer that is read once may become NULL at any time; what it leads to has to stay",
     "Hildenbrand, Stoakes: the mapping is read once, and files are freed by RCU",
     lambda t: t("gup_truncate", "") == 0
     and t("gup_object_freed", "", rcu="merged", reader="irq") == 0
     and t("gup_object_freed", "", rcu="counter", reader="irq", flush="broadcast") > 0
     and t("gup_object_freed", "", reader="none", flush="broadcast") > 0),
    ("collapse: to wait for walkers, or their second look at the pmd: either will do for a pin",
     "Linux does both (70cbc3cc78a9, 2ba99c5e0881)",
     lambda t: t("gup_collapse", "") == 0
     and all(t("gup_collapse", "gup_pmd_recheck", reader=r) == 0 for r in ("irq", "rcu", "both"))
     and t("gup_collapse", "gup_pmd_recheck", reader="none") > 0),
    ("a leaf that is split under a walk needs no section: what was grabbed is seen",
     "Shutemov: to keep a page from being split, hold it",
     lambda t: t("gup_leaf", "") == 0),
    ("a root that grows needs no section at all: an order of two loads",
     "the limit is read before the root",
     lambda t: t("gup_grow", "") == 0 and t("gup_grow", "limit_before_root") > 0),
)


def values(cell):
    return dict(word.split("=", 1) for word in cell.place.split() if "=" in word)


def explore_row(race, mutant):
    """The cells of all policies, on every machine: {(flush, tables, rcu, reader): [cell]}."""
    tree, found = build(mutant), {}
    # Else on those whose roots grow.
    for machine in (SMALL,) if race in HUGE else MACHINES[1:]:
        cells, trouble = explore(race, machine, "sc", mutant, tree,
                                 ("sweeps=flush,tables,reader,rcu",))
        if trouble:
            sys.exit("settle: %s: %s" % (race, trouble))
        for cell in cells:
            of = values(cell)
            found.setdefault((of["flush"], of["tables"], of["rcu"], of["reader"]),
                             []).append(cell)
    return found


def verdict(cells):
    damaged = [cell for cell in cells if cell.search == "DAMAGED"]
    if damaged:
        return "DAMAGE"
    return "none %d" % sum(cell.executions for cell in cells)


def same_rows(found):
    """Rows that differ in nothing become one: [(what they are, {reader: cells})]."""
    rows = {}
    for flush in ("ipi", "broadcast"):
        for tables in ("rcu", "rcu-ipi-fallback", "ipi", "immediate"):
            for rcu in ("merged", "counter"):
                line = {r: found[flush, tables, rcu, r] for r in READERS}
                key = flush, tuple(verdict(line[r])[:4] for r in READERS)
                rows.setdefault(key, []).append((tables, rcu, line))
    for (flush, _), lines in rows.items():
        tables = sorted({t for t, _, _ in lines})
        rcus = sorted({r for _, r, _ in lines})
        whole = len(tables) * len(rcus) == len(lines)
        what = "tables=%s rcu=%s" % (",".join(tables), ",".join(rcus)) if whole else ", ".join(
            "%s/%s" % (t, r) for t, r, _ in lines)
        if len(lines) == 8:
            what = "any tables=, any rcu="
        merged = {r: [cell for _, _, line in lines for cell in line[r]] for r in READERS}
        yield "flush=%s" % flush, what, merged


def print_row(title, found):
    print("\n%s" % title)
    print("  %-17s %-20s %-20s %-20s %s" % (("",) + tuple("reader=" + r for r in READERS)))
    for flush, what, line in same_rows(found):
        print("  %-17s %-20s %-20s %-20s %-20s %s" % (
            (flush,) + tuple(verdict(line[r]) for r in READERS) + (what,)))


def print_schedules(race, mutant, found):
    """One schedule for each way to fail: the first damaged cell of each reader."""
    for reader in READERS:
        damaged = [cell for key, cells in sorted(found.items()) if key[3] == reader
                   for cell in cells if cell.search == "DAMAGED"]
        if damaged:
            cell = damaged[0]
            policies = " ".join(w for w in cell.place.split()
                                if w.split("=")[0] in ("flush", "tables", "reader", "rcu"))
            print('    reader=%s: make replay ARCH=sim RACE=%s%s GEOMETRY=%s CELL="%s" SCHED="%s"'
                  % (reader, race, mutant and " MUTANT=" + mutant, cell.machine[0], policies,
                     cell.schedule))


def main():
    table, failures = {}, 0
    only = os.environ.get("RACE")
    for race, mutant, what in ROWS:
        if only and race != only:
            continue
        found = table[race, mutant] = explore_row(race, mutant)
        print_row("%s (%s%s)" % (what, race, mutant and ", MUTANT=" + mutant), found)
        print_schedules(race, mutant, found)
        sys.stdout.flush()
    if only:
        return 0

    def damaged(race, mutant, **where):
        return sum(cell.search == "DAMAGED" for cells in table[race, mutant].values()
                   for cell in cells
                   if all(values(cell)[axis] == value for axis, value in where.items()))

    print("\nWhat the threads said, and what all interleavings say:")
    for claim, said, holds in SAYINGS:
        good = holds(damaged)
        failures += not good
        print("  %s  %s\n       (%s)" % ("yes" if good else "NO ", claim, said))
    count = sum(cell.executions for row in table.values() for cells in row.values()
                for cell in cells)
    print("settled: %d cells, %d executions; %d claims do not hold" % (
        sum(len(cells) for row in table.values() for cells in row.values()), count, failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
