"""Three servers to reach by ssh: real sshd processes on loopback addresses of their own."""
import getpass
import os
import shutil
import subprocess
import time
import unittest

from stand_in import run
from tool import ToolTest

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/bin:/sbin")
PORT = 20000 + os.getpid() % 20000
SETTINGS = """HostKey {place}/host
ListenAddress {address}:{port}
PidFile none
AuthorizedKeysFile {place}/known
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
PermitRootLogin prohibit-password
LogLevel QUIET
"""


class SshTest(ToolTest):
    """Three servers, of which the third doesn't know our key."""
    addresses = [f"127.0.79.{number}" for number in (1, 2, 3)]

    @classmethod
    def setUpClass(cls):
        if SSHD is None:
            raise unittest.SkipTest("openssh-server is not here")
        cls.place = ToolTest.scratch_of_class(cls)
        if os.geteuid() == 0:
            os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
        for name in ("client", "host", "stranger"):
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", os.path.join(cls.place, name))
        cls.config = os.path.join(cls.place, "config")
        cls.hosts, known = [], ""
        with open(cls.place + "/host.pub", encoding="ascii") as file:
            host_key = " ".join(file.read().split()[:2])
        for number, address in enumerate(cls.addresses):
            known += f"[{address}]:{PORT} {host_key}\n"
            cls.start_host(address, "client" if number < 2 else "stranger")
            cls.hosts.append(f"{getpass.getuser()}@{address}")
        config = (f"Host *\n  Port {PORT}\n  IdentityFile {cls.place}/client\n  IdentitiesOnly yes\n"
                  f"  UserKnownHostsFile {cls.place}/known_hosts\n  GlobalKnownHostsFile /dev/null\n")
        for path, text in ((cls.config, config), (cls.place + "/known_hosts", known)):
            with open(path, "w", encoding="ascii") as file:
                file.write(text)

    @classmethod
    def start_host(cls, address, client, more=""):
        """`more` stands in its configuration."""
        place = os.path.join(cls.place, address)
        os.mkdir(place)
        shutil.copy(os.path.join(cls.place, "host"), place + "/host")
        shutil.copy(os.path.join(cls.place, client + ".pub"), place + "/known")
        with open(place + "/config", "w", encoding="ascii") as file:
            file.write(SETTINGS.format(place=place, address=address, port=PORT) + more)
        server = subprocess.Popen([SSHD, "-D", "-e", "-f", place + "/config"], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        cls.addClassCleanup(server.wait)
        cls.addClassCleanup(server.terminate)
        for _ in range(100):
            done = subprocess.run(["ssh-keyscan", "-T", "1", "-p", str(PORT), address], check=False,
                                  capture_output=True)
            if done.stdout:
                return
            time.sleep(0.1)
        raise RuntimeError("sshd does not answer at " + address)
