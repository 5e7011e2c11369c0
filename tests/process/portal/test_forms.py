"""Sessions, forms and tenants: the rows P7, P8 and P13 of the threat list."""
import re
import urllib.parse

import world

# Every POST of a page, with the seed whose state allows it and fields that would do something.
POSTS = [
    ("/leave", "open", {}),
    ("/confirm", "open", {"chinese": "yes"}),
    ("/confirm/reject", "open", {"reason": "wrong branch"}),
    ("/dcv", "confirmed", {"method": "dns"}),
    ("/dcv/check", "told", {}),
    ("/csr", "validated", {"csr": "x"}),
    ("/csr/submit", "validated", {"csr": None}),
    ("/certificate/accept", "issued", {}),
    ("/certificate/decline", "issued", {"what": "details", "reason": "x"}),
]


def request_for(name):
    return world.openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                         "-keyout", "/dev/null", "-subj", "/CN=" + name).decode()


class Forgery(world.Case):
    def test_p7_no_post_does_anything_without_its_sessions_token_and_origin(self):
        csr = request_for("csr.shop.example.com")
        browsers = {key: self.world.browser(key) for key in {seed for _, seed, _ in POSTS}}
        stranger = self.world.browser("plain").csrf()
        before = self.world.dump()
        for path, seed, fields in POSTS:
            fields = {k: csr if v is None else v for k, v in fields.items()}
            browser = browsers[seed]
            own = browser.csrf()
            attempts = {
                "no token": browser.post(path, fields, csrf=""),
                "another session's token": browser.post(path, fields, csrf=stranger),
                "half a token": browser.post(path, fields, csrf=own[:-1]),
                "another origin": browser.post(path, fields, csrf=own, headers={"Origin": "http://evil.example"}),
                "no origin worth the name": browser.post(path, fields, csrf=own, headers={"Origin": "null"}),
                "another site": browser.post(path, fields, csrf=own, headers={
                    "Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"}),
                "get": browser.get(path + "?" + urllib.parse.urlencode({**fields, "csrf": own})),
                "text/plain": browser.post(path, fields, csrf=own, headers={"Content-Type": "text/plain"}),
            }
            for what, answer in attempts.items():
                if what == "get":
                    self.assertIn(answer.status, (200, 303, 405), (path, what))
                else:
                    self.assertEqual(answer.status, 403, (path, what))
            self.assertEqual(browser.get("/confirm").status, 200, path)
        self.assertEqual(self.world.dump(), before)

    def test_p14_a_doubled_query_carries_no_form_out_whatever_token_it_has(self):
        csr = request_for("csr.shop.example.com")
        browsers = {key: self.world.browser(key) for key in {seed for _, seed, _ in POSTS}}
        api = self.world.api("open")
        before = self.world.dump()
        for path, seed, fields in POSTS:
            fields = {k: csr if v is None else v for k, v in fields.items()}
            for query in ("?lang=en&lang=zh-HK", "?lang=en&lang=en", "?a=1&lang=en&a=2"):
                answer = browsers[seed].post(path + query, fields)
                self.assertEqual(answer.status, 400, (path, query))
                self.assertIn("it was sent more than once", answer.text)
        told = api.ask("POST", "/enrolment/confirm?lang=en&lang=en", {})
        self.assertEqual((told.status, told.json()["type"], told.json()["field"]),
                         (400, "urn:ecert:problem:form.repeated", "lang"))
        self.assertEqual(browsers["open"].get("/confirm").status, 200)
        self.assertEqual(self.world.dump(), before)

    def test_p7_logging_in_can_not_be_forged_from_another_site(self):
        seed = self.world.seeds["accepted"]
        answer = self.world.log_in_form(seed["server_name"], seed["reference"], seed["pin"],
                                        headers={"Origin": "http://evil.example"})
        self.assertEqual(answer.status, 403)
        self.assertIsNone(answer.header("Set-Cookie"))

    def test_p7_a_cookie_opens_no_door_of_the_api(self):
        cookie = self.world.browser("issued2").cookie
        before = self.world.dump()
        for method, path in (("GET", "/enrolment"), ("POST", "/enrolment/accept"), ("DELETE", "/session")):
            answer = self.world.ask(method, "/api/v1" + path, headers={"Cookie": "ecert=" + cookie})
            self.assertEqual(answer.status, 401, path)
            self.assertEqual(answer.header("Content-Type"), "application/problem+json")
        self.assertEqual(self.world.dump(), before)

    def test_p7_steps_can_not_be_taken_out_of_order(self):
        browser = self.world.browser("checking")
        token = browser.csrf()
        before = self.world.dump()
        for path, _, fields in POSTS:
            if path in ("/leave", "/dcv", "/dcv/check"):
                continue
            answer = browser.post(path, {k: v or "x" for k, v in fields.items()}, csrf=token)
            self.assertEqual((answer.status, answer.header("Location")), (303, "/dcv"), path)
        self.assertEqual(self.world.dump(), before)


