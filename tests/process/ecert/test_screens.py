#!/usr/bin/env python3
"""What a person at a terminal sees: screens of 80 and 120 columns, in three languages, with colour and
without.

    test_screens.py ECERT
"""
import os
import re
import unicodedata
import unittest

from hierarchy import Hierarchy
from tool import PROGRAM, Terminal, ToolTest

LANGUAGES = ("en", "zh-HK", "zh-CN")
ESCAPE = re.compile(r"\033\[[0-9]*m")
# A line that says what is waited for, and is gone again.
WAIT = "\r\033\\[K… [^\r\n]+\r\033\\[K"
MOMENT = r"\d{4}-\d\d-\d\d \d\d:\d\d HKT(?: \(.+\)|（.+）)"
SCREENS = ([], ["cert", "list"], ["cert", "show", "{pair}"], ["cert", "show", "{request}"], ["chain", "list"],
           ["chain", "check"], ["crl", "list"], ["crl", "refresh"], ["idn", "www.電子核證.gov.hk"],
           ["idn", "www.p\u0430ypal.example.com"], ["idn", "0x7f.1"], ["chain", "install", "--replace-old", "--dry-run"],
           ["cert", "show", "nothing"], ["cert", "shwo"], ["chain", "install", "{ca}/leaf.pem"], ["--help"],
           ["enrol", "--help"], ["chain", "install", "--help"])


def width(text):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
               for c in text)


def starts(line):
    """The screen columns at which something begins after two blanks or more."""
    return {width(line[:match.end()]) for match in re.finditer(r" {2,}", line)}


