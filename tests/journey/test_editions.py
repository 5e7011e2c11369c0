#!/usr/bin/env python3
"""Each edition from its example application to the downloaded certificate, judged by others.

Then the hierarchy's pitfall: the old intermediate has the name and key of the new one, so that only the
ARL tells them apart; and the same certificate's way by the partner's root.
"""
import json
import os
import re
import subprocess
import unittest

import judges
from letter import example
from test_dcv import Enrolment
from world import World, wait_until

CHINESE = "xn--czr73l71c089f"  # 電子商店
LISTS = {"ssl": "eCertSCA3-17CRL1", "ev": "eCertESCA3-17CRL1"}
SUBJECT = "C = HK, ST = Hong Kong, L = Hong Kong, O = "
EV_SUBJECT = ("businessCategory = Private Organization, jurisdictionC = HK, serialNumber = 12345678, "
              + SUBJECT)


class Walk(Enrolment):
    """An example's enrolment, all of its names at once."""

    def __init__(self, world, form, chinese=False):
        self.form, self.chinese = form, chinese
        super().__init__(world, form["names"][0], form)

    def confirm(self):
        self.call("POST", "/enrolment/confirm", {"chinese": self.chinese})

    def choose(self):
        """Only when it is proved."""

    def prove(self):
        challenges = self.call("POST", "/enrolment/dcv", {"method": "dns"})["challenges"]
        self.world.script("txt", *(
            word for challenge in challenges for word in (challenge["host"], challenge["value"])))
        answer = self.check()
        if answer["state"] != "passed":
            raise AssertionError(json.dumps(answer, ensure_ascii=False, indent=1))
        return [challenge["name"] for challenge in challenges]

    def obtain(self):
        """From the request to the download."""
        self.submit()
        self.call("POST", "/enrolment/accept", {})
        return self.call("GET", "/enrolment/download")

    def submit(self):
        """A fresh key's request, and the certificate that waits for an answer."""
        world = self.world
        csr = self.letter.request(self.call("GET", "/enrolment")["server_name"])
        self.call("POST", "/enrolment/csr", {"csr": csr})
        wait_until(lambda: self.state != "issuing", 40, "the certificate")
        if self.state != "issued":
            raise AssertionError(f"{self.call('GET', '/enrolment')['problem']}\n{world.logs()}")
        return self.call("GET", "/enrolment/certificate")


