#!/usr/bin/env python3
"""Every mutant of tests/mutants is killed by the test that it names."""
import os
import re
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, "tests/tools")
from mutant import all_mutants
from tap import MACHINES, compile_static, done, guest, run, test


def in_guest(mutant, arch, options, command=None, files=()):
    build = mutant.tree + "/build/%s-lab" % arch
    smp = [option[4:] for option in options if option.startswith("SMP=")] or ["2"]
    append = " ".join(option for option in options if not option.startswith("SMP="))
    return guest(command, files, ARCH=arch, KERNEL=build + "/kernel.elf", SMP=smp[0],
                 RAMDISK=build + "/ramdisk.cpio", TIMEOUT="60", APPEND=append)


def killed_by_host(mutant, name):
    """In either geometry; the mistakes of one machine may be harmless on the other."""
    results = [run(mutant.tree + "/build/sim-%s-asan/unit" % geometry, name)
               for geometry in "AB"]
    found = all("1..1\n" in result.output for result in results)
    return found and any(result.status for result in results), results[0]


def killed_by_unit(mutant, arch, name, *options):
    result = in_guest(mutant, arch, ("test=" + name,) + options)
    failed = re.search(r"^not ok \d+ %s\b" % name, result.log, re.M) or "PANIC" in result.log
    return result.status != 0 and failed, result


def killed_by_crash(mutant, arch, name, *words):
    result = in_guest(mutant, arch, ("test=" + name,))
    return " ".join(words) not in result.log, result


def killed_by_program(mutant, arch, file, *options):
    program = compile_static(arch, "tests/linux/%s.c" % file,
                             mutant.tree + "/build/%s-test" % file)
    result = in_guest(mutant, arch, options, file, [program])
    return result.status != 0, result


def killed_by_race(mutant, arch, name, *options):
    """Some cell is not what it is in the tree as it should be."""
    result = in_guest(mutant, arch, ("race=" + name, "SMP=4") + options)
    return result.status != 0 and "\nrace 1 " in result.log, result


KILLERS = {"host": killed_by_host, "unit": killed_by_unit, "crash": killed_by_crash,
           "program": killed_by_program, "race": killed_by_race}
GOALS = {"host": ("build/sim-A-asan/unit", "build/sim-B-asan/unit")}
GOALS.update((arch, ("image", "ARCH=" + arch)) for arch in MACHINES)


def trials(mutant):
    """What is to be tried: (words, must it be killed?)."""
    yield mutant.fields.get("Killed-by", "nothing").split(), True
    for more in ("Oracle", "Race"):
        if more in mutant.fields:
            yield mutant.fields[more].split(), True
    harmless, _, why = mutant.fields.get("Harmless-on", "").partition(":")
    if harmless:
        yield harmless.split() if why.strip() else ["without-a-reason"], False


def place(words):
    """The machine that these words are about."""
    return "host" if words[0] == "host" else (words + ["?"])[1]


def attempt(mutant):
    """Prepare, build, try: a list of (passed, what, reason)."""
    todo = list(trials(mutant))
    places = sorted({place(words) for words, _ in todo})
    if "Story" not in mutant.fields or not all(
            words[0] in KILLERS and place(words) in GOALS for words, _ in todo):
        return [(False, mutant.name + ": tells its story, and who kills it", mutant.fields)]
    complaint = mutant.prepare(places)
    if complaint:
        return [(False, mutant.name + ": applies", complaint)]
    for where in places:  # a mutant that does not compile proves nothing
        built = mutant.make(*GOALS[where])
        if built.returncode:
            return [(False, mutant.name + ": compiles", built.stdout)]
    verdicts = []
    for words, must_die in todo:
        killed, story = KILLERS[words[0]](mutant, *words[1:])
        if must_die:
            verdicts.append((killed, "%s is killed by %s" % (mutant.name, " ".join(words)),
                             story))
        else:
            verdicts.append((not killed and story.status == 0,
                             "%s is harmless on %s" % (mutant.name, " ".join(words)), story))
    shutil.rmtree(mutant.tree)
    return verdicts


ONLY = os.environ.get("ONLY", "").split()
with ThreadPoolExecutor(os.cpu_count()) as pool:
    for verdicts in pool.map(attempt, [mutant for mutant in all_mutants()
                                       if not ONLY or mutant.name in ONLY]):
        for verdict in verdicts:
            test(*verdict)
done()
