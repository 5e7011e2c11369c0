#!/usr/bin/env python3
"""OCSP answers for stapling: fetched, verified, put where nginx and HAProxy read them, here and over ssh, kept
fresh by watch, and asked of the servers; Apache, which fetches its own. The responder is `openssl ocsp`, which
this test can have lie.

    test_staple.py ECERT DAY_MODULE
"""
import base64
import datetime
import http.server
import os
import re
import subprocess
import sys
import threading
import time
import unittest
import urllib.parse

import servers
from sshd import SshTest
from stand_in import run
from tool import NAME
from watch_case import WatchCase

LEAF = "basicConstraints=critical,CA:false\nextendedKeyUsage=serverAuth\nsubjectAltName=DNS:%s\n"
TRY_LATER = bytes.fromhex("30030a0103")  # well-formed, which is all that nginx asks
RESPONDER = "basicConstraints=critical,CA:false\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=OCSPSigning\n"


class Responder:
    """`revoked` are serials; `signer` is a name of the authority's; `lie` changes an answer; `away`: HTTP 503."""
    def __init__(self, world, address):
        self.world, self.revoked, self.signer = world, set(), "issuer"
        self.lie, self.away, self.days, self.asked = None, False, 4, []
        responder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            """GET, as RFC 5019 has it for answers that may be kept; POST is Apache's."""
            def do_GET(self):
                self.answer(base64.b64decode(urllib.parse.unquote(self.path.removeprefix("/ocsp/"))))
                responder.asked.append("GET")

            def do_POST(self):
                self.answer(self.rfile.read(int(self.headers["Content-Length"])))
                responder.asked.append("POST")

            def answer(self, request):
                status, body = (503, b"away") if responder.away else (200, responder.answer(request))
                self.send_response(status)
                self.send_header("Content-Type", "application/ocsp-response")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer((address, 0), Handler)
        self.url = f"http://{address}:{self.server.server_address[1]}/ocsp"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def answer(self, request):
        authority, path = self.world.authority, self.world.path
        with open(path("ocsp.request"), "wb") as file:
            file.write(request)
        with open(path("ocsp.index"), "w", encoding="ascii") as file:
            for number in range(0x1000, 0x1000 + authority.count + 1):
                serial = "%04X" % number
                file.write(f"R\t370101000000Z\t260601000000Z\t{serial}\tunknown\t/CN={serial}\n" if serial in self.revoked
                           else f"V\t370101000000Z\t\t{serial}\tunknown\t/CN={serial}\n")
        subprocess.run(["openssl", "ocsp", "-index", path("ocsp.index"), "-CA", authority.path("issuer.pem"), "-rsigner",
                        authority.path(self.signer + ".pem"), "-rkey", authority.key(self.signer), "-reqin", path("ocsp.request"),
                        "-respout", path("ocsp.answer"), "-ndays", str(self.days)], check=True, capture_output=True,
                       env=self.world.environment())
        with open(path("ocsp.answer"), "rb") as file:
            made = file.read()
        return self.lie(made) if self.lie else made


