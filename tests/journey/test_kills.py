#!/usr/bin/env python3
"""kill -9 of each process in mid-walk, and the walk goes on: state is in the store and the journals."""
import os
import signal
import subprocess
import threading
import time
import unittest

from world import ROLES, World, wait_until

KILLS = 3


def is_dead(pid):
    """Gone, or not waited for yet: its sockets are closed either way."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


class Kills(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.world.__enter__()
        cls.addClassCleanup(cls.world.stop)

    def walk_while(self, disturb, kills=KILLS):
        """Applies and enrols; `disturb` is called again and again until the walk has ended."""
        world = self.world
        world.run("rm", "-rf", world.path("subscriber/store"))
        over = threading.Event()
        failures = []
        disturbed = []

        def disturber():
            try:
                for _ in range(kills):
                    if over.wait(0.3 if disturbed else 0.1):
                        return
                    disturb()
                    disturbed.append(time.monotonic())
            except AssertionError as failure:
                failures.append(failure)

        world.script("apply")
        thread = threading.Thread(target=disturber)
        thread.start()
        try:
            world.script("enrol")
        except subprocess.TimeoutExpired as late:
            self.fail(f"the walk stands still: {late.stdout}\n{world.logs()}")
        finally:
            over.set()
            thread.join()
        self.assertEqual(failures, [])
        self.assertGreaterEqual(len(disturbed), min(kills, 1), "the walk was over before anything was killed")
        self.assertIn("SSL certificate verify ok", world.script("verify").stdout)

    def test_the_office_goes_on_when_courier_or_registrar_are_killed(self):
        for role in ("courier", "registrar"):
            with self.subTest(role):
                self.world.kill(role)
                self.world.script("apply")

    def test_the_walk_goes_on_when_the_supervisor_is_killed_and_started_again(self):
        def kill_and_start():
            children = [self.world.process_pid(role) for role in ROLES]
            os.kill(self.world.server_pid("ecertd"), signal.SIGKILL)
            for pid in children:
                wait_until(lambda pid=pid: not os.path.exists(f"/proc/{pid}"), 10, "the end of all")
            self.world.script("service")

        self.walk_while(kill_and_start, kills=1)

    def test_a_perspective_may_be_missing(self):
        pid = self.world.server_pid("perspective-5")
        self.world.run("kill", "-9", pid)
        wait_until(lambda: is_dead(pid), 10, "the perspective's end")
        self.walk_while(disturb=None, kills=0)


def kill_test(role):
    def test(self):
        self.walk_while(lambda: self.world.kill(role))
    return test


for ROLE in ROLES:
    setattr(Kills, f"test_the_walk_goes_on_when_the_{ROLE}_is_killed", kill_test(ROLE))


if __name__ == "__main__":
    unittest.main(verbosity=2)
