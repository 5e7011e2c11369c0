#!/usr/bin/env python3
"""What a Windows administrator brings along: a PFX of the export wizard, the CA's answer as certutil and
Notepad leave it.

    test_windows.py ECERT
"""
import os
import unittest

import windows
from stand_in import Authority, run
from tool import NAME, ToolTest, public_key


class Windows(ToolTest):
    def setUp(self):
        super().setUp()
        self.authority = Authority(self.path("ca"))
        self.json("request", "new", "--name", NAME, "--key", "p256", "--out", self.path("r.csr"))
        with open(self.path("r.csr"), "rb") as file:
            self.leaf = self.authority.leaf(file.read(), NAME)

    def bytes(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content)
        return self.path(name)

    def answers(self):
        """The same certificate and its issuer in each of the forms that Windows gives them."""
        leaf, issuer = self.leaf, self.authority.issuer
        both = windows.pem("CERTIFICATE", windows.certificate_der(leaf)) + \
            windows.pem("CERTIFICATE", windows.certificate_der(issuer))
        chain = windows.p7b(issuer, leaf)
        return {"crlf.cer": both.encode(), "utf16.cer": windows.utf16(both), "no-mark.cer": windows.utf16(both, False),
                "mark.cer": b"\xef\xbb\xbf" + both.encode(), "der.p7b": chain,
                "pkcs7.p7b": windows.pem("PKCS7", chain).encode(),
                "certnew.p7b": windows.pem("CERTIFICATE", chain).encode(),
                "certutil.p7b": windows.utf16(windows.pem("CERTIFICATE", chain))}

    def test_every_form_of_the_answer_completes_the_request_with_its_chain(self):
        empty, before = self.store, self.path("before")
        run("cp", "-a", empty, before)
        for command in ("complete", "import"):
            for name, content in self.answers().items():
                self.store = self.path(f"store-{command}-{name}")
                run("cp", "-a", before, self.store)
                done = self.json("cert", command, self.bytes(name, content))
                pair = os.path.join(self.store, "personal", done["id"])
                self.assertEqual(public_key("key", pair + "/key.pem"),
                                 public_key("certificate", pair + "/certificate.pem"), name)
                with open(pair + "/chain.pem", encoding="ascii") as file:
                    self.assertEqual(file.read().count("BEGIN CERTIFICATE"), 1, name)

    def test_a_chain_as_p7b_goes_into_the_intermediate_store(self):
        chain = windows.p7b(self.authority.issuer)
        with open(self.authority.path("root.pem"), encoding="ascii") as file:
            root = file.read()
        fingerprint = run("openssl", "x509", "-in", self.authority.path("root.pem"), "-noout", "-fingerprint",
                          "-sha256").decode().strip().split("=")[1]
        self.json("chain", "install", self.bytes("root.cer", windows.utf16(root.replace("\n", "\r\n"))), "--as", "root",
                  "--fingerprint", fingerprint)
        for name, content in (("x.p7b", chain), ("y.p7b", windows.utf16(windows.pem("PKCS7", chain)))):
            self.json("chain", "install", self.bytes(name, content), code=0 if name == "x.p7b" else 2)
        self.assertEqual(len(self.json("chain", "list")["authorities"]), 2)

    def test_text_that_is_no_certificate_is_refused_and_changes_nothing(self):
        text = self.answers()["utf16.cer"]
        for name, content in (("wide", windows.utf16("證書")), ("cut", text[:len(text) // 3]), ("odd", text[:301]),
                              ("mark", b"\xff\xfe"), ("p7b", windows.p7b()), ("cut.p7b", windows.p7b(self.leaf)[:200])):
            for command in ("complete", "import"):
                said = self.json("cert", command, self.bytes(name, content), "--password-file" if command == "import"
                                 else "--store", self.write("password", "x") if command == "import" else self.store,
                                 code=1)["problem"]
                self.assertIn(said["type"].removeprefix("urn:ecert:problem:"),
                              ("certificate.malformed", "pfx.malformed"), (name, command))
        self.assertEqual([one["state"] for one in self.certificates()], ["PendingRequest"])

    def test_the_export_wizards_pfx_comes_in_with_its_name(self):
        key = self.path("rsa.key")
        run("openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", key)
        csr = run("openssl", "req", "-new", "-key", key, "-subj", "/CN=x")
        leaf = self.write("leaf.pem", self.authority.leaf(csr, NAME))
        path = windows.pfx(self.scratch, key, leaf, self.authority.path("issuer.pem"))
        said = run("openssl", "pkcs12", "-in", path, "-info", "-passin", "pass:secret", "-nokeys", "-legacy")
        self.assertIn(b"localKeyID", said)
        password = self.write("password", "secret")
        self.assertEqual(self.json("cert", "import", path, "--password-file", self.write("wrong", "Secret"),
                                   code=1)["problem"]["type"], "urn:ecert:problem:pfx.password")
        done = self.json("cert", "import", path, "--password-file", password)
        self.assertEqual(done["friendly_name"], "網頁伺服器")
        pair = os.path.join(self.store, "personal", done["id"])
        self.assertEqual(public_key("key", pair + "/key.pem"), public_key("key", key))


if __name__ == "__main__":
    unittest.main(argv=["test_windows"])
