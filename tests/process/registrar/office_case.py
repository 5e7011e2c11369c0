"""A test of the registrar among its neighbours, which live as long as the class."""
import contextlib
import time
import unittest

from office import PASSED, Office, wait_until


class OfficeCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.office = Office()
        cls.addClassCleanup(cls.office.stop)

    def setUp(self):
        for perspective in self.office.perspectives.values():
            perspective.verdict, perspective.caa, perspective.delay, perspective.steps = PASSED, PASSED, 0, []
            perspective.version, perspective.suffixes, perspective.replays = 3, int(time.time()), False

    def await_state(self, enrolment, state):
        wait_until(lambda: self.office.one(
            "SELECT state FROM enrolment WHERE id = ?", enrolment) == state, what=state)

    @contextlib.contextmanager
    def configured(self):
        """Gives what the registrar's configuration says, and a way to start it with another; its own comes back."""
        with open(self.config, encoding="utf-8") as file:
            own = file.read()
        try:
            yield own, self.start_with
        finally:
            self.start_with(own)

    @property
    def config(self):
        return self.office.directory + "/ecert.conf"

    def start_with(self, text):
        self.office.registrar_kill()
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(text)
        self.office.registrar_start()
