#!/usr/bin/env python3
"""rules.py - the rules of the rooms that a program can check.

    rules.py [RULE ...]      all rules, or those named; prints FILE:LINE: what is wrong

Each rule is a function below whose name begins with rule_; its text says what it holds.
"""
import glob
import os
import re
import sys

# Who may include whom: a file may include files of its own rank or below. The first
# matching prefix counts.
RANKS = [
    ("arch/sim/", 8), ("tests/unit/sim/", 8), ("tests/unit/explore/", 8),
    ("tests/races/sim/", 8),
    ("kernel/base/types.h", 0), ("boot/info", 0), ("arch/contract/", 1),
    ("arch/x86_64/include/", 1), ("arch/s390x/include/", 1), ("kernel/base/", 2),
    ("kernel/sched/", 3), ("arch/", 3), ("boot/", 3), ("mm/", 4), ("kernel/ipc/", 5),
    ("kernel/task/", 5), ("kernel/linux/", 6), ("kernel/main.c", 7), ("tests/", 7),
]
# What a machine's upcalls need to know of higher rooms.
UPWARDS = {("arch", "mm/space/frame.h")}
NOT_KERNEL = ("user/", "boot/efi/", "tests/linux/", "tests/tools/")


def sources(*suffixes):
    for path in sorted(glob.glob("**/*", recursive=True)):
        if path.endswith(suffixes) and not path.startswith(("build/", ".")):
            yield path


def lines(path):
    with open(path, encoding="utf-8") as stream:
        return list(enumerate(stream.read().split("\n"), 1))


def blank(match):
    return re.sub(r"[^\n]", " ", match.group())


def code_lines(path):
    """The lines of a C file with comments blanked."""
    with open(path, encoding="utf-8") as stream:
        text = re.sub(r"/\*.*?\*/", blank, stream.read(), flags=re.S)
    return enumerate(re.sub(r"//[^\n]*", "", text).split("\n"), 1)


def rank(path):
    for prefix, number in RANKS:
        if path.startswith(prefix):
            return number
    return None


def rule_includes():
    """Calls go down, so includes go down: base, sched, mm, task, linux."""
    for path in sources(".c", ".h"):
        if path.startswith(NOT_KERNEL) or rank(path) is None:
            continue
        for number, line in lines(path):
            match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
            if not match:
                continue
            target = match.group(1)
            if not os.path.exists(target):
                target = os.path.join(os.path.dirname(path), target)
            if (path.split("/")[0], target) in UPWARDS:
                continue
            if rank(target) is None or rank(target) > rank(path):
                yield path, number, "%s is above this room" % target


def rule_assembly():
    """Machine instructions stand in arch/, boot/ and user/ only."""
    for path in sources(".c", ".h"):
        if path.startswith(("arch/", "boot/", "user/", "tests/linux/")):
            continue
        for number, line in code_lines(path):
            if re.search(r"\b(asm|__asm__)\b(?!/)", line):
                yield path, number, "inline assembly outside arch/"


def rule_names():
    """mm/ and kernel/ know no machine by name."""
    for path in sources(".c", ".h", ".def"):
        if not path.startswith(("mm/", "kernel/")):
            continue
        for number, line in code_lines(path):
            if re.search(r"x86|amd64|s390|i386", line, re.I):
                yield path, number, "names a machine: ask arch/contract instead"


def rule_barriers():
    """Barriers and bare atomic builtins stand in kernel/base, kernel/sched, mm, arch."""
    for path in sources(".c", ".h"):
        if not path.startswith(("kernel/task/", "kernel/ipc/", "kernel/linux/")):
            continue
        for number, line in code_lines(path):
            if re.search(r"__atomic_|__sync_|\bsmp_\w*mb\(", line):
                yield path, number, "a barrier or bare atomic above mm"


