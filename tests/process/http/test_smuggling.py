#!/usr/bin/env python3
"""P14: our HTTP server behind a real nginx that keeps connections to it open. Whatever is sent, the
server never sees a request that was hidden in another one, and the next visitor gets his own answer.

    test_smuggling.py SEEN
"""
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

SEEN = os.path.abspath(sys.argv[1])
ADDRESS = "127.0.0.27"
PORT = 20000 + os.getpid() % 20000
NGINX = """
daemon off; pid {d}/pid; error_log {d}/error.log; worker_processes 1; {user}
events {{ worker_connections 64; }}
http {{
  access_log off; client_body_temp_path {d}/b; proxy_temp_path {d}/p; fastcgi_temp_path {d}/f;
  uwsgi_temp_path {d}/u; scgi_temp_path {d}/s; ignore_invalid_headers off;
  upstream ours {{ server {address}:{upstream}; keepalive 1; }}
  server {{
    listen {address}:{port};
    location / {{
      proxy_pass http://ours; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_request_buffering {buffering};
    }}
  }}
}}
"""
HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"


def post(*lines, body=HIDDEN):
    return b"\r\n".join((b"POST /open HTTP/1.1", b"Host: x") + lines) + b"\r\n\r\n" + body


# Each hides a second request from one way of reading the first.
LENGTH = b"Content-Length: %d" % len(HIDDEN)
CHUNKED = b"0\r\n\r\n" + HIDDEN
ATTEMPTS = [
    post(b"Content-Length: %d" % len(CHUNKED), b"Transfer-Encoding: chunked", body=CHUNKED),
    post(b"Transfer-Encoding: chunked", b"Content-Length: %d" % len(CHUNKED), body=CHUNKED),
    post(b"Content-Length: %d" % len(CHUNKED), b"Transfer-Encoding: xchunked", body=CHUNKED),
    post(b"Content-Length: %d" % len(CHUNKED), b"Transfer-Encoding : chunked", body=CHUNKED),
    post(b"Content-Length: %d" % len(CHUNKED), b"Transfer-Encoding:\x0bchunked", body=CHUNKED),
    post(b"Content-Length: %d" % len(CHUNKED), b"X: y\nTransfer-Encoding: chunked", body=CHUNKED),
    post(b"Content-Length: %d" % len(CHUNKED), b"X: y\rTransfer-Encoding: chunked", body=CHUNKED),
    post(b"Content-Length: %d" % len(CHUNKED), b"X: y\r\n Transfer-Encoding: chunked", body=CHUNKED),
    post(b"Content-Length: %d" % len(CHUNKED), b"X: y\0\r\nTransfer-Encoding: chunked", body=CHUNKED),
    post(b"Content-Length: %d" % len(CHUNKED), b"Transfer_Encoding: chunked", body=CHUNKED),
    post(b"Content-Length: 0", LENGTH),
    post(LENGTH, b"Content-Length: 0"),
    post(b"Content-Length: 0, %d" % len(HIDDEN)),
    post(b"Content-Length: +%d" % len(HIDDEN)),
    post(b"Content-Length : %d" % len(HIDDEN), b"Content-Length: 0"),
    post(b"X: y\nContent-Length: %d" % len(HIDDEN)),
    post(b"X: y\r\n Content-Length: %d" % len(HIDDEN)),
    post(b"Content-Length: %d" % len(HIDDEN), b"Expect: 100-continue"),
    b"GET /open HTTP/1.1\r\nHost: x\r\n" + LENGTH + b"\r\n\r\n" + HIDDEN,
    b"GET /open HTTP/1.1\r\nHost: x\r\nHost: y\r\n" + LENGTH + b"\r\n\r\n" + HIDDEN,
    b"GET /open?\nHTTP/1.1\r\nHost: x\r\n" + LENGTH + b"\r\n\r\n" + HIDDEN,
    b"GET /open HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 3000 + b"\r\n" + LENGTH + b"\r\n\r\n" + HIDDEN,
    post(b"Transfer-Encoding: chunked", body=b"1;x=\n\nA\r\n0\r\n\r\n"),
    post(b"Transfer-Encoding: chunked", body=b"1\r\nA\r\n0\r\nContent-Length: 9\r\n\r\n"),
]


def talk(port, request):
    with socket.create_connection((ADDRESS, port)) as connection:
        connection.settimeout(0.25)
        connection.sendall(request)
        answer = b""
        try:
            while piece := connection.recv(65536):
                answer += piece
        except (TimeoutError, ConnectionResetError):
            pass
        return answer


class Smuggling(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="ecert-h-")
        self.nginx = None
        with open(self.directory + "/seen", "w", encoding="utf-8") as log:
            self.server = subprocess.Popen([SEEN, ADDRESS], stdin=subprocess.PIPE, stdout=log)
        while not self.seen():
            time.sleep(0.02)
        self.port = int(self.seen()[0])

    def tearDown(self):
        if self.nginx:
            self.nginx.terminate()
            self.nginx.wait()
        self.server.stdin.close()
        self.server.wait()
        shutil.rmtree(self.directory)

    def seen(self):
        with open(self.directory + "/seen", encoding="utf-8") as file:
            return file.read().splitlines()

    def front(self, buffering):
        path = self.directory + "/nginx.conf"
        with open(path, "w", encoding="utf-8") as file:
            file.write(NGINX.format(d=self.directory, address=ADDRESS, upstream=self.port, port=PORT,
                                    user="user root;" if os.geteuid() == 0 else "",
                                    buffering=buffering))
        self.nginx = subprocess.Popen(["nginx", "-c", path, "-e", self.directory + "/error.log"],
                                      stderr=subprocess.DEVNULL)
        for _ in range(100):
            try:
                return socket.create_connection((ADDRESS, PORT)).close()
            except ConnectionRefusedError:
                time.sleep(0.05)
        raise AssertionError("nginx does not listen")

    def attack(self, port):
        for number, attempt in enumerate(ATTEMPTS):
            talk(port, attempt)
            for again in range(2):
                path = f"/own-{number}-{again}".encode()
                answer = talk(port, b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                self.assertTrue(answer.endswith(b"\r\n\r\n" + path), (attempt, answer))
            self.assertNotIn("GET /hidden 0", self.seen(), attempt)

    def test_nothing_hidden_is_seen_without_a_proxy(self):
        self.attack(self.port)

    def test_nothing_hidden_is_seen_behind_nginx(self):
        self.front("on")
        self.attack(PORT)

    def test_nothing_hidden_is_seen_behind_nginx_that_streams_bodies(self):
        self.front("off")
        self.attack(PORT)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
