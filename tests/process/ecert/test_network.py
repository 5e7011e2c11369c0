#!/usr/bin/env python3
"""ecert and ecert-network are one program to whoever types a command, and two to the loader.

    test_network.py ECERT
"""
import json
import os
import re
import shutil
import subprocess
import unittest

from tool import NAME, PROGRAM, ToolTest

# What the commands on files and stores need: cryptography and the making of RSA keys, names, JSON, the sandbox of a PFX's reader, the C library.
LIBRARIES = {"libcrypto", "libnettle", "libhogweed", "libgmp", "libidn2", "libunistring", "libjansson", "libseccomp", "libargon2", "libc", "libasan", "libubsan", "libm",
             "libgcc_s", "linux-vdso", "ld-linux-x86-64"}
WITH_NETWORK = [("enrol",), ("check",), ("watch",), ("console",), ("crl", "refresh"),
                *(("deploy", verb) for verb in ("plan", "run", "script", "status", "staple", "rollback", "forget"))]


class Network(ToolTest):
    """`installed` is as `meson install` lays it out, its second program a script that tells what it was given."""
    def setUp(self):
        super().setUp()
        self.installed = self.path("usr/bin/ecert")
        os.makedirs(os.path.dirname(self.installed))
        shutil.copy(PROGRAM, self.installed)
        shutil.copytree(os.path.join(os.path.dirname(PROGRAM), "../../web/locale"), self.path("usr/share/ecert/locale"))

    def second(self, text, mode=0o755):
        os.makedirs(self.path("usr/libexec"), exist_ok=True)
        return self.write("usr/libexec/ecert-network", text, mode)

    def run_installed(self, *words, code=0, **more):
        done = subprocess.run(["ecert", *words], executable=self.installed, env=self.environment(**more), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60, check=False)
        if code is not None:
            self.assertEqual(done.returncode, code, f"{words}: {done.stdout}{done.stderr}")
        return done.stdout

    def test_what_needs_no_network_loads_no_library_for_it(self):
        said = subprocess.run(["ldd", PROGRAM], capture_output=True, text=True, check=True).stdout
        loaded = {os.path.basename(line.split()[0]).split(".so")[0] for line in said.splitlines()}
        self.assertEqual(loaded - LIBRARIES, set(), said)
        self.assertIn("libcrypto", loaded)
        said = subprocess.run(["ldd", PROGRAM + "-network"], capture_output=True, text=True, check=True).stdout
        self.assertIn("libcurl", said)

    def test_every_command_is_there_without_the_second_program_or_says_what_is_missing(self):
        commands = [entry["command"] for entry in json.loads(self.run_installed("--help", "--json"))["commands"]]
        for words in WITH_NETWORK:
            self.assertIn(" ".join(words), commands)
            self.assertIn("ecert " + " ".join(words), self.run_installed(*words, "--help"))
            operands = ["web"] if words[-1] in ("rollback", "forget") else []
            said = self.run_installed(*words, *operands, code=1)
            self.assertRegex(said.replace("\n  ", " "), "ecert-network can’t be started.*: No such file or directory")
            problem = json.loads(self.run_installed(*words, *operands, "--json", code=1))["problem"]
            self.assertEqual(problem["type"], "urn:ecert:problem:tool.network_missing")
        for language, word in (("zh-HK", "重新安裝"), ("zh-CN", "重新安装")):
            said = self.run_installed("--lang", language, "watch", code=1)
            self.assertIn(word, said)
            self.assertRegex(said, "：No such file or directory\n")
        for command in commands:
            if tuple(command.split()) not in WITH_NETWORK:
                self.assertNotIn("ecert-network", self.run_installed(*command.split(), code=None))

    def test_a_command_without_the_network_works_without_the_second_program(self):
        made = json.loads(self.run_installed("request", "new", "--name", NAME, "--key", "p256", "--json"))
        self.assertEqual([entry["id"] for entry in json.loads(self.run_installed("cert", "list", "--json"))["certificates"]], [made["id"]])
        self.assertIn("check", self.run_installed("complete", "ch"))
        self.assertIn("--targets", self.run_installed("complete", "deploy", "run", "--"))

    def test_the_second_program_gets_the_line_the_environment_and_the_streams(self):
        self.second('#!/bin/bash\nprintf "[%s]" "$@"; echo " $COLOUR $ECERT_STORE"; cat; echo words >&2; exit 7\n')
        done = subprocess.run(["ecert", "--lang", "zh-HK", "check", "a b", "--days=3", "ü"], executable=self.installed, input="typed",
                              env=self.environment(COLOUR="red"), capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual((done.returncode, done.stderr), (7, "words\n"))
        self.assertEqual(done.stdout, f"[--lang][zh-HK][check][a b][--days=3][ü] red {self.store}\ntyped")

    def test_the_first_program_by_the_others_name_says_so_and_starts_itself_no_more(self):
        shutil.copy(PROGRAM, self.second(""))
        self.assertIn("libexec/ecert-network can’t be started", self.run_installed("check", code=1).replace("\n  ", " "))
        os.remove(self.second(""))
        os.symlink(self.installed, self.path("usr/libexec/ecert-network"))
        self.assertIn("libexec/ecert-network can’t be started", self.run_installed("check", code=1).replace("\n  ", " "))

    def test_the_second_program_is_called_by_the_name_that_was_typed(self):
        shutil.copy(shutil.which("cat"), self.second(""))
        os.chmod(self.path("usr/libexec/ecert-network"), 0o755)
        with subprocess.Popen(["ecert", "crl", "refresh"], executable=self.installed, env=self.environment(), stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
            said = running.communicate()[1]
        self.assertRegex(said, r"^ecert: crl: ")

    def test_a_mistake_in_the_line_is_told_by_the_first(self):
        self.second("#!/bin/bash\nexit 7\n")
        for words, expected in ((["check", "--nothing"], "--nothing"), (["check", "--days"], "--days"), (["deploy", "away"], "deploy away"),
                                (["crl"], "crl refresh"), (["check", "--timeout=1", "--timeout=2"], "timeout")):
            self.assertIn(expected, self.run_installed(*words, code=64))

    def test_one_that_may_not_be_started_is_named_with_the_reason(self):
        self.second("#!/bin/bash\n", mode=0o600)
        said = re.sub(r"\s+", " ", self.run_installed("watch", code=1))
        self.assertRegex(said, "../libexec/ecert-network can’t be started.*: Permission denied")
        self.assertIn("Install ecert again", said)

    def test_beside_the_program_comes_before_libexec(self):
        self.second("#!/bin/bash\necho installed\n")
        self.assertEqual(self.run_installed("watch"), "installed\n")
        self.write("usr/bin/ecert-network", "#!/bin/bash\necho built\n", 0o755)
        self.assertEqual(self.run_installed("watch"), "built\n")

    def test_the_second_program_is_whole(self):
        """Run by itself it has every command, so that there is one table and no second truth."""
        def overview(program):
            return subprocess.run([program, "--help", "--json"], env=self.environment(), capture_output=True, text=True, check=True).stdout
        self.assertEqual(overview(PROGRAM), overview(PROGRAM + "-network"))


if __name__ == "__main__":
    unittest.main(argv=["test_network"])
