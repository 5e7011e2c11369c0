"""What is done on the pages of `ecert console` is what the commands do, and each sees the other's work."""
import json
import os
import re
import shutil
import stat
import subprocess
import unittest

from console_case import Console
from hierarchy import Hierarchy
from stand_in import Authority, run
from tool import NAME, ToolTest, public_key

# What the wizard's pages send, one after the other.
STEPS = ("friendly", "scope", "services", "domains", "organisation", "summary")
ENTERED = {"friendly": "Hong Kong Post e-cert", "names": NAME, "organisation": "Shop Limited", "unit": "",
           "locality": "Hong Kong", "state": "Hong Kong", "country": "HK", "key": "p256"}
SECRET = "correct horse battery staple"


def content(path):
    with open(path, "rb") as file:
        return file.read()


class PageTest(ToolTest):
    def setUp(self):
        super().setUp()
        self.console = Console(self)
        self.console.enter()
        self.csrf = self.console.csrf()

    def assert_no_key(self, *pages):
        """Nothing that only a key's file holds."""
        for folder in ("requests", "personal"):
            place = os.path.join(self.store, folder)
            for name in os.listdir(place) if os.path.isdir(place) else []:
                lines = content(os.path.join(place, name, "key.pem")).decode().splitlines()[1:-1]
                for page in pages:
                    for line in lines:
                        self.assertNotIn(line, page.text)
        for page in pages:
            self.assertNotIn("PRIVATE KEY", page.text)
            self.assertNotIn(SECRET, page.text)

    def refused(self, answer, words):
        self.assertEqual(answer.status, 422, answer.said)
        self.assertIn(words, answer.said)
        self.assertIn('role="alert"', answer.text)


