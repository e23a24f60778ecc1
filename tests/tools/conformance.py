#!/usr/bin/env python3
"""conformance.py - Linux's own memory tests on Origami and on Linux, in the same QEMU.

    conformance.py [MACHINE ...] runs them on both, prints a table with a line per test
                                 case, and says what differs. RECORD=1 writes what came
                                 out to tests/conformance/MACHINE.txt

The tests come unchanged from the distribution's sources of Linux (linux_source.py), Linux
itself from the distribution's kernel packages for that machine. They are fetched by apt
with lists of its own and unpacked in build/: nothing is installed, no architecture is added
to the host's. On it tests/conformance/linux_init.c stands for our init, and gup_test finds
the device that the distribution leaves out in a module (gup_module.c).

gup_test asks for anonymous, shared and file memory. Long pins of files are left out: this
Linux still allows those that later ones, and we, refuse (tests/linux/gup_longterm.c).

A machine is an architecture; s390x-edat is s390x with large leaves (tests/tools/edat.c).
Without them its Linux has no huge pages, so those are compared there.

The record says which verdicts were measured with which sources, by their SHA-256, and on
which kernel. Verdicts: ok, fail, skip; xfail is a failure that the test wants; none: the
case did not come to its end.
"""
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile

import linux_source
from machine import Config, Machine
from ramdisk import Ramdisk
import tap
from tap import compile_static, run

FOLDER = "build/conformance"
DEBIAN = {"x86_64": "amd64", "s390x": "s390x"}
KBUILD = {"x86_64": ("x86", ""), "s390x": ("s390", "s390x-linux-gnu-")}
TERMINALS = {"x86_64": "console=ttyS1 terminal=/dev/ttyS0",
             "s390x": "console=ttyS0 terminal=/dev/ttysclp0"}
# Linux lets nobody map more at once than it has memory; mremap_test wants 2 GiB.
SAME = dict(SMP="2", MEM="3G", TIMEOUT="300")

MACHINES = ("x86_64", "s390x", "s390x-edat")
FILE = "/srv/files/memory"
MEMORY = ("", " -S", " -f " + FILE, " -S -f " + FILE)  # private, shared; of a file
RUNS = ["madv_populate", "map_fixed_noreplace", "map_populate", "mremap_dontunmap",
        "mremap_test",
        # As Linux's run_vmtests.sh starts it, and then each request, for writing or not.
        "gup_test -u", "gup_test -a", "gup_test -ct -F 0x1 0 19 0x1000"]
RUNS += ["gup_test -%s%s -m 2 -n 123%s" % (request, access, memory)
         for memory in MEMORY for request in "uUabcL" for access in ("", " -W")
         if request != "L" or FILE not in memory]
# Several threads, huge pages allowed or not; more at once; the kernel has to fault them in.
RUNS += ["gup_test -%s %s" % (request, more) for request in "uUabcL"
         for more in ("-m 16 -n 512 -r 3 -j 4 -T", "-m 64 -n 100000 -t", "-m 2 -n 123 -z")]
# Of huge pages. In /proc no file can be made: what would be mapped of one is skipped.
HUGE = ["cd /proc; soft-dirty"]
HUGE += [words for words in RUNS if words.endswith("-t") or words.startswith("mremap_test")]
# khugepaged: neither machine has a place to swap to, so that what swaps fails on both. And
# split_huge_page_test does not get beyond its first step on any: it makes four huge pages,
# and is content with no other number than one.
THREAD = ["khugepaged all:anon", "khugepaged all:shmem", "khugepaged all:file /tmp",
          "split_huge_page_test"]
# This one takes all huge pages to be of 2 MiB: on s390x it finds some by chance.
RUNS_ON = {"x86_64": RUNS + HUGE[:1] + ["loops 3 transhuge-stress 64"] + THREAD,
           "s390x": RUNS, "s390x-edat": HUGE + THREAD}
# The file has to be there, and as large as gup_test maps it. Ours is one of a server.
MAKE_FILE = "cat /bin/gup_test /bin/mremap_test /bin/map_populate > " + FILE
SERVERS = "store -d; pager -d files"
RESULT = re.compile(r"^(ok|not ok) (\d+)(?: # (SKIP|XFAIL))? ?(.*)$", re.M)
STATUS = {"0": "ok", "4": "skip"}
RUN_TEST = re.compile(r"Run test: (.*)")
COLOURED = re.compile(r"\s*(.*?) *\.\.\..*\x1b\[3([123])m")
COLOURS = {"1": "fail", "2": "ok", "3": "skip"}


