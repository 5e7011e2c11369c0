"""The walk through pages and API: the details and the pages' language, the API step by step, and a full disk."""
import contextlib
import os
import re
import time
import unittest

import world
from world import csr


class Pages(world.FreshCase):
    def test_the_details_are_confirmed_with_the_chinese_name(self):
        browser = self.world.browser("open")
        page = browser.get("/confirm")
        for text in ("www.shop.example.com", "Shop Example Limited", "例子商店有限公司", "12345678", "2345678",
                     "Hongkong Post Trial e-Cert (Server)", "Confirm with Chinese"):
            self.assertIn(text, page.text)
        answer = browser.post("/confirm", {"chinese": "yes"})
        self.assertEqual((answer.status, answer.header("Location")), (303, "/dcv"))
        self.assertEqual(self.world.rows("SELECT state, chinese FROM enrolment WHERE reference = ?",
                                         self.world.seeds["open"]["reference"]), [("confirmed", 1)])
        again = browser.post("/confirm", {"chinese": "no"})
        self.assertEqual(again.header("Location"), "/dcv")

    def test_without_a_chinese_name_there_is_no_such_button_and_no_such_way(self):
        browser = self.world.browser("plain")
        self.assertNotIn("Confirm with Chinese", browser.get("/confirm").text)
        self.assertEqual(browser.post("/confirm", {"chinese": "yes"}).status, 400)
        self.assertEqual(self.world.state("plain"), "open")

    def test_rejecting_asks_why_and_returns_the_application(self):
        browser = self.world.browser("idn")
        empty = browser.post("/confirm/reject", {"reason": "  "})
        self.assertEqual(empty.status, 422)
        self.assertIn('id="reason-error"', empty.text)
        self.assertEqual(self.world.state("idn"), "open")
        answer = browser.post("/confirm/reject", {"reason": "The branch is wrong"})
        self.assertEqual(answer.header("Location"), "/returned")
        self.assertEqual(self.world.state("idn"), "rejected")
        returned = browser.get("/returned").text
        for text in ("enquiry@ecert.example.net", "The branch is wrong", "a letter with another reference number"):
            self.assertIn(text, returned)
        self.assertEqual(self.world.rows("SELECT step, reason, actor FROM returned"),
                         [("details", "The branch is wrong", "portal")])
        self.assertEqual(self.world.rows(
            "SELECT detail FROM audit WHERE action = 'enrolment.rejected' ORDER BY seq DESC LIMIT 1"),
            [("The branch is wrong",)])

    def test_a_chinese_name_is_shown_in_both_forms_with_a_warning(self):
        page = self.world.browser("failed").get("/confirm")
        self.assertIn("例子.example.com", page.text)
        self.assertIn("xn--fsqu00a.example.com", page.text)
        self.assertIn("can’t be changed after registration", page.text)

    def test_an_ev_application_shows_who_the_organisation_is(self):
        for key, path in (("ev", "/confirm"), ("ev-issued", "/certificate")):
            page = self.world.browser(key, "zh-HK").get(path).text
            for text in ("企業類別", "Private Organization", "註冊所在國家／地區", "HK",
                         "註冊編號（延伸認證）", "0123456", "網上銀行部"):
                self.assertIn(text, page, path)
        self.assertNotIn("企業類別", self.world.browser("open", "zh-HK").get("/confirm").text)

    def test_a_name_of_mixed_scripts_is_marked_and_warned_of_before_it_can_be_accepted(self):
        for key, path in (("mixed", "/confirm"), ("mixed-issued", "/certificate")):
            page = self.world.browser(key).get(path).text
            self.assertEqual(page.count("mixes scripts"), 1, path)
            self.assertIn("xn--shp-ted.example", page)
            self.assertIn("some of them look alike", page)
        self.assertNotIn("look alike", self.world.browser("idn").get("/confirm").text)

    def test_many_names_are_counted_and_all_shown_where_they_are_to_be_checked(self):
        page = self.world.browser("fifty").get("/confirm").text
        self.assertIn("50 names", page)
        self.assertEqual(len(re.findall(r'<span class="name">', page)), 50)
        self.assertNotIn("names</span>", self.world.browser("open").get("/confirm").text)
        self.assertIn("www.grown.example.com and 49 more names",
                      self.world.browser("fifty-accepted").get("/download").text)

    def test_the_page_speaks_three_languages_and_remembers(self):
        for tag, title in (("en", "Log in"), ("zh-HK", "登入"), ("zh-CN", "登录")):
            answer = self.world.ask("GET", "/?lang=" + tag)
            self.assertIn('<html lang="%s">' % tag, answer.text)
            self.assertIn(title, answer.text)
            self.assertIn("lang=" + tag, answer.header("Set-Cookie"))
        answer = self.world.ask("GET", "/?lang=../../etc", headers={"Accept-Language": "en"})
        self.assertIn('<html lang="en">', answer.text)
        self.assertIsNone(answer.header("Set-Cookie"))


