"""A real portal over a real store, seeded; and a client that can also misbehave.

Used by the tests of this folder: world.run(module) parses the arguments that meson gives
(ecertd-portal, ecert-portal-seed, data directory) and runs the module's tests.
"""
import http.client
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import unittest
import urllib.parse

PORTAL = SEED = DATA = None
WEAK_KEY = os.path.join(os.path.dirname(__file__), "../../vectors/keys/rsa2048.pem")
# One of 37500, by the number of the process: tests that run beside each other have one each.
HOST = "127.9.%d.%d" % (100 + os.getpid() // 250 % 150, 1 + os.getpid() % 250)

CONFIG = """
service {{
  run_directory = "{dir}/run"
  store = "{dir}/store/ecert.db"
  trial = true
  users = false
  sandbox = "{sandbox}"
  data_directory = "{data}"
  log_level = "info"
  weak_keys = {{"{dir}/weak-keys"}}
}}
portal {{ address = "{host}" port = {port} url = "{scheme}://{host}:{port}"
  tls_certificate = "{certificate}" tls_key = "{key}"
  enquiry_email = "enquiry@ecert.example.net" caa_identity = "ecert.example.net" }}
{more}
"""


class Answer:
    """Status, headers (lower case) and body of one response."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body
        self.text = body.decode("utf-8", "replace")

    def header(self, name):
        return next((v for k, v in self.headers if k.lower() == name.lower()), None)

    def json(self):
        return json.loads(self.text)


class World:
    """One portal process with its store; `fresh` makes a new one."""

    def __init__(self, store_size=None, tls=False, more="", environment=None):
        """With `store_size` the store is on a file system of its own of that size, if we may mount one."""
        self.environment = environment or {}
        self.tls = tls
        self.dir = tempfile.mkdtemp(prefix="ecert-portal-")
        os.mkdir(self.dir + "/run", 0o700)
        os.mkdir(self.dir + "/store", 0o700)
        self.mounted = store_size is not None and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=" + store_size, "tmpfs", self.dir + "/store"],
            capture_output=True).returncode == 0
        seeded = subprocess.run([SEED, self.dir], check=True, capture_output=True, text=True)
        self.seeds = {}
        for line in seeded.stdout.splitlines():
            seed = json.loads(line)
            self.seeds[seed["key"]] = seed
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            self.port = probe.getsockname()[1]
        if tls:
            openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                    "/CN=portal", "-keyout", self.dir + "/tls.key", "-out", self.dir + "/tls.pem")
        self.weak_list()
        with open(self.dir + "/ecert.conf", "w") as conf:
            conf.write(CONFIG.format(dir=self.dir, data=DATA, host=HOST, port=self.port,
                                     scheme="https" if tls else "http",
                                     certificate=self.dir + "/tls.pem" if tls else "",
                                     key=self.dir + "/tls.key" if tls else "",
                                     more=more, sandbox=os.environ.get("ECERT_TEST_SANDBOX", "enforce")))
        self.log_path = self.dir + "/log"
        self.start()

    def weak_list(self):
        """One key that anybody knows, as the package openssl-blacklist writes it."""
        modulus = openssl("rsa", "-in", WEAK_KEY, "-noout", "-modulus")
        with open(self.dir + "/weak-keys", "w", encoding="ascii") as file:
            file.write("# comment\n" + hashlib.sha1(modulus).hexdigest()[20:] + "\n")

    def start(self):
        ready, ours = os.pipe()
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [PORTAL, "--config", self.dir + "/ecert.conf", "--ready-fd", str(ours)],
                stdout=log, stderr=log, pass_fds=[ours], env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **self.environment,
                     **{k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}})
        os.close(ours)
        byte = os.read(ready, 1)
        os.close(ready)
        if byte != b"\n":
            raise RuntimeError("portal did not start:\n" + self.log())

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(20)
        log = self.log()
        if self.mounted:
            subprocess.run(["umount", self.dir + "/store"], check=True)
        shutil.rmtree(self.dir)
        if status != 0:
            raise RuntimeError("portal ended with %d:\n%s" % (status, log[-3000:]))

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def origin(self):
        return "%s://%s:%d" % ("https" if self.tls else "http", HOST, self.port)

    def rows(self, statement, *values):
        db = sqlite3.connect("file:%s/store/ecert.db?mode=ro" % self.dir, uri=True)
        try:
            return db.execute(statement, values).fetchall()
        finally:
            db.close()

    def change(self, statement, *values):
        """What otherwise only time does."""
        db = sqlite3.connect(self.dir + "/store/ecert.db", timeout=20)
        with db:
            db.execute(statement, values)
        db.close()

    def state(self, key):
        return self.rows("SELECT state FROM enrolment WHERE reference = ?",
                         self.seeds[key]["reference"])[0][0]

    def dump(self):
        """Everything that a request could change, but for throttles, `seen` and the audit trail."""
        tables = ["enrolment", "challenge", "certificate", "evidence", "observation", "application",
                  "publication", "outbox", "blocked_key"]
        return {t: self.rows("SELECT * FROM %s ORDER BY 1, 2" % t) for t in tables}

    def ask(self, method, path, body=None, headers=None, source="127.0.0.1"):
        if self.tls:
            conn = http.client.HTTPSConnection(HOST, self.port, timeout=30, source_address=(source, 0),
                                               context=ssl._create_unverified_context())
        else:
            conn = http.client.HTTPConnection(HOST, self.port, timeout=30, source_address=(source, 0))
        try:
            conn.request(method, path, body=body, headers=headers or {})
            response = conn.getresponse()
            return Answer(response.status, response.getheaders(), response.read())
        finally:
            conn.close()

    def raw(self, data, timeout=10):
        """Sends bytes as they are and returns all that comes until the server closes."""
        with socket.create_connection((HOST, self.port), timeout=timeout) as sock:
            got = b""
            try:
                sock.sendall(data)
                while True:
                    piece = sock.recv(65536)
                    if not piece:
                        break
                    got += piece
            except (ConnectionResetError, BrokenPipeError, socket.timeout):
                pass
            return got

    def log_in_form(self, server_name, reference, pin, source="127.0.0.1", headers=None):
        fields = {"server_name": server_name, "reference": reference, "pin": pin}
        return self.ask("POST", "/", urllib.parse.urlencode(fields),
                        {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}, source)

    def browser(self, key, language="en"):
        return Browser(self, self.seeds[key], language)

    def api(self, key):
        seed = self.seeds[key]
        answer = self.ask("POST", "/api/v1/session", json.dumps(
            {k: seed[k] for k in ("server_name", "reference", "pin")}),
            {"Content-Type": "application/json"}, source="127.77.%d.1" % (len(seed["key"])))
        if answer.status != 201:
            raise AssertionError(answer.text)
        return Api(self, answer.json()["token"])


class Browser:
    """Somebody who has logged in by the form: cookie, language, and the form's CSRF token."""

    def __init__(self, world, seed, language="en"):
        self.world, self.language = world, language
        answer = world.log_in_form(seed["server_name"], seed["reference"], seed["pin"],
                                   source="127.88.%d.1" % (int(seed["reference"]) % 250))
        if answer.status != 303:
            raise AssertionError(answer.text)
        self.first = answer.header("Location")
        self.cookie = re.search(r"ecert=([a-z2-7]+)", answer.header("Set-Cookie")).group(1)

    def headers(self, more=None):
        return {"Cookie": "ecert=%s; lang=%s" % (self.cookie, self.language), **(more or {})}

    def get(self, path, headers=None):
        return self.world.ask("GET", path, headers=self.headers(headers))

    def csrf(self):
        page = self.get("/confirm")
        if page.status == 303:
            page = self.get(page.header("Location"))
        return re.search(r'name="csrf" value="([a-z2-7]+)"', page.text).group(1)

    def post(self, path, fields, csrf=None, headers=None):
        form = dict(fields)
        token = self.csrf() if csrf is None else csrf
        if token:
            form["csrf"] = token
        if path in ("/csr", "/csr/submit"):
            body, kind = multipart(form)
        else:
            body, kind = urllib.parse.urlencode(form), "application/x-www-form-urlencoded"
        return self.world.ask("POST", path, body,
                              self.headers({"Content-Type": kind, "Origin": self.world.origin(), **(headers or {})}))


class Api:
    """A caller of /api/v1 with a bearer token."""

    def __init__(self, world, token):
        self.world, self.token = world, token

    def ask(self, method, path, value=None, language="en"):
        headers = {"Authorization": "Bearer " + self.token, "Accept-Language": language}
        body = None
        if value is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(value)
        return self.world.ask(method, "/api/v1" + path, body, headers)


def key(kind="EC"):
    options = {"EC": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
               "RSA2048": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
               "RSA1024": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"]}[kind]
    return openssl("genpkey", *options)


def csr(name="csr.shop.example.com", private=None, san=None, subject=None):
    arguments = ["req", "-new", "-key", "/dev/stdin", "-utf8", "-subj", subject or "/CN=" + name]
    if san:
        arguments += ["-addext", "subjectAltName=" + san]
    return openssl(*arguments, given=private or key())


def multipart(form):
    boundary = "----ecerttest7391"
    lines = []
    for name, value in form.items():
        value = value if isinstance(value, bytes) else value.encode()
        lines.append(b'--%s\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n' % (
            boundary.encode(), name.encode(),
            b'; filename="a.csr"\r\nContent-Type: application/octet-stream' if name == "file" else b"", value))
    lines.append(b"--%s--\r\n" % boundary.encode())
    return b"".join(lines), "multipart/form-data; boundary=" + boundary


def openssl(*arguments, given=None):
    return subprocess.run(["openssl", *arguments], input=given, check=True, capture_output=True).stdout


class Case(unittest.TestCase):
    """A test class with one world for all its tests."""

    @classmethod
    def setUpClass(cls):
        cls.world = World()

    @classmethod
    def tearDownClass(cls):
        cls.world.close()


class FreshCase(unittest.TestCase):
    """A test class whose tests change what they find: a world for each."""

    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)


def run():
    global PORTAL, SEED, DATA
    PORTAL, SEED, DATA = [os.path.abspath(p) for p in sys.argv[1:4]]
    unittest.main(argv=sys.argv[:1] + sys.argv[4:], verbosity=2)
