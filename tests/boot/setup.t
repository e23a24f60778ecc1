#!/usr/bin/env python3
"""Set-up on a machine without the tools: the packages are named, and nothing else runs."""
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, "tests/tools")
from tap import done, run, test

PLAIN = ("sh", "sort", "tr", "cat", "id", "sed", "grep", "head", "env")


def bare(folder, *tools):
    """An environment whose PATH has plain programs and these tools only."""
    for tool in PLAIN + tools:
        link = os.path.join(folder, tool)
        if not os.path.exists(link):
            os.symlink(shutil.which(tool), link)
    return dict(os.environ, PATH=folder, YES="")


with tempfile.TemporaryDirectory() as folder:
    result = run("sh", "tests/tools/setup.sh", "need", "x86_64", "run-s390x",
                 env=bare(folder), stdin=subprocess.DEVNULL)
    test(result.status == 1 and "gcc nasm qemu-system-misc" in result.output,
         "missing packages are named", result)
    result = run("sh", "tests/tools/setup.sh", "doctor", env=bare(folder, "nasm"))
    lines = result.output.splitlines()
    test(result.status == 1 and any("apt-get install nasm" in line for line in lines) is False
         and any("MISSING" in line and "apt-get install gcc" in line for line in lines)
         and lines[-1].startswith("Fix all: apt-get install"),
         "doctor: what is here, what is missing, and the one command", result)
result = run("sh", "tests/tools/setup.sh", "doctor")
test(result.status == 0 and result.output.endswith("All tools are here.\n"),
     "doctor: all is well on this machine", result)
result = run("make", "help")
test(all("\n  %s " % target in "\n" + result.output for target in
         ("run", "exec", "test", "check", "mutants", "bench", "debug", "iso", "size",
          "doctor", "help")), "make help lists the targets", result)
done()
