#!/usr/bin/env python3
"""What bash, zsh and fish complete: the shells themselves are asked, at terminals where they need one.

    test_completion.py ECERT SOURCE_ROOT
"""
import os
import re
import select
import shutil
import subprocess
import sys
import time
import unittest

from hierarchy import Hierarchy
from tool import PROGRAM, ToolTest

SCRIPTS = os.path.join(os.path.abspath(sys.argv[2]), "packaging/completion")
ESCAPES = re.compile(r"\033(\[[0-9;?<>=]*[a-zA-Z]|[=>]|\][^\007]*\007|\([AB0])|[\r\007\x0f]")


class Shell:
    """A shell at a terminal; what is typed is typed key by key, nothing ends a line."""
    def __init__(self, command, environment, directory):
        self.ours, theirs = os.openpty()
        self.process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=directory,
                                        env={**environment, "TERM": "xterm", "COLUMNS": "200"}, start_new_session=True)
        os.close(theirs)
        self.said = ""

    def wait(self, pattern, seconds=60):
        """What was said up to there; then it is forgotten."""
        deadline = time.monotonic() + seconds
        while not (found := re.search(pattern, self.said)) and time.monotonic() < deadline:
            if select.select([self.ours], [], [], 0.05)[0]:
                self.said = ESCAPES.sub("", self.said + os.read(self.ours, 65536).decode("utf-8", "replace"))
        assert found, (pattern, self.said)
        said, self.said = self.said[:found.end()], self.said[found.end():]
        return said

    def type(self, keys):
        os.write(self.ours, keys.encode())

    def end(self):
        self.process.kill()
        self.process.wait()
        os.close(self.ours)


