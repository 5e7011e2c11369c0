#!/usr/bin/env python3
"""The signer as a process: the ceremony, its sandbox, kill -9 at any moment, a stranger's words.

    test_signer.py SIGNER DRIVE PROFILE
"""
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

SIGNER, DRIVE, PROFILE = sys.argv[1:4]
REQUESTS, KILLS_MIN = 240, 5


class World:
    """A ceremony's folder, a listening socket that outlives signers, and a signer at a time."""

    def __init__(self, folder):
        self.folder, self.process = folder, None
        subprocess.run([SIGNER, "ceremony", "--trial", folder, "--profile", PROFILE], check=True,
                       stderr=subprocess.PIPE)
        self.path = os.path.join(folder, "signer.sock")
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(self.path)
        self.listener.listen(32)
        self.config = os.path.join(folder, "ecert.conf")
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(f"""service {{ run_directory = "{folder}"
                store = "{folder}/ecert.db"
                trial = true
                users = false
                data_directory = "{folder}"
                log_level = "warning" }}
            signer {{ directory = "{folder}/signer"
                passphrase_file = "{folder}/signer/passphrase" }}\n""")

    def start(self):
        reading, writing = os.pipe()
        number = self.listener.fileno()
        self.process = subprocess.Popen(
            [SIGNER, "--config", self.config, "--listen-fd", f"{number}=signer.sock", "--ready-fd",
             str(writing)], pass_fds=[number, writing], stderr=subprocess.PIPE)
        os.close(writing)
        ready = os.read(reading, 1)
        os.close(reading)
        return ready == b"\n"

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()


def a_ceremony_is_held_once(world):
    second = subprocess.run([SIGNER, "ceremony", "--trial", world.folder, "--profile", PROFILE],
                            stderr=subprocess.PIPE, check=False)
    assert second.returncode == 1 and b"ceremony.held" in second.stderr, second.stderr


def an_arl_has_a_growing_number(world):
    def number():
        text = subprocess.run(["openssl", "crl", "-inform", "DER", "-noout", "-crlnumber", "-in",
                               f"{world.folder}/ca/RootCA3ARL.crl"], check=True,
                              stdout=subprocess.PIPE).stdout
        return int(text.split(b"=")[1], 16)
    before = number()
    subprocess.run([SIGNER, "ceremony", "arl", world.folder], check=True, stderr=subprocess.PIPE)
    assert number() == before + 1


