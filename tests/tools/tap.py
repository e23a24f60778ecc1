"""tap.py - what test programs share: TAP output, and a guest to try something in.

    from tap import test, guest, done

    result = guest("hello", ARCH="s390x")
    test(result.status == 0, "hello ends well", result)
    done()

A test program prints one line per test ("ok 1 - name"), with the reason behind a failure
as comment lines, and the number of tests at the end.
"""
import glob
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from machine import Config, Machine  # noqa: E402 (the path is needed first)

MACHINES = ("x86_64", "s390x")
NOT_TAP = (  # of the programs of tests/linux: have test programs of their own
    "fault", "grow", "bench", "x86_tricks", "s390x_tricks", "windows", "torture",
    "srv", "crowd", "pressure")
count = failures = 0


class Result:
    """What came out of a guest; prints as the story of a failure."""

    def __init__(self, status, output, story, log=""):
        self.status, self.output, self.story, self.log = status, output, story, log

    def __str__(self):
        return "status %d, output:\n%s\n%s" % (self.status, self.output, self.story)


def comment(text):
    for line in str(text).splitlines():
        print("# " + line)
    sys.stdout.flush()


def test(condition, name, reason=""):
    global count, failures
    count += 1
    print("%s %d - %s" % ("ok" if condition else "not ok", count, name), flush=True)
    if not condition:
        failures += 1
        comment(reason)
    return bool(condition)


def skip(name, reason):
    global count
    count += 1
    print("ok %d - %s # SKIP %s" % (count, name, reason), flush=True)


def done():
    print("1..%d" % count)
    sys.exit(failures > 0)


def guest(command, files=(), **variables):
    """Boot, run the command, return its Result. command=None: no /etc/cmd at all."""
    with Machine(Config(**variables), command, files) as machine:
        status = machine.finish()
        if status == 0 and not machine.qemu_succeeded:
            status = -1
        reproduce = " ".join("%s=%s" % pair if " " not in pair[1] else '%s="%s"' % pair
                             for pair in variables.items())
        story = machine.story() + "again: make exec %s CMD='%s'" % (reproduce, command)
        return Result(status, machine.output, story, machine.log)


def run(*arguments, **options):
    """A program on the host; its output and errors together. The limit detects hangs."""
    options.setdefault("timeout", 900 * float(os.environ.get("TIME_SCALE") or 1))
    process = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             errors="replace", **options)
    return Result(process.returncode, process.stdout, " ".join(arguments))


def edat_missing():
    """Why guest(..., ARCH="s390x", EDAT="1") gets no large leaves here; "" if it does."""
    built = run("make", "-s", "build/edat.so")
    if built.status:
        return built.output
    result = guest("true", ARCH="s390x", EDAT="1")
    said = [line for line in result.story.splitlines()
            if line.startswith(("edat:", "qemu-system-s390x:"))]
    return "" if result.status == 0 else " ".join(said) or "the machine does not start"


def compile_static(arch, source, output, *flags):
    """A static program by the stock compiler, as any user would build it."""
    os.makedirs(os.path.dirname(output), exist_ok=True)
    compiler = "gcc" if arch == "x86_64" else "s390x-linux-gnu-gcc"
    result = run(compiler, "-std=gnu11", "-O2", "-static", "-pthread", "-D_GNU_SOURCE",
                 *flags, "-I.", "-o", output, source, "-lm")
    if result.status:
        comment(result)
        sys.exit("cannot compile " + source)
    return output


def tap_programs():
    """The names of those of tests/linux that print TAP, and need no arguments."""
    names = (os.path.basename(path)[:-2] for path in glob.glob("tests/linux/*.c"))
    return sorted(name for name in names if name not in NOT_TAP)