class StapleCase(WatchCase):
    """Certificates that name the responder, and a server."""
    address = "127.0.0.87"
    kind = servers.Nginx

    def setUp(self):
        super().setUp()
        if servers.program(self.kind.needs) is None:
            self.skipTest(self.kind.needs + " is not here")
        self.responder = Responder(self, self.address)
        self.addCleanup(self.responder.stop)
        self.names_responder = True
        sign = self.authority.sign

        def sign_with_responder(name, subject, by, extensions, *more, **options):
            named = name == "leaf" and self.names_responder
            more_extensions = f"authorityInfoAccess=OCSP;URI:{self.responder.url}\n" if named else ""
            return sign(name, subject, by, extensions + more_extensions, *more, **options)
        self.authority.sign = sign_with_responder
        self.server = self.kind(self.path("server"), self.address)
        self.prepare()

    def prepare(self):
        self.staple = self.server.path("site.ocsp") if self.kind is servers.Nginx else self.server.certificate + ".ocsp"
        self.words = [*self.server.words, "--staple", self.staple]

    def start(self):
        self.old = self.enrol()["id"]
        pair = f"{self.store}/personal/{self.old}/"
        for name in ("certificate", "chain"):
            with open(f"{pair}{name}.pem", encoding="ascii") as file, open(self.path("full"), "a", encoding="ascii") as full:
                full.write(file.read())
        self.server.give(self.path("full"), pair + "key.pem")
        self.configure()
        self.server.start()
        self.addCleanup(self.server.stop)

    def configure(self):
        if self.kind is servers.Nginx:
            with open(self.server.config, encoding="ascii") as file:
                text = file.read()
            self.server.write("config", text.replace("location /", f"ssl_stapling on; ssl_stapling_file {self.staple};\n    location /"))
            with open(self.staple, "wb") as file:
                file.write(TRY_LATER)

    def deploy(self, code=0, *more):
        return self.json("deploy", "run", *self.words, *more, code=code)

    def stapled(self):
        """What openssl's client is handed, as it says it: status and serial; "" for nothing."""
        said = subprocess.run(["openssl", "s_client", "-connect", f"{self.server.address}:{self.server.port}", "-servername", NAME,
                               "-status"], input=b"", capture_output=True, check=False).stdout.decode()
        found = re.search(r"Serial Number: (\w+)\s+Cert Status: (\w+)", said)
        return found.groups() if found else ""

    def serial(self, item):
        return run("openssl", "x509", "-in", f"{self.store}/personal/{item}/certificate.pem", "-noout", "-serial").decode().strip()[7:]

    def expect_stapled(self, item, seconds=60):
        end = time.monotonic() + seconds
        while self.stapled() != (self.serial(item), "good"):
            self.assertLess(time.monotonic(), end, self.stapled())
            time.sleep(0.1)


