"""A portal for tests of the tool alone: it answers /api/v1 as the real one does, believes every DNS
check, signs with openssl, and can be told to lie."""
import base64
import hashlib
import http.server
import json
import os
import subprocess
import tempfile
import threading

ROOT_EXTENSIONS = "basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign,cRLSign\n"


def run(*command, given=None):
    """Its output; raises if it fails."""
    return subprocess.run(command, input=given, check=True, capture_output=True).stdout


class Authority:
    """A root and an issuing CA in a directory, by openssl."""
    def __init__(self, directory, name="Test"):
        self.directory = directory
        os.makedirs(directory)
        self.root = self.sign("root", f"/CN={name} Root", None, ROOT_EXTENSIONS)
        self.issuer = self.sign("issuer", f"/CN={name} Issuer", "root", ROOT_EXTENSIONS)

    def path(self, name):
        return os.path.join(self.directory, name)

    def key(self, name):
        path = self.path(name + ".key")
        if not os.path.exists(path):
            run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
                "-out", path)
        return path

    def sign(self, name, subject, by, extensions, csr=None):
        with open(self.path("extensions"), "w", encoding="ascii") as file:
            file.write(extensions + "subjectKeyIdentifier=hash\n"
                       + ("authorityKeyIdentifier=keyid\n" if by else ""))
        if csr is None:
            csr = run("openssl", "req", "-new", "-key", self.key(name), "-subj", subject)
        command = ["openssl", "x509", "-req", "-days", "30", "-extfile", self.path("extensions")]
        if by is None:
            command += ["-signkey", self.key(name)]
        else:
            command += ["-CA", self.path(by + ".pem"), "-CAkey", self.key(by), "-CAcreateserial"]
        certificate = run(*command, given=csr)
        with open(self.path(name + ".pem"), "wb") as file:
            file.write(certificate)
        return certificate.decode()

    def leaf(self, csr, server_name):
        return self.sign("leaf", "/CN=x", "issuer", "extendedKeyUsage=serverAuth\n"
                         f"subjectAltName=DNS:{server_name}\n", csr)


def key_sha256(certificate):
    public = run("openssl", "x509", "-pubkey", "-noout", given=certificate.encode())
    der = run("openssl", "pkey", "-pubin", "-outform", "DER", given=public)
    return run("openssl", "dgst", "-sha256", "-r", given=der).decode()[:64]


def der(tag, content):
    """One element of less than 256 bytes."""
    return bytes([tag]) + (b"" if len(content) < 128 else b"\x81") + bytes([len(content)]) + content


def proof_holds(spki, signature, purpose, url, reference, nonce=None):
    """What a registered key signs, written here a second time, and openssl's word on the signature."""
    message = b"".join(der(0x0c, text.encode()) for text in (purpose, url, reference))
    message += der(0x04, hashlib.sha256(spki).digest())
    message = der(0x30, message + (b"" if nonce is None else der(0x04, bytes.fromhex(nonce))))
    with tempfile.TemporaryDirectory() as folder:
        for name, content in (("key", spki), ("message", message), ("signature", signature)):
            with open(f"{folder}/{name}", "wb") as file:
                file.write(content)
        return subprocess.run(
            ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", f"{folder}/key", "-rawin",
             "-in", f"{folder}/message", "-sigfile", f"{folder}/signature"],
            capture_output=True, check=False).returncode == 0


