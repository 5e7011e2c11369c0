"""`ecert console`: who gets in, who doesn't, and how it ends (doc/threats.md K13)."""
import contextlib
import re
import signal
import socket
import subprocess
import unittest

from console_case import Console
from tool import NAME, PROGRAM, ToolTest

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Door(ToolTest):
    """Every way in but the one."""
    def setUp(self):
        super().setUp()
        self.json("request", "new", "--name", NAME, "--key", "p256")
        self.console = Console(self)

    def refused(self, answer, status=403):
        self.assertEqual(answer.status, status, answer.text)
        self.assertNotIn(NAME, answer.text)
        if self.console.desk:
            self.assertNotIn(self.console.desk, answer.text)
            self.assertNotIn(self.console.cookie.split("=")[1], answer.text)

    def test_the_token_is_long_and_good_once(self):
        token = self.console.entry.rsplit("/", 1)[1]
        self.assertGreaterEqual(len(token) * 5, 128)  # base32
        entered = self.console.enter()
        cookie = entered.headers["Set-Cookie"]
        for part in ("HttpOnly", "SameSite=Strict", "Path=" + self.console.desk + "/"):
            self.assertIn(part, cookie)
        self.assertNotIn(token, entered.headers["Location"] + cookie)
        self.assertIn(NAME, self.console.get("/").said)
        self.refused(self.console.ask("GET", self.console.entry))
        self.refused(self.console.ask("GET", self.console.entry, cookie=False))

    def test_a_wrong_token_opens_nothing_and_spends_nothing(self):
        for wrong in ("", "x", "a" * 26, self.console.entry.rsplit("/", 1)[1][:-1],
                      self.console.entry.rsplit("/", 1)[1] + "a"):
            answer = self.console.ask("GET", "/enter/" + wrong)
            self.assertIn(answer.status, (403, 404), wrong)
            self.assertIsNone(answer.headers["Set-Cookie"])
        self.console.enter()

    def test_without_cookie_or_under_another_desk_nothing_is_shown(self):
        for path in ("/", "/x/", "/aaaaaaaaaaaaaaaaaaaaaaaaaa/"):
            self.refused(self.console.ask("GET", path), 404 if path == "/" else 403)
        self.console.enter()
        page = self.console.desk + "/"
        self.refused(self.console.ask("GET", page, cookie=False))
        self.refused(self.console.ask("GET", "/aaaaaaaaaaaaaaaaaaaaaaaaaa/"))
        name, value = self.console.cookie.split("=")
        for cookie in (name + "=", f"{name}={value[:-1]}", f"{name}={value}a", f"{name}={'a' * len(value)}",
                       f"{name}={value}; {name}={value}", f"other={value}"):
            self.refused(self.console.ask("GET", page, headers={"Cookie": cookie}))
        self.assertEqual(self.console.ask("GET", page).status, 200)

    def test_no_other_name_is_answered_to(self):
        """A page elsewhere whose name comes to mean this host (DNS rebinding) sends its own name."""
        self.console.enter()
        for host in ("evil.example", "evil.example:%d" % self.console.port, "127.0.0.1", "localhost",
                     "localhost:%d" % self.console.port, "127.0.0.1:%d" % (self.console.port ^ 1),
                     "[::1]:%d" % self.console.port, "127.0.0.1:%d.evil.example" % self.console.port, "!"):
            for path in (self.console.desk + "/", "/static/ecert.css", self.console.entry):
                answer = self.console.ask("GET", path, headers={"Host": host})
                self.assertIn(answer.status, (400, 421), (host, path))
                self.assertNotIn(NAME, answer.text)

    def test_what_another_page_sends_is_refused(self):
        self.console.enter()
        csrf = self.console.csrf()
        body = "csrf=" + csrf
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
                        {"Origin": "http://evil.example"}, {"Origin": "null"},
                        {"Origin": "http://127.0.0.1:1"}, {"Origin": "https://" + self.console.host}):
            self.refused(self.console.ask("POST", self.console.desk + "/end", body, {**FORM, **headers}))
            self.refused(self.console.ask("GET", self.console.desk + "/", headers=headers))
        for wrong in ("", "csrf=", "csrf=" + csrf[:-1], "csrf=%s&csrf=%s" % (csrf, csrf), "csrf=" + "a" * len(csrf)):
            self.assertEqual(self.console.ask("POST", self.console.desk + "/end", wrong, FORM).status, 403)
        plain = {"Content-Type": "text/plain"}
        self.assertEqual(self.console.ask("POST", self.console.desk + "/end", body, plain).status, 403)
        self.assertIsNone(self.console.process.poll())
        self.assertEqual(self.console.ask("GET", self.console.desk + "/").status, 200)

    def test_only_what_the_table_has_is_answered(self):
        self.console.enter()
        for path in ("/nowhere", "/certificate", "/certificate/", "/certificate/x/y", "/store", "/../", "/end/"):
            self.assertIn(self.console.ask("GET", self.console.desk + path).status, (400, 404), path)
        for path in ("/static", "/static/nothing", "/static/../console/head.html", "/static/%2e%2e%2fhead.html"):
            self.assertIn(self.console.ask("GET", path).status, (400, 404), path)
        self.assertEqual(self.console.ask("GET", self.console.desk + "/certificate/" + "a" * 64).status, 404)
        for method, path in (("POST", "/"), ("DELETE", "/"), ("PUT", "/"), ("GET", "/end")):
            answer = self.console.ask(method, self.console.desk + path)
            self.assertIn(answer.status, (405, 501), (method, path))

    def test_every_answer_says_how_it_may_be_used(self):
        self.console.enter()
        for path in (self.console.desk + "/", self.console.desk + "/nowhere", "/static/ecert.css", "/x/",
                     self.console.entry):
            headers = self.console.ask("GET", path).headers
            policy = headers["Content-Security-Policy"]
            self.assertIn("default-src 'self'", policy)
            self.assertIn("frame-ancestors 'none'", policy)
            self.assertNotIn("unsafe", policy)
            self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
            self.assertEqual(headers["Referrer-Policy"], "no-referrer")
            if not path.startswith("/static/"):
                self.assertEqual(headers["Cache-Control"], "no-store")
        self.assertNotRegex(self.console.get("/").text, r"<script(?! src)|<style| style=| on\w+=")

    def test_it_listens_on_loopback_alone(self):
        listening = []
        for family in ("tcp", "tcp6"):
            with open("/proc/net/" + family, encoding="ascii") as table:
                listening += [line.split()[1].split(":")[0] for line in table
                              if line.split()[3] == "0A" and line.split()[1].endswith(":%04X" % self.console.port)]
        self.assertEqual(listening, ["0100007F"])
        for address in ("0.0.0.0", "::", "192.0.2.1", "localhost", "127.0.0.2", ""):
            self.run_tool("console", "--address", address, code=64)

    def test_on_ipv6_it_has_one_name_too(self):
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET6) as here:
            here.bind(("::1", 0))
            self.console = Console(self, "--address", "::1")
            self.assertEqual(self.console.host, f"[::1]:{self.console.port}")
            self.console.enter()
            self.assertIn(NAME, self.console.get("/").said)
            self.console.post("/request", {"step": "friendly"}, status=200)
            for host in ("::1", "[::1]", "::1:%d" % self.console.port, "[::1]:%d" % (self.console.port ^ 1),
                         "[::]:%d" % self.console.port, "[::ffff:127.0.0.1]:%d" % self.console.port,
                         "[0:0:0:0:0:0:0:1]:%d" % self.console.port, "127.0.0.1:%d" % self.console.port,
                         "localhost:%d" % self.console.port, "[::1]:%d.evil.example" % self.console.port):
                answer = self.console.ask("GET", self.console.desk + "/", headers={"Host": host})
                self.assertIn(answer.status, (400, 421), host)
                self.assertNotIn(NAME, answer.text)
            self.refused(self.console.ask("GET", self.console.desk + "/", headers={"Origin": "http://[::1]:1"}))
            with open("/proc/net/tcp6", encoding="ascii") as table:
                listening = [line.split()[1].split(":")[0] for line in table
                             if line.split()[3] == "0A" and line.split()[1].endswith(":%04X" % self.console.port)]
            self.assertEqual(listening, ["00000000000000000000000001000000"])
            return
        self.skipTest("this host has no IPv6 loopback")

    def test_errors_are_told_in_three_languages(self):
        for language, words in (("en", "has not opened the console"), ("zh-HK", "並未開啟主控台"),
                                ("zh-CN", "没有打开控制台")):
            self.console.language = language
            self.assertIn(words, self.console.ask("GET", "/x/").said)