def safe_names():
    """(name, path, line number, is it the place of the protection?) of every mention."""
    for path in sources(".c", ".h", ".S", ".asm"):
        for number, line in lines(path):
            for name, colon in re.findall(r"SAFE\(([\w-]+)\)(:?)", line):
                yield name, path, number, bool(colon)


def removed_names():
    """(name, patch): the protections that have mutants. `none` is for those without."""
    for path in sorted(glob.glob("tests/mutants/*.patch")):
        with open(path, encoding="utf-8") as stream:
            match = re.search(r"^Removes: *(\w+)", stream.read(), re.M)
        if match and match.group(1) != "none":
            yield match.group(1), path


def rule_safe():
    """Each protection's name, SAFE(name), stands at exactly one place."""
    places = {}
    for name, path, number, is_place in safe_names():
        if is_place and name in places:
            yield path, number, "SAFE(%s) stands at %s too" % (name, places[name])
        elif is_place:
            places[name] = "%s:%d" % (path, number)
    for name, path, number, is_place in safe_names():
        if name not in places:
            yield path, number, "SAFE(%s) stands nowhere" % name


def rule_mutants():
    """Each protection has a mutant, or a line in tests/mutants/UNKILLED that says why not."""
    names = {name: (path, number) for name, path, number, is_place in safe_names() if is_place}
    have = {}
    for name, patch in removed_names():
        have[name] = patch
        if name not in names:
            yield patch, 1, "there is no SAFE(%s)" % name
    for number, line in lines("tests/mutants/UNKILLED"):
        match = re.match(r"(\w+): \S", line)
        if not match:
            continue
        if match.group(1) not in names or match.group(1) in have:
            yield "tests/mutants/UNKILLED", number, "not a name, or killed now: " + line
        have[match.group(1)] = "UNKILLED"
    for name in sorted(set(names) - set(have)):
        yield names[name] + ("SAFE(%s) has no mutant" % name,)
    for path in sorted(glob.glob("tests/mutants/*.patch")):
        with open(path, encoding="utf-8") as stream:
            if len(re.findall(r"^@@ ", stream.read(), re.M)) != 1:
                yield path, 1, "not one hunk"


def rule_mm_lock():
    """mm->lock is taken by mm_read_lock() and mm_write_lock() only: they keep mm->seq."""
    for path in sources(".c", ".h"):
        if path == "mm/space/lock.c":
            continue
        for number, line in code_lines(path):
            if re.search(r"rwsem_\w*lock\(&?[\w.>-]*\bmm(->|\.)lock\b", line):
                yield path, number, "takes mm->lock by hand: use mm_read_lock() ..."


def rule_links():
    """Links between the texts lead somewhere."""
    for path in sources(".md"):
        for number, line in lines(path):
            for target in re.findall(r"\]\(([^)#]+)[^)]*\)", line):
                if "://" not in target and not os.path.exists(
                        os.path.join(os.path.dirname(path), target)):
                    yield path, number, "no such file: " + target


def rule_leftovers():
    """No notes to self, no blanks at line ends."""
    word = re.compile("TO" + "DO|FIX" + "ME|XX" + "X")
    for path in sources(".c", ".h", ".S", ".asm", ".py", ".sh", ".md", ".lds", "Makefile"):
        for number, line in lines(path):
            if word.search(line):
                yield path, number, "an unfinished thought: do it or drop it"
            if line != line.rstrip():
                yield path, number, "blanks at the end of the line"


def main(names):
    rules = {name[5:]: rule for name, rule in globals().items() if name.startswith("rule_")}
    unknown = set(names) - set(rules)
    if unknown:
        sys.exit("no such rule: %s; there are: %s"
                 % (" ".join(sorted(unknown)), " ".join(rules)))
    problems = 0
    for name in names or rules:
        for problem in rules[name]():
            print("%s:%d: %s" % problem)
            problems += 1
    sys.exit(problems > 0)


if __name__ == "__main__":
    main(sys.argv[1:])
