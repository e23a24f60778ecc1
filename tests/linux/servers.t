#!/usr/bin/env python3
"""Files of servers: bad ones, ones that are killed, a crowd of processes at their files, and
more memory wanted than there is; and when the machine ends, nobody holds a reference to a
user's frame."""
import sys

sys.path.insert(0, "tests/tools")
from tap import MACHINES, compile_static, done, guest, test

for arch in MACHINES:
    for name in ("srv", "crowd", "pressure"):
        program = compile_static(arch, "tests/linux/%s.c" % name,
                                 "build/tests/%s/%s" % (arch, name))
        for cpus in ("1", "4"):
            where = "%s SMP=%s: %s" % (arch, cpus, name)
            result = guest(name, [program], ARCH=arch, SMP=cpus, TIMEOUT="180")
            lines = result.output.splitlines()
            for line in lines:
                if line.startswith(("ok ", "not ok ")):
                    test(line.startswith("ok "), where + ": " + line.split(" - ", 1)[1],
                         "\n".join(line for line in lines if line.startswith("#")))
            test(result.status == 0 and any(line.startswith("1..") for line in lines),
                 where + ": ran to its end", result)
            test("ledger:" not in result.log, where + ": no reference is left", result)
done()
