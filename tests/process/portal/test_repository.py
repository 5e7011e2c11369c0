"""The repository: what anybody may find, and what nobody may."""
import json
import os
import socket
import sqlite3
import unittest
import urllib.parse

import world


class Repository(world.FreshCase):
    def find(self, by, text, language="en", **more):
        query = urllib.parse.urlencode({"by": by, "q": text, **more})
        return self.world.ask("GET", "/api/v1/repository?" + query, headers={"Accept-Language": language})

    def found(self, by, text):
        answer = self.find(by, text)
        self.assertEqual(answer.status, 200, answer.text)
        return sorted(c["names"][0]["ascii"] for c in answer.json()["certificates"])

    def serial(self, key):
        return self.world.rows("SELECT hex(serial) FROM certificate JOIN enrolment ON enrolment.id = enrolment"
                               " WHERE reference = ?", self.world.seeds[key]["reference"])[0][0].lower()

    def change(self, statement, *values):
        db = sqlite3.connect(self.world.dir + "/store/ecert.db", timeout=10)
        with db:
            db.execute(statement, values)
        db.close()

    def test_a_name_is_found_by_itself_and_by_its_domain_and_by_nothing_shorter(self):
        done = ["done.shop.example.com"]
        self.assertEqual(self.found("name", "done.shop.example.com"), done)
        self.assertEqual(self.found("name", "DONE.shop.example.com"), done)
        self.assertEqual(self.found("name", "shop.example.com"), done)
        self.assertEqual(self.found("name", "one.shop.example.com"), [])
        self.assertEqual(self.found("name", "hop.example.com"), [])
        self.assertEqual(self.find("name", "com").status, 400)

    def test_the_authority_s_page_counts_and_an_empty_list_says_what_will_appear(self):
        page = self.world.ask("GET", "/root/", headers={"Cookie": "lang=en"}).text
        self.assertIn("Certificates: 4", page)
        self.assertEqual(page.count('<article class="record">'), 4)
        self.assertIn("Revocation lists: 0", page)
        self.assertIn("appear here as soon as they are made", page)
        hits = self.world.ask("GET", "/repository?by=name&q=xn--shp-ted.example.net", headers={"Cookie": "lang=en"})
        self.assertIn("mixes scripts", hits.text)

    def test_a_list_of_a_million_entries_is_served_and_lies_in_memory_once(self):
        name = "eCertSCA3-17CRL1"
        def publish(size):
            self.change("UPDATE publication SET der = ?, number = number + 1 WHERE name = ?", os.urandom(size), name)
            return self.world.rows("SELECT der FROM publication WHERE name = ?", name)[0][0]
        for size in (1000, 9 << 20, 40 << 20):
            der = publish(size)
            answer = self.world.ask("GET", f"/crl/{name}.crl")
            self.assertEqual((answer.status, answer.header("Content-Type")), (200, "application/pkix-crl"))
            self.assertTrue(answer.body == der, size)
            again = self.world.ask("GET", f"/crl/{name}.crl", headers={"If-None-Match": answer.header("ETag")})
            self.assertEqual((again.status, again.body), (304, b""))
        self.assertEqual(self.world.ask("GET", "/root/").status, 200)
        slow = [socket.create_connection((world.HOST, self.world.port), timeout=60) for _ in range(40)]
        for connection in slow:
            self.addCleanup(connection.close)
            connection.sendall(f"GET /crl/{name}.crl HTTP/1.1\r\nHost: {world.HOST}:{self.world.port}\r\n\r\n".encode())
        for connection in slow:
            self.assertEqual(connection.recv(12), b"HTTP/1.1 200")
        with open("/proc/%d/status" % self.world.process.pid, encoding="ascii") as status:
            resident = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
        self.assertLess(resident, 300 * 1024)
        newer = publish(2000)
        self.assertEqual(self.world.ask("GET", f"/crl/{name}.crl").body, newer)
        got = b""
        while len(got.partition(b"\r\n\r\n")[2]) < len(der):
            got += slow[0].recv(1 << 20)
        self.assertTrue(got.endswith(der), "the list whose sending had begun")

    def test_what_was_not_accepted_is_not_found_in_any_way(self):
        self.assertEqual(self.found("name", "cert.shop.example.com"), [])
        serial = self.serial("issued")
        self.assertEqual(self.found("serial", serial), [])
        for path in ("/repository/" + serial, "/repository/%s.pem" % serial, "/api/v1/repository/" + serial):
            self.assertEqual(self.world.ask("GET", path).status, 404, path)
        api = self.world.api("issued")
        self.assertEqual(api.ask("POST", "/enrolment/accept").status, 200)
        self.assertEqual(self.found("name", "cert.shop.example.com"), ["cert.shop.example.com"])
        self.assertEqual(self.world.ask("GET", "/repository/" + serial).status, 200)

    def test_organisations_are_found_by_how_they_begin_without_case(self):
        self.assertEqual(self.found("organisation", "tenant  TWO"), ["www.tenant.example.org"])
        self.assertEqual(self.found("organisation", "Two Limited"), [])
        self.assertEqual(self.find("organisation", "T").status, 400)
        self.assertEqual(self.found("organisation", "%"*3), [])

    def test_the_reference_number_of_the_subscriber_is_found_whole_only(self):
        self.assertEqual(self.found("srn", "0002 142877"), [
            "*.wild.example.com", "done.shop.example.com", "www.bank.example.net", "www.grown.example.com",
            "www.many.example.com", "www.tenant.example.org", "xn--shp-ted.example.net"])
        self.assertEqual(self.find("srn", "000214287").json()["type"], "urn:ecert:problem:form.too_short")
        self.assertEqual(self.found("srn", "0002142878"), [])

    def test_a_serial_number_is_found_however_it_is_written(self):
        serial = self.serial("accepted")
        pairs = [serial[i:i + 2] for i in range(0, len(serial), 2)]
        for text in (serial, serial.upper(), " ".join(pairs), ":".join(pairs), "-".join(pairs), "0x" + serial,
                     "00:" + ":".join(pairs), str(int(serial, 16))):
            self.assertEqual(self.found("serial", text), ["done.shop.example.com"], text)
        for text in ("zz", "0x", ":", "1" * 200, "é"):
            self.assertEqual(self.find("serial", text).json()["type"], "urn:ecert:problem:repository.serial", text)
        self.assertEqual(self.found("serial", serial[:-2]), [])

    def test_files_are_the_certificate_that_was_issued(self):
        serial = self.serial("accepted")
        der = self.world.ask("GET", "/repository/%s.cer" % serial)
        self.assertEqual(der.header("Content-Type"), "application/pkix-cert")
        self.assertEqual(der.body, self.world.rows("SELECT der FROM certificate WHERE hex(serial) = ?",
                                                   serial.upper())[0][0])
        pem = self.world.ask("GET", "/repository/%s.pem" % serial)
        self.assertEqual(world.openssl("x509", "-outform", "der", given=pem.body), der.body)
        p7b = self.world.ask("GET", "/repository/%s.p7b" % serial).body
        listed = world.openssl("pkcs7", "-inform", "der", "-print_certs", given=p7b).decode()
        self.assertEqual(listed.count("BEGIN CERTIFICATE"), 2)
        one = self.world.ask("GET", "/api/v1/repository/" + serial).json()
        self.assertEqual((one["state"], one["srn"], one["certificate"].encode()), ("valid", "0002142877", pem.body))
        for path in (serial + ".exe", serial + ".", "zz", "..", serial + ".pem.pem"):
            self.assertIn(self.world.ask("GET", "/repository/" + path).status, (400, 404), path)

    def test_a_revoked_certificate_stays_and_says_so_and_an_expired_one_too(self):
        serial = self.serial("accepted")
        self.change("UPDATE certificate SET state = 'revoked', reason = 1, revoked = 1795000000 WHERE hex(serial) = ?",
                    serial.upper())
        one = self.find("name", "done.shop.example.com").json()["certificates"][0]
        self.assertEqual((one["state"], one["reason"]), ("revoked", "keyCompromise"))
        page = self.world.ask("GET", "/repository/" + serial, headers={"Accept-Language": "zh-HK"}).text
        self.assertIn("已撤銷", page)
        self.assertIn("私人密碼匙已經或可能外洩", page)
        tenant = self.serial("tenant")
        self.change("UPDATE certificate SET not_after = 1700000000 WHERE hex(serial) = ?", tenant.upper())
        self.assertEqual(self.find("serial", tenant).json()["certificates"][0]["state"], "expired")

    def test_results_are_paged_and_counted(self):
        rows = self.world.rows("SELECT enrolment FROM certificate JOIN enrolment e ON e.id = enrolment"
                               " WHERE reference = ?", self.world.seeds["accepted"]["reference"])
        for ordinal in range(2, 47):
            self.change("INSERT INTO certificate SELECT enrolment, ?, state, csr, spki_hash, randomblob(16), issuer,"
                        " der, not_before, not_after, reason, revoked, created, accepted + ? FROM certificate"
                        " WHERE enrolment = ? AND ordinal = 1", ordinal, ordinal, rows[0][0])
            self.change("INSERT INTO repository_term SELECT kind, term, enrolment, ? FROM repository_term"
                        " WHERE enrolment = ? AND ordinal = 1", ordinal, rows[0][0])
        sizes = []
        for page in (1, 2, 3, 4):
            answer = self.find("name", "done.shop.example.com", page=page).json()
            self.assertEqual((answer["count"], answer["pages"], answer["page"]), (46, 3, page))
            sizes.append(len(answer["certificates"]))
        self.assertEqual(sizes, [20, 20, 6, 0])
        text = self.world.ask("GET", "/repository?by=name&q=done.shop.example.com&page=2&lang=en").text
        self.assertIn("Page 2 of 3", text)
        self.assertIn('href="/repository?by=name&amp;q=done.shop.example.com&amp;page=3"', text)
        self.assertIn('href="/repository?by=name&amp;q=done.shop.example.com&amp;page=2&amp;lang=zh-CN"', text)

    def test_the_page_searches_without_a_session_and_shows_nothing_of_what_was_typed_as_markup(self):
        self.assertIn('href="/repository"', self.world.ask("GET", "/").text)
        page = self.world.ask("GET", "/repository")
        self.assertEqual(page.status, 200)
        self.assertNotIn("Certificates found", page.text)
        none = self.world.ask("GET", "/repository?by=organisation&q=Nobody%20at%20all&lang=en")
        self.assertIn("Nothing was found", none.text)
        hostile = self.world.ask("GET", "/repository?by=name&q=%3Cscript%3Ealert(1)%3C/script%3E")
        self.assertEqual(hostile.status, 422)
        self.assertNotIn("<script>alert", hostile.text)
        self.assertIn('id="q-error"', hostile.text)
        for query in ("by=colour&q=x", "q=%ff%fe", "q=a%00b", "q=" + "x" * 600):
            self.assertEqual(self.world.ask("GET", "/repository?" + query).status, 422, query)
        for language, word in (("zh-HK", "找到1張證書"), ("zh-CN", "找到1张证书")):
            text = self.world.ask("GET", "/repository?by=name&q=done.shop.example.com&lang=" + language).text
            self.assertIn(word, text)

    def test_the_twin_says_which_question_is_missing(self):
        self.assertEqual(set(self.find("name", "done.shop.example.com").json()),
                         {"by", "count", "more", "page", "pages", "certificates"})
        answer = self.world.ask("GET", "/api/v1/repository")
        self.assertEqual((answer.status, answer.json()["type"]), (400, "urn:ecert:problem:form.required"))


class Authorities(world.Case):
    def test_ca_certificates_stand_there_with_state_and_files(self):
        answer = self.world.ask("GET", "/api/v1/root").json()
        states = {c["id"]: c["state"] for c in answer["certificates"]}
        self.assertEqual(states, {
            "root_ca_3": "root", "ecert_ssl_ca_3-17": "issuing", "ecert_ssl_ca_3-17_old": "issuing",
            "root_ca_3_x_trial_partner_r1": "cross"})
        for certificate in answer["certificates"]:
            der = self.world.ask("GET", certificate["der"])
            printed = world.openssl("x509", "-inform", "der", "-noout", "-fingerprint", "-sha256", given=der.body)
            self.assertIn(certificate["sha256"], printed.decode().replace(":", "").lower())
            self.assertEqual(self.world.ask("GET", certificate["pem"]).status, 200)
        page = self.world.ask("GET", "/root/", headers={"Accept-Language": "zh-CN"})
        self.assertEqual(page.status, 200)
        self.assertIn("中间证书，使用中", page.text)
        json.dumps(answer)


if __name__ == "__main__":
    world.run()