class End(ToolTest):
    """It ends by its button, by Ctrl-C, and by itself."""
    def test_by_the_button(self):
        console = Console(self)
        console.enter()
        last = console.post("/end", status=200)
        self.assertIn("The console is closed", last.said)
        self.assertNotIn(console.desk, last.text)  # a link into what is no more
        self.assertNotIn("?lang=", last.text)
        self.assertEqual(set(re.findall(r'<a [^>]*href="([^"]*)"', last.text)), {"#main"})
        self.assertEqual(console.ended(), "page")
        self.assertEqual(console.process.returncode, 0)
        with self.assertRaises(OSError):
            socket.create_connection(("127.0.0.1", console.port), timeout=10)

    def test_by_the_keyboard(self):
        console = Console(self)
        console.process.send_signal(signal.SIGINT)
        self.assertEqual(console.ended(), "signal")
        self.assertEqual(console.process.returncode, 0)

    def test_by_itself_where_nobody_uses_it(self):
        console = Console(self, "--idle", "1")
        self.assertEqual(console.ended(), "idle")
        for wrong in ("0", "-1", "x", "99999999", "1x"):
            self.run_tool("console", "--idle", wrong, code=64)

    def test_strangers_do_not_keep_it_open(self):
        console = Console(self, "--idle", "1")
        console.enter()
        while console.process.poll() is None:
            try:
                console.ask("GET", console.desk + "/", cookie=False)
            except OSError:
                break
        self.assertEqual(console.ended(), "idle")

    def test_a_port_that_is_taken_is_told(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            problem = self.json("console", "--port", str(taken.getsockname()[1]), code=1)["problem"]
        self.assertEqual(problem["type"], "urn:ecert:problem:console.port")
        self.assertNotEqual(problem["next"], "")

    def test_on_a_terminal_the_address_stands_alone_in_its_line(self):
        for language, words in (("en", "good once"), ("zh-HK", "只可使用一次"), ("zh-CN", "只能使用一次")):
            process = subprocess.Popen([PROGRAM, "console", "--lang", language],
                                       env=self.environment(), stdout=subprocess.PIPE, text=True)
            said = ""
            while "ssh -L" not in said:
                said += process.stdout.readline()
            process.send_signal(signal.SIGINT)
            said += process.stdout.read()
            process.wait(timeout=60)
            process.stdout.close()
            self.assertIn(words, said)
            self.assertRegex(said, r"(?m)^ {4}http://127\.0\.0\.1:\d+/enter/[a-z2-7]{26}$")


class Pages(ToolTest):
    """The list and the viewer say what the commands say."""
    def test_the_list_is_that_of_the_command(self):
        console = Console(self)
        console.enter()
        self.assertIn("no certificate and no request yet", console.get("/").said)
        made = [self.json("request", "new", "--name", name, "--key", "p256")
                for name in (NAME, "www.電子商店.example.org")]
        page = console.get("/")
        for one in made:
            self.assertIn("/certificate/" + one["id"], page.text)
        self.assertIn("www.電子商店.example.org", page.said)
        self.assertEqual(len(re.findall("Pending request", page.said)), 2)
        shown = console.get("/certificate/" + made[0]["id"]).said
        for part in (NAME, "P-256", "Pending request"):
            self.assertIn(part, shown)
        for half in (made[0]["id"][:8], NAME):  # a name may come to mean another
            console.get("/certificate/" + half, status=404)
        console.get(f"/certificate/{made[0]['id']}/details", status=404)


if __name__ == "__main__":
    unittest.main(argv=["test_console"])