class Wizard(PageTest):
    """The new request, with the pages of Exchange's wizard."""
    def step(self, step, status=200, more=(), **entered):
        return self.console.post("/request", [*({"step": step, **ENTERED, **entered}).items(), *more], status=status)

    def test_a_request_is_made_on_the_last_page_and_not_before(self):
        headings = []
        page = self.console.get("/request")
        for step in STEPS:
            headings.append(re.search(r"<h2[^>]*>([^<]+)</h2>", page.text).group(1))
            self.assertEqual(self.certificates(), [])
            page = self.step(step, status=None)
        self.assertEqual(headings, ["Friendly name", "Domain scope", "Services", "Server names",
                                    "Organisation and location", "Check"])
        self.assertEqual(page.status, 303)
        made, = self.certificates()
        self.assertEqual((made["names"], made["friendly_name"], made["key"], made["state"]),
                         (NAME, ENTERED["friendly"], "P-256", "PendingRequest"))
        self.assertIn(made["id"], page.headers["Location"])
        shown = self.console.get("/certificate/" + made["id"])
        csr = re.search(r"-----BEGIN CERTIFICATE REQUEST-----.*?-----END CERTIFICATE REQUEST-----", shown.text, re.S)
        said = run("openssl", "req", "-noout", "-subject", "-verify", "-text", given=csr.group(0).encode()).decode()
        for part in ("O = Shop Limited", "C = HK", "DNS:" + NAME):
            self.assertIn(part, said)
        file = self.console.get(f"/certificate/{made['id']}/request.csr")
        self.assertEqual(file.text.strip(), csr.group(0))
        self.assertIn("attachment", file.headers["Content-Disposition"])
        self.assert_no_key(shown, file, self.console.get("/"))

    def test_services_propose_names_as_exchange_does(self):
        page = self.step("services", names="", domain="shop.example.com",
                         more=[("service-autodiscover", "1"), ("service-smtp", "1")])
        for name in ("mail.shop.example.com", "autodiscover.shop.example.com"):
            self.assertIn(name, page.text)
        self.refused(self.step("services", 422, domain="shop example", more=[("service-smtp", "1")]),
                     "can’t stand in a server name")
        lacking = self.step("services", 422, domain="", more=[("service-smtp", "1")])
        self.refused(lacking, "no domain of theirs was entered")
        self.assertIn('id="domain-error"', lacking.text)
        self.step("services", 200, domain="")

    def test_a_wildcard_has_no_services_and_no_list(self):
        page = self.step("scope", wildcard="1", root="*.shop.example.com")
        self.assertIn("Organisation and location", page.said)
        self.step("summary", 303, wildcard="1", root="*.shop.example.com")
        self.assertEqual(self.certificates()[0]["names"], "*.shop.example.com, shop.example.com")
        self.refused(self.step("scope", 422, wildcard="1", root=""), "no root domain was entered")

    def test_what_is_wrong_is_said_and_nothing_typed_is_lost(self):
        for step, entered, words in (
                ("domains", {"names": ""}, "nothing was entered"), ("domains", {"names": "127.0.0.1"}, "IP address"),
                ("domains", {"names": "a_b.example.com"}, "underscore"),
                ("domains", {"names": "\n".join(f"n{i}.example.com" for i in range(51))}, "too many"),
                ("organisation", {"key": "rsa512"}, "is not a kind of key"), ("organisation", {"country": "HKG"}, "2"),
                ("friendly", {"friendly": "x" * 256}, "255"), ("summary", {"names": "x"}, "")):
            answer = self.step(step, 422, **entered)
            self.refused(answer, words)
            self.assertIn("Shop Limited", answer.text)
        self.assertEqual(self.certificates(), [])
        self.assertEqual(self.console.post("/request", {"step": "nothing"}).status, 422)

    def test_going_back_checks_nothing(self):
        page = self.step("domains", names="a_b.example.com", back="1")
        self.assertIn("Services", page.said)
        self.assertIn("a_b.example.com", page.text)

    def test_another_language_keeps_step_and_words_and_makes_nothing(self):
        for step in STEPS:
            page = self.console.post("/request?lang=zh-HK", [*{"step": step, **ENTERED}.items(), ("service-smtp", "1")],
                                     status=200)
            self.assertIn('<html lang="zh-HK">', page.text)
            self.assertIn(f'name="step" value="{step}"', page.text)
            for kept in ("Shop Limited", ENTERED["friendly"], "service-smtp"):
                self.assertIn(kept, page.text)
            self.assertNotIn('role="alert"', page.text)
            self.assertIn('formaction="?lang=en"', page.text)
            self.assertNotIn("?lang=en&", page.text)
        self.assertEqual(self.certificates(), [])

    def test_k13_another_language_asked_for_twice_makes_nothing_either(self):
        for query in ("?lang=zh-HK&lang=zh-HK", "?lang=en&lang=zh-CN"):
            page = self.console.post("/request" + query, [*{"step": STEPS[-1], **ENTERED}.items(), ("service-smtp", "1")],
                                     status=400)
            self.assertIn("it was sent more than once", page.said)
        self.assertEqual(self.certificates(), [])

    def test_a_chinese_name_may_be_written_in_chinese(self):
        self.assertIn("xn--", self.step("organisation", names="www.電子商店.example.org").said)
        self.step("summary", 303, names="www.電子商店.example.org")
        self.assertIn("xn--", self.certificates()[0]["names"])

    def test_nothing_entered_is_markup(self):
        page = self.step("friendly", friendly='"><script>alert(1)</script>')
        self.assertNotIn("<script>alert", page.text)


