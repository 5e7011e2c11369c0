"""Enrolments by the hundred in the registrar's store, without the walk that leads there."""
import os
import sqlite3
import threading
import time

from office import Challenge


class Crowd:
    """Copies of an enrolment that officers approved, each with a name of its own."""

    def __init__(self, service):
        self.service = service
        reference = service.approve()
        self.path = service.directory + "/store/ecert.db"
        self.database = sqlite3.connect(self.path, timeout=60, isolation_level=None, check_same_thread=False)
        self.lock = threading.Lock()
        self.model, self.application = self.one(
            "SELECT id, application FROM enrolment WHERE reference = ?", reference)
        self.next = 0

    def one(self, statement, *values):
        return self.database.execute(statement, values).fetchone()

    def add(self, names, subscribers, method=7):
        """One enrolment a name; `subscribers` says whose by its number. Returns (enrolment, challenge) pairs,
        which are pending."""
        made = []
        with self.lock:
            self.database.execute("BEGIN IMMEDIATE")
            for number, name in enumerate(names):
                self.next += 1
                application, enrolment = os.urandom(16), os.urandom(16)
                challenge = Challenge(name, method=method, nonce=os.urandom(16))
                challenge.application_hash = os.urandom(32)
                self.database.execute(
                    "INSERT INTO application (id, hash, der, state, created, subscriber) SELECT ?, ?, der, state, created, ?"
                    " FROM application WHERE id = ?",
                    (application, challenge.application_hash, subscribers(number), self.application))
                self.database.execute(
                    "INSERT INTO enrolment (id, application, reference, pin_hash, attempts_left, state, chinese, ordinal,"
                    " dcv_method, spki_hash, subscription_end, updated, version) SELECT ?, ?, ?, 'none', 10, 'confirmed', 0,"
                    " 1, ?, NULL, subscription_end, updated, 1 FROM enrolment WHERE id = ?",
                    (enrolment, application, "%09d" % self.next, method, self.model))
                self.database.execute(
                    "INSERT INTO challenge (enrolment, place, application_hash, name, method, created, nonce, spki_hash,"
                    " state, next_check, attempts) VALUES (?, 0, ?, ?, ?, ?, ?, NULL, 'pending', 0, 0)",
                    (enrolment, challenge.application_hash, name, method, challenge.created, challenge.nonce))
                made.append((enrolment, challenge))
            self.database.execute("COMMIT")
        return made

    def ask(self, enrolments, age=0):
        """They are due, for `age` seconds already."""
        with self.lock:
            self.database.execute("BEGIN IMMEDIATE")
            self.database.executemany("UPDATE challenge SET state = 'checking', next_check = ? WHERE enrolment = ?",
                                      [(int(time.time()) - age, enrolment) for enrolment, _ in enrolments])
            self.database.execute("COMMIT")
        self.service.poke()

    def withdraw(self, enrolments):
        """They are not due any more."""
        with self.lock:
            self.database.execute("BEGIN IMMEDIATE")
            self.database.executemany("UPDATE challenge SET state = 'pending', next_check = 0 WHERE enrolment = ?",
                                      [(enrolment,) for enrolment, _ in enrolments])
            self.database.execute("COMMIT")

    def states(self, enrolments):
        ids = ",".join("x'%s'" % enrolment.hex() for enrolment, _ in enrolments)
        with self.lock:
            return [state for state, in self.database.execute("SELECT state FROM challenge WHERE enrolment IN (%s)" % ids)]
