"""PFX files of others come in, ours go out for a named reader, and a stranger's file is read apart.

Two halves of the matrix: every writer that can be had here (OpenSSL, GnuTLS, NSS, Java, a file as Windows makes it)
with every way of protecting a file that it knows; and whatever came from whom, for each named target, with every
reader that can be had here.
"""
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import windows
from stand_in import Authority, run
from tool import NAME, PROGRAM, ToolTest, public_key

CSP = "Microsoft RSA SChannel Cryptographic Provider"
OPENSSL = {
    "AES-256": [],
    "PBKDF2 with SHA-512": ["-keypbe", "AES-128-CBC", "-certpbe", "AES-128-CBC", "-macalg", "sha512"],
    "3DES, as Windows Server 2016 and before": ["-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES",
                                                "-macalg", "sha1", "-CSP", CSP, "-keyex"],
    "RC2-40, as Windows XP to 2008": ["-legacy", "-CSP", CSP, "-keyex"],
}
GNUTLS = ("3des", "aes-128", "aes-256", "rc2-40")
SHA1_3DES = "PKCS #12 V2 PBE With SHA-1 And 3KEY Triple DES-CBC"
TARGETS = {"modern": "AES-256-CBC", "exchange2010": "3-KeyTripleDES", "windows2012": "3-KeyTripleDES",
           "windows2016": "3-KeyTripleDES", "windows2019": "AES-256-CBC", "java": "AES-256-CBC"}
NSS = (("AES-256-CBC", "AES-256-CBC"), (SHA1_3DES, SHA1_3DES),
       (SHA1_3DES, "PKCS #12 V2 PBE With SHA-1 And 40 Bit RC2 CBC"))  # of the key, of the certificates


