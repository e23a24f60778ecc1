#!/usr/bin/env python3
"""Programs that do forbidden things die as on Linux, and take nothing with them."""
import signal
import subprocess
import sys

sys.path.insert(0, "tests/tools")
from tap import MACHINES, comment, compile_static, done, guest, run, test

SOURCE = "tests/linux/fault.c"
FAULT = {arch: compile_static(arch, SOURCE, "build/tests/%s/fault" % arch, "-w")
         for arch in MACHINES}
# Where the two machines' Linux differ from each other; the rest is asked of the host.
S390X = {"privileged": signal.SIGILL}


def on_linux(name):
    """The signal by which the host's Linux ends the x86_64 program."""
    return -subprocess.run([FAULT["x86_64"], name], stderr=subprocess.DEVNULL).returncode


names = run(FAULT["x86_64"]).output.split()
expected = {name: on_linux(name) for name in names}
comment("on Linux: %s" % expected)
for arch in MACHINES:
    command = "; ".join("fault %s; echo %s $?" % (name, name) for name in names)
    result = guest(command + "; hello", [FAULT[arch]], ARCH=arch)
    for name in names:
        number = S390X.get(name, expected[name]) if arch == "s390x" else expected[name]
        test("%s %d\n" % (name, 128 + number) in result.output,
             "%s: %s ends by signal %d" % (arch, name, number), result)
    test(result.status == 0 and "Hello from" in result.output,
         arch + ": the machine goes on", result)
done()
