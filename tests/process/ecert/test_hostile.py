#!/usr/bin/env python3
"""A portal that is somebody's who means harm, or is broken: at each step of the walk it answers rubbish, too much,
too slowly, elsewhere, half, or with values of other kinds. The tool ends by itself, with one clear error, and what
it keeps is as whole as before.

    test_hostile.py ECERT [--long]
"""
import concurrent.futures
import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
import time
import unittest

from stand_in import Authority, Portal
from tool import NAME, PROGRAM, ToolTest, public_key

ADDRESS = "127.0.0.89"
LONG = "--long" in sys.argv
# The tool's own patience with a portal that is being restarted is a minute, and a call's is half of one.
HANGS_SECONDS = 400
AT_ONCE = 24
# What may fail without the walk doing so.
DISPENSABLE = {("POST", "/enrolment/key"), ("DELETE", "/session")}


def whole(status=200, body=b"", *headers):
    lines = [f"HTTP/1.1 {status} X", *headers, f"Content-Length: {len(body)}", "Connection: close"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def once(data):
    return lambda raw, _: raw.sendall(data)


def forever(first, again, pause=0.0):
    """Until nobody listens any more."""
    def send(raw, _):
        raw.sendall(first)
        while True:
            raw.sendall(again)
            time.sleep(pause)
    return send


def silent(raw, _):
    raw.recv(1)


def truncated(raw, content):
    raw.sendall(whole(200, content + b" " * 100)[:-100])


def wrapped(change):
    """The right answer, changed."""
    return lambda raw, content: raw.sendall(whole(200, change(content)))


def flood(content):
    """As much as fits, where the tool looks through lists."""
    one = json.loads(content)
    piece = [{"perspectives": [{}] * 100000, "steps": [{}] * 10000, "name": "x", "value": "y", "host": "z"}] + [{}] * 50000
    for name in ("names", "keys", "methods", "challenges", "results", "chain"):
        one[name] = piece
    if isinstance(one.get("dcv"), dict):
        one["dcv"] = {**one["dcv"], "state": "failed", "results": piece, "challenges": piece}
    return json.dumps(one).replace(" ", "").encode()[:1024 * 1024 + 5]


TEXT = {"title": "x" * 400000, "detail": "\x1b[2J" * 1000, "type": "urn:ecert:problem:" + "y" * 100000, "next": "%s%n" * 1000,
        "field": "f" * 5000, "seen": "s" * 5000, "expected": "e" * 5000}
EVILS = {
    "garbage": once(bytes(range(256)) * 16),
    "page": once(whole(200, b"<html>Log in to the hotel</html>", "Content-Type: text/html")),
    "nothing": once(whole(200)),
    "204": once(whole(204)),
    "null": once(whole(200, b"null")),
    "number": once(whole(200, b"7")),
    "list": once(whole(200, b"[]")),
    "object": once(whole(200, b"{}")),
    "deep": once(whole(200, b'{"a":' * 100000)),
    "bits": once(whole(200, b'{"state":"\xff\xfe\x00"}')),
    "half": once(whole(200, b'{"state":"confirmed","nam')),
    "twice": once(whole(200, b'{"state":"accepted","state":"open"}')),
    "packed": once(whole(200, b"\x1f\x8b\x08" + b"\0" * 100, "Content-Encoding: gzip")),
    "redirect": once(whole(302, b"", "Location: http://127.0.0.1:1/api/v1/enrolment")),
    "to a file": once(whole(301, b"", "Location: file:///etc/passwd")),
    "problem": once(whole(400, json.dumps(TEXT).encode())),
    "usage": once(whole(400, b'{"title":"Not so","type":"urn:ecert:problem:usage.needed","next":"x"}')),
    "denied": once(whole(403, b'{"title":7,"detail":[],"next":{}}')),
    "conflict": once(whole(409, b'{"title":"Not now","type":"urn:ecert:problem:enrolment.state"}')),
    "busy": once(whole(503, b"{}")),
    "closed": once(b""),
    "truncated": truncated,
    "no http": once(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "versions": once(b"HTTP/9.9 99999 \r\n\r\n"),
    "headers": forever(b"HTTP/1.1 200 OK\r\n", b"X-Padding: " + b"x" * 60000 + b"\r\n"),
    "continue": forever(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000, 0.2),
    "endless": forever(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", b'{"a":"' + b"x" * 65536),
    "huge": forever(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", b" " * 65536),
    "drip": forever(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b" ", 1.0),
    "silent": silent,
    "flood": wrapped(flood),
    "long texts": wrapped(lambda content: content.replace(b'": "', b'": "' + b"x" * 60000)),
}


def kinds_changed(value):
    """Each member of an answer with a value of another kind, one after the other."""
    others = (None, True, -1, 2 ** 62, "", "x" * 300, [], [[]], {}, {"ascii": 1, "end": []})
    if isinstance(value, dict):
        for name, one in value.items():
            for other in others:
                yield {**value, name: other}
            yield {key: kept for key, kept in value.items() if key != name}
            for deeper in kinds_changed(one):
                yield {**value, name: deeper}
    elif isinstance(value, list) and value:
        for deeper in kinds_changed(value[0]):
            yield [deeper, *value[1:]]
        for other in others:
            yield [other]
        yield value * 200


class Front:
    """Stands before a good portal; `evil` is what happens at the step (method, path)."""
    def __init__(self, portal):
        self.portal, self.step, self.evil, self.seen = portal, None, None, []
        front = self

        class Handler(http.server.BaseHTTPRequestHandler):
            """One request a connection: what is written is not always HTTP."""
            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                method, path = self.command, self.path.removeprefix("/api/v1")
                status, content = portal.answer(method, self.path, body, self.headers)
                if (method, path) not in front.seen:
                    front.seen.append((method, path))
                self.close_connection = True
                if (method, path) == front.step:
                    front.evil(self.connection, content)
                else:
                    self.connection.sendall(whole(status, content, "Content-Type: application/json"))
            do_GET = do_POST = do_DELETE = answer

            def handle(self):
                try:
                    super().handle()
                except OSError:
                    pass

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer((ADDRESS, 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://{ADDRESS}:{self.server.server_address[1]}"
        portal.url = self.url
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Hostile(ToolTest):
    """Each run has a store and a portal of its own; many go on at once, since most of them wait."""
    @classmethod
    def setUpClass(cls):
        cls.place = cls.scratch_of_class(cls)
        cls.authority = Authority(os.path.join(cls.place, "ca"))
        cls.turn, signs, leaf = threading.Lock(), threading.Lock(), cls.authority.leaf

        def one_at_a_time(*words):
            with signs:
                return leaf(*words)
        cls.authority.leaf = one_at_a_time

    def setUp(self):
        super().setUp()
        self.json("request", "new", "--name", NAME, "--key", "p256")
        self.template = self.store
        self.count = 0
        self.steps = self.walk(None, None)

    def portal(self):
        with self.turn:
            self.count += 1
            return Portal(self.authority, ADDRESS, 0), self.path(f"run{self.count}")

    def walk(self, step, evil, dies=True):
        """One whole walk; the steps it took."""
        portal, place = self.portal()
        front = Front(portal)
        front.step, front.evil = step, evil
        try:
            shutil.copytree(self.template, place + "/store")
            os.chmod(place, 0o700)
            os.mkdir(place + "/web", 0o755)
            with open(place + "/pin", "w", encoding="ascii", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
                file.write("1234567812345678")
            done = subprocess.run(
                [PROGRAM, "enrol", "--json", "--portal", front.url, "--server-name", NAME, "--reference", "123456789", "--pin-file",
                 place + "/pin", "--accept", "--hook", "/bin/true", ";", "--install-certificate", place + "/web/site.crt",
                 "--install-key", place + "/web/site.key"], stdin=subprocess.DEVNULL, capture_output=True, check=False,
                timeout=HANGS_SECONDS, env={**self.environment(), "ECERT_STORE": place + "/store"})
            self.judge(place, done, step, dies)
        finally:
            front.stop()
            portal.stop()
        return front.seen

    def judge(self, place, done, step, dies):
        self.assertIn(done.returncode, (0, 1, 2), (done.returncode, done.stderr[-2000:]))
        said = json.loads(done.stdout)
        self.assertEqual(done.stderr, b"")
        if step is None or step in DISPENSABLE:
            self.assertEqual(done.returncode, 0, said)
        elif dies:
            self.assertNotEqual(done.returncode, 0, said)
        if done.returncode == 1:
            for part in ("type", "title", "next"):
                self.assertTrue(said["problem"][part], said)
            self.assertLess(len(done.stdout), 20000)
        folders = {name: os.listdir(f"{place}/store/{name}") for name in ("requests", "personal")}
        self.assertEqual(sum(len(names) for names in folders.values()), 1, folders)
        for folder, names in folders.items():
            for name in names:
                pair = f"{place}/store/{folder}/{name}"
                self.assertNotEqual(name[0], ".")
                if folder == "personal":
                    self.assertEqual(public_key("key", pair + "/key.pem"), public_key("certificate", pair + "/certificate.pem"))
        web = [name for name in os.listdir(place + "/web") if name[0] != "."]
        self.assertIn(len(web), (0, 2), web)
        self.assertEqual(done.returncode == 0, bool(web), said)
        if web:
            self.assertEqual(public_key("key", place + "/web/site.key"), public_key("certificate", place + "/web/site.crt"))

    def all_of(self, runs):
        """Tells every run that went wrong, by its name."""
        wrong = []
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            waiting = {pool.submit(self.walk, *run): name for name, run in runs}
            for one in concurrent.futures.as_completed(waiting):
                if one.exception() is not None:
                    wrong.append((waiting[one], str(one.exception())[:600]))
        self.assertEqual(wrong, [], "\n".join(map(str, wrong)))

    def test_whatever_is_answered_at_a_step_the_tool_ends_with_one_clear_error(self):
        self.assertGreater(len(self.steps), 10, self.steps)
        runs = [((step, name), (step, evil, False)) for step in self.steps for name, evil in EVILS.items()]
        self.all_of(runs if LONG else runs[::5])

    def test_results_without_end_and_of_any_length_are_told_and_that_ends(self):
        """Each place is held against all before it: of a hundred thousand that would take hours."""
        long = {"code": "dcv.x", "text": "t" * 9000, "seen": "s" * 9000}
        question = {"asked": "q" * 9000, "outcome": "o" * 9000, "seen": "s" * 9000, "records": 1}
        for results in ([{"name": NAME, "perspectives": [{}] * 100000}], [{"name": "x"}] * 40000,
                        [{"name": NAME, "perspectives": [{"steps": [{}] * 100000}, {}]}],
                        [{"name": NAME, "next": "n" * 9000, "perspectives": [{"id": "i" * 9000, "dcv": "failed", "steps": [long],
                                                                             "questions": [question] * 3}]}]):
            portal, _ = self.portal()
            self.addCleanup(portal.stop)
            portal.state, portal.requested = "confirmed", {"method": "dns"}
            portal.post_enrolment_dcv_check = lambda _: (202, {})
            whole_of = portal.enrolment

            def failed(whole_of=whole_of, results=results):
                one = whole_of()
                return {**one, "dcv": {**one["dcv"], "state": "failed", "results": results}}
            portal.enrolment = failed
            address = f"http://{ADDRESS}:{portal.server.server_address[1]}"
            screen = self.at_terminal(
                ["enrol", "--portal", address, "--server-name", NAME, "--reference", "123456789", "--accept"],
                [("PIN", "1234567812345678"), ("Place these", "")], code=1)
            self.assertIn("ecert enrol --resume", screen)

    def test_values_of_other_kinds_are_an_error_or_make_no_difference(self):
        answers = {}
        for step in self.steps:
            self.walk(step, wrapped(lambda content, step=step: answers.setdefault(step, content)), False)
        runs = []
        for step, content in answers.items():
            for number, changed in enumerate(kinds_changed(json.loads(content))):
                body = json.dumps(changed).encode()
                runs.append(((step, number, body[:200]), (step, once(whole(200, body)), False)))
        self.assertGreater(len(runs), 300)
        self.all_of(runs if LONG else runs[::16])


if __name__ == "__main__":
    unittest.main(argv=["test_hostile"])