class Tenants(world.Case):
    PATHS = ["/", "/confirm", "/confirm/reject", "/returned", "/dcv", "/csr", "/certificate",
             "/certificate/decline", "/download", "/download/certificate.pem", "/download/fullchain.pem",
             "/download/chain.pem", "/download/certificate.cer"]
    API = ["/enrolment", "/enrolment/dcv", "/enrolment/certificate", "/enrolment/download"]

    def identifiers(self, key):
        """What belongs to one tenant alone, in the forms in which it could show."""
        seed = self.world.seeds[key]
        ((enrolment, application, serial),) = self.world.rows(
            "SELECT e.id, e.application, c.serial FROM enrolment e JOIN certificate c ON c.enrolment = e.id"
            " WHERE e.reference = ?", seed["reference"])
        return [seed["server_name"], seed["reference"], enrolment.hex(), application.hex(),
                serial.hex(), " ".join(serial.hex()[i:i + 2] for i in range(0, len(serial.hex()), 2))]

    def test_p8_no_page_and_no_answer_shows_another_tenants_data(self):
        for own, foreign in (("tenant", "accepted"), ("accepted", "tenant")):
            names = self.identifiers(foreign)
            browser, api = self.world.browser(own), self.world.api(own)
            answers = [browser.get(p) for p in self.PATHS] + [api.ask("GET", p) for p in self.API]
            self.assertGreater(len([a for a in answers if a.status == 200]), 8)
            for answer in answers:
                for name in names:
                    self.assertNotIn(name, answer.text)

    def test_p8_an_identifier_in_the_request_is_never_believed(self):
        names = self.identifiers("accepted")
        foreign = self.world.rows("SELECT id FROM enrolment WHERE reference = ?",
                                  self.world.seeds["accepted"]["reference"])[0][0].hex()
        browser, api = self.world.browser("tenant"), self.world.api("tenant")
        for query in ("enrolment=", "id=", "reference=", "application=", "serial="):
            for path in self.PATHS:
                answer = browser.get(path + "?" + query + foreign,
                                     {"X-Enrolment": foreign, "X-Forwarded-For": "127.0.0.9"})
                for name in names[:1] + names[4:]:
                    self.assertNotIn(name, answer.text)
        for path in ("/enrolment/" + foreign, "/enrolment/%s/certificate" % foreign, "/enrolments"):
            self.assertEqual(api.ask("GET", path).status, 404)

    def test_p8_a_member_the_api_does_not_know_is_refused_not_ignored(self):
        api = self.world.api("plain")
        before = self.world.dump()
        answer = api.ask("POST", "/enrolment/confirm", {"chinese": False, "enrolment": "00" * 16})
        self.assertEqual((answer.status, answer.json()["type"]), (400, "urn:ecert:problem:json.unknown"))
        self.assertEqual(self.world.dump(), before)


