"""machine.py - one virtual machine with Origami in it: its QEMU and its two consoles.

A machine has two text channels. The *user console* (COM1; SCLP ASCII) is a socket here:
what programs print, what is typed. The *log console* (COM2; SCLP line mode) is a file:
kernel messages, test reports, and the record `exit <n>` that the kernel writes when
process 1 has ended. Firmware may write on the user console too; Origami's own text begins
behind the first form feed.

    config = Config(ARCH="s390x", SMP="4")
    with Machine(config, command="ps") as machine:
        machine.finish()
    print(machine.output, machine.status)
"""
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import media

HANG, PANIC = 124, 125

DEFAULTS = dict(
    ARCH="x86_64", BUILD="lab", LINUX="y", FOLD="", STEP="", BOOT="direct", SMP="2",
    MEM="256M", CPU="", LA57="", ACCEL="tcg", APPEND="", TIMEOUT="60", TIME_SCALE="1",
    ICOUNT="", BENCH="", PLUGIN="", EDAT="", KERNEL="", RAMDISK="")
PATHS = {"x86_64": ("direct", "grub", "efi", "iso", "iso-disk", "iso-efi", "iso-efi-disk"),
         "s390x": ("direct", "ipl", "iso")}
CPU_X86 = "qemu64,+smep,+smap,+umip,+pdpe1gb,+rdtscp,+fsgsbase"
RECORD = re.compile(rb"^exit (\d+)\r?$", re.MULTILINE)
END_OF_INPUT = b"\4"


class Config:
    """What to boot and how: the Makefile's variables, from keywords or the environment."""

    def __init__(self, **variables):
        for name, default in DEFAULTS.items():
            value = variables.pop(name, None) or os.environ.get(name) or default
            setattr(self, name, value)
        if variables:
            raise TypeError("unknown variables: " + " ".join(variables))
        if self.ARCH not in PATHS:
            sys.exit("ARCH=%s: choose x86_64 or s390x" % self.ARCH)
        if self.BOOT not in PATHS[self.ARCH]:
            sys.exit("BOOT=%s: on %s choose one of: %s"
                     % (self.BOOT, self.ARCH, " ".join(PATHS[self.ARCH])))
        self.folder = "build/%s-%s%s%s%s%s" % (
            self.ARCH, self.BUILD, "-native" if self.LINUX == "n" else "",
            self.FOLD and "-" + self.FOLD, self.STEP and "-" + self.STEP,
            "-bench" if self.BENCH else "")
        self.kernel = self.KERNEL or self.folder + "/kernel.elf"
        self.ramdisk = self.RAMDISK or self.folder + "/ramdisk.cpio"
        self.limit = float(self.TIMEOUT) * float(self.TIME_SCALE)

    def accelerator(self):
        if self.ICOUNT == "1":
            return ["-accel", "tcg", "-icount", "shift=0,sleep=off",
                    "-rtc", "base=2020-01-01T00:00:00,clock=vm"]
        return ["-accel", "tcg,thread=multi" if self.ACCEL == "tcg" else self.ACCEL]

    def cpu(self):
        if self.CPU:
            return ["-cpu", self.CPU]
        if self.ARCH == "s390x":
            return []
        if self.ACCEL == "kvm":
            return ["-cpu", "host"]
        return ["-cpu", CPU_X86 + (",+la57" if self.LA57 in ("1", "y") else "")]

    def plugins(self):
        """EDAT=1: large leaves on s390x; x86_64 has them anyway. EDAT=pmd: only those that
        Linux can do with, of 1 MiB."""
        names = [self.PLUGIN] if self.PLUGIN else []
        if self.EDAT in ("1", "pmd") and self.ARCH == "s390x":
            names.append("build/edat.so" + (",pmd=on" if self.EDAT == "pmd" else ""))
        return [word for name in names for word in ("-plugin", name)]

    def consoles(self):
        """The devices behind the character devices `user` and `log`."""
        if self.ARCH == "s390x":
            return ["-device", "sclpconsole,chardev=user",
                    "-device", "sclplmconsole,chardev=log"]
        return ["-device", "isa-serial,chardev=user,index=0",
                "-device", "isa-serial,chardev=log,index=1"]

    def ending(self):
        """What makes QEMU end when the guest does; see expected_exit."""
        if self.ARCH == "s390x":
            return ["-no-reboot", "-action", "panic=exit-failure"]
        return ["-no-reboot", "-device", "isa-debug-exit,iobase=0xf4,iosize=4"]

    def qemu(self, work, ramdisk):
        """The command line, consoles' character devices excepted."""
        program = "qemu-system-" + self.ARCH
        if not shutil.which(program):
            sys.exit("%s is missing: `make doctor` says which package has it" % program)
        machine = ["-M", "s390-ccw-virtio"] if self.ARCH == "s390x" else []
        return ([program, "-nodefaults", "-no-user-config", "-display", "none"] + machine
                + self.accelerator() + self.cpu() + ["-smp", self.SMP, "-m", self.MEM]
                + self.ending() + self.consoles()
                + self.plugins()
                + media.boot_arguments(self, work, ramdisk))


