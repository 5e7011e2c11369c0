"""What the portal offers follows the day, and the list of public suffixes that it was given.

    test_day.py ECERTD_PORTAL ECERT_PORTAL_SEED DATA DAY
"""
import os
import re
import sys
import tempfile
import unittest

import world

DAY = os.path.abspath(sys.argv.pop(4))
LAST_SECOND_OF_MAIL = 1836691199  # 2028-03-14T23:59:59Z
LIST = "// ===BEGIN ICANN DOMAINS===\ncom\n%s// ===END ICANN DOMAINS===\n"


class Day(unittest.TestCase):
    def world(self, **how):
        one = world.World(**how)
        self.addCleanup(one.close)
        return one

    def test_codes_by_mail_are_offered_until_their_last_second(self):
        for later, offered in ((0, True), (1, False)):
            with self.subTest(later):
                there = self.world(environment={"LD_PRELOAD": DAY, "DAY_AT": str(LAST_SECOND_OF_MAIL + later)})
                api = there.api("confirmed")
                methods = api.ask("GET", "/enrolment").json()["methods"]
                self.assertEqual(("email" in methods, "dns" in methods), (offered, True))
                self.assertEqual('value="email"' in there.browser("confirmed").get("/dcv").text, offered)
                answer = api.ask("POST", "/enrolment/dcv", {"method": "email"})
                self.assertEqual(answer.status == 200, offered, answer.text)

    def test_d20_no_mailbox_and_no_parent_above_a_suffix_of_the_list_is_offered(self):
        for suffix, domains in (("", {"new.shop.example.com", "shop.example.com", "example.com"}),
                                ("example.com\n", {"new.shop.example.com", "shop.example.com"})):
            with self.subTest(suffix), tempfile.NamedTemporaryFile("w") as file:
                file.write(LIST % suffix)
                file.flush()
                there = self.world(more=f'validator {{ id = "primary" key = "/k" caa_identity = "ca.example"'
                                        f' suffix_list = "{file.name}" }}')
                browser = there.browser("confirmed")
                self.assertEqual("example.com" in self.parents(browser.get("/dcv").text), suffix == "")
                self.assertEqual(browser.post("/dcv", {"method": "email"}).status, 303)
                offered = re.findall(r'<option value="[^"@]+@([^"]+)"', browser.get("/dcv").text)
                self.assertEqual(set(offered), domains)
                name = "new.shop.example.com"
                asked = browser.post("/dcv/mail", {"name": name, "address": "admin@example.com"})
                self.assertEqual(asked.status, 303 if suffix == "" else 422)

    @staticmethod
    def parents(page):
        return re.findall(r'<option value="([a-z.]+)"', page)

    def test_d20_half_a_list_is_none(self):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write((LIST % "")[:40])
            file.flush()
            with self.assertRaisesRegex(RuntimeError, "suffix_list.unusable"):
                self.world(more=f'validator {{ id = "p" key = "/k" caa_identity = "c" suffix_list = "{file.name}" }}')


if __name__ == "__main__":
    world.run()
