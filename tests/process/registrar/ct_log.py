"""A small log of Certificate Transparency (RFC 6962), as much of one as a test needs: it takes
precertificates of a given root, promises to show them, and can be told to misbehave. Written from the
RFC, with the openssl command for keys, signatures and chains."""
import atexit
import base64
import hashlib
import http.server
import json
import os
import shutil
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../validator"))
from messages import OCTETS, element, elements, sequence  # noqa: E402

POISON = bytes.fromhex("060a2b06010401d679020403")
EXTENSIONS, PRECERTIFICATE_ENTRY = 0xa3, 1


def run(*command, given=None):
    return subprocess.run(["openssl", *command], input=given, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=True).stdout


def parts_of(der):
    """The fields of a certificate's to-be-signed part."""
    (_, certificate), = elements(der)
    return elements(elements(certificate)[0][1])


def key_hash(der):
    """The SHA-256 of a certificate's SubjectPublicKeyInfo."""
    return hashlib.sha256(element(*parts_of(der)[6])).digest()


def without_poison(der):
    """(The to-be-signed part as the log signs it, whether the critical poison was there.)"""
    fields = parts_of(der)
    (tag, content), (_, listed) = fields[-1], elements(fields[-1][1])[0]
    assert tag == EXTENSIONS and content
    extensions = [element(*extension) for extension in elements(listed)]
    poison = sequence(POISON, b"\x01\x01\xff", element(OCTETS, b"\x05\x00"))
    kept = [extension for extension in extensions if extension != poison]
    fields = [element(*field) for field in fields[:-1]]
    fields.append(element(EXTENSIONS, sequence(*kept)))
    return sequence(*fields), len(kept) == len(extensions) - 1


def vector(size, content):
    return len(content).to_bytes(size, "big") + content


def leaf_hash(leaf):
    return hashlib.sha256(b"\0" + leaf).digest()


def tree_hash(hashes):
    if not hashes:
        return hashlib.sha256().digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + tree_hash(hashes[:split]) + tree_hash(hashes[split:])).digest()


