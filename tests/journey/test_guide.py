#!/usr/bin/env python3
"""The subscriber's guide, section by section, A to G: one subscriber goes by `ecert` alone, another by Chromium
and files, both for the multi-domain edition with a Chinese name, as the guide's example has it.

The sections follow on each other, as in the guide; what one leaves, the next one takes. What the guide does in
the Exchange console and in MMC is done here by `ecert`; restoring on other servers is tests/process/ecert's.
"""
import json
import os
import re
import sys
import unittest
import zipfile

import chromium
import judges
from letter import Letter, example
from world import World, wait_until

ASCII_NAME = "www.xn--czr73l71c089f.example.org"  # www.電子商店.example.org
FORM = example("multi")
FORM["subject"].update(branch="Online Shop", branch_zh="網上商店", ci_cr="0012345", other_document="CR 7")
NAMES = [name.replace("www.電子商店.example.org", ASCII_NAME) for name in FORM["names"]]
CA = ("ecert_ssl_ca_3-17", "root_ca_3_x_trial_partner_r1", "root_ca_3")
ARL = "RootCA3ARL"

# What the guide's pictures show, page by page.
LABELS = {
    "0-link": ["提交「簽發證書要求」"],
    "1-log-in": ["伺服器資料", "伺服器名稱", "電子證書密碼信封資料", "參考編號", "印於密碼信封面；九位數字",
                 "電子證書密碼", "十六位數字", "移除舊有中繼證書（如適用）", "下載並安裝新中繼證書"],
    "2-confirm": ["登記人資料", "伺服器名稱", "機構名稱", "分行/部門名稱", "商業登記證編號",
                  "公司註冊證編號 / 公司登記證編號", "其他註冊證明文件", "有關所申請的電子證書的資料", "證書類型",
                  "登記期", "1年", "確認", "拒絕", "返回上頁", "確認使用中文", "例子商店有限公司", "網上商店"],
    "3-dcv-method": ["網域控制驗證（DCV）方法"],
    "3-dcv-record": ["記錄類型", "TXT", "主機", "記錄值", "TTL", "3600", "30天", "返回上頁"],
    "3-dcv-file": ["fileauth.txt", "/.well-known/pki-validation/"],
    "3-dcv-mail": ["發送驗證碼"],
    "3-dcv-code": ["驗證碼", "確認"],
    "4-csr": ["BEGIN", "END", "返回上頁"],
    "5-certificate": ["用戶資料", "伺服器名稱", "機構名稱", "分行/部門名稱", "商業登記證編號",
                      "公司註冊證編號 / 公司登記證編號", "其他註冊證明文件", "其他資料", "登記人參考編號", "證書類型",
                      "簽發機關", "證書序號", "證書有效", "199日", "接受", "不接受", "儲存庫", "例子商店有限公司"],
    "6-download": ["中繼證書", "交叉證書", "根源證書", "授權撤銷清單"],
}
WITH_CHINESE_NAME = dict(LABELS, **{"2-confirm": [
    *LABELS["2-confirm"], "www.電子商店.example.org", "如使用中文域名註冊，請務必確認清楚字元正確性"]})


