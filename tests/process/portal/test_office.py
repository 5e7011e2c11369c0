"""The government's enrolments: officers have their names validated, and the portal only looks."""
import world

EIGHT_HOURS, THIRTY_DAYS = 8 * 3600, 30 * 86400
CONFIRM = "/enrolment/confirm"


class Office(world.FreshCase):
    def enrolment(self, key):
        """Its id in the store."""
        return self.world.rows("SELECT id FROM enrolment WHERE reference = ?",
                               self.world.seeds[key]["reference"])[0][0]

    def age(self, key, seconds, values=0):
        """The proof is so much older, and the values that it was found under."""
        enrolment = self.enrolment(key)
        self.world.change("UPDATE evidence SET time = time - ? WHERE enrolment = ?", seconds, enrolment)
        self.world.change("UPDATE challenge SET created = created - ? WHERE enrolment = ?", values, enrolment)
        return enrolment

    def confirmed(self, key):
        """The state that a confirmation leads to, and where the pages lead then."""
        browser = self.world.browser(key)
        answer = browser.post("/confirm", {"chinese": "no"})
        self.assertEqual(answer.status, 303, answer.text)
        return self.world.state(key), answer.header("Location"), browser

    def test_names_that_officers_had_proved_lead_from_the_details_to_the_csr(self):
        state, page, browser = self.confirmed("government")
        self.assertEqual((state, page), ("validated", "/csr"))
        self.assertEqual(browser.get("/csr").status, 200)

    def test_the_api_says_the_same(self):
        api = self.world.api("government")
        shown = api.ask("GET", "/enrolment").json()
        self.assertEqual((shown["government"], shown["methods"]), (True, []))
        self.assertEqual(api.ask("POST", CONFIRM, {"chinese": False}).json()["state"], "validated")

    def test_without_validation_the_page_says_who_does_what_in_each_language(self):
        state, page, _ = self.confirmed("government-due")
        self.assertEqual((state, page), ("confirmed", "/dcv"))
        told = set()
        for language, words in (("en", "officers"), ("zh-HK", "職員"), ("zh-CN", "工作人员")):
            shown = self.world.browser("government-due", language).get("/dcv")
            self.assertEqual(shown.status, 200)
            self.assertIn(words, shown.text)
            self.assertIn("mailto:enquiry@ecert.example.net", shown.text)
            for absent in ('action="/dcv', 'name="method"', "_ecert-validation", "spinner"):
                self.assertNotIn(absent, shown.text)
            told.add(shown.text)
        self.assertEqual(len(told), 3)

    def test_one_name_unproved_of_two_and_it_waits(self):
        state, page, browser = self.confirmed("government-failed")
        self.assertEqual((state, page), ("confirmed", "/dcv"))
        self.assertIn("could not confirm every name", browser.get("/dcv").text)
        self.assertEqual(browser.get("/csr").header("Location"), "/dcv")

    def test_the_subscriber_can_neither_choose_nor_ask_nor_mail_nor_type(self):
        api = self.world.api("government-failed")
        api.ask("POST", CONFIRM, {"chinese": False})
        before = self.world.dump()
        name = "a.department.example.net"
        for path, body in (("", {"method": "dns"}), ("", {"method": "website"}), ("/check", {}),
                           ("/mail", {"name": name, "address": "admin@" + name}),
                           ("/code", {"name": name, "code": "aaaa"})):
            answer = api.ask("POST", "/enrolment/dcv" + path, body)
            self.assertEqual(answer.status, 409, path)
            self.assertEqual(answer.json()["type"], "urn:ecert:problem:dcv.government")
            self.assertGreater(len(answer.json()["next"]), 10)
        self.assertEqual(self.world.dump(), before)

    def test_a_caa_check_of_more_than_eight_hours_is_done_again_without_anybody(self):
        enrolment = self.age("government", EIGHT_HOURS + 60)
        state, page, browser = self.confirmed("government")
        self.assertEqual((state, page), ("confirmed", "/dcv"))
        self.assertEqual(self.world.rows("SELECT state FROM challenge WHERE enrolment = ?"
                                         " AND next_check > 0", enrolment), [("checking",)])
        # The proof stays: what is asked anew is CAA.
        self.assertEqual(self.world.rows("SELECT count(*) FROM evidence WHERE enrolment = ?", enrolment), [(1,)])
        self.assertEqual(browser.get("/dcv").header("Refresh"), "3")

    def test_a_minute_before_the_eight_hours_are_over_it_still_counts(self):
        self.age("government", EIGHT_HOURS - 60)
        self.assertEqual(self.confirmed("government")[0], "validated")

    def test_values_of_more_than_thirty_days_are_for_the_officers_to_renew(self):
        enrolment = self.age("government", EIGHT_HOURS + 60, THIRTY_DAYS)
        state, _, browser = self.confirmed("government")
        self.assertEqual(state, "confirmed")
        self.assertIn("has lapsed", browser.get("/dcv").text)
        self.assertEqual(self.world.rows("SELECT state, next_check FROM challenge WHERE enrolment = ?",
                                         enrolment), [("passed", 0)])

    def test_the_details_stay_to_be_looked_at_and_rejected(self):
        browser = self.world.browser("government")
        page = browser.get("/confirm").text
        self.assertIn("Hong Kong SAR Government", page)
        self.assertIn("Example Department", page)
        self.assertEqual(browser.post("/confirm/reject", {"reason": "Another branch"}).header("Location"),
                         "/returned")


if __name__ == "__main__":
    world.run()
