"""Proving control, on pages and by the API: what is to be placed where, and what came of looking."""
import re

import world
from world import csr


class Proving(world.FreshCase):
    def test_the_method_is_chosen_and_the_record_is_shown(self):
        browser = self.world.browser("confirmed")
        self.assertEqual(browser.post("/dcv", {"method": "registrar"}).status, 400)
        self.assertEqual(browser.post("/dcv", {"method": "website"}).status, 303)
        placed = browser.get("/dcv").text
        self.assertIn("http://new.shop.example.com/.well-known/pki-validation/fileauth.txt", placed)
        file = browser.get("/dcv/fileauth/new.shop.example.com")
        self.assertIn('filename="fileauth.txt"', file.header("Content-Disposition"))
        self.assertEqual(file.text, re.search(r'id="value1">([a-z2-7]{52})<', placed).group(1) + "\n")
        self.assertEqual(browser.get("/dcv/fileauth/www.shop.example.com").status, 404)
        self.assertEqual(browser.post("/dcv", {"method": "dns"}).status, 303)
        page = browser.get("/dcv").text
        value = re.search(r'id="value1">([a-z2-7]{52})<', page).group(1)
        self.assertIn('_ecert-validation.new.shop.example.com. 3600 IN TXT &quot;%s&quot;' % value, page)
        self.assertIsNone(browser.get("/dcv").header("Refresh"))
        self.assertEqual(browser.post("/dcv/check", {}).status, 303)
        waiting = browser.get("/dcv")
        self.assertEqual(waiting.header("Refresh"), "3")
        self.assertIn(value, waiting.text)

    def test_a_name_is_proved_at_a_domain_that_is_chosen(self):
        browser = self.world.browser("confirmed")
        page = browser.get("/dcv").text
        self.assertEqual(re.findall(r'<option value="([^"]+)"', page), ["shop.example.com", "example.com"])
        self.assertEqual(browser.post("/dcv", {"method": "dns", "domain": "Example.com"}).status, 303)
        self.assertIn("_ecert-validation.example.com. 3600 IN TXT", browser.get("/dcv").text)
        # Not for a website, whatever stands in the box beside it.
        self.assertEqual(browser.post("/dcv", {"method": "website", "domain": "example.com"}).status, 303)
        self.assertIn("http://new.shop.example.com/", browser.get("/dcv").text)
        for domain in ("com", "127.0.0.1", "*.example.com", "a_b.example.com"):
            refused = browser.post("/dcv", {"method": "dns", "domain": domain})
            self.assertEqual(refused.status, 422, domain)
        self.assertIn("http://new.shop.example.com/", browser.get("/dcv").text)

    def test_one_record_proves_all_names_below_its_domain(self):
        api, browser = self.world.api("fifty-absent"), self.world.browser("fifty-absent")
        dcv = api.ask("POST", "/enrolment/dcv", {"method": "dns", "domain": "absent.example.com"}).json()
        records = {(one["domain"], one["host"], one["value"]) for one in dcv["challenges"]}
        self.assertEqual([(domain, host) for domain, host, _ in records],
                         [("absent.example.com", "_ecert-validation.absent.example.com")])
        self.assertEqual((len(dcv["challenges"]), len({one["name"] for one in dcv["challenges"]})), (50, 50))
        page = browser.get("/dcv").text
        self.assertEqual(page.count("3600 IN TXT"), 1)
        self.assertEqual(page.count("proves this name too"), 49)
        # A domain that only some are below leaves the others at their own names.
        dcv = api.ask("POST", "/enrolment/dcv", {"method": "dns", "domain": "www.absent.example.com"}).json()
        self.assertEqual(len({one["value"] for one in dcv["challenges"]}), len({one["domain"] for one in dcv["challenges"]}))
        self.assertGreaterEqual(len({one["value"] for one in dcv["challenges"]}), 1)

    def test_a_lasting_record_names_the_subscribers_account_and_has_no_end(self):
        api, browser = self.world.api("confirmed"), self.world.browser("confirmed")
        dcv = api.ask("POST", "/enrolment/dcv", {"method": "persistent"}).json()
        challenge, = dcv["challenges"]
        account = "acct:%s@ecert.example.net" % api.ask("GET", "/enrolment").json()["srn"]
        self.assertEqual((challenge["host"], challenge["account"], challenge["value"]),
                         ("_validation-persist.new.shop.example.com", account,
                          "ecert.example.net; accounturi=" + account))
        self.assertNotIn("expires", challenge)
        self.assertNotIn("expires", dcv)
        page = browser.get("/dcv").text
        self.assertIn("_validation-persist.new.shop.example.com. 3600 IN TXT &quot;ecert.example.net; accounturi="
                      + account + "&quot;", page)
        self.assertIn("persistUntil", page)
        self.assertEqual(page.count("Your account:"), 1)
        # The same record for ever: nothing of it is drawn.
        again = api.ask("POST", "/enrolment/dcv", {"method": "persistent"}).json()["challenges"][0]
        self.assertEqual(again["value"], challenge["value"])
        refused = api.ask("POST", "/enrolment/dcv", {"method": "persistent", "domain": "host.example.net"})
        self.assertEqual(refused.json()["type"], "urn:ecert:problem:dcv.domain_refused")
        self.assertEqual(api.ask("POST", "/enrolment/dcv/check").status, 202)

    def test_d12_an_alias_is_for_methods_that_have_it(self):
        api = self.world.api("confirmed")
        dcv = api.ask("POST", "/enrolment/dcv", {"method": "dns", "domain": "host.example.net"}).json()
        self.assertEqual(dcv["challenges"][0]["host"], "_ecert-validation.host.example.net")
        self.assertEqual(dcv["challenges"][0]["name"], "new.shop.example.com")
        for method in ("website", "email"):
            refused = api.ask("POST", "/enrolment/dcv", {"method": method, "domain": "host.example.net"})
            self.assertEqual((refused.status, refused.json()["type"]), (400, "urn:ecert:problem:dcv.domain_refused"))

    def test_each_request_for_values_draws_its_own(self):
        api, seen = self.world.api("confirmed"), set()
        for _ in range(8):
            seen.add(api.ask("POST", "/enrolment/dcv", {"method": "dns"}).json()["challenges"][0]["value"])
        self.assertEqual(len(seen), 8)
        self.assertEqual(self.world.rows("SELECT min(length(nonce)) FROM challenge"), [(16,)])

    def test_d15_a_code_goes_to_constructed_addresses_only(self):
        browser = self.world.browser("confirmed")
        self.assertEqual(browser.post("/dcv", {"method": "email"}).status, 303)
        page = browser.get("/dcv").text
        name = "new.shop.example.com"
        offered = re.findall(r'<option value="([^"]+@[^"]+)"', page)
        self.assertEqual(len(offered), 15)
        self.assertEqual({address.partition("@")[2] for address in offered},
                         {name, "shop.example.com", "example.com"})
        for address in ("root@" + name, "admin@com", "admin@example.net", "admin@" + name + ",x@y.example",
                        "admin@sub." + name, "admin"):
            self.assertEqual(browser.post("/dcv/mail", {"name": name, "address": address}).status, 422)
        self.assertEqual(self.world.rows("SELECT count(*) FROM mailing"), [(0,)])
        self.assertEqual(browser.post("/dcv/code", {"name": name, "code": "x"}).status, 409)
        self.assertEqual(browser.post("/dcv/mail", {"name": name, "address": offered[0]}).status, 303)
        self.assertEqual(self.world.rows("SELECT name, address, state FROM mailing"),
                         [(name, offered[0], "asked")])
        self.assertEqual(browser.get("/dcv").header("Refresh"), "3")
        # Another method forgets what was asked for.
        self.assertEqual(browser.post("/dcv", {"method": "dns"}).status, 303)
        self.assertEqual(self.world.rows("SELECT count(*) FROM mailing"), [(0,)])

    def test_a_failed_check_says_what_each_place_saw_and_what_to_do(self):
        page = self.world.browser("failed").get("/dcv").text
        self.assertIn("confirmed from 1/6 places", page)
        self.assertIn("confirmed from 6/6 places", page)
        for text in ("There is no TXT record at this host.", "NXDOMAIN", "This place did not answer.",
                     "Next automatic check"):
            self.assertIn(text, page)
        self.assertIn("此主机没有 TXT 记录。", self.world.browser("failed", "zh-CN").get("/dcv").text)

    def test_what_all_places_saw_alike_is_said_once_and_the_places_stand_closed_behind_it(self):
        page = self.world.browser("absent").get("/dcv").text
        self.assertEqual(page.count("All 6 places saw the same"), 1)
        self.assertEqual(page.count("There is no TXT record at this host."), 1)
        self.assertEqual(page.count("NXDOMAIN"), 1)
        closed = re.search(r"<details><summary>Which places</summary>(.*?)</details>", page, re.S).group(1)
        self.assertEqual(re.findall(r"<li>([a-z0-9-]+) ", closed),
                         ["perspective-%d" % n for n in range(1, 6)] + ["primary"])

    def test_places_that_saw_different_things_are_grouped_by_what_they_saw(self):
        page = self.world.browser("failed").get("/dcv").text
        self.assertEqual(re.findall(r"<strong>(\d of 6 places)</strong>", page),
                         ["1 of 6 places", "3 of 6 places", "1 of 6 places", "1 of 6 places"])
        self.assertEqual(page.count("NXDOMAIN"), 1)

    def test_of_many_failed_names_each_is_a_closed_row(self):
        page = self.world.browser("fifty-absent").get("/dcv").text
        self.assertEqual(len(re.findall(r'<details class="result bad">', page)), 50)
        self.assertEqual(len(re.findall(r'<details class="result bad" open>',
                                        self.world.browser("absent").get("/dcv").text)), 1)
        # What is the same of every zone is said once for all of them.
        self.assertEqual(page.count("<dd><code>SOA example.com</code></dd>"), 50)
        self.assertEqual(page.count("the zone that answered"), 1)
        told = self.world.api("fifty-absent").ask("GET", "/enrolment/dcv").text
        self.assertEqual(told.count("the zone that answered"), 50 * 6)

    def test_after_thirty_days_there_are_new_values(self):
        browser, api = self.world.browser("told"), self.world.api("told")
        old = api.ask("GET", "/enrolment/dcv").json()
        self.world.change("UPDATE challenge SET created = created - 30 * 86400")
        expired = api.ask("GET", "/enrolment/dcv").json()
        self.assertEqual((expired["state"], expired["challenges"]), ("expired", []))
        page = browser.get("/dcv").text
        self.assertNotIn(old["challenges"][0]["value"], page)
        self.assertIn('name="method"', page)
        browser.post("/dcv", {"method": "dns"})
        new = api.ask("GET", "/enrolment/dcv").json()
        self.assertEqual(new["state"], "pending")
        self.assertNotEqual(new["challenges"][0]["value"], old["challenges"][0]["value"])

    def test_a_proof_bound_to_a_key_says_so_and_can_be_given_up_for_another(self):
        bound, other = "ab" * 32, "cd" * 32
        self.world.change("UPDATE challenge SET spki_hash = ?", bytes.fromhex(bound))
        self.world.change("UPDATE enrolment SET spki_hash = ?", bytes.fromhex(bound))
        browser, api = self.world.browser("validated"), self.world.api("validated")
        for page in ("/dcv", "/csr"):
            self.assertIn(bound, browser.get(page).text, page)
        refused = api.ask("POST", "/enrolment/csr", {"csr": csr().decode()}).json()
        self.assertEqual((refused["type"], refused["expected"]), ("urn:ecert:problem:csr.foreign_key", bound))
        self.assertEqual(len(refused["seen"]), 64)
        self.assertIn("choose the method again", refused["next"])
        answer = browser.post("/csr", {"csr": csr()})
        self.assertEqual(answer.status, 422)
        self.assertIn("choose the method again", answer.text)
        old = api.ask("GET", "/enrolment/dcv").json()
        self.assertEqual((old["spki_sha256"], old["state"]), (bound, "passed"))
        answer = api.ask("POST", "/enrolment/dcv", {"method": "dns", "spki_sha256": other})
        new = answer.json()
        self.assertEqual((answer.status, new["spki_sha256"], new["state"]), (200, other, "pending"))
        self.assertNotEqual(new["challenges"][0]["value"], old["challenges"][0]["value"])
        self.assertEqual(self.world.state("validated"), "confirmed")
        self.assertEqual(self.evidence("validated"), 0)
        self.assertEqual(api.ask("POST", "/enrolment/csr", {"csr": csr().decode()}).status, 409)
        # In the browser no key is known: the values then serve any.
        self.assertIn("Choose the method again", browser.get("/dcv").text)
        browser.post("/dcv", {"method": "dns"})
        self.assertNotIn("spki_sha256", api.ask("GET", "/enrolment/dcv").json())
        self.assertNotIn(other, browser.get("/dcv").text)

    def test_a_proof_that_serves_any_key_is_not_given_up_by_a_page_that_came_too_late(self):
        browser, api = self.world.browser("validated"), self.world.api("validated")
        before, evidence = api.ask("GET", "/enrolment/dcv").json(), self.evidence("validated")
        self.assertGreater(evidence, 0)
        answer = browser.post("/dcv", {"method": "website"})
        self.assertEqual((answer.status, answer.header("Location")), (303, "/csr"))
        for body in ({"method": "website"}, {"method": "dns", "spki_sha256": "cd" * 32}):
            answer = api.ask("POST", "/enrolment/dcv", body)
            self.assertEqual((answer.status, answer.json()["type"]), (409, "urn:ecert:problem:enrolment.state"))
        self.assertEqual(self.world.state("validated"), "validated")
        self.assertEqual((api.ask("GET", "/enrolment/dcv").json(), self.evidence("validated")), (before, evidence))

    def evidence(self, key):
        return self.world.rows("SELECT count(*) FROM evidence JOIN enrolment e ON e.id = enrolment WHERE"
                               " e.reference = ?", self.world.seeds[key]["reference"])[0][0]

    def test_a_method_is_chosen_again_only_while_no_request_was_handed_in(self):
        for key in ("open", "issuing", "issued", "accepted"):
            before = self.evidence(key)
            answer = self.world.api(key).ask("POST", "/enrolment/dcv", {"method": "dns"})
            self.assertEqual((answer.status, answer.json()["type"]), (409, "urn:ecert:problem:enrolment.state"), key)
            self.world.browser(key).post("/dcv", {"method": "dns"})
            self.assertEqual((self.world.state(key), self.evidence(key)), (key, before))

    def test_a_proof_for_any_key_offers_no_other(self):
        page = self.world.browser("validated").get("/dcv").text
        self.assertIn("You have proved control of every name.", page)
        self.assertNotIn('name="method"', page)


if __name__ == "__main__":
    world.run()
