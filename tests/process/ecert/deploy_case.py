"""What tests of `ecert deploy` begin with: a store with pairs of one authority, and servers."""
import os

import servers
from stand_in import Authority, run
from tool import NAME, ToolTest, public_key


class DeployCase(ToolTest):
    """A store with two pairs for one name, both of one authority."""
    def setUp(self):
        super().setUp()
        os.chmod(self.scratch, 0o755)
        self.authority = Authority(self.path("ca"))
        self.pairs = {}

    def pair(self, name, server_name=NAME):
        """Its id in the store."""
        csr = run("openssl", "req", "-new", "-key", self.authority.key(name), "-subj", "/CN=x")
        chain = self.authority.leaf(csr, server_name)
        with open(self.path(name + ".chain"), "w", encoding="ascii") as file:
            file.write(chain + self.authority.issuer)
        made = self.json("cert", "import", self.path(name + ".chain"), "--key", self.authority.key(name))
        self.pairs[made["id"]] = name
        return made["id"]

    def trust(self):
        self.run_tool("chain", "install", self.authority.path("root.pem"), "--as", "root", "--fingerprint",
                      self.fingerprint("root"))

    def fingerprint(self, name):
        return run("openssl", "x509", "-in", self.authority.path(name + ".pem"), "-noout", "-fingerprint",
                   "-sha256").decode().strip().split("=")[1]

    def server(self, kind, address, given=None):
        if servers.program(kind.needs) is None:
            self.skipTest(kind.needs + " is not here")
        server = kind(self.path(address), address)
        if given:
            name = self.pairs[given]
            server.give(self.path(name + ".chain"), self.authority.key(name))
            server.start()
            self.addCleanup(server.stop)
        return server

    def expect_sent(self, server, item):
        with open(self.path(self.pairs[item] + ".chain"), encoding="ascii") as file:
            wanted = file.read()
        # Three times in a row: a worker that is on its way out may still answer as before.
        servers.wait_for(lambda: all((server.sent() or "nothing").strip() in wanted for _ in range(3)))

    def expect_pair(self, server, item):
        key = server.key if os.path.exists(server.key) else server.certificate
        self.assertEqual(public_key("key", key), public_key("certificate", server.certificate))
        self.assertEqual(public_key("key", key), public_key("key", self.authority.key(self.pairs[item])))
        self.assertEqual(os.stat(key).st_mode & 0o777, 0o600)


def public_key_of(pem):
    return run("openssl", "x509", "-pubkey", "-noout", given=pem.encode())