class Screens(ToolTest):
    """A store with a bit of everything, among it a withdrawn intermediate and a stale list."""
    @classmethod
    def setUpClass(cls):
        place = ToolTest.scratch_of_class(cls)
        cls.ca = Hierarchy(os.path.join(place, "ca"), name="Hongkong Post Trial")

    def setUp(self):
        super().setUp()
        ca = self.ca
        for name in ("root", "partner"):
            self.json("chain", "install", ca.path(name + ".pem"), "--as", "root", "--fingerprint",
                      ca.fingerprint(name))
        for name in ("old", "new", "cross"):
            self.json("chain", "install", ca.path(name + ".pem"))
        for name in ("root", "ssl"):
            self.json("crl", "install", ca.path(name + ".crl"))
        text = ""
        for name in ("leaf", "new"):
            with open(ca.path(name + ".pem"), encoding="ascii") as file:
                text += file.read()
        made = self.json("cert", "import", self.write("pair.pem", text), "--key", ca.key("leaf"),
                         "--friendly", "網上商店 Web shop")
        waiting = self.json("request", "new", "--name", "www.電子核證.gov.hk", "--name",
                            "mail.shop.example.com", "--key", "p256", "--friendly", "電郵伺服器")
        self.words = {"pair": made["id"], "request": waiting["id"], "ca": ca.directory}

    def screen(self, arguments, columns=80, language="en", **more):
        """As the terminal gets it; escapes and all."""
        arguments = [word.format(**self.words) for word in arguments] + ["--lang", language]
        environment = self.environment(TERM="xterm", TZ="Asia/Hong_Kong", **more)
        said, _ = Terminal([PROGRAM, *arguments], environment, columns).answer()
        self.waits = re.findall(WAIT, said)
        return re.sub(WAIT, "", said).replace("\r\n", "\n")

    def test_no_line_is_wider_than_the_terminal_nor_than_a_hundred(self):
        for columns in (80, 120):
            for language in LANGUAGES:
                for arguments in SCREENS:
                    said = self.screen(arguments, columns, language, NO_COLOR="1")
                    with self.subTest((columns, language, arguments)):
                        self.assertNotRegex(said, r"\b(tool|chain|crl|usage|name)\.[a-z_]+\b")
                        self.assertNotIn("\033", said)
                        for line in said.split("\n"):
                            self.assertLessEqual(width(line), min(columns, 100), line)

    def test_what_does_not_ask_how_wide_it_is_gets_a_hundred(self):
        said = self.run_tool("chain", "list")
        self.assertTrue(any(80 < width(line) <= 100 for line in said.split("\n")), said)

    def test_what_commands_do_stands_in_one_column_of_the_help(self):
        lines = [line for line in self.run_tool("--help").splitlines() if line.startswith("  ecert ")]
        columns = {re.search(r" {2,}", line[2:]).end() for line in lines if not line.startswith("  ecert check ")}
        self.assertEqual(len(columns), 1, "\n".join(lines))

    def test_colour_helps_and_says_nothing_by_itself(self):
        def same(text):
            return re.sub(r"after \d+ ms", "", ESCAPE.sub("", text))
        for arguments in SCREENS:
            bare = self.screen(arguments, NO_COLOR="1")
            self.assertEqual(same(self.screen(arguments)), same(bare), arguments)
        for setting in ({"NO_COLOR": ""}, {}):
            self.assertIn("\033[1m", self.screen([], **setting))
        self.assertIn("\033[31m", self.screen(["cert", "shwo"]))

    def test_columns_stand_below_each_other_whatever_the_letters(self):
        for columns in (80, 120):
            for language in LANGUAGES:
                for arguments in (["cert", "list"], ["chain", "list"], ["crl", "list"]):
                    lines = self.screen(arguments, columns, language, NO_COLOR="1").rstrip().split("\n")
                    stacked = lines[1].startswith("  ")
                    rows = [line for line in lines if line.startswith("  ")] if stacked else lines
                    self.assertGreater(len(rows), 2)
                    for row in rows[1:]:
                        self.assertLessEqual(starts(row), starts(rows[0]), lines)

    def test_names_stand_first_and_as_people_write_them(self):
        for arguments in ([], ["cert", "list"]):
            lines = self.screen(arguments, 120, NO_COLOR="1").split("\n")
            self.assertTrue(any(re.match("www.電子核證.gov.hk( |$)", line) for line in lines), lines)
        self.assertRegex(self.screen(["chain", "list"], 120, NO_COLOR="1"), "(?m)^Hongkong Post Trial Root CA 3( |$)")
        self.assertRegex(self.screen(["crl", "list"], 120, NO_COLOR="1"), "(?m)^Hongkong Post Trial Root CA 3( |$)")
        self.json("request", "new", "--name", "www.p\u0430ypal.example.com", "--key", "p256")
        self.assertIn("xn--pypal-4ve", self.screen(["cert", "list"]))

    def test_a_wait_says_what_for_and_leaves_nothing(self):
        for language, text in (("en", "list"), ("zh-HK", "清單"), ("zh-CN", "列表")):
            self.assertNotIn("…", self.screen(["crl", "refresh"], language=language))
            self.assertEqual(len(self.waits), 3)
            self.assertIn(text, self.waits[0])
        self.assertNotIn("…", self.run_tool("crl", "refresh", code=1))

    def test_chinese_is_set_as_chinese_is(self):
        """Brackets are wide, and no line begins with a stop or ends with an opening bracket."""
        begins, ends = tuple("、。，；：？！）」』”"), tuple("（「『“")
        for columns in range(40, 101, 7):
            for language in LANGUAGES[1:]:
                for arguments in SCREENS:
                    said = self.screen(arguments, columns, language, NO_COLOR="1")
                    with self.subTest((columns, language, arguments)):
                        for line in said.split("\n"):
                            self.assertFalse(line.strip().startswith(begins) or line.rstrip().endswith(ends), said)
                        self.assertNotRegex(said, r"[\u4e00-\u9fff] ?\(|\)[\u4e00-\u9fff]")
                        self.assertNotRegex(said, r"\([^)\n]*[\u4e00-\u9fff]")

    def test_moments_have_a_zone_and_a_distance(self):
        for arguments in ([], ["cert", "show", "{pair}"], ["crl", "list"]):
            for language in LANGUAGES:
                self.assertRegex(self.screen(arguments, 120, language), MOMENT)
        for arguments in (["cert", "list"], ["chain", "list"]):
            self.assertRegex(self.screen(arguments, 120), r"\d{4}-\d\d-\d\d \(in \d+ days\)")

    def test_the_first_screen_says_what_there_is_and_what_to_do(self):
        commands = ("ecert enrol", "ecert chain install --replace-old", "ecert --help")
        for language in LANGUAGES:
            said = " ".join(self.screen([], 100, language, NO_COLOR="1").split())
            for part in ("www.shop.example.com", "www.電子核證.gov.hk", *commands):
                self.assertIn(part, said)
        told = self.json()
        self.assertEqual(len(told["next"]), 2)
        self.json("chain", "install", "--replace-old")
        self.assertEqual(len(self.json()["next"]), 1)
        self.store = self.path("empty")
        self.assertIn("ecert request new", self.screen([]))
        self.assertEqual(self.json()["next"], ["ecert request new"])

    def test_the_first_screen_says_that_a_list_is_too_old(self):
        folder = os.path.join(self.store, "crls")
        stale = Hierarchy(self.path("stale"), name="Stale")
        self.json("chain", "install", stale.path("root.pem"), "--as", "root", "--fingerprint",
                  stale.fingerprint("root"))
        with open(stale.list("root", days=-1 / 24 / 60), "rb") as old, \
                open(os.path.join(folder, "0" * 64 + ".crl"), "wb") as file:
            file.write(old.read())
        os.chmod(os.path.join(folder, "0" * 64 + ".crl"), 0o600)
        for language in LANGUAGES:
            self.assertIn("ecert crl refresh", self.screen([], 100, language))

    def test_an_error_has_its_parts_and_a_wrong_verb_the_right_ones(self):
        said = self.screen(["chain", "install", "{ca}/leaf.pem"], 100, NO_COLOR="1").split("\n")
        self.assertTrue(said[0].startswith("✗ "))
        self.assertEqual([line.split()[0] for line in said if re.match("  (seen|expected|next)  ", line)],
                         ["seen", "expected", "next"])
        said = self.run_tool("cert", "shwo", code=64)
        self.assertIn("cert shwo", said)
        self.assertIn("cert show", said)
        self.assertNotIn("expected", self.run_tool("certt", code=64))


if __name__ == "__main__":
    unittest.main(argv=["test_screens.py"], verbosity=1)
