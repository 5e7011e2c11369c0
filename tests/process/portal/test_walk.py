"""The walk through pages and API, step by step, and what each step says to bad input."""
import contextlib
import io
import os
import re
import sys
import time
import unittest
import zipfile

sys.path.append(os.path.join(os.path.dirname(__file__), "..", "ecert"))
import windows  # noqa: E402
import world  # noqa: E402


def key(kind="EC"):
    options = {"EC": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
               "RSA2048": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
               "RSA1024": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"]}[kind]
    return world.openssl("genpkey", *options)


def csr(name="csr.shop.example.com", private=None, san=None, subject=None):
    arguments = ["req", "-new", "-key", "/dev/stdin", "-utf8", "-subj", subject or "/CN=" + name]
    if san:
        arguments += ["-addext", "subjectAltName=" + san]
    return world.openssl(*arguments, given=private or key())


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

    def test_waiting_refreshes_itself_without_a_script(self):
        answer = self.world.browser("issuing").get("/certificate")
        self.assertEqual((answer.status, answer.header("Refresh")), (200, "3"))

    def test_the_certificate_is_shown_as_it_was_issued(self):
        ((serial, der),) = self.world.rows(
            "SELECT c.serial, c.der FROM certificate c JOIN enrolment e ON e.id = c.enrolment WHERE e.reference = ?",
            self.world.seeds["issued"]["reference"])
        page = self.world.browser("issued", "zh-HK").get("/certificate").text
        self.assertIn(" ".join("%02x" % b for b in serial), page)
        self.assertRegex(page, r"\d\d/\d\d/\d{4} - \d\d/\d\d/\d{4}（199日）")
        spki = world.openssl("pkey", "-pubin", "-outform", "DER",
                             given=world.openssl("x509", "-inform", "DER", "-noout", "-pubkey", given=der))
        digest = world.openssl("dgst", "-sha256", "-r", given=spki).split()[0].decode()
        shown = re.search(r'<code class="hash" id="key-value">(.*?)</code>', page).group(1)
        self.assertEqual(re.sub(r"<[^>]+>", "", shown), digest)
        self.assertEqual(shown.count("<span>"), 8)

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

    def test_the_authority_s_files_stand_in_one_entry_each_with_a_link_for_each_form(self):
        page = self.world.browser("accepted").get("/download").text
        entries = re.findall(r"<li><strong>(.*?)</strong>.*?</li>", page)
        self.assertEqual(entries, ["Intermediate certificate", "Cross certificate", "Root certificate",
                                   "Authority revocation list (ARL)", "Certificate revocation list (CRL)"])
        self.assertRegex(page, r'href="/root/root_ca_3.pem.crt" download>PEM .*href="/root/root_ca_3.crt" download>DER ')
        for href in re.findall(r'href="(/(?:root|crl|download)/[^"]+)" download', page):
            self.assertEqual(self.world.browser("accepted").get(href).status, 200, href)

    def test_what_is_not_accepted_is_in_no_download(self):
        browser = self.world.browser("issued2")
        for path in ("/download", "/download/certificate.pem"):
            self.assertEqual(browser.get(path).header("Location"), "/certificate")
        api = self.world.api("issued2")
        self.assertEqual(api.ask("GET", "/enrolment/download").status, 409)
        self.assertNotIn("BEGIN", api.ask("GET", "/enrolment/certificate").text)

    def test_accepting_opens_the_download_with_the_whole_chain(self):
        browser = self.world.browser("issued2")
        self.assertEqual(browser.post("/certificate/accept", {}).header("Location"), "/download")
        page = browser.get("/download").text
        for path in ("/root/root_ca_3.crt", "/root/ecert_ssl_ca_3-17.crt", "/crl/eCertSCA3-17CRL1.crl",
                     "/crl/RootCA3ARL.crl"):
            self.assertIn(path, page)
        full = browser.get("/download/fullchain.pem")
        self.assertEqual(full.text.count("BEGIN CERTIFICATE"), 2)
        self.assertIn("attachment", full.header("Content-Disposition"))
        self.assertEqual(browser.get("/download/chain.pem").text.count("BEGIN CERTIFICATE"), 1)
        der = browser.get("/download/certificate.cer").body
        leaf = browser.get("/download/certificate.pem").body
        self.assertEqual(world.openssl("x509", "-outform", "DER", given=leaf), der)

    def test_the_bundle_holds_every_form_under_the_name_of_the_server(self):
        browser = self.world.browser("many")
        page = browser.get("/download").text
        answer = browser.get("/download/all.zip")
        self.assertIn('filename="www.many.example.com.zip"', answer.header("Content-Disposition"))
        with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
            self.assertIsNone(archive.testzip())
            files = {name: archive.read(name) for name in archive.namelist()}
        base = "www.many.example.com."
        self.assertEqual(sorted(files), sorted(
            [base + suffix for suffix in ("pem", "fullchain.pem", "chain.pem", "cer", "p7b")] +
            [name + suffix for name in ("ecert_ssl_ca_3-17", "root_ca_3", "root_ca_3_x_trial_partner_r1")
             for suffix in (".crt", ".pem.crt")] + ["RootCA3ARL.crl"]))
        for name in files:
            self.assertIn("<code>%s</code>" % name, page)
        listed = world.openssl("pkcs7", "-inform", "DER", "-print_certs", given=files[base + "p7b"])
        self.assertEqual(listed.count(b"BEGIN CERTIFICATE"), 2)
        self.assertEqual(files[base + "fullchain.pem"], files[base + "pem"] + files[base + "chain.pem"])
        for name, content in files.items():
            form = "DER" if name.endswith((".cer", "7.crt", "3.crt", "r1.crt")) and ".pem" not in name else "PEM"
            if name.endswith((".cer", ".crt", ".pem")):
                world.openssl("x509", "-inform", form, "-noout", given=content)
        # Of two intermediates with one name and key, the later one.
        self.assertEqual(files["ecert_ssl_ca_3-17.crt"],
                         self.world.ask("GET", "/root/ecert_ssl_ca_3-17.crt").body)

    def test_a_wildcard_in_a_file_name_is_written_out(self):
        answer = self.world.browser("wildcard").get("/download/certificate.p7b")
        self.assertIn('filename="wildcard.wild.example.com.p7b"', answer.header("Content-Disposition"))

    def test_there_are_no_other_downloads(self):
        browser, api = self.world.browser("accepted"), self.world.api("accepted")
        for name in ("x", "all", "certificate", "..%2fcertificate.pem", "ecert_ssl_ca_3-17_old.crt", "all.zip/x",
                     "steps/notepad", "steps/files", "steps/..%2fnginx"):
            self.assertIn(browser.get("/download/" + name).status, (400, 404), name)
        self.assertEqual(api.ask("GET", "/enrolment/download/key.pem").status, 404)

    def test_declining_for_the_key_leads_back_to_the_csr(self):
        browser = self.world.browser("issued")
        self.assertEqual(browser.post("/certificate/decline", {"reason": "x"}).status, 422)
        self.assertEqual(self.world.state("issued"), "issued")
        answer = browser.post("/certificate/decline", {"what": "key", "reason": "lost"})
        self.assertEqual(answer.header("Location"), "/csr")
        self.assertEqual(self.world.rows(
            "SELECT c.state, c.ordinal, e.ordinal FROM certificate c JOIN enrolment e ON e.id = c.enrolment"
            " WHERE e.reference = ?", self.world.seeds["issued"]["reference"]), [("declined", 1, 2)])

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

    def test_the_page_speaks_three_languages_and_remembers(self):
        for tag, title in (("en", "Log in"), ("zh-HK", "登入"), ("zh-CN", "登录")):
            answer = self.world.ask("GET", "/?lang=" + tag)
            self.assertIn('<html lang="%s">' % tag, answer.text)
            self.assertIn(title, answer.text)
            self.assertIn("lang=" + tag, answer.header("Set-Cookie"))
        answer = self.world.ask("GET", "/?lang=../../etc", headers={"Accept-Language": "en"})
        self.assertIn('<html lang="en">', answer.text)
        self.assertIsNone(answer.header("Set-Cookie"))


class Requests(world.FreshCase):
    def submit(self, value, language="en", field="csr"):
        return self.world.browser("validated", language).post("/csr", {field: value})

    def test_a_request_is_shown_before_it_is_submitted(self):
        page = self.submit(csr(subject="/C=HK/O=Somebody Else/CN=csr.shop.example.com", private=key("RSA2048")))
        self.assertEqual(page.status, 200)
        for text in ("RSA 2048", "in the application and in the CSR", "Somebody Else"):
            self.assertIn(text, page.text)
        self.assertEqual(self.world.state("validated"), "validated")

    def test_every_form_of_a_request_is_read(self):
        text = csr()
        der = world.openssl("req", "-outform", "DER", given=text)
        forms = {
            "pem": text, "new": text.replace(b"BEGIN CERT", b"BEGIN NEW CERT").replace(b"END CERT", b"END NEW CERT"),
            "crlf": text.replace(b"\n", b"\r\n"), "bom": b"\xef\xbb\xbf" + text,
            "utf-16le": text.decode().encode("utf-16-le"), "utf-16": b"\xff\xfe" + text.decode().encode("utf-16-le"),
            "der": der, "indented": text.replace(b"\n", b"\n  "),
        }
        for what, value in forms.items():
            self.assertEqual(self.submit(value, field="file").status, 200, what)

    def test_requests_of_windows_programs_are_read(self):
        for program in windows.ORDERS:
            der = windows.request(key("RSA2048"), ["csr.shop.example.com"], program)
            text = windows.pem("NEW CERTIFICATE REQUEST", der)
            for value in (windows.utf16(text), windows.utf16(text, mark=False), text.encode(), der):
                page = self.submit(value, field="file")
                self.assertEqual(page.status, 200, (program, value[:4]))
                self.assertIn("商店有限公司", page.text)
            spoilt = bytearray(der)
            spoilt[-1] ^= 1
            self.assertEqual(self.submit(bytes(spoilt), field="file").status, 422, program)

    def test_no_name_at_all_is_fine(self):
        self.assertEqual(self.submit(csr(subject="/O=Shop Example Limited")).status, 200)

    def test_what_is_wrong_is_said_and_nothing_typed_is_lost(self):
        good = csr()
        cases = [
            (b"", "Nothing was pasted"),
            (b"hello", "not a certificate signing request"),
            (good[:200], "its END line is missing"),
            (csr(name="www.other.example.com"), "www.other.example.com"),
            (csr(san="DNS:csr.shop.example.com,DNS:evil.example.net"), "evil.example.net"),
            (csr(private=key("RSA1024")), "too weak"),
        ]
        for value, text in cases:
            answer = self.submit(value)
            self.assertEqual(answer.status, 422, text)
            self.assertIn(text, answer.text)
            self.assertIn('href="#csr"', answer.text)
            if value:
                self.assertIn(value.decode()[:40].replace("+", "&#43;").replace("&#43;", "+"), answer.text)
        self.assertEqual(self.world.state("validated"), "validated")

    def test_a_forged_signature_is_refused_in_three_languages(self):
        der = bytearray(world.openssl("req", "-outform", "DER", given=csr()))
        der[-3] ^= 1
        for language, text in (("en", "signature does not fit"), ("zh-HK", "簽署與其密碼匙不符"),
                               ("zh-CN", "签名与其密钥不符")):
            answer = self.submit(bytes(der), language, field="file")
            self.assertEqual(answer.status, 422)
            self.assertIn(text, answer.text)

    def test_d27_a_key_on_the_list_of_weak_ones_is_refused(self):
        with open(world.WEAK_KEY, "rb") as file:
            known = file.read()
        for language, text in (("en", "weak"), ("zh-HK", "CVE-2008-0166"), ("zh-CN", "CVE-2008-0166")):
            answer = self.submit(csr(private=known), language)
            self.assertEqual(answer.status, 422)
            self.assertIn(text, answer.text)
            self.assertIn("CVE-2008-0166", answer.text)
        self.assertNotIn("CVE-2008-0166", self.submit(csr(private=key("RSA2048"))).text)

    def test_p11_a_private_key_is_refused_blocked_and_kept_nowhere(self):
        private = key()
        request = csr(private=private)
        answer = self.submit(private)
        self.assertEqual(answer.status, 422)
        self.assertIn("This is a private key", answer.text)
        secret = b"".join(private.split(b"\n")[1:-2])[20:60]
        self.assertNotIn(secret, answer.body)
        for place in ("/log", "/store/ecert.db", "/store/ecert.db-wal"):
            with open(self.world.dir + place, "rb") as content:
                self.assertNotIn(secret, content.read(), place)
        self.assertEqual(len(self.world.rows("SELECT * FROM blocked_key")), 1)
        blocked = self.submit(request)
        self.assertEqual(blocked.status, 422)
        self.assertIn("This key is blocked", blocked.text)

    def test_submitting_hands_it_to_the_registrar(self):
        browser = self.world.browser("validated")
        preview = browser.post("/csr", {"csr": csr()})
        shown = re.search(r"<textarea[^>]*>([^<]+)</textarea>", preview.text).group(1)
        edit = browser.post("/csr", {"csr": shown, "edit": "yes"})
        self.assertIn(shown.strip(), edit.text)
        answer = browser.post("/csr/submit", {"csr": shown})
        self.assertEqual(answer.header("Location"), "/certificate")
        self.assertEqual(self.world.state("validated"), "issuing")
        self.assertEqual(browser.post("/csr/submit", {"csr": shown}).header("Location"), "/certificate")
        self.assertEqual(self.world.rows("SELECT count(*) FROM certificate c JOIN enrolment e ON e.id = c.enrolment"
                                         " WHERE e.reference = ?", self.world.seeds["validated"]["reference"]), [(1,)])


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
