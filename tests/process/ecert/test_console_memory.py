#!/usr/bin/env python3
"""What stays in the console's memory of a key that came with a form (doc/threats.md K13): nothing, even
where the form arrived in many pieces and the allocator moves what grows.

    test_console_memory.py ECERT MOVING_MODULE
"""
import re
import sys
import threading
import unittest

from console_case import Console
from stand_in import run
from tool import ToolTest

SECRET = "correct horse battery staple"


class Memory(ToolTest):
    def environment(self, **more):
        return super().environment(LD_PRELOAD=sys.argv[2], **more)

    def left(self, console, needle, flag=""):
        """How often it stands in memory; with `flag` in areas that have it alone (proc(5), VmFlags)."""
        found = 0
        with open(f"/proc/{console.process.pid}/smaps", encoding="ascii") as maps:
            areas = re.findall(rf"^([0-9a-f]+)-([0-9a-f]+) rw(?:.*\n(?!VmFlags))*.*\nVmFlags:(?=.*{flag})", maps.read(),
                               re.MULTILINE)
        with open(f"/proc/{console.process.pid}/mem", "rb", buffering=0) as memory:
            for begin, end in areas:
                try:
                    memory.seek(int(begin, 16))
                    found += memory.read(int(end, 16) - int(begin, 16)).count(needle)
                except OSError:
                    pass
        return found

    def test_a_form_in_many_pieces_leaves_no_key_and_no_password(self):
        run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", self.path("key"))
        with open(self.path("key"), "rb") as file:
            key = file.read()
        console = Console(self)
        console.enter()
        for before in (0, 20000, 100000, 130000, 250000):
            answer = console.post("/import", {"password": SECRET},
                                  files=[("x", b"\n" * before), ("key", key), ("upload", b"\n" * 200000)])
            self.assertEqual(answer.status, 422)
            for needle in (key.splitlines()[2][8:40], SECRET.encode()):
                for _ in range(600):  # the answer is there a little before the request is put away
                    if self.left(console, needle) == 0:
                        break
                    threading.Event().wait(0.05)
                self.assertEqual(self.left(console, needle), 0, before)

    def test_a_pfx_that_waits_for_its_password_goes_when_its_page_is_left(self):
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-subj", "/CN=x", "-nodes",
            "-keyout", self.path("key"), "-out", self.path("c"))
        run("openssl", "pkcs12", "-export", "-inkey", self.path("key"), "-in", self.path("c"), "-passout", "pass:right",
            "-out", self.path("pfx"))
        with open(self.path("pfx"), "rb") as file:
            pfx = file.read()
        console = Console(self)
        console.enter()
        answer = console.post("/import", {"password": "wrong"}, files=[("upload", pfx)])
        self.assertIn("is still here", answer.said)
        self.assertEqual(self.left(console, pfx[100:140], " wf "), 1)  # wiped on a fork: a secret's own pages
        console.get("/")
        self.assertEqual(self.left(console, pfx[100:140], " wf "), 0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
