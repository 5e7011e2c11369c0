#!/usr/bin/env python3
"""What a service costs before anybody asks for anything: how long the portal alone and the whole of
ecertd take from exec until /health answers (the goal is 100 ms on a machine that does nothing else;
the processor time in it is the same on any), and what memory each process holds then (Pss: what it
has for itself, and its part of what is shared).

    bench-service [--json]      one JSON object a line: name, value, unit, beside, ratio
"""
import glob
import http.client
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import time

sys.dont_write_bytecode = True
os.environ["ECERT_BUILD"] = "@build@"

GOAL_MS, STARTS = 100, 9


def module(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def healthy(host, port):
    try:
        connection = http.client.HTTPConnection(host, port, timeout=5)
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except OSError:
        return False


def start_ms(command, environment, host, port):
    """One start: milliseconds until /health answers, and the process."""
    began = time.monotonic()
    process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    while not healthy(host, port):
        if process.poll() is not None or time.monotonic() > began + 30:
            raise SystemExit("%s did not come up" % command[0])
        time.sleep(0.001)
    return (time.monotonic() - began) * 1000, process


def cpu_ms(pids):
    total = 0
    for pid in pids:
        for path in glob.glob("/proc/%d/task/*/schedstat" % pid):
            with open(path, encoding="ascii") as file:
                total += int(file.read().split()[0])
    return total / 1e6


def stop(process):
    process.terminate()
    process.wait(30)


def starts(command, environment, host, port):
    """The medians of several, waited and computed; the last process stays up."""
    taken, computed = [], []
    for i in range(STARTS):
        ms, process = start_ms(command, environment, host, port)
        computed.append(cpu_ms([process.pid] + children(process.pid)))
        taken.append(ms)
        if i + 1 < STARTS:
            stop(process)
    return statistics.median(taken), statistics.median(computed), process


def children(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid), encoding="ascii") as file:
        return [int(child) for child in file.read().split()]


def pss_kib(pid):
    with open("/proc/%d/smaps_rollup" % pid, encoding="ascii") as file:
        return int(next(line for line in file if line.startswith("Pss:")).split()[1])


def name_of(pid):
    with open("/proc/%d/cmdline" % pid, "rb") as file:
        return os.path.basename(file.read().split(b"\0")[0].decode())


def show(name, value, unit, beside):
    if "--json" in sys.argv:
        print(json.dumps({"name": "service." + name, "value": round(value, 2), "unit": unit,
                          "beside": beside, "ratio": round(value / beside, 2) if beside else None}), flush=True)
    else:
        print("service %-26s %7.1f %s%s" % (name, value, unit, "   goal %d" % beside if beside else ""), flush=True)


def portal():
    world = module("portal_world", "@tests@/world.py")
    world.PORTAL, world.SEED, world.DATA = "@portal@", "@seed@", "@data@"
    service = world.World()
    stop(service.process)
    ms, cpu, service.process = starts([world.PORTAL, "--config", service.dir + "/ecert.conf"],
                                 {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}, world.HOST, service.port)
    show("start-portal", ms, "ms until /health", GOAL_MS)
    show("start-portal-cpu", cpu, "ms of CPU in it", 0)
    service.close()


def whole():
    journey = module("journey_world", "@journey@/world.py")
    with journey.World(parts=["dns", "mail", "ca"]) as world:
        with open("/proc/%d/cmdline" % world.server_pid("ecertd"), "rb") as file:
            command = [word.decode() for word in file.read().split(b"\0") if word]
        command[0] = os.readlink("/proc/%d/exe" % world.server_pid("ecertd"))
        os.kill(world.server_pid("ecertd"), 15)
        host = world.net + ".0.1"
        journey.wait_until(lambda: not healthy(host, 8080), 20, "ecertd's end")
        time.sleep(1)
        ms, cpu, process = starts(command, world.environment, host, 8080)
        show("start-ecertd", ms, "ms until /health", GOAL_MS)
        show("start-ecertd-cpu", cpu, "ms of CPU in it", 0)
        time.sleep(1)
        total = 0
        for pid in [process.pid] + children(process.pid):
            show("memory-" + name_of(pid), pss_kib(pid) / 1024, "MiB Pss", 0)
            total += pss_kib(pid) / 1024
        show("memory-all", total, "MiB Pss", 0)
        stop(process)


if __name__ == "__main__":
    portal()
    whole()