class Nginx(StapleCase):
    """The whole life of one file."""
    def only_worker(self):
        """nginx's, which a reload replaces; None while there are two."""
        with open(self.server.pid_file, encoding="ascii") as file:
            master = file.read().strip()
        with open(f"/proc/{master}/task/{master}/children", encoding="ascii") as file:
            workers = file.read().split()
        return workers[0] if len(workers) == 1 else None

    def test_it_comes_with_the_certificate_is_kept_fresh_and_changes_with_it(self):
        self.start()
        self.deploy()
        self.expect_stapled(self.old)
        self.assertEqual(os.stat(self.staple).st_mode & 0o777, 0o644)
        asked = len(self.responder.asked)
        self.run_tool("deploy", "staple", code=2)
        self.pass_by(days=1)
        before, workers = os.stat(self.staple).st_ino, servers.wait_for(self.only_worker)
        self.assertEqual(self.codes(self.renew()), [])
        self.assertEqual(len(self.responder.asked), asked, "it was fresh")
        self.assertEqual((os.stat(self.staple).st_ino, self.only_worker()), (before, workers))
        self.pass_by(days=2)
        self.assertEqual(self.codes(self.renew()), [])
        self.assertEqual(len(self.responder.asked), asked + 1)
        self.assertNotEqual(os.stat(self.staple).st_ino, before)
        servers.wait_for(lambda: self.only_worker() not in (None, workers))
        self.expect_stapled(self.old)
        self.pass_by(days=140)
        said = self.renew()
        self.assertEqual(self.codes(said), [])
        self.expect_stapled(said["certificates"][0]["id"])

    def test_a_responder_of_its_own_is_taken_and_one_that_nobody_appointed_is_not(self):
        self.start()
        self.authority.sign("responder", "/CN=Responder", "issuer", RESPONDER)
        self.authority.sign("stranger", "/CN=Stranger", "root", RESPONDER)
        self.authority.sign("server", "/CN=Server", "issuer", LEAF % "www.example.com")
        self.responder.signer = "responder"
        self.deploy()
        self.expect_stapled(self.old)
        self.pass_by(days=3)
        for signer in ("stranger", "server"):
            self.responder.signer = signer
            said = self.json("deploy", "staple", code=1)["targets"][0]
            self.assertEqual((said["staple"], said["reason"]), ("failed", "ocsp.signature"))
        self.expect_stapled(self.old)

    def test_what_is_not_good_true_or_of_this_time_is_put_nowhere(self):
        self.start()
        self.deploy()
        with open(self.staple, "rb") as file:
            before = file.read()
        self.pass_by(days=3)

        def refused(code):
            said = self.json("deploy", "staple", "nginx", code=1)["targets"][0]
            self.assertEqual(said["reason"], code)
            with open(self.staple, "rb") as file:
                self.assertEqual(file.read(), before)
        self.responder.revoked.add(self.serial(self.old))
        refused("ocsp.bad")
        self.responder.revoked.clear()

        def later(made):
            """Good for longer than was signed."""
            at = made.index(b"\xa0\x11\x18\x0f") + 4
            return made[:at] + b"2099" + made[at + 4:]
        for lie, code in ((later, "ocsp.signature"), (lambda made: b"", "ocsp.malformed"),
                          (lambda made: made + b"\0", "ocsp.malformed"), (lambda made: b"<html>" * 99, "ocsp.malformed"),
                          (lambda made: TRY_LATER, "ocsp.refused"), (lambda made: before, "ocsp.stale")):
            self.responder.lie = lie
            if code == "ocsp.stale":
                self.pass_by(days=2)
            refused(code)
        self.responder.lie = None
        self.responder.away = True
        refused("ocsp.status")

    def test_a_responder_that_is_away_is_a_note_until_the_answer_ends(self):
        self.start()
        self.deploy()
        self.responder.away = True
        self.pass_by(days=3)
        self.assertEqual(self.codes(self.renew()), ["watch.staple_waits"])
        self.pass_by(days=2)
        said = self.renew(code=1)
        self.assertEqual(self.codes(said), ["watch.staple"])
        self.assertIn("503", said["findings"][-1]["text"])
        self.assertEqual(self.codes(self.watch(code=1)), ["watch.staple"])
        self.responder.away = False
        self.assertEqual(self.codes(self.renew()), [])
        self.expect_stapled(self.old)

    def test_without_an_answer_for_the_new_certificate_the_old_pair_stays_while_it_has_days_to_go(self):
        self.start()
        self.deploy()
        self.pass_by(days=140)
        self.responder.away = True
        said = self.renew(code=1)
        self.assertEqual(said["targets"][0]["reason"], "ocsp.status")
        new = said["certificates"][0]["id"]
        self.assertNotEqual(new, self.old)
        self.assertEqual(said["targets"][0]["answers_with"], self.old)
        self.pass_by(days=57)
        said = self.renew(code=1)
        self.assertEqual(said["targets"][0]["answers_with"], new)
        self.responder.away = False
        self.renew()
        self.expect_stapled(new)

    def test_a_program_that_refuses_its_configuration_has_the_file_before(self):
        self.start()
        self.deploy()
        with open(self.staple, "rb") as file:
            before = file.read()
        with open(self.server.config, "a", encoding="ascii") as file:
            file.write("nonsense;\n")
        self.pass_by(days=3)
        self.assertEqual(self.json("deploy", "staple", code=1)["targets"][0]["reason"], "deploy.test")
        with open(self.staple, "rb") as file:
            self.assertEqual(file.read(), before)

    def test_a_certificate_without_a_responder_has_nothing_to_do(self):
        self.names_responder = False
        self.start()
        self.deploy()
        said = self.json("deploy", "staple", code=2)["targets"][0]
        self.assertEqual(said["staple"], "none")
        self.assertIn("nothing to do", self.run_tool("deploy", "staple", code=2))
        self.assertEqual(self.codes(self.renew()), [])
        self.assertEqual(self.responder.asked, [])

    def test_what_hands_out_no_answer_from_a_file_is_refused(self):
        self.enrol()
        pair = ["--certificate", self.path("a"), "--staple", self.path("s")]
        for words, code in ((["--kind", "apache", "--key", self.path("b")], "deploy.staple_itself"),
                            (["--kind", "postfix", "--key", self.path("b")], "deploy.staple"),
                            (["--kind", "dovecot", "--key", self.path("b")], "deploy.staple"),
                            (["--kind", "haproxy"], "deploy.staple_place")):
            said = self.json("deploy", "run", *words, *pair, code=1)
            self.assertEqual(said["problem"]["type"], "urn:ecert:problem:" + code)
        for kind, place, code in (("nginx", "s", "path"), ("nginx", "itself", "staple_file"),
                                  ("files", "itself", "staple_file"), ("dovecot", "itself", "staple")):
            said = self.json("deploy", "run", "--kind", kind, "--key", self.path("b"), "--certificate", self.path("a"), "--staple",
                             place, code=1)
            self.assertEqual(said["problem"]["type"], "urn:ecert:problem:deploy." + code)

    def test_one_that_is_not_handed_out_is_told_and_the_pair_stays(self):
        """nginx was never told to read the file."""
        self.configure = lambda: None
        self.start()
        said = self.deploy(1)["targets"][0]
        self.assertEqual((said["state"], said["reason"]), ("answers", "staple.silent"))
        self.assertIn("ssl_stapling_file", said["expected"])
        self.assertEqual(self.codes(self.watch(code=1)), ["watch.staple_silent"])
        self.pass_by(days=3)
        said = self.json("deploy", "staple", code=1)["targets"][0]
        self.assertEqual((said["staple"], said["reason"]), ("failed", "staple.silent"))
        for language, text in (("en", "hands out no OCSP"), ("zh-HK", "沒有隨證書附上"), ("zh-CN", "没有随证书附上")):
            self.assertIn(text, self.run_tool("deploy", "run", "--again", "--wait", "1", "--lang", language, code=1))

    def test_one_that_comes_from_another_file_is_told(self):
        self.start()
        self.deploy()
        other = self.server.path("other.ocsp")
        with open(self.server.config, encoding="ascii") as file:
            text = file.read()
        with open(self.staple, "rb") as file, open(other, "wb") as copy:
            copy.write(file.read())
        self.server.write("config", text.replace(self.staple, other))
        self.pass_by(days=3)
        self.assertEqual(self.json("deploy", "staple", code=1)["targets"][0]["reason"], "staple.other")

    def test_an_answer_is_never_written_over_the_pair(self):
        self.enrol()
        for name in ("pair.crt", "pair.key"):
            self.write(name, name, 0o600)
            said = self.json("deploy", "run", "--kind", "files", "--certificate", self.path("pair.crt"), "--key", self.path("pair.key"),
                             "--staple", self.path(name), code=1)
            self.assertEqual(said["problem"]["type"], "urn:ecert:problem:deploy.staple_taken")
            with open(self.path(name), encoding="ascii") as file:
                self.assertEqual(file.read(), name)
            self.assertEqual(os.stat(self.path(name)).st_mode & 0o777, 0o600)
        self.assertEqual(self.responder.asked, [])

    def test_nor_by_another_way_to_the_pair_s_files(self):
        self.enrol()
        for name in ("pair.crt", "pair.key"):
            self.write(name, name, 0o600)
            os.symlink(self.path(name), self.path(name + ".link"))
            os.link(self.path(name), self.path(name + ".second"))
        os.symlink(self.scratch, self.path("round"))
        for staple in ("pair.crt.link", "pair.key.second", "round/pair.key", "round/../" + os.path.basename(self.scratch) + "/pair.crt",
                       "./pair.key"):
            said = self.json("deploy", "run", "--kind", "files", "--certificate", self.path("pair.crt"), "--key",
                             self.path("pair.key"), "--staple", self.path(staple), code=1)
            self.assertEqual(said["problem"]["type"], "urn:ecert:problem:deploy.staple_taken", staple)
        for name in ("pair.crt", "pair.key"):
            with open(self.path(name), encoding="ascii") as file:
                self.assertEqual(file.read(), name)


