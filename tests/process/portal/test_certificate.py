"""The certificate's page and all that can be downloaded once it is accepted, and nothing before."""
import io
import re
import zipfile

import world


class Certificate(world.FreshCase):
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


if __name__ == "__main__":
    world.run()