class Pairs(PageTest):
    """Complete, export, import, remove."""
    def setUp(self):
        super().setUp()
        self.ca = Hierarchy(self.path("ca"))
        for name, folder in (("root", "root"), ("new", "intermediate")):
            more = ["--fingerprint", self.ca.fingerprint(name)] if folder == "root" else []
            self.json("chain", "install", self.ca.path(name + ".pem"), "--as", folder, *more)
        self.json("crl", "install", self.ca.path("ssl.crl"))
        self.json("crl", "install", self.ca.path("root.crl"))

    def pending(self, name, server_name=NAME):
        """A request's id, and the certificate for it."""
        made = self.json("request", "new", "--name", server_name, "--key", "p256", "--friendly", name)
        shutil.copy(os.path.join(self.store, "requests", made["id"], "key.pem"), self.ca.path(name + ".key"))
        self.ca.sign(name, "/CN=" + server_name, "new", "basicConstraints=critical,CA:false\n"
                     f"extendedKeyUsage=serverAuth\nsubjectAltName=DNS:{server_name}\n" + self.ca.point("ssl"),
                     serial=0x30 + len(name), key=name)
        return made["id"], content(self.ca.path(name + ".pem"))

    def complete(self):
        request, certificate = self.pending("mine")
        answer = self.console.post(f"/certificate/{request}/complete", files=[("upload", certificate)], status=303)
        return answer.headers["Location"].removeprefix(self.console.desk).split("?")[0]

    def test_a_request_is_completed_by_its_own_certificate_alone(self):
        request, certificate = self.pending("mine")
        _, other = self.pending("other", "other.example.com")
        page = f"/certificate/{request}/complete"
        for upload, words in ((other, "another key"), (content(self.ca.path("new.pem")), "another key"),
                              (b"nothing", "another key"), (b"", "nothing was entered"),
                              (b"-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n", "another key")):
            self.refused(self.console.post(page, files=[("upload", upload)]), words)
        self.assertEqual({one["state"] for one in self.certificates()}, {"PendingRequest"})
        answer = self.console.post(page, {"pasted": certificate.decode()}, files=[("upload", b"")], status=303)
        shown = self.console.ask("GET", answer.headers["Location"])
        self.assertIn("has joined its key", shown.said)
        self.assertIn("Valid", [one["state"] for one in self.certificates()])
        self.console.get(page, status=404)

    def test_the_viewer_shows_what_openssl_shows(self):
        place = self.complete()
        details = self.console.get(place + "/details")
        said = run("openssl", "x509", "-in", self.ca.path("mine.pem"), "-noout", "-fingerprint", "-sha1").decode()
        bare = re.sub(r"[\s:]", "", details.said).lower()
        self.assertIn(said.split("=")[1].strip().replace(":", "").lower(), bare)
        for part in ("Subject alternative name", NAME, "Server authentication", "CN = Test SSL CA 3 - 17",
                     self.ca.url + "/ssl.crl", "sha256ECDSA", "critical"):
            self.assertIn(part, details.said)
        path = self.console.get(place + "/path")
        checked = self.json("chain", "check", place.rsplit("/", 1)[1][:12])["certificates"][0]
        self.assertEqual(len(re.findall(r'<ol class="path">', path.text)), len(checked["paths"]))
        self.assertIn("the path that clients will build", path.said)
        self.assertLess(path.said.index("Test Root CA 3"), path.said.index("Test SSL CA 3 - 17"))

    def test_a_pfx_is_a_file_of_this_server_and_nothing_of_it_is_sent(self):
        place = self.complete()
        out = self.path("out.pfx")
        form = {"format": "pfx", "target": "windows2019", "out": out, "password": SECRET, "again": SECRET}
        for wrong, words in (({"again": SECRET + "x"}, "not the same"), ({"password": "", "again": ""}, "nothing was"),
                             ({"out": "out.pfx"}, "not a whole path"), ({"out": "/nowhere/x.pfx"}, "can’t be written"),
                             ({"format": "exe"}, "not one of the choices"), ({"target": "x"}, "not one of the choices")):
            answer = self.console.post(place + "/export", {**form, **wrong})
            self.refused(answer, words)
            self.assert_no_key(answer)
        self.assertFalse(os.path.exists(out))
        done = self.console.post(place + "/export", form, status=200)
        self.assertIn(out, done.said)
        self.assert_no_key(done)
        self.assertEqual(stat.S_IMODE(os.stat(out).st_mode), 0o600)
        told = subprocess.run(["openssl", "pkcs12", "-in", out, "-passin", "stdin", "-nodes"], input=SECRET.encode(),
                              capture_output=True, check=True).stdout
        self.assertIn(b"PRIVATE KEY", told)
        self.refused(self.console.post(place + "/export", form), "exists already")
        der = self.path("out.der")
        self.console.post(place + "/export", {"format": "der", "target": "modern", "out": der}, status=200)
        self.assertEqual(content(der), run("openssl", "x509", "-in", self.ca.path("mine.pem"), "-outform", "DER"))

    def test_the_key_of_a_request_can_be_backed_up_and_brought_back(self):
        request, _ = self.pending("mine")
        out = self.path("key.pfx")
        form = {"format": "pfx", "target": "modern", "out": out, "password": SECRET, "again": SECRET}
        self.refused(self.console.post(f"/certificate/{request}/export", {**form, "format": "pem"}), "choices")
        self.console.post(f"/certificate/{request}/export", form, status=200)
        self.console.post(f"/certificate/{request}/remove", status=303)
        self.assertEqual(self.certificates(), [])
        answer = self.console.post("/import", {"password": SECRET}, files=[("upload", content(out))], status=303)
        self.assertIn("waits for its certificate", self.console.ask("GET", answer.headers["Location"]).said)
        self.assertEqual(self.certificates()[0]["state"], "PendingRequest")

    def test_an_import_says_what_is_wrong_and_keeps_no_secret(self):
        place = self.complete()
        out = self.path("out.pfx")
        self.console.post(place + "/export", {"format": "pfx", "target": "modern", "out": out, "password": SECRET,
                                              "again": SECRET}, status=200)
        self.console.post(place + "/remove", status=303)
        self.assertEqual(self.certificates(), [])
        pfx, key = content(out), content(self.ca.key("leaf"))
        leaf = content(self.ca.path("leaf.pem"))
        for files, fields, words in (
                ([("upload", pfx)], {"password": "wrong"}, "does not open"),
                ([("upload", pfx)], {}, "does not open"), ([("upload", b"x" * 100)], {}, "not a PFX"),
                ([("upload", b"")], {}, "nothing was entered"),
                ([("upload", pfx), ("key", key)], {"password": SECRET}, "a second one"),
                ([("upload", leaf)], {}, "No key"), ([("upload", leaf), ("key", b"x")], {}, "not a key"),
                ([("upload", leaf), ("key", content(self.ca.key("root")))], {}, "do not belong together"),
                ([("upload", content(self.ca.path("new.pem")))], {}, "CA certificate")):
            answer = self.console.post("/import", fields, files=files)
            self.assertEqual(answer.status, 422, (words, answer.said))
            self.assertIn('role="alert"', answer.text)
            if words != "No key":
                self.assertIn(words, answer.said)
            self.assert_no_key(answer)
            self.assertEqual(self.certificates(), [])
        self.console.post("/import", {"password": SECRET}, files=[("upload", pfx)], status=303)
        self.console.post("/import", {}, files=[("upload", leaf), ("key", key)], status=303)
        self.assertEqual(sorted(one["state"] for one in self.certificates()), ["Valid", "Valid"])
        large = self.console.ask("POST", self.console.desk + "/import", "", {"Content-Length": "2000000"})
        self.assertEqual(large.status, 413)
        self.assertIn("512 KiB", large.said)

    def exported(self):
        """A PFX of what was completed, which is not in the store any more."""
        place, out = self.complete(), self.path("out.pfx")
        self.console.post(place + "/export", {"format": "pfx", "target": "modern", "out": out, "password": SECRET,
                                              "again": SECRET}, status=200)
        self.console.post(place + "/remove", status=303)
        return content(out)

    def test_a_wrong_password_needs_no_second_choice_of_the_file(self):
        pfx = self.exported()
        for wrong in ("wrong", "wrong again"):
            answer = self.console.post("/import", {"password": wrong}, files=[("upload", pfx if wrong == "wrong" else b"")],
                                       csrf=self.csrf)
            self.refused(answer, "does not open")
            self.assertIn("The PFX that you chose is still here", answer.said)
        self.console.post("/import", {"password": SECRET}, files=[("upload", b"")], status=303, csrf=self.csrf)
        self.assertEqual([one["state"] for one in self.certificates()], ["Valid"])
        # It is gone with that.
        self.refused(self.console.post("/import", {"password": SECRET}, files=[("upload", b"")], csrf=self.csrf),
                     "nothing was entered")

    def test_what_was_chosen_is_forgotten_when_the_page_is_left(self):
        pfx = self.exported()
        for leave in ("/", "/import"):
            self.console.post("/import", {"password": "wrong"}, files=[("upload", pfx)], status=422, csrf=self.csrf)
            self.console.get(leave)
            if leave == "/":
                answer = self.console.post("/import", {"password": SECRET}, files=[("upload", b"")], csrf=self.csrf)
                self.refused(answer, "nothing was entered")
        self.assertEqual(self.certificates(), [])

    def test_only_a_pfx_is_kept_and_else_the_page_says_to_choose_again(self):
        leaf = content(self.ca.path("leaf.pem"))
        for files in ([("upload", leaf)], [("upload", b"x" * 100)], [("upload", leaf), ("key", b"x")]):
            answer = self.console.post("/import", {"password": "wrong"}, files=files, csrf=self.csrf)
            self.assertEqual(answer.status, 422)
            self.assertIn("Choose the file again", answer.said)
            self.assertNotIn("is still here", answer.said)
            self.refused(self.console.post("/import", {}, files=[("upload", b"")], csrf=self.csrf), "nothing was entered")

    def test_a_name_that_another_ca_wrote_leads_into_no_other_folder_and_turns_no_line(self):
        names = b"".join(b"\x82" + bytes([len(name)]) + name for name in (b"../../etc/evil", "\u202emoc.elpmaxe".encode()))
        self.ca.sign("evil", "/CN=evil", "new", "basicConstraints=critical,CA:false\nextendedKeyUsage=serverAuth\n"
                     "subjectAltName=DER:30" + f"{len(names):02x}{names.hex()}\n" + self.ca.point("ssl"), serial=0x77, key="leaf")
        answer = self.console.post("/import", {}, files=[("upload", content(self.ca.path("evil.pem"))),
                                                         ("key", content(self.ca.key("leaf")))], status=303)
        place = answer.headers["Location"].removeprefix(self.console.desk).split("?")[0]
        proposed = re.search(r'name="out"[^>]*value="([^"]*)"|value="([^"]*)"[^>]*name="out"', self.console.get(place + "/export").text)
        self.assertRegex(proposed[1] or proposed[2], r"^[^.]*/[0-9a-f]+\.pfx$")
        self.assertNotIn("\u202e", self.console.get(place).text)
        self.assertNotIn("\u202e", self.console.get(place + "/details").text)

    def test_what_is_in_use_goes_only_by_a_second_mark(self):
        request, _ = self.pending("mine")
        about = os.path.join(self.store, "requests", request, "progress")
        with open(about, "w", encoding="ascii") as file:
            json.dump({"portal": "https://ecert.example.net", "finished": False}, file)
        os.chmod(about, 0o600)
        page = f"/certificate/{request}/remove"
        self.assertIn("https://ecert.example.net", self.console.get(page).said)
        self.refused(self.console.post(page), "still needed")
        self.assertEqual(len(self.certificates()), 1)
        self.console.post(page, {"nevertheless": "1"}, status=303)
        self.assertEqual(self.certificates(), [])

    def test_renewing_is_a_new_request_for_the_same_names(self):
        place = self.complete()
        page = self.console.get("/request?from=" + place.rsplit("/", 1)[1])
        self.assertIn(NAME, page.text)
        self.assertIn('value="mine"', page.text)
        self.console.get("/request?from=nothing", status=404)


