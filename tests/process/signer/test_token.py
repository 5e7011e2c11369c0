#!/usr/bin/env python3
"""The signer with all its keys in SoftHSM, in its sandbox, and a shim in between that fails as
hardware does (doc/threats.md S12): the ceremony, issuance, faults, a PIN that is refused.

    test_token.py SIGNER DRIVE AWAY SHIM SOFTHSM PROFILE
"""
import mmap
import os
import random
import re
import shutil
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import threading
import time

SIGNER, DRIVE, AWAY, SHIM, SOFTHSM, PROFILE = map(os.path.abspath, sys.argv[1:7])
# tests/shim/pkcs11_shim.h
FUNCTIONS = ("initialize", "get_slot_list", "get_token_info", "open_session", "login",
             "find_objects_init", "find_objects", "get_attribute_value", "sign_init", "sign",
             "generate_key_pair")
FAULTS = ("right", "error", "garbage", "flip", "short", "delay", "lost", "gone")
DEVICE_ERROR, DEVICE_REMOVED, SESSION_INVALID = 0x30, 0x32, 0xb3
ROW = struct.Struct("@qqqqq")
FOREVER = 1 << 40


class Plan:
    """The file that commands the shim and counts what is called."""

    def __init__(self, path):
        self.path = path
        with open(path, "wb") as file:
            file.write(bytes(ROW.size * len(FUNCTIONS)))
        with open(path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), 0)

    def row(self, function):
        return ROW.unpack_from(self.map, ROW.size * FUNCTIONS.index(function))

    def calls(self, function):
        return self.row(function)[0]

    def order(self, function, fault, count=1, value=0):
        at, first = ROW.size * FUNCTIONS.index(function), self.calls(function) + 1
        struct.pack_into("@qqqq", self.map, at + 8, FAULTS.index(fault), first, first + count - 1,
                         value)

    def right(self):
        for function in FUNCTIONS:
            self.order(function, "right", 0)


