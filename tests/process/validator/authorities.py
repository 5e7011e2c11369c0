"""The servers of the test's Internet: Knot with a hierarchy of zones from the root down, and nginx.

A zone is named with its server's address, whether it is signed, and how its parent speaks of it.
"""
import os
import re
import subprocess
import time

from internet import within

# Where libunbound looks for the root (its own hints): all of these are one server here.
ROOT_SERVERS = """198.41.0.4 199.9.14.201 170.247.170.2 192.33.4.12 199.7.91.13 192.203.230.10 192.5.5.241
192.112.36.4 198.97.190.53 192.36.148.17 192.58.128.30 193.0.14.129 199.7.83.42 202.12.27.33
2001:503:ba3e::2:30 2001:500:200::b 2801:1b8:10::b 2001:500:2::c 2001:500:2d::d 2001:500:a8::e 2001:500:2f::f
2001:500:12::d0d 2001:500:1::53 2001:7fe::53 2001:503:c27::2:30 2001:7fd::1 2001:500:9f::42 2001:dc3::35
""".split()
KNOT = """
server:
    listen: [{listen}]
    rundir: {folder}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stderr
    any: error
database:
    storage: {folder}/db
policy:
  - id: fixed
    manual: on
    single-type-signing: on
    algorithm: ecdsap256sha256
template:
  - id: default
    storage: {folder}
    zonefile-sync: -1
    zonefile-load: whole
    journal-content: none
zone:
"""
HEADER = """$ORIGIN {zone}
$TTL 60
@ SOA ns hostmaster 1 3600 600 86400 60
@ NS ns
ns A {address}
"""
ALIEN_DS = "DS 12345 13 2 " + "00" * 32


class Zone:
    """`delegation`: "signed" with its DS, "unsigned", "alien" with the DS of another key, None where the
    parent's own records say all. `served`: False for a server that has no data and says SERVFAIL."""

    def __init__(self, name, address, records="", signed=False, delegation=None, served=True):
        self.name, self.address, self.records, self.signed = name, address, records, signed
        self.delegation, self.served = delegation or ("signed" if signed else "unsigned"), served
        self.file = name.strip(".") + ".zone"


class NameServer:
    """Knot at some addresses of a namespace. Whatever zone it has it answers for at once: who is to be
    asked by the way of a delegation needs a server of his own."""

    def __init__(self, folder, namespace, zones, addresses):
        self.folder = os.path.join(folder, f"knot-{namespace}-{addresses[0]}")
        self.namespace, self.zones, self.addresses, self.process = namespace, zones, addresses, None
        self.others = []
        os.makedirs(self.folder + "/db", 0o700)

    def prepare(self):
        """Makes the keys, so that a parent at another server can speak of them."""
        self.write("knot.conf", KNOT.format(
            folder=self.folder, listen=", ".join(one + "@53" for one in self.addresses)) + "".join(
            f'  - domain: {zone.name}\n    file: {zone.file}\n'
            + ("    dnssec-signing: on\n    dnssec-policy: fixed\n" if zone.signed else "")
            for zone in self.zones))
        for zone in self.zones:
            if zone.signed:
                self.keymgr(zone.name, "generate", "algorithm=ecdsap256sha256", "ksk=yes", "zsk=yes")

    def start(self):
        for zone in self.zones:
            if zone.served:
                self.write(zone.file, HEADER.format(zone=zone.name, address=zone.address)
                           + zone.records + "".join(map(self.delegation, self.children(zone))))
        with within(self.namespace):
            self.process = subprocess.Popen(["knotd", "-c", self.folder + "/knot.conf"])
        for zone in self.zones:
            if zone.served:
                self.await_zone(zone)

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(10)

    def children(self, parent):
        """The zones, here and at the other servers, whose nearest parent it is."""
        every = [zone for server in [self, *self.others] for zone in server.zones]

        def above(zone):
            over = [other for other in every if other is not zone
                    and ("." + zone.name).endswith("." + other.name.lstrip("."))]
            return max(over, key=lambda other: len(other.name.strip(".")), default=None)
        return [zone for zone in every if above(zone) is parent]

    def delegation(self, zone):
        lines = f"{zone.name} NS ns.{zone.name}\nns.{zone.name} A {zone.address}\n"
        if zone.delegation == "signed":
            holder = [server for server in [self, *self.others] if zone in server.zones][0]
            lines += holder.delegation_signer(zone.name)
        return lines + (f"{zone.name} {ALIEN_DS}\n" if zone.delegation == "alien" else "")

    def delegation_signer(self, zone):
        return "".join(line + "\n" for line in self.keymgr(zone, "ds").splitlines()
                       if re.search(r" 13 2 ", line))

    def await_zone(self, zone):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with within(self.namespace):
                said = subprocess.run(
                    ["kdig", "+short", "+dnssec", "+time=1", "+retry=0", "@" + self.addresses[0], zone.name, "SOA"],
                    capture_output=True, text=True, check=False).stdout
            if said.startswith("ns.") and ("SOA" in said or not zone.signed):
                return
            time.sleep(0.05)
        raise RuntimeError(f"{zone.name} is not served")

    def keymgr(self, *arguments):
        return subprocess.run(["keymgr", "-c", self.folder + "/knot.conf", *arguments],
                              check=True, capture_output=True, text=True).stdout

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)


