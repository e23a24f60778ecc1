#!/usr/bin/env python3
"""make run on a terminal: keys reach the guest, ^C too; ^A x ends QEMU; exit statuses."""
import os
import pty
import select
import sys
import time

sys.path.insert(0, "tests/tools")
from tap import MACHINES, done, test

PROMPT = b"origami$ "
SCALE = float(os.environ.get("TIME_SCALE") or 1)  # for slow hosts


class Terminal:
    def __init__(self, *command):
        self.pid, self.fd = pty.fork()
        self.text = b""
        if not self.pid:
            os.execvp(command[0], command)

    def expect(self, words, seconds=20):
        end = time.monotonic() + seconds * SCALE
        while words not in self.text and time.monotonic() < end:
            if select.select([self.fd], [], [], 0.2)[0]:
                try:
                    self.text += os.read(self.fd, 65536)
                except OSError:  # the other side has gone
                    break
        at = self.text.find(words)
        if at >= 0:
            self.text = self.text[at + len(words):]
        return at >= 0

    def send(self, keys):
        os.write(self.fd, keys)

    def status(self):
        self.expect(b"text that never comes", 20)
        os.close(self.fd)  # hangs up on what is still there
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


for arch in MACHINES:
    terminal = Terminal("make", "-s", "run", "BOOT=direct", "ARCH=" + arch)
    test(terminal.expect(b"Leave with exit or ^A x"), arch + ": says how to leave")
    test(terminal.expect(PROMPT), arch + ": a prompt", terminal.text)
    terminal.send(b"cat\r")
    terminal.expect(b"cat\r")
    terminal.send(b"typed\r")  # cat is there when it has come back
    terminal.expect(b"typed\r") and terminal.expect(b"typed\r")
    terminal.send(b"\x03")
    test(terminal.expect(PROMPT), arch + ": ^C goes to the guest", terminal.text)
    terminal.send(b"echo $?\r")
    test(terminal.expect(b"130\r"), arch + ": and ends the program", terminal.text)
    terminal.send(b"exit 6\r")
    test(terminal.status() == 6, arch + ": make run ends with the shell's status")
terminal = Terminal("make", "-s", "run", "BOOT=direct")
terminal.expect(PROMPT)
terminal.send(b"\x01x")
test(terminal.status() == 0, "^A x ends QEMU")
done()
