#!/usr/bin/env python3
"""Names against a second opinion: the whole public suffix list by the algorithm of publicsuffix.org, its
own test cases, and internationalised labels by Python's punycode and RFC 5892's rules
(doc/threats.md D20, D25).

    names_model.py NAME_ANSWERS
"""
import os
import random
import re
import subprocess
import sys
import unittest

LIST = "/usr/share/publicsuffix/public_suffix_list.dat"
CASES = "/usr/share/doc/publicsuffix/examples/test_psl.txt"
# Letters that RFC 5892 calls PVALID, whatever stands beside them; the last two are read from the right.
SCRIPTS = [(0x4e00, 0x9fa5), (0xac00, 0xd7a3), (0x0430, 0x044f), (0x03b1, 0x03c9), (0x0e01, 0x0e2e),
           (0x0915, 0x0939), (0x3041, 0x3094), (0x10d0, 0x10f0), (0x00e0, 0x00f6), (0x0561, 0x0586),
           (0x05d0, 0x05ea), (0x0628, 0x063a)]
# Labels that are none, although every A-label of theirs can be written (RFC 5892 appendix A, 5893, 5891).
FORBIDDEN = {
    "an upper-case letter": "Пример", "a symbol": "\u2603", "a full-width letter": "\uff45xample",
    "a combining mark in front": "\u0301a", "a middle dot without its two l": "a\u00b7b",
    "a keraia without a Greek letter": "\u0375a", "a geresh without a Hebrew letter": "a\u05f3",
    "a katakana dot without kana or Han": "a\u30fbb", "a joiner without a virama": "a\u200db",
    "a non-joiner without a virama": "a\u200cb", "digits of two kinds": "\u0628\u0660\u06f0",
    "letters from right and left": "a\u05d0", "a digit in front of Hebrew": "1\u05d0",
    "a decomposed letter": "e\u0301", "a hyphen in front": "-\u00e9", "a hyphen at the end": "\u00e9-",
    "hyphens in third and fourth place": "\u00e9b--c", "an unassigned character": "\u0378\u0430",
    "a soft hyphen": "\u00e9\u00ad", "a private character": "\ue000", "a space": "\u00e9\u00a0a",
}
ALLOWED = {"l\u00b7l": None, "\u03b1\u0375\u03b2": None, "\u05d0\u05f3": None, "\u30a2\u30fb\u30a2": None,
           "\u0915\u094d\u200d\u0937": None, "\u0628\u0661\u0662": None, "fa\u00df": None, "\u03b2\u03cc\u03bb\u03bf\u03c2": None}


def a_label(label):
    return label if label.isascii() else "xn--" + label.encode("punycode").decode()


def a_name(name):
    return ".".join(map(a_label, name.split(".")))


def answers(names, *arguments):
    said = subprocess.run([PROGRAM, *arguments], input="".join(name + "\n" for name in names), check=True,
                          capture_output=True, text=True).stdout.splitlines()
    assert len(said) == len(names)
    return said


def rules(section):
    """The list's rules of one section, as A-labels."""
    with open(LIST, encoding="utf-8") as file:
        text = file.read().split(f"===BEGIN {section} DOMAINS===")[1].split(f"===END {section}")[0]
    lines = [line.strip() for line in text.splitlines()]
    return {a_name(line.split()[0]) for line in lines if line and not line.startswith("//")}


class SuffixTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.rules = rules("ICANN")

    def suffix(self, name):
        """publicsuffix.org/list: an exception wins, then the longest rule; no rule, no suffix."""
        labels = name.split(".")
        for at in range(len(labels)):
            if "!" + ".".join(labels[at:]) in self.rules:
                return ".".join(labels[at + 1:])
        for at in range(len(labels)):
            if ".".join(labels[at:]) in self.rules or ".".join(["*", *labels[at + 1:]]) in self.rules:
                return ".".join(labels[at:])
        return None

    def expected(self, name):
        base = name.removeprefix("*.")
        if base.endswith((".in-addr.arpa", ".ip6.arpa")):
            return "name.reverse_zone"
        suffix = self.suffix(base)
        if suffix in (None, base):
            return f"{name} name.{'not_public' if suffix is None else 'public_suffix'}"
        return f"{name} {base.removesuffix('.' + suffix).split('.')[-1]}.{suffix}"

    def test_d20_every_rule_of_the_list(self):
        names = []
        for rule in sorted(self.rules):
            base = rule.removeprefix("!").replace("*", "wild")
            names += [f"*.{base}", f"*.x.{base}", f"y.x.{base}", f"x.{base}", base]
        names = [name for name in names if name.removeprefix("*.").count(".")]    # a single label is no name
        self.assertGreater(len(self.rules), 5000)
        wrong = [(said, self.expected(name)) for name, said in zip(names, answers(names, LIST))
                 if said != self.expected(name)]
        self.assertEqual(wrong, [])
        self.assertEqual({said.split()[-1] for said in answers(
            [f"*.{rule}" for rule in sorted(self.rules) if not re.search(r"[*!]|arpa", rule) and "." in rule], LIST)},
                         {"name.public_suffix"})

    def test_d20_the_lists_own_cases(self):
        if not os.path.exists(CASES):
            self.skipTest(CASES + " is not installed")
        with open(CASES, encoding="utf-8") as file:
            cases = re.findall(r"^checkPublicSuffix\('([^']*)', (?:'([^']*)'|null)\);", file.read(), re.M)
        private, seen = rules("PRIVATE"), 0
        for (typed, registrable), said in zip(cases, answers([name for name, _ in cases], LIST)):
            name = a_name(typed.lower())
            if any(("." + name).endswith("." + rule) for rule in private):
                continue      # that section does not count for certificates
            known = self.suffix(name) is not None
            if registrable and known:
                self.assertEqual(said, f"{name} {a_name(registrable)}")
            else:
                self.assertRegex(said, r"name\.[a-z_]+$", typed)
            seen += 1
        self.assertGreater(seen, 60)


class LabelsTest(unittest.TestCase):
    def test_d25_letters_of_many_scripts_become_their_a_labels_and_back(self):
        chance, labels = random.Random(25), []
        for _ in range(3000):
            low, high = chance.choice(SCRIPTS)
            labels.append("".join(chr(chance.randint(low, high)) for _ in range(chance.randint(1, 12))))
        labels = [label for label in labels if len(a_label(label)) < 64]
        names = [label + ".example.com" for label in labels]
        wanted = [f"{a_name(name)} example.com" for name in names]
        self.assertEqual(answers(names), wanted)
        self.assertEqual(answers(map_list(a_name, names)), wanted)
        self.assertEqual(answers([a_name(name).upper() for name in names]), wanted)

    def test_d25_what_a_context_allows_is_allowed(self):
        names = [label + ".example.com" for label in ALLOWED]
        self.assertEqual(answers(names), [f"{a_name(name)} example.com" for name in names])

    def test_d25_labels_that_are_none_are_refused_as_a_labels(self):
        """As U-labels some of them are mapped to what was meant; their own A-labels name nothing."""
        for what, label in FORBIDDEN.items():
            said, = answers([a_label(label) + ".example.com"])
            self.assertRegex(said, r"^name\.(idn|hyphen|reserved_label|character)$", what)

    def test_d25_no_damaged_a_label_is_taken_for_another(self):
        chance, names = random.Random(26), []
        for _ in range(3000):
            low, high = chance.choice(SCRIPTS)
            text = a_label("".join(chr(chance.randint(low, high)) for _ in range(chance.randint(2, 6))))
            at = chance.randrange(4, len(text))
            names.append(text[:at] + chance.choice("abcdefghijklmnopqrstuvwxyz0123456789-") + text[at + 1:]
                         + ".example.com")
        for name, said in zip(names, answers(names)):
            if not said.startswith("name."):
                self.assertEqual(said, f"{name} example.com")    # if a name at all, then this one
                label = name.split(".")[0][4:].encode().decode("punycode")
                self.assertEqual(a_label(label), name.split(".")[0])


def map_list(function, things):
    return list(map(function, things))


PROGRAM = os.path.abspath(sys.argv.pop())
if __name__ == "__main__":
    unittest.main(verbosity=2)
