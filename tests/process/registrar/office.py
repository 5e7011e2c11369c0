"""The registrar with a real signer and a real hierarchy, and stand-ins for everybody else: a courier
that can be told to keep silent, perspectives that say what a test wants them to say, signed by their
own keys, and a portal that is a few SQL statements. Nothing here is C: messages are written a second
time, by tests/process/validator/messages.py."""
import hashlib
import http.server
import json
import os
import re
import resource
import shutil
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
sys.path.insert(0, os.path.join(ROOT, "tests/process/validator"))
from messages import (OCTETS, SEQUENCE, UTF8, IA5, TIME, Challenge, element, elements,  # noqa: E402
                      integer, sequence)

BUILD = os.environ.get("ECERT_BUILD", os.path.join(ROOT, "build"))
# Leak checkers need "off".
SANDBOX = os.environ.get("ECERT_SANDBOX", "enforce")
ADM = os.path.join(BUILD, "cli/ecertadm/ecertadm")
SIGNER = os.path.join(BUILD, "proc/signer/ecertd-signer")
REGISTRAR = os.path.join(BUILD, "proc/registrar/ecertd-registrar")
REMOTES = [f"perspective-{number}" for number in range(1, 6)]
PORT = 20000 + os.getpid() % 20000
ADDRESS = "127.0.1.{}"
PASSED, FAILED, NOT_ASKED = 0, 1, 2

CONFIG = """
service {{ run_directory = "{d}/run" store = "{d}/store/ecert.db" trial = true users = false
  data_directory = "{d}" log_level = "info" sandbox = "{sandbox}" }}
portal {{ address = "127.0.0.1" port = 8080 url = "http://127.0.0.1:8080"
  enquiry_email = "enquiry@ecert.example.net" }}
signer {{ directory = "{s}/signer" passphrase_file = "{s}/signer/passphrase" }}
registrar {{ roster = "{s}/signer/roster.der" ceremony_spki = "{s}/signer/ceremony.spki"
  publications = "{s}/ca" transport_ca = "{s}/transport/ca.pem"
  transport_certificate = "{s}/transport/registrar.pem"
  transport_key = "{s}/transport/registrar.key" crl_hours = 24 checks_per_minute = 6000 operator_email = "operator@ecert.example.net" {more} }}
"""

APPLICATION = {
    "edition": "server", "names": ["www.shop.example.com"],
    "subject": {"country": "HK", "state_or_province": "Hong Kong", "locality": "Hong Kong",
                "organisation": "Shop Example Limited", "srn": "0002142877"},
    "representative": {"name": "Chan Tai Man", "email": "ar@shop.example.com", "language": "en",
                       "address": ["Flat 1", "Hong Kong"]},
}


def wait_until(question, seconds=20, what="it"):
    end = time.monotonic() + seconds
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"waited in vain for {what}")
        time.sleep(0.02)


def stamp(moment):
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(moment)).encode()


def request_read(packet):
    """(kind, fields of the body) of a request."""
    (_, content), = elements(packet)
    (_, _version), (_, kind), (_, body) = elements(content)
    return kind[0], elements(body)


def answer_make(kind, body=None, err=0):
    parts = [integer(1), integer(kind), integer(err)]
    if body is not None:
        parts.append(element(0xa1, body))
    return sequence(*parts)


class Courier:
    """Draws no PIN: its hash is a text that counts the letters. `silent` renderings get no answer."""

    def __init__(self):
        self.rendered = []
        self.silent = 0

    def answer(self, packet):
        kind, fields = request_read(packet)
        if kind != 1:
            return answer_make(kind, err=2)
        self.rendered.append(fields[1][1].decode())
        if self.silent > 0:
            self.silent -= 1
            return None
        text = f"$letter-{len(self.rendered)}".encode()
        return answer_make(kind, sequence(element(UTF8, text)))


