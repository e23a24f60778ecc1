#!/usr/bin/env python3
"""torture.py - random load on lab kernels, under random policies, with every oracle on.

    make torture [ARCH=...] [SMP=n] [MINUTES=n] [SEED=s] [EDAT=1|n] [APPEND="thp=always ..."]

Boot after boot until the time is over (default: 1 minute; 0: one boot). Each boot has a
seed of its own, which chooses machine, CPUs, policies and load: programs
(tests/linux/torture.c) or threads of the kernel (tests/unit/torture.c). What APPEND says
comes after the drawn options, and wins. Silent, but for one line at the end; a failure
ends it with the whole story and the command that repeats.
"""
import os
import random
import re
import sys
import time

from tap import MACHINES, compile_static, edat_missing, guest

# tables= with all reader= and rcu= under which no walker loses a table (policy.h).
SAFE = [(tables, reader, rcu)
        for tables in ("rcu", "rcu-ipi-fallback", "ipi", "immediate")
        for reader in ("irq", "rcu", "both") for rcu in ("merged", "counter")
        if (reader != "rcu" or tables == "rcu")
        and not (reader == "irq" and rcu == "counter" and tables in ("rcu", "rcu-ipi-fallback"))]
FOLDS = {"x86_64": ("boot", "boot LA57", "permm LA57"),
         "s390x": ("permm:2", "permm:3", "permm:4", "permm:5")}
STEPS = ("lockless", "lockless", "lockless", "addrend-folded", "addrend-value", "depth",
         "oneword-root")
USER_SECONDS, KERNEL_OPS = 8, 4000
WRONG = re.compile(r"PANIC|^ledger:|^not ok|^invariant broken|unknown boot option|[^0-9] refused",
                   re.M)


class Boot:
    """What one seed chooses; ARCH, SMP and EDAT may be given, and options added."""

    def __init__(self, seed, arch="", smp="", edat="", append=""):
        dice = random.Random(seed)
        self.seed = seed
        drawn = dice.choice(MACHINES), dice.choice(("1", "2", "4", "4"))
        self.arch, self.smp = arch or drawn[0], smp or drawn[1]
        tables, reader, rcu = dice.choice(SAFE)
        # Freed at once after the flush: only a flush that waits for walkers will do.
        flush = "ipi" if tables == "immediate" else dice.choice(("ipi", "broadcast"))
        fold = dice.choice(FOLDS[self.arch]).split()
        self.la57 = "1" if "LA57" in fold else ""
        self.options = "fold=%s flush=%s tables=%s reader=%s rcu=%s step=%s" % (
            fold[0], flush, tables, reader, rcu, dice.choice(STEPS))
        self.by_kernel = dice.random() < 0.3
        self.options += " thp=" + dice.choice(("always", "always", "madvise", "never"))
        drawn = dice.choice(("1", "n"))
        self.edat = (edat or drawn) if self.arch == "s390x" else ""
        self.options += " fault=" + dice.choice(("mmap", "vma", "speculative"))
        self.append = append

    def __str__(self):
        given = " ".join(filter(None, (self.edat and "EDAT=" + self.edat,
                                       self.append and 'APPEND="%s"' % self.append)))
        return "make torture ARCH=%s SMP=%s SEED=%d MINUTES=0 %s  (%s%s, %s)" % (
            self.arch, self.smp, self.seed, given, self.options,
            " LA57=1" if self.la57 else "", "the kernel" if self.by_kernel else "programs")

    def run(self):
        """(was all well?, the story)"""
        variables = dict(ARCH=self.arch, SMP=self.smp, TIMEOUT="120")
        if self.la57:
            variables["LA57"] = self.la57
        if self.edat:
            variables["EDAT"] = self.edat
        options = (self.options + " " + self.append).strip()
        if self.by_kernel:
            result = guest(None, APPEND="%s test=torture seed=%d ops=%d" % (
                options, self.seed, KERNEL_OPS), **variables)
        else:
            program = compile_static(self.arch, "tests/linux/torture.c",
                                     "build/tests/%s/torture" % self.arch)
            result = guest("torture %d %d" % (self.seed, USER_SECONDS), [program],
                           APPEND=options, **variables)
        well = result.status == 0 and not WRONG.search(result.log)
        return well, "%s\n%s" % (self, result)


def main():
    minutes = float(os.environ.get("MINUTES") or 1)
    first = int(os.environ.get("SEED") or random.randrange(1, 10**6))
    end = time.monotonic() + 60 * minutes
    edat = os.environ.get("EDAT") or ""
    missing = edat_missing() if edat != "n" else ""
    if missing and edat:
        sys.exit("torture: EDAT=%s: %s" % (edat, missing))
    edat = "n" if missing else edat
    boots = 0
    while not boots or time.monotonic() < end:
        boot = Boot(first + boots, os.environ.get("ONLY_ARCH"), os.environ.get("SMP"), edat,
                    os.environ.get("APPEND") or "")
        well, story = boot.run()
        boots += 1
        if not well:
            print(story)
            print("torture: failed; again: %s" % boot)
            sys.exit(1)
    print("torture: %d boots from SEED=%d on, nothing found" % (boots, first))


if __name__ == "__main__":
    main()
