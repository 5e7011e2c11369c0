"""Assigning a certificate on the pages of `ecert console`: planned first, done behind the page, and shown there.

    test_console_assign.py ECERT NO_FORK_MODULE
"""
import contextlib
import os
import re
import signal
import sys
import unittest

import servers
from console_case import Console
from deploy_case import DeployCase
from stand_in import run
from tool import NAME

SECRET = "correct horse battery staple"


class AssignCase(DeployCase):
    """A console, and what somebody does on its pages about assigning."""
    def setUp(self):
        super().setUp()
        self.console = Console(self)
        self.console.enter()
        self.addCleanup(self.console.stop)

    def assign(self, item, form, step="run", status=None):
        return self.console.post(f"/certificate/{item}/assign", {"step": step, **form}, status=status)

    def ended(self, item):
        """The page of the assignment, once it has come to its end."""
        page = f"/certificate/{item}/assigned"
        servers.wait_for(lambda: self.console.get(page).headers["Refresh"] is None)
        return self.console.get(page)

    def done(self, item, form):
        answer = self.assign(item, form, status=303)
        self.assertEqual(answer.headers["Location"], f"{self.console.desk}/certificate/{item}/assigned")
        return self.ended(item)

    @staticmethod
    def form(server):
        return {"kind": server.kind, "certificate": server.certificate, "key": server.key, "config": server.config,
                "check": server.check}

    def files(self, name="site"):
        return {"kind": "files", "certificate": self.path(name + ".crt"), "key": self.path(name + ".key")}


