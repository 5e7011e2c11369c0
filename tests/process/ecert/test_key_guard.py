#!/usr/bin/env python3
"""Keys behind a passphrase, and keys in a token (SoftHSM): from the request to the server.

    test_key_guard.py ECERT SOFTHSM
"""
import glob
import os
import subprocess
import sys
import unittest

from stand_in import Authority, run
from tool import NAME, ToolTest, public_key

SOFTHSM = sys.argv[2]
URI = "pkcs11:token=shop;object=www"


class Guarded(ToolTest):
    def setUp(self):
        super().setUp()
        self.authority = Authority(self.path("ca"))
        self.right = self.write("right", "correct horse 電池\n")
        self.wrong = self.write("wrong", "wrong battery staple\n")
        self.password = self.write("password", "of the backup")

    def problem(self, *arguments, code=1):
        return self.json(*arguments, code=code)["problem"]["type"].removeprefix("urn:ecert:problem:")

    def leaf_for(self, csr, name="leaf.pem"):
        with open(csr, "rb") as file:
            return self.write(name, self.authority.leaf(file.read(), NAME) + self.authority.issuer)

    def key_file(self, item):
        path, = glob.glob(os.path.join(self.store, "*", item["id"], "key.pem"))
        return path


class Passphrase(Guarded):
    def setUp(self):
        super().setUp()
        self.open = ["--key-passphrase-file", self.right]

    def asked(self, *more, code=0):
        return self.json("request", "new", "--name", NAME, "--key", "p256", "--encrypt-key", "--out",
                         self.path("r.csr"), *more, code=code)

    def completed(self):
        self.asked(*self.open)
        return self.json("cert", "complete", self.leaf_for(self.path("r.csr")), *self.open)

    def test_the_key_lies_encrypted_and_openssl_opens_it_with_the_passphrase_alone(self):
        made = self.asked(*self.open)
        self.assertEqual((made["key_guard"], made["key_type"]), ("passphrase", "p256"))
        path = self.key_file(made)
        with open(path, encoding="ascii") as file:
            self.assertTrue(file.read().startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----"))
        said = run("openssl", "asn1parse", "-in", path).decode()
        for expected in ("PBES2", "scrypt", "aes-256-cbc"):
            self.assertIn(expected, said)
        opened = run("openssl", "pkey", "-in", path, "-passin", "file:" + self.right, "-pubout")
        self.assertEqual(opened, run("openssl", "req", "-in", self.path("r.csr"), "-noout", "-pubkey"))
        self.assertNotEqual(subprocess.run(["openssl", "pkey", "-in", path, "-passin", "file:" + self.wrong],
                                           capture_output=True, check=False).returncode, 0)

    def test_no_plain_key_is_anywhere_in_the_store(self):
        self.completed()
        for folder, _, names in os.walk(self.store):
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    self.assertNotIn(b"-----BEGIN PRIVATE KEY", file.read(), name)

    def test_a_short_or_missing_passphrase_makes_nothing(self):
        short = self.write("short", "seven77")
        self.assertEqual(self.problem("request", "new", "--name", NAME, "--encrypt-key", "--key-passphrase-file",
                                      short), "tool.passphrase_short")
        self.assertEqual(self.problem("request", "new", "--name", NAME, "--encrypt-key", code=64), "tool.secret_none")
        os.chmod(self.right, 0o644)
        self.assertEqual(self.problem("request", "new", "--name", NAME, "--encrypt-key", *self.open),
                         "tool.secret_readable")
        self.assertEqual(self.certificates(), [])

    def test_the_passphrase_is_never_taken_from_the_command_line(self):
        self.run_tool("request", "new", "--name", NAME, "--encrypt-key", "--key-passphrase", "correct horse", code=64)
        self.assertEqual(self.certificates(), [])

    def test_completing_takes_the_passphrase_and_refuses_a_wrong_one(self):
        self.asked(*self.open)
        leaf = self.leaf_for(self.path("r.csr"))
        self.assertEqual(self.problem("cert", "complete", leaf, code=64), "tool.secret_none")
        self.assertEqual(self.problem("cert", "complete", leaf, "--key-passphrase-file", self.wrong),
                         "key.passphrase")
        self.assertEqual([item["state"] for item in self.certificates()], ["PendingRequest"])
        done = self.json("cert", "complete", leaf, *self.open)
        self.assertEqual(done["key_guard"], "passphrase")
        shown = self.json("cert", "show", done["id"])
        self.assertEqual((shown["key_guard"], shown["state"] != "Invalid"), ("passphrase", True))

    def test_the_passphrase_comes_by_a_descriptor_too(self):
        self.asked(*self.open)
        leaf = self.leaf_for(self.path("r.csr"))
        with open(self.right, "rb") as file:
            os.set_inheritable(file.fileno(), True)
            subprocess.run([sys.argv[1], "cert", "complete", leaf, "--key-passphrase-fd", str(file.fileno())],
                           env=self.environment(), pass_fds=[file.fileno()], check=True, capture_output=True)
        self.assertEqual(len(self.certificates()), 1)

    def test_who_sits_at_a_terminal_is_asked_and_may_mistype_twice(self):
        screen = self.at_terminal(
            ["request", "new", "--name", NAME, "--key", "p256", "--encrypt-key", "--out", self.path("r.csr")],
            [("New passphrase", "correct horse 電池"), ("gain", "correct horse 電池")])
        self.assertNotIn("correct horse", screen)
        leaf = self.leaf_for(self.path("r.csr"))
        wrong = [("Passphrase of the key", "mistyped it")] * 2
        screen = self.at_terminal(["cert", "complete", leaf], wrong + [("Passphrase of the key", "correct horse 電池")])
        self.assertEqual(screen.count("passphrase is wrong"), 2)
        self.assertIn("a passphrase", screen)
        screen = self.at_terminal(["key", "backup", NAME, "--out", self.path("b.pfx")],
                                  [("Passphrase of the key", "x" * 8)] * 3, code=1)
        self.assertFalse(os.path.exists(self.path("b.pfx")), screen)

    def test_a_backup_needs_the_passphrase_and_may_come_back_encrypted(self):
        made = self.completed()
        out = self.path("backup.pfx")
        secret = ["--password-file", self.password]
        for command in (["key", "backup"], ["cert", "export"]):
            more = ["--pfx"] if command[1] == "export" else []
            self.assertEqual(self.problem(*command, made["id"], *more, "--out", out, *secret, code=64), "tool.secret_none")
            self.assertEqual(self.problem(*command, made["id"], *more, "--out", out, *secret,
                                          "--key-passphrase-file", self.wrong), "key.passphrase")
        self.assertFalse(os.path.exists(out))
        self.json("key", "backup", made["id"], "--out", out, *secret, *self.open)
        self.store = self.path("other")
        back = self.json("key", "restore", out, *secret, "--encrypt-key", *self.open)
        self.assertEqual((back["key_guard"], back["key_sha256"]), ("passphrase", made["key_sha256"]))
        run("openssl", "pkey", "-in", self.key_file(back), "-passin", "file:" + self.right, "-noout")
        self.store = self.path("plain")
        self.assertEqual(self.json("key", "restore", out, *secret)["key_guard"], "plain")

    def test_a_pair_from_files_is_kept_encrypted_where_that_is_wished(self):
        key = self.authority.key("site")
        csr = run("openssl", "req", "-new", "-key", key, "-subj", "/CN=x")
        leaf = self.write("leaf.pem", self.authority.leaf(csr, NAME))
        done = self.json("cert", "import", leaf, "--key", key, "--encrypt-key", *self.open)
        self.assertEqual(done["key_guard"], "passphrase")

    def test_a_server_gets_it_in_the_clear_for_its_owner_alone_and_that_is_said(self):
        made = self.completed()
        where = ["--kind", "files", "--certificate", self.path("s.pem"), "--key", self.path("s.key")]
        self.assertEqual(self.problem("deploy", "run", made["id"], *where, code=64), "tool.secret_none")
        self.assertFalse(os.path.exists(self.path("s.key")))
        said = self.run_tool("deploy", "run", made["id"], *where, *self.open)
        self.assertIn("lies in the clear", said.replace("\n", " "))
        self.assertEqual(public_key("key", self.path("s.key")), public_key("certificate", self.path("s.pem")))
        self.assertEqual(os.stat(self.path("s.key")).st_mode & 0o777, 0o600)

    def test_a_key_file_exchanged_for_another_is_found_out(self):
        made = self.asked(*self.open)
        leaf = self.leaf_for(self.path("r.csr"))
        run("openssl", "pkcs8", "-topk8", "-in", self.authority.key("other"), "-out", self.key_file(made),
            "-passout", "file:" + self.right)
        self.assertEqual(self.problem("cert", "complete", leaf, *self.open), "certstore.key_damaged")


@unittest.skipUnless(os.path.exists(SOFTHSM), "SoftHSM is not here")
class Token(Guarded):
    def setUp(self):
        super().setUp()
        os.mkdir(self.path("tokens"), 0o700)
        self.conf = self.write("softhsm2.conf", f"directories.tokendir = {self.path('tokens')}\n"
                               "objectstore.backend = file\nlog.level = ERROR\n")
        subprocess.run(["softhsm2-util", "--init-token", "--free", "--label", "shop", "--so-pin", "12345678",
                        "--pin", "20041507"], env=self.environment(), check=True, capture_output=True)
        self.pin = ["--token-pin-file", self.write("pin", "20041507\n")]
        self.place = ["--key", URI, "--module", SOFTHSM]

    def environment(self, **more):
        return super().environment(SOFTHSM2_CONF=self.conf, **more)

    def asked(self, *more, code=0):
        return self.json("request", "new", "--name", NAME, "--out", self.path("r.csr"), *self.place, *more, code=code)

    def completed(self):
        self.asked("--generate", "p256", *self.pin)
        return self.json("cert", "complete", self.leaf_for(self.path("r.csr")), *self.pin)

    def test_a_key_made_in_the_token_signs_the_request_and_gets_its_certificate(self):
        for kind in ("p256", "rsa2048"):
            self.place[1] = URI + kind
            made = self.asked("--generate", kind, *self.pin)
            self.assertEqual((made["key_guard"], made["key_type"]), ("token", kind))
            run("openssl", "req", "-in", self.path("r.csr"), "-noout", "-verify")
            done = self.json("cert", "complete", self.leaf_for(self.path("r.csr")), *self.pin)
            self.assertEqual((done["key_guard"], done["key_uri"]), ("token", URI + kind))
            self.assertEqual(glob.glob(os.path.join(self.store, "personal", done["id"], "key*")), [])
            os.unlink(self.path("r.csr"))
        self.assertEqual({item["key_guard"] for item in self.certificates()}, {"token"})
        self.assertNotIn("Invalid", [item["state"] for item in self.certificates()])
        self.assertIn(URI, self.run_tool("cert", "show", done["id"]))

    def test_a_key_that_is_there_already_serves(self):
        made = self.asked("--generate", "p384", *self.pin)
        self.store = self.path("other")
        os.unlink(self.path("r.csr"))
        again = self.asked(*self.pin)
        self.assertEqual((again["key_sha256"], again["key_type"]), (made["key_sha256"], "p384"))

    def test_the_key_cannot_leave_and_that_is_said_before_a_password_is_asked_for(self):
        made = self.completed()
        for command in (["key", "backup", made["id"]], ["cert", "export", made["id"], "--pfx"],
                        ["deploy", "script", made["id"], "--kind", "windows"]):
            said = self.json(*command, "--out", self.path("out.pfx"), "--password-file", self.password, code=None)
            self.assertIn("key_in_token", said["problem"]["type"], command)
            self.assertEqual(said["problem"]["seen"], URI)
        self.assertEqual(glob.glob(self.path("out*")), [])
        for command in ("plan", "run"):
            self.assertEqual(self.problem("deploy", command, made["id"], "--kind", "files", "--certificate",
                                          self.path("s.pem"), "--key", self.path("s.key")), "deploy.key_in_token")
        self.assertEqual(glob.glob(self.path("s.*")), [])
        self.json("cert", "export", made["id"], "--pem", "--out", self.path("chain.pem"))

    def test_a_wrong_pin_is_tried_once_until_its_file_is_written_anew(self):
        wrong = self.write("wrong-pin", "00000000")
        for _ in range(5):
            self.assertEqual(self.problem("request", "new", "--name", NAME, *self.place, "--generate", "p256",
                                          "--token-pin-file", wrong), "token.pin_refused")
        said = subprocess.run(["softhsm2-util", "--show-slots"], env=self.environment(), capture_output=True,
                              text=True, check=True).stdout
        self.assertNotIn("locked", said.lower())
        self.asked("--generate", "p256", *self.pin)

    def test_a_pin_is_asked_for_at_a_terminal_without_echo(self):
        screen = self.at_terminal(["request", "new", "--name", NAME, *self.place, "--generate", "p256"],
                                  [("PIN of the token", "20041507")])
        self.assertNotIn("20041507", screen)
        self.assertEqual(len(self.certificates()), 1)

    def test_what_does_not_fit_makes_nothing(self):
        self.asked("--generate", "p256", *self.pin)
        for more, code in (
                (["--key", URI, "--module", SOFTHSM, "--generate", "p256", *self.pin], "token.key_exists"),
                (["--key", URI + "-none", "--module", SOFTHSM, *self.pin], "token.no_such_key"),
                (["--key", "pkcs11:token=none;object=www", "--module", SOFTHSM, *self.pin], "token.no_such_key"),
                (["--key", URI, "--module", self.path("none.so"), *self.pin], "pkcs11.module"),
                (["--key", URI, "--module", self.conf, *self.pin], "pkcs11.module"),
                (["--key", URI, "--module", SOFTHSM], "tool.secret_none"),
                (["--key", URI, "--module", SOFTHSM, *self.pin], "certstore.key_exists"),
                (["--key", URI + ";pin-value=20041507", "--module", SOFTHSM], "pkcs11.uri"),
                (["--key", "pkcs11:object=www", "--module", SOFTHSM], "pkcs11.uri"),
                (["--key", URI, "--module", SOFTHSM, "--generate", "ed25519", *self.pin], "tool.key_type"),
                (["--key", "p256", "--generate", "p256"], "tool.only_in_token"),
                (["--key", "p256", "--module", SOFTHSM], "tool.only_in_token")):
            said = self.json("request", "new", "--name", NAME, *more, code=None)
            self.assertEqual(said["problem"]["type"], "urn:ecert:problem:" + code, more)
        self.assertEqual(len(self.certificates()), 1)

    def test_another_key_in_its_place_completes_nothing(self):
        self.asked("--generate", "p256", *self.pin)
        leaf = self.leaf_for(self.path("r.csr"))
        subprocess.run(["softhsm2-util", "--delete-token", "--token", "shop"], env=self.environment(), check=True,
                       capture_output=True)
        subprocess.run(["softhsm2-util", "--init-token", "--free", "--label", "shop", "--so-pin", "12345678",
                        "--pin", "20041507"], env=self.environment(), check=True, capture_output=True)
        self.assertEqual(self.problem("cert", "complete", leaf, *self.pin), "token.no_such_key")
        other, self.store = self.store, self.path("other")
        os.unlink(self.path("r.csr"))
        self.asked("--generate", "p256", *self.pin)
        self.store = other
        self.assertEqual(self.problem("cert", "complete", leaf, *self.pin), "certstore.key_damaged")


if __name__ == "__main__":
    unittest.main(argv=["test_key_guard"])
