#!/usr/bin/env python3
"""vm.py - what `make run`, `make exec` and `make debug` do; see machine.py for the rest.

    vm.py run      an interactive machine on this terminal
    vm.py exec     run $CMD (with the files $ADD under /bin); print only its output
    vm.py debug    a machine that waits for gdb, and gdb

The Makefile's variables come through the environment.
"""
import os
import subprocess
import sys
import time

from machine import Config, Machine, END_OF_INPUT, HANG, PANIC

IDLE = 0.3  # seconds of silence after which a piped line of input is sent


def explain(machine, status):
    """On failure, or with V=1: the log on stderr, and what 124 and 125 mean."""
    recorded = "exit %d" % status in machine.log.splitlines()
    if status or os.environ.get("V") == "1":
        sys.stderr.write(machine.story())
    if status == HANG and not recorded:
        sys.stderr.write("exec: no end after %g s (TIMEOUT=seconds): a hang\n"
                         % machine.config.limit)
    elif status == PANIC and not recorded:
        sys.stderr.write("exec: the machine ended without an exit record\n")
    return status


def show(text):
    sys.stdout.buffer.write(text.encode("latin-1"))
    sys.stdout.buffer.flush()


def run_exec():
    command = os.environ.get("CMD")
    if not command:
        sys.exit('exec: say what to run: make exec CMD="hello"')
    files = os.environ.get("ADD", "").split()
    for file in files:
        if not os.path.isfile(file):
            sys.exit("exec: ADD: there is no file " + file)
    with Machine(Config(), command, files, echo=show) as machine:
        return explain(machine, machine.finish())


def run_terminal(config):
    """QEMU gets this terminal: ^C goes to the guest, ^A x ends QEMU."""
    machine = Machine(config, log=config.folder + "/log")
    arguments = config.qemu(machine.work, machine.ramdisk) + [
        "-chardev", "stdio,id=user,mux=on,signal=off", "-mon", "chardev=user",
        "-chardev", "file,id=log,path=" + machine.log_path]
    sys.stderr.write("Leave with exit or ^A x. The kernel's log: %s\n" % machine.log_path)
    sys.stderr.flush()
    try:
        subprocess.call(arguments)
        ended = "\nexit " in "\n" + machine.log
        if not ended and "panic" in machine.log:
            sys.stderr.write(machine.log)
        return machine.status if ended else PANIC if "panic" in machine.log else 0
    finally:
        machine.__exit__()


def run_piped(config):
    """Input from a pipe is typed line by line, each when the machine has gone quiet."""
    config.limit = max(config.limit, 3600)
    with Machine(config, log=config.folder + "/log", echo=show) as machine:
        machine.expect("$ ")
        for line in sys.stdin.buffer:
            machine.send(line)
            quiet = time.monotonic()
            while time.monotonic() - quiet < IDLE:
                before = machine.received
                if not machine.pump(IDLE):
                    return machine.finish()
                if machine.received != before:
                    quiet = time.monotonic()
        machine.send(END_OF_INPUT)
        return machine.finish()


def run_debug():
    config = Config()
    config.TIMEOUT = "1000000"
    gdb = ["gdb-multiarch", "-q", config.kernel]
    if config.ARCH == "s390x":
        gdb += ["-ex", "set architecture s390:64-bit"]
    machine = Machine(config, os.environ.get("CMD"), log=config.folder + "/log")
    socket_path = machine.work + "/gdb"
    console = config.folder + "/console"
    arguments = config.qemu(machine.work, machine.ramdisk) + [
        "-S", "-chardev", "socket,id=gdb,path=%s,server=on,wait=off" % socket_path,
        "-gdb", "chardev:gdb", "-chardev", "file,id=user,path=" + console,
        "-chardev", "file,id=log,path=" + machine.log_path]
    print("User console: %s   log: %s   (tail -f them in another terminal)"
          % (console, machine.log_path), flush=True)
    machine.qemu = subprocess.Popen(arguments, stdin=subprocess.DEVNULL,
                                    start_new_session=True)
    try:
        while not os.path.exists(socket_path) and machine.qemu.poll() is None:
            time.sleep(0.02)
        return subprocess.call(gdb + [
            "-ex", "target remote " + socket_path, "-ex", "hbreak kernel_main",
            "-ex", "continue"] + os.environ.get("GDB_ARGS", "").split())
    finally:
        machine.__exit__()


def main():
    what = sys.argv[1] if len(sys.argv) == 2 else ""
    if what == "exec":
        return run_exec()
    if what == "debug":
        return run_debug()
    if what != "run":
        sys.exit(__doc__)
    config = Config()
    return run_terminal(config) if sys.stdin.isatty() else run_piped(config)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
