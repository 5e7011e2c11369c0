#!/usr/bin/env python3
"""What `ecert check` says of servers that are as they should be, and of those that are not.

    test_check.py ECERT
"""
import functools
import http.server
import os
import shutil
import socket
import ssl
import threading
import unittest
import warnings

from hierarchy import Hierarchy
from stand_in import run
from tool import NAME, ToolTest

ADDRESS = "127.0.81.1"


class Listener:
    """A socket at which each connection is served by a function in a thread of its own."""
    def __init__(self, serve):
        self.socket = socket.create_server((ADDRESS, 0), backlog=256)
        self.port = self.socket.getsockname()[1]
        self.serve = serve
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while True:
            try:
                raw, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.one, args=(raw,)).start()

    def one(self, raw):
        raw.settimeout(20)
        try:
            self.serve(raw)
        except OSError:
            pass
        raw.close()

    def stop(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.socket.close()


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Publishes the lists."""
    def log_message(self, *_):
        pass


class Check(ToolTest):
    """One hierarchy; its root is trusted, and its lists are published."""
    @classmethod
    def setUpClass(cls):
        place = cls.scratch_of_class(cls)
        cls.web = http.server.ThreadingHTTPServer(
            (ADDRESS, 0), functools.partial(Quiet, directory=place + "/ca"))
        thread = threading.Thread(target=cls.web.serve_forever)
        thread.start()
        cls.addClassCleanup(cls.web.server_close)
        cls.addClassCleanup(thread.join)
        cls.addClassCleanup(cls.web.shutdown)
        cls.ca = Hierarchy(place + "/ca", url=f"http://{ADDRESS}:{cls.web.server_address[1]}")
        leaf = "basicConstraints=critical,CA:false\nextendedKeyUsage=serverAuth\nsubjectAltName=DNS:" + NAME + "\n"
        cls.ca.sign("expired", "/CN=x", "new", leaf, serial=0x21, begin="20250101000000Z", end="20260101000000Z")
        cls.ca.sign("unlisted", "/CN=x", "new", leaf + f"crlDistributionPoints=URI:http://{ADDRESS}:9/none.crl\n",
                    serial=0x22)
        cls.ca.sign("revoked", "/CN=x", "new", leaf + cls.ca.point("ssl"), serial=0x23)
        cls.ca.sign("selfsigned", "/CN=x", None, leaf, serial=0x24)
        cls.ca.list("ssl", revoked=["23"], by="new")
        cls.soon = cls.make_soon(leaf)

    @classmethod
    def make_soon(cls, extensions):
        """One that ends in ten days."""
        with open(cls.ca.path("soon.ext"), "w", encoding="ascii") as file:
            file.write(extensions + "authorityKeyIdentifier=keyid\n")
        csr = run("openssl", "req", "-new", "-key", cls.ca.key("soon"), "-subj", "/CN=x")
        pem = run("openssl", "x509", "-req", "-days", "10", "-CA", cls.ca.path("new.pem"), "-CAkey", cls.ca.key("ssl"),
                  "-set_serial", "37", "-extfile", cls.ca.path("soon.ext"), given=csr)
        with open(cls.ca.path("soon.pem"), "wb") as file:
            file.write(pem)

    def setUp(self):
        super().setUp()
        self.run_tool("chain", "install", self.ca.path("root.pem"), "--as", "root", "--fingerprint",
                      self.ca.fingerprint("root"))

    def context(self, *names, change=lambda context: None):
        """The first one's key, and all certificates in the order given."""
        with open(self.path("chain"), "wb") as file:
            for name in names:
                with open(self.ca.path(name + ".pem"), "rb") as one:
                    shutil.copyfileobj(one, file)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        change(context)
        context.load_cert_chain(self.path("chain"), self.ca.key(names[0]))
        return context

    def listen(self, serve):
        listener = Listener(serve)
        self.addCleanup(listener.stop)
        return listener.port

    def server(self, *names, **more):
        context = self.context(*names, **more)
        return self.listen(lambda raw: context.wrap_socket(raw, server_side=True).close())

    def check(self, port, *arguments, code=0, name=NAME):
        said = self.json("check", f"{name}:{port}@{ADDRESS}", *arguments, code=code)["hosts"]
        self.assertEqual(len(said), 1)
        return said[0]

    def found(self, *names, arguments=(), code=1, **more):
        said = self.check(self.server(*names, **more), *arguments, code=code)
        return [one["code"] for one in said["findings"]], said

    def test_a_server_as_it_should_be(self):
        codes, said = self.found("leaf", "new", code=0)
        self.assertEqual((codes, said["state"]), ([], "fine"))
        self.assertEqual([one["place"] for one in said["sent"]], ["own", "in_order"])
        self.assertEqual([path["state"] for path in said["paths"]], ["good"])
        self.assertEqual(said["certificate"]["names"], [NAME])
        self.assertIn(said["tls"], ("TLS1.2", "TLS1.3"))
        self.assertFalse(said["stapled"])

    def test_an_intermediate_that_is_not_sent(self):
        codes, said = self.found("leaf")
        self.assertEqual(codes, ["check.open"])
        self.assertEqual(said["findings"][0]["expected"], "Test SSL CA 3 - 17")
        self.run_tool("chain", "install", self.ca.path("new.pem"))
        self.assertEqual(self.found("leaf")[0], ["check.incomplete"])

    def test_the_old_intermediate_is_named_by_the_roots_list(self):
        codes, said = self.found("leaf", "old")
        self.assertEqual(codes, ["check.withdrawn"])
        self.assertEqual([path["reason"] for path in said["paths"]], ["chain.revoked"])
        codes, said = self.found("leaf", "new", "old")
        self.assertEqual(codes, ["check.withdrawn"])
        self.assertEqual(sorted(path["state"] for path in said["paths"]), ["bad", "good"])

    def test_the_old_intermediate_is_named_without_any_list(self):
        self.assertEqual(self.found("leaf", "old", arguments=["--no-lists"], code=0)[0], [])
        self.run_tool("chain", "install", self.ca.path("new.pem"))
        self.assertEqual(self.found("leaf", "old", arguments=["--no-lists"])[0], ["check.withdrawn"])

    def test_what_is_sent_beyond_need_and_out_of_order(self):
        codes, said = self.found("leaf", "new", "root", code=0)
        self.assertEqual((codes, said["state"]), (["check.root_sent"], "warned"))
        codes, said = self.found("leaf", "partner", "new", code=0)
        self.assertEqual(codes, ["check.superfluous"])
        self.assertEqual([one["place"] for one in said["sent"]], ["own", "unrelated", "in_order"])
        codes, said = self.found("leaf", "new", "new", code=0)
        self.assertEqual((codes, said["sent"][2]["place"]), (["check.superfluous"], "twice"))
        codes, said = self.found("leaf", "cross", "new", code=0)
        self.assertEqual((codes, said["sent"][1]["place"]), (["check.order"], "out_of_order"))

    def test_more_certificates_than_are_read_are_counted(self):
        codes, said = self.found("leaf", *["new"] * 17)
        self.assertEqual(codes, ["handshake.too_many"])
        self.assertEqual((said["findings"][0]["seen"], said["findings"][0]["expected"]), ("18", "16"))

    def test_a_certificate_of_more_names_than_are_read_is_told_as_such(self):
        names = ",".join(f"DNS:h{i}.example.com" for i in range(251))
        self.ca.sign("names", "/CN=x", "new", "basicConstraints=CA:false\nsubjectAltName=" + names + "\n", serial=0x26)
        codes, said = self.found("names", "new")
        self.assertEqual((codes, said["findings"][0]["expected"]), (["check.too_many_names"], "250"))

    def test_what_a_stranger_calls_himself_paints_nothing(self):
        run("openssl", "req", "-x509", "-utf8", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-subj", "/CN=a\u2028b\u202ec\u009b31md\u200be\x1b[2Jf", "-addext", "subjectAltName=DNS:" + NAME,
            "-keyout", self.ca.key("painter"), "-out", self.ca.path("painter.pem"))
        said = self.run_tool("check", f"{NAME}:{self.server('painter')}@{ADDRESS}", code=1)
        self.assertIn("a?b?c?31md?e?[2Jf", said)

    def test_a_certificate_that_has_ended(self):
        codes, said = self.found("expired", "new")
        self.assertEqual(codes, ["check.expired"])
        self.assertEqual([path["state"] for path in said["paths"]], ["good"])

    def test_a_certificate_that_ends_soon_is_a_failure_only_where_days_are_given(self):
        codes, said = self.found("soon", "new", code=0)
        self.assertEqual((codes, said["state"]), (["check.soon"], "soon"))
        self.found("soon", "new", arguments=["--days", "30"], code=1)
        self.assertEqual(self.found("soon", "new", arguments=["--days", "5"], code=0)[0], [])

    def test_a_certificate_for_another_name(self):
        port = self.server("leaf", "new")
        said = self.check(port, name="other.example.net", code=1)
        self.assertEqual([one["code"] for one in said["findings"]], ["check.host"])
        self.assertEqual(said["findings"][0]["seen"], NAME)

    def test_a_certificate_of_its_own(self):
        self.assertEqual(self.found("selfsigned")[0], ["check.self_signed"])

    def test_a_root_that_nobody_here_trusts(self):
        codes, _ = self.found("leaf", "new", "root", arguments=["--root", self.ca.path("partner.pem")])
        self.assertEqual(codes, ["check.root_sent", "check.untrusted"])

    def test_a_revoked_certificate(self):
        self.assertEqual(self.found("revoked", "new")[0], ["check.revoked"])
        self.assertEqual(self.found("revoked", "new", arguments=["--no-lists"], code=0)[0], [])

    def test_a_list_that_is_not_to_be_had_is_told(self):
        codes, said = self.found("unlisted", "new", code=0)
        self.assertEqual((codes, said["state"]), (["check.list_missing"], "warned"))

    def test_no_address_is_gone_to_that_no_trusted_authority_signed(self):
        asked = []
        port = self.listen(asked.append)
        self.ca.sign("lure", "/CN=x", "partner", f"subjectAltName=DNS:{NAME}\n"
                     f"crlDistributionPoints=URI:http://{ADDRESS}:{port}/x.crl\n", serial=0x30)
        self.assertEqual(self.found("lure")[0], ["check.open"])
        self.assertEqual(asked, [])

    def test_only_old_versions(self):
        def old(context):
            context.set_ciphers("ALL:@SECLEVEL=0")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
        codes, said = self.found("leaf", "new", change=old)
        self.assertEqual((codes, said["tls"]), (["check.old_version"], "TLS1.0"))

    def test_a_server_that_wants_a_clients_certificate_is_judged_all_the_same(self):
        def wants(context):
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.ca.path("root.pem"))
            context.maximum_version = ssl.TLSVersion.TLSv1_2
        codes, said = self.found("leaf", "new", change=wants, code=0)
        self.assertEqual((codes, said["whole"]), ([], False))

    def test_what_is_no_tls_server(self):
        def http_only(raw):
            raw.recv(100)
            raw.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        for serve, code in ((http_only, "not_tls"), (lambda raw: raw.sendall(b"SSH-2.0-x\r\n"), "not_tls"),
                            (lambda raw: raw.recv(100), "closed")):
            said = self.check(self.listen(serve), code=1)
            self.assertEqual([one["code"] for one in said["findings"]], ["handshake." + code])
        silent = threading.Event()
        self.addCleanup(silent.set)
        said = self.check(self.listen(lambda raw: silent.wait(20)), "--timeout", "1", code=1)
        self.assertEqual(said["findings"][0]["code"], "handshake.timeout")

    def test_what_is_not_there(self):
        with socket.create_server((ADDRESS, 0)) as free:
            port = free.getsockname()[1]
        said = self.check(port, code=1)["findings"][0]
        self.assertEqual((said["code"], said["seen"]), ("handshake.connection", "Connection refused"))
        said = self.json("check", "none.invalid", code=1)["hosts"][0]["findings"][0]
        self.assertEqual(said["code"], "handshake.name")

    def test_tls_behind_clear_words(self):
        context = self.context("leaf", "new")

        def talk(raw, lines):
            file = raw.makefile("rb")
            for line in lines[:-1]:
                raw.sendall(line)
                file.readline()
            raw.sendall(lines[-1])
            context.wrap_socket(raw, server_side=True).close()
        for protocol, lines in (("smtp", [b"220-a\r\n220 b\r\n", b"250-x\r\n250 STARTTLS\r\n", b"220 go\r\n"]),
                                ("imap", [b"* OK\r\n", b"* CAPABILITY\r\na OK\r\n"]),
                                ("pop3", [b"+OK\r\n", b"+OK\r\n"])):
            port = self.listen(lambda raw, lines=lines: talk(raw, lines))
            said = self.check(port, name=f"{protocol}://{NAME}")
            self.assertEqual((said["state"], said["starttls"]), ("fine", protocol))
        port = self.listen(lambda raw: talk(raw, [b"220 a\r\n", b"250 b\r\n", b"502 no\r\n"]))
        said = self.check(port, name="smtp://" + NAME, code=1)["findings"][0]
        self.assertEqual((said["code"], said["seen"]), ("handshake.starttls", "502 no"))
        injected = [b"220 a\r\n", b"250 b\r\n", b"220 go\r\n250 injected\r\n"]
        said = self.check(self.listen(lambda raw: talk(raw, injected)), name="smtp://" + NAME, code=1)
        self.assertEqual(said["findings"][0]["code"], "handshake.not_tls")

    def test_many_hosts_are_asked_at_the_same_time(self):
        """Each of fifty waits until all fifty are there: one behind the other would never end."""
        context, gate = self.context("leaf", "new"), threading.Barrier(50)

        def serve(raw):
            gate.wait(60)
            context.wrap_socket(raw, server_side=True).close()
        port = self.listen(serve)
        file = self.write("hosts", "# ours\n" + f"{NAME}:{port}@{ADDRESS}  # one\n\n" * 100)
        said = self.json("check", "--hosts", file, "--timeout", "60")["hosts"]
        self.assertEqual([one["state"] for one in said], ["fine"] * 100)

    def test_dead_hosts_among_a_hundred_hold_up_nobody(self):
        """Some never answer, some refuse, some have no address: each is told by itself, and the others as ever."""
        good, soon, silent = self.server("leaf", "new"), self.server("soon", "new"), threading.Event()
        self.addCleanup(silent.set)
        hole = self.listen(lambda raw: silent.wait(120))
        with socket.create_server((ADDRESS, 0)) as free:
            refusing = free.getsockname()[1]
        lines = [f"{NAME}:{good}@{ADDRESS}"] * 60 + [f"{NAME}:{hole}@{ADDRESS}"] * 15 + [f"{NAME}:{refusing}@{ADDRESS}"] * 15 + \
            ["none.invalid"] * 8 + [f"{NAME}:{soon}@{ADDRESS}"] * 2
        file = self.write("hosts", "\n".join(lines))
        said = self.json("check", "--hosts", file, "--timeout", "25", "--no-lists", code=1)
        found = [(one["state"], [finding["code"] for finding in one["findings"]]) for one in said["hosts"]]
        self.assertEqual(found, [("fine", [])] * 60 + [("failed", ["handshake.timeout"])] * 15 +
                         [("failed", ["handshake.connection"])] * 15 + [("failed", ["handshake.name"])] * 8 + [("soon", ["check.soon"])] * 2)
        self.assertEqual(said["failed"], 38)
        alive = self.write("alive", "\n".join(lines[:60] + lines[-2:]))
        self.assertEqual(self.json("check", "--hosts", alive, "--timeout", "25", "--no-lists")["failed"], 0)
        self.assertEqual(self.json("check", "--hosts", alive, "--timeout", "25", "--no-lists", "--days", "30", code=1)["failed"], 2)

    def test_one_that_fails_fails_them_all_and_is_told_by_itself(self):
        good, bad = self.server("leaf", "new"), self.server("expired", "new")
        screen = self.run_tool("check", f"{NAME}:{good}@{ADDRESS}", f"{NAME}:{bad}@{ADDRESS}", code=1)
        self.assertIn("fine", screen)
        self.assertIn("has ended", screen)

    def test_a_remark_is_marked_as_one(self):
        """Clients accept it all the same: no cross, and the exit code says so."""
        place = f"{NAME}:{self.server('soon', 'new')}@{ADDRESS}"
        said = self.run_tool("check", place)
        self.assertRegex(said, "(?m)^! ")
        self.assertNotIn("✗", said)
        place = f"{NAME}:{self.server('unlisted', 'new')}@{ADDRESS}"
        said = self.run_tool("check", place)
        self.assertRegex(said, "(?m)^! .*none.crl")
        self.assertNotIn("✗", said)
        place = f"{NAME}:{self.server('expired', 'new')}@{ADDRESS}"
        self.assertRegex(self.run_tool("check", place, code=1), "(?m)^✗ ")

    def test_hosts_that_are_none(self):
        for host in ("", ":443", "a b", "-x", "www.shop.example.com:x", "ftp://www.shop.example.com", "[::1", "[::1]x",
                     "www.shop.example.com@", "a@b@c"):
            said = self.json("check", host, code=None)["problem"]
            self.assertRegex(said["type"], "endpoint.form|name[.]", host)
        self.run_tool("check", code=64)
        self.run_tool("check", NAME, "--days", "0", code=64)
        self.run_tool("check", NAME, "--timeout", "x", code=64)
        self.run_tool("check", NAME, "--root", self.path("none"), code=1)
        self.run_tool("check", "--hosts", self.path("none"), code=1)

    def test_a_name_as_it_is_written(self):
        said = self.json("check", f"例子.example.com:{self.server('leaf', 'new')}@{ADDRESS}", code=1)["hosts"][0]
        self.assertEqual(said["host"], "xn--fsqu00a.example.com")

    def test_each_language(self):
        port = self.server("expired", "new")
        for language, text in (("en", "has ended"), ("zh-HK", "已屆滿"), ("zh-CN", "已过期")):
            self.assertIn(text, self.run_tool("check", f"{NAME}:{port}@{ADDRESS}", "--lang", language, code=1))


if __name__ == "__main__":
    unittest.main(argv=["test_check.py"], verbosity=1)