class Perspective:
    """Signs what it is told to see. `verdict` None is silence, `key` another's key a forgery."""

    def __init__(self, name, key):
        self.name, self.key, self.verdict, self.caa, self.delay = name, key, PASSED, PASSED, 0
        self.asked = self.caa_asked = 0
        self.rehearsed = []  # (name, CAA alone) in the order of the questions
        self.rehearsal_delay = self.rehearsing = self.rehearsing_most = 0
        self.counting = threading.Lock()
        self.pits = {}  # names that are slow: seconds
        self.names = []  # that it was asked about
        self.yielded = set()  # names whose checks let others go first
        self.hurried = set()  # names that it fails where it is given less than all its time
        self.mailed = []
        self.steps = []  # (code, asked, seen, expected) of each of its reports
        self.version, self.suffixes = 3, int(time.time())
        self.replays = False  # gives what it signed first for a value once more
        self.signed = {}

    def answer(self, packet):
        if request_read(packet)[0] == 3:
            return self.rehearse(packet)
        if request_read(packet)[0] == 4:
            return self.about() if self.verdict is not None else None
        if self.version < 2 and any(tag == 0x83 for tag, _ in request_read(packet)[1]):
            return 400
        self.asked += 1
        time.sleep(self.delay)
        if self.verdict is None:
            return None
        kind, fields = request_read(packet)
        if kind == 2:  # a code by mail, to the primary alone
            self.mailed.append(fields[1][1].decode())
            return answer_make(kind)
        attempt, challenge = fields[0][1], element(SEQUENCE, fields[1][1])
        name = elements(fields[1][1])[1][1]
        self.names.append(name.decode())
        if any(tag == 0x83 for tag, _ in fields):
            self.yielded.add(name.decode())
        time.sleep(self.pits.get(name.decode(), 0))
        derived = sequence(*(element(tag, value) for tag, value in elements(fields[1][1])
                             if tag not in (0x81, 0x82)))  # domain and subscriber are beside it
        digest = hashlib.sha256(b"ecert validation v1\0" + derived).digest()
        caa_only = any(tag == 0x81 for tag, _ in fields)
        hurried = name.decode() in self.hurried and any(tag == 0xa2 for tag, _ in fields)
        verdict = FAILED if hurried else NOT_ASKED if caa_only else self.verdict
        steps = [sequence(*(element(UTF8, text) for text in (b"dcv.timeout", b"", b"", b"")))] if hurried else []
        steps += [sequence(*(element(UTF8, text.encode()) for text in step)) for step in self.steps]
        self.caa_asked += caa_only
        expected = Challenge.expected_of(digest).encode()
        fields_told = dict(elements(fields[1][1]))
        if elements(fields[1][1])[2][1] == b"\x16":  # a lasting record names the account
            expected = b"acct:" + fields_told[0x82] + b"@ecert.example.net"
        part = sequence(
            element(UTF8, b"ecert observation v1"), element(UTF8, self.name.encode()),
            element(OCTETS, attempt), challenge, element(IA5, name), element(IA5, expected),
            integer(verdict), integer(self.caa), integer(0),
            element(TIME, stamp(time.time())))
        observation = sequence(part, element(OCTETS, self.sign(part)))
        answer = answer_make(kind, sequence(element(OCTETS, observation), sequence(*steps)))
        first = self.signed.setdefault(digest, answer)
        return first if self.replays else answer

    def rehearse(self, packet):
        """Says what it would sign, and signs nothing."""
        kind, ((_, challenge), (_, caa_only), _) = request_read(packet)
        with self.counting:
            self.rehearsed.append((elements(challenge)[1][1].decode(), caa_only != b"\0"))
            self.rehearsing += 1
            self.rehearsing_most = max(self.rehearsing_most, self.rehearsing)
        time.sleep(self.rehearsal_delay)
        with self.counting:
            self.rehearsing -= 1
        if self.verdict is None:
            return None
        dcv = NOT_ASKED if caa_only != b"\0" else self.verdict
        steps = [sequence(*(element(UTF8, text.encode()) for text in step)) for step in self.steps]
        return answer_make(kind, sequence(integer(dcv), integer(self.caa), integer(0), sequence(*steps)))

    def about(self):
        """One that is older than the question refuses it."""
        return answer_make(4, sequence(integer(self.version), integer(self.suffixes))) if self.version > 2 else 400

    def sign(self, part):
        return subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.key], input=part,
                              stdout=subprocess.PIPE, check=True).stdout


def serve_socket(listener, answer):
    def connection(client):
        with client:
            while True:
                packet = client.recv(1 << 17)
                reply = answer(packet) if packet else None
                if reply is None:
                    return
                try:
                    client.send(reply)
                except OSError:
                    return  # the registrar was killed

    def accept():
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=connection, args=(client,), daemon=True).start()
    threading.Thread(target=accept, daemon=True).start()


def serve_https(address, certificate, key, authority, answer):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            reply = answer(self.rfile.read(int(self.headers["Content-Length"])))
            if reply is None:
                self.close_connection = True
                return
            if reply == 400:
                self.send_error(400)
                return
            self.send_response(200)
            self.send_header("Content-Type", "application/x-ecert-message")
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *_):
            pass

    class Server(http.server.ThreadingHTTPServer):
        connections = 0

        def verify_request(self, request, client_address):
            self.connections += 1
            return True

        def handle_error(self, *_):
            pass  # a registrar that was killed has closed its connection

    server = Server((address, PORT), Handler)
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(authority)
    context.verify_mode = ssl.CERT_REQUIRED
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


