#!/usr/bin/env python3
"""What a person waits for: ecert beside openssl's and GnuTLS's commands, in turns, in one run. Milliseconds on the wall, the
median of the rounds and of their ratios. The goal is never to be slower: a ratio below 1 is quicker.

    bench-tool [--json]      one JSON object a line: name, value, unit, beside, ratio

What is compared is what is done: key and request are new files for all. ecert keeps key and request durably (fsync), in a store that is there: a request stands
beside the other's command alone, and beside that command and `sync` of its files. It reads a PFX back, with the key, before it says so:
`PFX written` stands beside writing and reading back, at the same iteration counts. `certtool --p12-info` leaves the key
encrypted; a second command opens it. `key alone` is the libraries' own difference: OpenSSL tests each prime 64 times, nettle,
which makes ecert's RSA keys too, builds primes that need no test.
"""
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

ECERT = "@ecert@"
NAME = "www.bench.example.com"
HOSTS, PORT, AT_ONCE = 100, 18443, 64
PASSWORD = "a password of this bench"


def seconds(*commands, directory):
    """The time of commands one after the other. A failure ends the bench: what fails at once would look quick."""
    begin = time.monotonic()
    for command in commands:
        done = subprocess.run(command, cwd=directory, stdin=subprocess.DEVNULL, capture_output=True, check=False,
                              env={"PATH": os.environ["PATH"], "HOME": directory, "LANG": "C.UTF-8"})
        if done.returncode != 0:
            sys.exit(f"{command}: {done.stdout.decode()}{done.stderr.decode()}")
    return time.monotonic() - begin


def measure(name, rounds, ours, others, directory):
    """`ours`, and each of `others` by its name, are functions of the round's number that give commands."""
    times = {program: [] for program in (name, *others)}
    for number in range(rounds):
        for program, commands in ((name, ours), *others.items()):
            times[program].append(seconds(*commands(number), directory=directory))
    for program in others:
        ratio = statistics.median(a / b for a, b in zip(times[name], times[program]))
        value, beside = (1000 * statistics.median(times[one]) for one in (name, program))
        if "--json" in sys.argv[1:]:
            print(json.dumps({"name": f"{name} / {program}", "value": round(value, 2), "unit": "ms",
                              "beside": round(beside, 2), "ratio": round(ratio, 3)}), flush=True)
        else:
            print(f"{name:28} {value:9.1f} ms   {beside:9.1f} ms {program:14} ratio {ratio:5.2f}", flush=True)


