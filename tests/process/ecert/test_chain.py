#!/usr/bin/env python3
"""Section D of the guide, by the tool: intermediate and cross certificates installed, the old intermediate
removed, the ARL installed; what the stores then hold is put before openssl, GnuTLS and NSS.

    test_chain.py ECERT ECERTADM SOURCE_ROOT
"""
import datetime
import hashlib
import http.server
import os
import shutil
import subprocess
import sys
import threading
import unittest

from hierarchy import Hierarchy
from stand_in import run
from tool import ToolTest

ADDRESS = "127.0.0.78"
PORT = 20000 + os.getpid() % 20000
ECERTADM, SOURCES = (os.path.abspath(path) for path in sys.argv[2:4])


def text_of(path):
    with open(path, encoding="ascii") as file:
        return file.read()


class ChainTest(ToolTest):
    """One hierarchy for all tests of a class; a store for each."""
    @classmethod
    def setUpClass(cls):
        cls.place = ToolTest.scratch_of_class(cls)
        cls.ca = Hierarchy(os.path.join(cls.place, "ca"), f"http://{ADDRESS}:{PORT}")
        cls.stranger = Hierarchy(os.path.join(cls.place, "stranger"), name="Stranger")
        cls.double = Hierarchy(os.path.join(cls.place, "double"))

    def install(self, *names, more=()):
        for name in names:
            said = self.json("chain", "install", self.ca.path(name + ".pem"), *more)
        return said

    def trust(self, *names):
        for name in names:
            self.json("chain", "install", self.ca.path(name + ".pem"), "--as", "root",
                      "--fingerprint", self.ca.fingerprint(name))

    def authorities(self):
        return {(one["role"], one["state"]) for one in self.json("chain", "list")["authorities"]}

    def refused(self, *arguments):
        problem = self.json(*arguments, code=1)["problem"]
        for part in ("title", "next", "type"):
            self.assertNotEqual(problem[part], "")
        return problem["type"].removeprefix("urn:ecert:problem:")

    def paths(self, code=0):
        checked = self.json("chain", "check", self.ca.path("leaf.pem"), code=code)
        return [(path["state"], path.get("reason") or "") for path in checked["certificates"][0]["paths"]]

    def stored(self, folder):
        """The certificates of a folder of the store, in one file for other programs."""
        place = os.path.join(self.store, folder)
        return self.write(folder + ".pem", "".join(
            text_of(os.path.join(place, name)) for name in sorted(os.listdir(place))))


