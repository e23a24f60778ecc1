#!/usr/bin/env python3
"""make exec CMD=hello on every boot path, CPU model and number of CPUs."""
import sys

sys.path.insert(0, "tests/tools")
from tap import done, guest, run, test

LEVELS = {  # the CPU and the option decide; the log tells what was chosen
    "a CPU with LA57": (dict(LA57="1"), 5),
    "a CPU with LA57, la57=off": (dict(LA57="1", APPEND="la57=off"), 4),
    "a CPU without LA57": (dict(), 4),
}


def hello(arch, what, **variables):
    result = guest("hello", ARCH=arch, **variables)
    test(result.status == 0 and result.output == "Hello from %s!\n" % arch,
         "hello on %s: %s" % (arch, what), result)


for boot in ("grub", "efi", "direct"):
    for what, (variables, levels) in LEVELS.items():
        hello("x86_64", "%s, %s" % (boot, what), BOOT=boot, **variables)
for boot in ("direct", "ipl"):
    hello("s390x", boot, BOOT=boot)
for arch in ("x86_64", "s390x"):
    for cpus in ("1", "4", "16"):
        hello(arch, "%s CPUs" % cpus, SMP=cpus)
    for memory in ("64M", "3G", "5G"):
        hello(arch, "%s of memory" % memory, MEM=memory)
    hello(arch, "the release build", BUILD="release")

# The one image on all three firmwares, as a CD and as a disk.
for boot in ("iso", "iso-disk", "iso-efi", "iso-efi-disk"):
    hello("x86_64", "BOOT=" + boot, BOOT=boot)
hello("s390x", "BOOT=iso", BOOT="iso")

for arch in ("x86_64", "s390x"):
    result = run("make", "-s", "exec", "ARCH=" + arch, "CMD=hello; echo $?; false")
    test(result.status == 1 and "Hello from %s!\n0\n" % arch in result.output,
         "make exec on %s hands CMD and the status through" % arch, result)
    result = guest(None, ARCH=arch, LINUX="n")
    test(result.status == 0 and result.output ==
         "Hello from the native init.\nMemory works.\n",
         "the kernel without the Linux layer, on " + arch, result)
done()
