#!/usr/bin/env python3
"""Certificates linted per second of processor time, beside zlint on the same files in the same run: `ecertadm lint`
as a person calls it (process, files, findings in JSON and all), and our lints alone. The goal is 20 times zlint.

    bench-lint [--json]      one JSON object a line: name, value, unit, beside, ratio
"""
import glob
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile

ECERTADM, SAMPLES, LOOP = "@ecertadm@", "@samples@", "@loop@"
FETCH, FOLDER = "@fetch@", "@folder@"
ROUNDS, FILES = 5, 400


def cpu_of(command):
    """Seconds of processor time that the command and its threads took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def files_make(folder):
    """Every edition's certificate and the CAs', of both kinds of issuers, many times over."""
    found = []
    for key in ("p256", "rsa2048"):
        os.mkdir(os.path.join(folder, key))
        subprocess.run([SAMPLES, os.path.join(folder, key), key], check=True)
        found += sorted(glob.glob(os.path.join(folder, key, "*.crt")))
    copies = []
    for number in range(FILES):
        copies.append(os.path.join(folder, f"{number}.der"))
        shutil.copy(found[number % len(found)], copies[-1])
    return found, copies


def show(name, value, beside, beside_name):
    ratio = value / beside if beside else 0
    if "--json" in sys.argv[1:]:
        print(json.dumps({"name": name, "value": round(value, 1), "unit": "certificates/s/core",
                          "beside": round(beside, 1), "ratio": round(ratio, 3)}))
    else:
        print(f"{name:28} {value:10.1f} {'certificates/s/core':22} {ratio:8.1f} × {beside_name} ({beside:.1f})")


def main():
    fetched = subprocess.run([FETCH, FOLDER], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    zlint = fetched.stdout.decode().strip() if fetched.returncode == 0 else None
    with tempfile.TemporaryDirectory() as folder:
        found, copies = files_make(folder)
        ours, theirs = [], []
        for _ in range(ROUNDS):
            if zlint:
                theirs.append(len(copies) / cpu_of([zlint, "-format", "der", *copies]))
            ours.append(len(copies) / cpu_of([ECERTADM, "lint", "--json", *copies]))
        alone, _ = subprocess.run([LOOP, *found], stdout=subprocess.PIPE, check=True).stdout.split()
    beside = statistics.median(theirs) if theirs else 0
    show("lint.command", statistics.median(ours), beside, "zlint")
    show("lint.alone", float(alone), beside, "zlint")
    if not zlint:
        print("bench-lint: without zlint: " + fetched.stderr.decode().strip(), file=sys.stderr)


if __name__ == "__main__":
    main()
