#!/usr/bin/env python3
"""The interactive shell, typed at as a person would; and the small programs."""
import sys

sys.path.insert(0, "tests/tools")
from machine import Config, Machine
from tap import MACHINES, done, guest, test

PROMPT = "origami$ "
COMMANDS = [  # typed, what must appear
    ("echo one two", "one two\r\n".replace("\r", "")),
    ("echo 'a  b' \"c;d\" e\\ f", "a  b c;d e f\n"),
    ("true && echo yes || echo no", "yes\n"),
    ("false && echo yes || echo no", "no\n"),
    ("false; echo $?", "1\n"),
    ("nonsense", "sh: nonsense: not found\n"),
    ("echo $?", "127\n"),
    ("cd /bin", ""),
    ("ls", "hello\n"),
    ("hello | cat | cat", "Hello from"),
    ("cat < /bin/nonsense", "sh: /bin/nonsense: No such file or directory\n"),
    ("echo a |", "sh: a command is missing"),
    ("echo 'a", "sh: a quote is not closed"),
    ("help", "draw a process's page table"),
    ("ps", " init\n"),
    ("fold", "fold="),
    ("gup", "gup_fast_pages"),
    ("tlb", "flush="),
    ("rcu", "tables_freed_rcu "),
    ("fault", "spf_abort_seq1 "),
    ("cat /proc/vmstat", "thp_split_page "),
    ("free", "KiB\n"),
    ("uptime", "CPUs"),
    ("dmesg", "Origami on"),
]


def interrupt_at_once(machine, attempt):
    """The shell may not have started the programs yet, or not even read the line."""
    machine.send("cat | cat\n" + ("\x03" if attempt % 2 else ""))
    machine.expect("cat | cat\n")
    machine.send("" if attempt % 2 else "\x03")
    return machine.expect(PROMPT)


def erasing_and_interrupting(machine, arch):
    machine.send("echo wronk\bg\n")
    test(machine.expect("\nwrong\n"), arch + ": backspace erases", machine.output)
    machine.expect(PROMPT)
    machine.send("cat\n")
    machine.expect("cat\n")
    machine.send("typed\n")
    test(machine.expect("typed\ntyped\n"), arch + ": cat reads the console", machine.output)
    machine.send("\x03")
    test(machine.expect(PROMPT), arch + ": ^C ends the program", machine.output)
    machine.send("echo $?\n")
    test(machine.expect("130\n"), arch + ": and the shell sees it", machine.output)
    machine.expect(PROMPT)
    test(all(interrupt_at_once(machine, attempt) for attempt in range(10)),
         arch + ": ^C right behind a command", machine.output)
    machine.send("echo abc\x03")
    test(machine.expect("echo abc^C\n" + PROMPT), arch + ": ^C at the prompt", machine.output)
    machine.send("cat\n\x04")
    test(machine.expect(PROMPT), arch + ": ^D ends input", machine.output)
    machine.send("echo " + "x" * 200 + "\n")
    test(machine.expect("\n" + "x" * 200 + "\n"), arch + ": a long line", machine.output)
    machine.expect(PROMPT)


def session(arch):
    with Machine(Config(ARCH=arch)) as machine:
        if not test(machine.expect(PROMPT), arch + ": a prompt", machine.story()):
            return
        for typed, wanted in COMMANDS:
            machine.send(typed + "\n")
            machine.expect(typed + "\n")  # the echo
            seen = machine.seen
            machine.expect(PROMPT)
            reply = machine.output[seen:machine.seen]
            test(wanted in reply, "%s: %s" % (arch, typed), reply + machine.story())
        erasing_and_interrupting(machine, arch)
        machine.send("exit 7\n")
        test(machine.finish() == 7, arch + ": exit ends the machine with its status",
             machine.story())


for arch in MACHINES:
    session(arch)
    result = guest("cat /proc/1/cmdline; echo; cat /proc/self/stat", ARCH=arch)
    test("init" in result.output and "(cat)" in result.output,
         arch + ": /proc/<pid>/cmdline and stat", result)
    result = guest("ls -l /bin/hello; ls /nowhere; echo $?; cat /bin", ARCH=arch)
    test("-rwxr-xr-x" in result.output and "ls: /nowhere: No such file" in result.output
         and "cat: /bin: Is a directory" in result.output, arch + ": ls and cat", result)
done()
