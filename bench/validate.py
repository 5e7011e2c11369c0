#!/usr/bin/env python3
"""Validations from the request in the store to the verdict in it: a real registrar, a primary and remote
perspectives (processes of their own, over their socket and HTTPS), Knot with the records, nginx with the
files. Measured: how many a second where many are due at once, with two remotes (which see all and sign it,
though the rules in force ask for more) and with five; what one
alone takes; and what a thousand tarpits (name servers that never answer), all due at the same time, add to
the others' 99th percentile: tarpits of ten subscribers when they are new, and when they are known, and
tarpits of a thousand subscribers, beside others whose last check was quick. Also
what a pending validation takes of the store and of the registrar's memory. Everything shares this
machine's processors. Nothing that users would take instead does this much: certbot and acme.sh are the
other side, and Boulder needs a database, a broker and containers.

    bench-validate [--json]      one JSON object a line: name, value, unit, beside, ratio
"""
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
BUILD = "@build@"
os.environ["ECERT_BUILD"] = BUILD
sys.path[:0] = ["@registrar_tests@", "@validator_tests@"]
import office  # noqa: E402
from office import serve_socket  # noqa: E402
from crowd import Crowd  # noqa: E402

VALIDATOR = os.path.join(BUILD, "proc/validator/ecertd-validator")
NET = "127.0.%d." % (40 + os.getpid() % 200)
DNS, SILENT, WEB, PRIMARY = NET + "53", NET + "99", NET + "80", NET + "10"
BATCH, ALONE, BESIDE, TARPITS, TARPIT_SUBSCRIBERS = 200, 8, 120, 1000, 10
CLIENTS = 4
SIGNED = "example.com"


def show(name, value, unit, beside=0):
    if "--json" in sys.argv:
        print(json.dumps({"name": "validate." + name, "value": round(value, 2), "unit": unit,
                          "beside": round(beside, 2), "ratio": round(value / beside, 2) if beside else None}),
              flush=True)
    else:
        print("validate %-34s %9.1f %s%s" % (name, value, unit, "   beside %.1f" % beside if beside else ""),
              flush=True)


class Silence:
    """A name server that hears and never answers."""

    def __init__(self, address, port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, port))


class Knot:
    def __init__(self, folder, records):
        self.folder = folder
        os.makedirs(folder + "/db/keys")
        with open(folder + "/zone", "w", encoding="ascii") as file:
            file.write("$ORIGIN example.com.\n$TTL 60\n@ SOA ns hostmaster 1 3600 600 86400 60\n@ NS ns\n"
                       "ns A %s\n*.web A %s\n" % (DNS, WEB) + records)
        with open(folder + "/knot.conf", "w", encoding="ascii") as file:
            file.write("server:\n  listen: %s@5300\n  rundir: %s\n  udp-workers: 1\n  tcp-workers: 1\n"
                       "  background-workers: 1\nlog:\n  - target: stderr\n    any: error\ndatabase:\n  storage: %s/db\n"
                       "policy:\n  - id: fixed\n    manual: on\n    single-type-signing: on\n    algorithm: ecdsap256sha256\n"
                       "zone:\n  - domain: example.com\n    file: %s/zone\n    dnssec-signing: on\n    dnssec-policy: fixed\n"
                       "    zonefile-sync: -1\n    zonefile-load: difference\n    journal-content: all\n"
                       "  - domain: com\n    file: %s/com\n" % (DNS, folder, folder, folder, folder))
        with open(folder + "/com", "w", encoding="ascii") as file:
            file.write("$ORIGIN com.\n$TTL 60\n@ SOA ns.example.com. h.example.com. 1 3600 600 86400 60\n@ NS ns.example.com.\n")
        keymgr = ["keymgr", "-c", folder + "/knot.conf", "example.com"]
        subprocess.run([*keymgr, "generate", "algorithm=ecdsap256sha256", "ksk=yes", "zsk=yes"], check=True, capture_output=True)
        with open(folder + "/anchors", "w", encoding="ascii") as file:
            file.write(subprocess.run([*keymgr, "ds"], check=True, capture_output=True, text=True).stdout)
        self.process = subprocess.Popen(["knotd", "-c", folder + "/knot.conf"], stderr=subprocess.DEVNULL)
        office.wait_until(self.signed, 60, "the signed zone")

    def signed(self):
        answer = subprocess.run(["kdig", "@" + DNS, "-p", "5300", "+dnssec", "+short", "example.com", "SOA"],
                                capture_output=True, text=True, check=False).stdout
        return "SOA 13" in answer


