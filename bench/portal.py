#!/usr/bin/env python3
"""CPU time of the portal process for a page on a kept-alive connection, each page beside the smallest
file that the same server answers out of memory: what is above that is session, store, DER and
template. The goal is 0.3 ms a page.

    bench-portal [--json]      one JSON object a line: name, value, unit, beside, ratio
"""
import glob
import http.client
import json
import sys

sys.path.insert(0, "@tests@")
sys.dont_write_bytecode = True
import world  # noqa: E402

WARM_UP, REQUESTS = 200, 1000
PAGES = [("login", "plain", "/"), ("confirm", "open", "/confirm"), ("dcv", "told", "/dcv"),
         ("dcv-report", "failed", "/dcv"), ("dcv-alike", "absent", "/dcv"), ("dcv-fifty", "fifty-absent", "/dcv"),
         ("csr", "validated", "/csr"),
         ("certificate", "issued", "/certificate"),
         ("download", "accepted", "/download"), ("steps", "accepted", "/download/steps/exchange"),
         ("next", "accepted", "/next"), ("revoke", "accepted", "/revoke/certificate"),
         ("repository", None, "/repository?by=name&q=done.shop.example.com"), ("authorities", None, "/root/"),
         ("api-enrolment", "issued", "/api/v1/enrolment"),
         ("crl", None, "/crl/eCertSCA3-17CRL1.crl")]


def cpu_ms(pid):
    total = 0
    for path in glob.glob("/proc/%d/task/*/schedstat" % pid):
        with open(path) as stat:
            total += int(stat.read().split()[0])
    return total / 1e6


def cost(service, path, headers):
    """Milliseconds of the portal's CPU for one request."""
    connection = http.client.HTTPConnection(world.HOST, service.port, timeout=30)
    before = 0
    for i in range(WARM_UP + REQUESTS):
        if i == WARM_UP:
            before = cpu_ms(service.process.pid)
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise SystemExit("%s answered %d" % (path, answer.status))
    connection.close()
    return (cpu_ms(service.process.pid) - before) / REQUESTS


def headers_for(service, key, path):
    if key is None or path == "/":
        return {}
    if path.startswith("/api/"):
        return {"Authorization": "Bearer " + service.api(key).token}
    return service.browser(key, "zh-HK").headers()


def main():
    world.PORTAL, world.SEED, world.DATA = "@portal@", "@seed@", "@data@"
    service = world.World()
    try:
        beside = cost(service, "/static/icon.svg", {})
        for name, key, path in PAGES:
            value = cost(service, path, headers_for(service, key, path))
            if "--json" in sys.argv:
                print(json.dumps({"name": "portal." + name, "value": round(value, 4), "unit": "CPU ms a page",
                                  "beside": round(beside, 4), "ratio": round(value / beside, 2)}), flush=True)
            else:
                print("portal %-14s %7.3f ms CPU a page   beside %6.3f (a file from memory)   x %.1f"
                      % (name, value, beside, value / beside), flush=True)
    finally:
        service.close()


if __name__ == "__main__":
    main()