class Office:
    """`profile` is added to the ceremony's, `more` to the registrar's section."""

    def __init__(self, profile="", more=""):
        self.directory = tempfile.mkdtemp(prefix="ecert-r-")
        self.service = self.directory + "/service"
        for name in ("run", "store", "signer"):
            os.mkdir(f"{self.directory}/{name}", 0o700)
        with open(os.path.join(ROOT, "packaging/trial-ceremony.conf"), encoding="utf-8") as file:
            profile = file.read() + profile
        with open(self.directory + "/ceremony.conf", "w", encoding="utf-8") as file:
            file.write(profile)
        subprocess.run([ADM, "ceremony", "--trial", self.service, "--profile",
                        self.directory + "/ceremony.conf"], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        with open(self.directory + "/ecert.conf", "w", encoding="utf-8") as file:
            file.write(CONFIG.format(d=self.directory, s=self.service, sandbox=SANDBOX, more=more))
            for number, name in enumerate(REMOTES, 1):
                file.write(f'perspective "{name}" {{ url = '
                           f'"https://{ADDRESS.format(number)}:{PORT}/check" }}\n')
        self.sockets = {name: self.listen(name) for name in
                        ("signer", "validator", "courier", "registrar", "control")}
        self.courier = Courier()
        self.perspectives = {name: Perspective(name, f"{self.service}/validator/{name}.key")
                             for name in ["primary"] + REMOTES}
        serve_socket(self.sockets["courier"], self.courier.answer)
        serve_socket(self.sockets["validator"], self.perspectives["primary"].answer)
        self.https = [self.remote_start(number, name) for number, name in enumerate(REMOTES, 1)]
        self.log = open(self.directory + "/log", "ab")
        self.signer = self.registrar = None
        self.signer_start()
        self.registrar_start()

    def listen(self, name):
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listener.bind(f"{self.directory}/run/{name}.sock")
        listener.listen(64)
        return listener

    def remote_start(self, number, name):
        transport = self.service + "/transport/"
        return serve_https(ADDRESS.format(number), f"{transport}{name}.pem",
                           f"{transport}{name}.key", transport + "ca.pem",
                           self.perspectives[name].answer)

    def start(self, program, *sockets, limit=None):
        """As the supervisor does it; waits until the process says it is ready."""
        ready, theirs = os.pipe()
        fds = [self.sockets[name].fileno() for name in sockets]
        arguments = [program, "--config", self.directory + "/ecert.conf", "--ready-fd", str(theirs)]
        for name, fd in zip(sockets, fds):
            arguments += ["--listen-fd", f"{fd}={name}.sock"]

        def prepare():
            if limit is not None:
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        process = subprocess.Popen(arguments, pass_fds=fds + [theirs], stderr=self.log,
                                   restore_signals=False, preexec_fn=prepare)
        os.close(theirs)
        said = os.read(ready, 1)
        os.close(ready)
        if not said:
            process.wait()
            raise AssertionError(f"{program} did not start\n{self.log_text()}")
        return process

    def signer_start(self):
        self.signer = self.start(SIGNER, "signer")

    def signer_kill(self):
        self.signer.kill()
        self.signer.wait()

    def registrar_start(self, limit=None):
        self.registrar = self.start(REGISTRAR, "registrar", "control", limit=limit)

    def registrar_kill(self):
        self.registrar.kill()
        self.registrar.wait()

    def log_text(self):
        with open(self.directory + "/log", encoding="utf-8", errors="replace") as file:
            return "".join(file.readlines()[-40:])

    def stop(self):
        for process in (self.registrar, self.signer):
            process.kill()
            process.wait()
        for server in self.https:
            server.shutdown()
            server.server_close()
        for listener in self.sockets.values():
            listener.close()
        self.log.close()
        shutil.rmtree(self.directory)

    def adm(self, *words, code=0):
        """The JSON answer, or with another expected exit code what was said about the failure."""
        done = subprocess.run([*self.adm_words, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, timeout=60, check=False)
        if done.returncode != code:
            raise AssertionError(f"{words}: exit {done.returncode}, not {code}\n{done.stdout}\n"
                                 f"{done.stderr}\n{self.log_text()}")
        return json.loads(done.stdout if code == 0 else done.stderr)

    @property
    def adm_words(self):
        return [ADM, "--control", self.directory + "/run/control.sock", "--json"]

    def told(self, *words):
        """What a person reads."""
        return subprocess.run([ADM, "--control", self.directory + "/run/control.sock", *words],
                              stdout=subprocess.PIPE, timeout=60, check=True).stdout.decode()

    def told_of_failure(self, *words, code=1):
        """The same of a command that fails."""
        done = subprocess.run([ADM, "--control", self.directory + "/run/control.sock", *words],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60, check=False)
        assert done.returncode == code, done.returncode
        return done.stdout.decode()

    def officer(self, number):
        return f"{self.service}/officers/officer-{number}.key"

    def application_new(self, **changes):
        path = self.directory + "/application.json"
        with open(path, "w", encoding="utf-8") as file:
            json.dump({**APPLICATION, **changes}, file)
        return self.adm("application", "new", path)["id"]

    def approve(self, application=None):
        application = application or self.application_new()
        return self.adm("application", "approve", application, "--key", self.officer(1),
                        "--key", self.officer(2))["reference"]

    def sql(self, statement, *values):
        with sqlite3.connect(self.directory + "/store/ecert.db", timeout=20) as database:
            rows = database.execute(statement, values).fetchall()
        database.close()
        return rows

    def one(self, statement, *values):
        return self.sql(statement, *values)[0][0]

    def poke(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as portal:
            portal.connect(self.directory + "/run/registrar.sock")
            portal.send(sequence(integer(1), integer(1), sequence()))

    def state(self, reference):
        return self.one("SELECT state FROM enrolment WHERE reference = ?", reference)

    def challenge(self, reference, name="www.shop.example.com", check=True):
        """What the portal does on its pages 2 and 3; a check is asked for at once, or not yet."""
        enrolment, = self.sql("SELECT id, application FROM enrolment WHERE reference = ?", reference)
        hash_, = self.sql("SELECT hash FROM application WHERE id = ?", enrolment[1])[0]
        self.sql("UPDATE enrolment SET state = 'confirmed', dcv_method = 7 WHERE id = ?",
                 enrolment[0])
        self.sql("DELETE FROM challenge WHERE enrolment = ?", enrolment[0])
        self.sql("INSERT INTO challenge (enrolment, place, application_hash, name, method, created, nonce, spki_hash,"
                 " state, next_check, attempts) VALUES (?, 0, ?, ?, 7, ?, ?, NULL, ?, ?, 0)",
                 enrolment[0], hash_, name, int(time.time()), os.urandom(16),
                 *(("checking", int(time.time())) if check else ("pending", 0)))
        self.poke()
        return enrolment[0]

    def rehearse(self, enrolment):
        """And what it does when somebody wants to know whether a check would pass."""
        self.sql("DELETE FROM rehearsal WHERE enrolment = ?", enrolment)
        self.sql("DELETE FROM rehearsal_sight WHERE enrolment = ?", enrolment)
        self.sql("INSERT INTO rehearsal SELECT enrolment, name, nonce, ?, ?, 0, 0, 0 FROM challenge"
                 " WHERE enrolment = ? AND state <> 'passed'", int(time.time()), int(time.time()), enrolment)
        self.poke()

    def challenge_state(self, enrolment):
        return self.one("SELECT state FROM challenge WHERE enrolment = ?", enrolment)

    def submit(self, enrolment, same_key=False):
        """And on page 4: a fresh key's request, or one with the last key again."""
        source = (["-key", self.directory + "/key.pem"] if same_key else
                  ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                   self.directory + "/key.pem"])
        csr = subprocess.run(
            ["openssl", "req", "-new", *source, "-subj", "/CN=ignored", "-outform", "DER"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
        spki = subprocess.run(["openssl", "pkey", "-in", self.directory + "/key.pem", "-pubout",
                               "-outform", "DER"], stdout=subprocess.PIPE, check=True).stdout
        ordinal = self.one("SELECT ordinal FROM enrolment WHERE id = ?", enrolment)
        self.sql("INSERT INTO certificate (enrolment, ordinal, state, csr, spki_hash, created)"
                 " VALUES (?, ?, 'requested', ?, ?, ?)", enrolment, ordinal, csr.stdout,
                 hashlib.sha256(spki).digest(), int(time.time()))
        self.sql("UPDATE enrolment SET state = 'issuing' WHERE id = ?", enrolment)
        return csr.stdout

    def certificate_state(self, enrolment):
        return self.one("SELECT state FROM certificate WHERE enrolment = ?", enrolment)

    def crl_serials(self):
        """The serials in the published CRL, as openssl reads it."""
        der = self.one("SELECT der FROM publication WHERE kind = 'crl'"
                       " AND name = 'eCertSCA3-17CRL1'")
        text = subprocess.run(["openssl", "crl", "-inform", "DER", "-noout", "-text"], input=der,
                              stdout=subprocess.PIPE, check=True).stdout.decode()
        return re.findall(r"Serial Number: ([0-9A-F]+)", text)