class Log:
    """`mode` is "right" or how it misbehaves: "wrong key", "wrong signature", "future", "silent", "500",
    "another certificate", "nonsense". `root` is the root that a chain must end in, PEM file."""

    def __init__(self, name, address="127.0.0.1", certificate=None, key=None):
        self.name, self.mode, self.root, self.refused = name, "right", None, []
        self.entries, self.lock, self.first = [], threading.Lock(), None
        self.directory = tempfile.mkdtemp(prefix="ecert-log-")
        atexit.register(shutil.rmtree, self.directory, True)
        self.key, self.spki = self.key_make("log")
        self.other_key, _ = self.key_make("other")
        with open(self.spki, "rb") as file:
            self.id = hashlib.sha256(file.read()).digest()
        self.server = self.serve(address, certificate, key)
        scheme = "https" if certificate else "http"
        self.url = f"{scheme}://{address}:{self.server.server_address[1]}/{name}"

    def key_make(self, name):
        key, spki = f"{self.directory}/{name}.pem", f"{self.directory}/{name}.spki"
        run("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
        run("pkey", "-in", key, "-pubout", "-outform", "DER", "-out", spki)
        return key, spki

    def sign(self, message, key):
        signature = run("dgst", "-sha256", "-sign", key, given=message)
        return b"\4\3" + vector(2, signature)

    def accepts(self, chain):
        """As RFC 6962 §3.1 asks: a chain to the root; the poison is looked for apart."""
        with tempfile.TemporaryDirectory() as directory:
            paths = []
            for number, der in enumerate(chain):
                paths.append(f"{directory}/{number}.pem")
                run("x509", "-inform", "DER", "-out", paths[-1], given=der)
            untrusted = [word for path in paths[1:] for word in ("-untrusted", path)]
            try:
                run("verify", "-ignore_critical", "-CAfile", self.root, *untrusted, paths[0])
            except subprocess.CalledProcessError:
                return False
        return True

    def add_pre_chain(self, body):
        chain = [base64.b64decode(der) for der in json.loads(body)["chain"]]
        tbs, poisoned = without_poison(chain[0])
        if len(chain) < 2 or not poisoned or not self.accepts(chain):
            self.refused.append(chain)
            return 400, {"error_message": "no precertificate of ours"}
        moment = int(time.time() * 1000) + (3600 * 1000 if self.mode == "future" else 0)
        entry = key_hash(chain[1]) + vector(3, tbs)
        with self.lock:
            known = [leaf for leaf in self.entries if leaf[12:-2] == entry]
            if known:
                moment = struct.unpack(">Q", known[0][2:10])[0]
            leaf = struct.pack(">BBQH", 0, 0, moment, PRECERTIFICATE_ENTRY) + entry + b"\0\0"
            if not known:
                self.entries.append(leaf)
            self.first = self.first or leaf
        promised = leaf
        if self.mode == "another certificate":
            promised = leaf[:44] + vector(3, tbs[:-1] + bytes([tbs[-1] ^ 1])) + b"\0\0"
        key = self.other_key if self.mode == "wrong key" else self.key
        signature = bytearray(self.sign(promised, key))
        if self.mode == "wrong signature":
            signature[-1] ^= 1
        return 200, {"sct_version": 0, "id": base64.b64encode(self.id).decode(),
                     "timestamp": moment, "extensions": "",
                     "signature": base64.b64encode(bytes(signature)).decode()}

    def get_sth(self):
        with self.lock:
            hashes = [leaf_hash(leaf) for leaf in self.entries]
        moment, root = int(time.time() * 1000), tree_hash(hashes)
        head = struct.pack(">BBQQ", 0, 1, moment, len(hashes)) + root
        return 200, {"tree_size": len(hashes), "timestamp": moment,
                     "sha256_root_hash": base64.b64encode(root).decode(),
                     "tree_head_signature": base64.b64encode(self.sign(head, self.key)).decode()}

    def get_entries(self, query):
        bounds = dict(part.split("=") for part in query.split("&"))
        with self.lock:
            leaves = self.entries[int(bounds["start"]):int(bounds["end"]) + 1]
        return 200, {"entries": [{"leaf_input": base64.b64encode(leaf).decode(), "extra_data": ""}
                                 for leaf in leaves]}

    def answer(self, method, path, body):
        path, _, query = path.partition("?")
        call = path.removeprefix(f"/{self.name}/ct/v1/")
        if method == "POST" and call == "add-pre-chain":
            if self.mode == "silent":
                time.sleep(30)
            if self.mode == "500":
                return 500, {"error_message": "down"}
            if self.mode == "nonsense":
                return 200, {"sct_version": 0, "id": "AAAA"}
            return self.add_pre_chain(body)
        if method == "GET" and call == "get-sth":
            return self.get_sth()
        if method == "GET" and call == "get-entries":
            return self.get_entries(query)
        return 404, {}

    def serve(self, address, certificate, key):
        log = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def reply(self, method, body=b""):
                status, answer = log.answer(method, self.path, body)
                answer = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def do_POST(self):
                self.reply("POST", self.rfile.read(int(self.headers["Content-Length"])))

            def do_GET(self):
                self.reply("GET")

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass  # who was killed, or did not wait

        server = Server((address, 0), Handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server

    def section(self, operator, **settings):
        """Its section in a ceremony's profile."""
        settings = {"operator": operator, "url": self.url, "spki": self.spki, "kind": "rfc6962",
                    "state": "usable", "since": "2026-01-01T00:00:00Z", **settings}
        return f'ct_log "{self.name}" {{ ' + " ".join(
            f'{key} = "{value}"' for key, value in settings.items()) + " }\n"

    def judge_row(self):
        """Its section in the file by which OpenSSL knows logs."""
        with open(self.spki, "rb") as file:
            key = base64.b64encode(file.read()).decode()
        return f"[{self.name}]\ndescription = {self.name}\nkey = {key}\n"
