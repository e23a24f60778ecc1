#!/usr/bin/env python3
"""failing.py - every allocation that whole programs reach fails once.

    make failing [PROGRAM="name ..."] [PART=n] [ARCH=...] [EVERY=n] [FIRST=n] [SMP=n]

The TAP programs of tests/linux (or those that are named), each in a boot of its own under
tests/linux/failing.c: the N-th allocation of the kernel's fails, for every N, or for every
EVERY-th from FIRST on, until the program comes no longer so far. One line for each; of a
program with parts (tests/linux/tap.h) one for each part, each in its own boot. What
has panicked, lost memory, or said nothing for ten minutes ends it with the whole story,
and with the command that goes on from there.

At every N most programs take minutes, those that reach thousands of allocations hours.
"""
import os
import re
import sys
import time

from machine import Config, Machine
from tap import MACHINES, compile_static, tap_programs

NOT_SWEPT = ("failing",  # it is who sweeps
             "fuzz", "fuzz_native")  # never ask the same twice
SILENCE = 600  # seconds; there is a line for every 64 N, and for each that had to be ended
PART = re.compile(r"^\t+PART\(", re.M)
PLACE = re.compile(r"^# next ([1-9]\d*)", re.M)
LOST = re.compile(r"^# lost from allocation (\d+)", re.M)
SUMMARY = re.compile(r"^# \S+: (\d+ failures.*)$", re.M)


def programs():
    named = os.environ.get("PROGRAM")
    return named.split() if named else [
        name for name in tap_programs() if name not in NOT_SWEPT]


def number(name, usual="1"):
    text = os.environ.get(name) or usual
    if not text.isdigit() or text == "0" != usual:
        sys.exit("failing: %s=%s is no number" % (name, text))
    return text


def parts(name):
    """The numbers of a program's parts; "0": it has none, and is swept whole."""
    with open("tests/linux/%s.c" % name) as source:
        many = len(PART.findall(source.read()))
    one = number("PART", "0")
    if int(one) > many:
        sys.exit("failing: %s has %d parts, no part %s" % (name, many, one))
    return [one] if one != "0" or not many else [str(i + 1) for i in range(many)]


def compiled(arch, name):
    return compile_static(arch, "tests/linux/%s.c" % name,
                          "build/tests/%s/%s" % (arch, name))


def sweep(arch, name, every, first, part):
    """Boot, sweep: what was found, and how it went. It has time while it says something."""
    files = [compiled(arch, "failing"), compiled(arch, name)]
    config = Config(ARCH=arch, SMP=os.environ.get("SMP"), TIMEOUT=str(SILENCE))

    def go_on(text):
        machine.deadline = time.monotonic() + config.limit

    machine = Machine(config, "failing /bin/%s %s %s %s" % (name, every, first, part),
                      files, echo=go_on)
    with machine:
        well = machine.finish() == 0 and machine.qemu_succeeded
        summary = SUMMARY.search(machine.output)
        if well and summary:
            return None, summary.group(1)
        return machine.output + machine.story(), machine.output


def check(arch, name, every, first, part):
    finding, how = sweep(arch, name, every, first, part)
    if finding:
        print(finding)
        place = (LOST.findall(how) or PLACE.findall(how)[-1:] or [first])[0]
        sys.exit("failing: failed; again: make failing ARCH=%s PROGRAM=%s PART=%s EVERY=%s "
                 "FIRST=%s" % (arch, name, part, every, place))
    print("%s %s part %s: nothing found; %s" % (arch, name, part, how), flush=True)


def main():
    every, first = number("EVERY"), number("FIRST")
    only = os.environ.get("ONLY_ARCH")
    for name in programs():
        for part in parts(name):
            for arch in [only] if only else MACHINES:
                check(arch, name, every, first, part)


if __name__ == "__main__":
    main()
