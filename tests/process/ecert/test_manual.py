#!/usr/bin/env python3
"""The manual pages: one for each command, without a fault, and every example on them can be typed.

    test_manual.py ECERT
"""
import os
import re
import shlex
import subprocess
import unittest

from tool import PROGRAM, ToolTest

LANGUAGES = ("en", "zh-HK", "zh-CN")
# In a network of its own, without an address: an example names hosts that aren't ours to ask.
ALONE = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net"]
# The command line's own faults: an example has none of them. (A secret, and consent, a terminal asks for.)
FAULTS = r"urn:ecert:problem:(usage\.\w+|tool\.(key_type|request_names|pfx_target))"


class Manual(ToolTest):
    @classmethod
    def setUpClass(cls):
        cls.pages = cls.scratch_of_class(cls)
        for language in LANGUAGES:
            subprocess.run([PROGRAM, "--lang", language, "manual", os.path.join(cls.pages, language, "man1")], check=True)

    def page(self, language, name):
        return os.path.join(self.pages, language, "man1", name + ".1")

    def commands(self):
        return self.json("--help")["commands"]

    @staticmethod
    def name(command):
        return "-".join(["ecert", *command["command"].split()])

    def names(self):
        return [self.name(command) for command in self.commands()]

    def shown(self, language, name):
        return subprocess.run(["man", "--warnings", "-P", "cat", "-l", self.page(language, name)], capture_output=True, text=True,
                              check=False, env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "MANWIDTH": "78"})

    def test_every_command_has_a_page_and_every_page_a_command(self):
        for language in LANGUAGES:
            self.assertEqual({name + ".1" for name in self.names()}, set(os.listdir(os.path.join(self.pages, language, "man1"))))
        self.assertGreater(len(self.names()), 25)

    def test_the_pages_are_without_fault(self):
        for name in self.names():
            said = subprocess.run(["mandoc", "-T", "lint", self.page("en", name)], capture_output=True, text=True, check=False)
            for line in said.stdout.splitlines():
                own = re.search(r"STYLE: referenced manual not found: Xr (\S+) 1", line)
                self.assertTrue(own and os.path.exists(self.page("en", own.group(1))), line)
            for language in LANGUAGES[1:]:
                subprocess.run(["mandoc", "-T", "utf8", "-W", "error", self.page(language, name)], check=True,
                               capture_output=True)

    def test_man_shows_them_without_a_warning_and_within_the_terminal(self):
        for language in LANGUAGES:
            for name in self.names():
                said = self.shown(language, name)
                self.assertEqual((said.returncode, said.stderr), (0, ""), name)

    def test_a_page_says_what_help_says(self):
        for language in LANGUAGES:
            said = self.json("--help", "--lang", language)
            for command in said["commands"]:
                plain = subprocess.run(["mandoc", "-T", "utf8", "-O", "width=300", self.page(language, self.name(command))],
                                       check=True, capture_output=True, text=True).stdout
                text = re.sub(r".\x08|\s+", "", plain)
                options = command["options"] if command["command"] else said["everywhere"]
                wanted = [command["description"], *["--" + option["name"] for option in options],
                          *[option["summary"] for option in options]]
                for words in wanted:
                    self.assertIn(re.sub(r"\s+", "", words), text, (language, command["command"]))
                self.assertIn(re.sub(r"\s+", "", command["operands"].strip("[]") if "operands" in command else ""), text)

    def test_help_shows_description_and_example(self):
        for command in self.commands()[1:]:
            said = re.sub(r"(\s|\\\n)+", " ", self.run_tool(*command["command"].split(), "--help"))
            self.assertIn(command["description"], said)
            self.assertIn(re.sub(r"\s+", " ", command["examples"][0]), said)

    def test_every_example_can_be_typed(self):
        """As far as the command line goes: the files and servers that it names aren't here, and nothing asks."""
        for command in self.commands():
            self.assertTrue(command["examples"], command["command"])
            for example in command["examples"]:
                words = shlex.split(example)
                self.assertEqual(words[0], "ecert")
                self.assertEqual(words[1:1 + len(command["command"].split())], command["command"].split())
                json = [] if "--json" in words else ["--json"]
                words += ["--idle", "1"] if command["command"] == "console" else []
                said = subprocess.run([*ALONE, PROGRAM, *json, *words[1:]], env=self.environment(HOME=self.scratch), timeout=60,
                                      stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, cwd=self.scratch)
                self.assertNotRegex(said.stdout, FAULTS, example)
                self.assertIn(said.returncode, (0, 1, 2, 64), (example, said))

    def test_a_page_is_in_the_persons_language(self):
        self.assertIn("說明", self.shown("zh-HK", "ecert-enrol").stdout)
        self.assertIn("说明", self.shown("zh-CN", "ecert-enrol").stdout)
        self.assertIn("DESCRIPTION", self.shown("en", "ecert-enrol").stdout)

    def test_a_folder_that_cannot_be_made_is_told(self):
        self.write("file", "")
        self.assertIn("file", self.run_tool("manual", self.path("file/man1"), code=1))


if __name__ == "__main__":
    unittest.main(argv=["test_manual.py", "-v"])
