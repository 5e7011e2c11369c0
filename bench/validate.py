#!/usr/bin/env python3
"""Validations from the request in the store to the verdict in it: a real registrar, a primary and remote
perspectives (processes of their own, over their socket and HTTPS), Knot with the records, nginx with the
files. Measured in three parts:
  rates      how many a second where many are due at once, with two remotes (which see all and sign it,
             though the rules in force ask for more) and with five;
  tarpits    what a thousand tarpits (name servers that never answer), all due at the same time, of ten
             subscribers, add to the others' 99th percentile when they are new, and when they are known; and what
             a pending validation takes of the store and of the registrar's memory;
  strangers  the same of tarpits of a thousand subscribers, beside others whose last check was quick.
The percentiles are of several turns, in each of which first nobody is in the way and then new tarpits are: so what
else this machine does falls on both alike. Everything shares its processors. Nothing that users would take
instead does this much: certbot and acme.sh are the other side, and Boulder needs a database, a broker and
containers.

    bench-validate [--json] [PART …]     one JSON object a line: name, value, unit, beside, ratio
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
BATCH, ALONE, TURNS, EACH, TARPITS, TARPIT_SUBSCRIBERS = 200, 8, 3, 250, 1000, 10
CLIENTS = 4
CHECK_SECONDS = 10  # what a check may take, at most
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


class World:
    """A registrar, its perspectives, and the servers that they ask."""

    def __init__(self, remotes, batch, samples):
        self.service = Service(remotes)
        self.servers = []
        try:
            self.store = Store(self.service, counts=remotes == 5)
            self.many = self.quick("b", batch, own_subscriber("batch"))
            self.sites = self.store.add(["s%d.web.%s" % (i, SIGNED) for i in range(batch)], own_subscriber("site"), method=18)
            self.alone = self.quick("a", ALONE, own_subscriber("alone"))
            self.samples = {kind: self.quick(kind, TURNS * EACH, own_subscriber(of)) for kind, of in samples}
            knot = Knot(self.service.directory + "/knot", txt(sum(self.samples.values(), self.many + self.alone)))
            self.servers = [knot.process, website(self.service.directory + "/web", self.sites)]
            self.service.validators_start(knot.folder + "/anchors")
            latencies(self.store, self.alone)
        except BaseException:
            self.stop()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        for server in self.servers:
            server.terminate()
            server.wait()
        self.service.stop()

    def quick(self, kind, count, subscribers):
        return self.store.add(["%s%d.%s" % (kind, i, SIGNED) for i in range(count)], subscribers)

    def pits(self, kind, turn, subscribers):
        """Nobody has heard of them, nor of whom they belong to."""
        return self.store.add(["www.%s%dt%d.pit" % (kind, turn, i) for i in range(TARPITS)],
                              lambda number: "%s %d %d" % (kind, turn, number % subscribers))

    def sample(self, kind, turn):
        return latencies(self.store, self.samples[kind][turn * EACH:(turn + 1) * EACH])

    def sample_beside(self, pits, kind, turn):
        self.store.ask(pits)
        time.sleep(2)
        return self.sample(kind, turn)

    def calm(self, pits):
        """Nobody asks for them any more, and what was begun has ended."""
        self.store.withdraw(pits)
        time.sleep(CHECK_SECONDS + 1)
        self.store.withdraw(pits)  # some have ended since, and would be due again in a minute


def rates():
    for remotes in (2, 5):
        with World(remotes, BATCH, ()) as world:
            label = "%d-perspectives" % (remotes + 1)
            show("dns-%s" % label, batch_rate(world.store, world.many), "validations/s, %d due at once" % BATCH)
            show("website-%s" % label, batch_rate(world.store, world.sites), "validations/s, %d due at once" % BATCH)


def show_percentiles(name, values, what):
    values.sort()
    show("p50" + name, statistics.median(values), "ms %s, %d clients, %d samples" % (what, CLIENTS, len(values)))
    show("p99" + name, percentile(values, 0.99), "ms of the same")


def show_beside(name, values, what, base):
    values.sort()
    show("p50" + name, statistics.median(values), "ms " + what, statistics.median(base))
    show("p99" + name, percentile(values, 0.99), "ms of the same, %d samples" % len(values), percentile(base, 0.99))


def store_size(store):
    store.database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return os.path.getsize(store.path)


def tarpits():
    base, new, known = [], [], []
    with World(5, BATCH, (("quiet", "quiet"), ("new", "new"), ("known", "known"))) as world:
        store, registrar = world.store, world.service.registrar.pid
        batch_rate(store, world.many)  # so that every worker has had work
        for turn in range(TURNS):
            base += world.sample("quiet", turn)
            size, before = store_size(store), pss_kib(registrar)
            pits = world.pits("tar", turn, TARPIT_SUBSCRIBERS)
            size = store_size(store) - size
            new += world.sample_beside(pits, "new", turn)
            if turn == 0:
                show("pending-store", size / TARPITS, "bytes of the store for each pending")
                show("pending-registrar", (pss_kib(registrar) - before) * 1024 / TARPITS,
                     "bytes of the registrar for each pending")
            known += world.sample_beside(pits, "known", turn)
            world.calm(pits)
    show_percentiles("", base, "from asking to the verdict")
    show_beside("-new-tarpits", new, "beside %d new tarpits" % TARPITS, base)
    show_beside("-known-tarpits", known, "beside them once known", base)


def strangers():
    base, beside = [], []
    with World(5, 0, (("first", "regular"), ("again", "regular"))) as world:
        for turn in range(TURNS):
            base += world.sample("first", turn)
            pits = world.pits("stranger", turn, TARPITS)
            beside += world.sample_beside(pits, "again", turn)
            world.calm(pits)
    show_percentiles("-regulars", base, "from asking to the verdict")
    show_beside("-strangers", beside, "of the same subscribers, beside new tarpits of %d others" % TARPITS, base)


PARTS = {"rates": rates, "tarpits": tarpits, "strangers": strangers}


def main():
    parts = [word for word in sys.argv[1:] if word != "--json"]
    unknown = [word for word in parts if word not in PARTS]
    if unknown:
        raise SystemExit("no part %s; there are %s" % (unknown[0], ", ".join(PARTS)))
    silence = Silence(SILENT, 5300)
    for name in parts or PARTS:
        PARTS[name]()
    silence.socket.close()


if __name__ == "__main__":
    main()