class World:
    def __init__(self, folder):
        self.folder, self.process, self.plan = folder, None, Plan(f"{folder}/plan")
        self.requests = 1
        os.mkdir(f"{folder}/tokens", 0o700)
        self.write("softhsm2.conf", f"directories.tokendir = {folder}/tokens\n"
                                    "objectstore.backend = file\nlog.level = ERROR\n")
        self.pin("20041507")
        subprocess.run(["softhsm2-util", "--init-token", "--free", "--label", "trial", "--so-pin",
                        "12345678", "--pin", "20041507"], check=True, stdout=subprocess.DEVNULL,
                       env={"SOFTHSM2_CONF": f"{folder}/softhsm2.conf", "PATH": os.environ["PATH"]})
        self.module = f"""pkcs11_module = "{SHIM}"
            pkcs11_pin_file = "{folder}/pin"
            pkcs11_seconds = 1
            pkcs11_folders = {{"{folder}/tokens", "{folder}/softhsm2.conf"}}
            pkcs11_environment = {{"SOFTHSM2_CONF={folder}/softhsm2.conf",
                "SHIM_MODULE={SOFTHSM}", "SHIM_PLAN={folder}/plan"}}\n"""
        self.profile()
        self.path = os.path.join(folder, "signer.sock")
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(self.path)
        self.listener.listen(32)
        self.write("ecert.conf", f"""service {{ run_directory = "{folder}"
                store = "{folder}/ecert.db"
                trial = true
                users = false
                data_directory = "{folder}"
                log_level = "info" }}
            signer {{ directory = "{folder}/signer"
                passphrase_file = "{folder}/signer/passphrase"
                {self.module} }}\n""")

    def write(self, name, text):
        with open(f"{self.folder}/{name}", "w", encoding="ascii") as file:
            file.write(text)

    def pin(self, text):
        with open(f"{self.folder}/pin.new", "w", encoding="ascii",
                  opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(text + "\n")
        os.rename(f"{self.folder}/pin.new", f"{self.folder}/pin")

    def profile(self):
        """Every authority's key in the token, but the partner's."""
        with open(PROFILE, encoding="utf-8") as file:
            text = file.read()
        for id_ in ("root-ca-3", "ssl-ca-3-17", "ev-ssl-ca-3-17"):
            text = re.sub(rf'((?:root|issuer) "{id_}" {{\n)',
                          rf'\1    token_key = "pkcs11:token=trial;object={id_}"\n', text)
        assert text.count("    token_key") == 3
        text = text.replace('"rsa4096"', '"rsa3072"')
        self.write("profile", self.module + text)

    def ceremony(self, *words):
        return subprocess.run([SIGNER, "ceremony", *words, "--profile", f"{self.folder}/profile"],
                              stderr=subprocess.PIPE, check=False)

    def start(self):
        reading, writing = os.pipe()
        number = self.listener.fileno()
        self.process = subprocess.Popen(
            [SIGNER, "--config", f"{self.folder}/ecert.conf", "--listen-fd",
             f"{number}=signer.sock", "--ready-fd", str(writing)], pass_fds=[number, writing],
            stderr=open(f"{self.folder}/log", "ab"),  # pylint: disable=consider-using-with
            env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"})
        os.close(writing)
        ready = os.read(reading, 1)
        os.close(reading)
        assert ready == b"\n", self.log()

    def kill(self):
        assert self.process.poll() is None, self.log()
        self.process.kill()
        self.process.wait()

    def log(self):
        with open(f"{self.folder}/log", encoding="utf-8") as file:
            return file.read()

    def drive(self, count):
        done = subprocess.run([DRIVE, self.path, self.folder, str(count), str(self.requests)],
                              stderr=subprocess.PIPE, check=False)
        self.requests += count
        assert done.returncode == 0, done.stderr.decode() + self.log()[-4000:]

    def away(self, count):
        done = subprocess.run([AWAY, self.path, self.folder, str(count)], stderr=subprocess.PIPE,
                              check=False)
        assert done.returncode == 0, done.stderr.decode() + self.log()[-4000:]


def a_ceremony_makes_its_keys_in_the_token(world):
    done = world.ceremony("--trial", world.folder)
    assert done.returncode == 0, done.stderr
    for path, id_ in (("root/root_ca_3", "root-ca-3"), ("signer/ssl-ca-3-17", "ssl-ca-3-17"),
                      ("signer/ev-ssl-ca-3-17", "ev-ssl-ca-3-17")):
        with open(f"{world.folder}/{path}.key", encoding="ascii") as file:
            assert file.read() == f"pkcs11:token=trial;object={id_}\n"
    assert world.plan.calls("generate_key_pair") == 3
    for name in ("ecert_ssl_ca_3-17", "ecert_ev_ssl_ca_3-17"):
        said = subprocess.run(
            ["openssl", "verify", "-x509_strict", "-CAfile",
             f"{world.folder}/ca/root_ca_3.pem.crt", f"{world.folder}/ca/{name}.pem.crt"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False).stdout
        assert b": OK" in said, said


def a_list_of_revoked_authorities_is_signed_by_the_token(world):
    done = world.ceremony("arl", world.folder)
    assert done.returncode == 0, done.stderr
    said = subprocess.run(
        ["openssl", "crl", "-inform", "DER", "-in", f"{world.folder}/ca/RootCA3ARL.crl", "-noout",
         "-CAfile", f"{world.folder}/ca/root_ca_3.pem.crt"], stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, check=False).stdout
    assert b"verify OK" in said, said
    without = subprocess.run([SIGNER, "ceremony", "arl", world.folder], stderr=subprocess.PIPE,
                             check=False)
    assert without.returncode == 1 and b"token.no_module" in without.stderr, without.stderr


def a_ceremony_never_takes_a_key_that_is_there(world):
    other = f"{world.folder}/again"
    done = world.ceremony("--trial", other)
    assert done.returncode == 1 and b"token.key_exists" in done.stderr, done.stderr


def a_weak_key_out_of_the_token_ends_the_ceremony(world):
    """The module's generator was never seeded: the private key it gives is 2."""
    with open(f"{world.folder}/profile", encoding="utf-8") as file:
        text = file.read()
    text = text.replace('object=root-ca-3"', 'object=weak-root"').replace('"rsa3072"', '"p256"')
    world.write("weak-profile", text)
    world.plan.order("generate_key_pair", "garbage")
    done = subprocess.run([SIGNER, "ceremony", "--trial", f"{world.folder}/weak", "--profile",
                           f"{world.folder}/weak-profile"], stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1 and b"authority.key_weak" in done.stderr, done.stderr
    assert b"ec.multiple" in done.stderr and b'2 * G' in done.stderr, done.stderr
    assert not os.path.exists(f"{world.folder}/weak/ca")
    world.plan.right()


def whole_issuance_by_keys_in_the_token(world):
    world.start()
    world.drive(30)
    world.kill()
    assert "syscalls=kill" in world.log() or "sanitizer" in world.log(), world.log()
    assert world.plan.calls("sign") >= 30


def the_next_signer_has_the_same_key_for_its_index(world):
    """Its key is a file of the signer's own, since no issuing key can be read."""
    path = f"{world.folder}/signer/index.key"
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    with open(path, "rb") as file:
        before = file.read()
    assert len(before) == 64
    world.start()
    world.kill()
    with open(path, "rb") as file:
        assert file.read() == before


def s12_no_fault_lets_a_bad_signature_out(world):
    """Faults of every kind at random functions while certificates are asked for; `drive` verifies
    each, and that every request got exactly one."""
    world.start()
    dice, done = random.Random(20261127), threading.Event()

    def trouble():
        while not done.is_set():
            function = dice.choice(("sign", "sign", "sign_init", "open_session", "find_objects",
                                    "get_attribute_value", "login", "get_slot_list"))
            fault = dice.choice(("error", "garbage", "flip", "short", "lost", "gone", "delay"))
            value = (dice.choice((DEVICE_ERROR, DEVICE_REMOVED, SESSION_INVALID, 5, 6))
                     if fault == "error" else dice.choice((50, 1500)))
            signed = world.plan.calls("sign")
            world.plan.order(function, fault, dice.choice((1, 1, 2)), value)
            while not done.wait(0.01) and world.plan.calls("sign") < signed + 4:
                pass

    thread = threading.Thread(target=trouble)
    thread.start()
    try:
        world.drive(150)
    finally:
        done.set()
        thread.join()
    world.plan.right()
    assert "token.bad_signature" in world.log() and "token.fault" in world.log(), world.log()
    world.kill()


def s12_a_token_that_is_away_is_no_tight_loop(world):
    """Hundreds of requests, answered at once, for a handful of calls and one line in the log; then
    all is well again without a restart."""
    world.start()
    before, lines = world.plan.calls("sign"), world.log().count("token.away")
    world.plan.order("sign", "error", FOREVER, DEVICE_REMOVED)
    begun = time.monotonic()
    world.away(300)
    # Three failures of two attempts each, then one probe after pauses of 1, 2, 4 … seconds.
    probes = 3 + (time.monotonic() - begun) // 1
    assert world.plan.calls("sign") - before <= 2 * probes, world.plan.calls("sign") - before
    assert world.log().count("token.away") - lines == 1, world.log()
    world.plan.right()
    world.drive(5)
    assert "token.back" in world.log()
    world.kill()


def s12_a_token_that_hangs_holds_nobody(world):
    world.start()
    before = world.plan.calls("sign")
    world.plan.order("sign", "delay", FOREVER, 20000)
    world.away(100)
    assert world.plan.calls("sign") - before <= 4
    world.plan.right()
    world.kill()


def s12_a_refused_pin_is_tried_once_whoever_restarts(world):
    world.pin("20041508")
    before = world.plan.calls("login")
    for _ in range(3):
        world.start()
        world.away(20)
        world.kill()
    assert world.plan.calls("login") - before == 1
    assert "token.pin_refused" in world.log()
    world.pin("20041507")
    world.start()
    world.drive(2)
    world.kill()


def a_signer_starts_without_its_token(world):
    os.rename(f"{world.folder}/tokens", f"{world.folder}/tokens.away")
    os.mkdir(f"{world.folder}/tokens", 0o700)
    world.start()
    world.away(10)
    world.kill()
    os.rmdir(f"{world.folder}/tokens")
    os.rename(f"{world.folder}/tokens.away", f"{world.folder}/tokens")
    world.start()
    world.drive(2)
    world.kill()


def main():
    folder = tempfile.mkdtemp(prefix="ecert-token-")
    watchdog = threading.Timer(170, os._exit, [1])
    watchdog.daemon = True
    watchdog.start()
    try:
        world = World(folder)
        for test in (a_ceremony_makes_its_keys_in_the_token,
                     a_list_of_revoked_authorities_is_signed_by_the_token,
                     a_ceremony_never_takes_a_key_that_is_there,
                     a_weak_key_out_of_the_token_ends_the_ceremony,
                     whole_issuance_by_keys_in_the_token,
                     the_next_signer_has_the_same_key_for_its_index,
                     s12_no_fault_lets_a_bad_signature_out,
                     s12_a_token_that_is_away_is_no_tight_loop,
                     s12_a_token_that_hangs_holds_nobody,
                     s12_a_refused_pin_is_tried_once_whoever_restarts,
                     a_signer_starts_without_its_token):
            begun = time.monotonic()
            test(world)
            print(f"ok {test.__name__.replace('_', ' ')} ({time.monotonic() - begun:.1f} s)",
                  flush=True)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