class Stores(ChainTest):
    """What goes where."""
    def test_roots_cross_and_intermediates_are_told_apart(self):
        self.trust("root", "partner")
        self.install("old", "new", "cross")
        self.assertEqual(self.authorities(), {
            ("root", "current"), ("cross", "current"), ("intermediate", "current"),
            ("intermediate", "old")})

    def test_a_certificate_for_the_wrong_store_is_refused_in_each_language(self):
        for name, store, code in (("root", "intermediate", "certstore.is_root"),
                                  ("leaf", "intermediate", "certstore.not_ca"),
                                  ("leaf", "root", "certstore.not_ca"),
                                  ("new", "root", "certstore.not_root"),
                                  ("cross", "root", "certstore.not_root")):
            said = self.refused("chain", "install", self.ca.path(name + ".pem"), "--as", store)
            self.assertEqual(said, code)
        for language, text in (("en", "does not belong"), ("zh-HK", "不屬於"), ("zh-CN", "不属于")):
            said = self.run_tool("chain", "install", self.ca.path("root.pem"), "--lang", language, code=1)
            for part in (text, "subject ≠ issuer", "Test Root CA 3", "chain install FILE --as"):
                self.assertIn(part, said)
        self.assertEqual(self.authorities(), set())

    def test_one_wrong_certificate_keeps_the_whole_file_out(self):
        text = "".join(text_of(self.ca.path(name + ".pem")) for name in ("new", "leaf"))
        self.assertEqual(self.refused("chain", "install", self.write("both.pem", text)), "certstore.not_ca")
        self.assertEqual(self.authorities(), set())

    def test_a_root_is_trusted_only_by_its_fingerprint(self):
        root = self.ca.path("root.pem")
        for more in ([], ["--fingerprint", self.ca.fingerprint("partner")],
                     ["--fingerprint", self.ca.fingerprint("root")[:-1]], ["--fingerprint", ""]):
            self.assertEqual(self.refused("chain", "install", root, "--as", "root", *more),
                             "tool.root_not_compared")
        self.assertIn("with --fingerprint", self.run_tool("chain", "install", root, "--as", "root", code=1))
        self.assertEqual(self.refused("chain", "install", root, "--as", "root", "--dry-run", "--fingerprint",
                                      self.ca.fingerprint("partner")), "tool.root_not_compared")
        self.assertIn(self.ca.fingerprint("root").replace(":", "").lower(),
                      self.run_tool("chain", "install", root, "--as", "root", "--dry-run"))
        for language, word in (("zh-HK", "指紋：\n"), ("zh-CN", "指纹：\n")):
            self.assertIn(word, self.run_tool("chain", "install", root, "--as", "root", "--dry-run", "--lang", language))
        self.at_terminal(["chain", "install", root, "--as", "root"], [("publishes?", "no")], code=1)
        self.assertEqual(self.authorities(), set())
        self.at_terminal(["chain", "install", root, "--as", "root"], [("publishes?", "yes")])
        self.assertEqual(self.authorities(), {("root", "current")})

    def test_an_intermediate_whose_issuer_did_not_sign_it_is_refused(self):
        self.trust("root")
        said = self.refused("chain", "install", self.double.path("new.pem"))
        self.assertEqual(said, "certstore.foreign_issuer")

    def test_removal_is_by_thumbprint_of_either_kind_and_never_by_a_few_digits(self):
        self.install("old", "new")
        old = [one for one in self.json("chain", "list")["authorities"] if not one["server_auth"]][0]
        self.assertEqual(self.refused("chain", "remove", old["thumbprint_sha256"][:7]),
                         "certstore.no_authority")
        windows = " ".join(old["thumbprint_sha1"][i:i + 2].upper() for i in range(0, 40, 2))
        self.json("chain", "remove", windows)
        self.assertEqual(self.authorities(), {("intermediate", "current")})
        self.json("undo")
        self.json("chain", "remove", old["thumbprint_sha256"][:12], "--dry-run")
        self.assertEqual(len(self.authorities()), 2)

    def test_a_change_can_be_undone_once(self):
        self.json("undo", code=2)
        self.trust("root")
        self.install("old")
        before = self.json("chain", "list")
        self.json("chain", "install", self.ca.path("new.pem"), "--replace-old", "--dry-run")
        self.assertEqual(self.json("chain", "list"), before)
        made = self.install("new", more=["--replace-old"])["change"]
        self.assertEqual(self.authorities(), {("root", "current"), ("intermediate", "current")})
        self.json("chain", "install", self.ca.path("new.pem"), code=2)
        self.json("undo")
        self.assertEqual(self.json("chain", "list"), before)
        self.json("undo", str(made), code=1)

    def test_the_old_intermediate_does_not_come_in_again(self):
        self.trust("root")
        self.install("new")
        self.json("chain", "install", self.ca.path("old.pem"), "--replace-old", code=2)
        self.assertEqual(self.authorities(), {("root", "current"), ("intermediate", "current")})

    def test_what_an_installed_list_revokes_is_refused_and_keeps_the_whole_file_out(self):
        self.trust("root")
        self.json("crl", "install", self.ca.path("root.crl"))
        both = self.write("both.pem", "".join(text_of(self.ca.path(name + ".pem")) for name in ("new", "old")))
        for file, successor in ((self.ca.path("old.pem"), ""), (both, "Test SSL CA 3 - 17 ")):
            for more in ((), ("--dry-run",)):
                problem = self.json("chain", "install", file, *more, code=1)["problem"]
                self.assertEqual((problem["type"], problem["field"]),
                                 ("urn:ecert:problem:certstore.revoked", "Test SSL CA 3 - 17"))
                for part in ("Test Root CA 3", "2026-06-01"):
                    self.assertIn(part, problem["seen"])
                self.assertTrue(problem.get("expected", "").startswith(successor), problem)
        self.assertEqual(self.authorities(), {("root", "current")})
        for language, text in (("en", "has revoked it"), ("zh-HK", "已撤銷此證書"), ("zh-CN", "已吊销此证书")):
            said = self.run_tool("chain", "install", both, "--lang", language, code=1)
            for part in (text, "Test Root CA 3", "--replace-old"):
                self.assertIn(part, said)
        said = self.json("chain", "install", both, "--replace-old")
        self.assertEqual([one["server_auth"] for one in said["installed"]], [True])
        self.json("chain", "install", self.ca.path("old.pem"), "--as", "untrusted")

    def test_a_list_that_its_issuer_did_not_sign_revokes_nothing(self):
        self.trust("root")
        os.makedirs(self.store + "/crls", exist_ok=True)
        shutil.copy(self.double.path("root.crl"), self.store + "/crls/" + 64 * "0" + ".crl")
        self.install("old")

    def test_screens_fit_and_are_in_each_language(self):
        self.trust("root")
        self.install("old", "new", "cross")
        for language in ("en", "zh-HK", "zh-CN"):
            for arguments in (["chain", "list"], ["chain", "check", self.ca.path("leaf.pem")], ["--help"]):
                said = self.run_tool(*arguments, "--lang", language)
                self.assertNotIn("tool.", said)
                self.assertTrue(all(len(line) <= 100 for line in said.splitlines()), said)