# --- running ----------------------------------------------------------------------------
def arch_of(machine):
    return machine.split("-")[0]


def config_of(machine, **more):
    more.update(SAME, ARCH=arch_of(machine), EDAT="pmd" if machine.endswith("-edat") else "0")
    return Config(**more)


def missing(machine):
    """Why it cannot be had; "" if it can."""
    return tap.edat_missing() if machine.endswith("-edat") else ""


def programs(arch):
    return ([linux_source.build(arch, name) for name in linux_source.TESTS]
            + [compile_static(arch, "tests/conformance/loops.c", "build/tests/%s/loops" % arch)])


def command(machine):
    """For the shell of either kernel."""
    return "; ".join([MAKE_FILE] + ["echo run; %s; echo status $?" % words
                                    for words in RUNS_ON[machine]])


def tap_cases(words, output):
    """{case: verdict} of one program: its own TAP lines, and how it ended."""
    found = {}
    for verdict, number, remark, text in RESULT.findall(output):
        found["%s %s %s" % (words, number, text)] = (
            remark.lower() or ("ok" if verdict == "ok" else "fail"))
    status = re.search(r"^status (\d+)$", output, re.M)
    found[words] = STATUS.get(status.group(1), "fail") if status else "none"
    if re.search("truncated", output, re.I):
        found[words] = "fail"  # gup_test got fewer pages than it asked for
    return found


def khugepaged_cases(words, output):
    """Of Linux's khugepaged: a line for each step, with its verdict in a colour. In a child
    it may come a second time; the status says how many have failed."""
    found, test = {}, "settings"
    for line in output.split("\n"):
        title, step = RUN_TEST.match(line), COLOURED.match(line)
        if title:
            test = title.group(1)
        elif step:
            found["%s %s: %s" % (words, test, step.group(1))] = COLOURS[step.group(2)]
    status = re.search(r"^status (\d+)$", output, re.M)
    found[words] = "none" if not status else "fail" if int(status.group(1)) else "ok"
    return found


def last_words(words, output):
    """Of a program that is expected to fail: also why."""
    said = re.search(r"^(.*)\nstatus (\d+)$", output, re.M)
    found = tap_cases(words, output)
    if found[words] == "fail":
        found["%s: %s" % (words, said.group(1))] = "fail"
    return found


PARSERS = {"khugepaged": khugepaged_cases, "split_huge_page_test": last_words}


def cases(words, output):
    words = words.split("; ")[-1]
    return PARSERS.get(words.split()[0], tap_cases)(words, output)


def verdicts(machine, output):
    """Of all programs, in order."""
    outputs = output.replace("\r\n", "\n").replace("\r", "\n").split("run\n")[1:]
    outputs += [""] * (len(RUNS_ON[machine]) - len(outputs))
    return {case: verdict for words, text in zip(RUNS_ON[machine], outputs)
            for case, verdict in cases(words, text).items()}


def boot(config, files, text):
    with Machine(config, text, files) as machine:
        machine.finish()
        if os.environ.get("V") == "1":
            sys.stderr.write(machine.output + machine.story())
        return machine.output


def run_origami(machine):
    return verdicts(machine, boot(config_of(machine), programs(arch_of(machine)),
                                  SERVERS + "; " + command(machine)))


# --- the distribution's Linux -----------------------------------------------------------
def apt(arch, *arguments, **options):
    """apt with the host's sources, but for this architecture too and with a state of its
    own. As root it would fetch as another user, who may not write here."""
    state = os.path.abspath(os.path.join(FOLDER, arch, "apt"))
    os.makedirs(state + "/lists/partial", exist_ok=True)
    os.makedirs(state + "/archives/partial", exist_ok=True)
    open(state + "/status", "a").close()
    host = must("dpkg", "--print-architecture").strip()
    settings = ["APT::Architecture=" + host,
                "APT::Architectures=%s,%s" % (host, DEBIAN[arch]),
                "APT::Sandbox::User=root", "Dir::State=" + state, "Dir::Cache=" + state,
                "Dir::State::status=%s/status" % state]
    return must(arguments[0], *(word for setting in settings for word in ("-o", setting)),
                *arguments[1:], **options)


