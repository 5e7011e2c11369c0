"""Three hosts to reach by ssh, each in a network namespace of its own: its address is nowhere else, its web server
listens there, and a wire leads from it to where the test and the tool are, and to no other host.

Programs that import this call far.enter() first. Files are everybody's.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../validator"))
from internet import enter, ip, within  # noqa: E402
from sshd import SshTest  # noqa: E402

__all__ = ["FarTest", "enter", "ip", "namespace", "within"]


def namespace(address):
    """Of the host with the address 10.79.N.2."""
    return "host" + address.split(".")[2]


class FarTest(SshTest):
    """Three hosts, of which the third doesn't know our key."""
    addresses = [f"10.79.{number}.2" for number in (1, 2, 3)]

    @classmethod
    def start_host(cls, address, client, more=""):
        host, number = namespace(address), address.split(".")[2]
        ip(None, f"netns add {host}")
        cls.addClassCleanup(ip, None, f"netns del {host}")
        ip(None, f"link add wire{number} type veth peer name wire netns {host}", f"addr add 10.79.{number}.1/24 dev wire{number}",
           f"link set wire{number} up")
        ip(host, "link set lo up", f"addr add {address}/24 dev wire", "link set wire up")
        with within(host):
            super().start_host(address, client, more)

    def server(self, kind, address, given=None):
        """On the host with that address, of one of the kinds of servers.py."""
        with within(namespace(address)):
            return super().server(kind, address, given)
