#!/usr/bin/env python3
"""prices.py - what each protection, each step= and each fold= costs (make bench PRICES=1).

    prices.py [MACHINE ...]

A protection's price is the release build less the same build with it removed: by the
mutant that a test kills, or, where no test can, by an edit given here. Steps and folds are
built one by one, and run with each number of levels that the machine can have.

    price <machine> <protection> <per page> <per call> <per page, pin for long>
    step  <machine> <step> <levels> <gup_fast_1> <gup_fast_512> <gup_slow_1>
    fold  <machine> <fold> <levels> <the same>

Instructions; "per page" from 512 pages in a call, "per call" from one. The compiler arranges
the rest of the code anew each time, so differences of a few instructions, and negative
prices, are its luck and not the protection's.
"""
import shutil
import subprocess
import sys

import bench
from mutant import Mutant, copy_tree, make_in

PROTECTIONS = {  # the name of its SAFE: what it is, and how to remove it without a mutant
    "gup_pte_recheck": ("the pte again, after the grab", None),
    "gup_pmd_recheck": ("the pmd entry again", None),
    "grab_from_zero": ("no grab of a free frame", None),
    "refs_overflow": ("no grab beyond the counter", None),
    "gup_same_block": ("the frame's head again", None),
    "gup_longterm": ("the look at what is pinned for long", None),
    "walker_irqs_off": ("interrupts off and on", (
        "mm/table/lockless.h", "reader == READER_IRQ || reader == READER_BOTH", "false")),
    "limit_before_root": ("the look at the limit", (
        "mm/table/gup_fast.c", "unlikely(end > atomic_load_acquire(&mm->limit))", "false")),
}
STEPS = ("addrend-folded", "addrend-value", "rederef", "depth", "oneword-root")
LEVELS = {  # how to boot with so many levels
    "x86_64": {4: {}, 5: {"LA57": "1"}},
    "s390x": {n: {"append": "fold=permm:%d" % n} for n in (2, 3, 4, 5)},
}
STATIC = {"x86_64": {"static4": 4}, "s390x": {"static3": 3, "static4": 4, "static5": 5}}
OF_PROTECTION = ("gup_fast_512", "gup_fast_1", "pin_longterm_512")
OF_STEP = ("gup_fast_1", "gup_fast_512", "gup_slow_1")


def edited(path, old, new):
    """The text of a file with the protection removed by hand."""
    with open(path) as stream:
        text = stream.read()
    if old not in text:
        sys.exit("prices: %s is not in %s" % (old, path))
    return text.replace(old, new)


def remove(name, arch):
    """A tree without the protection, built from what is built here already."""
    edit = PROTECTIONS[name][1]
    if not edit:
        mutant = Mutant(name)
        complaint = mutant.prepare((arch + "-bench",))
        if complaint:
            sys.exit("prices: %s does not apply: %s" % (mutant.patch, complaint))
        return mutant.tree
    tree = "build/mutants/" + name
    copy_tree(tree, (arch + "-bench",))
    text = edited(*edit)
    with open(tree + "/" + edit[0], "w") as stream:
        stream.write(text)
    return tree


def without(name, arch):
    """The figures without the protection."""
    tree = remove(name, arch)
    result = make_in(tree, "image", ARCH=arch, BUILD="release", BENCH="y")
    if result.returncode:
        sys.exit("prices: without %s it does not build:\n%s" % (name, result.stdout))
    folder = "%s/build/%s-release-bench/" % (tree, arch)
    figures = bench.kernel_figures({"ARCH": arch, "KERNEL": folder + "kernel.elf",
                                    "RAMDISK": folder + "ramdisk.cpio"})
    shutil.rmtree(tree)
    return figures


def prices(arch):
    bench.build(arch, "image")
    reference = bench.kernel_figures({"ARCH": arch})
    for name, (text, _) in PROTECTIONS.items():
        figures = without(name, arch)
        print("price %-6s %-18s %s   %s" % (arch, name, " ".join(
            "%6.1f" % (reference[of] - figures[of]) for of in OF_PROTECTION), text),
            flush=True)


def show(kind, arch, name, levels, **build):
    how = dict(LEVELS[arch][levels] if kind != "fold" or not name.startswith("static") else {})
    append = how.pop("append", "")
    figures = bench.kernel_figures(dict(how, ARCH=arch, **build), append)
    print("%s  %-6s %-15s %d levels  %s" % (kind, arch, name, levels, " ".join(
        "%7.1f" % figures[of] for of in OF_STEP)), flush=True)


def steps(arch):
    for step in ("",) + STEPS:
        bench.build(arch, "image", "STEP=" + step)
        for levels in LEVELS[arch]:
            show("step", arch, step or "lockless", levels, STEP=step)


def folds(arch):
    for fold, levels in STATIC[arch].items():
        bench.build(arch, "image", "FOLD=" + fold)
        show("fold", arch, fold, levels, FOLD=fold)
        show("fold", arch, "permm" if arch == "s390x" else "boot", levels)
    if arch == "x86_64":
        figures = bench.kernel_figures({"ARCH": arch, "LA57": "1"}, "fold=permm")
        print("fold  x86_64 permm           4 levels  %s" % " ".join(
            "%7.1f" % figures[of] for of in OF_STEP), flush=True)


def main(machines):
    for arch in machines or ("x86_64", "s390x"):
        print("# price: instructions per page of 512, per call for one, per page pinned for long")
        prices(arch)
        print("# step, fold: " + ", ".join(OF_STEP))
        steps(arch)
        folds(arch)


if __name__ == "__main__":
    main(sys.argv[1:])