class Guarded(PageTest):
    """A key that lies encrypted in the store is opened by what is typed on the page, and for that page alone."""
    def test_each_page_that_needs_the_key_asks_for_its_passphrase(self):
        authority = Authority(self.path("ca"))
        guard = ["--key-passphrase-file", self.write("passphrase", SECRET)]
        made = self.json("request", "new", "--name", NAME, "--key", "p256", "--encrypt-key", "--out",
                         self.path("r.csr"), *guard)
        certificate = authority.leaf(content(self.path("r.csr")), NAME).encode()
        page = f"/certificate/{made['id']}"
        out = self.path("out.pfx")
        export = {"format": "pfx", "target": "modern", "out": out, "password": "of the file", "again": "of the file"}
        for typed, words in ((None, "passphrase is needed"), ("wrong battery", "passphrase is wrong")):
            fields = {} if typed is None else {"passphrase": typed}
            for answer in (self.console.post(page + "/complete", fields, files=[("upload", certificate)]),
                           self.console.post(page + "/export", {**export, **fields})):
                self.refused(answer, words)
                self.assertIn('id="passphrase-error"', answer.text)
        self.assertEqual(self.certificates()[0]["state"], "PendingRequest")
        right = {"passphrase": SECRET}
        done = self.console.post(page + "/complete", right, files=[("upload", certificate)], status=303)
        page = done.headers["Location"].removeprefix(self.console.desk).split("?")[0]
        self.refused(self.console.post(page + "/export", export), "passphrase is needed")
        self.assert_no_key(self.console.post(page + "/export", {**export, **right}, status=200))
        self.assertEqual(stat.S_IMODE(os.stat(out).st_mode), 0o600)


