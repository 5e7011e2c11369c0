#!/usr/bin/env python3
"""What --json gives, and which code each command ends with: a table over all commands. (What every other test of
ecert gets by --json is held against the schema too, in tool.py.)

    test_json.py ECERT
"""
import json
import os
import unittest

from tool import SCHEMA, ToolTest, schema


class Json(ToolTest):
    def commands(self):
        return self.json("--help")["commands"][1:]

    def problem(self, *words, code):
        """A failure is an object as well, with all its parts."""
        said = self.json(*words, code=code)["problem"]
        self.assertTrue(said["title"] and said["next"], (words, said))
        return said["type"].removeprefix("urn:ecert:problem:")

    def test_the_schema_is_one(self):
        import jsonschema
        jsonschema.Draft202012Validator.check_schema(schema())
        for command in self.commands():
            self.assertIn(command["command"], schema()["$defs"])

    def test_the_schema_says_nothing_twice(self):
        """The second of two members of one name would hide the first."""
        def once(pairs):
            names = [name for name, _ in pairs]
            self.assertEqual(sorted(names), sorted(set(names)))
            return dict(pairs)
        with open(SCHEMA, encoding="utf-8") as file:
            json.load(file, object_pairs_hook=once)

    def test_the_schema_refuses_what_is_wrong(self):
        import jsonschema
        for words, wrong in ((["cert", "list"], {}), (["cert", "list"], {"certificates": [], "unreadable": 0, "more": 1}),
                             (["cert", "list"], {"certificates": [{}], "unreadable": 0}), (["check"], {"hosts": []}),
                             (["idn"], {"problem": {"title": "x"}}), ([], {"store": "x"})):
            with self.assertRaises(jsonschema.ValidationError):
                self.hold(words, wrong)

    def test_wrong_usage_is_64_of_every_command(self):
        for command in self.commands():
            words = command["command"].split()
            full = ["x"] * command["operands_min"]
            self.assertEqual(self.problem(*words, *full, "--nothing", code=64), "usage.option")
            self.assertEqual(self.problem(*words, *full, "--lang", "en", "--lang", "en", code=64), "usage.twice")
            self.assertEqual(self.problem(*words, *full, "--help=x", code=64), "usage.value")
            if command["operands_min"] > 0:
                self.assertEqual(self.problem(*words, *full[1:], code=64), "usage.missing")
            if command["operands_max"] < 100:
                self.assertEqual(self.problem(*words, *["x"] * (command["operands_max"] + 1), code=64), "usage.operand")
            for option in command["options"]:
                if option["kind"] != "flag":
                    self.run_tool("--json", *words, *full, "--" + option["name"], code=64)
        self.assertFalse(os.path.exists(self.store))

    def test_a_word_that_is_no_command_is_64(self):
        for words in (["nothing"], ["cert"], ["cert", "nothing"], ["deploy", "--nothing"]):
            self.assertRegex(self.problem(*words, code=64), r"usage\.(command|verb)")

    def test_what_a_script_leaves_out_is_64_and_named(self):
        made = self.json("request", "new", "--name", "www.example.com", "--key", "p256")["id"]
        for words, field in ((["request", "new"], "--name"), (["enrol"], "--server-name"), (["check"], "HOST"),
                             (["key", "backup", made], "--out"), (["cert", "export", made, "--pem"], "--out"),
                             (["cert", "export", made], "--pem"), (["cert", "remove", made], "--yes"),
                             (["key", "backup", made, "--out", "x"], "password-file"), (["chain", "install"], "FILE"),
                             (["deploy", "script"], "--kind"), (["cert", "show"], "ID"), (["idn"], "NAME")):
            self.assertEqual(self.json(*words, code=64)["problem"]["field"], field)

    def test_an_empty_store(self):
        for words, code in (([], 0), (["cert", "list"], 0), (["chain", "list"], 0), (["crl", "list"], 0), (["crl", "refresh"], None),
                            (["chain", "check"], None), (["undo"], 2), (["undo", "--list"], 0), (["undo", "--forget", "--yes"], 2), (["deploy", "status"], 0), (["watch"], None)):
            self.json(*words, code=code)

    def test_help_and_version_of_every_command(self):
        for command in self.commands():
            words = command["command"].split()
            self.assertEqual(self.json(*words, "--help")["command"], command["command"])
            self.json(*words, "--version")

    def test_what_is_not_there_is_1(self):
        for words in (["cert", "show", "abcd1234"], ["cert", "remove", "abcd1234"], ["cert", "complete", "none"],
                      ["cert", "import", "none"], ["chain", "install", "none"], ["chain", "remove", "abcd1234"],
                      ["crl", "install", "none"], ["chain", "check", "none"], ["check", "--hosts", "none"]):
            self.problem(*words, code=1)

    # At a terminal the same is asked for.

    def test_a_terminal_is_asked_for_what_is_left_out(self):
        made = self.json("request", "new", "--name", "www.example.com", "--key", "p256", "--friendly", "Shop")["id"]
        screen = self.at_terminal(["cert", "show"], [("Which one", "1")])
        self.assertRegex(screen, f"  1  {made}  www.example.com · Shop · ")
        self.assertIn("www.example.com", self.at_terminal(["idn"], [("erver name", "www.example.com")]))
        self.at_terminal(["key", "backup"], [("Which one", "1"), ("File to write", self.path("b.pfx")),
                                             ("assword", "right 1"), ("gain", "right 1")])
        self.assertTrue(os.path.exists(self.path("b.pfx")))
        self.at_terminal(["key", "restore"], [("Which file", self.path("b.pfx")), ("assword", "right 1")], code=2)

    def test_a_terminal_with_nothing_to_choose_from_says_so(self):
        self.assertIn("nothing here to choose from", self.at_terminal(["cert", "show"], [], code=1))


if __name__ == "__main__":
    unittest.main(argv=["test_json.py"], verbosity=1)