class Lists(ChainTest):
    """CRLs and ARLs."""
    def test_an_arl_of_another_ca_is_refused(self):
        self.trust("root")
        self.assertEqual(self.refused("crl", "install", self.stranger.path("root.crl")), "crl.foreign")
        self.assertEqual(self.refused("crl", "install", self.double.path("root.crl")), "crl.signature")
        self.assertEqual(self.refused("crl", "install", self.ca.path("root.pem")), "crl.malformed")
        self.assertEqual(self.json("crl", "list")["lists"], [])

    def test_an_arl_is_installed_once_and_shown_as_one(self):
        self.trust("root")
        self.install("new")
        self.json("crl", "install", self.ca.path("root.crl.pem"))
        self.json("crl", "install", self.ca.path("root.crl"), code=2)
        self.json("crl", "install", self.ca.path("ssl.crl"))
        self.assertEqual({(one["kind"], one["entries"], one["state"])
                          for one in self.json("crl", "list")["lists"]},
                         {("ARL", 1, "fresh"), ("CRL", 0, "fresh")})

    def test_a_list_is_tried_without_being_kept(self):
        self.trust("root")
        for _ in range(2):
            said = self.json("crl", "install", self.ca.path("root.crl"), "--dry-run")
            self.assertEqual((said["new"], said["dry_run"]), (True, True))
        self.assertEqual(self.json("crl", "list")["lists"], [])
        self.json("crl", "install", self.ca.path("partner.crl"), "--dry-run", code=1)
        self.json("crl", "install", self.ca.path("root.crl"))
        self.json("crl", "install", self.ca.path("root.crl"), "--dry-run", code=2)

    def test_a_list_goes_out_by_its_thumbprint_and_comes_back(self):
        self.trust("root")
        self.json("crl", "install", self.ca.path("root.crl"))
        before, = self.json("crl", "list")["lists"]
        with open(self.ca.path("root.crl"), "rb") as file:
            thumbprint = hashlib.sha256(file.read()).hexdigest()
        self.assertEqual(before["thumbprint_sha256"], thumbprint)
        self.assertIn(thumbprint[:12], self.run_tool("crl", "list"))
        for wrong in (thumbprint[:7], "0" * 64, thumbprint + "0", "", "root.crl"):
            self.assertEqual(self.refused("crl", "remove", wrong), "crl.unknown")
        said = self.json("crl", "remove", thumbprint[:12], "--dry-run")
        self.assertEqual((said["removed"], said["dry_run"]), (before, True))
        self.assertEqual(self.json("crl", "list")["lists"], [before])
        spoken = ":".join(thumbprint[at:at + 2] for at in range(0, 64, 2)).upper()
        said = self.json("crl", "remove", spoken)
        self.assertEqual((said["removed"], said["dry_run"]), (before, False))
        self.assertEqual(self.json("crl", "list")["lists"], [])
        self.assertEqual(self.refused("crl", "remove", thumbprint), "crl.unknown")
        self.run_tool("undo", "--yes")
        self.assertEqual(self.json("crl", "list")["lists"], [before])
        for language, text in (("en", "revocation list removed: ARL of Test Root CA 3"), ("zh-HK", "已移除撤銷清單：Test Root CA 3 的 ARL"),
                               ("zh-CN", "已移除吊销列表：Test Root CA 3 的 ARL")):
            self.assertIn(text, self.run_tool("crl", "remove", thumbprint[:8], "--lang", language))
            self.run_tool("undo", "--yes")

    def test_an_older_list_never_replaces_a_newer_one(self):
        self.trust("root")
        now = datetime.datetime.now(datetime.timezone.utc)
        ca = self.ca
        shutil.copy(ca.path("root.crl"), self.path("keep.crl"))
        self.addCleanup(shutil.copy, self.path("keep.crl"), ca.path("root.crl"))
        self.json("crl", "install", ca.list("root", number=5, revoked=["10"]))
        for number, age in ((4, 0), (6, 60), (4, 60)):
            self.assertEqual(self.refused("crl", "install", ca.list(
                "root", number=number, update=now - datetime.timedelta(minutes=age + 5))), "crl.older")
        self.assertEqual(self.refused("crl", "install", ca.list(
            "root", number=9, update=now + datetime.timedelta(days=1))), "crl.future")
        self.assertEqual(self.json("crl", "list")["lists"][0]["entries"], 1)

    def keep_list(self):
        for name in ("root.crl", "root.crl.pem"):
            shutil.copy(self.ca.path(name), self.path(name))
            self.addCleanup(shutil.copy, self.path(name), self.ca.path(name))

    def test_what_is_less_than_a_whole_list_never_takes_a_list_s_place(self):
        self.trust("root")
        self.keep_list()
        self.json("crl", "install", self.ca.path("root.crl"))
        scope = "issuingDistributionPoint=critical,@i\n[i]\n"
        for more in ("2.5.29.27=critical,DER:020101\n", "1.2.3.4=critical,DER:0500\n", scope + "indirectCRL=TRUE\n",
                     scope + "onlysomereasons=keyCompromise\n", scope + "onlyAA=TRUE\n",
                     scope + "relativename=n\n[n]\nCN=x\n"):
            self.assertEqual(self.refused("crl", "install", self.ca.list("root", number=2, more=more)),
                             "crl.partial", more)
        self.assertEqual([one["entries"] for one in self.json("crl", "list")["lists"]], [1])
        for language, text in (("en", "no complete list"), ("zh-HK", "不是完整"), ("zh-CN", "不是完整")):
            self.assertIn(text, self.run_tool("crl", "install", self.ca.path("root.crl"), "--lang", language,
                                              code=1))

    def test_partitions_stand_side_by_side_and_one_revokes_what_names_it(self):
        self.trust("root", "partner")
        self.install("old", "new")
        self.keep_list()
        point = "issuingDistributionPoint=critical,@i\n[i]\nfullname=URI:%s/%s.crl\n"
        other = self.ca.list("root", number=1, revoked=["10"], more=point % (self.ca.url, "other"))
        self.json("crl", "install", other)
        self.json("crl", "install", self.ca.list("root", number=1, more=point % (self.ca.url, "root")))
        self.assertEqual(len(self.json("crl", "list")["lists"]), 2)
        self.assertEqual({state for state, _ in self.paths()}, {"good"})
        self.json("crl", "install", self.ca.list("root", number=2, revoked=["10"],
                                                 more=point % (self.ca.url, "root")))
        self.assertEqual(len(self.json("crl", "list")["lists"]), 2)
        self.assertIn(("bad", "chain.revoked"), self.paths(code=1))

    def serve(self):
        """The repository; paths in `broken` answer with what stands there."""
        test, ca, broken = self, self.ca, {}

        class Handler(http.server.BaseHTTPRequestHandler):
            """One list a path."""
            def do_GET(self):
                status, body = broken.get(self.path, (200, None))
                if body is None:
                    with open(ca.path(self.path[1:]), "rb") as file:
                        body = file.read()
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass
        server = http.server.ThreadingHTTPServer((ADDRESS, PORT), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        test.addCleanup(server.server_close)
        test.addCleanup(server.shutdown)
        return broken

    def test_refreshing_fetches_each_list_and_one_failure_does_not_stop_the_others(self):
        self.trust("root", "partner")
        self.install("old", "new", "cross")
        broken = self.serve()
        said = self.json("crl", "refresh")["lists"]
        self.assertEqual({one["state"] for one in said}, {"new"})
        self.assertEqual(len(said), 2)
        self.json("crl", "refresh", code=2)
        with open(self.stranger.path("root.crl"), "rb") as file:
            foreign = file.read()
        for status, body in ((404, b""), (302, b""), (200, foreign), (200, b"hello"),
                             (200, b"\x30" * 17 * 1024 * 1024)):
            broken["/root.crl"] = (status, body)
            said = {one["url"].rsplit("/", 1)[1]: one["state"]
                    for one in self.json("crl", "refresh", code=1)["lists"]}
            self.assertEqual(said, {"root.crl": "failed", "partner.crl": "unchanged"})
        self.assertEqual(len(self.json("crl", "list")["lists"]), 2)


    def test_a_list_whose_issuer_is_not_here_is_left_out_and_the_others_come(self):
        self.trust("root")
        self.install("new", "cross")
        broken = self.serve()
        broken["/partner.crl"] = (500, b"")
        for code in (0, 0):
            said = {one["url"].rsplit("/", 1)[1]: one for one in self.json("crl", "refresh", code=code)["lists"]}
            self.assertEqual(said["partner.crl"]["state"], "unverifiable")
            self.assertIn("Test Partner Root R1", said["partner.crl"]["missing"])
            self.assertIn(said["root.crl"]["state"], ("new", "unchanged"))
        for language, text in (("en", "left out"), ("zh-HK", "略過"), ("zh-CN", "跳过")):
            said = self.run_tool("crl", "refresh", "--lang", language)
            for part in (text, "partner.crl", "Test Partner Root R1"):
                self.assertIn(part, said.replace("\n", ""))
        # A failure stays one, beside what is left out.
        broken["/root.crl"] = (404, b"")
        self.json("crl", "refresh", code=1)
        del broken["/root.crl"]
        self.trust("partner")
        self.json("crl", "refresh", code=1)
        del broken["/partner.crl"]
        self.json("crl", "refresh")
        self.assertEqual(len(self.json("crl", "list")["lists"]), 2)


class Paths(ChainTest):
    """The guide's example: withdrawn by the CA, removed by the tool, refused by everybody."""
    def setUp(self):
        super().setUp()
        self.trust("root", "partner")
        self.install("old", "new", "cross")
        self.json("crl", "install", self.ca.path("root.crl"))

    def test_every_path_is_shown_with_what_is_wrong(self):
        self.assertEqual(self.paths(code=1), [
            ("good", ""), ("good", ""), ("bad", "chain.revoked"), ("bad", "chain.revoked")])
        self.json("chain", "install", "--replace-old")
        self.assertEqual(self.paths(), [("good", ""), ("good", "")])

    def test_the_chain_kept_beside_a_certificate_is_renewed_too_and_undone_too(self):
        text = text_of(self.ca.path("leaf.pem")) + text_of(self.ca.path("old.pem"))
        made = self.json("cert", "import", self.write("pair.pem", text), "--key", self.ca.key("leaf"))
        kept = os.path.join(self.store, "personal", made["id"], "chain.pem")
        before = text_of(kept)
        self.json("chain", "check", made["id"], code=1)
        self.assertEqual(self.json("chain", "install", "--replace-old")["chains"], 1)
        self.assertIn(text_of(self.ca.path("new.pem")).strip(), text_of(kept))
        self.assertEqual(text_of(kept).count("BEGIN"), 1)
        self.json("chain", "check", made["id"])
        self.json("chain", "install", "--replace-old", code=2)
        self.json("undo")
        self.assertEqual(text_of(kept), before)
        old = [one for one in self.json("chain", "list")["authorities"] if one["state"] == "revoked"][0]
        self.json("chain", "remove", old["thumbprint_sha256"])
        said = self.json("chain", "install", "--replace-old")
        self.assertEqual((said["removed"], said["chains"]), ([], 1))
        self.json("undo")
        self.assertEqual(text_of(kept), before)

    def watched(self):
        return [(one["field"], one["seen"]) for one in self.json("watch", code=None)["findings"] if one["code"] == "watch.cross"]

    def test_a_cross_certificate_that_servers_do_not_send_is_told_and_can_be_sent_along(self):
        text = text_of(self.ca.path("leaf.pem")) + text_of(self.ca.path("new.pem"))
        made = self.json("cert", "import", self.write("pair.pem", text), "--key", self.ca.key("leaf"))
        kept = os.path.join(self.store, "personal", made["id"], "chain.pem")
        before = text_of(kept)
        self.assertEqual(self.watched(), [("www.shop.example.com", "Test Root CA 3")])
        for language, words in (("en", "lacks the cross certificate"), ("zh-HK", "欠交叉證書"), ("zh-CN", "缺少交叉证书")):
            self.assertIn(words, self.run_tool("watch", "--lang", language, code=None).replace("\n  ", " "))
        self.assertEqual(self.json("chain", "install", "--send-cross", "--dry-run")["chains"], 1)
        self.assertEqual(text_of(kept), before)
        self.assertEqual(self.json("chain", "install", "--send-cross")["chains"], 1)
        self.assertEqual(text_of(kept), before + text_of(self.ca.path("cross.pem")))
        self.assertEqual(self.watched(), [])
        self.json("chain", "install", "--send-cross", code=2)
        self.json("undo")
        self.assertEqual(text_of(kept), before)

    def test_a_cross_certificate_is_sent_only_behind_what_its_key_signed(self):
        text = text_of(self.ca.path("leaf.pem")) + text_of(self.stranger.path("new.pem"))
        made = self.json("cert", "import", self.write("pair.pem", text), "--key", self.ca.key("leaf"))
        before = text_of(os.path.join(self.store, "personal", made["id"], "chain.pem"))
        self.json("chain", "install", "--send-cross", code=2)
        self.assertEqual(text_of(os.path.join(self.store, "personal", made["id"], "chain.pem")), before)
        self.assertEqual(len(self.watched()), 0)

    def test_what_is_in_the_untrusted_store_makes_no_path_wherever_else_it_is(self):
        self.json("chain", "install", "--replace-old")
        self.install("new", more=["--as", "untrusted"])
        self.assertEqual(self.paths(code=1), [("unfinished", "chain.untrusted")])
        self.json("undo")
        self.install("root", more=["--as", "untrusted"])
        self.assertEqual(self.paths(), [("good", "")])

    def test_without_an_intermediate_or_a_root_the_path_breaks_off(self):
        self.json("chain", "install", "--replace-old")
        new = [one for one in self.json("chain", "list")["authorities"] if one["server_auth"]][0]
        self.json("chain", "remove", new["thumbprint_sha256"])
        self.assertEqual(self.paths(code=1), [("unfinished", "chain.untrusted")])

    def openssl(self, root, *intermediates, crls=("root", "partner", "ssl")):
        lists = self.write("lists.pem", "".join(
            text_of(self.ca.path(name + ".crl.pem")) for name in crls))
        command = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-no-CApath", "-no-CAstore",
                   "-crl_check_all", "-CRLfile", lists, "-CAfile", root]
        for path in intermediates:
            command += ["-untrusted", path]
        return subprocess.run([*command, self.ca.path("leaf.pem")], capture_output=True, check=False)

    def test_openssl_refuses_the_old_path_and_takes_the_new_and_the_cross(self):
        ca = self.ca
        for root, chain in (("root", ["old"]), ("partner", ["old", "cross"])):
            said = self.openssl(ca.path(root + ".pem"), *(ca.path(name + ".pem") for name in chain))
            self.assertIn(b"certificate revoked", said.stdout + said.stderr)
        self.json("chain", "install", "--replace-old")
        stored = self.stored("intermediate")
        said = self.openssl(ca.path("root.pem"), stored)
        self.assertEqual(said.returncode, 0, said)
        said = self.openssl(ca.path("partner.pem"), stored)
        self.assertEqual(said.returncode, 0, said)

    def gnutls(self, *chain, root):
        text = "".join(text_of(path) for path in chain)
        command = ["certtool", "--verify", "--load-ca-certificate", root, "--load-crl",
                   self.ca.path("root.crl.pem"), "--infile", self.write("chain.pem", text)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def test_gnutls_agrees(self):
        ca = self.ca
        for root, chain in (("root", ["leaf", "old"]), ("partner", ["leaf", "old", "cross"])):
            code, said = self.gnutls(*(ca.path(name + ".pem") for name in chain), root=ca.path(root + ".pem"))
            self.assertNotEqual(code, 0, said)
            self.assertIn("revoked", said)
        self.json("chain", "install", "--replace-old")
        self.assertEqual(len(os.listdir(self.store + "/intermediate")), 2)
        code, said = self.gnutls(ca.path("leaf.pem"), ca.path("new.pem"), root=ca.path("root.pem"))
        self.assertEqual(code, 0, said)
        code, said = self.gnutls(
            ca.path("leaf.pem"), ca.path("new.pem"), ca.path("cross.pem"), root=ca.path("partner.pem"))
        self.assertEqual(code, 0, said)

    def nss(self, root, *intermediates):
        database = self.path("nss%d" % len(os.listdir(self.scratch)))
        os.mkdir(database)

        def command(*words):
            return subprocess.run([*words], capture_output=True, text=True, check=False, timeout=60)
        command("certutil", "-N", "-d", database, "--empty-password")
        command("certutil", "-A", "-d", database, "-n", "root", "-t", "C,,", "-i", root)
        for name in ("root", "partner"):
            path = self.ca.path(name + ".pem")
            if path != root:
                command("certutil", "-A", "-d", database, "-n", name, "-t", ",,", "-i", path)
        for name in ("root.crl", "partner.crl"):
            said = command("crlutil", "-I", "-B", "-d", database, "-i", self.ca.path(name))
            self.assertEqual(said.returncode, 0, said)
        chain = [word for path in (self.ca.path("leaf.pem"), *intermediates) for word in ("-a", path)]
        done = command("vfychain", "-d", database, "-u", "1", "-pp", "-g", "chain", "-h",
                       "testLocalInfoFirst", "-m", "crl", *chain)
        return done.returncode, done.stdout + done.stderr

    def test_nss_agrees(self):
        ca = self.ca
        ways = (("root", []), ("partner", [ca.path("cross.pem")]))
        for root, above in ways:
            code, said = self.nss(ca.path(root + ".pem"), ca.path("old.pem"), *above)
            self.assertNotEqual(code, 0, said)
        self.json("chain", "install", "--replace-old")
        for root, above in ways:
            code, said = self.nss(ca.path(root + ".pem"), ca.path("new.pem"), *above)
            self.assertEqual(code, 0, said)


class Ceremony(ToolTest):
    """The trial's own hierarchy."""
    @classmethod
    def setUpClass(cls):
        place = os.path.join(ToolTest.scratch_of_class(cls), "service")
        subprocess.run([ECERTADM, "ceremony", "--trial", place, "--profile", os.path.join(
            SOURCES, "packaging", "trial-ceremony.conf")], check=True, capture_output=True)
        cls.ca = os.path.join(place, "ca")

    def path_of(self, name):
        return os.path.join(self.ca, name)

    def verify(self, name, root, *intermediates):
        """By openssl, with both ARLs."""
        lists = self.write("lists.pem", "".join(
            run("openssl", "crl", "-in", self.path_of(one), "-inform", "DER").decode()
            for one in ("RootCA3ARL.crl", "TrialPartnerR1ARL.crl")))
        command = ["openssl", "verify", "-x509_strict", "-no-CApath", "-no-CAstore", "-crl_check_all",
                   "-CRLfile", lists, "-CAfile", self.path_of(root + ".pem.crt")]
        for one in intermediates:
            command += ["-untrusted", self.path_of(one + ".pem.crt")]
        done = subprocess.run([*command, self.path_of(name + ".pem.crt")], check=False,
                              capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    def test_the_old_intermediate_is_withdrawn_and_the_others_stay(self):
        for name in ("root_ca_3", "trial_partner_root_r1"):
            fingerprint = run("openssl", "x509", "-in", self.path_of(name + ".pem.crt"), "-noout",
                              "-fingerprint", "-sha256").decode().strip().split("=")[1]
            self.json("chain", "install", self.path_of(name + ".crt"), "--as", "root", "--fingerprint",
                      fingerprint)
        for name in ("ecert_ssl_ca_3-17_old", "ecert_ssl_ca_3-17", "ecert_ev_ssl_ca_3-17",
                     "root_ca_3_x_trial_partner_r1"):
            self.json("chain", "install", self.path_of(name + ".pem.crt"))
        for name in ("RootCA3ARL.crl", "TrialPartnerR1ARL.crl"):
            self.json("crl", "install", self.path_of(name))
        old, new, partner, cross = ("ecert_ssl_ca_3-17_old", "ecert_ssl_ca_3-17", "trial_partner_root_r1",
                                    "root_ca_3_x_trial_partner_r1")
        checked = self.json("chain", "check", self.path_of(old + ".crt"), code=1)["certificates"][0]
        self.assertEqual({path["reason"] for path in checked["paths"]}, {"chain.revoked"})
        code, said = self.verify(old, "root_ca_3")
        self.assertIn("certificate revoked", said)
        removed = self.json("chain", "install", "--replace-old")["removed"]
        self.assertEqual([one["server_auth"] for one in removed], [False])
        checked = self.json("chain", "check", self.path_of(new + ".crt"))["certificates"][0]
        self.assertEqual([path["state"] for path in checked["paths"]], ["good", "good"])
        for root, intermediates in (("root_ca_3", []), (partner, [cross])):
            code, said = self.verify(new, root, *intermediates)
            self.assertEqual(code, 0, said)


class Published(ToolTest):
    """Hongkong Post's own two certificates for e-Cert SSL CA 3 - 17."""
    def test_the_new_one_replaces_the_old_one_without_any_list(self):
        place = os.path.join(SOURCES, "tests", "fuzz", "seeds", "certificate")
        self.json("chain", "install", os.path.join(place, "ssl-ca-3-17.2017.pem"))
        self.json("chain", "install", os.path.join(place, "ssl-ca-3-17.2025.pem"), "--replace-old")
        left = self.json("chain", "list")["authorities"]
        self.assertEqual([one["thumbprint_sha1"] for one in left],
                         ["d0994c394b1e9d7226b566f23fa8ee40eebcfe26"])


if __name__ == "__main__":
    unittest.main(argv=["test_chain.py"], verbosity=1)
