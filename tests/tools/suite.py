#!/usr/bin/env python3
"""suite.py - run TAP programs under prove, and say what came out.

    suite.py TEST ...     prints failures as they come, keeps everything in build/test.log,
                          and ends with the one line "N passed, M failed"
"""
import os
import re
import subprocess
import sys
import time

LOG = "build/test.log"


def main(tests):
    passed = failed = 0
    start = begun = time.monotonic()
    os.makedirs("build", exist_ok=True)
    prove = subprocess.Popen(
        ["prove", "--verbose", "--nocolor", "--merge", "--exec", ""] + tests,
        stdout=subprocess.PIPE, errors="replace", bufsize=1)
    with open(LOG, "w") as log:
        failing = False
        for line in prove.stdout:
            log.write(line)
            log.flush()
            passed += line.startswith("ok ")
            failed += line.startswith("not ok ")
            failing = line.startswith("not ok ") or failing and line.startswith("#")
            if failing or re.match(r"tests/|  |Result|Test Summary|Files=", line):
                sys.stdout.write(line)
            elif line.startswith("ok ") and "# SKIP" in line:
                sys.stdout.write(line)
            if re.match(r"ok$|Failed ", line):  # what a program comes to
                now = time.monotonic()
                print("%6d s" % (now - begun))
                begun = now
            sys.stdout.flush()
    # A program that ended early or failed without a failing line counts as one failure.
    if prove.wait() and not failed:
        failed = 1
    print("%d seconds; the whole story: %s" % (time.monotonic() - start, LOG))
    print("%d passed, %d failed" % (passed, failed))
    sys.exit(failed > 0)


if __name__ == "__main__":
    main(sys.argv[1:] or sys.exit(__doc__))