class TodayCase(StapleCase):
    """Of a server that goes by the real time."""
    def setUp(self):
        super().setUp()
        self.now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
        self.subscription_end = self.now + datetime.timedelta(days=365)


class Haproxy(TodayCase):
    """It looks for the file beside the certificate's, and at the answer's times."""
    kind = servers.Haproxy

    def test_it_is_taken_with_the_certificate_and_anew(self):
        self.start()
        self.deploy()
        self.expect_stapled(self.old)
        os.remove(self.staple)
        self.assertEqual(self.codes(self.watch(code=1)), ["watch.staple"])
        self.assertEqual(self.codes(self.renew()), [])
        self.assertTrue(os.path.exists(self.staple))
        self.expect_stapled(self.old)


    def test_a_first_pair_that_goes_without_one_is_told_why(self):
        self.start()
        self.responder.away = True
        said = self.deploy(1)["targets"][0]
        self.assertEqual((said["state"], said["reason"], said["seen"]), ("answers", "ocsp.status", "503"))
        self.assertEqual((self.stapled(), os.path.exists(self.staple)), ("", False))
        self.responder.away = False
        self.json("deploy", "staple")
        self.expect_stapled(self.old)


class Apache(TodayCase):
    """It fetches its own."""
    kind = servers.Apache

    def prepare(self):
        self.staple = "itself"
        self.words = [*self.server.words, "--staple", "itself"]

    def configure(self):
        with open(self.server.config, encoding="ascii") as file:
            text = file.read()
        self.server.write("config", text.replace("Listen", "LoadModule socache_shmcb_module /usr/lib/apache2/modules/"
                                                 "mod_socache_shmcb.so\nListen", 1)
                          + f"SSLStaplingCache shmcb:{self.server.path('cache')}(32768)\nSSLUseStapling on\n")

    def test_it_is_asked_whether_it_hands_one_out(self):
        self.start()
        self.deploy()
        self.assertIn("POST", self.responder.asked)
        self.assertNotIn("GET", self.responder.asked)
        self.expect_stapled(self.old)
        self.assertEqual(self.json("deploy", "staple", code=2)["targets"][0]["staple"], "itself")
        self.assertIn("itself", self.run_tool("deploy", "staple", code=2))
        self.assertEqual(self.codes(self.watch()), [])

    def test_one_that_was_not_told_to_is_told_of_and_what_it_needs(self):
        self.configure = lambda: None
        self.start()
        said = self.deploy(1, "--wait", "1")["targets"][0]
        self.assertEqual((said["state"], said["reason"]), ("answers", "staple.silent"))
        self.assertIn("SSLUseStapling on", said["expected"])
        said = self.watch(code=1)
        self.assertEqual(self.codes(said), ["watch.staple_silent"])
        self.assertIn("SSLUseStapling on", said["findings"][-1]["next"])


