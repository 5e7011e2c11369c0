#!/usr/bin/env python3
"""The timer's life over the whole service: real name servers, perspectives, registrar, signer and portal, and an nginx
whose certificate `ecert watch --renew` renews, from November 2026 on, under the limits of each day. Everything in a mount
namespace lives at a time of its own (tests/shim/moved.c), which is put forward by days. What else goes wrong in two years, hour by hour,
tests/process/ecert/test_two_years.py has, with a CA of its own.

    test_two_years.py MODULE [--long]        (long: each day of it, and up to 2029)
"""
import datetime
import json
import os
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import unittest
import urllib.request

from world import ROOT, World, wait_until

sys.path.insert(0, os.path.join(ROOT, "tests/process/ecert"))
import servers  # noqa: E402

INSIDE = "ECERT_TEST_MOVED"
PRELOAD = """mount -t tmpfs -o mode=755 none "$0/etc" && cp -a /etc/. "$0/etc/" && echo "$0/moved.so" >"$0/etc/ld.so.preload" &&
mount --bind "$0/etc" /etc && exec "$@" """
LONG = "--long" in sys.argv
UTC = datetime.timezone.utc
BEGIN = datetime.datetime(2026, 11, 2, 8, tzinfo=UTC)
NEW_LIMIT, LAST_LIMIT = datetime.datetime(2027, 3, 15, tzinfo=UTC), datetime.datetime(2029, 3, 15, tzinfo=UTC)
# The long life, day by day, also sees the last limit; the issuing CA has three years.
END = datetime.datetime(2029, 8, 1, tzinfo=UTC) if LONG else datetime.datetime(2028, 1, 15, tzinfo=UTC)
SECOND, HOUR, DAY = datetime.timedelta(seconds=1), datetime.timedelta(hours=1), datetime.timedelta(days=1)
MOST, AWAY = 25 * DAY, 8 * DAY


def enter(module):
    """Runs this program once more where everybody's clock is ours; 77 (skipped) where that can't be had."""
    if INSIDE in os.environ:
        return
    place = tempfile.mkdtemp(prefix="ecert-moved-")
    try:
        os.chmod(place, 0o755)
        os.mkdir(place + "/etc")
        shutil.copy(module, place + "/moved.so")
        with open(place + "/moved.so.ahead", "wb") as file:
            file.write(struct.pack("q", 0))
        command = ["unshare", "-m", "--propagation", "private", "sh", "-c", PRELOAD, place]
        tried = subprocess.run([*command, "true"], capture_output=True, text=True, check=False) if shutil.which("unshare") else None
        if tried is None or tried.returncode != 0:
            print("skip: no mount namespace here: " + (tried.stderr.strip() if tried else "unshare is not installed"))
            sys.exit(77)
        sys.exit(subprocess.run([*command, sys.executable, "-B", *sys.argv], check=False,
                                env=dict(os.environ, **{INSIDE: place + "/moved.so.ahead"})).returncode)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def now():
    return datetime.datetime.now(UTC)


def move_to(moment):
    """The whole machine has gone on until then."""
    with open(os.environ[INSIDE], "r+b", buffering=0) as file:
        before = struct.unpack("q", file.read(8))[0]
        file.seek(0)
        file.write(struct.pack("q", before + round((moment - now()).total_seconds())))


