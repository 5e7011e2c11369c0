#!/usr/bin/env python3
"""The supervisor, with a probe in place of each process: what it keeps alive, and what it gives away.

    test_supervisor.py ECERTD PROBE
"""
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

ECERTD, PROBE = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
ROLES = ("signer", "validator", "courier", "registrar", "portal")
CONFIG = """
service {{ run_directory = "{d}/run" trial = true users = {users} first_user_id = 61800
  store = "{d}/store/ecert.db" }}
portal {{ url = "http://127.0.0.1:8080" enquiry_email = "a@example.com" }}
signer {{ directory = "{d}/signer" passphrase_file = "{d}/signer/passphrase" }}
validator {{ id = "primary" key = "{d}/key" caa_identity = "ca.example" {remote} }}
registrar {{ roster = "{d}/r" ceremony_spki = "{d}/c" publications = "{d}/p" }}
courier {{ spool = "{d}/courier" smtp = "127.0.0.1:25" mail_from = "a@example.com" }}
"""
REMOTE = """listen = "127.0.0.1:8443" transport_ca = "/x" transport_certificate = "/x"
  transport_key = "/x" """


class Supervisor(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="ecert-s-")
        os.chmod(self.directory, 0o755)
        for role in ROLES:
            shutil.copy(PROBE, f"{self.directory}/ecertd-{role}")
        shutil.copy(ECERTD, f"{self.directory}/ecertd")
        self.process = None

    def tearDown(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        time.sleep(0.05)
        shutil.rmtree(self.directory, ignore_errors=True)

    def start(self, *arguments, users="false", remote="", environment=None, wait=True):
        path = f"{self.directory}/ecert.conf"
        with open(path, "w", encoding="utf-8") as file:
            file.write(CONFIG.format(d=self.directory, users=users, remote=remote))
        reader, writer = os.pipe()
        with open(f"{self.directory}/log", "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [f"{self.directory}/ecertd", *arguments, "--config", path,
                 "--ready-fd", str(writer)],
                pass_fds=[writer], stderr=log, env=environment)
        os.close(writer)
        said = os.read(reader, 1) if wait else b""
        os.close(reader)
        if wait:
            self.assertEqual(said, b"1", self.logged())

    def logged(self):
        with open(f"{self.directory}/log", encoding="utf-8") as file:
            return file.read()

    def ask(self, name, question, patience=8):
        """One question to the probe behind a socket; the answer, or "" if it died over it."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
            connection.settimeout(patience)
            connection.connect(f"{self.directory}/run/{name}.sock")
            connection.send(question.encode())
            try:
                return connection.recv(4096).decode()
            except ConnectionResetError:
                return ""

    def pid(self, name):
        return int(self.ask(name, "pid").split()[0])

    def wait_gone(self, pid):
        deadline = time.monotonic() + 5
        while os.path.exists(f"/proc/{pid}") and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertFalse(os.path.exists(f"/proc/{pid}"))

    def test_a_killed_process_is_restarted_and_its_socket_outlives_it(self):
        self.start()
        for name in ("signer", "validator", "courier", "registrar"):
            before = self.pid(name)
            node = os.stat(f"{self.directory}/run/{name}.sock").st_ino
            os.kill(before, signal.SIGKILL)
            self.wait_gone(before)
            # No retry: the connection waits in the socket's queue until the new process takes it.
            after = self.pid(name)
            self.assertNotEqual(before, after)
            self.assertEqual(os.stat(f"{self.directory}/run/{name}.sock").st_ino, node)

    def test_a_network_process_that_executes_a_program_is_killed_by_its_filter(self):
        self.start()
        before = self.pid("signer")
        self.assertEqual(self.ask("signer", "exec"), "")
        self.assertNotEqual(self.pid("signer"), before)
        self.assertIn(f'role=signer by="signal {int(signal.SIGSYS)}"', self.logged())

    def test_a_process_inherits_neither_environment_nor_descriptors(self):
        os.environ["SECRET_OF_THE_PARENT"] = "x"
        stray = os.open("/dev/null", os.O_RDONLY)
        os.set_inheritable(stray, True)
        self.start()
        os.close(stray)
        variables = sorted(line.split("=")[0] for line in self.ask("signer", "env").split("\n") if line)
        self.assertLessEqual(set(variables),
                             {"LANG", "PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"})
        # Standard ones, its socket (4; the ready descriptor 3 is closed), this connection.
        self.assertEqual(self.ask("signer", "fds").split(), ["0", "1", "2", "3", "4"])

    def test_sigterm_stops_all_and_removes_the_sockets(self):
        self.start()
        pids = [self.pid(name) for name in ("signer", "validator", "courier", "registrar")]
        self.process.terminate()
        self.assertEqual(self.process.wait(timeout=10), 0)
        for pid in pids:
            self.assertFalse(os.path.exists(f"/proc/{pid}"))
        self.assertEqual(os.listdir(f"{self.directory}/run"), [])

    def test_processes_end_with_their_supervisor_and_a_new_one_takes_up(self):
        self.start()
        pid = self.pid("signer")
        self.process.kill()
        self.process.wait()
        self.wait_gone(pid)
        self.start()
        self.assertNotEqual(self.pid("signer"), pid)

    def test_a_second_supervisor_of_the_same_service_is_refused(self):
        self.start()
        first = self.process
        self.start(wait=False)
        self.assertEqual(self.process.wait(timeout=10), 78)
        self.assertIn("supervisor.running", self.logged())
        self.process = first
        self.pid("signer")

    def test_a_program_that_cannot_run_is_tried_again_with_growing_delay(self):
        os.remove(f"{self.directory}/ecertd-courier")
        with open(f"{self.directory}/ecertd-courier", "w", encoding="ascii") as file:
            file.write("not a program")
        os.chmod(f"{self.directory}/ecertd-courier", 0o755)
        self.start(wait=False)
        deadline = time.monotonic() + 8
        while "restart_in=\"400 ms\"" not in self.logged() and time.monotonic() < deadline:
            time.sleep(0.05)
        for delay in (100, 200, 400):
            self.assertIn(f'role=courier by="status 127" was=starting restart_in="{delay} ms"',
                          self.logged())
        self.pid("signer")

    def test_a_wrong_configuration_is_named_and_nothing_is_started(self):
        self.start(users="perhaps", wait=False)
        self.assertEqual(self.process.wait(timeout=10), 78)
        self.assertIn("code=config.syntax", self.logged())
        self.assertFalse(os.path.exists(f"{self.directory}/run"))

    def test_the_service_manager_is_told(self):
        path = f"{self.directory}/notify"
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        manager.bind(path)
        manager.settimeout(10)
        self.start(environment={"NOTIFY_SOCKET": path})
        self.assertEqual(manager.recv(64), b"READY=1")
        self.process.terminate()
        self.assertEqual(manager.recv(64), b"STOPPING=1")
        manager.close()

    def test_a_perspective_is_the_validator_alone(self):
        self.start("perspective", remote=REMOTE)
        self.assertIn("role=validator", self.logged())
        self.assertNotIn("role=signer", self.logged())
        self.assertFalse(os.path.exists(f"{self.directory}/run"))

    def test_a_perspective_without_address_is_refused(self):
        self.start("perspective", wait=False)
        self.assertEqual(self.process.wait(timeout=10), 78)
        self.assertIn("validator.listen", self.logged())

    @unittest.skipIf(os.geteuid() != 0, "only root can give processes users of their own")
    def test_each_folder_belongs_to_its_process_and_each_socket_to_its_client(self):
        self.start(users="true")
        owners = {name: os.stat(f"{self.directory}/{name}").st_uid
                  for name in ("signer", "courier", "run/signer.sock", "run/control.sock")}
        self.assertEqual(owners, {"signer": 61801, "courier": 61803,
                                  "run/signer.sock": 61804, "run/control.sock": 0})
        store = os.stat(f"{self.directory}/store/ecert.db")
        self.assertEqual((store.st_gid, store.st_mode & 0o777), (61800, 0o660))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