class Assign(AssignCase):
    def test_it_is_planned_first_then_done_and_proved(self):
        self.trust()
        first, second = self.pair("first"), self.pair("second")
        server = self.server(servers.Nginx, "127.0.0.31", given=first)
        form = self.form(server)
        self.console.get(f"/certificate/{second}/assign")
        plan = self.assign(second, form, "plan", 200)
        for part in (server.certificate, server.config):
            self.assertIn(part, plan.said)
        self.expect_sent(server, first)
        done = self.done(second, form)
        self.assertIn("answers with the new certificate", done.said)
        self.expect_sent(server, second)
        known = self.console.get(f"/certificate/{first}/assign")
        self.assertIn(server.certificate, known.said)
        self.assertIn(server.certificate, self.assign(first, {"known": "1"}, "plan", 200).said)
        done = self.done(first, {"known": "1"})
        self.assertIn("answers with the new certificate", done.said)
        self.expect_sent(server, first)
        targets = self.json("deploy", "status")["targets"]
        self.assertEqual([one["there"] for one in targets], [first])
        self.assertIn("nothing to do", self.done(first, {"known": "1"}).said)

    def test_each_field_that_is_wrong_is_told_at_its_place_and_nothing_is_done(self):
        item = self.pair("first")
        form = {**self.files(), "check": NAME}
        for wrong, field, words in (
                ({"kind": "iis"}, "kind", "no such server program"), ({"kind": ""}, "kind", "no such server program"),
                ({"certificate": ""}, "certificate", "nothing was entered"),
                ({"certificate": "x"}, "certificate", "not an absolute path"), ({"key": "/x/"}, "key", "not an absolute path"),
                ({"kind": "nginx", "key": ""}, "key", "nothing was entered"),
                ({"kind": "haproxy"}, "key", "in one file"), ({"config": "x"}, "config", "not an absolute path"),
                ({"check": "other.example.com"}, "check", "not for the name"), ({"check": "a b"}, "check", "stand in a server name"),
                ({"to": "a b"}, "to", "not a server"), ({"staple": "x"}, "staple", "not an absolute path"),
                ({"kind": "postfix", "staple": "/x"}, "staple", "hands out no OCSP answers"),
                ({"kind": "apache", "staple": "/x"}, "staple", "fetches its OCSP answers itself"),
                ({"staple": self.path("site.crt")}, "staple", "written over")):
            for step in ("plan", "run"):
                answer = self.assign(item, {**form, **wrong}, step, 422)
                self.assertIn(words, answer.said, wrong)
                self.assertIn(f'id="{field}-error"', answer.text, wrong)
                tag = re.search(rf'<(?:input|select) id="{field}"[^>]*>', answer.text).group(0)
                self.assertIn('aria-invalid="true"', tag)
                self.assertIn(f"{field}-error", tag)
                self.assertIn(f'<a href="#{field}">', answer.text)
                self.assertNotIn("--staple", answer.said)
                for name, value in {**form, **wrong}.items():
                    if name != "kind":
                        self.assertIn(f'value="{value}"', answer.text, name)
        both = self.assign(item, {**form, "certificate": "x", "key": "y"}, "plan", 422)
        self.assertEqual(both.text.count('aria-invalid="true"'), 2)
        self.assertEqual(self.json("deploy", "status", code=0)["targets"], [])
        self.assertEqual(self.assign(item, {"known": "1"}, "run").status, 422)

    def test_another_language_keeps_what_was_typed_and_begins_nothing(self):
        item = self.pair("first")
        for step, words in (("plan", 'value="plan"'), ("run", 'value="run"')):
            page = self.console.post(f"/certificate/{item}/assign?lang=zh-HK", {"step": step, **self.files()}, status=200)
            self.assertIn('<html lang="zh-HK">', page.text)
            self.assertIn(words, page.text)
            self.assertIn(self.path("site.crt"), page.text)
        self.assertFalse(os.path.exists(self.path("site.crt")))

    def test_an_answer_for_stapling_has_its_file(self):
        item = self.pair("first")
        plan = self.assign(item, {**self.files(), "staple": self.path("site.ocsp")}, "plan", 200)
        self.assertIn(self.path("site.ocsp"), plan.said)
        self.done(item, {**self.files(), "staple": self.path("site.ocsp")})
        target, = self.json("deploy", "status")["targets"]
        self.assertEqual(target["staple"], self.path("site.ocsp"))

    def test_a_key_that_is_encrypted_in_the_store_is_opened_for_this_and_asked_for_once(self):
        guard = ["--key-passphrase-file", self.write("passphrase", SECRET)]
        made = self.json("request", "new", "--name", NAME, "--key", "p256", "--encrypt-key", "--out", self.path("r.csr"),
                         *guard)
        with open(self.path("r.csr"), "rb") as file:
            certificate = self.write("c.pem", self.authority.leaf(file.read(), NAME) + self.authority.issuer)
        item = self.json("cert", "complete", certificate, *guard)["id"]
        self.assertNotEqual(item, made["id"])
        plan = self.assign(item, self.files(), "plan", 200)
        self.assertIn("lies in the clear", plan.said)
        self.assertIn('id="passphrase"', plan.text)
        for typed, words in ((None, "passphrase is needed"), ("wrong battery", "passphrase is wrong")):
            fields = self.files() if typed is None else {**self.files(), "passphrase": typed}
            answer = self.assign(item, fields, "run", 422)
            self.assertIn(words, answer.said)
            self.assertIn('id="passphrase-error"', answer.text)
            self.assertIn(self.path("site.crt"), answer.text)
            self.assertFalse(os.path.exists(self.path("site.key")))
        done = self.done(item, {**self.files(), "passphrase": SECRET})
        self.assertIn("The new pair is in place", done.said)
        self.assertNotIn(SECRET, done.text)
        with open(self.path("site.key"), encoding="ascii") as file:
            self.assertIn("BEGIN PRIVATE KEY", file.read())
        self.assertEqual(os.stat(self.path("site.key")).st_mode & 0o777, 0o600)