def requests(directory):
    with open(os.path.join(directory, "template"), "w", encoding="ascii") as file:
        file.write(f'cn = "{NAME}"\ndns_name = "{NAME}"\ntls_www_server\n')
    synced = lambda commands, *files: lambda n: [*commands(f"{n}s"), ["sync", *(file.format(f"{n}s") for file in files), "."]]
    for kind, rounds, openssl, gnutls in (("p256", 40, ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"], ["--key-type", "ecdsa", "--curve", "secp256r1"]),
                                          ("rsa2048", 60, ["-newkey", "rsa:2048"], ["--key-type", "rsa", "--bits", "2048"])):
        by_openssl = lambda n, kind=kind, openssl=openssl: [["openssl", "req", "-new", *openssl, "-nodes", "-subj", "/CN=" + NAME, "-addext",
                                                  "subjectAltName=DNS:" + NAME, "-keyout", f"o-{kind}-{n}.key", "-out", f"o-{kind}-{n}.csr"]]
        by_gnutls = lambda n, kind=kind, gnutls=gnutls: [["certtool", "--generate-privkey", *gnutls, "--outfile", f"g-{kind}-{n}.key"],
                                              ["certtool", "--generate-request", "--load-privkey", f"g-{kind}-{n}.key", "--template", "template", "--outfile", f"g-{kind}-{n}.csr"]]
        for number in range(rounds):
            seconds([ECERT, "--store", f"s-{kind}-{number}", "cert", "list"], directory=directory)
        measure(f"request, {kind}", rounds,
                lambda n, kind=kind: [[ECERT, "--store", f"s-{kind}-{n}", "request", "new", "--name", NAME, "--key", kind, "--out", f"e-{kind}-{n}.csr"]],
                {"openssl": by_openssl, "openssl, sync": synced(by_openssl, f"o-{kind}-{{}}.key", f"o-{kind}-{{}}.csr"),
                 "certtool": by_gnutls, "certtool, sync": synced(by_gnutls, f"g-{kind}-{{}}.key", f"g-{kind}-{{}}.csr")}, directory)
    measure("openssl's key alone, rsa2048", 60, lambda n: [["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", "o.key"]],
            {"certtool": lambda n: [["certtool", "--generate-privkey", "--key-type", "rsa", "--bits", "2048", "--outfile", "g.key"]]}, directory)


def pair_make(directory):
    run = lambda *command: subprocess.run(command, cwd=directory, check=True, capture_output=True)
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key", "-out", "ca.pem",
        "-subj", "/CN=Bench CA", "-days", "30", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    run("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "www.key", "-out", "www.csr", "-subj", "/CN=" + NAME)
    with open(os.path.join(directory, "ext"), "w", encoding="ascii") as file:
        file.write(f"subjectAltName=DNS:{NAME}\nbasicConstraints=critical,CA:false\nkeyUsage=critical,digitalSignature\n"
                   "extendedKeyUsage=serverAuth\nauthorityKeyIdentifier=keyid\n")
    run("openssl", "x509", "-req", "-in", "www.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "20", "-extfile", "ext", "-out", "www.pem")
    with open(os.open(os.path.join(directory, "password"), os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as file:
        file.write(PASSWORD)
    done = run(ECERT, "--store", "store", "--json", "cert", "import", "www.pem", "--key", "www.key")
    return json.loads(done.stdout)["id"]


def iterations(directory, path):
    """Of the MAC; those of the ciphers are the same."""
    said = subprocess.run(["openssl", "pkcs12", "-in", path, "-info", "-noout", "-passin", "file:password"], cwd=directory,
                          check=True, capture_output=True, text=True).stderr
    return said.split("Iteration ", 1)[1].split()[0].rstrip(",")


def pfx(directory, made):
    seconds([ECERT, "--store", "store", "cert", "export", made, "--pfx", "--password-file", "password", "--out", "first.pfx"], directory=directory)
    count = iterations(directory, "first.pfx")
    measure(f"PFX written, {count} rounds", 30,
            lambda n: [[ECERT, "--store", "store", "cert", "export", made, "--pfx", "--password-file", "password", "--out", f"e-{n}.pfx"]],
            {"openssl": lambda n: [["openssl", "pkcs12", "-export", "-inkey", "www.key", "-in", "www.pem", "-iter", count, "-passout", "file:password", "-out", f"o-{n}.pfx"],
                                   ["openssl", "pkcs12", "-in", f"o-{n}.pfx", "-nodes", "-passin", "file:password", "-out", f"w-{n}.pem"]]},
            directory)
    measure(f"PFX read, {count} rounds", 30,
            lambda n: [[ECERT, "--store", f"r-{n}", "cert", "import", "first.pfx", "--password-file", "password"]],
            {"openssl": lambda n: [["openssl", "pkcs12", "-in", "first.pfx", "-nodes", "-passin", "file:password", "-out", f"r-{n}.pem"]],
             "certtool": lambda n: [["certtool", "--p12-info", "--inder", "--infile", "first.pfx", "--password", PASSWORD, "--outfile", f"c-{n}.pem"],
                                    ["certtool", "--key-info", "--pkcs8", "--infile", f"c-{n}.pem", "--password", PASSWORD, "--outfile", f"k-{n}.pem"]]},
            directory)


def hosts(directory):
    addresses = [f"127.9.0.{n + 1}" for n in range(HOSTS)]
    with open(os.path.join(directory, "nginx.conf"), "w", encoding="ascii") as file:
        file.write(f"daemon off;\nmaster_process off;\npid {directory}/nginx.pid;\nerror_log {directory}/error.log;\nevents {{ worker_connections 2048; }}\n"
                   f"http {{ access_log off; client_body_temp_path {directory}/b; proxy_temp_path {directory}/p; fastcgi_temp_path {directory}/f;\n"
                   f"uwsgi_temp_path {directory}/u; scgi_temp_path {directory}/s; server {{\n"
                   + "".join(f"listen {address}:{PORT} ssl;\n" for address in addresses)
                   + f"ssl_certificate {directory}/www.pem; ssl_certificate_key {directory}/www.key; return 200; }} }}\n")
    with open(os.path.join(directory, "hosts"), "w", encoding="ascii") as file:
        file.writelines(f"{NAME}:{PORT}@{address}\n" for address in addresses)
    with open(os.path.join(directory, "places"), "w", encoding="ascii") as file:
        file.writelines(f"{address}:{PORT}\n" for address in addresses)
    server = subprocess.Popen(["nginx", "-c", os.path.join(directory, "nginx.conf"), "-e", "stderr"], stderr=subprocess.DEVNULL)
    try:
        probe = ["openssl", "s_client", "-connect", f"{addresses[-1]}:{PORT}"]
        while subprocess.run(probe, stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode != 0:
            if server.poll() is not None:
                sys.exit("nginx did not start")
            time.sleep(0.05)
        measure(f"check of {HOSTS} servers", 15,
                lambda n: [[ECERT, "--store", "store", "check", "--hosts", "hosts", "--root", "ca.pem", "--no-lists", "--days", "5"]],
                {"s_client": lambda n: [["xargs", "-a", "places", "-P", str(AT_ONCE), "-I", "{}", "openssl", "s_client", "-connect", "{}", "-servername", NAME,
                                         "-verify_hostname", NAME, "-verify_return_error", "-CAfile", "ca.pem", "-brief"]],
                 "gnutls-cli": lambda n: [["xargs", "-a", "hosts", "-P", str(AT_ONCE), "-I", "{}", "sh", "-c",
                                           f"a={{}}; exec gnutls-cli --x509cafile ca.pem --sni-hostname {NAME} --verify-hostname {NAME} -p {PORT} \"${{a#*@}}\" </dev/null"]]},
                directory)
    finally:
        server.terminate()
        server.wait()


def main():
    with tempfile.TemporaryDirectory(prefix="bench_tool_") as directory:
        measure("start-up", 100, lambda n: [[ECERT, "--version"]],
                {"openssl": lambda n: [["openssl", "version"]], "certtool": lambda n: [["certtool", "--version"]]}, directory)
        requests(directory)
        made = pair_make(directory)
        pfx(directory, made)
        hosts(directory)


if __name__ == "__main__":
    main()
