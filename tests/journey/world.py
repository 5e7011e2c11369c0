"""A whole trial service for one test: its own folder, its own block of loopback addresses.

    with World() as world:          # DNS, mail, web server, hierarchy, perspectives, ecertd
        world.script("apply")       # the office's part; see script/trial/
        world.script("enrol")

It is started by the same scripts as script/run, so that what is tested is what a person runs. Several
worlds can be up at once. A test that needs less asks for less: World(parts=["dns"]).
"""
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("ECERT_BUILD", os.path.join(ROOT, "build")))
ROLES = ("signer", "validator", "courier", "registrar", "portal")
BLOCKS = range(16, 250)


class World:
    def __init__(self, parts=("dns", "mail", "web", "ca"), application=None):
        # A short path: a Unix socket's name has 107 bytes.
        self.directory = tempfile.mkdtemp(prefix="ecert-", dir="/tmp")
        os.chmod(self.directory, 0o755)
        self.block, self.claim = claim_block()
        self.net = f"127.{self.block}"
        self.portal = f"http://{self.net}.0.1:8080"
        self.server_name = "www.shop.example.com"
        self.parts = parts
        self.application = application
        self.environment = dict(
            os.environ, TRIAL_DIR=self.directory, TRIAL_BLOCK=str(self.block), TRIAL_BUILD=BUILD,
            ECERT_STORE=self.path("subscriber/store"))
        self.environment["PATH"] = os.pathsep.join(
            [f"{BUILD}/cli/ecertadm", f"{BUILD}/cli/ecert", os.environ["PATH"], "/usr/sbin"])

    def __enter__(self):
        try:
            for part in self.parts:
                self.script(part)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.script("stop", check=False)
        if os.environ.get("ECERT_KEEP_WORLD"):
            print("kept:", self.directory)
        else:
            shutil.rmtree(self.directory, ignore_errors=True)
        self.claim.close()

    def path(self, name):
        return os.path.join(self.directory, name)

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read().strip()

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def script(self, name, *arguments, check=True):
        """Runs script/trial/NAME in this world; its output is part of the failure if it fails."""
        return self.run(os.path.join(ROOT, "script/trial", name), *arguments, check=check)

    def run(self, *command, check=True, stdin=None, timeout=120):
        """Runs a command in this world; ecert and ecertadm are found by name."""
        done = subprocess.run(
            [str(word) for word in command], env=self.environment, cwd=ROOT, input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=timeout, check=False)
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(done.args)}: exit status {done.returncode}\n"
                                 f"{done.stdout}\n{done.stderr}\n{self.logs()}")
        return done

    def adm(self, *arguments, check=True):
        """One ecertadm command; its JSON answer, if it has one."""
        done = self.run("ecertadm", "--control", self.path("sockets/control.sock"), "--json",
                        *arguments, check=check)
        return json_or_none(done.stdout) if check else done

    def logs(self):
        """The last lines of each process's log, for a failure's message."""
        text = ""
        for name in ("ecertd", "perspective-1"):
            if os.path.exists(self.path(f"log/{name}.log")):
                with open(self.path(f"log/{name}.log"), encoding="utf-8", errors="replace") as file:
                    text += f"--- {name}\n" + "".join(file.readlines()[-25:])
        return text

    def server_pid(self, name):
        return int(self.read(f"pids/{name}").split()[0])

    def process_pid(self, role):
        """The process of this role below ecertd, or None while it is being restarted."""
        supervisor = self.server_pid("ecertd")
        try:
            with open(f"/proc/{supervisor}/task/{supervisor}/children", encoding="ascii") as file:
                children = file.read().split()
        except OSError:
            children = []
        for pid in children:
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    program = file.read().split(b"\0")[0].decode()
            except OSError:
                continue
            if program.endswith(f"ecertd-{role}"):
                return int(pid)
        return None

    def kill(self, role):
        """kill -9, and back only when another process has taken its place."""
        before = wait_until(lambda: self.process_pid(role), 20, f"a {role}")
        os.kill(before, signal.SIGKILL)
        wait_until(lambda: self.process_pid(role) not in (None, before), 20, f"a new {role}")
        return before


def wait_until(question, seconds, what):
    """Asks until the answer is true, and gives it back."""
    deadline = time.monotonic() + seconds
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"gave up waiting for {what}")
        time.sleep(0.05)


def json_or_none(text):
    try:
        return json.loads(text)
    except ValueError:
        return None


def claim_block():
    """A block of addresses that no other world has, by a lock that dies with us."""
    for block in BLOCKS:
        try:
            claim = open(os.path.join(tempfile.gettempdir(), f"ecert-block-{block}-{os.geteuid()}"),
                         "w", encoding="ascii")
        except OSError:
            continue
        try:
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if block_is_free(block):
                return block, claim
        except OSError:
            pass
        claim.close()
    raise RuntimeError("all address blocks are taken")


def block_is_free(block):
    """Nobody listens where our DNS server or our portal will: another user's world may, or half a one."""
    with socket.socket() as probe:
        if probe.connect_ex((f"127.{block}.0.1", 8080)) == 0:
            return False
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((f"127.{block}.0.53", 5353))
            return True
        except OSError:
            return False
