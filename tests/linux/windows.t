#!/usr/bin/env python3
"""Windows of system calls, held open by parking threads inside the lab kernel."""
import re
import sys

sys.path.insert(0, "tests/tools")
from tap import MACHINES, compile_static, done, guest, test

for arch in MACHINES:
    program = compile_static(arch, "tests/linux/windows.c", "build/tests/%s/windows" % arch)
    result = guest("windows", [program], ARCH=arch, SMP="2", APPEND="park=on")
    lines = re.findall(r"^(ok|not ok) \d+ - (.*)$", result.output, re.M)
    for verdict, name in lines:
        test(verdict == "ok", "%s: %s" % (arch, name), result)
    test(result.status == 0 and len(lines) == 3, arch + ": all windows were tried", result)
done()
