#!/usr/bin/env python3
"""hooks.py - does every shared access of mm/ pass a hook of -fsanitize=thread?

    hooks.py OBJECT ...      objects compiled with the flags of `make hook-lint`

An explorer of interleavings switches CPUs at these hooks, so an access without one would
be invisible to it. Three things hide accesses: copies of whole structures (one hook for
many words, in the wrong place), library calls and string instructions, and atomics that
the compiler did not write. Each makes this program fail, with the function it is in.
"""
import re
import subprocess
import sys

SIZES = "[1248]"
HOOK = re.compile(r"__tsan_(init|(unaligned_|volatile_)?(read|write)" + SIZES
                  + r"|atomic(8|16|32|64)_\w+|atomic_(thread|signal)_fence)$")
LIBRARY = re.compile(r"(mem|str|bcopy|bzero)\w*$")
HIDDEN = re.compile(r"\b(rep\w*|lock|movs[bwlq]|stos[bwlq])\b")


def output(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def bad_symbols(path):
    for line in output("nm", "-u", path).splitlines():
        symbol = line.split()[-1]
        if symbol.startswith("__tsan_") and not HOOK.match(symbol):
            yield "calls %s: a structure is copied whole" % symbol
        elif LIBRARY.match(symbol):
            yield "calls %s: memory is touched without hooks" % symbol


def bad_instructions(path):
    function = "?"
    for line in output("objdump", "-d", "--no-show-raw-insn", path).splitlines():
        if line.endswith(">:"):
            function = line.split("<")[1][:-2]
        elif "\t" in line and HIDDEN.search(line.split("\t", 1)[1]):
            yield "%s has `%s`" % (function, line.split("\t", 1)[1].strip())


def main():
    problems = 0
    for path in sys.argv[1:]:
        for problem in [*bad_symbols(path), *bad_instructions(path)]:
            print("%s: %s" % (path, problem))
            problems += 1
    if not sys.argv[1:] or problems:
        sys.exit("hook lint: %d problems in %d objects" % (problems, len(sys.argv) - 1))


if __name__ == "__main__":
    main()
