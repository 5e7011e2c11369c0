#!/usr/bin/env python3
"""The rows K1 to K12 of doc/threats.md that are about the tool as a whole: where a key's bytes go, what
/proc tells, runs side by side, memory, a walk that is killed at each of its calls, a portal that is another's.

    test_key_safe.py ECERT
"""
import glob
import http.server
import os
import re
import shutil
import signal
import socketserver
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest

from stand_in import Authority, Portal, run
from tool import NAME, PROGRAM, ToolTest, public_key

SOCKET = "sendto(3<" + "".join(f"\\x{byte:02x}" for byte in b"socket:")
STRACE = shutil.which("strace")
ROOT = os.geteuid() == 0
PIN = "1234567812345678"
PASSPHRASE = "correct horse battery"
ADDRESS = "127.0.0.83"
PORT = 20000 + os.getpid() % 20000


def scalar_of(pem_path, secret):
    """The private number of an EC key."""
    text = run("openssl", "pkey", "-in", pem_path, "-passin", "file:" + secret, "-noout", "-text").decode()
    digits = re.search(r"priv:\n((?:\s+[0-9a-f:]+\n)+)", text).group(1)
    return bytes.fromhex(re.sub(r"[\s:]", "", digits)).rjust(32, b"\0")[-32:]


class KeyCase(ToolTest):
    def setUp(self):
        super().setUp()
        self.authority = Authority(self.path("ca"))
        self.secret = self.write("secret", PASSPHRASE)
        self.guard = ["--key-passphrase-file", self.secret]

    def request(self, name=NAME, *more):
        out = self.path(f"r{len(os.listdir(self.scratch))}.csr")
        made = self.json("request", "new", "--name", name, "--key", "p256", "--out", out, *more)
        with open(out, "rb") as file:
            leaf = self.authority.leaf(file.read(), name) + self.authority.issuer
        return made, self.write(os.path.basename(out) + ".pem", leaf)

    def key_file(self, item):
        path, = glob.glob(os.path.join(self.store, "*", item["id"], "key.pem"))
        return path


class K2(KeyCase):
    """Every byte that is written anywhere is looked at, whether or not its file still has a name."""
    @unittest.skipIf(STRACE is None or not ROOT, "strace and root are wanted")
    def test_k2_a_keys_bytes_are_written_to_its_own_file_and_nowhere_else(self):
        made, leaf = self.request()
        path = self.key_file(made)
        with open(path, encoding="ascii") as file:
            line = file.read().splitlines()[2][:40]
        canaries = [line.encode(), scalar_of(path, self.secret)]
        commands = [["cert", "complete", leaf],
                    ["key", "backup", made["id"], "--out", self.path("b.pfx"), "--password-file", self.secret],
                    ["cert", "export", NAME, "--pem", "--out", self.path("b.pem")],
                    ["cert", "list"], ["chain", "check"],
                    ["--store", self.path("other"), "key", "restore", self.path("b.pfx"), "--password-file", self.secret],
                    ["--store", self.path("locked"), "key", "restore", self.path("b.pfx"), "--password-file",
                     self.secret, "--encrypt-key", *self.guard]]
        written = 0
        for command in commands:
            command = [made["id"] if word == "ID" else word for word in command]
            if command[:2] == ["key", "backup"] or command[:2] == ["cert", "export"]:
                command[2] = self.certificates()[0]["id"]
            written += self.watch(command, canaries)
        self.assertEqual(written, 1)  # the restored key, where it isn't encrypted
        for folder, _, names in os.walk(self.scratch):
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    content = file.read()
                expected = name == "key.pem" and "locked" not in folder
                self.assertEqual(any(canary in content for canary in canaries), expected, (folder, name))

    def watch(self, command, canaries):
        log = self.path("strace.log")
        done = subprocess.run([STRACE, "-f", "-y", "-xx", "-s", "200000", "-o", log, "-e",
                               "trace=write,writev,pwrite64,pwritev,sendto,sendmsg,open,openat,memfd_create", PROGRAM,
                               *command], env=self.environment(), capture_output=True, text=True, timeout=120,
                              stdin=subprocess.DEVNULL, check=False)
        self.assertEqual(done.returncode in (0, 1), True, done.stdout + done.stderr)
        hexed = ["".join(f"\\x{byte:02x}" for byte in canary) for canary in canaries]
        written = 0
        with open(log, encoding="ascii", errors="replace") as file:
            for call in file:
                self.assertNotIn("O_TMPFILE", call)
                self.assertNotIn("memfd_create(", call)
                # To and from the child that reads a PFX, a socket that no name leads to.
                if any(canary in call for canary in hexed) and SOCKET not in call:
                    place = re.search(r"write\(\d+<((?:\\x[0-9a-f]{2})+)>", call)
                    self.assertIsNotNone(place, call[:200])
                    place = bytes.fromhex(place.group(1).replace("\\x", "")).decode()
                    self.assertRegex(place, r"^" + re.escape(self.scratch) + r"/other/personal/\.new-[0-9a-f]+/key\.pem$")
                    written += 1
        return written


