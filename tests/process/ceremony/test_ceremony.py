#!/usr/bin/env python3
"""Every kind of step, by scripts that administrators approve, judged by OpenSSL and GnuTLS; and what is refused, with
nothing signed and nothing written (doc/threats.md S15).

    test_ceremony.py ECERTADM
"""
import os
import shutil
import sys
import tempfile
import unittest

import folder
import forged
from folder import URL, issuing_ca, judged, openssl, root, sha256, step

ECERTADM = ""


def contents(medium):
    """Every file and its hash."""
    return {os.path.relpath(os.path.join(where, name), medium): sha256(os.path.join(where, name))
            for where, _, names in os.walk(medium) for name in names}


def in_record(journal, place):
    """In the record there, behind its length: a length that is too long says of a write that it was cut off."""
    at = 0
    while at + 4 + int.from_bytes(journal[at:at + 4], "big") <= place:
        at += 4 + int.from_bytes(journal[at:at + 4], "big")
    return at + 40


class Ceremonies(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.mkdtemp(prefix="ecert-ceremony-")
        cls.desk = folder.Desk(ECERTADM, cls.place)
        cls.first = cls.desk.path("first")
        desk = cls.desk
        script = desk.script("none", desk.administrators(*folder.NAMES), root(), issuing_ca(), desk.roster("ca_1"),
                             step("lists", "arl"), title="The first")
        cls.plan = desk.adm("ceremony", "plan", cls.first, script)
        cls.planned_only = not os.path.exists(cls.first)
        cls.transcript = desk.adm("ceremony", "run", cls.first, script, *desk.approve(script, "ann", "cat"))
        cls.script = script

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.place)

    def setUp(self):
        self.medium = self.desk.copy(self.first, "medium")

    def refuse(self, code, *steps, by=("ann", "ben"), head=""):
        """Planned or held, it is refused, and the medium is as it was."""
        before = contents(self.medium)
        script = self.desk.script(self.desk.head(self.medium), *steps, head=head)
        said = self.desk.refused(code, "ceremony", "plan", self.medium, script)
        if not code.startswith(("script.", "config.")):
            self.desk.refused(code, "ceremony", "run", self.medium, script, *self.desk.approve(script, *by))
        self.assertEqual(contents(self.medium), before)
        return said

    # The first ceremony.

    def test_a_plan_says_what_will_be_made_and_makes_nothing(self):
        self.assertTrue(self.planned_only)
        for words in ("Nothing is signed", "ca/root_a.crt", "P-384", "ca/ca_1.crt", f"{URL}/crl/root_a_arl.crl", "epoch 1",
                      "2 of these 3 administrators must approve", "ann, Ann Example", sha256(self.script)):
            self.assertIn(words, self.plan)
        self.assertNotIn("serial ", self.plan.replace("a new serial", ""))

    def test_the_first_ceremony_makes_a_hierarchy_that_others_accept(self):
        self.assertEqual(judged(self.medium, "ca_1", ["root_a"], lists=["root_a_arl"]), "OK")
        for path in ("root/root_a.key", "root/ceremony.key", "signer/ca_1.key"):
            with open(f"{self.medium}/{path}", encoding="ascii") as file:
                self.assertIn("ENCRYPTED", file.read())
        for path in ("root/root_a.key", "signer/ca_1.key", "root/passphrase", "signer/passphrase", "root/journal"):
            self.assertEqual(os.stat(f"{self.medium}/{path}").st_mode & 0o777, 0o600)

    def test_the_transcript_is_derived_from_the_journal_and_says_who_approved(self):
        self.assertEqual(self.desk.adm("ceremony", "transcript", self.medium, "1"), self.transcript)
        for words in ("ann, Ann Example", "cat, Cat Example", sha256(f"{self.medium}/ca/root_a.crt"), "before", "after",
                      sha256(f"{self.medium}/ca/ca_1.crt"), sha256(f"{self.medium}/ca/root_a_arl.crl"),
                      sha256(f"{self.medium}/signer/roster.der"), sha256(self.script), self.desk.head(self.medium)):
            self.assertIn(words, self.transcript)
        self.assertNotIn("ben, Ben Example, 2", self.transcript)

    def test_the_first_administrators_must_approve_themselves(self):
        desk, empty = self.desk, self.desk.path("empty")
        script = desk.script("none", desk.administrators(*folder.NAMES), root())
        for by, code in (((), "approvals_few"), (("ann",), "approvals_few"), (("ann", "dan"), "approval_unknown")):
            desk.refused(f"ceremony.{code}", "ceremony", "run", empty, script, *desk.approve(script, *by))
        script = desk.script("none", root())
        desk.refused("ceremony.administrators_missing", "ceremony", "plan", empty, script)
        desk.refused("ceremony.administrators_missing", "ceremony", "run", empty, script, *desk.approve(script, "ann", "ben"))
        self.assertFalse(os.path.exists(empty))

    # Approvals.

    def test_s15_only_m_different_administrators_who_approved_this_very_script_can_have_it_held(self):
        desk, medium = self.desk, self.medium
        before, head = contents(medium), desk.head(medium)
        script, other = (desk.script(head, step("lists", "arl"), title=title) for title in ("One", "Another"))
        elsewhere = desk.script("cd" * 32, step("lists", "arl"), title="One")
        ann, ann_again, dan = (desk.approve(script, name) for name in ("ann", "ann", "dan"))
        run = ("ceremony", "run", medium, script)
        desk.refused("ceremony.approvals_few", *run)
        desk.refused("ceremony.approvals_few", *run, *ann)
        desk.refused("ceremony.approval_twice", *run, *ann, *ann)
        desk.refused("ceremony.approval_twice", *run, *ann, *ann_again)
        desk.refused("ceremony.approval_unknown", *run, *ann, *dan)
        desk.refused("ceremony.approval_script", *run, *ann, *desk.approve(other, "ben"))
        desk.refused("ceremony.approval_script", *run, *ann, *desk.approve(elsewhere, "ben"))
        self.assertEqual(contents(medium), before)
        with open(script, "a", encoding="utf-8") as file:
            file.write("# one comment more\n")
        desk.refused("ceremony.approval_script", *run, *ann, *desk.approve(script, "ben"))
        self.assertEqual(contents(medium), before)

    def test_an_approval_that_was_changed_or_is_none_is_refused(self):
        desk, medium = self.desk, self.medium
        script = desk.script(desk.head(medium), step("lists", "arl"))
        run = ("ceremony", "run", medium, script, *desk.approve(script, "ann"))
        desk.refused("ceremony.approval_file", *run, "--approval", script)
        desk.refused("ceremony.approval_file", *run, "--approval", desk.path("nothing"))
        approval = desk.approve(script, "ben")[1]
        with open(approval, encoding="ascii") as file:
            lines = file.read().split("\n")
        lines[-3] = ("A" if lines[-3][0] != "A" else "B") + lines[-3][1:]
        with open(approval, "w", encoding="ascii") as file:
            file.write("\n".join(lines))
        desk.refused("ceremony.approval_signature", *run, "--approval", approval)
        transcript, witness = desk.path("seen.txt"), desk.path("seen.sig")
        desk.adm("ceremony", "transcript", medium, "--out", transcript)
        desk.adm("ceremony", "sign-transcript", transcript, "--key", desk.path("ben.key"), "--out", witness)
        desk.refused("ceremony.approval_kind", *run, "--approval", witness)

    def test_administrators_are_changed_by_m_of_the_old_ones_only(self):
        desk, medium = self.desk, self.medium
        change = desk.administrators("dan", "eve", "ann")
        script = desk.script(desk.head(medium), change)
        desk.refused("ceremony.approval_unknown", "ceremony", "run", medium, script, *desk.approve(script, "dan", "eve"))
        desk.hold(medium, change, by=("ben", "cat"))
        script = desk.script(desk.head(medium), step("lists", "arl"))
        desk.refused("ceremony.approval_unknown", "ceremony", "run", medium, script, *desk.approve(script, "ann", "ben"))
        desk.adm("ceremony", "run", medium, script, *desk.approve(script, "dan", "eve"))
        self.assertIn("dan, Dan Example, 2", desk.adm("ceremony", "transcript", medium))
        desk.adm("ceremony", "transcript", medium, "1")

    # The right medium.

    def test_s15_a_script_is_for_one_state_of_one_medium(self):
        desk, medium = self.desk, self.medium
        elsewhere = desk.copy(medium, "elsewhere")
        desk.hold(elsewhere, step("lists", "arl"), title="Only there")
        script = desk.script(desk.head(medium), step("lists", "arl"))
        approvals = desk.approve(script, "ann", "ben")
        before = contents(elsewhere)
        desk.refused("ceremony.other_journal", "ceremony", "plan", elsewhere, script)
        desk.refused("ceremony.other_journal", "ceremony", "run", elsewhere, script, *approvals)
        self.assertEqual(contents(elsewhere), before)
        desk.adm("ceremony", "run", medium, script, *approvals)
        self.assertIn("ceremony.done_already", desk.adm("ceremony", "run", medium, script, *approvals, code=2))
        desk.refused("ceremony.other_journal", "ceremony", "plan", desk.path("nowhere"), script)

    def test_s15_a_key_of_another_medium_signs_nothing(self):
        desk, medium, other = self.desk, self.medium, self.desk.path("other")
        script = desk.script("none", desk.administrators(*folder.NAMES), root(), issuing_ca(), desk.roster("ca_1"))
        desk.adm("ceremony", "run", other, script, *desk.approve(script, "ann", "ben"))
        script = desk.script(desk.head(medium), step("lists", "arl"))
        run = ("ceremony", "run", medium, script, *desk.approve(script, "ann", "ben"))
        for names, code in ((["passphrase"], "key.passphrase"), (["passphrase", "root_a.key"], "ceremony.other_key")):
            for name in names:
                shutil.copy(f"{other}/root/{name}", f"{medium}/root/{name}")
            before = contents(medium)
            desk.refused(code, *run)
            self.assertEqual(contents(medium), before)

    def test_a_passphrase_may_lie_elsewhere(self):
        desk, medium = self.desk, self.medium
        shutil.move(f"{medium}/root/passphrase", desk.path("in-an-envelope"))
        script = desk.script(desk.head(medium), step("lists", "arl"))
        run = ("ceremony", "run", medium, script, *desk.approve(script, "ann", "ben"))
        desk.refused("ceremony.passphrase", *run)
        desk.adm(*run, "--passphrase-file", desk.path("in-an-envelope"))

    def test_a_damaged_or_forged_journal_is_refused_and_left_as_it_is(self):
        desk, medium = self.desk, self.medium
        path = f"{medium}/root/journal"
        script = desk.script(desk.head(medium), step("lists", "arl"))
        approvals = desk.approve(script, "ann", "ben")
        with open(path, "rb") as file:
            whole = file.read()
        # The name of an administrator: the hash chain tells.
        for at in (in_record(whole, len(whole) // 3), in_record(whole, len(whole) // 2), whole.index(b"Ann Example")):
            with open(path, "wb") as file:
                file.write(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:])
            before = contents(medium)
            desk.refused("journal.broken", "ceremony", "plan", medium, script)
            desk.refused("journal.broken", "ceremony", "run", medium, script, *approvals)
            self.assertEqual(contents(medium), before)
        # What a power cut leaves behind a record that had not been acknowledged.
        with open(path, "wb") as file:
            file.write(whole + b"\0\0\1\0" + b"torn")
        desk.adm("ceremony", "plan", medium, script)
        desk.adm("ceremony", "run", medium, script, *approvals)

    def test_a_journal_that_somebody_went_on_writing_is_refused(self):
        """Whose chain is right, and whose ceremony no administrator approved."""
        desk = self.desk
        take_over = forged.administrators(2, [(name, desk.path(f"{name}.spki")) for name in ("dan", "eve")])
        script = desk.script(desk.head(self.medium), desk.administrators("dan", "eve"))
        strangers = desk.approve(script, "dan", "eve")[1::2]
        ours = desk.approve(script, "ann", "ben")[1::2]
        elsewhere = desk.approve(desk.script("ab" * 32, desk.administrators("dan", "eve")), "ann", "ben")[1::2]
        with open(f"{self.first}/ca/ca_1.crt", "rb") as file:
            certificate = file.read()
        for records in ((forged.begun(script), take_over, forged.ENDED), (forged.begun(script, *strangers), take_over, forged.ENDED),
                        (forged.begun(script, ours[0]), take_over, forged.ENDED),
                        (forged.begun(script, ours[0], ours[0]), take_over, forged.ENDED),
                        (forged.begun(script, *elsewhere), take_over, forged.ENDED), (take_over,), (forged.ENDED,),
                        (forged.begun(script, *ours), ("issuer", "ca_9", certificate)),
                        (forged.begun(script, *ours), ("roster", "roster", b"0\0")),
                        (forged.begun(script, *ours), ("surprise", "", b""))):
            medium = desk.copy(self.first, "forged")
            forged.append(f"{medium}/root/journal", *records)
            before = contents(medium)
            desk.refused("ceremony.journal", "ceremony", "plan", medium, script)
            desk.refused("ceremony.journal", "ceremony", "transcript", medium)
            self.assertEqual(contents(medium), before)
        # The same with what it takes is a ceremony.
        medium = desk.copy(self.first, "forged")
        forged.append(f"{medium}/root/journal", forged.begun(script, *ours), take_over, forged.ENDED)
        desk.hold(medium, step("lists", "arl"), by=("dan", "eve"))

    # Steps.

    def test_an_issuing_ca_is_reissued_with_its_key_and_the_old_certificate_ends(self):
        desk, medium = self.desk, self.medium
        desk.hold(medium, step("new", "reissue", 'of = "ca_1" by = "root_a" name = "ca_1_again" policy = ov'),
                  step("old", "revoke", 'of = "ca_1" reason = superseded'), step("list", "arl", 'by = "root_a"'),
                  desk.roster("ca_1_again"))
        same = ("-noout", "-subject", "-issuer", "-enddate", "-pubkey", "-ext", "subjectKeyIdentifier,extendedKeyUsage")
        old, new = (openssl("x509", "-in", f"{medium}/ca/{name}.pem.crt", *same) for name in ("ca_1", "ca_1_again"))
        self.assertEqual(old, new)
        self.assertIn("TLS Web Server Authentication", new)
        self.assertEqual(judged(medium, "ca_1_again", ["root_a"], lists=["root_a_arl"]), "OK")
        self.assertIn("revoked", judged(medium, "ca_1", ["root_a"], lists=["root_a_arl"]))

    def test_a_reissue_needs_an_issuing_ca_and_the_root_that_signed_it(self):
        again = 'by = "{}" name = "again" policy = ov'
        self.refuse("ceremony.reissue", step("new", "reissue", 'of = "root_a"', again.format("root_a")))
        self.refuse("ceremony.unknown_name", step("new", "reissue", 'of = "nobody"', again.format("root_a")))
        self.refuse("ceremony.no_root", step("new", "reissue", 'of = "ca_1"', again.format("ca_1")))
        self.refuse("ceremony.reissue", root("root_b", common="Trial Root B"),
                    step("new", "reissue", 'of = "ca_1"', again.format("root_b")))
        self.refuse("ceremony.name_taken", step("new", "reissue", 'of = "ca_1" by = "root_a" name = "ca_1" policy = ov'))
        self.refuse("script.takes_no", step("new", "reissue", 'of = "ca_1" key = p256', again.format("root_a")))
        self.refuse("script.takes_no", step("new", "reissue", 'of = "ca_1" common_name = "Else"', again.format("root_a")))

    def test_a_second_root_and_a_ca_below_it(self):
        desk, medium = self.desk, self.medium
        desk.hold(medium, root("root_b", key="rsa3072", common="Trial Root B"),
                  issuing_ca("ca_2", by="root_b", key="rsa2048", common="Trial CA 2", policy="ev"),
                  step("cross", "cross_sign", 'by = "root_a" of = "root_b" name = "root_b_x_root_a" years = 3'),
                  step("lists", "arl"), desk.roster("ca_1", "ca_2"))
        self.assertEqual(judged(medium, "ca_2", ["root_b"], lists=["root_b_arl"]), "OK")
        self.assertEqual(judged(medium, "ca_2", ["root_a"], ["root_b_x_root_a"]), "OK")
        self.assertNotEqual(judged(medium, "ca_2", ["root_a"]), "OK")
        self.assertIn("epoch 2", desk.adm("ceremony", "transcript", medium))

    def test_names_that_stand_in_certificates_are_given_once(self):
        self.refuse("ceremony.name_taken", root())
        self.refuse("ceremony.name_taken", root("root_b", common="B").replace("root_b_arl", "root_a_arl"))
        self.refuse("ceremony.name_taken", issuing_ca())
        self.refuse("ceremony.name_taken", root("root_b", common="B"), root("root_b", common="B").replace("root root_b", "b"))

    def test_what_breaks_a_rule_is_not_signed(self):
        said = self.refuse("lint", root("root_b", common="Trial Root B", years=2))
        self.assertIn("validity", said)
        self.refuse("name.value", issuing_ca("ca_2", common="x" * 65))

    def foreign_ca(self, name, key=("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"), days="3000"):
        """Another CA's root, by OpenSSL, and a request of it."""
        files = [self.desk.path(f"{name}{end}") for end in (".key", ".crt", ".csr")]
        subject = f"/C=HK/O=Other Example/CN={name}"
        said = openssl("req", "-x509", *key, "-noenc", "-keyout", files[0], "-out", files[1], "-days", days, "-subj", subject,
                       "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        self.assertTrue(os.path.exists(files[1]), said)
        openssl("req", "-new", "-key", files[0], "-out", files[2], "-subj", subject)
        return files

    def cross(self, csr, certificate):
        return step("cross", "cross_sign", 'by = "root_a" name = "other_x_root_a" years = 3', self.desk.file("csr", csr),
                    self.desk.file("certificate", certificate))

    def test_a_foreign_ca_is_cross_signed_and_its_certificates_are_accepted_under_ours(self):
        key, certificate, _ = self.foreign_ca("other")
        leaf, request = self.desk.path("leaf.pem"), self.desk.path("leaf.csr")
        self.desk.hold(self.medium, self.cross("other.csr", "other.crt"), step("lists", "arl"))
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-keyout", os.devnull, "-out",
                request, "-subj", "/CN=www.example.com")
        with open(self.desk.path("leaf.ext"), "w", encoding="ascii") as file:
            file.write("subjectAltName=DNS:www.example.com\nextendedKeyUsage=serverAuth\nkeyUsage=digitalSignature\n"
                       "basicConstraints=CA:FALSE\nauthorityKeyIdentifier=keyid\nsubjectKeyIdentifier=hash\n")
        openssl("x509", "-req", "-in", request, "-CA", certificate, "-CAkey", key, "-out", leaf, "-days", "30", "-extfile",
                self.desk.path("leaf.ext"))
        self.assertNotEqual(judged(self.medium, leaf, ["root_a"]), "OK")
        self.assertEqual(judged(self.medium, leaf, ["root_a"], ["other_x_root_a"]), "OK")
        text = openssl("x509", "-in", f"{self.medium}/ca/other_x_root_a.pem.crt", "-noout", "-subject", "-pubkey")
        self.assertEqual(text, openssl("x509", "-in", certificate, "-noout", "-subject", "-pubkey"))
        self.assertEqual(judged(self.medium, "other_x_root_a", ["root_a"], lists=["root_a_arl"]), "OK")

    def test_a_foreign_request_must_be_that_cas_own_and_good(self):
        self.foreign_ca("other")
        self.foreign_ca("third")
        self.refuse("ceremony.request_key", self.cross("third.csr", "other.crt"))
        openssl("req", "-new", "-key", self.desk.path("other.key"), "-out", self.desk.path("named.csr"), "-subj", "/CN=Else")
        self.refuse("ceremony.request_name", self.cross("named.csr", "other.crt"))
        self.foreign_ca("weak", key=("-newkey", "rsa:1024"))
        self.refuse("csr.key_weak", self.cross("weak.csr", "weak.crt"))
        with open(self.desk.path("other.csr"), encoding="ascii") as file:
            der = bytearray(folder.subprocess.run(["openssl", "req", "-outform", "DER"], input=file.read().encode(),
                                                  stdout=folder.subprocess.PIPE, check=True).stdout)
        der[-3] ^= 1
        with open(self.desk.path("bent.csr"), "wb") as file:
            file.write(der)
        self.refuse("csr.signature", self.cross("bent.csr", "other.crt"))
        self.refuse("ceremony.input_certificate", self.cross("other.csr", "other.csr"))
        self.refuse("csr.certificate", self.cross("other.crt", "other.crt"))

    def test_s15_an_input_is_what_its_hash_says_or_nothing_happens(self):
        self.foreign_ca("other")
        script = self.cross("other.csr", "other.crt")
        self.foreign_ca("other")
        said = self.refuse("ceremony.input_hash", script)
        self.assertIn(sha256(self.desk.path("other.crt")), said)
        os.unlink(self.desk.path("other.crt"))
        self.refuse("ceremony.input", script)

    def imported(self, subject, certificate="back.pem", issuer="partner.crt"):
        return step("back", "cross_import", f'of = "{subject}" name = "root_a_x_partner"',
                    self.desk.file("certificate", certificate), self.desk.file("issuer_certificate", issuer))

    def partner_signs(self, request, *, key_id="", usage="serverAuth", constraints="critical,CA:TRUE", days="1000", name="back.pem"):
        """What the other CA makes of our request."""
        desk = self.desk
        ours = openssl("x509", "-in", f"{self.medium}/ca/root_a.pem.crt", "-noout", "-ext", "subjectKeyIdentifier")
        key_id = key_id or ours.split("\n")[1].strip()
        with open(desk.path("back.ext"), "w", encoding="ascii") as file:
            file.write(f"basicConstraints={constraints}\nkeyUsage=critical,keyCertSign,cRLSign\n"
                       f"subjectKeyIdentifier={key_id}\nauthorityKeyIdentifier=keyid\ncertificatePolicies=2.5.29.32.0\n"
                       "crlDistributionPoints=URI:http://other.example.com/arl.crl\n"
                       "authorityInfoAccess=caIssuers;URI:http://other.example.com/root.crt\n"
                       + (f"extendedKeyUsage={usage}\n" if usage else ""))
        said = openssl("x509", "-req", "-in", request, "-CA", desk.path("partner.crt"), "-CAkey", desk.path("partner.key"),
                       "-out", desk.path(name), "-days", days, "-sha384", "-extfile", desk.path("back.ext"))
        self.assertTrue(os.path.exists(desk.path(name)), said)

    def test_we_are_cross_signed_by_another_ca(self):
        desk, medium = self.desk, self.medium
        self.foreign_ca("partner")
        desk.hold(medium, step("request", "cross_request", 'of = "root_a" name = "root_a_for_partner"'))
        request = f"{medium}/requests/root_a_for_partner.csr"
        self.assertIn("verify OK", openssl("req", "-in", request, "-noout", "-verify"))
        self.partner_signs(request)
        desk.hold(medium, self.imported("root_a"))
        shutil.copy(desk.path("partner.crt"), desk.path("partner.pem"))
        self.assertNotEqual(judged(medium, "ca_1", [desk.path("partner.pem")]), "OK")
        self.assertEqual(judged(medium, "ca_1", [desk.path("partner.pem")], ["root_a_x_partner"]), "OK")
        self.assertIn("root_a_x_partner", desk.adm("ceremony", "transcript", medium))

    def test_a_cross_certificate_that_would_not_serve_is_not_imported(self):
        desk = self.desk
        self.foreign_ca("partner")
        self.foreign_ca("third")
        desk.hold(self.medium, step("request", "cross_request", 'of = "root_a" name = "for_partner"'),
                  root("root_b", common="Trial Root B"))
        request = f"{self.medium}/requests/for_partner.csr"
        for wrong, code in (({"usage": ""}, "ceremony.import_extensions"),
                            ({"usage": "clientAuth"}, "ceremony.import_extensions"),
                            ({"constraints": "critical,CA:TRUE,pathlen:0"}, "ceremony.import_extensions"),
                            ({"key_id": "hash"}, "ceremony.import_key_id"),
                            ({"constraints": "critical,CA:FALSE"}, "ceremony.input_certificate")):
            self.partner_signs(request, **wrong)
            self.refuse(code, self.imported("root_a"))
        self.partner_signs(request)
        self.refuse("ceremony.import_key", self.imported("root_b"))
        self.refuse("ceremony.import_signature", self.imported("root_a", issuer="third.crt"))
        self.refuse("ceremony.no_root", self.imported("ca_1"))
        openssl("req", "-new", "-key", desk.path("third.key"), "-out", desk.path("named.csr"), "-subj",
                "/C=HK/ST=Hong Kong/L=Hong Kong/O=Trial Post/CN=Trial Root A")
        self.partner_signs(desk.path("named.csr"), name="namesake.pem")
        self.refuse("ceremony.import_key", self.imported("root_a", certificate="namesake.pem"))

    def test_a_foreign_certificate_is_not_revoked(self):
        self.foreign_ca("other")
        revoke = step("revoke", "revoke", "reason = cessationOfOperation", self.desk.file("certificate", "other.crt"))
        lists = step("lists", "arl")
        self.refuse("ceremony.foreign_certificate", revoke, lists)
        shutil.copy(f"{self.medium}/ca/root_a.crt", self.desk.path("root.der"))
        self.refuse("ceremony.foreign_certificate", step("revoke", "revoke", "reason = superseded",
                                                         self.desk.file("certificate", "root.der")), lists)
        self.refuse("ceremony.unknown_name", step("revoke", "revoke", 'of = "nobody" reason = superseded'), lists)
        self.refuse("revocation.reason", step("revoke", "revoke", 'of = "ca_1" reason = "a whim"'), lists)
        # Our name, our serial, another key.
        other = self.desk.path("namesake")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-noenc", "-keyout", f"{other}.key",
                "-out", f"{other}.crt", "-days", "90", "-subj", "/C=HK/ST=Hong Kong/L=Hong Kong/O=Trial Post/CN=Trial Root A")
        openssl("req", "-new", "-newkey", "rsa:2048", "-noenc", "-keyout", os.devnull, "-out", f"{other}.csr", "-subj", "/CN=x")
        with open(f"{other}.ext", "w", encoding="ascii") as file:
            file.write("basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n")
        openssl("x509", "-req", "-in", f"{other}.csr", "-CA", f"{other}.crt", "-CAkey", f"{other}.key", "-out",
                f"{other}.pem", "-days", "30", "-extfile", f"{other}.ext")
        self.refuse("ceremony.foreign_certificate", step("revoke", "revoke", "reason = superseded",
                                                         self.desk.file("certificate", "namesake.pem")), lists)

    def test_a_revocation_is_never_forgotten(self):
        desk, medium = self.desk, self.medium
        desk.hold(medium, step("revoke", "revoke", 'of = "ca_1" reason = cessationOfOperation'), step("lists", "arl"))
        first = openssl("crl", "-inform", "DER", "-in", f"{medium}/ca/root_a_arl.crl", "-noout", "-crlnumber", "-text")
        desk.hold(medium, step("lists", "arl"))
        second = openssl("crl", "-inform", "DER", "-in", f"{medium}/ca/root_a_arl.crl", "-noout", "-crlnumber", "-text")
        self.assertIn("crlNumber=0x03", second.replace("=03", "=0x03"))
        self.assertIn("Cessation Of Operation", first)
        self.assertIn("Cessation Of Operation", second)

    def test_a_roster_has_two_officers_of_different_keys_and_known_issuers(self):
        desk = self.desk
        self.refuse("script.value", desk.roster("ca_1", officers=("ann",)))
        twice = desk.roster("ca_1").replace('officer "ben"', 'officer "ben"').replace('"ben.spki"', '"ann.spki"').replace(
            sha256(desk.path("ben.spki")), sha256(desk.path("ann.spki")))
        self.refuse("ceremony.roster", twice)
        auditor = desk.roster("ca_1").replace('name = "Ben Example"', 'name = "Ben Example" roles = {auditor}')
        self.refuse("ceremony.officers", auditor)
        self.refuse("ceremony.no_issuer", desk.roster("root_a"))
        self.refuse("ceremony.unknown_name", desk.roster("ca_9"))
        self.refuse("script.value", desk.roster("ca_1").replace("primary = true", "primary = false"))
        self.refuse("script.needs", desk.roster("ca_1").replace("policy_set = private", "policy_set = public"))
        rsa = desk.roster("ca_1").replace('"ben.spki"', '"far.spki"').replace(
            sha256(desk.path("ben.spki")), sha256(desk.path("far.spki")))
        self.refuse("ceremony.input_key", rsa)

    def test_administrators_are_several_and_two_at_least_must_agree(self):
        desk = self.desk
        self.refuse("script.value", desk.administrators("ann", "ben", quorum=1))
        self.refuse("script.value", desk.administrators("ann", "ben", quorum=3))
        self.refuse("script.value", desk.administrators("ann"))
        twice = desk.administrators("ann", "ben").replace('"ben.spki"', '"ann.spki"').replace(
            sha256(desk.path("ben.spki")), sha256(desk.path("ann.spki")))
        self.refuse("ceremony.administrators", twice)

    # Scripts.

    def test_a_script_with_anything_unknown_or_missing_is_refused(self):
        arl = step("lists", "arl")
        for code, steps, head in (
                ("config.syntax", (arl,), "surprise = 1"), ("config.syntax", (step("lists", "arl", "surprise = 1"),), ""),
                ("config.syntax", ("step {",), ""), ("script.kind", (step("lists", "destroy"),), ""),
                ("script.steps", (), ""), ("script.takes_no", (step("lists", "arl", 'of = "ca_1"'),), ""),
                ("script.takes_no", (step("lists", "arl", "years = 3"),), ""),
                ("script.takes_no", (step("lists", "arl", 'officer "a" { name = "A" }'),), ""),
                ("script.needs", (root().replace('common_name = "Trial Root A"', ""),), ""),
                ("script.needs", (root("b").replace("years = 10", ""),), ""),
                ("script.value", (root("b").replace("years = 10", "years = 99"),), ""),
                ("script.value", (root("b", key="rsa1024"),), ""), ("script.value", (issuing_ca("b", policy="2017"),), ""),
                ("config.value", (root("../b"),), ""),
                ("script.needs", (step("x", "revoke", "reason = superseded"),), ""),
                ("script.needs", (step("x", "cross_sign", 'by = "root_a" name = "x" years = 3'),), ""),
                ("script.needs", (step("x", "revoke", 'reason = superseded certificate = "x.pem"'),), ""),
                ("script.hash", (step("x", "revoke", 'reason = superseded certificate = "x.pem" certificate_sha256 = "ab"'),),
                 ""),
                ("script.list_missing", (arl, step("x", "revoke", 'of = "ca_1" reason = superseded')), ""),
                ("script.text", (step("${HOME}", "arl"),), ""), ("config.syntax", (arl, arl), "")):
            with self.subTest(code=code, steps=steps, head=head):
                self.refuse(code, *steps, head=head)

    def test_a_script_without_its_journal_is_refused(self):
        script = self.desk.script("", step("lists", "arl"))
        self.desk.refused("script.journal", "ceremony", "plan", self.medium, script)
        self.desk.refused("script.file", "ceremony", "plan", self.medium, self.desk.path("nothing.conf"))

    # Transcripts.

    def test_a_transcript_is_signed_by_witnesses_and_held_to_the_journal(self):
        desk, medium = self.desk, self.medium
        seen, ann, dan = (desk.path(name) for name in ("transcript.txt", "ann.sig", "dan.sig"))
        desk.adm("ceremony", "transcript", medium, "1", "--out", seen)
        desk.adm("ceremony", "sign-transcript", seen, "--key", desk.path("ann.key"), "--out", ann)
        desk.adm("ceremony", "sign-transcript", seen, "--key", desk.path("dan.key"), "--out", dan)
        said = desk.adm("ceremony", "check-transcript", medium, seen, "--signature", ann, "--signature", dan)
        self.assertIn(sha256(desk.path("ann.spki")), said)
        self.assertIn(sha256(desk.path("dan.spki")), said)
        desk.hold(medium, step("lists", "arl"))
        desk.adm("ceremony", "check-transcript", medium, seen, "--signature", ann)
        later = desk.path("later.txt")
        desk.adm("ceremony", "transcript", medium, "--out", later)
        desk.refused("ceremony.signature", "ceremony", "check-transcript", medium, later, "--signature", ann)
        with open(seen, encoding="utf-8") as file:
            text = file.read()
        with open(later + ".forged", "w", encoding="utf-8") as file:
            file.write(text.replace("Ann Example", "Eve Example"))
        desk.refused("ceremony.transcript_differs", "ceremony", "check-transcript", medium, later + ".forged")
        desk.refused("ceremony.transcript_file", "ceremony", "check-transcript", medium, self.script)
        desk.refused("ceremony.transcript_file", "ceremony", "sign-transcript", self.script, "--key", desk.path("ann.key"),
                     "--out", later + ".sig")
        for number in ("3", "0", "-1", "x", "99999999999999999999"):
            desk.refused("ceremony.unknown_number", "ceremony", "transcript", medium, *(["--"] if number[0] == "-" else []),
                         number)

    def test_a_folder_that_is_not_there_is_named(self):
        nowhere = self.desk.path("nowhere")
        for words in (["transcript", nowhere], ["transcript", nowhere, "1"]):
            self.assertIn(nowhere + "\n", self.desk.refused("ceremony.not_held", "ceremony", *words))

    # A trial goes on like any other.

    def test_lists_at_once_are_a_trials_alone(self):
        self.desk.refused("ceremony.approval_needed", "ceremony", "arl", self.medium)
        self.desk.refused("ceremony.not_held", "ceremony", "arl", self.desk.path("nowhere"))


if __name__ == "__main__":
    ECERTADM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
