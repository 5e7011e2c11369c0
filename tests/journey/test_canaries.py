#!/usr/bin/env python3
"""The issuing CAs' keys are in the signer's memory and nowhere else (doc/threats.md S16): not in another
process, a file, a log, the store, nor in what a process leaves behind that dies."""
import glob
import os
import re
import signal
import subprocess
import unittest

from world import BUILD, ROLES, World, wait_until

RUN = 16  # octets that nobody has by chance


def numbers(key_path, passphrase):
    """The secret numbers of an RSA key, each as its octets."""
    text = subprocess.run(["openssl", "rsa", "-in", key_path, "-passin", "file:" + passphrase, "-noout", "-text"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=True).stdout
    found = []
    for name in ("privateExponent", "prime1", "prime2"):
        digits = re.search(name + r":\n((?:\s+[0-9a-f:]+\n)+)", text).group(1)
        found.append(bytes.fromhex(re.sub(r"[^0-9a-f]", "", digits)).lstrip(b"\0"))
    return found


def runs(number):
    """Pieces of it, in the order of a file and in that of a machine's words: whoever has the number has some."""
    return [order[at:at + RUN] for order in (number, number[::-1])
            for at in range(0, len(order) - RUN + 1, 2 * RUN)]


def memory(pid):
    """All that a process can have written into its memory, piece by piece."""
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            addresses, permissions = line.split()[:2]
            if not permissions.startswith("rw") or line.rstrip().endswith(("[vvar]", "[vsyscall]")):
                continue
            begin, end = (int(word, 16) for word in addresses.split("-"))
            try:
                mem.seek(begin)
                left = end - begin
                while left > 0:
                    piece = mem.read(min(left, 1 << 26))
                    if not piece:
                        break
                    left -= len(piece)
                    yield piece
            except (OSError, ValueError):
                continue  # memory that is nobody's to read


class Canaries(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.world.__enter__()
        cls.addClassCleanup(cls.world.stop)
        cls.world.script("apply")
        cls.world.script("enrol")  # the key has signed
        keys = [path for path in glob.glob(cls.world.path("**/signer/*.key"), recursive=True)
                if not path.endswith("index.key")]
        assert keys
        cls.canaries = [run for path in keys for number in
                        numbers(path, os.path.join(os.path.dirname(path), "passphrase"))
                        for run in runs(number)]

    def holds(self, pieces):
        return any(canary in piece for piece in pieces for canary in self.canaries)

    def others(self):
        """Every process of this world and of this build but the signer."""
        signer = self.world.process_pid("signer")
        for entry in os.listdir("/proc"):
            if not entry.isdigit() or int(entry) in (signer, os.getpid()):
                continue
            try:
                with open(f"/proc/{entry}/cmdline", "rb") as file:
                    words = file.read().decode(errors="replace")
            except OSError:
                continue
            if self.world.directory in words:
                yield int(entry), words.replace("\0", " ")

    @unittest.skipUnless(os.geteuid() == 0, "only root reads the memory of others")
    def test_s16_no_other_process_holds_a_piece_of_an_issuing_key(self):
        self.assertTrue(self.holds(memory(self.world.process_pid("signer"))), "or the search finds nothing at all")
        seen = []
        for pid, words in self.others():
            try:
                self.assertFalse(self.holds(memory(pid)), words)
            except OSError:
                continue  # it ended
            seen.append(words)
        for role in ROLES:
            self.assertTrue(role == "signer" or any(f"ecertd-{role}" in words for words in seen), (role, seen))

    def test_s16_no_file_holds_a_piece_of_an_issuing_key(self):
        looked_at = 0
        for folder, _, names in os.walk(self.world.directory):
            for name in names:
                path = os.path.join(folder, name)
                if os.path.isfile(path):
                    with open(path, "rb") as file:
                        self.assertFalse(self.holds([file.read()]), path)
                    looked_at += 1
        self.assertGreater(looked_at, 50)

    def test_s16_no_process_can_leave_a_core_or_be_read_by_its_own_user(self):
        for role in ROLES:
            pid = self.world.process_pid(role)
            with open(f"/proc/{pid}/limits", encoding="ascii") as file:
                limit = re.search(r"Max core file size\s+(\d+)\s+(\d+)", file.read())
            self.assertEqual(limit.groups(), ("0", "0"), role)
            self.assertEqual(os.stat(f"/proc/{pid}/mem").st_uid, 0, role)  # whoever it runs as
        before = self.world.process_pid("signer")
        os.kill(before, signal.SIGABRT)
        wait_until(lambda: self.world.process_pid("signer") not in (None, before), 20, "a new signer")
        for folder in (self.world.directory, BUILD, os.getcwd(), "/"):
            self.assertEqual(glob.glob(f"{folder}/core*{before}*") + glob.glob(f"{folder}/core"), [])


if __name__ == "__main__":
    unittest.main()
