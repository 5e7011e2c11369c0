#!/usr/bin/env python3
"""The HTTP server over TLS, asked by another implementation: which versions it speaks, and what it
says to browsers.

    test_tls.py SEEN
"""
import contextlib
import http.client
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import unittest
import warnings

SEEN = os.path.abspath(sys.argv[1])
ADDRESS = "127.0.0.28"
VERSIONS = {"TLSv1": False, "TLSv1_1": False, "TLSv1_2": True, "TLSv1_3": True}


class Tls(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="ecert-t-")
        pair = [f"{self.directory}/{name}" for name in ("certificate", "key")]
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=x", "-days", "1", "-out",
                        pair[0], "-keyout", pair[1]], check=True, capture_output=True)
        self.pair = pair
        self.start()

    def start(self, *arguments):
        self.server = subprocess.Popen([SEEN, ADDRESS, *self.pair, *arguments], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, text=True)
        self.port = int(self.server.stdout.readline())

    def stop(self):
        self.server.stdin.close()
        self.server.wait()
        self.server.stdout.close()

    def tearDown(self):
        self.stop()
        shutil.rmtree(self.directory)

    def connect(self, pair=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if pair:
            context.load_cert_chain(*pair)
        return context.wrap_socket(socket.create_connection((ADDRESS, self.port), 60))

    def once(self, connection):
        """The status of one request on a connection that goes on."""
        connection.sendall(b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n")
        response = http.client.HTTPResponse(connection)
        response.begin()
        response.read()
        return response.status

    def ask(self, request, version=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if version:
            context.set_ciphers("ALL:@SECLEVEL=0")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                context.minimum_version = context.maximum_version = version
        with socket.create_connection((ADDRESS, self.port), 5) as plain:
            with context.wrap_socket(plain) as connection:
                connection.sendall(request)
                answer = b""
                while piece := connection.recv(65536):
                    answer += piece
                return answer.decode()

    def test_only_versions_of_today_are_spoken(self):
        for name, spoken in VERSIONS.items():
            try:
                answer = self.ask(b"GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                                  getattr(ssl.TLSVersion, name))
            except (ssl.SSLError, ConnectionError):
                answer = ""
            self.assertEqual("200 OK" in answer, spoken, name)

    def test_a_client_is_known_for_all_of_its_connection_and_nobody_else_is(self):
        self.stop()
        self.start(self.pair[0])
        with self.connect(self.pair) as known:
            for _ in range(3):
                self.assertEqual(self.once(known), 200)
            # Who says nothing is not waited for, whatever certificate he has; who was known before is.
            with self.connect(self.pair) as silent, contextlib.suppress(OSError):
                self.assertEqual(silent.recv(1), b"")
            self.assertEqual(self.once(known), 200)
            with self.connect() as nobody:
                self.assertEqual(self.once(nobody), 403)
            self.assertEqual(self.once(known), 200)

    def test_browsers_are_told_to_stay_with_tls_and_cookies_are_bound_to_the_host(self):
        answer = self.ask(b"GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        self.assertIn("Strict-Transport-Security: max-age=31536000\r\n", answer)
        self.assertIn("Set-Cookie: __Host-c=v; Path=/; HttpOnly; SameSite=Strict; Secure\r\n", answer)
        answer = self.ask(b"GET /a/b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        self.assertIn("404 Not Found", answer)
        self.assertIn("Strict-Transport-Security", answer)

    def test_plain_http_on_the_same_port_is_not_heard(self):
        with socket.create_connection((ADDRESS, self.port), 5) as connection:
            connection.sendall(b"GET /plain HTTP/1.1\r\nHost: x\r\n\r\n")
            try:
                answer = connection.recv(65536)
            except ConnectionError:
                answer = b""
        self.assertNotIn(b"HTTP/1", answer)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
