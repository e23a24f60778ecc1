#!/usr/bin/env python3
"""bench.py - `make bench`: guest instructions per operation, counted by user/bench.c.

Prints "bench <machine> <operation> <instructions>" lines. The machine is the release
build on one CPU under -icount, booted directly, 256 MiB; two runs give the same figures.
"""
import os
import sys

from machine import Config, Machine


def main():
    arch = os.environ.get("ARCH", "x86_64")
    config = Config(ARCH=arch, BUILD="release", BOOT="direct", SMP="1", ICOUNT="1",
                    APPEND="init=/bin/bench", TIMEOUT="120")
    with Machine(config, files=["build/%s-user/bench" % arch]) as machine:
        status = machine.finish()
        if status:
            sys.stderr.write(machine.story())
            sys.exit("bench: the machine failed with status %d" % status)
        name = arch + ("-la57" if config.LA57 in ("1", "y") else "")
        for line in machine.output.splitlines():
            print("bench %s %s" % (name, line))


if __name__ == "__main__":
    main()