class TwoYears(unittest.TestCase):
    """One life: several renewals a year; a week without the service where the first one is due, so that it falls behind the
    day of the new limit; and new applications in time."""
    def test_no_expired_certificate_is_served_and_each_lives_as_long_as_its_day_allows(self):
        move_to(BEGIN)
        with World() as world:
            self.world, self.served, self.codes, self.acted = world, {}, set(), []
            self.nginx = servers.Nginx(world.path("nginx"), world.net + ".0.81", world.server_name)
            try:
                self.live()
            finally:
                self.nginx.stop()

    def live(self):
        self.begin()
        told, due, away = None, self.watch()["due"], None
        while now() < END:
            self.go_on(due, bool(away) and now() < away)
            if away is None and now() >= due:
                away = now() + AWAY
                self.stop_service()
            elif away and now() >= away and not self.world.process_pid("signer"):
                self.start_service()
            seen = self.watch()
            due = seen["due"]
            self.codes |= seen["codes"]
            if "watch.subscription" in seen["codes"]:
                told = told or now()
                if now() >= told + datetime.timedelta(days=21):
                    self.applied()
                    self.enrolled()
                    self.watch()
                    told = None
        self.judge()

    def begin(self):
        """Somebody enrols, and puts the pair on a server."""
        self.applied()
        pair = self.world.path(f"subscriber/store/personal/{self.enrolled()}/")
        self.nginx.give(pair + "certificate.pem", pair + "key.pem")
        self.nginx.start()
        self.world.run("ecert", "deploy", "run", *self.nginx.words)
        self.look()

    def applied(self):
        """The office's part: officers, letter, mail."""
        self.world.script("apply")

    def enrolled(self):
        """The person's part; the id of the certificate."""
        world = self.world
        self.acted.append(now())
        world.run("ecert", "request", "new", "--name", world.server_name, "--key", "p256")
        done = world.run("ecert", "enrol", "--portal", world.portal, "--server-name", world.server_name, "--reference",
                         world.read("subscriber/reference"), "--pin-file", world.path("subscriber/pin"), "--dns-update",
                         f"{world.net}.0.53@5353", "--tsig", world.path("subscriber/tsig.key"), "--accept", "--json")
        return json.loads(done.stdout)["id"]

    def watch(self):
        """One run of the timer, and what a client sees then: what it finds, and when the newest certificate is due."""
        done = self.world.run("ecert", "watch", "--renew", "--json", check=False)
        self.assertIn(done.returncode, (0, 1), done.stdout + done.stderr)
        self.look()
        said = json.loads(done.stdout)
        newest = max(said["certificates"], key=lambda one: one["not_after"])
        return {"codes": {one["code"] for one in said["findings"] if one["severity"] == "person"},
                "due": moment(newest["renewal_due"]) if "renewal_due" in newest else END}

    def go_on(self, due, away):
        """To the next day on which something may happen; and what the days in between would have brought: zones signed anew,
        lists, the roots' by ceremony."""
        step = DAY if LONG else AWAY / 3 if away else DAY if now() >= due else min(MOST, due - now() + HOUR)
        move_to(now() + step)
        self.world.run("knotc", "-s", self.world.path("dns/knot.sock"), "-b", "zone-sign")
        if self.world.process_pid("signer"):
            self.lists_settle()

    def lists_settle(self):
        wait_until(lambda: self.list_end("eCertSCA3-17CRL1") > now(), 60, "a new list")
        if self.list_end("RootCA3ARL") < now() + datetime.timedelta(days=60):
            self.world.run("ecertadm", "ceremony", "arl", self.world.path("service"))
            for name in ("RootCA3ARL", "TrialPartnerR1ARL"):
                self.world.adm("publish", self.world.path(f"service/ca/{name}.crl"))

    def list_end(self, name):
        with urllib.request.urlopen(f"{self.world.portal}/crl/{name}.crl", timeout=10) as answer:
            given = answer.read()
        said = subprocess.run(["openssl", "crl", "-inform", "DER", "-noout", "-nextupdate"], input=given, capture_output=True, check=True)
        return openssl_moment(said.stdout.decode().strip().removeprefix("nextUpdate="))

    def stop_service(self):
        supervisor = self.world.server_pid("ecertd")
        os.kill(supervisor, signal.SIGTERM)
        wait_until(lambda: not os.path.exists(f"/proc/{supervisor}/exe"), 60, "the service's end")

    def start_service(self):
        self.world.script("service")
        self.lists_settle()

    def look(self):
        """A client on that day: root, name and times are right; and the certificate has days to go."""
        context = ssl.create_default_context(cafile=self.world.path("service/ca/root_ca_3.pem.crt"))
        with socket.create_connection((self.nginx.address, self.nginx.port), timeout=20) as raw, \
                context.wrap_socket(raw, server_hostname=self.world.server_name) as tls:
            sent = tls.getpeercert()
        begin, end = (openssl_moment(sent[name]) for name in ("notBefore", "notAfter"))
        self.served.setdefault(sent["serialNumber"], (begin, end))
        self.assertGreater(end, now() + datetime.timedelta(days=9))

    def judge(self):
        """Each certificate a day below the limit of its own day (BR 6.3.2: 200, 100 and 47), or to its subscription's end."""
        served, lengths = sorted(self.served.values()), set()
        for begin, end in served:
            length, most = end - begin + SECOND, (199 if begin < NEW_LIMIT else 99 if begin < LAST_LIMIT else 46) * DAY
            if (end + SECOND).time() == datetime.time(0):
                self.assertLessEqual(length, most)
            else:
                self.assertEqual(length, most)
                lengths.add(length.days)
        self.assertEqual(lengths, {199, 99, 46} if LONG else {199, 99})
        # A new application's first one is a person's doing.
        by_person = [any(abs(begin - moment) < HOUR for moment in self.acted) for begin, _ in served]
        self.assertEqual(sum(by_person), len(self.acted))
        pauses = [later - begin for (begin, _), (later, _), person in zip(served, served[1:], by_person[1:]) if not person]
        self.assertGreaterEqual(min(pauses), 28 * DAY, served)
        self.assertEqual(self.codes - {"watch.list_stale"}, {"watch.renewal_failed", "watch.subscription"})
        self.proof()

    def proof(self):
        """The CA's own: every certificate had its warrant at its time, and none broke a rule of its day."""
        world = self.world
        done = world.run("ecertadm", "--json", "audit", "verify", "--journal", world.path("service/signer/journal"), "--roster",
                         world.path("service/signer/roster.der"), "--ceremony-spki", world.path("service/signer/ceremony.spki"),
                         "--store", world.path("service/store/ecert.db"))
        said = json.loads(done.stdout)
        self.assertEqual((said["proved"], said["certificates.proved"]), ("yes", len(self.served)), said)
        self.assertEqual(world.adm("audit", "lint")["errors"], 0)
        issued = {one["serial"].replace(":", "").upper() for one in world.adm("certificate", "list")}
        self.assertEqual(issued, set(self.served))


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def openssl_moment(text):
    return datetime.datetime.strptime(text, "%b %d %H:%M:%S %Y GMT").replace(tzinfo=UTC)


if __name__ == "__main__":
    enter(os.path.abspath(sys.argv[1]))
    unittest.main(argv=["test_two_years"], verbosity=2)