class Subscriber:
    """A representative with a folder and a store of his own, after the letter and the mail have come."""

    def __init__(self, world, name):
        self.world, self.folder = world, world.path("subscriber/" + name)
        os.makedirs(self.folder)
        self.store = self.path("store")
        world.environment["TRIAL_SUBSCRIBER"] = self.folder
        world.script("apply", world.write(f"subscriber/{name}/application.json", json.dumps(FORM)))
        self.name, self.reference, self.pin = NAMES[0], self.read("reference"), self.read("pin")
        self.letter = self.path(f"letter-{self.reference}.pdf")
        self.request = None  # section B
        self.before = None

    def path(self, name):
        return os.path.join(self.folder, name)

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read().strip()

    def secret(self, name, text):
        with open(os.open(self.path(name), os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def ecert(self, *words, check=True, store=None):
        return self.world.run("ecert", *words, "--store", store or self.store, check=check)

    def told(self, *words, **more):
        return json.loads(self.ecert(*words, "--json", **more).stdout)

    def fetch(self, name):
        """A file of the repository, by the address that everybody has."""
        path = self.path(os.path.basename(name))
        self.world.run("curl", "-sSf", "-o", path, f"{self.world.portal}/{name}")
        return path

    @property
    def pair(self):
        """Where the store has the certificate and its key."""
        item, = self.told("cert", "list")["certificates"]
        return os.path.join(self.store, "personal", item["id"])


class Guide(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.world.__enter__()
        cls.addClassCleanup(cls.world.stop)
        cls.tool = Subscriber(cls.world, "tool")
        cls.chromium = Subscriber(cls.world, "chromium")
        cls.both = (cls.tool, cls.chromium)

    def openssl(self, *words):
        return self.world.run("openssl", *words).stdout

    def visit(self, letter, name, *scenes, labels=None, **more):
        """test_browser.py has axe judge these pages in this language."""
        return chromium.visit(letter, name, "zh-HK", *scenes, labels=labels or LABELS, chinese=True, judged=True,
                              **more)

    def assert_well(self, found):
        if "failure" in found:
            self.fail(found["failure"] + self.world.logs())
        self.assertEqual(found["faults"], [])
        return found["kept"]

    def test_a_application(self):
        """The letter comes with reference number and PIN, the mail with the way to the portal."""
        world = self.world
        for one in self.both:
            mail = one.read("mail.txt")
            self.assertIn("To: ar@shop.example.com\n"
                          "Subject: Submission of Certificate Signing Request (CSR)\n", mail)
            cover, inside = (world.run("pdftotext", "-layout", "-f", page, "-l", page, one.letter, "-").stdout
                             for page in ("1", "2"))
            self.assertRegex(one.reference, r"^\d{9}$")
            self.assertIn(one.reference, cover)
            self.assertRegex(one.pin, r"^\d{4} \d{4} \d{4} \d{4}$")
            self.assertIn(one.pin, inside)
            for secret, places in ((one.pin, (cover, mail)), (one.reference, (inside, mail))):
                for place in places:
                    self.assertNotIn(secret.replace(" ", ""), re.sub(r"\s", "", place))
        self.assertNotEqual(self.tool.reference, self.chromium.reference)
        link = self.chromium.read("link")
        visit = self.visit(self.chromium, "link", "link", link=link)
        self.assert_well(chromium.visits(world, [visit])["link"])

    def test_b_request(self):
        """Key and request, and a copy of the key before anything is submitted (section F says when)."""
        tool = self.tool
        for one, names in ((tool, FORM["names"]), (self.chromium, NAMES)):
            one.request = one.told("request", "new", *(word for name in names for word in ("--name", name)),
                                   "--friendly", "Hong Kong Post e-cert", "--out", one.path("server.csr"))
            text = self.openssl("req", "-in", one.path("server.csr"), "-noout", "-verify", "-text")
            self.assertIn(f"Subject: C = HK, ST = Hong Kong, L = Hong Kong, CN = {NAMES[0]}\n", text)
            self.assertEqual(re.findall(r"DNS:([^,\s]+)", text), NAMES)
            item, = one.told("cert", "list")["certificates"]
            self.assertEqual((item["state"], item["friendly_name"]), ("PendingRequest", "Hong Kong Post e-cert"))
            one.before = one.path("before.pfx")
            one.ecert("key", "backup", item["id"], "--out", one.before, "--password-file",
                      one.secret("password", "correct horse battery staple\n"))
        for typed in ("www.電子商店.example.org", ASCII_NAME):
            name, = tool.told("idn", typed)["names"]
            self.assertEqual((name["unicode"], name["ascii"]), ("www.電子商店.example.org", ASCII_NAME))
        scratch = tool.path("scratch")
        wild = ("request", "new", "--name", "*.shop.example.com", "--organisation", "Shop Example Limited", "--unit",
                "Online Shop", "--out")
        first = tool.told(*wild, tool.path("wild.csr"), store=scratch)
        text = self.openssl("req", "-in", tool.path("wild.csr"), "-noout", "-text")
        self.assertIn("O = Shop Example Limited, OU = Online Shop, CN = *.shop.example.com\n", text)
        self.assertIn("DNS:*.shop.example.com", text)
        # For a renewal the same again: a new request, never the old key.
        second = tool.told(*wild, tool.path("renewal.csr"), store=scratch)
        self.assertNotEqual(first["key_sha256"], second["key_sha256"])
        for name in ("*.*.example.com", "www.*.example.com", "a_b.example.com", "127.0.0.1", "電子 商店.hk"):
            refused = tool.ecert("request", "new", "--name", name, "--out", tool.path("none.csr"), check=False,
                                 store=tool.path("none"))
            self.assertEqual(refused.returncode, 1, name)
            self.assertFalse(os.path.exists(tool.path("none.csr")), name)

    def test_c_submission(self):
        """The portal, page by page, and by the tool; what is downloaded is one certificate in many forms."""
        world, one = self.world, self.chromium
        csr = one.read("server.csr").replace("BEGIN CERT", "BEGIN NEW CERT").replace("END CERT", "END NEW CERT")
        server, wild = (Letter(world, dict(example(edition), subject=FORM["subject"]))
                        for edition in ("server", "wildcard"))
        found = chromium.visits(world, [
            self.visit(one, "records", "walk", csr=csr + "\n", labels=WITH_CHINESE_NAME),
            self.visit(server, "file", "proof", method="website"),
            self.visit(wild, "code", "proof", method="email", mailbox="admin@shop.example.com")])
        kept = {name: self.assert_well(visit) for name, visit in found.items()}
        # No code for many domains, no file for a wildcard.
        self.assertEqual({name: one["methods"] for name, one in kept.items()}, {
            "records": ["dns", "website", "persistent"], "file": ["dns", "website", "persistent", "email"],
            "code": ["dns", "persistent", "email"]})
        self.assert_downloads(one)
        tool = self.tool
        done = tool.ecert(
            "enrol", "--portal", world.portal, "--server-name", NAMES[0], "--reference", tool.reference,
            "--pin-file", tool.path("pin"), "--dns-update", f"{world.net}.0.53@5353", "--tsig",
            world.path("subscriber/tsig.key"), "--chinese", "--accept",  # and section E in the same breath
            "--install-certificate", world.path("web/www.crt"), "--install-key", world.path("web/www.key"), "--after",
            "nginx", "-p", world.path("web"), "-e", "error.log", "-c", "nginx.conf", "-s", "reload", ";")
        self.assertIn("例子商店有限公司", done.stdout)
        self.assertEqual([one["state"] for one in world.adm("certificate", "list")], ["accepted", "accepted"])

    def assert_downloads(self, one):
        base = one.path(NAMES[0])
        with zipfile.ZipFile(base + ".zip") as archive:
            names = {os.path.basename(name): name for name in archive.namelist() if not name.endswith("/")}
            for name in {os.path.basename(path) for path in names} & set(os.listdir(one.folder)):
                with open(one.path(name), "rb") as file:
                    self.assertEqual(archive.read(names[name]), file.read(), name)
        leaf = self.openssl("x509", "-in", base + ".pem", "-outform", "PEM")
        self.assertEqual(self.openssl("x509", "-in", base + ".cer", "-inform", "DER"), leaf)
        self.assertEqual(self.openssl("x509", "-in", base + ".fullchain.pem"), leaf)
        self.assertIn(leaf, self.openssl("pkcs7", "-in", base + ".p7b", "-inform", "DER", "-print_certs"))
        for name in (*(ca + ".pem.crt" for ca in CA), *(ca + ".crt" for ca in CA), ARL + ".crl"):
            self.assertIn(name, os.listdir(one.folder))
        text = self.openssl("x509", "-in", base + ".pem", "-noout", "-subject", "-dates", "-ext", "subjectAltName",
                            "-nameopt", "utf8,-esc_msb,sep_comma_plus_space")
        self.assertIn("O=例子商店有限公司", text)
        self.assertEqual(re.findall(r"DNS:([^,\s]+)", text), NAMES)
        key = self.openssl("req", "-in", one.path("server.csr"), "-noout", "-pubkey")
        self.assertEqual(self.openssl("x509", "-in", base + ".pem", "-noout", "-pubkey"), key)

    def test_d_authorities(self):
        """The old intermediate goes, by its thumbprint; the new one, the cross certificate and the ARL come."""
        for one in self.both:
            old = one.fetch("root/ecert_ssl_ca_3-17_old.pem.crt")
            if one is self.tool:  # what Chromium downloaded is what everybody can have
                for name in (*(f"root/{ca}.pem.crt" for ca in CA), f"crl/{ARL}.crl"):
                    one.fetch(name)
            new, cross, root = (one.path(f"{ca}.pem.crt") for ca in CA)
            # The tool has kept what its certificate came with; otherwise the root's fingerprint is asked for.
            known = 2 if one is self.tool else 1
            self.assertEqual(one.ecert("chain", "install", root, "--as", "root", check=False).returncode, known)
            self.assert_there(one, "chain", "install", root, "--as", "root", "--fingerprint", sha256(self, root))
            # Who has the ARL from the enrolment can't take the old one any more; others have it for years.
            taken = one.ecert("chain", "install", old, check=False)
            self.assertEqual(taken.returncode, 1 if one is self.tool else 0, taken.stdout)
            self.assertEqual(sha256(self, old) in self.thumbprints(one), one is not self.tool)
            self.assert_there(one, "chain", "install", new, "--replace-old")
            one.ecert("chain", "install", cross)
            self.assert_there(one, "crl", "install", one.path(ARL + ".crl"))
            # The partner's root isn't in these stores, so its list can't be verified; the others come.
            lists = {each["state"] for each in one.told("crl", "refresh")["lists"]}
            self.assertIn("unverifiable", lists)
            self.assertLessEqual(lists, {"new", "unchanged", "unverifiable"})
            self.assertEqual(self.thumbprints(one), {sha256(self, path) for path in (new, cross, root)})
            self.assertEqual([each["state"] for each in one.told("chain", "list")["authorities"]], ["current"] * 3)
            # Once it is on the list it does not come back.
            again = one.ecert("chain", "install", old, "--replace-old", check=False)
            self.assertEqual(again.returncode, 2, again.stdout)
            self.assertNotIn(sha256(self, old), self.thumbprints(one))
        self.assert_paths(self.chromium)

    def assert_there(self, one, *words):
        """Installed now, or there already."""
        done = one.ecert(*words, check=False)
        self.assertIn(done.returncode, (0, 2), done.stdout)

    def thumbprints(self, one):
        return {each["thumbprint_sha256"] for each in one.told("chain", "list")["authorities"]}

    def assert_paths(self, one):
        """By judges that can say no: through the new one and the cross certificate, not through the old one."""
        crl, partner_list = one.fetch("crl/eCertSCA3-17CRL1.crl"), one.fetch("crl/TrialPartnerR1ARL.crl")
        partner = one.fetch("root/trial_partner_root_r1.pem.crt")
        leaf, old = one.path(NAMES[0] + ".pem"), one.path("ecert_ssl_ca_3-17_old.pem.crt")
        new, cross, root = (one.path(f"{ca}.pem.crt") for ca in CA)
        lists = [crl, one.path(ARL + ".crl")]
        for name, chain, anchor, more, good in (
                ("new", [leaf, new], root, [], True), ("old", [leaf, old], root, [], False),
                ("cross", [leaf, new, cross], partner, [partner_list], True),
                ("old-cross", [leaf, old, cross], partner, [partner_list], False)):
            case = judges.Case(one.path("judged-" + name), b"".join(map(read, chain)), read(anchor),
                               [read(path) for path in lists + more])
            for who, judge in judges.JUDGES.items():
                verdict, said = judge(case)
                self.assertEqual(verdict, good, f"{name} by {who}: {said}")

    def test_e_server_certificate(self):
        """It joins its request, goes to the web server, and visitors see it."""
        world, one, tool = self.world, self.chromium, self.tool
        self.await_certificate(tool.pair + "/certificate.pem")
        stranger = self.tool.path(NAMES[0] + ".cer")
        world.run("cp", one.path(NAMES[0] + ".cer"), stranger)
        refused = tool.ecert("cert", "complete", stranger, check=False, store=tool.path("scratch"))
        self.assertEqual(refused.returncode, 1, "a certificate for another key was taken")
        done = one.told("cert", "complete", one.path(NAMES[0] + ".p7b"))
        self.assertEqual(done["friendly_name"], "Hong Kong Post e-cert")
        # Nothing is called valid without the issuing CA's list, which the guide leaves to the server.
        one.ecert("crl", "install", one.path("eCertSCA3-17CRL1.crl"))
        item, = one.told("cert", "list")["certificates"]
        self.assertEqual(item["state"], "Valid")
        self.serve(one.path(NAMES[0] + ".fullchain.pem"), one.pair + "/key.pem")
        self.assert_visited(one)

    def serve(self, chain, key):
        """As the portal's page for nginx says: both files, then reload."""
        world = self.world
        world.run("install", "-m", "644", chain, world.path("web/www.crt"))
        world.run("install", "-m", "600", key, world.path("web/www.key"))
        world.run("nginx", "-p", world.path("web"), "-e", "error.log", "-c", "nginx.conf", "-s", "reload")
        self.await_certificate(chain)

    def await_certificate(self, path):
        address = f"{self.world.net}.0.80:8443"
        expected = self.openssl("x509", "-in", path)
        wait_until(lambda: expected in self.world.run(
            "openssl", "s_client", "-connect", address, "-servername", NAMES[0], check=False).stdout,
            20, "nginx with the certificate")
        self.world.script("verify")

    def assert_visited(self, one):
        """In Chromium, by visitors who trust the trial's root and by one who does not."""
        names = ("www.shop.example.com", "www.電子商店.example.org", "other.example.org")
        urls = [f"https://{name}/" for name in names]
        arguments = [f"--host-resolver-rules=MAP * {self.world.net}.0.80:8443"]
        said = {}
        for who, root in (("friend", one.path("root_ca_3.pem.crt")), ("stranger", None)):
            home = one.path(who)
            database = "sql:" + home + "/.pki/nssdb"
            os.makedirs(home + "/.pki/nssdb")
            self.world.run("certutil", "-N", "-d", database, "--empty-password")
            if root:
                self.world.run("certutil", "-A", "-d", database, "-n", "trial", "-t", "C,,", "-i", root)
            found = chromium.visits(self.world, [self.visit(one, who, "trust", urls=urls)], arguments=arguments,
                                    environment={"HOME": home})
            said[who] = [self.assert_well(found[who])[url] for url in urls]
        page = "This page is served by www.shop.example.com."
        self.assertEqual(said["friend"], [page, page, "net::ERR_CERT_COMMON_NAME_INVALID"])
        self.assertEqual(said["stranger"], ["net::ERR_CERT_AUTHORITY_INVALID"] * 3)

    def test_f_backup(self):
        """One from before the submission, the key alone; one from after the installation, with all of it."""
        for one in self.both:
            password = "file:" + one.path("password")
            item = os.path.basename(one.pair)
            for name, style in (("after", []), ("exchange-2010", ["--for", "exchange2010"])):
                one.ecert("key", "backup", item, "--out", one.path(name + ".pfx"), "--password-file",
                          one.path("password"), *style)
            for name, chain in (("before", 0), ("after", 2), ("exchange-2010", 2)):
                path = one.path(name + ".pfx")
                self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
                pem = self.openssl("pkcs12", "-in", path, "-nodes", "-passin", password)
                self.assertEqual(pem.count("BEGIN PRIVATE KEY"), 1)
                self.assertIn("friendlyName: Hong Kong Post e-cert", pem)
                if chain:
                    self.assertGreaterEqual(pem.count("BEGIN CERTIFICATE"), chain)
                with open(one.path(name + ".pem"), "w", encoding="ascii") as file:
                    file.write(pem[pem.index("-----BEGIN PRIVATE"):])
                self.assertEqual(self.openssl("pkey", "-in", one.path(name + ".pem"), "-pubout"),
                                 self.openssl("req", "-in", one.path("server.csr"), "-noout", "-pubkey"))
                wrong = self.world.run("openssl", "pkcs12", "-in", path, "-nodes", "-passin", "pass:wrong", check=False)
                self.assertNotEqual(wrong.returncode, 0)

    def test_g_restore(self):
        """After the loss of the server: from the later file a pair that serves, from the earlier one a request
        that the certificate still fits."""
        for one in self.both:
            password = ("--password-file", one.path("password"))
            wrong = ("--password-file", one.secret("wrong", "another password\n"))
            lost = one.path("lost")
            refused = one.told("key", "restore", one.path("after.pfx"), *wrong, store=lost, check=False)
            self.assertEqual(refused["problem"]["type"], "urn:ecert:problem:pfx.password")
            self.assertEqual(one.told("cert", "list", store=lost)["certificates"], [])
            thumbprint = sha256(self, one.pair + "/certificate.pem")
            for name in ("after", "exchange-2010"):
                back = one.told("key", "restore", one.path(name + ".pfx"), *password, store=one.path("store-" + name))
                self.assertEqual((back["thumbprint_sha256"], back["friendly_name"]),
                                 (thumbprint, "Hong Kong Post e-cert"))
            back = one.told("key", "restore", one.before, *password, store=lost)
            self.assertEqual(back["state"], "PendingRequest")
            back = one.told("cert", "complete", one.pair + "/certificate.pem", store=lost)
            self.assertEqual(back["thumbprint_sha256"], thumbprint)
            restored = one.path("store-after/personal")
            self.serve(self.exported(one), os.path.join(restored, os.listdir(restored)[0], "key.pem"))

    def exported(self, one):
        """The chain that the restored store gives out."""
        store = one.path("store-after")
        item, = one.told("cert", "list", store=store)["certificates"]
        one.ecert("cert", "export", item["id"], "--pem", "--out", one.path("restored.pem"), store=store)
        return one.path("restored.pem")


def read(path):
    with open(path, "rb") as file:
        return file.read()


def sha256(test, path):
    """The thumbprint as `ecert` writes it."""
    return test.openssl("x509", "-in", path, "-noout", "-fingerprint", "-sha256").split("=")[1].strip().replace(
        ":", "").lower()


if __name__ == "__main__":
    if chromium.why_not():
        print("skip:", chromium.why_not())
        sys.exit(77)
    unittest.main(verbosity=2, failfast=True)
