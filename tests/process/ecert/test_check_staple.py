#!/usr/bin/env python3
"""What `ecert check` says of the OCSP answer that a server hands out. GnuTLS's client is the second judge: it looks
at the answer too, and what it refuses has to be a failure here.

    test_check_staple.py ECERT DAY_MODULE
"""
import os
import re
import shutil
import subprocess
import sys
import time
import unittest

from hierarchy import Hierarchy
from stand_in import der, run
from tool import NAME, PROGRAM, ToolTest

ADDRESS = "127.0.81.2"
DAY = os.path.abspath(sys.argv[2])
DAYS = 86400
LEAF = "basicConstraints=critical,CA:false\nextendedKeyUsage=serverAuth\nsubjectAltName=DNS:" + NAME + "\n"
RESPONDER = "basicConstraints=critical,CA:false\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=OCSPSigning\n"
TRY_LATER = bytes.fromhex("30030a0103")
# Well-formed on the outside, which is all that servers ask.
NONSENSE = der(0x30, der(0x0a, b"\0") + der(0xa0, der(0x30, der(0x06, bytes.fromhex("2b0601050507300101")) + der(0x04, b"nonsense"))))


class CheckStaple(ToolTest):
    """One hierarchy, and a server that hands out whatever it is given."""
    @classmethod
    def setUpClass(cls):
        cls.ca = Hierarchy(cls.scratch_of_class(cls) + "/ca")
        cls.ca.sign("plain", "/CN=x", "new", LEAF, serial=0x40)
        cls.ca.sign("other", "/CN=x", "new", LEAF, serial=0x41)
        cls.ca.sign("must", "/CN=x", "new", LEAF + "tlsfeature=status_request\n", serial=0x42)
        cls.ca.sign("feature", "/CN=x", "new", LEAF + "tlsfeature=17\n", serial=0x43)
        cls.ca.sign("responder", "/CN=Test responder", "new", RESPONDER, serial=0x44)
        cls.ca.sign("stranger", "/CN=Test responder", "partner", RESPONDER, serial=0x45)
        cls.ca.sign("retired", "/CN=Test responder of before", "new", RESPONDER, serial=0x46, end="20260601000000Z")

    def setUp(self):
        super().setUp()
        self.run_tool("chain", "install", self.ca.path("root.pem"), "--as", "root", "--fingerprint",
                      self.ca.fingerprint("root"))

    def answer(self, about, signer="ssl", state="V", at=None, more=("-ndays", "4")):
        """What `openssl ocsp` says of a certificate, at a time; `signer` "ssl" is the issuing CA itself."""
        path, request, answer = self.path, self.path("request.der"), self.path("answer.der")
        serial = run("openssl", "x509", "-in", self.ca.path(about + ".pem"), "-noout", "-serial").decode().strip().split("=")[1]
        lines = {"V": f"V\t370101000000Z\t\t{serial}\tunknown\t/CN=x\n",
                 "R": f"R\t370101000000Z\t260601000000Z\t{serial}\tunknown\t/CN=x\n", "": ""}
        self.write("index", lines[state])
        run("openssl", "ocsp", "-issuer", self.ca.path("new.pem"), "-cert", self.ca.path(about + ".pem"), "-no_nonce",
            "-reqout", request)
        certificate = self.ca.path({"ssl": "new"}.get(signer, signer) + ".pem")
        environment = {"PATH": os.environ["PATH"]}
        if at is not None:
            environment |= {"LD_PRELOAD": DAY, "DAY_AT": str(int(at))}
        subprocess.run(["openssl", "ocsp", "-index", path("index"), "-CA", self.ca.path("new.pem"), "-rsigner", certificate,
                        "-rkey", self.ca.key(signer), "-reqin", request, "-respout", answer, *more], check=True,
                       capture_output=True, env=environment)
        with open(answer, "rb") as file:
            return file.read()

    def serve(self, name, answer, chain=True):
        """The port of a server with a certificate and an answer (None: none)."""
        with open(self.path("chain.pem"), "wb") as file:
            for one in ("new",) if chain else ():
                with open(self.ca.path(one + ".pem"), "rb") as part:
                    shutil.copyfileobj(part, file)
        words = ["-cert_chain", self.path("chain.pem")] if chain else []
        if answer is not None:
            with open(self.path("handed.der"), "wb") as file:
                file.write(answer)
            words += ["-status_file", self.path("handed.der")]
        with open(self.path("server.log"), "wb") as log:
            server = subprocess.Popen(["openssl", "s_server", "-accept", ADDRESS + ":0", "-www", "-cert",
                                       self.ca.path(name + ".pem"), "-key", self.ca.key(name), *words],
                                      stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        while True:
            with open(self.path("server.log"), encoding="utf-8", errors="replace") as file:
                if found := re.search(r"ACCEPT [\d.]+:(\d+)", said := file.read()):
                    return int(found.group(1))
            self.assertIsNone(server.poll(), said)
            time.sleep(0.02)

    def gnutls_accepts(self, port):
        return subprocess.run(["gnutls-cli", "--x509cafile", self.ca.path("root.pem"), "--sni-hostname", NAME, "--verify-hostname",
                               NAME, "-p", str(port), ADDRESS], input=b"", capture_output=True, check=False, timeout=60).returncode == 0

    def found(self, name, answer, code=0, gnutls=None, **more):
        """What check finds of it, and how it calls it; `gnutls`: whether GnuTLS's client accepts it, if not as our exit code has it."""
        port = self.serve(name, answer, **more)
        said = self.json("check", f"{NAME}:{port}@{ADDRESS}", "--no-lists", code=code)["hosts"][0]
        if shutil.which("gnutls-cli"):
            self.assertEqual(self.gnutls_accepts(port), code == 0 if gnutls is None else gnutls)
        self.assertEqual(said["stapled"], answer is not None)
        return [one["code"] for one in said["findings"]], said["staple"]

    def test_a_good_answer_by_the_issuer_and_by_whom_it_appointed(self):
        for signer in ("ssl", "responder"):
            codes, staple = self.found("plain", self.answer("plain", signer))
            self.assertEqual((codes, staple["state"], staple["required"]), ([], "good", False))
            self.assertLess(staple["this_update"], staple["next_update"])

    def test_no_answer_is_well_where_none_is_demanded(self):
        self.assertEqual(self.found("plain", None), ([], {"state": "none", "required": False}))
        self.assertEqual(self.found("feature", None), ([], {"state": "none", "required": False}))

    def test_one_that_is_demanded_and_does_not_come(self):
        codes, staple = self.found("must", None, code=1)
        self.assertEqual((codes, staple), (["check.staple_missing"], {"state": "none", "required": True}))
        self.assertEqual(self.found("must", TRY_LATER, code=1)[0], ["check.staple_refused"])
        codes, staple = self.found("must", self.answer("must"))
        self.assertEqual((codes, staple["state"], staple["required"]), ([], "good", True))

    def test_a_revoked_certificate_however_old_the_answer(self):
        for at in (None, time.time() - 10 * DAYS):
            codes, staple = self.found("plain", self.answer("plain", state="R", at=at), code=1)
            self.assertEqual((codes, staple["state"], staple["revoked"]), (["check.staple_revoked"], "revoked", "2026-06-01T00:00:00Z"))

    def test_one_that_the_ca_does_not_know(self):
        """GnuTLS lets it pass; Firefox doesn't."""
        codes, staple = self.found("plain", self.answer("plain", state=""), code=1, gnutls=True)
        self.assertEqual((codes, staple["state"]), (["check.staple_unknown"], "unknown"))

    def test_an_answer_that_is_out_of_date(self):
        codes, staple = self.found("plain", self.answer("plain", at=time.time() - 10 * DAYS), code=1)
        self.assertEqual((codes, staple["state"]), (["check.staple_stale"], "stale"))

    def test_one_that_is_out_of_date_is_not_called_forged_for_its_responder_ended_since(self):
        codes, staple = self.found("plain", self.answer("plain", "retired", at=1777593600), code=1)
        self.assertEqual((codes, staple["state"], staple["next_update"]), (["check.staple_stale"], "stale", "2026-05-05T00:00:00Z"))

    def test_one_of_a_time_to_come_and_one_without_an_end(self):
        codes, staple = self.found("plain", self.answer("plain", at=time.time() + 10 * DAYS), code=1, gnutls=True)
        self.assertEqual((codes, staple["state"]), (["check.staple_future"], "future"))
        codes, staple = self.found("plain", self.answer("plain", more=()))
        self.assertEqual((codes, staple["state"]), (["check.staple_endless"], "endless"))
        self.assertNotIn("next_update", staple)

    def test_one_about_another_certificate(self):
        codes, staple = self.found("plain", self.answer("other"), code=1)
        self.assertEqual((codes, staple), (["check.staple_other"], {"state": "other", "required": False}))

    def test_one_that_nobody_signed_who_may(self):
        """By another CA's responder, by a server's certificate of the same CA, by a responder that ended, and with one bit turned."""
        good = self.answer("plain", more=("-ndays", "4", "-resp_no_certs"))
        turned = good[:-4] + bytes([good[-4] ^ 1]) + good[-3:]
        for forged in (self.answer("plain", "stranger"), self.answer("plain", "other"), self.answer("plain", "retired"), turned):
            codes, staple = self.found("plain", forged, code=1)
            self.assertEqual((codes, staple), (["check.staple_forged"], {"state": "forged", "required": False}))

    def test_what_is_no_answer(self):
        self.assertEqual(self.found("plain", NONSENSE, code=1)[0], ["check.staple_malformed"])
        codes, staple = self.found("plain", TRY_LATER)
        self.assertEqual((codes, staple["state"]), (["check.staple_refused"], "refused"))

    def test_without_the_issuers_certificate_it_cant_be_judged(self):
        codes, staple = self.found("plain", self.answer("plain"), code=1, chain=False)
        self.assertEqual((codes, staple["state"]), (["check.open"], "unjudged"))
        self.run_tool("chain", "install", self.ca.path("new.pem"))
        codes, staple = self.found("plain", self.answer("plain"), code=1, chain=False)
        self.assertEqual((codes, staple["state"]), (["check.incomplete"], "good"))

    def test_it_is_told_in_words_in_three_languages(self):
        port = self.serve("plain", self.answer("other"))
        for language, fact, finding in (
                ("en", "about another certificate", "the server hands out an OCSP answer about another certificate"),
                ("zh-HK", "附有回應，但屬於另一張證書", "伺服器送出的 OCSP 回應屬於另一張證書"),
                ("zh-CN", "附有响应，但属于另一张证书", "服务器发送的 OCSP 响应属于另一张证书")):
            done = subprocess.run([PROGRAM, "check", f"{NAME}:{port}@{ADDRESS}", "--no-lists", "--lang", language], env=self.environment(),
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60)
            said = done.stdout + done.stderr
            self.assertIn(fact, said)
            self.assertIn(finding, said)
            self.assertNotIn("{", said)


if __name__ == "__main__":
    unittest.main(argv=["test_check_staple"])
