#!/usr/bin/env python3
"""Certificates per second of processor time by the issuing core, beside cfssl's sign endpoint: its own CA with a key of
the same kind, on loopback, with as many clients at once, before ours and after it in one run. Counted is the processor time
of cfssl's process alone, so its share of HTTP and JSON is in it, and what it does not do is not: cfssl asks who may sign
only for a policy's name, checks no warrant, lints nothing and stores nothing. Ours is bench-issue's, without a socket.

    bench-cfssl [--json]      one JSON object a line: name, value, unit, beside, ratio
"""
import concurrent.futures
import glob
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ISSUE, FETCH, FOLDER = "@issue@", "@fetch@", "@folder@"
KEYS = {"rsa2048": ["-newkey", "rsa:2048"], "p256": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]}
CERTIFICATES, CLIENTS = 400, 16
POLICY = {"signing": {"default": {"expiry": "4776h", "usages": ["digital signature", "key encipherment", "server auth"],
                                  "crl_url": "http://ecert.example.net/crl/ssl-ca.crl"}}}


class Cfssl:
    """One cfssl with a CA of one kind of key."""

    def __init__(self, program, folder, kind):
        path = os.path.join(folder, kind)
        with open(path + ".json", "w", encoding="ascii") as config:
            json.dump(POLICY, config)
        subprocess.run(["openssl", "req", "-x509", "-nodes", "-days", "300", "-subj", "/CN=Bench CA", *KEYS[kind],
                        "-keyout", path + ".key", "-out", path + ".crt"], check=True, stderr=subprocess.DEVNULL)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = subprocess.Popen(
            [program, "serve", "-address", "127.0.0.1", "-port", str(self.port), "-ca", path + ".crt", "-ca-key",
             path + ".key", "-config", path + ".json", "-loglevel", "5"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.wait()

    def wait(self):
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.1)
        raise SystemExit("bench-cfssl: cfssl does not answer")

    def cpu(self):
        total = 0
        for path in glob.glob(f"/proc/{self.process.pid}/task/*/schedstat"):
            with open(path, encoding="ascii") as stat:
                total += int(stat.read().split()[0])
        return total / 1e9

    def client(self, body, count):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        for _ in range(count):
            connection.request("POST", "/api/v1/cfssl/sign", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            if not json.loads(answer.read())["success"]:
                raise SystemExit("bench-cfssl: cfssl refused to sign")
        connection.close()

    def rate(self, body):
        """Certificates per second of its processor time."""
        before = self.cpu()
        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
            for done in [pool.submit(self.client, body, CERTIFICATES // CLIENTS) for _ in range(CLIENTS)]:
                done.result()
        return CERTIFICATES / (self.cpu() - before)

    def close(self):
        self.process.kill()
        self.process.wait()


def request_make(folder):
    subprocess.run(["openssl", "req", "-new", "-nodes", "-newkey", "rsa:2048", "-subj", "/C=HK/CN=www.shop.example.com",
                    "-keyout", folder + "/request.key", "-out", folder + "/request.csr"], check=True,
                   stderr=subprocess.DEVNULL)
    with open(folder + "/request.csr", encoding="ascii") as request:
        return json.dumps({"certificate_request": request.read(), "hosts": ["www.shop.example.com"]})


def ours():
    printed = subprocess.run([ISSUE, "--json"], stdout=subprocess.PIPE, check=True).stdout
    figures = {figure["name"]: figure["value"] for figure in map(json.loads, printed.splitlines())}
    return {kind: figures[f"issue.{kind}.bare"] for kind in KEYS}


def show(kind, value, beside):
    if "--json" in sys.argv[1:]:
        print(json.dumps({"name": f"issue.{kind}.cfssl", "value": round(value, 1), "unit": "certificates/s/core",
                          "beside": round(beside, 1), "ratio": round(value / beside, 3)}))
    else:
        print(f"{f'issue.{kind}.cfssl':28} {value:10.1f} {'certificates/s/core':22} {100 * value / beside:6.1f} % of "
              f"cfssl's sign endpoint ({beside:.1f})")


def main():
    fetched = subprocess.run([FETCH, FOLDER], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if fetched.returncode != 0:
        print("bench-cfssl: without cfssl: " + fetched.stderr.decode().strip(), file=sys.stderr)
        return
    with tempfile.TemporaryDirectory() as folder:
        body = request_make(folder)
        servers = {kind: Cfssl(fetched.stdout.decode().strip(), folder, kind) for kind in KEYS}
        try:
            before = {kind: server.rate(body) for kind, server in servers.items()}
            core = ours()
            after = {kind: server.rate(body) for kind, server in servers.items()}
        finally:
            for server in servers.values():
                server.close()
    for kind in KEYS:
        show(kind, core[kind], statistics.mean([before[kind], after[kind]]))


if __name__ == "__main__":
    main()