class Reading(ToolTest):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.scratch_of_class(cls)
        authority = Authority(os.path.join(cls.folder, "ca"))
        cls.key, cls.issuer = authority.key("site"), authority.path("issuer.pem")
        csr = run("openssl", "req", "-new", "-key", cls.key, "-subj", "/CN=x")
        cls.leaf = os.path.join(cls.folder, "leaf.pem")
        with open(cls.leaf, "w", encoding="ascii") as file:
            file.write(authority.leaf(csr, NAME))
        cls.thumbprint = run("openssl", "x509", "-in", cls.leaf, "-noout", "-fingerprint",
                             "-sha256").decode().split("=")[1].strip().replace(":", "").lower()

    def openssl_pfx(self, *more):
        path = self.path("given.pfx")
        run("openssl", "pkcs12", "-export", "-inkey", self.key, "-in", self.leaf, "-certfile", self.issuer,
            "-out", path, "-passout", "pass:secret", "-name", "商店", *more)
        return path

    def imported(self, path, writer):
        self.store = self.path("store-" + str(len(os.listdir(self.scratch))))
        back = self.json("cert", "import", path, "--password-file", self.write("password", "secret"))
        self.assertEqual(back["thumbprint_sha256"], self.thumbprint, writer)
        with open(os.path.join(self.store, "personal", back["id"], "chain.pem"), encoding="ascii") as file:
            self.assertEqual(file.read().count("BEGIN CERTIFICATE"), 1, writer)
        return back

    def test_files_of_openssl_and_windows(self):
        for kind, options in OPENSSL.items():
            back = self.imported(self.openssl_pfx(*options), kind)
            self.assertEqual(back["friendly_name"], "商店", kind)

    def test_files_of_gnutls(self):
        for cipher in GNUTLS:
            path = self.path("gnutls.pfx")
            run("certtool", "--to-p12", "--load-privkey", self.key, "--load-certificate", self.leaf,
                "--load-ca-certificate", self.issuer, "--p12-name", "shop", "--password", "secret",
                "--pkcs-cipher", cipher, "--outder", "--outfile", path)
            self.imported(path, "GnuTLS, " + cipher)
            os.unlink(path)

    def test_files_of_nss(self):
        database = "sql:" + self.path("nss")
        os.mkdir(self.path("nss"))
        run("certutil", "-N", "-d", database, "--empty-password")
        run("pk12util", "-i", self.openssl_pfx("-name", "shop"), "-d", database, "-W", "secret", "-K", "")
        for cipher, certificates in NSS:
            path = self.path("nss.pfx")
            run("pk12util", "-o", path, "-n", "shop", "-d", database, "-W", "secret", "-K", "", "-c", cipher,
                "-C", certificates)
            self.imported(path, "NSS, " + certificates)
            os.unlink(path)

    def test_files_of_java(self):
        path = self.path("java.p12")
        run("keytool", "-importkeystore", "-srckeystore", self.openssl_pfx(), "-srcstoretype", "PKCS12",
            "-srcstorepass", "secret", "-destkeystore", path, "-deststoretype", "PKCS12", "-deststorepass",
            "secret", "-noprompt")
        self.imported(path, "Java")

    def test_a_file_for_a_named_reader_goes_out_and_in_again(self):
        made = self.imported(self.openssl_pfx(), "OpenSSL")
        password = self.path("password")
        for target in ("modern", "windows2012", "windows2016", "windows2019", "java"):
            for command in (["cert", "export", made["id"], "--pfx"], ["key", "backup", made["id"]]):
                out = self.path(f"{target}-{command[1]}.pfx")
                said = self.run_tool(*command, "--for", target, "--out", out, "--password-file", password)
                self.assertEqual("3DES" in said, target in ("windows2012", "windows2016"), said)
                self.assertEqual(os.stat(out).st_mode & 0o777, 0o600)
                run("openssl", "pkcs12", "-in", out, "-noout", "-passin", "file:" + password)
        refused = [("exchange2010", "pfx.target_key"), ("windows95", "tool.pfx_target")]
        for target, code in refused:
            out = self.path(target + ".pfx")
            problem = self.json("key", "backup", made["id"], "--for", target, "--out", out,
                                "--password-file", password, code=1)["problem"]
            self.assertEqual(problem["type"], "urn:ecert:problem:" + code)
            self.assertFalse(os.path.exists(out))


    def test_k5_what_nobody_asked_to_be_weak_is_strong(self):
        made = self.imported(self.openssl_pfx(), "OpenSSL")
        # Windows takes its time over each round: for it there are fewer.
        for target, rounds in (([], "600000"), (["--for", "modern"], "600000"), (["--for", "windows2019"], "100000")):
            out = self.path("out%d.pfx" % len(os.listdir(self.scratch)))
            said = self.run_tool("key", "backup", made["id"], "--out", out, "--password-file", self.path("password"),
                                 *target)
            self.assertNotIn("3DES", said)
            done = subprocess.run(["openssl", "pkcs12", "-in", out, "-info", "-noout", "-passin", "pass:secret"],
                                  check=True, capture_output=True, text=True, errors="replace").stderr
            self.assertRegex(done, "MAC: sha256, Iteration " + rounds)
            lines = [line for line in done.splitlines() if "PBES2" in line]
            self.assertEqual(len(lines), 2, done)
            for line in lines:
                self.assertRegex(line, f"AES-256-CBC, Iteration {rounds}, PRF hmacWithSHA256")


