#!/usr/bin/env python3
"""fuzz.py - random system calls by programs, of Linux's and of our own.

    make fuzz [CALLS=n] [ARCH=...] [SMP=n] [SEED=s]

On each machine, in a boot of its own each: tests/linux/fuzz.c with so many calls, Linux's
and some of our own, and fuzz_native.c, which is slower, with a twentieth of them. One
line for each; the first that fails ends it with the whole story.
"""
import os
import random
import sys

from tap import MACHINES, compile_static, guest

NATIVE_THREADS = 36  # of fuzz_native, for each of which it is told a number


def number(name, default):
    text = os.environ.get(name) or str(default)
    if not text.isdigit():
        sys.exit("fuzz: %s=%s is no number" % (name, text))
    return int(text)


def main():
    calls = number("CALLS", 100000)
    seed = number("SEED", random.randrange(1, 10**6))
    limit = str(120 + calls // 1000)
    for arch in [os.environ["ONLY_ARCH"]] if os.environ.get("ONLY_ARCH") else MACHINES:
        each = calls // 20 // NATIVE_THREADS + 1
        for command, made in (("fuzz %d %d" % (seed, calls), calls),
                              ("fuzz_native %d %d" % (each, seed), each * NATIVE_THREADS)):
            name = command.split()[0]
            program = compile_static(arch, "tests/linux/%s.c" % name,
                                     "build/tests/%s/%s" % (arch, name))
            result = guest(command, [program], ARCH=arch, TIMEOUT=limit,
                           SMP=os.environ.get("SMP") or "4")
            if result.status:
                print(result)
                sys.exit("fuzz: failed; again: make fuzz ARCH=%s CALLS=%d SEED=%d" % (
                    arch, calls, seed))
            print("%s %s: %d calls, seed %d: nothing found, nothing lost" % (
                arch, name, made, seed), flush=True)


if __name__ == "__main__":
    main()
