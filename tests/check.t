#!/usr/bin/env python3
"""Everything that can be checked without starting a machine; `make check`."""
import glob
import subprocess
import sys

sys.path.insert(0, "tests/tools")
from tap import MACHINES, comment, done, run, test
import rules


def make(*arguments):
    result = run("make", "-s", "--no-print-directory", "-j2", *arguments)
    test(result.status == 0, "make " + " ".join(arguments), result.output)
    return result.output


for arch in MACHINES:
    for flavour in ("lab", "release"):
        make("image", "ARCH=" + arch, "BUILD=" + flavour)
    make("image", "ARCH=" + arch, "LINUX=n")
make("build/efi/BOOTX64.EFI")
make("size")
make("hook-lint")
sizes = [line for line in make("host-test").splitlines() if " interleavings " in line]
comment("\n".join(line[2:] for line in sizes))
test(len(sizes) >= 12, "the search is exact: classes of all interleavings = executions",
     "only %d sizes" % len(sizes))

for name in [name for name in dir(rules) if name.startswith("rule_")]:
    rule = getattr(rules, name)
    problems = ["%s:%d: %s" % problem for problem in rule()]
    test(not problems, "rule: " + rule.__doc__, "\n".join(problems))

files = [path for path in rules.sources(".c", ".h") if path != "kernel/base/events.h"]
result = run("clang-format", "--dry-run", "-Werror", *files)
test(result.status == 0, "clang-format has nothing to say", result.output)
scripts = [p for p in glob.glob("tests/**", recursive=True) if p.endswith((".py", ".t"))]
result = run(sys.executable, "-m", "py_compile", *scripts)
test(result.status == 0, "scripts compile", result.output)
for script in glob.glob("tests/tools/*.sh"):
    result = run("sh", "-n", script)
    test(result.status == 0, script + " is a shell script", result.output)
for patch in sorted(glob.glob("tests/mutants/*.patch")):
    result = run("patch", "-p1", "--dry-run", "-s", "-i", patch)
    test(result.status == 0, patch + " applies", result.output)
done()