@unittest.skipIf(os.geteuid() != 0, "the servers' programs are started by root")
class There(SshTest, StapleCase):
    """nginx on a host that is reached by ssh."""
    def prepare(self):
        super().prepare()
        self.words += ["--to", self.hosts[0], "--ssh-config", self.config]

    def bytes(self, name=None):
        with open(name or self.staple, "rb") as file:
            return file.read()

    def test_it_comes_with_the_certificate_is_kept_fresh_and_changes_with_it(self):
        self.start()
        said = self.deploy()["targets"][0]
        self.expect_stapled(self.old)
        self.assertEqual(os.stat(self.staple).st_mode & 0o777, 0o644)
        self.assertGreater(said["staple_until"], said["staple_from"])
        self.run_tool("deploy", "staple", code=2)
        self.pass_by(days=3)
        before, inode = self.bytes(), os.stat(self.staple).st_ino
        self.assertEqual(self.codes(self.renew()), [])
        self.assertNotEqual(os.stat(self.staple).st_ino, inode)
        self.assertNotEqual(self.bytes(), before)
        self.assertEqual(self.bytes(self.server.path(".ecert-before.site.ocsp")), before)
        self.assertEqual([name for name in os.listdir(self.server.directory) if ".ecert-new" in name], [])
        self.expect_stapled(self.old)
        self.pass_by(days=140)
        said = self.renew()
        self.assertEqual(self.codes(said), [])
        self.expect_stapled(said["certificates"][0]["id"])

    def test_a_program_that_refuses_its_configuration_has_the_file_before(self):
        self.start()
        self.deploy()
        before = self.bytes()
        with open(self.server.config, "a", encoding="ascii") as file:
            file.write("nonsense;\n")
        self.pass_by(days=3)
        said = self.json("deploy", "staple", code=1)["targets"][0]
        self.assertEqual(said["reason"], "deploy.test")
        self.assertEqual(self.bytes(), before)
        self.assertEqual(self.codes(self.renew(code=None)), ["watch.staple_waits"])
        self.pass_by(days=2)
        self.assertEqual(self.codes(self.renew(code=1)), ["watch.staple"])
        with open(self.server.config, encoding="ascii") as file:
            text = file.read()
        self.server.write("config", text.replace("nonsense;\n", ""))
        self.assertEqual(self.codes(self.renew()), [])
        self.expect_stapled(self.old)

    def test_with_a_pair_that_goes_back_its_answer_goes_back(self):
        """The configuration refuses the new pair: the first answer was for nobody, and nothing is left of it."""
        self.start()
        os.remove(self.staple)
        with open(self.server.config, "a", encoding="ascii") as file:
            file.write("nonsense;\n")
        self.assertEqual(self.deploy(1)["targets"][0]["reason"], "deploy.test")
        self.assertFalse(os.path.exists(self.staple))

    def test_after_going_back_the_answer_is_fetched_for_the_pair_before(self):
        self.start()
        self.deploy()
        self.pass_by(days=140)
        said = self.renew()
        new = said["certificates"][0]["id"]
        self.expect_stapled(new)
        self.run_tool("deploy", "rollback", "nginx-" + self.hosts[0])
        self.json("deploy", "staple")
        self.expect_stapled(self.old)

    def test_what_is_in_the_way_or_open_to_others_stays(self):
        self.start()
        open_to_all, ours = self.path("open"), self.path("ours")
        os.mkdir(open_to_all)
        os.chmod(open_to_all, 0o777)
        os.mkdir(ours, 0o755)
        os.symlink("/etc/passwd", ours + "/link.ocsp")
        os.mkdir(ours + "/folder.ocsp")
        passwd = self.bytes("/etc/passwd")
        for place, word in ((open_to_all + "/x.ocsp", "others can write"), (ours + "/link.ocsp", "in the way"),
                            (ours + "/folder.ocsp", "in the way"), (self.path("none/x.ocsp"), "no such directory")):
            self.words[self.words.index("--staple") + 1] = place
            said = self.deploy(1, "--again")["targets"][0]
            self.assertEqual(said["reason"], "deploy.refused")
            self.assertIn(word, said["seen"])
        self.assertEqual((os.listdir(open_to_all), sorted(os.listdir(ours))), ([], ["folder.ocsp", "link.ocsp"]))
        self.assertEqual(self.bytes("/etc/passwd"), passwd)

    def test_nothing_of_ours_is_read_by_a_shell(self):
        self.start()
        for name in ("$(touch x)", "a b'c\"d", "-rf", "`touch x`;touch y", "*", "店"):
            self.words[self.words.index("--staple") + 1] = self.path(name)
            said = self.deploy(1, "--again", "--wait", "1")["targets"][0]
            self.assertEqual((said["state"], said["reason"]), ("answers", "staple.other"))
            self.assertIn(b"\x30\x82", self.bytes(self.path(name))[:2])
        self.assertFalse(os.path.exists(self.path("x")) or os.path.exists("x"))


