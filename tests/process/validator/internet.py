"""An Internet of its own, in network namespaces: six places with their own address, routes and view of
it, the world that answers at every address there is, and an attacker who does the same wherever a
place's route leads to him.

    outer      the test itself; reaches each place by a wire of its own (10.99.N.0/30), for HTTPS
    p0 … p5    the primary and five remotes; 44.0.N.2 and 2a00:44:N::2, by default towards the world
    world      every address: the root's and all zones' name servers, web servers
    attacker   every address as well, for the prefixes whose route was turned

Needs `unshare -rmn` (as root, or where ordinary users may have user namespaces), ip and nft. Where it
can't be had the test says why and counts as skipped.
"""
import contextlib
import ctypes
import json
import os
import shutil
import socket
import subprocess
import sys

INSIDE = "ECERT_TEST_INTERNET"
PLACES = [f"p{number}" for number in range(6)]
CLONE_NEWNET = 0x40000000
PROBE = """mount -t tmpfs none /run && ip netns add probe && ip link add one type veth peer name two &&
ip link set one netns probe && ip netns exec probe nft add table inet probe && ip netns del probe"""


def enter(users=False):
    """Starts this program once more within namespaces of its own, or skips it. `users`: what it starts has
    users of its own, which only root can give it."""
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    if INSIDE in os.environ:
        subprocess.run("mount -t tmpfs none /run && ip link set lo up", shell=True, check=True)
        return
    for name in ("unshare", "ip", "nft"):
        if not shutil.which(name):
            skip(f"{name} is not installed")
    if users and os.geteuid() != 0:
        skip("programs with users of their own need root")
    unshare = ["unshare", "-mn" if users else "-rmn"]
    tried = subprocess.run([*unshare, "sh", "-c", PROBE], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        skip("no network namespaces here: " + tried.stderr.strip().replace("\n", "; "))
    os.environ[INSIDE] = "1"
    os.execvp("unshare", [*unshare, sys.executable, "-B", *sys.argv])


def skip(why):
    print("skip: " + why, flush=True)
    sys.exit(77)


def ip(namespace, *lines, version=4):
    """`ip` within a namespace; None: the test's own."""
    where = ["-n", namespace] if namespace else []
    subprocess.run(["ip", f"-{version}", *where, "-batch", "-"], input="\n".join(lines) + "\n", text=True,
                   check=True)


def nft(namespace, *arguments, text=None):
    with within(namespace):
        return subprocess.run(["nft", *arguments], input=text, text=True, check=True,
                              capture_output=True).stdout


@contextlib.contextmanager
def within(namespace):
    """This thread is in the namespace meanwhile: sockets stay there, and so do started programs."""
    if namespace is None:
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/thread-self/ns/net", "rb") as before, open(f"/run/netns/{namespace}", "rb") as there:
        if libc.setns(there.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")
        try:
            yield
        finally:
            libc.setns(before.fileno(), CLONE_NEWNET)


class Place:
    """What the classes of validator_process.py ask of a world: no stubs, the true root's anchors."""
    stubs = []

    def __init__(self, address, anchors):
        self.address, self.anchors = address, anchors


class Internet:
    def __init__(self):
        ip(None, *[f"netns add {name}" for name in PLACES + ["world", "attacker"]])
        for name in ("world", "attacker"):
            ip(name, "link set lo up")
            for version in (4, 6):
                ip(name, "route add local default dev lo table local", version=version)
        for number, place in enumerate(PLACES):
            self.place_connect(number, place)

    @staticmethod
    def place_connect(number, place):
        ip(None, f"link add c{number} type veth peer name control netns {place}",
           f"addr add 10.99.{number}.1/30 dev c{number}", f"link set c{number} up")
        ip(place, "link set lo up", f"addr add 10.99.{number}.2/30 dev control", "link set control up")
        for far, near, net in (("world", "net", 44), ("attacker", "turned", 45)):
            ip(None, f"link add {near} netns {place} type veth peer name to-{place} netns {far}")
            for end, side, link in ((1, far, f"to-{place}"), (2, place, near)):
                ip(side, f"addr add {net}.0.{number}.{end}/30 dev {link}", f"link set {link} up")
                ip(side, f"addr add 2a00:{net}:{number}::{end}/64 dev {link} nodad", version=6)
        ip(place, f"route add default via 44.0.{number}.1")
        ip(place, f"route add default via 2a00:44:{number}::1", version=6)
        # In the table of what is local, or everything would be.
        for side in ("world", "attacker"):
            ip(side, f"route add 44.0.{number}.2/32 dev to-{place} table local")
            ip(side, f"route add 2a00:44:{number}::2/128 dev to-{place} table local", version=6)

    @staticmethod
    def address(place):
        return f"44.0.{PLACES.index(place)}.2"

    @staticmethod
    def control_address(place):
        return f"10.99.{PLACES.index(place)}.2"

    @contextlib.contextmanager
    def hijacked(self, prefix, places):
        """Meanwhile these places' way to the prefix leads to the attacker."""
        for place in places:
            number = PLACES.index(place)
            ip(place, f"route add {prefix} via 45.0.{number}.1 src 44.0.{number}.2")
        try:
            yield
        finally:
            for place in places:
                ip(place, f"route del {prefix}")


class Judge:
    """Counts, in the kernel, what leaves a place towards each of some blocks: TCP and UDP, so that
    neighbour discovery is no offence. What an `exempt` rule of nft matches is not counted."""

    def __init__(self, place, blocks, exempt=()):
        self.place = place
        exempted = "".join(f"add rule inet judge out {rule} accept\n" for rule in exempt)
        rules = "".join(
            f'add rule inet judge out {"ip6" if ":" in block else "ip"} daddr {block} '
            f'meta l4proto {{ tcp, udp }} counter comment "{block}"\n' for block in blocks)
        nft(place, "-f", "-", text="add table inet judge\nadd chain inet judge out "
            "{ type filter hook output priority 0; }\n" + exempted + rules)

    def counted(self):
        """How many packets went to which block; those without any are left out."""
        return {block: count for block, count in self.packets(self.place, "judge", "out").items() if count}

    @staticmethod
    def packets(namespace, table, chain):
        """The rules' counters by their comments."""
        listed = json.loads(nft(namespace, "-j", "list", "chain", "inet", table, chain))
        rules = [entry["rule"] for entry in listed["nftables"] if "rule" in entry]
        return {rule["comment"]: part["counter"]["packets"]
                for rule in rules for part in rule["expr"] if "counter" in part}


def listener(namespace, family, kind, address, port):
    """A bound socket in the namespace."""
    with within(namespace):
        one = socket.socket(family, kind)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.bind((address, port))
        return one
