"""A hierarchy as the guide's section D has it, made by openssl: a root; an intermediate twice, old and
new, of one name, key and end, the old without extended key usage and revoked; a partner's root, and its
cross certificate for the root's key; a server's certificate. With the lists of both roots."""
import datetime
import os

from stand_in import run

CA = "basicConstraints=critical,CA:true%s\nkeyUsage=critical,keyCertSign,cRLSign\n"
CONFIG = """[ca]
default_ca = d
[d]
database = %(directory)s/%(name)s.index
crlnumber = %(directory)s/%(name)s.number
default_md = sha256
crl_extensions = e
[e]
authorityKeyIdentifier = keyid
"""


class Hierarchy:
    """Files NAME.pem and NAME.crl in a directory; `url` is the base of the lists' addresses."""
    def __init__(self, directory, url="http://127.0.0.1:9", name="Test"):
        self.directory = directory
        self.url = url
        os.makedirs(directory)
        self.sign("root", f"/CN={name} Root CA 3", None, CA % "", serial=1)
        self.sign("partner", f"/CN={name} Partner Root R1", None, CA % "", serial=2)
        issuer, end = f"/CN={name} SSL CA 3 - 17", "20360101000000Z"
        self.sign("old", issuer, "root", CA % ",pathlen:0" + self.point("root"), serial=0x10, key="ssl",
                  begin="20250101000000Z", end=end)
        self.sign("new", issuer, "root", CA % ",pathlen:0" + "extendedKeyUsage=serverAuth\n"
                  + self.point("root"), serial=0x11, key="ssl", begin="20250601000000Z", end=end)
        self.sign("cross", f"/CN={name} Root CA 3", "partner", CA % "" + self.point("partner"),
                  serial=0x12, key="root")
        self.sign("leaf", "/CN=www.shop.example.com", "new",
                  "basicConstraints=critical,CA:false\nextendedKeyUsage=serverAuth\n"
                  "subjectAltName=DNS:www.shop.example.com\n" + self.point("ssl"), serial=0x20)
        self.list("root", revoked=["10"])
        self.list("partner")
        self.list("ssl", by="new")

    def path(self, name):
        return os.path.join(self.directory, name)

    def point(self, name):
        return f"crlDistributionPoints=URI:{self.url}/{name}.crl\n"

    def key(self, name):
        path = self.path(name + ".key")
        if not os.path.exists(path):
            run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
                "-out", path)
        return path

    def sign(self, name, subject, by, extensions, *, serial, key=None, begin="20250101000000Z",
             end="20370101000000Z"):
        """`openssl ca` is the one openssl command that takes any dates."""
        issuer_key = {"new": "ssl"}.get(by, by) or name
        for suffix, text in ((".index", ""), (".serial", "%04x" % serial),
                             (".config", f"[ca]\ndefault_ca = d\n[d]\ndatabase = {self.path('sign.index')}\n"
                              f"serial = {self.path('sign.serial')}\nnew_certs_dir = {self.directory}\n"
                              "default_md = sha256\npolicy = p\nunique_subject = no\nx509_extensions = e\n"
                              "[p]\ncommonName = supplied\n[e]\nsubjectKeyIdentifier = hash\n"
                              + ("authorityKeyIdentifier = keyid\n" if by else "")
                              + extensions.replace("=", " = ", 1))):
            with open(self.path("sign" + suffix), "w", encoding="ascii") as file:
                file.write(text)
        run("openssl", "req", "-new", "-key", self.key(key or name), "-subj", subject, "-out",
            self.path("sign.csr"))
        command = ["openssl", "ca", "-batch", "-notext", "-config", self.path("sign.config"), "-in",
                   self.path("sign.csr"), "-out", self.path(name + ".pem"), "-startdate", begin,
                   "-enddate", end, "-keyfile", self.key(issuer_key)]
        command += ["-cert", self.path(by + ".pem")] if by else ["-selfsign"]
        run(*command)

    def list(self, name, revoked=(), by=None, number=1, update=None, days=7, more=""):
        """NAME.crl (DER) and NAME.crl.pem of the CA `by`; `update` is a datetime, now if None; `more` are
        lines of its extensions, and sections behind them."""
        update = update or datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=5)
        with open(self.path(name + ".index"), "w", encoding="ascii") as file:
            for serial in revoked:
                file.write(f"R\t370101000000Z\t260601000000Z\t{serial}\tunknown\t/CN=revoked\n")
        with open(self.path(name + ".number"), "w", encoding="ascii") as file:
            file.write("%02x\n" % number)
        with open(self.path(name + ".config"), "w", encoding="ascii") as file:
            file.write(CONFIG % {"directory": self.directory, "name": name} + more)
        stamp = "%Y%m%d%H%M%SZ"
        run("openssl", "ca", "-gencrl", "-config", self.path(name + ".config"), "-keyfile",
            self.key(name), "-cert", self.path((by or name) + ".pem"), "-out",
            self.path(name + ".crl.pem"), "-crl_lastupdate", update.strftime(stamp),
            "-crl_nextupdate", (update + datetime.timedelta(days=days)).strftime(stamp))
        run("openssl", "crl", "-in", self.path(name + ".crl.pem"), "-outform", "DER", "-out",
            self.path(name + ".crl"))
        return self.path(name + ".crl")

    def fingerprint(self, name):
        said = run("openssl", "x509", "-in", self.path(name + ".pem"), "-noout", "-fingerprint",
                   "-sha256").decode()
        return said.strip().split("=")[1]
