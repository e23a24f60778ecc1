#!/usr/bin/env python3
"""Tricks that only x86_64 has end as on Linux, and the machine goes on."""
import subprocess
import sys

sys.path.insert(0, "tests/tools")
from tap import compile_static, done, guest, run, test

TRICKS = compile_static("x86_64", "tests/linux/x86_tricks.c",
                        "build/tests/x86_64/x86_tricks", "-w")

# Where SYSCALL and SYSRET are not the CPU's own (a paravirtual host that returns by IRET),
# Linux itself loses NT and refuses the stack. Elsewhere it says what stands here.
AS_ON_HARDWARE = {"flags_at_syscall": "flags 4cd5\nflags_at_syscall 0\n",
                  "wild_stack_at_syscall": "pid 1\nwild_stack_at_syscall 0\n"}


def on_linux(name):
    if name in AS_ON_HARDWARE:
        return AS_ON_HARDWARE[name]
    result = subprocess.run([TRICKS, name], capture_output=True, text=True)
    status = result.returncode
    return "%s%s %d\n" % (result.stdout, name, 128 - status if status < 0 else status)


names = run(TRICKS).output.split()
command = "; ".join("x86_tricks %s; echo %s $?" % (name, name) for name in names)
result = guest(command + "; hello", [TRICKS], ARCH="x86_64")
for name in names:
    test(on_linux(name) in result.output, "x86_64: %s ends as on Linux" % name, result)
test(result.status == 0 and "Hello from" in result.output,
     "x86_64: the machine goes on", result)
done()