class Portal:
    """One enrolment. `overrides` maps (method, path) to what is answered instead: a status with a
    JSON object, or bytes. An answer in `lost` is not sent, and taken out."""
    def __init__(self, authority, address, port, server_name="www.shop.example.com"):
        self.authority = authority
        self.server_name = server_name
        self.names = [server_name]
        self.state = "open"
        self.certificate = None
        self.requested = {}
        self.calls = []
        self.overrides = {}
        self.lost = []
        self.keys = {}
        self.nonces = []
        self.organisation = "Shop Example Limited"
        self.url = f"http://{address}:{port}"
        portal = self

        class Handler(http.server.BaseHTTPRequestHandler):
            """Hands each request to the portal."""
            protocol_version = "HTTP/1.1"
            wbufsize = -1
            disable_nagle_algorithm = True

            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                status, content = portal.answer(self.command, self.path, body, self.headers)
                if (self.command, self.path) in portal.lost:
                    portal.lost.remove((self.command, self.path))
                    self.close_connection = True
                    return
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
                self.wfile.flush()
            do_GET = do_POST = do_DELETE = answer

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer((address, port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def answer(self, method, path, body, headers):
        path = path.removeprefix("/api/v1")
        self.calls.append((method, path, body, dict(headers)))
        if (method, path) in self.overrides:
            status, content = self.overrides[(method, path)]
            return status, content if isinstance(content, bytes) else json.dumps(content).encode()
        function = getattr(self, f"{method}{path.replace('/', '_')}".lower(), None)
        if function is None:
            return 404, b'{"type":"urn:ecert:problem:not_found","title":"Nothing here","status":404}'
        status, content = function(json.loads(body) if body else {})
        return status, json.dumps(content).encode()

    def called(self, method, path):
        return [call for call in self.calls if call[0] == method and call[1] == path]

    def enrolment(self):
        return {"state": self.state, "server_name": self.server_name,
                "names": [{"ascii": name, "unicode": name} for name in self.names],
                "certificate_type": "Hongkong Post Trial e-Cert (Server)",
                "organisation": self.organisation, "methods": ["dns"],
                "keys": [{"sha256": one} for one in self.keys],
                "dcv": {"state": "pending", **self.requested, "challenges": self.challenges()}
                if self.requested else None}

    def challenges(self):
        """Other values for another key."""
        host = "_ecert-validation." + self.server_name
        value = "abc234" + self.requested.get("spki_sha256", "")[:8]
        return [{"name": self.server_name, "host": host, "type": "TXT", "value": value,
                 "ttl": 3600, "zone_line": f'{host}. 3600 IN TXT "{value}"'}]

    def post_session(self, given):
        if given != {"server_name": self.server_name, "reference": "123456789",
                     "pin": "1234567812345678"}:
            return 401, {"type": "urn:ecert:problem:login.refused", "title": "Not allowed",
                         "detail": "The three do not match.", "status": 401, "next": "Look again."}
        return 201, {"token": "t" * 22, "idle_seconds": 1200}

    def post_session_nonce(self, _):
        self.nonces.append(os.urandom(16).hex())
        return 201, {"nonce": self.nonces[-1], "seconds": 120}

    def post_session_key(self, given):
        known = given["nonce"] in self.nonces and given["reference"] == "123456789" and \
            given["key_sha256"] in self.keys
        if not known or not proof_holds(self.keys[given["key_sha256"]], base64.b64decode(given["signature"]),
                                        "ecert key log-in v1", self.url, "123456789", given["nonce"]):
            return 403, {"type": "urn:ecert:problem:login.key_refused", "title": "Not allowed",
                         "detail": "The log-in by key was not accepted.", "status": 403, "next": "Again."}
        self.nonces.remove(given["nonce"])
        return 201, {"token": "k" * 22, "idle_seconds": 1200}

    def post_enrolment_key(self, given):
        spki = base64.b64decode(given["key"])
        if self.state != "accepted" or not proof_holds(spki, base64.b64decode(given["signature"]),
                                                       "ecert key registration v1", self.url, "123456789"):
            return 400, {"type": "urn:ecert:problem:key.proof", "title": "No", "status": 400}
        self.keys[hashlib.sha256(spki).hexdigest()] = spki
        return 201, {"sha256": hashlib.sha256(spki).hexdigest()}

    def delete_session(self, _):
        return 200, {}

    def get_enrolment(self, _):
        return 200, self.enrolment()

    def post_enrolment_confirm(self, _):
        self.state = "confirmed"
        return 200, {}

    def post_enrolment_dcv(self, given):
        if self.state not in ("confirmed", "validated"):
            return 409, {"type": "urn:ecert:problem:enrolment.state", "title": "Not now", "status": 409}
        self.requested = given
        self.state = "confirmed"
        return 200, {"challenges": self.challenges()}

    def post_enrolment_dcv_check(self, _):
        self.state = "validated"
        return 202, {}

    def post_enrolment_csr(self, given):
        public = run("openssl", "req", "-pubkey", "-noout", given=given["csr"].encode())
        spki = run("openssl", "pkey", "-pubin", "-outform", "DER", given=public)
        if hashlib.sha256(spki).hexdigest() != self.requested.get("spki_sha256", hashlib.sha256(spki).hexdigest()):
            return 400, {"type": "urn:ecert:problem:csr.foreign_key", "title": "Another key", "status": 400}
        self.certificate = self.authority.leaf(given["csr"].encode(), self.server_name)
        self.state = "issued"
        return 202, {}

    def get_enrolment_certificate(self, _):
        return 200, {"serial": "4e 01", "not_before": "2026-11-23T00:00:00Z", "days": 30,
                     "names": [{"ascii": name, "unicode": name} for name in self.names],
                     "not_after": "2026-12-23T00:00:00Z", "issuer": "Test Issuer",
                     "key_sha256": key_sha256(self.certificate)}

    def post_enrolment_accept(self, _):
        self.state = "accepted"
        return 200, {}

    def post_enrolment_next(self, _):
        if self.state != "accepted":
            return 409, {"type": "urn:ecert:problem:enrolment.state", "title": "Not now", "status": 409}
        self.state = "confirmed"
        return 200, self.enrolment()

    def get_enrolment_download(self, _):
        return 200, {"certificate": self.certificate, "chain": [self.authority.issuer],
                     "root": self.authority.root}