class K7(KeyCase):
    def test_k7_nothing_of_a_secret_is_in_the_words_or_the_environment_of_the_process(self):
        made, _ = self.request(NAME, "--encrypt-key", *self.guard)
        seen = []

        def look(pid):
            for name in ("cmdline", "environ"):
                with open(f"/proc/{pid}/{name}", "rb") as file:
                    content = file.read()
                for secret in (PASSPHRASE, PIN, "of the backup"):
                    self.assertNotIn(secret.encode(), content)
            with open(f"/proc/{pid}/limits", encoding="ascii") as file:
                self.assertRegex(file.read(), r"Max core file size +0 +0")
            seen.append(pid)
            return "of the backup"
        screen = self.at_terminal(["key", "backup", made["id"], "--out", self.path("b.pfx")],
                                  [("Passphrase of the key", PASSPHRASE), ("assword", look), ("gain", look)])
        self.assertEqual(len(seen), 2)
        for secret in (PASSPHRASE, "of the backup"):
            self.assertNotIn(secret, screen)
        for folder, _, names in os.walk(self.store):
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    self.assertNotIn(PASSPHRASE.encode(), file.read())

    @unittest.skipUnless(ROOT, "root is wanted, to run as somebody else")
    def test_k7_another_process_of_the_same_person_can_not_look_into_ours(self):
        with tempfile.TemporaryDirectory(prefix="test_ecert_", dir="/tmp") as place:
            os.chown(place, 65534, 65534)
            made = subprocess.run([PROGRAM, "request", "new", "--name", NAME, "--encrypt-key", "--key", "p256",
                                   "--key-passphrase-fd", "0", "--store", place + "/store", "--json"], user=65534,
                                  group=65534, extra_groups=[], env={"PATH": os.environ["PATH"]},
                                  input=PASSPHRASE.encode(), capture_output=True, check=True)
            self.assertIn(b"PendingRequest", made.stdout)
            ours, theirs = os.pipe()
            tool = subprocess.Popen([PROGRAM, "key", "backup", NAME, "--out", place + "/b.pfx", "--store",
                                     place + "/store", "--key-passphrase-fd", str(ours)], pass_fds=[ours], user=65534,
                                    group=65534, extra_groups=[], env={"PATH": os.environ["PATH"]},
                                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            self.wait_until(lambda: "pipe_read" in self.text(f"/proc/{tool.pid}/wchan") or
                            self.text(f"/proc/{tool.pid}/stat").rpartition(") ")[2][:1] == "S")
            said = subprocess.run(["cat", f"/proc/{tool.pid}/environ", f"/proc/{tool.pid}/maps"], user=65534,
                                  group=65534, extra_groups=[], capture_output=True, check=False)
            self.assertEqual((said.returncode, said.stdout), (1, b""))
            self.assertIn(b"Permission denied", said.stderr)
            os.close(ours)
            os.close(theirs)
            tool.communicate(timeout=60)

    @staticmethod
    def text(path):
        with open(path, encoding="ascii") as file:
            return file.read()

    def wait_until(self, holds):
        for _ in range(3000):
            if holds():
                return
            threading.Event().wait(0.01)
        self.fail("it never came to this")


class K8(KeyCase):
    def test_k8_two_runs_at_once_never_exchange_their_certificates(self):
        for attempt in range(6 if "--long" not in sys.argv else 60):
            self.store = self.path(f"store{attempt}")
            pairs = [self.request(f"www{number}.shop.example.com") for number in range(3)]
            leaves = [leaf for _, leaf in pairs]
            runs = [subprocess.Popen([PROGRAM, "cert", "complete", leaf], env=self.environment(),
                                     stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                    for leaf in reversed(leaves + leaves)]
            codes = sorted(one.wait(timeout=60) for one in runs)
            self.assertEqual(codes[:3], [0, 0, 0])
            self.assertLessEqual(set(codes[3:]), {1, 2})
            items = self.certificates()
            self.assertEqual(len(items), 3)
            for item in items:
                pair = os.path.join(self.store, "personal", item["id"])
                self.assertEqual(public_key("key", pair + "/key.pem"),
                                 public_key("certificate", pair + "/certificate.pem"))

    def test_k8_a_certificate_of_another_key_is_refused_wherever_it_comes_in(self):
        made, _ = self.request()
        other, self.store = self.store, self.path("elsewhere")
        stranger, leaf = self.request()
        key, self.store = self.key_file(stranger), other
        for command, code in ((["cert", "complete", leaf], "certificate.no_request"),
                              (["cert", "import", leaf], "certificate.no_request"),
                              (["cert", "import", leaf, "--key", self.key_file(made)], "install.mismatch")):
            self.assertEqual(self.json(*command, code=1)["problem"]["type"], "urn:ecert:problem:" + code)
        self.assertEqual([one["state"] for one in self.certificates()], ["PendingRequest"])
        self.assertTrue(os.path.exists(key))


class K9(KeyCase):
    @unittest.skipUnless(ROOT, "root is wanted, to read another process's memory")
    def test_k9_no_page_with_the_key_can_be_swapped_out_or_dumped(self):
        made, _ = self.request(NAME, "--encrypt-key", *self.guard)
        scalar = scalar_of(self.key_file(made), self.secret)
        found = []

        def look(pid):
            for (begin, end), flags in self.areas(pid):
                self.assertIn("lo", flags, (hex(begin), flags))  # wherever a library may copy it to
                content = self.memory(pid, begin, end)
                for what in (scalar, scalar[::-1], PASSPHRASE.encode()):
                    if what in content:
                        found.append(what)
            return "of the backup"
        self.at_terminal(["key", "backup", made["id"], "--out", self.path("b.pfx")],
                         [("Passphrase of the key", PASSPHRASE), ("assword", look), ("gain", "of the backup")])
        self.assertIn(PASSPHRASE.encode(), found)
        self.assertTrue({scalar, scalar[::-1]} & set(found), "the key wasn't even there")

    @unittest.skipIf(STRACE is None or not ROOT, "strace and root are wanted")
    def test_k9_who_reads_a_pfx_keeps_it_in_memory_too(self):
        made, _ = self.request()
        backup = self.path("b.pfx")
        self.json("key", "backup", made["id"], "--out", backup, "--password-file", self.secret)
        log = self.path("strace.log")
        subprocess.run([STRACE, "-f", "-qq", "-o", log, "-e", "trace=execve,mlockall,recvfrom,read", PROGRAM, "--store",
                        self.path("other"), "key", "restore", backup, "--password-file", self.secret],
                       env=self.environment(), capture_output=True, timeout=120, stdin=subprocess.DEVNULL, check=True)
        with open(log, encoding="utf-8", errors="replace") as file:
            calls = file.read().splitlines()
        reader, = (call.split()[0] for call in calls if '"pfx-apart"' in call)
        own = [call for call in calls if call.split()[0] == reader]
        locked, = (at for at, call in enumerate(own) if "mlockall(" in call and call.endswith("= 0"))
        heard = [at for at, call in enumerate(own) if re.search(r" (read|recvfrom)\(3, \"0", call)]
        self.assertTrue(heard and locked < heard[0], own)

    @staticmethod
    def areas(pid):
        area, all_of_them = None, []
        with open(f"/proc/{pid}/smaps", encoding="ascii") as file:
            for line in file:
                if match := re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line):
                    area = int(match.group(1), 16), int(match.group(2), 16)
                elif re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
                    area = None
                elif line.startswith("VmFlags:") and area:
                    all_of_them.append((area, line.split()[1:]))
        return all_of_them

    @staticmethod
    def memory(pid, begin, end):
        with open(f"/proc/{pid}/mem", "rb", buffering=0) as file:
            try:
                file.seek(begin)
                return file.read(end - begin)
            except OSError:
                return b""


class KillingPortal(Portal):
    """Kills who asks, at the call whose turn it is: before it is heard, or after it has been acted on."""
    turn, victim, after = 0, None, False

    def answer(self, method, path, body, headers):
        self.turn -= 1
        if self.turn == 0 and not self.after:
            os.kill(self.victim(), signal.SIGKILL)
            return 500, b"{}"
        answer = super().answer(method, path, body, headers)
        if self.turn == 0:
            os.kill(self.victim(), signal.SIGKILL)
        return answer


class K11(KeyCase):
    CALLS_MAX = 60

    def setUp(self):
        super().setUp()
        # Whoever was killed in the middle of a line is no news.
        self.addCleanup(setattr, socketserver.BaseServer, "handle_error", socketserver.BaseServer.handle_error)
        socketserver.BaseServer.handle_error = lambda *_: None

    def walk(self, portal, *more):
        tool = None
        ready = threading.Event()

        def victim():
            ready.wait(30)
            return tool.pid
        portal.victim = victim
        command = [PROGRAM, "enrol", "--portal", portal.url, "--server-name", NAME, "--reference", "123456789",
                   "--pin-file", self.write("pin", PIN), "--accept", "--no-key", "--root", self.authority.path("root.pem"),
                   "--json", *more]
        tool = subprocess.Popen(command, env=self.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT)
        ready.set()
        said, _ = tool.communicate(timeout=120)
        return tool.returncode, said

    def test_k11_killed_at_each_call_of_the_walk_the_key_stays_and_gets_its_certificate(self):
        step = 1 if "--long" in sys.argv else 2
        for after in (False, True):
            for turn in range(1, self.CALLS_MAX, step):
                self.store = self.path(f"store-{after}-{turn}")
                made, _ = self.request()
                portal = KillingPortal(self.authority, ADDRESS, PORT)
                portal.state, portal.requested = "validated", {"method": "dns", "spki_sha256": made["key_sha256"]}
                portal.turn, portal.after = turn, after
                try:
                    code, said = self.walk(portal)
                    if code != -signal.SIGKILL:
                        self.assertEqual(code, 0, said)
                        self.assertGreater(turn, 5)
                        break
                    item, = self.certificates()
                    self.assertEqual(item["key_sha256"], made["key_sha256"], turn)
                    portal.turn = 0
                    if item["state"] == "PendingRequest":
                        code, said = self.walk(portal)
                        self.assertEqual(code, 0, (turn, said))
                    item, = self.certificates()
                    self.assertEqual(item["key_sha256"], made["key_sha256"])
                    pair = os.path.join(self.store, "personal", item["id"])
                    self.assertEqual(public_key("key", pair + "/key.pem"),
                                     public_key("certificate", pair + "/certificate.pem"))
                finally:
                    portal.stop()
            else:
                self.fail("the walk never came to its end")


class Listener(http.server.BaseHTTPRequestHandler):
    heard = []

    def answer(self):
        self.heard.append(self.path)
        self.send_error(500)
    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


class K12(KeyCase):
    def enrol(self, ca, *more):
        return self.json("enrol", "--portal", f"https://{ADDRESS}:{PORT + 1}", "--portal-ca", ca, "--server-name", NAME,
                         "--reference", "123456789", "--pin-file", self.write("pin", PIN), "--accept", *more, code=1)

    def test_k12_who_stands_between_with_another_root_hears_nothing(self):
        self.request()
        stranger = Authority(self.path("stranger"), "Stranger")
        key = stranger.key("tls")
        csr = run("openssl", "req", "-new", "-key", key, "-subj", "/CN=x")
        leaf = self.write("tls.pem", stranger.sign("tls", "/CN=x", "issuer", "extendedKeyUsage=serverAuth\n"
                                                   f"subjectAltName=IP:{ADDRESS}\n", csr) + stranger.issuer)
        server = http.server.ThreadingHTTPServer((ADDRESS, PORT + 1), Listener)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(leaf, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *_: None
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        said = self.enrol(self.authority.path("root.pem"))["problem"]
        self.assertEqual(Listener.heard, [])
        self.assertNotIn("500", str(said))
        self.enrol(stranger.path("root.pem"))
        self.assertNotEqual(Listener.heard, [])  # the test can see what it says nobody heard

    def test_k12_a_certificate_of_another_ca_is_not_installed(self):
        made, _ = self.request()
        other = Authority(self.path("other"), "Other")
        portal = Portal(other, ADDRESS, PORT)
        self.addCleanup(portal.stop)
        portal.state, portal.requested = "validated", {"method": "dns", "spki_sha256": made["key_sha256"]}
        said = self.json("enrol", "--portal", portal.url, "--server-name", NAME, "--reference", "123456789",
                         "--pin-file", self.write("pin", PIN), "--accept", "--no-key", "--root",
                         self.authority.path("root.pem"), code=1)["problem"]
        self.assertEqual(said["type"], "urn:ecert:problem:chain.untrusted")
        self.assertEqual([one["state"] for one in self.certificates()], ["PendingRequest"])
        self.assertEqual(os.listdir(self.store + "/roots"), [])


if __name__ == "__main__":
    unittest.main(argv=["test_key_safe"])
