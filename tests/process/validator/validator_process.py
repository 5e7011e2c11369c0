"""One running ecertd-validator, as the supervisor would start it, and how to ask it."""
import http.client
import os
import socket
import ssl
import subprocess
import tempfile

from internet import within
from messages import Answer

MEDIA_TYPE = "application/x-ecert-message"


def openssl(*arguments, **options):
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True, **options)


class Validator:
    allow_localhost = True
    checks_per_minute = 60000
    service = ""
    more = ""     # further lines of the section
    source = None # where questions come from; None: the world's address
    namespace = None # of the network, where the test has made some

    def __init__(self, folder, program, world, name="primary"):
        self.folder, self.program, self.world, self.name = folder, program, world, name
        self.process = None
        self.key = self.path(name + ".key")
        openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048",
                "-out", self.key)
        os.chmod(self.key, 0o600)
        openssl("pkey", "-in", self.key, "-pubout", "-out", self.path(name + ".pub"))

    def configuration(self, extra=""):
        stubs = ", ".join(f'"{stub}"' for stub in self.world.stubs)
        # What stands in for the public DNS is for trials.
        trial = f'service {{ run_directory = "{self.folder}" trial = true users = false }}\n'
        relaxed = self.world.stubs or self.allow_localhost
        return (self.service or (trial if relaxed else "")) + f"""validator {{
    id = "{self.name}"
    key = "{self.key}"
    address = "{self.world.address if self.source is None else self.source}"
    trust_anchors = "{self.world.anchors}"
    stubs = {{{stubs}}}
    allow_localhost_queries = {str(self.allow_localhost).lower()}
    caa_identity = "ca.example.net"
    checks_per_minute = {self.checks_per_minute}
    {self.more}
    {extra}
}}
"""

    def start(self, arguments=(), descriptors=(), extra=""):
        with open(self.path(self.name + ".conf"), "w", encoding="utf-8") as file:
            file.write(self.configuration(extra))
        ready, told = os.pipe()
        with within(self.namespace):
            self.process = subprocess.Popen(
                [*self.command(), "--config", self.path(self.name + ".conf"), "--ready-fd", str(told),
                 *arguments], pass_fds=[told, *descriptors])
        os.close(told)
        is_ready = os.read(ready, 1) != b""
        os.close(ready)
        if not is_ready:
            raise RuntimeError(f"{self.name} did not start")

    def command(self):
        return [self.program]

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(10)
            self.process = None

    def signature_holds(self, answer):
        """By OpenSSL's own command, over the part that was signed."""
        with tempfile.NamedTemporaryFile(dir=self.folder) as signature:
            signature.write(answer.signature)
            signature.flush()
            result = subprocess.run(
                ["openssl", "dgst", "-sha256", "-verify", self.path(self.name + ".pub"),
                 "-signature", signature.name], input=answer.signed_part, capture_output=True,
                check=False)
        return result.returncode == 0

    def path(self, name):
        return os.path.join(self.folder, name)


class Primary(Validator):
    def start_on_socket(self):
        self.socket_path = self.path(self.name + ".sock")
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(self.socket_path)
        self.listener.listen(128)
        self.start_on_listener()

    def start_on_listener(self):
        number = self.listener.fileno()
        self.start(["--listen-fd", f"{number}=validator.sock"], [number])

    def kill_and_replace(self):
        """As the supervisor does: the socket outlives the process."""
        self.process.kill()
        self.process.wait(10)
        self.start_on_listener()

    def stop(self):
        super().stop()
        self.listener.close()

    def connect(self):
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        connection.settimeout(20)
        connection.connect(self.socket_path)
        return connection

    def ask(self, request):
        return Answer(self.exchange(request))

    def exchange(self, request):
        with self.connect() as connection:
            connection.send(request)
            return connection.recv(128 * 1024)


class Perspective(Validator):
    """Listens on the world's address; a transport CA of its own stands for the ceremony's."""

    def start_on_https(self, port):
        self.port = port
        self.make_transport()
        self.start(extra=f"""listen = "{self.world.address}:{port}"
    transport_ca = "{self.path('ca.pem')}"
    transport_certificate = "{self.path('server.pem')}"
    transport_key = "{self.path('server-transport.key')}"
""")

    def make_transport(self):
        self.make_ca("ca")
        self.make_ca("stranger")
        self.make_certificate("server", "ca", "serverAuth")
        self.make_certificate("client", "ca", "clientAuth")
        self.make_certificate("intruder", "stranger", "clientAuth")

    def make_ca(self, name):
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", self.path(name + "-ca.key"), "-out", self.path(name + ".pem"),
                "-subj", f"/CN={name}", "-days", "2")

    def make_certificate(self, name, issuer, usage):
        key, csr = self.path(name + "-transport.key"), self.path(name + ".csr")
        extensions = self.path(name + ".ext")
        with open(extensions, "w", encoding="ascii") as file:
            file.write(f"extendedKeyUsage={usage}\nsubjectAltName=IP:{self.world.address}\n")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", key, "-out", csr, "-subj", f"/CN={name}")
        openssl("x509", "-req", "-in", csr, "-CA", self.path(issuer + ".pem"),
                "-CAkey", self.path(issuer + "-ca.key"), "-CAcreateserial", "-days", "2",
                "-extfile", extensions, "-out", self.path(name + ".pem"))
        os.chmod(key, 0o600)

    def connection(self, client="client"):
        context = ssl.create_default_context(cafile=self.path("ca.pem"))
        if client:
            context.load_cert_chain(self.path(client + ".pem"),
                                    self.path(client + "-transport.key"))
        return http.client.HTTPSConnection(self.world.address, self.port, context=context, timeout=20)

    def post(self, request, client="client"):
        """Status and body."""
        connection = self.connection(client)
        try:
            connection.request("POST", "/check", request, {"Content-Type": MEDIA_TYPE})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()