def start_together(parent, *others):
    """Servers of one hierarchy, whose parent has the root."""
    parent.others = others
    for server in (parent, *others):
        server.prepare()
    for server in (parent, *others):
        server.start()


class WebServer:
    """nginx at every address of a namespace, ports 80 and 443: a host's folder, or where it redirects, by host
    or by "http://host"."""

    def __init__(self, folder, namespace, pages, redirects=()):
        self.folder = os.path.join(folder, "nginx-" + namespace)
        self.namespace, self.process = namespace, None
        for host, content in pages.items():
            path = f"{self.folder}/sites/{host}/.well-known/pki-validation"
            os.makedirs(path)
            with open(path + "/fileauth.txt", "w", encoding="ascii") as file:
                file.write(content)
        os.makedirs(self.folder, exist_ok=True)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                        "-nodes", "-keyout", self.folder + "/key", "-out", self.folder + "/certificate",
                        "-subj", "/CN=www.example.com", "-days", "2"], check=True, capture_output=True)
        paths = "".join(f"    {kind}_temp_path {self.folder}/{kind};\n"
                        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        places = "".join(
            f'        "{where}" "{target}";\n' for host, target in dict(redirects).items()
            for where in ([host] if "://" in host else ["http://" + host, "https://" + host]))
        with open(self.folder + "/nginx.conf", "w", encoding="ascii") as file:
            file.write(f"""daemon off;
user root;
worker_processes 1;
pid {self.folder}/pid;
events {{}}
http {{
    access_log off;
    map_hash_max_size 16384;
    map_hash_bucket_size 256;
{paths}    map $scheme://$host $elsewhere {{
        default "";
{places}    }}
    server {{
        listen 80 default_server;
        listen [::]:80 default_server;
        listen 443 ssl default_server;
        listen [::]:443 ssl default_server;
        ssl_certificate {self.folder}/certificate;
        ssl_certificate_key {self.folder}/key;
        root {self.folder}/sites/$host;
        if ($elsewhere) {{ return 302 $elsewhere; }}
    }}
}}
""")

    def start(self):
        with within(self.namespace):
            self.process = subprocess.Popen(
                ["nginx", "-p", self.folder, "-e", self.folder + "/error.log", "-c", "nginx.conf"])
        deadline = time.monotonic() + 30
        while not os.path.exists(self.folder + "/pid") and time.monotonic() < deadline:
            time.sleep(0.05)

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(10)