class Editions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World(parts=("dns", "mail", "ca"))
        cls.world.__enter__()
        cls.addClassCleanup(cls.world.stop)

    def fetch(self, name):
        path = self.world.path("fetched")
        self.world.run("curl", "-sSf", "-o", path, f"{self.world.portal}/{name}")
        with open(path, "rb") as file:
            return file.read()

    def case(self, name, download, issuer, chain=None, root=None, lists=("RootCA3ARL",)):
        pem = [download["certificate"], *(chain if chain is not None else download["chain"])]
        return judges.Case(
            self.world.path("judged-" + name), "".join(pem).encode(),
            (root or download["root"]).encode(),
            [self.fetch(f"crl/{crl}.crl") for crl in (LISTS[issuer], *lists)])

    def assert_judged(self, case, good):
        for name, judge in judges.JUDGES.items():
            verdict, said = judge(case)
            self.assertEqual(verdict, good, f"{name}: {said}")

    def walk(self, edition, issuer, subject, chinese=False, names=None):
        form = example(edition)
        form["names"] = names or form["names"]
        walk = Walk(self.world, form, chinese)
        proved = walk.prove()
        self.assertEqual(proved, [name.replace("電子商店", CHINESE) for name in form["names"]])
        download = walk.obtain()
        shown = subprocess.run(
            ["openssl", "x509", "-noout", "-subject", "-nameopt", "RFC2253,-dn_rev,-esc_msb,utf8,"
             "sep_comma_plus_space,space_eq", "-ext", "subjectAltName,certificatePolicies"],
            input=download["certificate"], stdout=subprocess.PIPE, text=True, check=True).stdout
        names = proved + ([proved[0][2:]] if edition == "wildcard" else [])
        self.assertIn(subject, shown)
        self.assertEqual(re.findall(r"DNS:([^,\s]+)", shown), names)
        self.assertIn("2.23.140.1.1\n" if issuer == "ev" else "2.23.140.1.2.2\n", shown)
        self.assert_judged(self.case(f"{edition}-{len(names)}", download, issuer), True)
        return walk, download

    def test_server_and_the_paths_that_lead_to_it(self):
        _, download = self.walk("server", "ssl", SUBJECT + "Shop Example Limited")
        certificates = {name: self.fetch(f"root/{name}.pem.crt").decode() for name in (
            "ecert_ssl_ca_3-17", "ecert_ssl_ca_3-17_old", "root_ca_3_x_trial_partner_r1",
            "trial_partner_root_r1")}
        self.assertEqual(download["chain"], [certificates["ecert_ssl_ca_3-17"]])
        # Without the ARL nobody can tell the old intermediate from the new one; with it each does.
        old = [certificates["ecert_ssl_ca_3-17_old"]]
        believing = self.case("old-believed", download, "ssl", old, lists=())
        believing.openssl_check = "-crl_check"
        for name in ("OpenSSL", "GnuTLS"):  # NSS looks for a list where the certificate says
            good, said = judges.JUDGES[name](believing)
            self.assertTrue(good, f"{name}: {said}")
        self.assert_judged(self.case("old", download, "ssl", old), False)
        crossed = [certificates["ecert_ssl_ca_3-17"], certificates["root_ca_3_x_trial_partner_r1"]]
        partner = certificates["trial_partner_root_r1"]
        both = ("RootCA3ARL", "TrialPartnerR1ARL")
        self.assert_judged(
            self.case("crossed", download, "ssl", crossed, partner, both), True)
        self.assert_judged(self.case(
            "old-crossed", download, "ssl", [*old, crossed[1]], partner, both), False)
        # The certificate alone does not hang on the partner's root.
        self.assert_judged(
            self.case("uncrossed", download, "ssl", crossed[:1], partner, both), False)

    def test_the_repository_says_of_each_ca_certificate_what_it_is(self):
        said = json.loads(self.world.run("curl", "-sS", "-H", "Accept: application/json",
                                         f"{self.world.portal}/api/v1/root").stdout)
        self.assertEqual({one["id"]: one["state"] for one in said["certificates"]}, {
            "root_ca_3": "root", "trial_partner_root_r1": "root",
            "root_ca_3_x_trial_partner_r1": "cross", "ecert_ssl_ca_3-17": "issuing",
            "ecert_ssl_ca_3-17_old": "revoked", "ecert_ev_ssl_ca_3-17": "issuing"})
        self.assertEqual({one["id"] for one in said["lists"]},
                         {*LISTS.values(), "RootCA3ARL", "TrialPartnerR1ARL"})

    def test_wildcard(self):
        self.walk("wildcard", "ssl", SUBJECT + "Shop Example Limited")

    def test_multi(self):
        self.walk("multi", "ssl", SUBJECT + "Shop Example Limited")

    def test_multi_with_fifty_names(self):
        self.walk("multi", "ssl", SUBJECT + "Shop Example Limited",
                  names=[f"host-{number}.shop.example.com" for number in range(50)])

    def test_ev_with_chinese_names_and_its_revocation(self):
        walk, download = self.walk("ev", "ev", EV_SUBJECT + "例子商店有限公司", chinese=True)
        shown = walk.call("GET", "/enrolment")
        self.assertEqual(shown["names"][0]["unicode"], "www.電子商店.example.org")
        for field, value in example("ev")["ev"].items():
            self.assertEqual(shown[field], value)
        before = self.fetch(f"crl/{LISTS['ssl']}.crl"), self.fetch(f"crl/{LISTS['ev']}.crl")
        serial = shown["certificate"]["serial"].replace(" ", "")
        self.world.adm("revoke", serial, "--reason", "keyCompromise")
        wait_until(lambda: self.fetch(f"crl/{LISTS['ev']}.crl") != before[1], 15, "a new CRL")
        self.assert_judged(self.case("ev-revoked", download, "ev"), False)
        # The other CA's list had nothing to say.
        self.assertEqual(self.fetch(f"crl/{LISTS['ssl']}.crl"), before[0])

    def test_ev_multi(self):
        self.walk("ev-multi", "ev", EV_SUBJECT + "Shop Example Limited")

    def test_one_host_name_of_five_unproved_and_nothing_is_issued(self):
        form = example("ev-multi")
        form["subject"]["srn"] = "0002142888"  # who has proved nothing before
        walk = Walk(self.world, form)
        walk.call("POST", "/enrolment/dcv", {"method": "dns"})
        self.assertEqual(walk.check()["state"], "failed")
        status, _ = walk.ask("POST", "/enrolment/csr", {"csr": "anything"})
        self.assertEqual((status, walk.state), (409, "confirmed"))

    def test_what_script_run_leaves_waiting_can_be_gone_on_with(self):
        world = self.world
        world.script("waiting")
        for folder, name in (("multi", "www.shop.example.com"), ("ev", "www.電子商店.example.org")):
            for file in ("reference", "pin"):  # of the walk, which this world has not seen
                world.write("subscriber/" + file, world.read(f"subscriber/{folder}/{file}"))
            said = world.script("describe").stdout
            reference, pin = re.search(
                rf"server name {name}, reference number (\d+), PIN ([\d ]+)", said).groups()
            status = world.run(
                "curl", "-sS", "-o", world.path("fetched"), "-w", "%{http_code}", "--json",
                json.dumps({"server_name": name, "reference": reference, "pin": pin}),
                f"{world.portal}/api/v1/session").stdout
            self.assertEqual(status, "201", world.read("fetched"))

    def test_by_the_tool(self):
        """A wildcard and an EV certificate with the Chinese name, each by two commands."""
        world = self.world
        for edition, extra in (("wildcard", []), ("ev", ["--chinese"])):
            form = example(edition)
            folder = world.path("tool-" + edition)
            os.makedirs(folder)
            path = world.write(f"tool-{edition}/application.json", json.dumps(form))
            world.script("apply", path)
            name = form["names"][0]
            world.run("ecert", "request", "new", "--name", name, "--out", folder + "/request.csr")
            world.run("ecert", "enrol", "--portal", world.read("subscriber/link").rstrip("/"),
                      "--server-name", name, "--reference", world.read("subscriber/reference"),
                      "--pin-file", world.path("subscriber/pin"), "--dns-update",
                      f"{world.net}.0.53@5353", "--tsig", world.path("subscriber/tsig.key"),
                      "--accept", "--install-certificate", folder + "/server.crt",
                      "--install-key", folder + "/server.key", *extra)
            with open(folder + "/server.crt", "rb") as file:
                chain = file.read()
            issuer = "ev" if edition == "ev" else "ssl"
            case = judges.Case(folder + "/judged", chain, self.fetch("root/root_ca_3.pem.crt"), [
                self.fetch(f"crl/{LISTS[issuer]}.crl"), self.fetch("crl/RootCA3ARL.crl")])
            self.assert_judged(case, True)


if __name__ == "__main__":
    unittest.main(verbosity=2)