class Service(office.Office):
    """The registrar's office with real validators in the place of its own."""

    def __init__(self, remotes):
        self.validators = []
        office.REMOTES[:] = ["perspective-%d" % number for number in range(1, remotes + 1)]
        root = office.ROOT
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(folder + "/packaging")
            with open(root + "/packaging/trial-ceremony.conf", encoding="utf-8") as file:
                lines = [line for line in file if not any(
                    line.startswith('perspective "perspective-%d"' % number) for number in range(remotes + 1, 6))]
            with open(folder + "/packaging/trial-ceremony.conf", "w", encoding="utf-8") as file:
                file.writelines(lines)
            office.ROOT, office.serve_socket = folder, self.serve_courier
            super().__init__()
        office.ROOT, office.serve_socket = root, serve_socket

    def serve_courier(self, listener, answer):
        """The primary's socket is a real one's."""
        if listener is self.sockets["courier"]:
            serve_socket(listener, answer)

    def remote_start(self, number, name):
        return None

    def stop(self):
        self.https = []
        for process in self.validators:
            process.kill()
            process.wait()
        super().stop()

    def validators_start(self, anchors):
        for number, name in enumerate(["primary"] + office.REMOTES):
            address = PRIMARY if number == 0 else office.ADDRESS.format(number)
            listen = "" if number == 0 else (
                'listen = "%s:%d" transport_ca = "%s/transport/ca.pem" transport_certificate = "%s/transport/%s.pem"'
                ' transport_key = "%s/transport/%s.key"'
                % (address, office.PORT, self.service, self.service, name, self.service, name))
            path = "%s/%s.conf" % (self.directory, name)
            with open(path, "w", encoding="utf-8") as file:
                file.write('service { run_directory = "%s/run" store = "/none" trial = true users = false data_directory = "/none"'
                           ' log_level = "warning" }\n' % self.directory)
                file.write('validator { id = "%s" key = "%s/validator/%s.key" address = "%s" trust_anchors = "%s"\n'
                           'stubs = {"example.com=%s@5300", "com=%s@5300", "pit=%s@5300"} allow_localhost_queries = true\n'
                           'website_port = 8080 allow_localhost_websites = true checks_per_minute = 60000\n'
                           'caa_identity = "ecert.example.net" %s }\n'
                           % (name, self.service, name, address, anchors, DNS, DNS, SILENT, listen))
            ready, theirs = os.pipe()
            fd = self.sockets["validator"].fileno()
            words = ["--listen-fd", "%d=validator.sock" % fd] if number == 0 else []
            self.validators.append(subprocess.Popen(
                [VALIDATOR, "--config", path, "--ready-fd", str(theirs), *words], pass_fds=[theirs, fd],
                stderr=self.log))
            os.close(theirs)
            if not os.read(ready, 1):
                raise SystemExit("%s did not start\n%s" % (name, self.log_text()))
            os.close(ready)


class Store(Crowd):
    def __init__(self, service, counts):
        super().__init__(service)
        self.counts = counts  # whether the rules in force are content with so few remotes


def batch_rate(store, made):
    """All due at once: how many a second until the last one has passed."""
    begun = time.monotonic()
    store.ask(made)
    while any(state == "checking" for state in store.states(made)):
        time.sleep(0.02)
        if time.monotonic() > begun + 300:
            raise SystemExit("no end of the batch\n" + store.service.log_text())
    passed = store.states(made).count("passed")
    if store.counts and passed != len(made):
        raise SystemExit("%d of %d passed\n%s" % (passed, len(made), store.service.log_text()))
    return len(made) / (time.monotonic() - begun)


def latencies(store, made):
    """One after the other by each of a few clients: milliseconds from asking to the verdict."""
    taken, rows = [], list(made)

    def client():
        while rows:
            try:
                row = rows.pop()
            except IndexError:
                return
            begun = time.monotonic()
            store.ask([row])
            while store.states([row])[0] == "checking":
                time.sleep(0.004)
            taken.append((time.monotonic() - begun) * 1000)
            time.sleep(0.05)  # people don't ask as fast as they are answered
    threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(taken)


def percentile(values, part):
    return values[min(len(values) - 1, int(len(values) * part))]