@unittest.skipUnless(servers.program("haproxy"), "haproxy is not here")
class Progress(AssignCase):
    """A server program whose test waits for this test: it reads its configuration from a pipe."""
    def environment(self, **more):
        return super().environment(LD_PRELOAD=sys.argv[2], **more)

    def setUp(self):
        super().setUp()
        self.item = self.pair("first")
        self.pipe = self.path("config")
        os.mkfifo(self.pipe)
        self.target = {"kind": "haproxy", "certificate": self.path("site.pem"), "config": self.pipe}
        self.page = f"/certificate/{self.item}/assigned"

    def let_go(self):
        """Gives the program a configuration that it refuses."""
        with open(self.pipe, "w", encoding="ascii") as pipe, contextlib.suppress(BrokenPipeError):
            pipe.write("nonsense\n")

    def going(self):
        self.assign(self.item, self.target, status=303)
        page = self.console.get(self.page)
        servers.wait_for(lambda: "Being put there" in self.console.get(self.page).said)
        return page

    def test_pages_are_there_while_it_goes_on_and_its_own_shows_the_end(self):
        self.going()
        for _ in range(2):  # a reload
            page = self.console.get(self.page)
            self.assertIsNotNone(page.headers["Refresh"])
            self.assertIn('role="status" aria-live="polite"', page.text)
            self.assertIn("is being assigned", page.said)
        self.assertIn(self.page, self.console.get(f"/certificate/{self.item}").text)
        lead = self.console.ask("GET", f"{self.console.desk}/certificate/{self.item}/assign")
        self.assertEqual((lead.status, lead.headers["Location"]), (303, self.console.desk + self.page))
        other = self.pair("second")
        busy = self.assign(other, self.files(), "run", 422)
        self.assertIn("is still being assigned", busy.said)
        self.assertFalse(os.path.exists(self.path("site.crt")))
        self.let_go()
        page = self.ended(self.item)
        for part in ("refuses its configuration", "Correct the configuration of the program, then assign it again"):
            self.assertIn(part, page.said)
        self.assertNotIn("ecert deploy", page.said)
        again = re.search(r'href="[^"]*(/certificate/[0-9a-f]+/assign\?again=haproxy)"', page.text).group(1)
        self.assertIn(f'value="{self.target["certificate"]}"', self.console.get(again).text)
        self.assign(other, self.files(), "run", 303)
        self.ended(other)
        self.assertTrue(os.path.exists(self.path("site.crt")))
        # What came of it is there for another console, too.
        self.console = Console(self)
        self.console.enter()
        self.assertIn("refuses its configuration", self.console.get(self.page).said)
        nothing = self.console.ask("GET", f"{self.console.desk}/certificate/{self.pair('third')}/assigned")
        self.assertEqual(nothing.status, 303)

    def test_a_pfx_is_read_while_it_goes_on_by_a_process_that_nothing_was_forked_for(self):
        """A fork beside a thread has its locks as they were held, and nobody to let them go."""
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-subj", "/CN=other",
            "-nodes", "-keyout", self.path("other.key"), "-out", self.path("other.pem"))
        run("openssl", "pkcs12", "-export", "-inkey", self.path("other.key"), "-in", self.path("other.pem"), "-passout",
            "pass:" + SECRET, "-out", self.path("other.pfx"))
        with open(self.path("other.pfx"), "rb") as file:
            pfx = file.read()
        self.going()
        for _ in range(5):
            wrong = self.console.post("/import", {"password": "wrong"}, files=[("upload", pfx)], status=422)
            self.assertIn("is still here", wrong.said)
        self.assertIn("Being put there", self.console.get(self.page).said)
        before = len(self.certificates())
        self.console.post("/import", {"password": SECRET}, files=[("upload", pfx)], status=303)
        self.assertEqual(len(self.certificates()), before + 1)
        made, = [one["id"] for one in self.certificates() if one["id"] != self.item]
        out = self.console.post(f"/certificate/{made}/export", {
            "file": self.path("again.pfx"), "password": SECRET, "again": SECRET, "for": "modern"})
        self.assertNotIn("pfx.apart", out.text)
        self.assertIn("Being put there", self.console.get(self.page).said)
        self.let_go()
        self.assertIn("refuses its configuration", self.ended(self.item).said)

    def test_the_console_ends_behind_it(self):
        self.going()
        self.assertIn("goes on to its end", self.console.post("/end", status=200).said)
        self.console.process.send_signal(signal.SIGTERM)
        self.console.get(self.page)
        # Nothing else begins any more.
        self.assertIn("about to end", self.console.post("/lists/refresh", status=403).said)
        self.let_go()
        self.assertIn(self.console.ended(), ("page", "signal"))
        target, = self.json("deploy", "status", code=1)["targets"]
        self.assertEqual((target["state"], target["reason"]), ("failed", "deploy.test"))


if __name__ == "__main__":
    unittest.main(argv=["test_console_assign"])
