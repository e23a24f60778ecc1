#!/usr/bin/env python3
"""Damaged or missing ramdisks, unknown options, too little memory: a clear end each."""
import os
import sys
import tempfile

sys.path.insert(0, "tests/tools")
from machine import Config, Machine
from ramdisk import Ramdisk
from tap import MACHINES, done, guest, run, test


def contents(path):
    with open(path, "rb") as stream:
        return stream.read()


def with_ramdisk(arch, data, command=None, **variables):
    """Boot with these bytes as the ramdisk; None: without one."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "ramdisk")
        if data is not None:
            with open(path, "wb") as stream:
                stream.write(data)
        return guest(command, ARCH=arch, RAMDISK=path, TIMEOUT="30", **variables)


def ends_badly(arch, what, result, words):
    test(result.status not in (0, 124) and words in result.log,
         '%s: %s: "%s"' % (arch, what, words), result)


def ramdisks(arch):
    good = contents(Config(ARCH=arch).ramdisk)
    without_init = Ramdisk()
    without_init.add_file(["/etc/motd"], b"hello\n", mode=0o644)
    not_a_program = Ramdisk()
    not_a_program.add_file(["/init"], b"hello\n")
    ends_badly(arch, "no ramdisk", with_ramdisk(arch, None), "ramdisk")
    ends_badly(arch, "a ramdisk of zeros", with_ramdisk(arch, bytes(10000)), "ramdisk")
    ends_badly(arch, "a ramdisk of text", with_ramdisk(arch, b"x" * 10000), "ramdisk")
    ends_badly(arch, "a cut ramdisk", with_ramdisk(arch, good[:300000]), "ramdisk")
    ends_badly(arch, "a ramdisk without /init",
               with_ramdisk(arch, without_init.bytes()), "/init")
    ends_badly(arch, "an /init that is no program",
               with_ramdisk(arch, not_a_program.bytes()), "/init")
    damaged = good + b"070701" + b"z" * 200
    result = with_ramdisk(arch, damaged, None, APPEND="init=/bin/hello")
    test(result.status == 0 and "ramdisk" in result.log,
         arch + ": what is whole in front of the damage can be used", result)
    result = with_ramdisk(arch, good, None, APPEND="init=/bin/nothing")
    ends_badly(arch, "init= names no file", result, "/bin/nothing")


def options(arch):
    result = guest("hello", ARCH=arch, APPEND="nonsense quux=7 fold=sideways")
    test(result.status == 0 and "nonsense" in result.log and "quux" in result.log,
         arch + ": unknown options are named, and the boot goes on", result)
    result = guest("hello", ARCH=arch, APPEND="x" * 800)
    test(result.status == 0, arch + ": a long command line", result)


def memory(arch):
    result = guest("hello", ARCH=arch, MEM="16M")
    test(result.status == 0, arch + ": 16 MiB are enough for hello", result)
    result = guest("hello", ARCH=arch, MEM="4M", TIMEOUT="20")
    test(result.status not in (0, 124) and "memory" in result.log,
         arch + ": 4 MiB: too little memory, and no hang", result)


def efi_files():
    """The loader names what is missing or damaged on its volume."""
    kernel = contents("build/x86_64-lab/kernel.elf")
    cases = {
        "a missing kernel": (None, "\\kernel.elf is missing"),
        "a kernel that is text": (b"hello" * 100, "not an ELF file"),
        "a cut kernel": (kernel[:100000], "damaged"),
        "another machine's kernel": (contents("build/s390x-lab/kernel.elf"), "x86_64"),
    }
    for what, (data, words) in cases.items():
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "kernel.elf")
            if data is not None:
                with open(path, "wb") as stream:
                    stream.write(data)
            with Machine(Config(BOOT="efi", KERNEL=path, TIMEOUT="40")) as machine:
                machine.finish()
                test(words in machine.story() and not machine.timed_out,
                     'efi: %s: "%s"' % (what, words), machine.story())
    result = with_ramdisk("x86_64", None, BOOT="efi")
    ends_badly("x86_64 efi", "no ramdisk", result, "ramdisk")
    result = guest("hello", BOOT="efi", MEM="64M")
    test(result.status == 0, "efi: 64 MiB are enough for hello", result)


def command_lines():
    """make says what is wrong with what it was given."""
    for variables, words in ((["ARCH=vax", "CMD=hello"], "choose ARCH=x86_64 or s390x"),
                             (["BOOT=tape", "CMD=hello"], "choose one of"),
                             (["CMD="], "say what to run"),
                             (["CMD=hello", "ADD=/nowhere"], "there is no file /nowhere")):
        result = run("make", "-s", "exec", *variables)
        test(result.status != 0 and words in result.output,
             "make exec %s: \"%s\"" % (" ".join(variables), words), result)
    for arguments, words in ((["conformance", "ARCH=vax"], "choose ARCH="),
                             (["fuzz", "CALLS=many"], "CALLS=many is no number"),
                             (["explore", "RACE=nothing"], "there is no race nothing"),
                             (["races", "RACE=nothing"], "nothing"),
                             (["replay"], "say which race"),
                             (["replay", "ARCH=sim"], "say which race"),
                             (["replay", "ARCH=sim", "RACE=gup_gup", "SCHED=0@nowhere"],
                              "nowhere"),
                             (["why", "AT=mm/nowhere.c:1"], "say where"),
                             (["why", "AT=mm/README.md:1"], "no protection")):
        result = run("make", "-s", *arguments)
        test(result.status != 0 and words in result.output,
             "make %s: \"%s\"" % (" ".join(arguments), words), result)


for arch in MACHINES:
    ramdisks(arch)
    options(arch)
    memory(arch)
efi_files()
command_lines()
done()
