#!/usr/bin/env python3
"""mutant.py - the source tree with one protection removed.

    mutant.py NAME [make argument ...]     apply tests/mutants/NAME.patch to a copy of the
                                           tree, and run make there

A mutant is a patch of one hunk, headed by its story: lines "Word: text" (more lines of
the text are indented). `Story` tells what went wrong where such a mistake was made, or
would; `Removes` is the name of the SAFE comment, if it has one; `Killed-by` names the
test that must fail:

    Killed-by: host NAME                unit test NAME, on the simulated machine
    Killed-by: unit ARCH NAME           unit test NAME in a guest, a panic included
    Killed-by: crash ARCH NAME WORD...  the crash test NAME no longer says WORD...
    Killed-by: program ARCH FILE        the test program tests/linux/FILE.c
    Killed-by: race ARCH NAME           a cell of tests/races/NAME.c has another verdict

More lines of the same form: `Oracle:` names a test that a check of the lab kernel
(mm/oracle) fails, though it does not look for this mistake; `Race:` a race.

Boot options may follow, as may SMP=n. Where something else makes the mistake harmless, the
patch says so, and the test has to pass there:

    Harmless-on: unit ARCH NAME [options]: why

What the search over all interleavings says (tests/tools/explore.py):

    Explored: RACE GEOMETRY FOLD MEMORY [N] that race finds it, in 100 (N) executions at most
    Explored: survives: why                 no race does, on that machine model

Protections without a mutant stand in tests/mutants/UNKILLED, with the reason. The copies lie in build/mutants/; objects built before are copied too, so that only what
the patch touches is compiled again.
"""
import os
import re
import shutil
import subprocess
import sys

FOLDER = "tests/mutants"
COPIED = ("Makefile", "kernel", "mm", "arch", "boot", "user", "tests")
BUILDS = {"host": ("sim-A-asan", "sim-B-asan"),
          "explore": ("sim-A-explore", "sim-B-explore", "sim-C-explore"),
          "x86_64": ("x86_64-lab", "x86_64-user"),
          "s390x": ("s390x-lab", "s390x-user"),
          "x86_64-bench": ("x86_64-release-bench", "x86_64-user"),
          "s390x-bench": ("s390x-release-bench", "s390x-user")}


def copy_tree(tree, kinds):
    """The sources, and what was built for `kinds`."""
    shutil.rmtree(tree, ignore_errors=True)
    os.makedirs(tree + "/build")
    for part in COPIED + tuple("build/" + b for kind in kinds for b in BUILDS[kind]):
        if os.path.exists(part):
            subprocess.check_call(["cp", "-a", part, tree + "/" + part])


def make_in(tree, *arguments, **options):
    environment = dict(os.environ, MUTANT="", MAKEFLAGS="", MAKEOVERRIDES="", **options)
    return subprocess.run(["make", "-s", "-j2", "-C", tree] + list(arguments),
                          env=environment, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, errors="replace")


class Mutant:
    def __init__(self, name):
        self.name = name
        self.patch = "%s/%s.patch" % (FOLDER, name)
        if not os.path.exists(self.patch):
            names = sorted(f[:-6] for f in os.listdir(FOLDER) if f.endswith(".patch"))
            sys.exit("MUTANT=%s: there is none; there are: %s" % (name, " ".join(names)))
        with open(self.patch) as stream:
            head = stream.read().partition("\n--- ")[0]
        self.fields = {}
        for match in re.finditer(r"^([A-Z][\w-]*): (.*(?:\n[ \t]+.*)*)", head, re.M):
            self.fields[match.group(1)] = " ".join(match.group(2).split())
        self.tree = "build/mutants/" + name

    def prepare(self, kinds=("host", "x86_64", "s390x")):
        """The patched copy, with what was built for `kinds`; returns patch's complaint, or
        None."""
        copy_tree(self.tree, kinds)
        result = subprocess.run(
            ["patch", "-p1", "--no-backup-if-mismatch", "-s", "-d", self.tree,
             "-i", os.path.abspath(self.patch)], stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, errors="replace")
        return result.stdout if result.returncode else None

    def make(self, *arguments, **options):
        return make_in(self.tree, *arguments, **options)


def all_mutants():
    return [Mutant(file[:-6]) for file in sorted(os.listdir(FOLDER))
            if file.endswith(".patch")]


def main(name, arguments):
    mutant = Mutant(name)
    complaint = mutant.prepare()
    if complaint:
        sys.exit("%s does not apply: %s" % (mutant.patch, complaint))
    sys.stderr.write("--- a tree with a mistake: %s ---\n" % mutant.patch)
    added = " ".join(os.path.abspath(f) for f in os.environ.get("ADD", "").split())
    os.execvpe("make", ["make", "--no-print-directory", "-C", mutant.tree] + arguments,
               dict(os.environ, MUTANT="", MAKEFLAGS="", MAKEOVERRIDES="", ADD=added))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