class Matrix(ToolTest):
    """Writer by target by reader, of an RSA key, which alone all targets take; and the five that take an EC key."""
    def setUp(self):
        super().setUp()
        authority = Authority(self.path("ca"))
        self.issuer, self.password = authority.path("issuer.pem"), self.write("password", "secret")
        self.pairs = {}
        for kind, options in (("rsa", ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"]), ("ec", ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"])):
            key, leaf = self.path(kind + ".key"), self.path(kind + ".pem")
            run("openssl", "genpkey", "-algorithm", *options, "-out", key)
            csr = run("openssl", "req", "-new", "-key", key, "-subj", "/CN=x")
            with open(leaf, "w", encoding="ascii") as file:
                file.write(authority.leaf(csr, NAME))
            self.pairs[kind] = (key, leaf, run("openssl", "pkey", "-in", key, "-pubout"))

    def written_by_openssl(self, kind):
        key, leaf, _ = self.pairs[kind]
        path = self.path(kind + "-openssl.pfx")
        run("openssl", "pkcs12", "-export", "-inkey", key, "-in", leaf, "-certfile", self.issuer, "-out", path, "-passout", "pass:secret",
            "-name", "shop")
        return path

    def written_by_gnutls(self, kind):
        key, leaf, _ = self.pairs[kind]
        path = self.path(kind + "-gnutls.pfx")
        run("certtool", "--to-p12", "--load-privkey", key, "--load-certificate", leaf, "--load-ca-certificate", self.issuer,
            "--p12-name", "shop", "--password", "secret", "--outder", "--outfile", path)
        return path

    def written_by_nss(self, kind):
        path, database = self.path(kind + "-nss.pfx"), self.path(kind + "-nss")
        os.mkdir(database)
        run("certutil", "-N", "-d", "sql:" + database, "--empty-password")
        run("pk12util", "-i", self.written_by_openssl(kind), "-d", "sql:" + database, "-W", "secret", "-K", "")
        run("pk12util", "-o", path, "-n", "shop", "-d", "sql:" + database, "-W", "secret", "-K", "")
        return path

    def written_by_java(self, kind):
        path = self.path(kind + "-java.pfx")
        run("keytool", "-importkeystore", "-srckeystore", self.written_by_openssl(kind), "-srcstoretype", "PKCS12", "-srcstorepass",
            "secret", "-destkeystore", path, "-deststoretype", "PKCS12", "-deststorepass", "secret", "-noprompt")
        return path

    def written_by_windows(self, kind):
        key, leaf, _ = self.pairs[kind]
        return windows.pfx(self.scratch, key, leaf, self.issuer, "shop")

    def read_by_openssl(self, path, kind):
        said = run("openssl", "pkcs12", "-in", path, "-nodes", "-passin", "pass:secret")
        self.assertEqual(run("openssl", "pkey", "-pubout", given=said), self.pairs[kind][2])
        self.assertEqual(said.count(b"BEGIN CERTIFICATE"), 2)
        self.assertIn(b"friendlyName: shop", said)

    def read_by_gnutls(self, path, _):
        said = run("certtool", "--p12-info", "--inder", "--infile", path, "--password", "secret").decode()
        self.assertEqual(said.count("BEGIN CERTIFICATE"), 2)
        self.assertIn("PRIVATE KEY", said)

    def read_by_nss(self, path, _):
        said = run("pk12util", "-l", path, "-W", "secret").decode()
        self.assertIn("Certificate(has private key)", said)
        self.assertIn("Friendly Name: shop", said)

    def read_by_java(self, path, _):
        said = run("keytool", "-list", "-v", "-storetype", "PKCS12", "-keystore", path, "-storepass", "secret").decode()
        for expected in ("Alias name: shop", "Entry type: PrivateKeyEntry", "Certificate chain length: 2"):
            self.assertIn(expected, said)

    def read_by_ecert(self, path, kind):
        with tempfile.TemporaryDirectory(dir=self.scratch) as store:
            self.store = store + "/store"
            back = self.json("cert", "import", path, "--password-file", self.password)
            self.assertEqual(back["friendly_name"], "shop")
            pair = f"{self.store}/personal/{back['id']}/"
            self.assertEqual(public_key("key", pair + "key.pem"), self.pairs[kind][2])
            self.assertEqual(public_key("certificate", pair + "certificate.pem"), self.pairs[kind][2])

    def test_whoever_wrote_it_every_reader_takes_it_for_every_target(self):
        writers = [name for name in dir(self) if name.startswith("written_by_")]
        readers = [name for name in dir(self) if name.startswith("read_by_")]
        self.assertEqual((len(writers), len(readers)), (5, 5))
        seen = 0
        for kind in ("rsa", "ec"):
            for number, writer in enumerate(writers):
                self.store = self.path(f"store-{kind}-{number}")
                made = self.json("cert", "import", getattr(self, writer)(kind), "--password-file", self.password)
                mine = self.store
                for place, (target, cipher) in enumerate(TARGETS.items()):
                    # Each target with one writer; all with each where there is time.
                    if (kind, target) == ("ec", "exchange2010") or ("--long" not in sys.argv and place % len(writers) != number):
                        continue
                    out, self.store = self.path(f"{kind}-{number}-{target}.pfx"), mine
                    self.run_tool("cert", "export", made["id"], "--pfx", "--for", target, "--out", out, "--password-file", self.password)
                    self.assertIn(cipher, subprocess.run(["openssl", "pkcs12", "-in", out, "-info", "-noout", "-passin", "pass:secret"],
                                                         check=True, capture_output=True, text=True, errors="replace").stderr)
                    for reader in readers:
                        with self.subTest(kind=kind, writer=writer, target=target, reader=reader):
                            getattr(self, reader)(out, kind)
                            seen += 1
        self.assertEqual(seen, (5 if "--long" in sys.argv else 1) * (6 + 5) * 5)