class Completion(ToolTest):
    @classmethod
    def setUpClass(cls):
        cls.ca = Hierarchy(os.path.join(cls.scratch_of_class(cls), "ca"))

    def setUp(self):
        super().setUp()
        ca = self.ca
        self.json("chain", "install", ca.path("root.pem"), "--as", "root", "--fingerprint", ca.fingerprint("root"))
        self.first = self.json("cert", "import", ca.path("leaf.pem"), "--key", ca.key("leaf"), "--friendly", "Web shop")["id"][:12]
        self.second = self.json("request", "new", "--name", "mail.shop.example.com", "--key", "p256", "--friendly", "Mail")["id"]
        os.mkdir(self.path("bin"))
        os.symlink(PROGRAM, self.path("bin/ecert"))
        os.makedirs(self.path("here/certificates"))
        shutil.copy(ca.path("root.pem"), self.path("here/trusted.pem"))

    def words(self, *words):
        """What `ecert complete` offers, without what it says of it."""
        return [line.split("\t")[0] for line in self.run_tool("complete", *words).splitlines()]

    def shell(self, *command, **more):
        environment = self.environment(HOME=self.scratch, LANG="C.UTF-8", **more)
        environment["PATH"] = self.path("bin") + ":" + environment["PATH"]
        environment["ECERT_LOCALE"] = os.path.normpath(os.path.join(os.path.dirname(PROGRAM), "../../web/locale"))
        shell = Shell(command, environment, self.path("here"))
        self.addCleanup(shell.end)
        return shell

    # What is offered.

    def test_commands_and_options_come_from_the_table(self):
        commands = self.json("--help")["commands"][1:]
        self.assertEqual(set(self.words("")), {command["command"].split()[0] for command in commands})
        for command in commands:
            typed = command["command"].split()
            if len(typed) == 2:
                self.assertIn(typed[1], self.words(typed[0], ""))
            offered = self.words(*typed, "--")
            for option in command["options"]:
                self.assertIn("--" + option["name"], offered)
                if re.fullmatch(r"[a-z0-9-]+(\|[a-z0-9-]+)+", option.get("value", "")):
                    self.assertEqual(self.words(*typed, "--" + option["name"], ""), option["value"].split("|"))
            self.assertIn("--json", offered)

    def test_values_come_from_the_store(self):
        self.assertEqual(set(self.words("cert", "show", "")), {self.first, self.second})
        self.assertEqual(self.words("cert", "show", self.first[:4]), [self.first])
        self.assertEqual(self.words("cert", "show", "mail.s"), [self.second])
        self.assertEqual(self.words("chain", "remove", ""), [self.ca.fingerprint("root").replace(":", "").lower()[:12]])
        self.json("crl", "install", self.ca.path("root.crl"))
        self.assertEqual(self.words("crl", "remove", ""), [self.json("crl", "list")["lists"][0]["thumbprint_sha256"][:12]])
        self.assertEqual(self.words("enrol", "--request=" + self.second[:3]), ["--request=" + self.second])
        self.assertEqual(self.words("request", "new", "--service", "pop"), ["pop-imap"])
        self.assertEqual(self.words("--store", self.path("other"), "cert", "show", ""), [])
        self.assertEqual(self.words("cert", "show", "", "--store=" + self.path("other"), ""), [])

    def test_targets_come_from_the_ledger(self):
        self.run_tool("deploy", "run", self.first, "--kind", "files", "--certificate", self.path("www.crt"), "--key",
                      self.path("www.key"), "--target", "web-1")
        for words in (["deploy", "rollback"], ["deploy", "forget"], ["deploy", "run", "--only"]):
            self.assertEqual(self.words(*words, "w"), ["web-1"])

    def test_nothing_is_offered_behind_the_last_word_nor_twice(self):
        self.assertEqual(self.words("cert", "list", ""), [])
        self.assertEqual(self.words("cert", "show", "abcd", ""), [])
        self.assertNotIn("--key", self.words("request", "new", "--key", "p256", "--"))
        self.assertIn("--name", self.words("request", "new", "--name", "a", "--"))
        self.assertEqual(self.words("nothing", "of", "ours", ""), [])
        self.assertEqual(self.words("cert", "list", "--nothing", ""), [])
        self.assertEqual(self.words("enrol", "--after", "nginx", "-s", ""), [])
        self.assertEqual(self.words("manual"), [])

    def test_files_are_the_shells_own(self):
        self.assertEqual(self.words("cert", "complete", "x"), [":files"])
        self.assertEqual(self.words("request", "new", "--out", ""), [":files"])
        self.assertEqual(self.words("--store", ""), [":directories"])
        self.assertEqual(self.words("enrol", "--webroot", ""), [":directories"])
        self.assertEqual(self.words("chain", "check", "./x"), [":files"])

    def test_looking_makes_no_store_and_says_no_control_characters(self):
        self.run_tool("complete", "--store", self.path("none"), "cert", "show", "")
        self.assertFalse(os.path.exists(self.path("none")))
        os.mkdir(self.path("empty"))
        self.run_tool("complete", "--store", self.path("empty"), "cert", "show", "")
        self.assertEqual(os.listdir(self.path("empty")), [])
        self.assertNotRegex(self.run_tool("complete", "cert", "show", ""), r"[\x00-\x08\x0b-\x1f]")

    # The shells.

    def test_bash(self):
        with open(os.path.join(SCRIPTS, "ecert.bash"), encoding="utf-8") as file:
            start = file.read() + """
bind 'set show-all-if-ambiguous on'; bind 'set completion-query-items 0'; bind 'set page-completions off'
bind 'set enable-bracketed-paste off'; bind 'set bell-style none'; PS1='READY> '
"""
        shell = self.shell("bash", "--noprofile", "--rcfile", self.write("bashrc", start), "-i")
        shell.wait("READY> ")
        for typed, wanted in (("ecert cert sh\t", "ecert cert show "), ("\x15ecert cert export --pf\t", "--pfx "),
                              (f"\x15ecert cert show {self.first[:5]}\t", self.first + " "),
                              ("\x15ecert cert show mail.sh\t", self.second + " "),
                              ("\x15ecert cert list --lang=zh-H\t", "--lang=zh-HK "),
                              ("\x15ecert cert complete trus\t", "trusted.pem"),
                              ("\x15ecert --store cert\t", "certificates/")):
            shell.type(typed)
            shell.wait(re.escape(wanted))
        shell.type("\x15ecert cert show \t")
        shell.wait(rf"{self.second}  \(mail\.shop\.example\.com .*\)")
        shell.type("\x15ecert cha\t")
        shell.wait("chain ")
        shell.type("re\t")
        shell.wait("remove ")

    def test_zsh(self):
        os.mkdir(self.path("functions"))
        shutil.copy(os.path.join(SCRIPTS, "_ecert"), self.path("functions/_ecert"))
        self.write(".zshrc", f"""
fpath=({self.path("functions")} $fpath); autoload -Uz compinit; compinit -u -D; unsetopt zle_bracketed_paste beep
unset zle_bracketed_paste; setopt no_always_last_prompt no_prompt_sp no_list_ambiguous; PROMPT='READY> '
""")
        shell = self.shell("zsh", "-i", ZDOTDIR=self.scratch)
        shell.wait("READY> ")
        for typed, wanted in (("ecert cert sh\t", "ow "), ("\x15ecert cert export --pf\t", "x "),
                              (f"\x15ecert cert show {self.first[:5]}\t", self.first[5:]),
                              ("\x15ecert cert show mail.sh\t", self.second),
                              ("\x15ecert cert list --lang=zh-H\t", "K "),
                              ("\x15ecert cert complete trus\t", "ted.pem"),
                              ("\x15ecert --store cert\t", "ificates")):
            shell.type(typed)
            shell.wait(re.escape(wanted))
        shell.type("\x15ecert cert show \t")
        shell.wait(rf"{self.second}  -- mail\.shop\.example\.com")

    def test_fish(self):
        def completed(line):
            environment = self.environment(HOME=self.scratch, LANG="C.UTF-8")
            environment["PATH"] = self.path("bin") + ":" + environment["PATH"]
            return subprocess.run(["fish", "--no-config", "-c", 'source $argv[1]; complete --do-complete $argv[2]',
                                   os.path.join(SCRIPTS, "ecert.fish"), line], check=True, capture_output=True, text=True,
                                  env=environment, cwd=self.path("here"), timeout=60).stdout
        self.assertEqual(completed("ecert cert sh"), "show\teverything about one of them\n")
        self.assertIn("--pfx\t", completed("ecert cert export --pf"))
        self.assertTrue(completed(f"ecert cert show {self.first[:5]}").startswith(self.first + "\t"))
        self.assertIn(f"{self.second}\tmail.shop.example.com", completed("ecert cert show "))
        self.assertIn("--lang=zh-HK", completed("ecert cert list --lang=zh-H"))
        self.assertIn("trusted.pem", completed("ecert cert complete trus"))
        self.assertIn("certificates/", completed("ecert --store cert"))
        self.assertNotIn("trusted.pem", completed("ecert cert show "))


if __name__ == "__main__":
    unittest.main(argv=["test_completion.py"], verbosity=1)
