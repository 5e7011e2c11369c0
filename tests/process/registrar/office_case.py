"""A test of the registrar among its neighbours, which live as long as the class."""
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

    def await_state(self, enrolment, state):
        wait_until(lambda: self.office.one(
            "SELECT state FROM enrolment WHERE id = ?", enrolment) == state, what=state)