class Escaping(world.Case):
    def test_p13_hostile_details_are_shown_as_text(self):
        page = self.world.browser("hostile").get("/confirm")
        self.assertIn("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;", page.text)
        self.assertIn("&lt;img src=x onerror=alert(1)&gt;", page.text)
        self.assertIn("{{csrf}}${7*7}", page.text)
        self.assertNotIn("<img", page.text)
        self.assertEqual(re.findall(r"<script[^>]*>", page.text), ['<script src="/static/ecert.js" defer>'])

    def test_p13_hostile_input_comes_back_as_text(self):
        hostile = '"><script>alert(1)</script>'
        page = self.world.log_in_form(hostile, "1", "1")
        self.assertIn("&quot;&gt;&lt;script&gt;alert(1)", page.text)
        self.assertNotIn("<script>", page.text)
        page = self.world.ask("GET", "/?server_name=" + urllib.parse.quote(hostile))
        self.assertNotIn("<script>", page.text)
        browser = self.world.browser("validated")
        page = browser.post("/csr", {"csr": "</textarea>" + hostile})
        self.assertEqual(page.status, 422)
        self.assertIn("&lt;/textarea&gt;", page.text)
        self.assertNotIn("<script>", page.text)

    def test_p13_a_hostile_request_subject_is_shown_as_text(self):
        csr = world.openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                            "-keyout", "/dev/null", "-utf8", "-subj",
                            "/O=<script>alert(1)<\\/script>/OU={{csrf}}/CN=csr.shop.example.com").decode()
        page = self.world.browser("validated").post("/csr", {"csr": csr})
        self.assertEqual(page.status, 200)
        self.assertIn("&lt;script\\&gt;alert(1)", page.text)
        self.assertIn("OU={{csrf}}", page.text)
        self.assertNotIn("<script>", page.text)

    def test_a_wrong_number_stays_in_its_field_and_the_error_counts_it_but_a_pin_never_comes_back(self):
        page = self.world.log_in_form("www.shop.example.com", "01856400", "12345678 9012345",
                                      headers={"Cookie": "lang=en"}).text
        self.assertIn('value="01856400"', page)
        self.assertEqual(page.count("Reference Number: 8 characters were entered; 9 are needed."), 2)
        self.assertEqual(page.count("e-Cert PIN: 15 characters were entered; 16 are needed."), 2)
        self.assertNotIn("9012345", page)
        self.assertIn('href="#reference"', page)
        letters = self.world.log_in_form("www.shop.example.com", '0"x', "1", headers={"Cookie": "lang=en"}).text
        self.assertIn('value="0&quot;x"', letters)

    def test_every_error_of_a_form_leads_to_something_on_the_page(self):
        for key, path, fields in (("confirmed", "/dcv", {}), ("issued", "/certificate/decline", {"reason": "x"}),
                                  ("open", "/confirm/reject", {}), ("validated", "/csr", {"csr": "x"}),
                                  ("accepted", "/revoke/certificate", {"reason": "x"})):
            page = self.world.browser(key).post(path, fields)
            self.assertEqual(page.status, 422, path)
            links = re.findall(r'<li><a href="#([a-z_]+)">', page.text)
            self.assertTrue(links, path)
            for link in links:
                self.assertIn('id="%s"' % link, page.text, path)

    def test_p13_what_a_perspective_saw_is_shown_as_text(self):
        page = self.world.browser("failed").get("/dcv")
        self.assertIn("v=spf1 &lt;b&gt;-all&lt;/b&gt;", page.text)

    def test_p13_no_page_needs_more_than_its_own_files(self):
        for key in ("open", "failed", "validated", "issued", "accepted"):
            browser = self.world.browser(key)
            page = browser.get(browser.first)
            policy = page.header("Content-Security-Policy")
            self.assertIn("default-src 'self'", policy)
            self.assertNotIn("unsafe", policy)
            self.assertNotRegex(page.text, r'\sstyle="|\son[a-z]+="|<script>|javascript:')
            for url in re.findall(r'(?:src|href)="([^"]*)"', page.text):
                self.assertRegex(url, r"^(/[^/]|/$|#|\?|mailto:)")


if __name__ == "__main__":
    world.run()
