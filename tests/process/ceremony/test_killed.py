#!/usr/bin/env python3
"""Ceremonies that are killed at every call that changes a disk, and held again with the same script and approvals: what
comes out is whole, and no number of a list is given twice (doc/threats.md S15).

    test_killed.py ECERTADM KILLED [long]
"""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

import folder
from folder import issuing_ca, judged, root, step

ECERTADM, KILLED = map(os.path.abspath, sys.argv[1:3])
MANNERS = ("before", "torn", "after")


def killed(words, at, how):
    """The status, and how many calls there were if it lived."""
    reading, writing = os.pipe()

    def count_fd():
        os.dup2(writing, 9)
    done = subprocess.run([KILLED, "ceremony", *words], env={"KILL_AT": str(at), "KILL_HOW": how, "PATH": os.environ["PATH"]},
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, close_fds=False, preexec_fn=count_fd, check=False)
    os.close(writing)
    counted = os.read(reading, 64)
    os.close(reading)
    return done, int(counted or 0)


class Walk:
    """One ceremony on copies of one medium (None: an empty place)."""

    def __init__(self, desk, base, steps, check, head=None):
        self.desk, self.base, self.check = desk, base, check
        script = desk.script(head or "none", *steps)
        self.words = (script, *desk.approve(script, "ann", "ben"))
        self.medium = desk.path("walked")
        self.fresh()
        done, self.calls = killed(("run", self.medium, *self.words), 0, "before")
        assert done.returncode == 0 and self.calls > 20, done.stderr
        self.whole()

    def fresh(self):
        shutil.rmtree(self.medium, ignore_errors=True)
        if self.base is not None:
            shutil.copytree(self.base, self.medium)

    def whole(self):
        assert not os.path.exists(f"{self.medium}/ceremony.unfinished"), os.listdir(self.medium)
        left = [name for _, _, names in os.walk(self.medium) for name in names if ".new-" in name]
        assert not left, left
        self.desk.adm("ceremony", "transcript", self.medium)
        self.check(self.medium)

    def die(self, at, how):
        self.fresh()
        done, _ = killed(("run", self.medium, *self.words), at, how)
        assert done.returncode == -signal.SIGKILL, (at, how, done.returncode, done.stderr)
        again = subprocess.run([ECERTADM, "ceremony", "run", self.medium, *self.words], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, check=False)
        # 2: all of it was done when it died.
        assert again.returncode in (0, 2), (at, how, again.stderr)
        assert again.returncode == 0 or at > self.calls // 2, (at, how)
        self.whole()
        return again.returncode


def the_first_is_whole(medium):
    assert judged(medium, "ca_1", ["root_a"], lists=["root_a_arl"]) == "OK"


def numbers(medium):
    """Of every list that the journal knows, as it says them."""
    text = folder.openssl("crl", "-inform", "DER", "-in", f"{medium}/ca/root_a_arl.crl", "-noout", "-crlnumber")
    return int(re.search(r"=(?:0x)?([0-9A-F]+)", text)[1], 16)


def the_second_is_whole(medium):
    assert judged(medium, "ca_1_again", ["root_a"], lists=["root_a_arl"]) == "OK"
    assert judged(medium, "ca_2", ["root_a"], lists=["root_a_arl"]) == "OK"
    assert "revoked" in judged(medium, "ca_1", ["root_a"], lists=["root_a_arl"])
    assert numbers(medium) >= 2


def main():
    place = tempfile.mkdtemp(prefix="ecert-killed-")
    every = len(sys.argv) > 3
    try:
        desk = folder.Desk(ECERTADM, place)
        first = (desk.administrators(*folder.NAMES), root(key="rsa3072"), issuing_ca(key="rsa2048"), desk.roster("ca_1"),
                 step("lists", "arl"))
        base = desk.path("base")
        script = desk.script("none", *first)
        desk.adm("ceremony", "run", base, script, *desk.approve(script, "ann", "ben"))
        second = (step("again", "reissue", 'of = "ca_1" by = "root_a" name = "ca_1_again" policy = ov'),
                  issuing_ca("ca_2", key="rsa2048", common="Trial CA 2"),
                  step("old", "revoke", 'of = "ca_1" reason = superseded'), step("lists", "arl"),
                  desk.roster("ca_1_again", "ca_2"))
        walks = {"later": Walk(desk, base, second, the_second_is_whole, desk.head(base)),
                 "first": Walk(desk, None, first, the_first_is_whole)}
        for name, walk in walks.items():
            stride = 1 if every else max(1, walk.calls // 24)
            done = 0
            for at in range(1, walk.calls + 1, stride):
                for how in MANNERS if every else (MANNERS[at // stride % 3],):
                    done += walk.die(at, how) == 2
            print(f"ok the {name} ceremony, killed at {len(range(1, walk.calls + 1, stride))} of {walk.calls} calls "
                  f"({done} times after all was done)", flush=True)
    finally:
        shutil.rmtree(place)


if __name__ == "__main__":
    main()