class Stores(PageTest):
    """The stores of the MMC snap-in."""
    @classmethod
    def setUpClass(cls):
        cls.ca = Hierarchy(os.path.join(ToolTest.scratch_of_class(cls), "ca"))

    def pem(self, *names):
        return b"".join(content(self.ca.path(name + ".pem")) for name in names)

    def bring(self, folder, pem, status=303, **more):
        chosen = self.console.post(f"/store/{folder}/import", {"step": "file"}, files=[("upload", pem)], status=200)
        kept = re.search(r"<textarea name=\"pem\" hidden>(.*?)</textarea>", chosen.text, re.S).group(1)
        form = {"pem": kept, "store": folder, **more}
        review = self.console.post(f"/store/{folder}/import", {"step": "store", **form})
        done = self.console.post(f"/store/{folder}/import", {"step": "finish", **form}, status=status)
        return review, done

    def authorities(self):
        return sorted((one["store"], one["role"], one["state"]) for one in self.json("chain", "list")["authorities"])

    def test_each_store_takes_what_belongs_there_on_the_last_page(self):
        review, _ = self.bring("intermediate", self.pem("new"))
        self.assertIn("Test SSL CA 3 - 17", review.said)
        self.bring("root", self.pem("root"), compared="1")
        self.bring("untrusted", self.pem("leaf"))
        self.assertEqual(self.authorities(), [("intermediate", "intermediate", "current"),
                                              ("roots", "root", "current"), ("untrusted", "server", "current")])
        for folder, name in (("intermediate", "Test SSL CA 3 - 17"), ("root", "Test Root CA 3"),
                             ("untrusted", NAME)):
            page = self.console.get("/store/" + folder)
            self.assertIn(name, page.said)
            one = re.search(r'href="[^"]*(/authority/[0-9a-f]{64})"', page.text).group(1)
            for tab in ("", "/details", "/path"):
                self.assertIn(name, self.console.get(one + tab).said)
        self.console.get("/store/personal", status=404)

    def test_a_root_comes_in_only_where_somebody_compared_it(self):
        review, refused = self.bring("root", self.pem("root"), status=422)
        self.refused(refused, "was not confirmed")
        self.assertEqual(self.authorities(), [])
        shown = re.sub(r"\s", "", review.said).lower()
        self.assertIn(self.ca.fingerprint("root").replace(":", "").lower(), shown)

    def test_what_does_not_belong_is_refused(self):
        for folder, names, words in (("intermediate", ("root",), "root certificate"),
                                     ("intermediate", ("new", "leaf"), "server’s certificate"),
                                     ("root", ("new",), "signed by another CA")):
            _, refused = self.bring(folder, self.pem(*names), status=422, compared="1")
            self.refused(refused, words)
        for upload in (b"", b"x", b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"):
            answer = self.console.post("/store/root/import", {"step": "file"}, files=[("upload", upload)])
            self.assertIn(answer.status, (200, 422))
            if answer.status == 200:
                self.bring("root", upload, status=422)
        for form in ({"step": "finish"}, {"step": "finish", "pem": "x", "store": "root"}, {"step": "x"}, {},
                     {"step": "finish", "store": "personal", "pem": self.pem("new").decode()}):
            self.assertIn(self.console.post("/store/root/import", form).status, (400, 422))
        self.assertEqual(self.authorities(), [])

    def test_what_the_ca_withdrew_goes_out_and_comes_back_by_undoing(self):
        self.bring("root", self.pem("root"), compared="1")
        self.bring("intermediate", self.pem("old"))
        self.bring("intermediate", self.pem("new"), replace_old="1")
        self.assertEqual(self.authorities(), [("intermediate", "intermediate", "current"),
                                              ("roots", "root", "current")])
        self.undo()
        self.assertEqual(self.authorities(), [("intermediate", "intermediate", "current"),
                                              ("roots", "root", "current")])

    def undo(self, words=""):
        """What the page offers, taken back as it says."""
        self.assertIn("/undo\"", self.console.get("/").text)
        page = self.console.get("/undo")
        self.assertIn(words, page.said)
        number = re.search(r'name="number" value="([0-9]+)"', page.text)[1]
        self.console.post("/undo", {"number": number}, status=303)

    def test_nothing_is_offered_where_there_is_nothing_to_undo(self):
        pages = ("/", "/store/root", "/store/intermediate", "/store/untrusted", "/lists")
        for page in pages:
            self.assertNotIn("/undo", self.console.get(page).text)
        for answer in (self.console.get("/undo", status=409), self.console.post("/undo", {"number": "1"}, status=409)):
            self.assertIn("no change to undo", answer.said)
            self.assertNotIn("no such page", answer.said)
        for number in ("", "0x", "-1", "9" * 7):
            self.console.post("/undo", {"number": number}, status=None)
        self.bring("root", self.pem("root"), compared="1")
        for page in pages:
            self.assertIn("/undo\"", self.console.get(page).text)
        self.undo("Trusted roots")
        for page in pages:
            self.assertNotIn("/undo", self.console.get(page).text)

    def test_a_certificate_that_was_removed_comes_back_with_its_key(self):
        made = self.json("request", "new", "--name", NAME, "--key", "p256")["id"]
        self.assertIn("can’t be had again", self.console.get("/undo").said)
        self.console.post(f"/certificate/{made}/remove", status=303)
        self.assertEqual(self.certificates(), [])
        self.assertNotIn("can’t be had again", self.console.get("/undo").said)
        self.undo(NAME)
        self.assertEqual([one["id"] for one in self.certificates()], [made])
        self.undo("taken out")
        self.assertEqual(self.certificates(), [])

    def test_only_the_change_that_was_shown_is_taken_back(self):
        self.bring("root", self.pem("root"), compared="1")
        number = re.search(r'name="number" value="([0-9]+)"', self.console.get("/undo").text)[1]
        self.json("chain", "remove", self.json("chain", "list")["authorities"][0]["thumbprint_sha256"])
        self.assertIn("later change", self.console.post("/undo", {"number": number}, status=409).said)
        for nothing in ("0", "000000"):
            self.assertIn("number: this is not one of", self.console.post("/undo", {"number": nothing}, status=400).said)
        self.assertEqual(self.authorities(), [])

    def test_deletion_asks_first_and_can_be_undone(self):
        self.bring("root", self.pem("root"), compared="1")
        one = "/authority/" + self.json("chain", "list")["authorities"][0]["thumbprint_sha256"]
        self.assertIn("can be undone", self.console.get(one + "/remove").said)
        self.assertEqual(len(self.authorities()), 1)
        self.console.post(one + "/remove", status=303)
        self.assertEqual(self.authorities(), [])
        self.console.get(one, status=404)
        self.undo("put back")
        self.assertEqual(self.authorities(), [("roots", "root", "current")])

    def test_lists_come_in_if_a_ca_of_the_stores_signed_them(self):
        root = content(self.ca.path("root.crl"))
        self.refused(self.console.post("/lists/import", files=[("upload", root)]), "")
        self.bring("root", self.pem("root"), compared="1")
        for wrong in (b"", b"x", root[:-1], root[:-1] + bytes([root[-1] ^ 1])):
            self.refused(self.console.post("/lists/import", files=[("upload", wrong)]), "")
        self.assertEqual(self.json("crl", "list")["lists"], [])
        self.console.post("/lists/import", files=[("upload", root)], status=303)
        again = self.console.post("/lists/import", files=[("upload", root)], status=303)
        self.assertIn("here already", self.console.ask("GET", again.headers["Location"]).said)
        page = self.console.get("/lists").said
        for part in ("Test Root CA 3", "ARL", "Fresh"):
            self.assertIn(part, page)
        self.assertEqual(len(self.json("crl", "list")["lists"]), 1)

    def test_a_list_is_deleted_on_a_page_of_its_own(self):
        self.bring("root", self.pem("root"), compared="1")
        self.console.post("/lists/import", files=[("upload", content(self.ca.path("root.crl")))], status=303)
        page = re.search(r'href="[^"]*(/list/[0-9a-f]{64}/remove)"', self.console.get("/lists").text).group(1)
        asked = self.console.get(page).said
        for part in ("Test Root CA 3", "ARL", "can tell which of its certificates are revoked"):
            self.assertIn(part, asked)
        for wrong in (page.replace("/list/", "/list/0")[:-1], "/list/x/remove", "/list/" + "a" * 64 + "/remove"):
            self.assertEqual(self.console.post(wrong).status, 404)
            self.assertEqual(self.console.ask("GET", self.console.desk + wrong).status, 404)
        self.assertEqual(self.console.post(page, csrf="x" * 52).status, 403)
        self.assertEqual(len(self.json("crl", "list")["lists"]), 1)
        done = self.console.post(page, status=303)
        self.assertIn("has been deleted", self.console.ask("GET", done.headers["Location"]).said)
        self.assertEqual(self.json("crl", "list")["lists"], [])
        self.assertEqual(self.console.post(page).status, 404)
        self.undo()
        self.assertEqual(len(self.json("crl", "list")["lists"]), 1)

    def test_choosing_a_language_never_does_what_the_form_would(self):
        self.bring("root", self.pem("root"), compared="1")
        one = "/authority/" + self.json("chain", "list")["authorities"][0]["thumbprint_sha256"]
        answer = self.console.post(one + "/remove?lang=zh-CN", status=303)
        self.assertEqual(answer.headers["Location"], self.console.desk + one + "/remove")
        number = re.search(r'name="number" value="([0-9]+)"', self.console.get("/undo").text)[1]
        answer = self.console.post("/undo?lang=zh-CN", {"number": number}, status=303)
        self.assertEqual(answer.headers["Location"], self.console.desk + "/undo")
        self.assertEqual(len(self.authorities()), 1)
        chosen = self.console.post("/store/intermediate/import?lang=zh-CN", {"step": "file"},
                                   files=[("upload", self.pem("new"))], status=200)
        self.assertIn('<html lang="zh-CN">', chosen.text)
        for step in ("store", "finish"):
            page = self.console.post("/store/intermediate/import?lang=zh-CN", {
                "step": step, "pem": self.pem("new").decode(), "store": "intermediate"}, status=200)
            self.assertIn("BEGIN CERTIFICATE", page.text)
            self.assertIn(f'name="step" value="{step}"', page.text)
        self.assertEqual(len(self.authorities()), 1)

    def test_what_the_system_says_is_marked_as_english(self):
        os.rename(self.store, self.path("away"))
        self.write("store", "")
        for language, marked in (("zh-HK", True), ("zh-CN", True), ("en", False)):
            page = self.console.ask("GET", self.console.desk + "/", headers={"Accept-Language": language}).text
            self.assertIn("Not a directory", page)
            self.assertEqual('：<span lang="en">Not a directory</span>' in page, marked)
        os.unlink(self.store)
        os.rename(self.path("away"), self.store)

    def test_what_is_to_be_done_next_is_a_link_to_its_page(self):
        for folder, names, place in (("intermediate", ("root",), "/store/root/import"),
                                     ("root", ("new",), "/store/intermediate/import"), ("root", ("leaf",), "/import")):
            _, refused = self.bring(folder, self.pem(*names), status=422, compared="1")
            self.assertIn(f'href="{self.console.desk}{place}"', refused.text)
            self.assertNotIn("ecert chain", refused.said)
        refused = self.console.post("/lists/import", files=[("upload", content(self.ca.path("root.crl")))])
        self.assertIn(f'href="{self.console.desk}/store/intermediate/import"', refused.text)
        self.assertNotIn("ecert chain", refused.said)


if __name__ == "__main__":
    unittest.main(argv=["test_console_pages"])