def must(*arguments, **options):
    result = run(*arguments, **options)
    if result.status:
        sys.exit("%s fails:\n%s" % (" ".join(arguments), result.output))
    return result.output


def may_fetch(package):
    """As setup.sh: on a terminal we ask; as root without one, or with YES=1, we do."""
    sys.stderr.write("This needs the package %s and its headers, in build/ only.\n" % package)
    if os.environ.get("YES") == "1":
        return True
    if sys.stdin.isatty() and sys.stderr.isatty():
        sys.stderr.write("Fetch them now? [y/N] ")
        return sys.stdin.readline()[:1] in ("y", "Y")
    return os.geteuid() == 0


def package_names(arch):
    """The kernel, its headers for this machine and for all, and what builds modules: a
    program of the host's, of the same version."""
    general = "linux-image-%s:%s" % (DEBIAN[arch], DEBIAN[arch])
    if not may_fetch(general):
        sys.exit("Without it nothing can be compared; YES=1 fetches it.")
    apt(arch, "apt-get", "update")
    text = apt(arch, "apt-cache", "show", "--no-all-versions", general)
    version = re.search(r"^Version: (\S+)", text, re.M).group(1)
    image = re.search(r"^Depends: (linux-image-[^\s:,]+)", text, re.M).group(1)
    name = image[len("linux-image-"):]
    release = name[:name.rindex("-")]
    return name, ["%s:%s" % (image, DEBIAN[arch]),
                  "linux-headers-%s:%s" % (name, DEBIAN[arch]),
                  "linux-headers-%s-common" % release,
                  "linux-kbuild-%s=%s" % (".".join(release.split(".")[:2]), version)]


def unpack(archive, folder):
    """Of the kernel's package its image only."""
    only = ["--wildcards", "./boot/vmlinuz-*"] if archive.startswith("linux-image") else []
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", os.path.join(folder, archive)],
                          stdout=subprocess.PIPE) as source:
        subprocess.run(["tar", "-x", "-C", folder] + only, stdin=source.stdout, check=True)


def build_module(arch, work, name):
    """Linux's gup_test.c; `name` is the kernel's. The headers know their place as it would
    be if they were installed."""
    headers = "%s/usr/src/linux-headers-%s" % (work, name)
    with open(headers + "/Makefile") as stream:
        text = stream.read()
    with open(headers + "/Makefile", "w") as stream:
        stream.write(text.replace(" /usr/", " %s/usr/" % work))
    folder = work + "/module"
    os.makedirs(folder)
    shutil.copy("tests/conformance/gup_module.c", folder + "/gup.c")
    for file in ("gup_test.c", "gup_test.h"):
        shutil.copy(os.path.join(linux_source.TREE, "mm", file), folder)
    with open(folder + "/Kbuild", "w") as stream:
        stream.write("obj-m := gup.o\n")
    plain = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    for key in ("ARCH", "V", "MFLAGS"):
        plain.pop(key, None)
    must("make", "-C", headers, "M=" + folder, "ARCH=" + KBUILD[arch][0],
         "CROSS_COMPILE=" + KBUILD[arch][1], "modules", env=plain)
    return folder + "/gup.ko"


def fetch_linux(arch):
    """Its kernel's image and the module, which stay until `make clean`."""
    folder = os.path.join(FOLDER, arch)
    image, module = folder + "/vmlinuz", folder + "/gup.ko"
    if not (os.path.exists(image) and os.path.exists(module)):
        name, packages = package_names(arch)
        linux_source.unpack()
        with tempfile.TemporaryDirectory(dir=folder) as work:
            apt(arch, "apt-get", "download", *packages, cwd=work)
            for archive in os.listdir(work):
                unpack(archive, work)
            os.rename(build_module(arch, os.path.abspath(work), name), module)
            os.rename("%s/boot/vmlinuz-%s" % (work, name), image)
    return image, module


