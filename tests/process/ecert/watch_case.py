"""What tests of `ecert watch` begin with: a day that the tool believes in, a CA whose certificates last
as the policy of that day has it, a portal with a subscription, and a program that places records."""
import datetime
import json
import os
import subprocess
import sys

from stand_in import Authority, Portal, run
from tool import NAME, PROGRAM, ToolTest

DAY = os.path.abspath(sys.argv[2])
PIN = "1234567812345678"
UTC = datetime.timezone.utc


def date(text):
    return datetime.datetime.fromisoformat(text).replace(tzinfo=UTC)


def days_on(moment):
    """What the default profile issues (RULES.md 0a), written here a second time."""
    return 199 if moment < date("2027-03-15") else 100 if moment < date("2029-03-15") else 47


class DatedAuthority(Authority):
    """Signs with any dates, which only `openssl ca` does; `now` is the world's day."""
    def __init__(self, directory, world):
        self.world = world
        self.count = 0
        self.lists_at = None
        super().__init__(directory)

    def sign(self, name, subject, by, extensions, csr=None, begin="20250101000000Z", end="20370101000000Z"):
        self.count += 1
        for suffix, text in (
                ("index", ""), ("serial", "%04x" % (0x1000 + self.count)),
                ("config", f"[ca]\ndefault_ca=d\n[d]\ndatabase={self.path('sign.index')}\nserial={self.path('sign.serial')}\n"
                           f"new_certs_dir={self.directory}\ndefault_md=sha256\npolicy=p\nunique_subject=no\n"
                           "x509_extensions=e\n[p]\ncommonName=optional\n[e]\nsubjectKeyIdentifier=hash\n"
                           + ("authorityKeyIdentifier=keyid\n" if by else "") + extensions)):
            with open(self.path("sign." + suffix), "w", encoding="ascii") as file:
                file.write(text)
        if csr is None:
            csr = run("openssl", "req", "-new", "-key", self.key(name), "-subj", subject)
        with open(self.path("sign.csr"), "wb") as file:
            file.write(csr)
        command = ["openssl", "ca", "-batch", "-notext", "-config", self.path("sign.config"), "-in", self.path("sign.csr"),
                   "-out", self.path(name + ".pem"), "-startdate", begin, "-enddate", end, "-subj", subject,
                   "-keyfile", self.key(by or name)]
        run(*command, *(["-cert", self.path(by + ".pem")] if by else ["-selfsign"]))
        with open(self.path(name + ".pem"), encoding="ascii") as file:
            return file.read()

    def leaf(self, csr, server_name):
        begin = self.world.now
        end = min(begin + datetime.timedelta(days=days_on(begin), seconds=-1),
                  self.world.subscription_end - datetime.timedelta(seconds=1))
        stamp = "%Y%m%d%H%M%SZ"
        return self.sign("leaf", "/CN=x", "issuer", "basicConstraints=critical,CA:false\nextendedKeyUsage=serverAuth\n"
                         f"subjectAltName=DNS:{server_name}\n", csr, begin.strftime(stamp), end.strftime(stamp))


class DatedPortal(Portal):
    """Believes a check only if the record stands in the zone, a folder of files; ends with the subscription."""
    def __init__(self, authority, address, port, world, number=0):
        self.world = world
        self.number = number
        self.down = False
        self.issued = []
        super().__init__(authority, address, port)

    def answer(self, method, path, body, headers):
        if self.down:
            self.calls.append((method, path.removeprefix("/api/v1"), body, dict(headers)))
            return 503, b"{}"
        return super().answer(method, path, body, headers)

    def enrolment(self):
        end = self.world.subscription_end.strftime("%Y-%m-%dT%H:%M:%SZ")
        return {**super().enrolment(), "subscription": {"years": 1, "end": end}}

    def post_enrolment_dcv_check(self, _):
        one = self.challenges()[0]
        try:
            with open(os.path.join(self.world.path("zone"), one["host"]), encoding="ascii") as file:
                held = file.read() == one["value"] + "\n"
        except OSError:
            held = False
        self.state = "validated" if held else self.state
        self.requested["state"] = "passed" if held else "failed"
        return 202, {}

    def post_enrolment_csr(self, given):
        answer = super().post_enrolment_csr(given)
        if answer[0] == 202:
            self.issued.append(self.world.now)
        return answer

    def get_enrolment_certificate(self, given):
        status, content = super().get_enrolment_certificate(given)
        return status, {**content, "names": [{"ascii": name, "unicode": name} for name in self.names]}

    def post_enrolment_next(self, given):
        if self.world.now >= self.world.subscription_end:
            return 409, {"type": "urn:ecert:problem:warrant.subscription", "title": "Ended", "status": 409}
        self.requested = {}
        return super().post_enrolment_next(given)


HOOK = """#!/bin/sh
test ! -e '%(folder)s/broken' || { echo 'the name server is broken' >&2; exit 1; }
echo "$@" >>'%(folder)s/hook.words'
while read -r key value; do
    case "$key" in host) host=$value;; value) text=$value;; esac
done
case "$2" in
place) echo "$text" >'%(folder)s/zone/'"$host";;
remove) rm -f '%(folder)s/zone/'"$host";;
esac
"""


class WatchCase(ToolTest):
    """An enrolment that has come to its first certificate, with the hook as proof."""
    address = "127.0.0.83"

    def setUp(self):
        super().setUp()
        os.chmod(self.scratch, 0o755)
        os.mkdir(self.path("zone"))
        self.now = date("2026-11-02")
        self.subscription_end = date("2027-11-02")
        self.hook = self.write("hook", HOOK % {"folder": self.scratch}, 0o700)
        self.authority = DatedAuthority(self.path("ca"), self)
        self.portals = []
        self.portal = self.open_portal()

    def open_portal(self):
        portal = DatedPortal(self.authority, f"{self.address}", 20000 + (os.getpid() + 7 * len(self.portals)) % 20000, self)
        self.addCleanup(portal.stop)
        self.portals.append(portal)
        return portal

    def environment(self, **more):
        return {**super().environment(), "LD_PRELOAD": DAY, "DAY_AT": str(int(self.now.timestamp())), "TZ": "UTC", **more}

    def pass_by(self, **amount):
        self.now += datetime.timedelta(**amount)

    def enrol(self, *more, request=True):
        if request:
            self.json("request", "new", "--name", NAME, "--key", "p256")
        return self.json("enrol", "--portal", self.portal.url, "--server-name", NAME, "--reference", "123456789",
                         "--pin-file", self.write("pin", PIN), "--accept", "--hook", self.hook, "dns", ";", *more)

    def watch(self, *more, code=0, **environment):
        done = subprocess.run([PROGRAM, "watch", "--json", *more], env=self.environment(**environment), timeout=120,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if code is not None:
            self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def renew(self, code=0, **environment):
        return self.watch("--renew", code=code, **environment)

    @staticmethod
    def codes(said, severity=None):
        """No list is published here: that revocation isn't known is no finding of these tests."""
        return [one["code"] for one in said["findings"]
                if severity in (None, one["severity"]) and one["code"] != "watch.unchecked"]

    def days_left(self, said, index=0):
        end = date(said["certificates"][index]["not_after"].rstrip("Z"))
        return (end - self.now).total_seconds() / 86400