class Machine:
    def __init__(self, config, command=None, files=(), log=None, echo=None):
        """command, files: what /etc/cmd and /bin get. echo: called with each piece of
        output as it comes."""
        self.config = config
        self.work = tempfile.mkdtemp(prefix="origami-")
        self.log_path = log or self.work + "/log"
        self.ramdisk = media.extended_ramdisk(config, self.work, command, files)
        self.echo = echo
        self.output = ""     # the user console's text
        self.firmware = ""   # what stood on it before Origami's
        self.begun = b""     # the form feed between the two
        self.pending = b""   # not yet sorted into either
        self.received = 0    # bytes
        self.seen = 0        # expect() looks behind here
        self.qemu = None
        self.timed_out = False

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception):
        self.kill()
        shutil.rmtree(self.work, ignore_errors=True)

    def start(self):
        self.console, theirs = socket.socketpair()
        open(self.log_path, "wb").close()
        arguments = self.config.qemu(self.work, self.ramdisk) + [
            "-chardev", "socket,id=user,fd=%d" % theirs.fileno(),
            "-chardev", "file,id=log,path=" + self.log_path]
        with open(self.work + "/stderr", "wb") as errors:
            self.qemu = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=errors,
                                         stderr=errors, pass_fds=[theirs.fileno()])
        theirs.close()
        self.deadline = time.monotonic() + self.config.limit

    def kill(self):
        if self.qemu and self.qemu.poll() is None:
            self.qemu.kill()
            self.qemu.wait()

    # --- the user console ---------------------------------------------------------------
    def take(self, piece):
        """Append what QEMU sent: firmware's text up to the first form feed, then output,
        as the program wrote it: the console put \\r before each \\n."""
        self.pending += piece
        if not self.begun:
            text, self.begun, rest = self.pending.partition(b"\f")
            if not self.begun:
                return
            self.firmware, self.pending = text.decode("latin-1"), rest
        keep = 1 if piece and self.pending.endswith(b"\r") else 0
        whole = self.pending[:len(self.pending) - keep]
        self.pending = self.pending[len(whole):]
        text = whole.replace(b"\r\n", b"\n").decode("latin-1")
        self.output += text
        if self.echo and text:
            self.echo(text)

    def pump(self, seconds):
        """Take in what comes within that time; False once QEMU has closed the console."""
        if not select.select([self.console], [], [], max(0, seconds))[0]:
            return True
        try:
            piece = self.console.recv(65536)
        except ConnectionResetError:
            piece = b""
        self.take(piece)
        self.received += len(piece)
        return bool(piece)

    def send(self, text):
        """Typed into a machine that has ended, it is lost: finish() tells how it ended."""
        try:
            self.console.sendall(text if isinstance(text, bytes) else text.encode("latin-1"))
        except BrokenPipeError:
            pass

    def expect(self, text, seconds=None):
        """Wait until `text` appears behind what the last expect() found."""
        deadline = min(self.deadline, time.monotonic() + (seconds or self.config.limit))
        while text not in self.output[self.seen:]:
            if time.monotonic() > deadline or not self.pump(0.2):
                return False
        self.seen = self.output.index(text, self.seen) + len(text)
        return True

    def finish(self):
        """Until the machine ends or its time is up; returns the status."""
        while self.pump(min(0.5, self.deadline - time.monotonic())):
            if time.monotonic() > self.deadline:
                self.timed_out = True
                break
        try:
            self.qemu.wait(0 if self.timed_out else 5)
        except subprocess.TimeoutExpired:
            self.timed_out = True
        self.kill()
        return self.status

    # --- the log console ----------------------------------------------------------------
    @property
    def log(self):
        with open(self.log_path, "rb") as stream:
            return stream.read().replace(b"\r\n", b"\n").decode("latin-1")

    @property
    def status(self):
        """The status in the log's exit record; without one 124 (hang) or 125 (panic)."""
        records = RECORD.findall(self.log.encode("latin-1"))
        if records:
            return int(records[-1])
        return HANG if self.timed_out else PANIC

    @property
    def qemu_succeeded(self):
        """QEMU's own exit status tells the same story as the record."""
        return self.qemu.returncode == (0 if self.config.ARCH == "s390x" else 33)

    def story(self):
        """For a person: why it failed, with all that was said outside the user console."""
        with open(self.work + "/stderr", errors="replace") as stream:
            parts = [("QEMU", stream.read()), ("log", self.log)]
        if not self.begun:
            parts.insert(1, ("user console", self.pending.decode("latin-1").strip()))
        return "".join("--- %s ---\n%s\n" % part for part in parts if part[1].strip())


def die_with(signum, frame):
    """So that `with Machine` ends QEMU when this program is told to end."""
    raise SystemExit(128 + signum)


signal.signal(signal.SIGTERM, die_with)