def linux_ramdisk(arch, module):
    """Our box of small programs, and the init that makes Linux look like Origami."""
    init = compile_static(arch, "tests/conformance/linux_init.c",
                          "build/tests/%s/linux_init" % arch)
    ramdisk = Ramdisk()
    for directory in ("dev", "proc", "sys", "tmp", "srv/files"):
        ramdisk.add_directory(directory)
    for paths, file in ((["/init"], init), (["/gup.ko"], module),
                        (["/bin/sh", "/bin/echo", "/bin/cat"], "build/%s-user/box" % arch)):
        with open(file, "rb") as stream:
            ramdisk.add_file(paths, stream.read())
    path = os.path.join(FOLDER, arch, "ramdisk.cpio")
    with open(path, "wb") as stream:
        stream.write(ramdisk.bytes())
    return path


def run_linux(machine):
    """Its verdicts and its name."""
    arch = arch_of(machine)
    image, module = fetch_linux(arch)
    config = config_of(machine, KERNEL=image, RAMDISK=linux_ramdisk(arch, module),
                       APPEND=TERMINALS[arch] + " quiet panic=-1")
    output = boot(config, programs(arch), "cat /proc/version; " + command(machine))
    name = re.search(r"^Linux version (\S+) .*(Debian \S+)", output, re.M)
    return verdicts(machine, output), " ".join(name.groups()) if name else "unknown"


# --- the record -------------------------------------------------------------------------
HEAD = """\
# Verdicts of Linux's own tests, on Origami and on Linux, in the same QEMU: facts that
# `make conformance RECORD=1` wrote. See tests/tools/conformance.py.
"""


def record_path(machine):
    return "tests/conformance/%s.txt" % machine


def sources():
    linux_source.unpack()
    for name in linux_source.FILES:
        with open(os.path.join(linux_source.TREE, name), "rb") as stream:
            yield "source %s %s" % (hashlib.sha256(stream.read()).hexdigest(), name)


def lines_of(origami, linux):
    """A line per case: both verdicts and its name."""
    for case in {**linux, **origami}:
        yield "%-5s %-5s %s" % (origami.get(case, "none"), linux.get(case, "none"), case)


def write_record(machine, kernel, rows):
    with open(record_path(machine), "w") as stream:
        stream.write(HEAD + "\n".join(["kernel " + kernel, *sources(),
                                       "# Origami, Linux, test case", *rows]) + "\n")


def read_record(machine):
    """(facts about sources and kernel, rows of verdicts)"""
    if not os.path.exists(record_path(machine)):
        return [], []
    with open(record_path(machine)) as stream:
        lines = [line for line in stream.read().splitlines() if line[:1] != "#"]
    facts = [line for line in lines if line.startswith(("kernel ", "source "))]
    return facts, [line for line in lines if line not in facts]


def recorded(machine):
    """{case: (our verdict, Linux's)}, for tests/linux/conformance.t."""
    return {row.split(None, 2)[2]: tuple(row.split()[:2]) for row in read_record(machine)[1]}


def news(old, new):
    """What the record says otherwise."""
    return (["  recorded  " + line for line in old if line not in new]
            + ["  now       " + line for line in new if line not in old])


# --- the table --------------------------------------------------------------------------
def compare(machine):
    """Runs, prints and compares; False if anything differs."""
    if missing(machine):
        print("%s: left out: %s" % (machine, missing(machine)))
        return True
    origami = run_origami(machine)
    linux, kernel = run_linux(machine)
    rows = list(lines_of(origami, linux))
    # That neither came to its end is not agreement.
    differ = [row for row in rows
              if row.split()[0] != row.split()[1] or row.startswith("none")]
    print("%s: Origami, Linux %s" % (machine, kernel))
    for row in rows:
        print("  %s%s" % (row, "   <-- differs" if row in differ else ""))
    print("%s: %d cases, %d differ" % (machine, len(rows), len(differ)))
    if os.environ.get("RECORD") == "1":
        write_record(machine, kernel, rows)
    facts, old_rows = read_record(machine)
    for line in news(facts, ["kernel " + kernel, *sources()]) + news(old_rows, rows):
        print(line)
    return not differ and old_rows == rows


def main(names):
    """An architecture, with and without what it can do more; or all."""
    good = [compare(machine) for machine in MACHINES
            if not names or machine in names or arch_of(machine) in names]
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main(sys.argv[1:])
