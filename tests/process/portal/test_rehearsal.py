"""Trying before a check: asked on the page and by the API, told in three languages, and nothing moves."""
import time
import unittest

import world

LANGUAGES = {"en": ("Try it first", "A check would not pass now.", "Would not pass", "A check would pass now."),
             "zh-HK": ("先試一次", "現在檢查不會通過。", "不會通過", "現在檢查會通過。"),
             "zh-CN": ("先试一次", "现在检查不会通过。", "不会通过", "现在检查会通过。")}
PLACES = ["perspective-1", "perspective-2", "primary"]


class Rehearsal(world.FreshCase):
    def enrolment(self, key):
        return self.world.rows("SELECT id FROM enrolment WHERE reference = ?", self.world.seeds[key]["reference"])[0][0]

    def make(self, key, passes=False, dcv=1):
        """What the registrar stores: the last place gave no answer."""
        enrolment = self.enrolment(key)
        self.world.change("UPDATE rehearsal SET due = 0, made = asked + 1, passes = ? WHERE enrolment = ?",
                          int(passes), enrolment)
        for place in PLACES:
            self.world.change("INSERT INTO rehearsal_sight SELECT enrolment, name, ?, ?, 0, 0, x'' FROM rehearsal"
                              " WHERE enrolment = ?", place, None if place == PLACES[0] else dcv, enrolment)

    def kept(self):
        """All but the enrolment's row, which each log-in touches."""
        return {table: rows for table, rows in self.world.dump().items() if table != "enrolment"}

    def test_it_is_asked_for_beside_the_check_and_told_apart_from_it(self):
        before = self.kept()
        for language, (button, bad, mark, good) in LANGUAGES.items():
            browser = self.world.browser("told", language)
            page = browser.get("/dcv").text
            self.assertIn(f">{button}</button>", page)
            self.assertNotIn(bad, page)
            self.assertEqual(browser.post("/dcv/rehearse", {}).status, 303)
            waiting = browser.get("/dcv")
            self.assertEqual(waiting.header("Refresh"), "3")
            self.assertIn('role="status"', waiting.text)
            self.make("told")
            told = browser.get("/dcv")
            self.assertIsNone(told.header("Refresh"))
            self.assertIn(bad, told.text)
            self.assertIn(mark, told.text)
            self.assertIn("0/3", told.text)
            self.world.change("UPDATE rehearsal SET passes = 1")
            self.assertIn(good, browser.get("/dcv").text)
        self.assertEqual(self.kept(), before)

    def test_the_api_says_the_same_place_by_place(self):
        api, before = self.world.api("told"), self.world.dump()
        answer = api.ask("POST", "/enrolment/dcv/rehearse")
        self.assertEqual(answer.status, 202)
        self.assertEqual(answer.json()["state"], "pending")
        self.assertEqual(answer.json()["rehearsal"]["state"], "waiting")
        self.make("told", passes=True, dcv=0)
        rehearsal = api.ask("GET", "/enrolment/dcv").json()["rehearsal"]
        self.assertEqual((rehearsal["state"], rehearsal["would_pass"]), ("done", True))
        result, = rehearsal["results"]
        self.assertEqual((result["passed"], result["quorum"]), (True, "2/3"))
        self.assertEqual([(one["id"], one["dcv"], one["caa"]) for one in result["perspectives"]],
                         [(PLACES[0], "failed", "unknown"), (PLACES[1], "passed", "permits"),
                          (PLACES[2], "passed", "permits")])
        self.assertEqual(result["perspectives"][0]["steps"][0]["code"], "dcv.unreachable")
        self.assertEqual(self.world.dump(), before)

    def test_only_names_that_have_not_passed_are_tried(self):
        api = self.world.api("failed")
        self.assertEqual(api.ask("POST", "/enrolment/dcv/rehearse").status, 202)
        names = self.world.rows("SELECT name FROM rehearsal WHERE enrolment = ?", self.enrolment("failed"))
        self.assertEqual(names, [("www.failed.example.com",)])

    def test_a_check_and_new_values_end_it(self):
        api = self.world.api("told")
        for end in (lambda: api.ask("POST", "/enrolment/dcv/check"),
                    lambda: api.ask("POST", "/enrolment/dcv", {"method": "dns"})):
            self.assertEqual(api.ask("POST", "/enrolment/dcv/rehearse").status, 202)
            self.make("told")
            self.assertIn("rehearsal", api.ask("GET", "/enrolment/dcv").json())
            self.assertLess(end().status, 300)
            self.assertNotIn("rehearsal", api.ask("GET", "/enrolment/dcv").json())
            self.assertEqual(self.world.rows("SELECT count(*) FROM rehearsal WHERE enrolment = ?",
                                             self.enrolment("told")), [(0,)])

    def test_it_is_told_for_an_hour(self):
        api = self.world.api("told")
        api.ask("POST", "/enrolment/dcv/rehearse")
        self.make("told")
        self.world.change("UPDATE rehearsal SET asked = asked - 3500")
        self.assertIn("rehearsal", api.ask("GET", "/enrolment/dcv").json())
        self.world.change("UPDATE rehearsal SET asked = asked - 200")
        self.assertNotIn("rehearsal", api.ask("GET", "/enrolment/dcv").json())

    def test_the_code_of_a_mail_is_not_asked_for(self):
        browser = self.world.browser("email")
        self.assertIn("The code of the mail is not used.", browser.get("/dcv").text)
        self.assertEqual(browser.post("/dcv/rehearse", {}).status, 303)

    def test_who_has_nothing_to_try_is_told_so(self):
        for key, status, problem in (("confirmed", 409, "dcv.not_chosen"), ("open", 409, "enrolment.state"),
                                     ("validated", 409, "enrolment.state"), ("accepted", 409, "enrolment.state")):
            with self.subTest(key):
                answer = self.world.api(key).ask("POST", "/enrolment/dcv/rehearse")
                self.assertEqual((answer.status, answer.json()["type"]), (status, "urn:ecert:problem:" + problem))
        self.assertEqual(self.world.rows("SELECT count(*) FROM rehearsal"), [(0,)])
        self.assertEqual(self.world.ask("POST", "/api/v1/enrolment/dcv/rehearse").status, 401)

    def test_d30_a_subscriber_tries_so_often_and_checks_all_the_same(self):
        api, browser = self.world.api("told"), self.world.browser("told")
        answers, begun = [], int(time.time()) // 600
        for _ in range(41):
            answers.append(api.ask("POST", "/enrolment/dcv/rehearse").status)
            self.make("told")
            self.world.change("DELETE FROM rehearsal_sight")
        ended = int(time.time()) // 600 != begun  # a window did on the way
        self.assertIn(answers.count(202), range(20, 41) if ended else (20,))
        # While one waits, asking again costs nothing.
        self.world.change("UPDATE rehearsal SET due = asked")
        self.assertEqual({api.ask("POST", "/enrolment/dcv/rehearse").status for _ in range(25)}, {202})
        self.world.change("UPDATE rehearsal SET due = 0")
        refused = api.ask("POST", "/enrolment/dcv/rehearse")
        if refused.status == 429:
            self.assertEqual(refused.json()["type"], "urn:ecert:problem:dcv.rehearsed_too_often")
            page = browser.post("/dcv/rehearse", {})
            self.assertEqual(page.status, 422)
            self.assertIn("There were too many trials", page.text)
        self.assertEqual(api.ask("POST", "/enrolment/dcv/check").status, 202)

    def test_d30_all_together_try_so_often(self):
        api = self.world.api("told")
        for _ in range(3):  # a minute may end in between
            self.world.change("INSERT OR REPLACE INTO throttle (bucket, count, window)"
                              " VALUES ('rehearse', 120, unixepoch() / 60 * 60)")
            answer = api.ask("POST", "/enrolment/dcv/rehearse")
            if answer.status == 429:
                break
            self.world.change("DELETE FROM rehearsal")
        self.assertEqual(answer.status, 429)
        self.assertEqual(self.world.rows("SELECT count(*) FROM rehearsal"), [(0,)])

    def test_without_the_forms_token_nothing_is_tried(self):
        browser = self.world.browser("told")
        for token in ("", "x"):
            self.assertEqual(browser.post("/dcv/rehearse", {}, csrf=token).status, 403)
        self.assertEqual(self.world.rows("SELECT count(*) FROM rehearsal"), [(0,)])


if __name__ == "__main__":
    world.run()