class Interface(world.FreshCase):
    def test_the_api_walks_as_the_pages_do(self):
        api = self.world.api("open")
        before = api.ask("GET", "/enrolment").json()
        self.assertEqual((before["state"], before["step"], before["methods"]), ("open", "confirm", ["dns", "website", "persistent", "email"]))
        self.assertEqual(before["names"][0]["ascii"], "www.shop.example.com")
        after = api.ask("POST", "/enrolment/confirm", {"chinese": True}).json()
        self.assertEqual((after["state"], after["chinese"]), ("confirmed", True))
        self.assertEqual(api.ask("GET", "/enrolment/dcv").status, 404)
        digest = "ab" * 32
        dcv = api.ask("POST", "/enrolment/dcv", {"method": "dns", "spki_sha256": digest}).json()
        challenge = dcv["challenges"][0]
        self.assertEqual(challenge["host"], "_ecert-validation.www.shop.example.com")
        self.assertRegex(challenge["value"], "^[a-z2-7]{52}$")
        self.assertEqual((challenge["ttl"], dcv["state"]), (3600, "pending"))
        checked = api.ask("POST", "/enrolment/dcv/check")
        self.assertEqual((checked.status, checked.json()["state"]), (202, "checking"))
        self.assertEqual(api.ask("POST", "/enrolment/dcv", {"method": "dns", "spki_sha256": "xy"}).status, 400)

    def test_the_api_previews_submits_and_refuses_as_the_pages_do(self):
        api = self.world.api("validated")
        refused = api.ask("POST", "/enrolment/csr", {"csr": csr(name="x.example.net").decode()})
        problem = refused.json()
        self.assertEqual((refused.status, problem["type"]), (400, "urn:ecert:problem:csr.foreign_name"))
        self.assertEqual((problem["seen"], problem["expected"]), ("x.example.net", "csr.shop.example.com"))
        self.assertTrue(problem["detail"] and problem["next"] and problem["instance"])
        text = csr().decode()
        preview = api.ask("POST", "/enrolment/csr/preview", {"csr": text}).json()
        self.assertEqual((preview["key_type"], preview["names"][0]["in_csr"]), ("P-256", True))
        submitted = api.ask("POST", "/enrolment/csr", {"csr": text})
        self.assertEqual((submitted.status, submitted.json()["state"]), (202, "issuing"))
        wrong_time = api.ask("POST", "/enrolment/csr", {"csr": text})
        self.assertEqual((wrong_time.status, wrong_time.json()["type"]), (409, "urn:ecert:problem:enrolment.state"))

    def test_the_api_shows_reports_as_the_contract_says(self):
        results = self.world.api("failed").ask("GET", "/enrolment/dcv").json()["results"]
        failed = next(r for r in results if not r["passed"])
        self.assertEqual(failed["quorum"], "1/6")
        self.assertTrue(failed["next"])
        place = next(p for p in failed["perspectives"] if p["id"] == "primary")
        self.assertEqual((place["dcv"], place["caa"], place["dnssec"]), ("failed", "permits", "secure"))
        self.assertEqual(set(place["steps"][0]), {"code", "asked", "seen", "expected", "text"})

    def test_when_it_is_checked_again_is_told_on_the_page_and_by_the_api(self):
        due = int(time.time()) + 3000
        move = ("UPDATE challenge SET next_check = ? WHERE state = 'failed' AND enrolment ="
                " (SELECT enrolment FROM challenge WHERE name = 'www.failed.example.com')")
        self.addCleanup(self.world.change, move, due)
        self.world.change(move, due)
        told = self.world.api("failed").ask("GET", "/enrolment/dcv").json()
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(due))
        self.assertEqual((told["state"], told["next_check"]), ("failed", stamp))
        self.assertTrue(3000 - 300 < told["next_check_seconds"] <= 3000)
        self.assertRegex(told["next_check_in"], r"^in \d+ minutes$")
        page = self.world.browser("failed").get("/dcv").text
        self.assertRegex(page, r"Next automatic check: .*\(in \d+ minutes\)")
        self.world.change(move, 0)
        self.assertNotIn("next_check", self.world.api("failed").ask("GET", "/enrolment/dcv").json())

    def test_the_api_accepts_and_downloads(self):
        api = self.world.api("issued")
        content = api.ask("GET", "/enrolment/certificate").json()
        self.assertEqual((content["days"], content["accepted"]), (199, False))
        self.assertEqual(api.ask("POST", "/enrolment/accept").json()["state"], "accepted")
        download = api.ask("GET", "/enrolment/download").json()
        self.assertEqual(len(download["chain"]), 1)
        for pem in [download["certificate"], download["root"]] + download["chain"]:
            world.openssl("x509", "-noout", given=pem.encode())
        world.openssl("x509", "-noout", given=download["cross"][0].encode())
        self.assertEqual(len(download["files"]), 13)
        for file in download["files"]:
            answer = api.ask("GET", file["href"].removeprefix("/api/v1"))
            self.assertEqual((answer.status, answer.header("Content-Type")), (200, file["type"]))
            self.assertIn('filename="%s"' % file["name"], answer.header("Content-Disposition"))

    def test_the_api_hands_out_nothing_before_acceptance(self):
        for name in ("", "/certificate.pem", "/all.zip", "/ecert_ssl_ca_3-17.crt"):
            self.assertEqual(self.world.api("issued2").ask("GET", "/enrolment/download" + name).status, 409)

    def test_the_api_declines_for_the_details(self):
        api = self.world.api("issued2")
        self.assertEqual(api.ask("POST", "/enrolment/decline", {"what": "colour"}).status, 400)
        self.assertEqual(api.ask("POST", "/enrolment/decline", {"what": "details", "reason": "x"}).json()["state"],
                         "declined")

    def test_bad_json_is_answered_by_a_problem(self):
        headers = {"Content-Type": "application/json"}
        for body, code in (("{", "json.syntax"), ("[]", "json.type"), ('{"pin":1}', "json.missing"),
                           ('{"server_name":"a","reference":"1","pin":"x"}', "form.too_short"),
                           ('{"server_name":"a","reference":"123456789","pin":"letters"}', "form.not_digits"),
                           ('{"a":1,"a":2}', "json.syntax"), ('{"x":1}', "json.unknown")):
            answer = self.world.ask("POST", "/api/v1/session", body, headers)
            self.assertEqual((answer.status, answer.json()["type"]), (400, "urn:ecert:problem:" + code), body)
        self.assertEqual(self.world.ask("POST", "/api/v1/session", "{}", {"Content-Type": "text/plain"}).status, 415)

    def test_logging_out_ends_the_token(self):
        api = self.world.api("accepted")
        self.assertEqual(api.ask("GET", "/enrolment").status, 200)
        self.assertEqual(api.ask("DELETE", "/session").status, 204)
        self.assertEqual(api.ask("GET", "/enrolment").status, 401)


class FullDisk(unittest.TestCase):
    def test_a_full_disk_changes_nothing_and_says_so(self):
        full = world.World(store_size="16m")
        self.addCleanup(full.close)
        if not full.mounted:
            self.skipTest("mounting is not allowed here")
        browser, api = full.browser("open", "zh-HK"), full.api("open")
        token = browser.csrf()
        before = full.dump()
        filler = full.dir + "/store/filler"
        with open(filler, "wb", buffering=0) as file:
            with contextlib.suppress(OSError):
                while True:
                    file.write(b"x" * 4096)
        answer = browser.post("/confirm", {"chinese": "no"}, csrf=token)
        self.assertEqual(answer.status, 507)
        self.assertIn("系統空間不足", answer.text)
        answer = api.ask("POST", "/enrolment/confirm", {})
        self.assertEqual((answer.status, answer.json()["type"]), (507, "urn:ecert:problem:status.507"))
        os.remove(filler)
        self.assertEqual(full.dump(), before)
        self.assertEqual(browser.post("/confirm", {"chinese": "no"}, csrf=token).status, 303)
        self.assertEqual(full.state("open"), "confirmed")


if __name__ == "__main__":
    world.run()