@unittest.skipIf(os.geteuid() != 0, "the servers' programs are started by root")
class ThereHaproxy(SshTest, TodayCase):
    """HAProxy on a host that is reached by ssh: the file beside the certificate's, and the real time."""
    kind = servers.Haproxy

    def prepare(self):
        super().prepare()
        self.words += ["--to", self.hosts[0], "--ssh-config", self.config]

    def files(self):
        return sorted(name for name in os.listdir(self.server.directory) if name.endswith(".ocsp"))

    def made(self):
        """When the answer was made that openssl's client is handed, and when the one in the file."""
        handed = subprocess.run(["openssl", "s_client", "-connect", f"{self.server.address}:{self.server.port}", "-servername", NAME,
                                 "-status"], input=b"", capture_output=True, check=False).stdout
        lies = run("openssl", "ocsp", "-respin", self.staple, "-noverify", "-resp_text")
        return [re.search(rb"Produced At: (.*)", text).group(1) for text in (handed, lies)]

    def test_it_comes_with_the_certificate_and_is_kept_fresh(self):
        self.now -= datetime.timedelta(days=3)
        self.start()
        self.assertEqual((self.stapled(), self.files()), ("", []))
        said = self.deploy()["targets"][0]
        self.assertEqual((said["state"], said["to"]), ("answers", self.hosts[0]))
        self.expect_stapled(self.old)
        self.assertEqual(self.files(), ["site.pem.ocsp"])
        self.assertEqual(os.stat(self.staple).st_mode & 0o777, 0o644)
        handed, lies = self.made()
        self.assertEqual(handed, lies)
        self.run_tool("deploy", "staple", code=2)
        self.pass_by(days=3)
        self.assertEqual(self.codes(self.renew()), [])
        fresh, lies = self.made()
        self.assertEqual(fresh, lies)
        self.assertNotEqual(fresh, handed)
        self.assertEqual(self.files(), [".ecert-before.site.pem.ocsp", "site.pem.ocsp"])
        self.assertEqual(self.stapled(), (self.serial(self.old), "good"))

    def second(self):
        """Another certificate for the name, by the same subscription."""
        self.portal.state, self.portal.requested = "open", {}
        return self.enrol()["id"]

    def test_another_certificate_brings_its_own_and_going_back_the_one_before(self):
        self.start()
        self.deploy()
        self.expect_stapled(self.old)
        new = self.second()
        self.deploy(0, new)
        self.expect_stapled(new)
        self.run_tool("deploy", "rollback", "haproxy-" + self.hosts[0])
        self.json("deploy", "staple")
        self.expect_stapled(self.old)

    def test_what_is_refused_or_cannot_be_had_leaves_pair_and_answer_as_they_were(self):
        self.start()
        self.deploy()
        with open(self.staple, "rb") as file:
            before = file.read()
        new = self.second()
        with open(self.server.config, encoding="ascii") as file:
            text = file.read()
        for code, config, away in (("deploy.test", text + "nonsense\n", False), ("ocsp.status", text, True)):
            self.server.write("config", config)
            self.responder.away = away
            self.assertEqual(self.deploy(1, new)["targets"][0]["reason"], code)
            with open(self.staple, "rb") as file:
                self.assertEqual(file.read(), before)
            self.expect_stapled(self.old)


if __name__ == "__main__":
    unittest.main(argv=["test_staple", *sys.argv[3:]])
