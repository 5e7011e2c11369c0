"""A small DNS of its own for the validator's tests: one Knot on a loopback address with zones that are
signed, unsigned, broken and missing.

    dcv.example.com          signed; its DS is the trust anchor
    plain.dcv.example.com    delegated without DS, unsigned
    bogus.dcv.example.com    delegated with DS; the signatures over TXT and CAA are broken
    lame.dcv.example.com     delegated without DS; the server has no data and answers SERVFAIL
    gone.dcv.example.com     delegated with DS; SERVFAIL as well
    mute.dcv.example.com     delegated without DS to an address where nobody listens
    forged.dcv.example.com   delegated without DS, unsigned; a test may set its server, `forged_server`
    dcv3.example.com         signed with NSEC3; its DS is a trust anchor as well
    lame.dcv3.example.com    delegated without DS; SERVFAIL
    com                      unsigned, because the climb for CAA ends there
"""
import os
import re
import socket
import subprocess
import time

APEX = "dcv.example.com"
HASHED_APEX = "dcv3.example.com"
SIGNED = [APEX, "bogus." + APEX, HASHED_APEX]
HEADER = """$ORIGIN {zone}.
$TTL 60
@ SOA ns.{apex}. hostmaster.{apex}. 1 3600 600 86400 60
@ NS ns.{apex}.
"""
DELEGATIONS = """ns A 127.0.0.1
plain NS ns.{apex}.
bogus NS ns.{apex}.
lame NS ns.{apex}.
gone NS ns.{apex}.
mute NS ns.{apex}.
forged NS ns.{apex}.
gone DS 12345 13 2 0000000000000000000000000000000000000000000000000000000000000000
"""
CONFIGURATION = """
server:
    listen: {address}@{port}
    rundir: {folder}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stderr
    any: warning
database:
    storage: {folder}/db
policy:
  - id: fixed
    manual: on
    single-type-signing: on
    algorithm: ecdsap256sha256
  - id: hashed
    manual: on
    single-type-signing: on
    algorithm: ecdsap256sha256
    nsec3: on
acl:
  - id: test
    address: 127.0.0.0/8
    action: update
template:
  - id: default
    storage: {folder}
    file: "%s.zone"
    zonefile-sync: 0
    zonefile-load: whole
    journal-content: changes
    acl: test
zone:
"""


class DnsWorld:
    """`records` maps each zone to the text of its records; `address` is a loopback address."""

    def __init__(self, folder, address, records):
        self.folder, self.address, self.records = folder, address, records
        self.port = free_port(address)
        self.server = None
        self.forged_server = None
        self.zones = ["com", APEX, "plain." + APEX, "bogus." + APEX, "forged." + APEX, HASHED_APEX]
        self.broken = ["lame." + APEX, "gone." + APEX, "lame." + HASHED_APEX]

    @property
    def stubs(self):
        """Each zone and its server, as the validator's configuration has it."""
        server = f"{self.address}@{self.port}"
        silent = f"{self.address}@{self.port + 1}"
        servers = {zone: server for zone in self.zones + self.broken}
        servers["mute." + APEX] = silent
        if self.forged_server:
            servers["forged." + APEX] = self.forged_server
        return [f"{zone}={server}" for zone, server in servers.items()]

    @property
    def anchors(self):
        return os.path.join(self.folder, "trust-anchors")

    def start(self):
        os.mkdir(self.path("db"), 0o700)
        self.write_configuration(signing=SIGNED)
        for zone in SIGNED:
            self.keymgr(zone, "generate", "algorithm=ecdsap256sha256", "ksk=yes", "zsk=yes")
        for zone in self.zones:
            self.write_zone(zone)
        with open(self.anchors, "w", encoding="ascii") as file:
            file.write("; the anchors of this world\n\n" + self.delegation_signer(APEX)
                       + self.delegation_signer(HASHED_APEX))
        self.run_server()
        self.stop()
        self.break_signatures("bogus." + APEX)
        self.write_configuration(signing=[APEX, HASHED_APEX])
        self.run_server()

    def stop(self):
        if self.server:
            self.server.terminate()
            self.server.wait(10)
            self.server = None

    def run_server(self):
        self.server = subprocess.Popen(["knotd", "-c", self.path("knot.conf")])
        for zone in self.zones:
            self.await_zone(zone)

    def await_zone(self, zone):
        """Until the server answers for the zone, and, where it is to be signed, the file shows it."""
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            answer = subprocess.run(
                ["kdig", "+short", "+time=1", "+retry=0", f"@{self.address}", "-p", str(self.port),
                 zone, "SOA"], capture_output=True, text=True, check=False)
            with open(self.path(zone + ".zone"), encoding="utf-8") as file:
                signed = "RRSIG" in file.read()
            if answer.stdout.startswith("ns.") and (signed or zone not in SIGNED):
                return
            time.sleep(0.05)
        raise RuntimeError(f"{zone} is not served")

    def write_configuration(self, signing):
        text = CONFIGURATION.format(address=self.address, port=self.port, folder=self.folder)
        for zone in self.zones + self.broken:
            text += f"  - domain: {zone}\n"
            if zone in signing:
                policy = "hashed" if zone == HASHED_APEX else "fixed"
                text += f"    dnssec-signing: on\n    dnssec-policy: {policy}\n"
        with open(self.path("knot.conf"), "w", encoding="utf-8") as file:
            file.write(text)

    def write_zone(self, zone):
        text = HEADER.format(zone=zone, apex=APEX)
        if zone == APEX:
            text += DELEGATIONS.format(apex=APEX) + self.delegation_signer("bogus." + APEX)
        if zone == HASHED_APEX:
            text += f"lame NS ns.{APEX}.\n"
        with open(self.path(zone + ".zone"), "w", encoding="utf-8") as file:
            file.write(text + self.records.get(zone, ""))

    def update(self, zone, record):
        """Adds a record while the server runs; it is served when this returns."""
        with open(self.path(zone + ".new"), "w", encoding="utf-8") as file:
            file.write(f"server {self.address} {self.port}\nzone {zone}.\norigin {zone}.\n"
                       f"add {record}send\n")
        subprocess.run(["knsupdate", self.path(zone + ".new")], check=True)

    def break_signatures(self, zone):
        """Changes the first character of each signature over TXT and CAA records."""
        with open(self.path(zone + ".zone"), encoding="utf-8") as file:
            text = file.read()
        pattern = re.compile(r"(RRSIG\s+(?:TXT|CAA)\s+(?:\S+\s+){7})(\S)")
        broken, count = pattern.subn(
            lambda found: found.group(1) + ("B" if found.group(2) == "A" else "A"), text)
        if count == 0:
            raise RuntimeError("no signature to break")
        with open(self.path(zone + ".zone"), "w", encoding="utf-8") as file:
            file.write(broken)

    def delegation_signer(self, zone):
        lines = self.keymgr(zone, "ds").splitlines()
        return "".join(line + "\n" for line in lines if re.search(r" 13 2 ", line))

    def keymgr(self, *arguments):
        return subprocess.run(["keymgr", "-c", self.path("knot.conf"), *arguments],
                              check=True, capture_output=True, text=True).stdout

    def path(self, name):
        return os.path.join(self.folder, name)


def free_port(address):
    """A port that is free for both UDP and TCP just now."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as stream, \
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram:
            stream.bind((address, 0))
            try:
                datagram.bind((address, stream.getsockname()[1]))
                return stream.getsockname()[1]
            except OSError:
                continue