def openssl(*words):
    return subprocess.run(["openssl", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False, text=True).stdout


def every_certificate_of_the_hierarchy_is_what_it_is_for(world):
    def text(name):
        return openssl("x509", "-in", f"{world.folder}/ca/{name}.pem.crt", "-noout", "-text")

    def fields(name, *wanted):
        said = openssl("x509", "-in", f"{world.folder}/ca/{name}.pem.crt", "-noout", *wanted)
        return said.split("\n")

    old, new = "ecert_ssl_ca_3-17_old", "ecert_ssl_ca_3-17"
    same = ("-subject", "-issuer", "-enddate", "-pubkey", "-ext", "subjectKeyIdentifier")
    assert fields(old, *same) == fields(new, *same)
    assert fields(old, "-serial") != fields(new, "-serial")
    assert fields(old, "-startdate") != fields(new, "-startdate")
    assert "TLS Web Server Authentication" in text(new) and "2.23.140.1.2.2" in text(new)
    assert "Extended Key Usage" not in text(old) and "X509v3 Any Policy" in text(old)
    assert "2.23.140.1.1\n" in text("ecert_ev_ssl_ca_3-17")
    cross, root = "root_ca_3_x_trial_partner_r1", "root_ca_3"
    same = ("-subject", "-pubkey", "-ext", "subjectKeyIdentifier")
    assert fields(cross, *same) == fields(root, *same)
    assert "/crl/TrialPartnerR1ARL.crl" in text(cross) and "pathlen" not in text(cross)
    for name in (root, "trial_partner_root_r1"):
        assert "Extended Key Usage" not in text(name)


def path_of(world, leaf, intermediates, root, lists):
    """What OpenSSL says of a path with these lists, and only with them."""
    def pem(names, end, convert):
        path = os.path.join(world.folder, end)
        with open(path, "w", encoding="ascii") as file:
            for name in names:
                file.write(convert(name))
        return path
    def ca(name):
        with open(f"{world.folder}/ca/{name}.pem.crt", encoding="ascii") as file:
            return file.read()
    between = ["-untrusted", pem(intermediates, "untrusted.pem", ca)] if intermediates else []
    return openssl(
        "verify", "-x509_strict", "-crl_check_all", "-CAfile", pem([root], "trusted.pem", ca),
        *between, "-CRLfile", pem(lists, "lists.pem", lambda name: openssl(
            "crl", "-inform", "DER", "-in", f"{world.folder}/ca/{name}.crl")),
        f"{world.folder}/ca/{leaf}.pem.crt")


def the_old_certificate_is_on_the_list_and_nothing_else(world):
    ours = "RootCA3ARL"
    assert ": OK" in path_of(world, "ecert_ssl_ca_3-17", [], "root_ca_3", [ours])
    assert ": OK" in path_of(world, "ecert_ev_ssl_ca_3-17", [], "root_ca_3", [ours])
    assert "certificate revoked" in path_of(world, "ecert_ssl_ca_3-17_old", [], "root_ca_3", [ours])
    assert ": OK" in path_of(world, "ecert_ssl_ca_3-17", ["root_ca_3_x_trial_partner_r1"],
                             "trial_partner_root_r1", [ours, "TrialPartnerR1ARL"])


def a_cross_certificate_is_revoked_by_who_signed_it(world):
    def revoke(name):
        return subprocess.run(
            [SIGNER, "ceremony", "arl", world.folder, "--revoke", f"{world.folder}/ca/{name}.crt",
             "--reason", "cessationOfOperation"], stderr=subprocess.PIPE, check=False)
    lists = ["RootCA3ARL", "TrialPartnerR1ARL"]
    cross = ["root_ca_3_x_trial_partner_r1"]
    assert revoke(cross[0]).returncode == 0
    assert "certificate revoked" in path_of(
        world, "ecert_ssl_ca_3-17", cross, "trial_partner_root_r1", lists)
    assert ": OK" in path_of(world, "ecert_ssl_ca_3-17", [], "root_ca_3", lists)
    for foreign in ("root_ca_3", "trial_partner_root_r1"):
        refused = revoke(foreign)
        assert refused.returncode == 1 and b"ceremony.foreign_certificate" in refused.stderr


def a_root_without_its_key_changes_no_list(world):
    key = os.path.join(world.folder, "root/trial_partner_root_r1.key")
    paths = [f"{world.folder}/{name}" for name in
             ("ca/RootCA3ARL.crl", "ca/TrialPartnerR1ARL.crl", "root/journal")]
    def contents():
        return [open(path, "rb").read() for path in paths]  # pylint: disable=consider-using-with
    before = contents()
    os.rename(key, key + ".away")
    done = subprocess.run([SIGNER, "ceremony", "arl", world.folder, "--revoke",
                           f"{world.folder}/ca/ecert_ev_ssl_ca_3-17.crt"],
                          stderr=subprocess.PIPE, check=False)
    os.rename(key + ".away", key)
    assert done.returncode == 1 and b"trial_partner_root_r1.key" in done.stderr, done.stderr
    assert contents() == before


def kills_at_any_moment_lose_and_double_nothing(world):
    assert world.start()
    drive = subprocess.Popen([DRIVE, world.path, world.folder, str(REQUESTS)],
                             stderr=subprocess.PIPE)
    kills, dice = 0, random.Random(20261123)
    while drive.poll() is None:
        time.sleep(dice.uniform(0.001, 0.15))
        if kills < 3 * KILLS_MIN and drive.poll() is None:
            world.kill()
            kills += 1
            assert world.start(), "the signer did not come back"
    trouble = drive.stderr.read().decode()
    drive.stderr.close()
    world.kill()
    assert drive.returncode == 0, trouble
    assert kills >= KILLS_MIN, f"only {kills} kills"


def a_malformed_message_is_hung_up_on(world):
    assert world.start()
    for packet in (b"x", b"\x30\x00", b"\x30\x08\x02\x01\x01\x02\x01\x63\x30\x00", bytes(100)):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
            client.settimeout(5)
            client.connect(world.path)
            client.send(packet)
            assert client.recv(10) == b"", packet
    assert world.process.poll() is None
    world.kill()


def a_torn_tail_is_cut_and_damage_is_not_touched(world):
    journal = os.path.join(world.folder, "signer", "journal")
    size = os.path.getsize(journal)
    with open(journal, "ab") as file:
        file.write(b"\x00\x00\x10\x00half a record")
    assert world.start()
    assert os.path.getsize(journal) == size
    world.kill()
    os.unlink(journal + ".index")
    with open(journal, "r+b") as file:
        file.seek(size // 2)
        byte = file.read(1)
        file.seek(size // 2)
        file.write(bytes([byte[0] ^ 1]))
    assert not world.start()
    assert b"journal.broken" in world.process.stderr.read()
    world.kill()


def s18_without_its_journal_it_does_not_start_anew(world):
    journal = os.path.join(world.folder, "signer", "journal")
    os.rename(journal, journal + ".away")
    assert not world.start()
    assert b"journal.missing" in world.process.stderr.read()
    world.kill()
    assert not os.path.exists(journal)
    os.rename(journal + ".away", journal)


def withdraw(world, count):
    """So many records, for nothing that exists."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
        client.settimeout(20)
        client.connect(world.path)
        for _ in range(count):
            client.send(b"\x30\x2a\x02\x01\x01\x02\x01\x04\x30\x22\x04\x20" + os.urandom(32))
            answer = client.recv(100)
            assert answer[8:11] == b"\x02\x01\x00", answer.hex()


def bytes_changed(path, place):
    with open(path, "r+b") as file:
        file.seek(place)
        byte = file.read(1)
        file.seek(place)
        file.write(bytes([byte[0] ^ 1]))


def a_start_reads_only_what_lies_behind_the_index(world):
    journal = os.path.join(world.folder, "signer", "journal")
    index = journal + ".index"
    assert world.start()
    withdraw(world, 2500)
    end = time.monotonic() + 30
    while os.path.getsize(index) < 4096 and time.monotonic() < end:
        time.sleep(0.05)
    world.kill()
    assert os.path.getsize(index) > 4096, "the thread in the sandbox wrote no index"
    bytes_changed(journal, 5000)  # nobody reads that far back
    assert world.start()
    world.kill()
    for slot in (0, 256 * 1024):  # without its index, somebody does
        bytes_changed(index, slot + 40)
    assert not world.start()
    assert b"journal.broken" in world.process.stderr.read()
    for slot in (0, 256 * 1024):
        bytes_changed(index, slot + 40)
    bytes_changed(journal, 5000)
    assert world.start()
    world.kill()


def s18_a_journal_shorter_than_its_index_is_refused(world):
    journal = os.path.join(world.folder, "signer", "journal")
    with open(journal, "rb") as file:
        whole = file.read()
    with open(journal, "wb") as file:
        file.write(whole[:20000])
    assert not world.start()
    assert b"journal.behind" in world.process.stderr.read()
    with open(journal, "wb") as file:
        file.write(whole)
    assert world.start()
    world.kill()


def main():
    folder = tempfile.mkdtemp(prefix="ecert-signer-")
    watchdog = threading.Timer(170, os._exit, [1])
    watchdog.daemon = True
    watchdog.start()
    try:
        world = World(folder)
        for test in (a_ceremony_is_held_once, an_arl_has_a_growing_number,
                     every_certificate_of_the_hierarchy_is_what_it_is_for,
                     the_old_certificate_is_on_the_list_and_nothing_else,
                     a_cross_certificate_is_revoked_by_who_signed_it,
                     a_root_without_its_key_changes_no_list,
                     kills_at_any_moment_lose_and_double_nothing, a_malformed_message_is_hung_up_on,
                     s18_without_its_journal_it_does_not_start_anew,
                     a_start_reads_only_what_lies_behind_the_index,
                     s18_a_journal_shorter_than_its_index_is_refused,
                     a_torn_tail_is_cut_and_damage_is_not_touched):
            test(world)
            print("ok", test.__name__.replace("_", " "), flush=True)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