class Apart(ToolTest):
    """K6: who reads the file can reach nothing, and its end is only its own."""
    def reader_at_work(self):
        """The tool, and the child that it has read a slow file with."""
        key = self.path("key.pem")
        run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
        run("openssl", "pkcs12", "-export", "-inkey", key, "-nocerts", "-out", self.path("slow.pfx"), "-passout",
            "pass:secret", "-iter", "4000000")
        tool = subprocess.Popen([PROGRAM, "cert", "import", self.path("slow.pfx"), "--json", "--password-file",
                                 self.write("password", "secret")], env=self.environment(), text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        children, status = f"/proc/{tool.pid}/task/{tool.pid}/children", {}
        self.addCleanup(tool.kill)
        while tool.poll() is None and status.get("Seccomp") != "2":
            with open(children, encoding="ascii") as file:
                found = file.read().split()
            if found:
                with open(f"/proc/{found[0]}/status", encoding="ascii") as file:
                    status = dict(line.rstrip("\n").split(":\t", 1) for line in file)
            time.sleep(0.005)
        return tool, int(found[0]), status

    def ends_with_one_clear_error(self, tool, seconds):
        said, _ = tool.communicate(timeout=seconds)
        self.assertEqual(tool.returncode, 1)
        self.assertIn("urn:ecert:problem:pfx.apart", said)
        self.assertEqual(self.certificates(), [])

    def test_k6_the_reader_is_confined_and_its_death_is_one_clear_error(self):
        tool, child, status = self.reader_at_work()
        self.assertEqual((status.get("Seccomp"), status.get("NoNewPrivs")), ("2", "1"))
        self.assertEqual(sorted(os.listdir(f"/proc/{child}/fd")), ["3"])
        os.kill(child, signal.SIGKILL)
        self.ends_with_one_clear_error(tool, 60)

    @unittest.skipUnless("--long" in sys.argv, "waits for a minute")
    def test_k6_a_reader_that_sleeps_is_not_waited_for(self):
        tool, child, _ = self.reader_at_work()
        os.kill(child, signal.SIGSTOP)
        self.ends_with_one_clear_error(tool, 120)
        self.assertFalse(os.path.exists(f"/proc/{child}"))

    def test_k6_a_cost_beyond_reason_is_not_paid(self):
        key = self.path("key.pem")
        run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
        run("openssl", "pkcs12", "-export", "-inkey", key, "-nocerts", "-out", self.path("x.pfx"), "-passout",
            "pass:secret", "-iter", "70000")
        with open(self.path("x.pfx"), "rb") as file:
            der = file.read()
        self.assertTrue(der.endswith(b"\x02\x03\x01\x11\x70"))
        with open(self.path("x.pfx"), "wb") as file:
            file.write(der[:-3] + b"\x7f\xff\xff")
        problem = self.json("cert", "import", self.path("x.pfx"), "--password-file",
                            self.write("password", "secret"), code=1)["problem"]
        self.assertEqual(problem["type"], "urn:ecert:problem:pfx.cost")


if __name__ == "__main__":
    unittest.main(argv=["test_pfx"])
