#!/usr/bin/env python3
"""Keys that stay in their token (SoftHSM) behind real servers: nginx and Apache get the certificate and a line that
names the key, and both change together. Runs in a mount namespace of its own, where the system's SoftHSM is ours.

    test_deploy_token.py ECERT SOFTHSM
"""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import servers
from deploy_case import DeployCase
from sshd import SshTest
from stand_in import run
from tool import NAME, public_key

MARK = "ECERT_TEST_TOKENS"
SYSTEM = "/etc/softhsm/softhsm2.conf"
SKIPPED = 77


def enter():
    """Starts this file again inside, with a place for tokens; meson counts the exit code 77 as skipped."""
    engine = run("openssl", "version", "-e").decode().split('"')[1] + "/pkcs11.so"
    with tempfile.TemporaryDirectory(prefix="test_ecert_tokens_") as place:
        conf = place + "/softhsm2.conf"
        with open(conf, "w", encoding="ascii") as file:
            file.write(f"directories.tokendir = {place}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
        os.mkdir(place + "/tokens")
        os.chmod(place, 0o755)
        command = ["unshare", "-m", "sh", "-c", 'mount --bind "$0" ' + SYSTEM + ' && exec "$@"', conf]
        if not all(os.path.exists(one) for one in (engine, SYSTEM, sys.argv[2])) or \
                subprocess.run([*command, "true"], check=False, capture_output=True).returncode != 0:
            print("skipped: needs root, SoftHSM and OpenSSL's PKCS#11 engine")
            sys.exit(SKIPPED)
        done = subprocess.run([*command, sys.executable, "-B", *sys.argv], check=False,
                              env={**os.environ, MARK: place, "SOFTHSM2_CONF": conf})
    sys.exit(done.returncode)


class InToken(SshTest, DeployCase):
    """A token for each test; its PIN is in a file of root's."""
    def setUp(self):
        super().setUp()
        tokens = os.path.join(os.environ[MARK], "tokens")
        shutil.rmtree(tokens)
        os.mkdir(tokens, 0o755)
        run("softhsm2-util", "--init-token", "--free", "--label", "shop", "--so-pin", "12345678", "--pin", "20041507")
        self.pin = self.write("pin", "20041507")

    def environment(self, **more):
        return super().environment(SOFTHSM2_CONF=os.environ["SOFTHSM2_CONF"], **more)

    def pair(self, name, server_name=NAME):
        csr = self.path(name + ".csr")
        self.json("request", "new", "--name", server_name, "--key", "pkcs11:token=shop;object=" + name, "--module", sys.argv[2],
                  "--generate", "p256", "--out", csr, "--token-pin-file", self.pin)
        with open(csr, "rb") as file:
            chain = self.authority.leaf(file.read(), server_name)
        with open(self.path(name + ".chain"), "w", encoding="ascii") as file:
            file.write(chain + self.authority.issuer)
        made = self.json("cert", "complete", self.path(name + ".chain"), "--token-pin-file", self.pin)
        self.pairs[made["id"]] = name
        # Apache's workers are www-data, and open the token anew.
        run("chown", "-R", "www-data", os.path.join(os.environ[MARK], "tokens"))
        return made["id"]

    def include(self, server):
        """The line stands where the key's path stood."""
        with open(server.config, encoding="ascii") as file:
            text = file.read()
        server.write("config", text.replace("ssl_certificate_key", "include").replace("SSLCertificateKeyFile", "Include")
                     .replace("pid ", "user root;\nssl_engine pkcs11;\npid ", 1))

    def stop(self, server):
        if os.path.exists(server.pid_file):
            server.stop()

    def change(self, kind, address, line):
        old, new = self.pair("old"), self.pair("new")
        server = self.server(kind, address)
        self.include(server)
        words = [*server.words, "--pin-source", self.pin]
        plan = self.json("deploy", "plan", old, *words)
        self.assertEqual(plan["targets"][0]["pin_source"], self.pin)
        self.addCleanup(self.stop, server)
        self.json("deploy", "run", old, *words, "--wait", "1", code=None)
        if server.sent() is None:  # a reload starts Apache, and not nginx
            server.start()
        self.expect_sent(server, old)
        self.assertEqual(self.line(server), line % "old")
        said = self.json("deploy", "run", new)["targets"][0]
        self.assertEqual(said["state"], "answers")
        self.expect_sent(server, new)
        self.assertEqual(self.line(server), line % "new")
        self.assertEqual(os.stat(server.key).st_mode & 0o777, 0o600)
        self.run_tool("deploy", "rollback", said["name"])
        self.expect_sent(server, old)
        self.assertEqual(self.line(server), line % "old")
        self.json("deploy", "run", new, "--again")
        self.expect_sent(server, new)
        self.json("deploy", "run", code=1)  # two certificates: which
        return server, old, new

    def line(self, server):
        with open(server.key, encoding="ascii") as file:
            return file.read()

    def test_nginx(self):
        line = f'ssl_certificate_key "engine:pkcs11:pkcs11:token=shop;object=%s?pin-source=file:{self.pin}";\n'
        server, _, new = self.change(servers.Nginx, "127.0.88.1", line)
        # With the PIN gone the program can't use it: its own test says so, and nothing is changed.
        newest = self.pair("newest")
        said = self.json("deploy", "run", newest, *server.words, "--pin-source", self.path("none"), code=1)["targets"][0]
        self.assertEqual((said["state"], said["reason"]), ("failed", "deploy.test"))
        self.expect_sent(server, new)
        self.assertEqual(self.line(server), line % "new")

    def test_apache(self):
        self.change(servers.Apache, "127.0.88.2", f'SSLCertificateKeyFile "pkcs11:token=shop;object=%s?pin-source=file:{self.pin}"\n')

    def test_a_key_from_a_file_gives_way_to_one_in_a_token_and_comes_back(self):
        """The configuration is the person's: with the old one nothing is changed, with the new one all is."""
        in_file, in_token = DeployCase.pair(self, "plain"), self.pair("www")
        server = self.server(servers.Nginx, "127.0.88.3", in_file)
        said = self.json("deploy", "run", in_token, *server.words, "--pin-source", self.pin, code=1)["targets"][0]
        self.assertEqual((said["state"], said["reason"]), ("failed", "deploy.test"))
        self.expect_sent(server, in_file)
        self.assertEqual(public_key("key", server.key), public_key("certificate", server.certificate))
        self.include(server)
        self.json("deploy", "run", in_token, *server.words, "--pin-source", self.pin)
        self.expect_sent(server, in_token)

    def test_what_a_line_holds_is_no_more_than_a_uri(self):
        """nginx and Apache put variables where a dollar stands, and end a text at a quotation mark."""
        item = self.pair("a$b'c")
        hostile = self.path('p" $x;{}\\&%41')
        self.json("deploy", "run", item, "--kind", "nginx", "--certificate", self.path("x.crt"), "--key", self.path("x.key"),
                  "--config", self.path("none"), "--pin-source", hostile, code=1)
        server = self.server(servers.Nginx, "127.0.88.4")
        self.include(server)
        self.json("deploy", "run", item, *server.words, "--pin-source", hostile, code=1)
        os.rename(self.pin, hostile)
        self.pin = hostile
        self.json("deploy", "run", item, *server.words, "--pin-source", hostile, "--wait", "1", code=1)
        line = self.line(server)
        self.assertIn("object=a%24b%27c?pin-source=file:/", line)
        self.assertTrue(line.endswith('/p%22%20%24x%3B%7B%7D%5C%26%2541";\n'), line)

    def test_where_it_can_not_be_used_it_is_put_nowhere(self):
        item = self.pair("www")
        pair = ["--certificate", self.path("s.pem"), "--key", self.path("s.key")]
        for words in (["--kind", "postfix", *pair], ["--kind", "dovecot", *pair], ["--kind", "files", *pair],
                      ["--kind", "haproxy", *pair[:2]],
                      ["--kind", "nginx", *pair, "--to", self.hosts[0], "--ssh-config", self.config]):
            for verb in ("plan", "run"):
                said = self.json("deploy", verb, item, *words, code=1)["problem"]
                self.assertEqual(said["type"], "urn:ecert:problem:deploy.key_in_token", words)
                self.assertIn("--kind nginx", said["next"])
        self.assertEqual([name for name in os.listdir(self.scratch) if name.startswith(("s.", ".ecert"))], [])


if __name__ == "__main__":
    if MARK not in os.environ:
        enter()
    unittest.main(argv=["test_deploy_token"])
