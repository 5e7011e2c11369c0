"""The portal's HTTP: the rows P14 to P18 of the threat list, seen from outside."""
import json
import re
import resource
import socket
import time
import unittest

import world

CONNECTIONS = 1024  # CONNECTIONS_MAX of proc/portal/main.c

SMUGGLED = b"GET /root/root_ca_3.crt HTTP/1.1\r\nHost: %s\r\n\r\n"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"


class Framing(world.Case):
    def head(self, line=b"POST / HTTP/1.1", *headers):
        host = ("%s:%d" % (world.HOST, self.world.port)).encode()
        return b"\r\n".join((line, b"Host: " + host) + headers) + b"\r\n\r\n"

    def test_p14_one_doubtful_request_is_never_read_as_two(self):
        host = ("%s:%d" % (world.HOST, self.world.port)).encode()
        inner = SMUGGLED % host
        length = b"Content-Length: %d" % len(inner)
        doubtful = {
            "both lengths": self.head(b"POST / HTTP/1.1", b"Content-Length: 4", b"Transfer-Encoding: chunked")
                            + b"0\r\n\r\n" + inner,
            "two lengths": self.head(b"POST / HTTP/1.1", b"Content-Length: 0", length) + inner,
            "two equal lengths in one": self.head(b"POST / HTTP/1.1", b"Content-Length: 0, 0") + inner,
            "signed length": self.head(b"POST / HTTP/1.1", b"Content-Length: +0") + inner,
            "hexadecimal length": self.head(b"POST / HTTP/1.1", b"Content-Length: 0x0") + inner,
            "space before colon": self.head(b"POST / HTTP/1.1", b"Content-Length : 0") + inner,
            "folded line": self.head(b"POST / HTTP/1.1", b"X: a\r\n Content-Length: 0") + inner,
            "bare line feed": b"POST / HTTP/1.1\nHost: " + host + b"\nContent-Length: 0\n\n" + inner,
            "line feed in a value": self.head(b"POST / HTTP/1.1", b"X: a\nTransfer-Encoding: chunked") + inner,
            "chunked": self.head(b"POST / HTTP/1.1", b"Transfer-Encoding: chunked") + b"0\r\n\r\n" + inner,
            "disguised chunked": self.head(b"POST / HTTP/1.1", b"Transfer-Encoding: xchunked") + inner,
            "tab chunked": self.head(b"POST / HTTP/1.1", b"Transfer-Encoding:\tchunked") + b"0\r\n\r\n" + inner,
            "nul in a name": self.head(b"POST / HTTP/1.1", b"X\x00Y: a") + inner,
            "nul behind the path": self.head(b"GET /root/root_ca_3.crt\x00.css HTTP/1.1"),
            "nul in the query": self.head(b"GET /root/root_ca_3.crt?\x00a=b HTTP/1.1"),
            "nul behind the method": self.head(b"GET\x00 /root/root_ca_3.crt HTTP/1.1"),
            "two spaces": self.head(b"GET  /root/root_ca_3.crt HTTP/1.1"),
            "two hosts": self.head(b"GET / HTTP/1.1", b"Host: evil.example") + inner,
            "http/0.9": b"GET /\r\n" + inner,
            "http/3.0": self.head(b"GET / HTTP/3.0") + inner,
        }
        for what, data in doubtful.items():
            got = self.world.raw(data)
            # libmicrohttpd 0.9.75 sends the head of its own 400 twice; nothing else may come, and
            # nothing of what stands behind.
            statuses = set(re.findall(rb"HTTP/1.1 (\d+)", got))
            self.assertLessEqual(len(statuses), 1, what)
            self.assertRegex(b"".join(statuses) or b"400", rb"^(400|405|411|505)$", what)
            self.assertNotIn(b"pkix-cert", got, what)

    def test_p15_no_answer_believes_the_host_header(self):
        for host in ("evil.example", "127.0.0.1:1", "", "evil.example:80@" + world.HOST,
                     "%s:%d.evil.example" % (world.HOST, self.world.port)):
            got = self.world.raw(("GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % host).encode())
            self.assertNotIn(b"HTTP/1.1 200", got, host)
            self.assertNotIn(b"evil", got, host)
        got = self.world.raw(("GET http://evil.example/ HTTP/1.1\r\nHost: %s:%d\r\nConnection: close\r\n\r\n" % (
            world.HOST, self.world.port)).encode())
        self.assertNotIn(b"evil", got)

    def test_p15_forwarding_headers_change_nothing(self):
        for name in ("X-Forwarded-Host", "X-Host", "Forwarded", "X-Original-URL", "X-Rewrite-URL"):
            answer = self.world.ask("GET", "/", headers={name: "evil.example"})
            self.assertEqual(answer.status, 200)
            self.assertNotIn("evil", answer.text)

    def test_p17_a_body_that_is_too_large_is_refused_unread(self):
        got = self.world.raw(self.head(b"POST / HTTP/1.1", FORM.strip(), b"Content-Length: 1073741824") + b"a=" * 100)
        self.assertIn(b"HTTP/1.1 413", got)
        got = self.world.raw(self.head(b"POST / HTTP/1.1", FORM.strip(), b"Content-Length: 99999999999999999999999"))
        self.assertRegex(got, rb"HTTP/1.1 4(00|13)")

    def test_p17_bombs_leave_the_service_as_it_was(self):
        self.world.raw(self.head(b"GET / HTTP/1.1", *[b"X-%d: a" % i for i in range(100000)]))
        self.world.raw(b"GET /" + b"a" * 1000000 + b" HTTP/1.1\r\n\r\n")
        self.world.raw(self.head(b"POST / HTTP/1.1", b"Transfer-Encoding: chunked") + b"1\r\na\r\n" * 100000)
        self.world.raw(self.head(b"POST / HTTP/1.1", b"Content-Encoding: gzip", FORM.strip(), b"Content-Length: 3")
                       + b"\x1f\x8b\x08")
        for query in (b"&" * 4000, b"a=b&" * 1000, b"?&" * 2000):
            got = self.world.raw(self.head(b"GET /?" + query + b" HTTP/1.1", b"Connection: close"))
            self.assertIn(b"HTTP/1.1 400", got, query[:4])
        many = "&".join("f%d=x" % i for i in range(5000))
        answer = self.world.ask("POST", "/", many, {"Content-Type": "application/x-www-form-urlencoded"})
        self.assertIn(answer.status, (400, 413, 422))
        deep = "[" * 15000
        answer = self.world.ask("POST", "/api/v1/session", deep, {"Content-Type": "application/json"})
        self.assertIn(answer.json()["type"], ("urn:ecert:problem:json.depth", "urn:ecert:problem:json.syntax"))
        with open("/proc/%d/status" % self.world.process.pid) as status:
            resident = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
        self.assertLess(resident, 200 * 1024)
        self.assertEqual(self.world.ask("GET", "/").status, 200)

    def test_p17_a_whole_request_of_the_largest_size_is_read(self):
        browser = self.world.browser("validated")
        answer = browser.post("/csr", {"csr": "A" * 60000})
        self.assertEqual(answer.status, 422)
        answer = browser.post("/csr", {"csr": "A" * 70000})
        self.assertEqual(answer.status, 413)


class Table(world.Case):
    HEADERS = {
        "content-security-policy": "default-src 'self'",
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "x-request-id": "",
    }
    GETS = ["/", "/confirm", "/confirm/reject", "/returned", "/dcv", "/csr", "/certificate", "/certificate/decline",
            "/download", "/download/certificate.pem", "/root/root_ca_3.crt", "/root/root_ca_3.pem.crt",
            "/crl/eCertSCA3-17CRL1.crl", "/static/ecert.css", "/static/ecert.js", "/static/icon.svg", "/health",
            "/api/v1/enrolment", "/api/v1/enrolment/dcv", "/api/v1/enrolment/certificate", "/api/v1/enrolment/download",
            "/nowhere", "/root/nothing.crt", "/crl/nothing.crl", "/static/nothing", "/download/nothing", "/api/v1/x"]

    def check_headers(self, answer, what):
        for name, part in self.HEADERS.items():
            self.assertIn(part, answer.header(name) or "(absent)", (what, name))
        self.assertIn("frame-ancestors 'none'", answer.header("Content-Security-Policy"), what)
        self.assertIsNone(answer.header("Server"), what)
        if not what.startswith(("/root/", "/crl/", "/static/")):
            self.assertEqual(answer.header("Cache-Control"), "no-store", what)

    def test_p16_every_answer_carries_the_security_headers(self):
        statuses = set()
        browsers = [None] + [self.world.browser(k) for k in ("open", "failed", "validated", "issued", "accepted",
                                                             "rejected")]
        for browser in browsers:
            for path in self.GETS:
                answer = browser.get(path) if browser else self.world.ask("GET", path)
                statuses.add(answer.status)
                self.check_headers(answer, path)
                answer = self.world.ask("POST", path, "x", {"Content-Type": "text/plain"})
                statuses.add(answer.status)
                self.check_headers(answer, path)
        api = self.world.api("open")
        for value in ({}, {"reason": 1}, {"reason": ""}):
            self.check_headers(api.ask("POST", "/enrolment/reject", value), "/api/")
        self.check_headers(api.ask("POST", "/enrolment/csr", {"csr": ""}), "/api/")
        self.assertLessEqual({200, 303, 401, 404, 405}, statuses)

    def test_p18_what_is_not_in_the_table_does_not_exist(self):
        browser = self.world.browser("issued")
        before = self.world.dump()
        for path in self.GETS:
            for method in ("PUT", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get", "G3T", "DELETE"):
                answer = self.world.raw(("%s %s HTTP/1.1\r\nHost: %s:%d\r\nConnection: close\r\n\r\n" % (
                    method, path, world.HOST, self.world.port)).encode())
                self.assertRegex(answer, rb"^HTTP/1.1 (400|404|405|411|501)", (method, path))
        for path in ("//", "/./confirm", "/../etc/passwd", "/%2e%2e/x", "/confirm/", "/CONFIRM", "/confirm%00", "/confirm;a",
                     "/certificate/accept/", "/api/v2/enrolment", "/api/v1/", "/static/../templates/head.html",
                     "/static/%2e%2e%2ftemplates%2fhead.html", "/root/..%2f..%2fx.crt", "/crl/a%00.crl"):
            for answer in (browser.get(path), browser.post(path, {}, csrf="x")):
                self.assertIn(answer.status, (400, 403, 404, 405), path)
        self.assertEqual(self.world.dump(), before)

    def test_p18_a_path_that_can_not_be_read_is_refused_in_the_language_of_its_query(self):
        for path in ("/static/%2f", "/crl/%00", "/repository/%ff", "/root/%2e%2e"):
            got = self.world.raw(("GET %s?lang=zh-HK HTTP/1.1\r\nHost: %s:%d\r\nConnection: close\r\n\r\n" % (
                path, world.HOST, self.world.port)).encode())
            self.assertRegex(got, rb"^HTTP/1.1 400 ", path)
            self.assertIn(b'<html lang="zh-HK">', got, path)

    def test_head_is_get_without_a_body(self):
        answer = self.world.ask("HEAD", "/")
        self.assertEqual((answer.status, answer.body), (200, b""))

    def test_what_is_published_is_open_to_all_and_cacheable(self):
        answer = self.world.ask("GET", "/root/root_ca_3.crt")
        self.assertEqual((answer.status, answer.header("Content-Type")), (200, "application/pkix-cert"))
        pem = self.world.ask("GET", "/root/root_ca_3.pem.crt")
        self.assertEqual(world.openssl("x509", "-outform", "DER", given=pem.body), answer.body)
        again = self.world.ask("GET", "/root/root_ca_3.crt", headers={"If-None-Match": answer.header("ETag")})
        self.assertEqual((again.status, again.body), (304, b""))
        crl = self.world.ask("GET", "/crl/eCertSCA3-17CRL1.crl")
        self.assertEqual(crl.header("Content-Type"), "application/pkix-crl")
        self.assertIn("max-age=60", crl.header("Cache-Control"))

    def test_health_tells_levels_and_no_secrets(self):
        health = self.world.ask("GET", "/health").json()
        self.assertEqual(sorted(health), ["lists", "sandbox", "store", "trial", "weak_keys", "weak_keys_time"])
        self.assertEqual(health["weak_keys"], 1)
        self.assertEqual(health["weak_keys_time"][:10], time.strftime("%Y-%m-%d", time.gmtime()))
        self.assertEqual(health["store"], "ok")

    def test_health_tells_how_old_each_list_is_relative_to_its_life(self):
        now = int(time.time())
        self.world.change("UPDATE publication SET this_update = ?, next_update = ? WHERE name = 'RootCA3ARL'",
                          now - 75 * 3600, now + 25 * 3600)
        lists = {row["name"]: row for row in self.world.ask("GET", "/health").json()["lists"]}
        self.assertEqual(sorted(lists), ["RootCA3ARL", "eCertSCA3-17CRL1"])
        self.assertEqual(lists["RootCA3ARL"]["age_percent"], 75)
        self.assertLess(lists["eCertSCA3-17CRL1"]["age_percent"], 2)

    def test_a_page_costs_little_even_when_many_ask(self):
        started = time.monotonic()
        for _ in range(100):
            self.assertEqual(self.world.ask("GET", "/").status, 200)
        self.assertLess(time.monotonic() - started, 20)

    def test_errors_speak_the_callers_language(self):
        answer = self.world.ask("GET", "/nowhere", headers={"Accept-Language": "zh-CN"})
        self.assertIn("找不到网页", answer.text)
        answer = self.world.ask("GET", "/api/v1/enrolment", headers={"Accept-Language": "zh-HK"})
        problem = json.loads(answer.text)
        self.assertEqual(problem["detail"], "你尚未登入。")
        self.assertEqual(problem["instance"], answer.header("X-Request-Id"))


class Tls(unittest.TestCase):
    def test_p7_over_tls_the_cookie_is_bound_to_this_host_and_to_tls(self):
        secure = world.World(tls=True)
        self.addCleanup(secure.close)
        seed = secure.seeds["open"]
        answer = secure.log_in_form(seed["server_name"], seed["reference"], seed["pin"],
                                    headers={"Origin": secure.origin()})
        self.assertEqual((answer.status, answer.header("Location")), (303, "/confirm"))
        cookie = next(v for k, v in answer.headers if k == "Set-Cookie" and "ecert=" in v)
        self.assertRegex(cookie, r"^__Host-ecert=[a-z2-7]{26};")
        for attribute in ("Secure", "HttpOnly", "SameSite=Strict", "Path=/"):
            self.assertIn(attribute, cookie)
        self.assertNotIn("Domain", cookie)
        self.assertIn("max-age", answer.header("Strict-Transport-Security") or "")
        token = cookie.split(";")[0]
        self.assertEqual(secure.ask("GET", "/confirm", headers={"Cookie": token}).status, 200)
        plain = token.replace("__Host-", "")
        self.assertEqual(secure.ask("GET", "/confirm", headers={"Cookie": plain}).status, 303)

    def test_p17_one_address_can_not_take_all_connections(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        secure = world.World(tls=True)
        self.addCleanup(secure.close)
        held = [socket.create_connection((world.HOST, secure.port), 5, ("127.60.0.1", 0))
                for _ in range(CONNECTIONS + 100)]
        self.addCleanup(lambda: [connection.close() for connection in held])
        began = time.monotonic()
        self.assertEqual(secure.ask("GET", "/", source="127.61.0.1").status, 200)
        self.assertLess(time.monotonic() - began, 8)


if __name__ == "__main__":
    world.run()
