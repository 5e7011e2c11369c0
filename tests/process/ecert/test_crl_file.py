#!/usr/bin/env python3
"""The store's lists in one file, as nginx reads them to look at its clients' certificates.

    test_crl_file.py ECERT
"""
import datetime
import os
import ssl
import unittest
import urllib.error
import urllib.request

import servers
from hierarchy import Hierarchy
from tool import NAME, ToolTest

CLIENT = "basicConstraints=critical,CA:false\nextendedKeyUsage=clientAuth\n"


class Verifying(servers.Nginx):
    """Wants a certificate of the root's."""
    def write_config(self):
        super().write_config()
        with open(self.config, encoding="ascii") as file:
            text = file.read()
        self.write("config", text.replace("location", f"ssl_client_certificate {self.path('root.pem')}; ssl_crl "
                                          f"{self.path('lists.pem')}; ssl_verify_client on;\n    location"))


class ListsFile(ToolTest):
    """A hierarchy with all of its lists in the store."""
    def setUp(self):
        super().setUp()
        os.chmod(self.scratch, 0o755)
        self.ca = Hierarchy(self.path("ca"))
        self.run_tool("chain", "install", self.ca.path("root.pem"), "--as", "root", "--fingerprint",
                      self.ca.fingerprint("root"))
        self.run_tool("chain", "install", self.ca.path("new.pem"))
        for name in ("root", "ssl"):
            self.run_tool("crl", "install", self.ca.path(name + ".crl"))

    def test_it_is_written_once_and_again_only_when_a_list_is_new(self):
        file = self.path("lists.pem")
        self.assertEqual(self.json("crl", "write", file), {"file": file, "lists": 2, "new": True})
        with open(file, encoding="ascii") as content:
            self.assertEqual(content.read().count("BEGIN X509 CRL"), 2)
        self.assertEqual(os.stat(file).st_mode & 0o777, 0o644)
        inode = os.stat(file).st_ino
        self.json("crl", "write", file, code=2)
        self.assertEqual(os.stat(file).st_ino, inode)
        self.ca.list("root", revoked=["10", "41"], number=2, update=datetime.datetime.now(datetime.timezone.utc))
        self.run_tool("crl", "install", self.ca.path("root.crl"))
        self.assertTrue(self.json("crl", "write", file)["new"])

    def test_without_a_list_nothing_is_written(self):
        self.store = self.path("empty")
        said = self.json("crl", "write", self.path("lists.pem"), code=1)["problem"]
        self.assertEqual(said["type"], "urn:ecert:problem:crl.none")
        self.assertFalse(os.path.exists(self.path("lists.pem")))
        self.store = self.path("store")
        self.run_tool("crl", "write", self.path("none/lists.pem"), code=1)

    @unittest.skipIf(servers.program("nginx") is None, "nginx is not here")
    def test_nginx_refuses_a_client_that_the_file_revokes(self):
        for name, serial in (("good", 0x40), ("bad", 0x41)):
            self.ca.sign(name, "/CN=" + name, "root", CLIENT, serial=serial)
        server = Verifying(self.path("web"), "127.0.80.40")
        server.give(self.ca.path("leaf.pem"), self.ca.key("leaf"))
        with open(self.ca.path("root.pem"), "rb") as root, open(server.path("root.pem"), "wb") as copy:
            copy.write(root.read())
        self.run_tool("crl", "write", server.path("lists.pem"))
        server.start()
        self.addCleanup(server.stop)
        self.assertEqual([self.status(server, name) for name in ("good", "bad")], [200, 200])
        self.ca.list("root", revoked=["10", "41"], number=2, update=datetime.datetime.now(datetime.timezone.utc))
        self.run_tool("crl", "install", self.ca.path("root.crl"))
        self.run_tool("crl", "write", server.path("lists.pem"))
        server.run(servers.program("nginx"), "-c", server.config, "-s", "reload")
        servers.wait_for(lambda: self.status(server, "bad") == 400)
        self.assertEqual(self.status(server, "good"), 200)

    def status(self, server, name):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.load_cert_chain(self.ca.path(name + ".pem"), self.ca.key(name))
        try:
            request = urllib.request.Request(f"https://{server.address}:{server.port}/", headers={"Host": NAME})
            with urllib.request.urlopen(request, context=context, timeout=20) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            error.close()
            return error.code


if __name__ == "__main__":
    unittest.main(argv=["test_crl_file.py"], verbosity=1)
