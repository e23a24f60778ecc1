#!/usr/bin/env python3
"""size.py - non-blank lines of each room against its budget (`make size`).

Tiny is a promise. Comments count: they are read too. Raising a budget takes a commit that
says why.
"""
import glob
import sys

SOURCES = (".c", ".h", ".S", ".asm", ".lds", ".awk", ".def")
BUDGETS = [  # room, folders in it, folders that are not counted, lines
    ("mm/table", ["mm/table"], [], 2080),
    ("mm, all", ["mm"], [], 12250),
    ("kernel", ["kernel"], ["kernel/linux"], 8480),
    ("kernel/linux", ["kernel/linux"], [], 5785),
    ("arch/x86_64", ["arch/x86_64"], [], 2330),
    ("arch/s390x", ["arch/s390x"], [], 2300),
    ("explorer", ["arch/sim/explore"], [], 1520),
]
OTHERS = ["arch/contract", "arch/sim", "boot", "user", "tests"]


def lines(folders, without=()):
    count = 0
    for folder in folders:
        for path in glob.glob(folder + "/**", recursive=True):
            if path.endswith(SOURCES) and not path.startswith(tuple(w + "/" for w in without)):
                with open(path, encoding="utf-8") as stream:
                    count += sum(1 for line in stream if line.strip())
    return count


def main():
    over = 0
    print("%-14s %7s %7s" % ("room", "lines", "budget"))
    for room, folders, without, budget in BUDGETS:
        count = lines(folders, without)
        over += count > budget
        print("%-14s %7d %7d%s" % (room, count, budget, "  OVER" if count > budget else ""))
    for room in OTHERS:
        print("%-14s %7d" % (room, lines([room])))
    if over:
        sys.exit("%d rooms are over their budget: make them smaller" % over)


if __name__ == "__main__":
    main()
