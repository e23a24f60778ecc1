#!/usr/bin/env python3
"""Every mutant of tests/mutants is killed by the test that it names."""
import os
import re
import sys

sys.path.insert(0, "tests/tools")
from mutant import all_mutants
from tap import compile_static, done, guest, run, test

HERE = os.getcwd()


def in_guest(mutant, arch, command=None, files=(), **variables):
    build = mutant.tree + "/build/%s-lab" % arch
    return guest(command, files, ARCH=arch, KERNEL=build + "/kernel.elf",
                 RAMDISK=build + "/ramdisk.cpio", TIMEOUT="60", **variables)


def killed_by_host(mutant, name):
    """In either geometry; the mistakes of one machine may be harmless on the other."""
    results = [run(mutant.tree + "/build/sim-%s-asan/unit" % geometry, name)
               for geometry in "AB"]
    found = all("1..1\n" in result.output for result in results)
    return found and any(result.status for result in results), results[0]


def killed_by_unit(mutant, arch, name):
    result = in_guest(mutant, arch, APPEND="test=" + name)
    failed = re.search(r"^not ok \d+ %s\b" % name, result.log, re.M) or "PANIC" in result.log
    return result.status != 0 and failed, result


def killed_by_crash(mutant, arch, name, *words):
    result = in_guest(mutant, arch, APPEND="test=" + name)
    return " ".join(words) not in result.log, result


def killed_by_program(mutant, arch, file):
    program = compile_static(arch, "tests/linux/%s.c" % file,
                             "build/tests/%s/%s" % (arch, file))
    result = in_guest(mutant, arch, file, [program])
    return result.status != 0, result


def build(mutant, kind, arch):
    """A mutant that does not compile proves nothing."""
    if kind == "host":
        return mutant.make("build/sim-A-asan/unit", "build/sim-B-asan/unit")
    return mutant.make("image", "ARCH=" + arch)


KINDS = {"host": killed_by_host, "unit": killed_by_unit, "crash": killed_by_crash,
         "program": killed_by_program}
ONLY = os.environ.get("ONLY", "").split()

for mutant in all_mutants():
    if ONLY and mutant.name not in ONLY:
        continue
    kind, *words = mutant.fields.get("Killed-by", "nothing").split()
    complaint = mutant.prepare() or (kind not in KINDS and "no Killed-by line")
    if complaint or "Story" not in mutant.fields:
        test(False, mutant.name + ": applies, and tells its story", complaint)
        continue
    built = build(mutant, kind, words[0])
    if built.returncode:
        test(False, mutant.name + ": compiles", built.stdout)
        continue
    killed, story = KINDS[kind](mutant, *words)
    test(killed, "%s is killed by %s %s" % (mutant.name, kind, " ".join(words)), story)
done()