def pss_kib(pid):
    with open("/proc/%d/smaps_rollup" % pid, encoding="ascii") as file:
        return int(next(line for line in file if line.startswith("Pss:")).split()[1])


def txt(made):
    return "".join('_ecert-validation.%s. TXT "%s"\n' % (challenge.name, challenge.expected()) for _, challenge in made)


def own_subscriber(kind):
    return lambda number: "%s %d" % (kind, number)


def website(folder, made):
    """nginx with a file for each name, by its Host."""
    os.mkdir(folder)
    locations = "".join("    %s %s;\n" % (challenge.name, challenge.expected()) for _, challenge in made)
    with open(folder + "/nginx.conf", "w", encoding="ascii") as file:
        file.write("worker_processes 1; pid %s/pid; error_log stderr crit; daemon off;\nevents {}\nhttp { access_log off;\n"
                   "map_hash_max_size 65536; map_hash_bucket_size 256; map $host $value {\n%s}\nserver { listen %s:8080;"
                   " location / { return 200 $value; } } }\n" % (folder, locations, WEB))
    return subprocess.Popen(["nginx", "-p", folder, "-c", folder + "/nginx.conf", "-e", "stderr"], stderr=subprocess.DEVNULL)


def measure(remotes):
    service = Service(remotes)
    label = "%d-perspectives" % (remotes + 1)
    knot = web = None
    try:
        store = Store(service, counts=remotes == 5)
        many = store.add(["b%d.%s" % (i, SIGNED) for i in range(BATCH)], own_subscriber("batch"))
        sites = store.add(["s%d.web.%s" % (i, SIGNED) for i in range(BATCH)], own_subscriber("site"), method=18)
        alone = store.add(["a%d.%s" % (i, SIGNED) for i in range(ALONE)], own_subscriber("alone"))
        quiet, new, known = (store.add(["%s%d.%s" % (kind, i, SIGNED) for i in range(BESIDE)], own_subscriber(kind))
                             for kind in ("quiet", "new", "known"))
        again = store.add(["again%d.%s" % (i, SIGNED) for i in range(BESIDE)], own_subscriber("new"))
        knot = Knot(service.directory + "/knot", txt(many + alone + quiet + new + known + again))
        web = website(service.directory + "/web", sites)
        service.validators_start(knot.folder + "/anchors")
        latencies(store, alone)
        show("dns-%s" % label, batch_rate(store, many), "validations/s, %d due at once" % BATCH)
        show("website-%s" % label, batch_rate(store, sites), "validations/s, %d due at once" % BATCH)
        if remotes == 5:
            base = latencies(store, quiet)
            tarpits(service, store, base, new, known)
            strangers(store, base, again)
    finally:
        for server in (knot and knot.process, web):
            if server:
                server.terminate()
                server.wait()
        service.stop()


def tarpits(service, store, base, new, known):
    show("p50", statistics.median(base), "ms from asking to the verdict, %d clients" % CLIENTS)
    show("p99", percentile(base, 0.99), "ms")
    size, before = os.path.getsize(store.path), pss_kib(service.registrar.pid)
    pits = store.add(["www.t%d.pit" % i for i in range(TARPITS)], lambda number: "Tar %d" % (number % TARPIT_SUBSCRIBERS))
    store.database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    show("pending-store", (os.path.getsize(store.path) - size) / TARPITS, "bytes of the store for each pending")
    store.ask(pits)
    time.sleep(2)
    beside = latencies(store, new)
    show("pending-registrar", (pss_kib(service.registrar.pid) - before) * 1024 / TARPITS,
         "bytes of the registrar for each pending")
    show("p99-new-tarpits", percentile(beside, 0.99), "ms beside %d new tarpits" % TARPITS, percentile(base, 0.99))
    store.ask(pits)
    time.sleep(2)
    beside = latencies(store, known)
    show("p99-known-tarpits", percentile(beside, 0.99), "ms beside them once known", percentile(base, 0.99))


def strangers(store, base, again):
    pits = store.add(["www.s%d.pit" % i for i in range(TARPITS)], own_subscriber("Stranger"))
    store.ask(pits)
    time.sleep(2)
    show("p99-strangers", percentile(latencies(store, again), 0.99),
         "ms of who was quick before, beside new tarpits of %d subscribers" % TARPITS, percentile(base, 0.99))


def main():
    silence = Silence(SILENT, 5300)
    for remotes in (2, 5):
        measure(remotes)
    silence.socket.close()


if __name__ == "__main__":
    main()
