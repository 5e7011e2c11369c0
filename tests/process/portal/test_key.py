"""Registered keys: log-ins without the PIN, by signature over a nonce, and what opens nothing."""
import base64
import hashlib
import json
import re
import time
import unittest

import world

# lib/base/limits.h, proc/portal/entry.h and keys.c.
KEYS_MAX, NONCE_SECONDS, NETWORK_BUDGET, KEY_MAILS = 5, 120, 100, 12
REFUSED = "urn:ecert:problem:login.key_refused"


def der(tag, content):
    length = bytes([len(content)]) if len(content) < 128 else bytes([0x81, len(content)])
    return bytes([tag]) + length + content


class Key:
    """A key in a file of the world, and what it signs, written here a second time."""

    def __init__(self, w, name, algorithm=("ED25519",)):
        self.world, self.path = w, f"{w.dir}/{name}.pem"
        world.openssl("genpkey", "-algorithm", *algorithm, "-out", self.path)
        self.spki = world.openssl("pkey", "-in", self.path, "-pubout", "-outform", "DER")
        self.hash = hashlib.sha256(self.spki).hexdigest()

    def sign(self, purpose, reference, nonce=None, url=None, key_hash=None):
        parts = der(0x0c, purpose.encode()) + der(0x0c, (url or self.world.origin()).encode())
        parts += der(0x0c, reference.encode()) + der(0x04, bytes.fromhex(key_hash or self.hash))
        parts += b"" if nonce is None else der(0x04, bytes.fromhex(nonce))
        with open(self.world.dir + "/message", "wb") as file:
            file.write(der(0x30, parts))
        return base64.b64encode(world.openssl("pkeyutl", "-sign", "-rawin", "-inkey", self.path, "-in",
                                              self.world.dir + "/message")).decode()

    def registration(self, reference, **other):
        return {"key": base64.b64encode(self.spki).decode(), "label": "web-1.shop.example.com",
                "signature": self.sign("ecert key registration v1", reference), **other}


class KeyCase(world.FreshCase):
    def setUp(self):
        super().setUp()
        self.key = Key(self.world, "one")
        self.reference = self.world.seeds["accepted"]["reference"]

    def register(self, key=None, seed="accepted", **other):
        reference = self.world.seeds[seed]["reference"]
        return self.world.api(seed).ask("POST", "/enrolment/key",
                                        (key or self.key).registration(reference, **other))

    def post(self, path, value, source="127.0.0.1", host=None):
        headers = {"Content-Type": "application/json", **({"Host": host} if host else {})}
        return self.world.ask("POST", "/api/v1" + path, json.dumps(value), headers, source)

    def nonce(self, source="127.0.0.1"):
        answer = self.post("/session/nonce", {}, source)
        self.assertEqual(answer.status, 201, answer.text)
        self.assertEqual(answer.json()["seconds"], NONCE_SECONDS)
        return answer.json()["nonce"]

    def wish(self, key=None, reference=None, nonce=None, **signed):
        key, reference, nonce = key or self.key, reference or self.reference, nonce or self.nonce()
        purpose = signed.pop("purpose", "ecert key log-in v1")
        return {"reference": reference, "key_sha256": key.hash, "nonce": nonce,
                "signature": key.sign(purpose, signed.pop("signed_reference", reference), nonce, **signed)}

    def log_in(self, **wish):
        return self.post("/session/key", self.wish(**wish))

    def expect_refused(self, answer):
        self.assertEqual((answer.status, answer.json()["type"]), (403, REFUSED), answer.text)

    def change_own(self, statement):
        self.world.change(statement + " WHERE reference = ?", self.reference)


class Registration(KeyCase):
    def test_a_key_is_listed_and_the_representative_is_told_once(self):
        first, again = self.register(), self.register(label="another")
        self.assertEqual((first.status, again.status), (201, 201), first.text + again.text)
        self.assertEqual(first.json(), again.json())
        listed = self.world.api("accepted").ask("GET", "/enrolment").json()["keys"]
        self.assertEqual(listed, [first.json()])
        self.assertEqual((listed[0]["sha256"], listed[0]["label"]), (self.key.hash, "web-1.shop.example.com"))
        mails = self.world.rows("SELECT recipient, language, parameters FROM outbox WHERE kind = 'key-registered'")
        self.assertEqual([mail[:2] for mail in mails], [("ar@shop.example.com", "zh-HK")])
        told = json.loads(mails[0][2])
        self.assertEqual((told["fingerprint"], told["label"], told["server_name"], told["portal_url"]),
                         (self.key.hash, "web-1.shop.example.com", "done.shop.example.com", self.world.origin()))
        self.assertRegex(told["registered"], r"^\d\d/\d\d/\d{4} \d\d:\d\d HKT$")
        self.assertEqual(self.world.rows("SELECT detail FROM audit WHERE action = 'key.registered'"), [(self.key.hash,)])

    def test_what_proves_nothing_registers_nothing(self):
        other, reference = Key(self.world, "two"), self.reference
        purpose = "ecert key registration v1"
        for what, signature in {
                "none": "", "no base64": "***", "another key's": other.sign(purpose, reference),
                "another key's over this one": other.sign(purpose, reference, key_hash=self.key.hash),
                "another enrolment's": self.key.sign(purpose, self.world.seeds["tenant"]["reference"]),
                "another portal's": self.key.sign(purpose, reference, url="https://portal.example.org"),
                "a log-in's": self.key.sign("ecert key log-in v1", reference, "00" * 16)}.items():
            answer = self.register(signature=signature)
            self.assertEqual((answer.status, answer.json()["type"]), (400, "urn:ecert:problem:key.proof"), what)
        self.assertEqual(answer.json()["expected"], self.world.origin())
        self.assertEqual(self.world.rows("SELECT * FROM registered_key"), [])
        self.assertEqual(self.world.rows("SELECT * FROM outbox WHERE kind = 'key-registered'"), [])

    def test_only_an_ed25519_key_with_a_hosts_name_is_taken(self):
        reference = self.reference
        curve = Key(self.world, "EC", ("EC", "-pkeyopt", "ec_paramgen_curve:P-256"))
        for what, given, code in (
                ("a P-256 key", curve.registration(reference), "key.not_ed25519"),
                ("half a key", self.key.registration(reference, key=base64.b64encode(self.key.spki[:30]).decode()),
                 "key.not_ed25519"),
                ("no base64", self.key.registration(reference, key="?"), "key.encoding"),
                ("no label", self.key.registration(reference, label=""), "key.label"),
                ("a sentence", self.key.registration(reference, label="see http://evil.example/"), "key.label"),
                ("a line", self.key.registration(reference, label="a\nb"), "key.label"),
                ("a long label", self.key.registration(reference, label="a" * 65), "json.too_long"),
                ("something else", self.key.registration(reference, pin="1"), "json.unknown")):
            answer = self.world.api("accepted").ask("POST", "/enrolment/key", given)
            self.assertEqual((answer.status, answer.json()["type"]), (400, "urn:ecert:problem:" + code), what)
        self.assertEqual(self.world.rows("SELECT * FROM registered_key"), [])

    def test_before_acceptance_and_without_a_session_there_is_none(self):
        for seed in ("open", "confirmed", "validated", "issued"):
            answer = self.register(seed=seed)
            self.assertEqual((answer.status, answer.json()["type"]), (409, "urn:ecert:problem:enrolment.state"), seed)
        answer = self.post("/enrolment/key", self.key.registration(self.reference))
        self.assertEqual(answer.status, 401)

    def test_there_is_room_for_five_and_one_that_is_there_may_come_again(self):
        keys = [Key(self.world, "k%d" % i) for i in range(KEYS_MAX + 1)]
        self.assertEqual([self.register(key).status for key in keys], [201] * KEYS_MAX + [409])
        problem = self.register(keys[KEYS_MAX]).json()
        self.assertEqual((problem["type"], problem["seen"]), ("urn:ecert:problem:key.too_many", "5"))
        self.assertEqual(self.register(keys[0]).status, 201)
        api = self.world.api("accepted")
        self.assertEqual(api.ask("DELETE", "/enrolment/key/" + keys[0].hash).status, 204)
        self.assertEqual(self.register(keys[KEYS_MAX]).status, 201)


    def test_d30_a_session_sends_no_more_than_a_dozen_mails_an_hour(self):
        api = self.world.api("accepted")
        wish = self.key.registration(self.reference)
        for _ in range(2):
            hour, answers = int(time.time()) // 3600, []
            self.world.change("DELETE FROM throttle WHERE bucket LIKE 'key:%'")
            self.world.change("DELETE FROM outbox WHERE kind = 'key-registered'")
            for i in range(KEY_MAILS + 1):
                answers.append(api.ask("POST", "/enrolment/key", {**wish, "label": "web-%d" % i}))
                again = api.ask("POST", "/enrolment/key", wish)
                api.ask("DELETE", "/enrolment/key/" + self.key.hash)
            if int(time.time()) // 3600 == hour:
                break
        self.assertEqual([answer.status for answer in answers], [201] * KEY_MAILS + [429], answers[-1].text)
        self.assertEqual((answers[-1].json()["type"], again.status), ("urn:ecert:problem:key.too_often", 429))
        self.assertEqual(self.world.rows("SELECT count(*) FROM outbox WHERE kind = 'key-registered'"), [(KEY_MAILS,)])
        self.assertEqual(self.world.rows("SELECT * FROM registered_key"), [])
        self.assertEqual(self.register(seed="tenant").status, 201)


class LogIn(KeyCase):
    def test_a_session_by_key_is_one_as_by_pin_and_the_pins_attempts_stay(self):
        self.register()
        self.change_own("UPDATE enrolment SET attempts_left = 3")
        answer = self.log_in()
        self.assertEqual(answer.status, 201, answer.text)
        api = world.Api(self.world, answer.json()["token"])
        enrolment = api.ask("GET", "/enrolment").json()
        self.assertEqual(enrolment["server_name"], "done.shop.example.com")
        self.assertIn("used", enrolment["keys"][0])
        self.assertEqual(self.world.rows("SELECT attempts_left FROM enrolment WHERE reference = ?", self.reference),
                         [(3,)])
        self.assertEqual(api.ask("POST", "/enrolment/next").json()["state"], "validated")
        self.assertEqual(self.world.rows("SELECT count(*) FROM audit WHERE action = 'key.login'"), [(1,)])

    def test_a_void_or_new_pin_does_not_matter(self):
        self.register()
        self.change_own("UPDATE enrolment SET attempts_left = 0, pin_hash = 'void'")
        self.assertEqual(self.log_in().status, 201)

    def test_a_key_revokes_as_the_pin_does(self):
        self.register()
        api = world.Api(self.world, self.log_in().json()["token"])
        serial = api.ask("GET", "/enrolment/certificate").json()["serial"]
        self.assertEqual(api.ask("POST", "/enrolment/revoke", {"serial": serial}).status, 202)

    def test_everything_that_is_wrong_has_one_answer(self):
        self.register()
        stranger, tenant = Key(self.world, "stranger"), Key(self.world, "tenant")
        self.assertEqual(self.register(tenant, seed="tenant").status, 201)
        other = self.world.seeds["tenant"]["reference"]
        spent = self.wish()
        self.assertEqual(self.post("/session/key", spent).status, 201)
        old = self.nonce()
        self.world.change("UPDATE login_nonce SET until_time = until_time - ?", NONCE_SECONDS)
        right = self.wish()
        answers = {what: self.post("/session/key", wish) for what, wish in {
            "a replayed log-in": spent,
            "an expired nonce": self.wish(nonce=old),
            "a nonce nobody gave": self.wish(nonce="11" * 16),
            "an unknown key": self.wish(key=stranger),
            "another enrolment's key": self.wish(key=tenant),
            "another enrolment": self.wish(reference=other),
            "an unknown reference": self.wish(reference="999999999"),
            "a signature for another enrolment": self.wish(signed_reference=other),
            "a signature for another portal": self.wish(url="https://portal.example.org"),
            "a signature for another key": self.wish(key_hash=stranger.hash),
            "a registration's signature": self.wish(purpose="ecert key registration v1"),
            "another nonce signed": {**self.wish(), "nonce": self.nonce()},
            "no signature": {**self.wish(), "signature": ""},
            "a stranger's signature": {**self.wish(), "signature": self.wish(key=stranger)["signature"]},
        }.items()}
        seen = set()
        for what, answer in answers.items():
            self.assertEqual((answer.status, answer.json()["type"]), (403, REFUSED), what)
            problem = answer.json()
            problem.pop("instance")
            seen.add((json.dumps(problem), tuple(sorted(name for name, _ in answer.headers))))
        self.assertEqual(len(seen), 1)
        self.assertEqual(self.post("/session/key", right).status, 201)

    def test_a_nonce_is_good_for_two_minutes(self):
        self.register()
        for age, status in ((NONCE_SECONDS - 10, 201), (NONCE_SECONDS, 403)):
            wish = self.wish()
            self.world.change("UPDATE login_nonce SET until_time = until_time - ?", age)
            self.assertEqual(self.post("/session/key", wish).status, status)

    def test_a_wrong_attempt_spends_its_nonce(self):
        self.register()
        right = self.wish()
        self.expect_refused(self.post("/session/key", {**right, "signature": ""}))
        self.expect_refused(self.post("/session/key", right))

    def test_the_configured_address_counts_and_not_the_one_in_the_request(self):
        here, url = self.world.origin(), "https://portal.example.net"
        self.world.process.terminate()
        self.world.process.wait(20)
        with open(self.world.dir + "/ecert.conf", encoding="utf-8") as file:
            text = file.read()
        with open(self.world.dir + "/ecert.conf", "w", encoding="utf-8") as file:
            file.write(text.replace('url = "%s"' % here, 'url = "%s"' % url))
        self.world.start()
        signature = self.key.sign("ecert key registration v1", self.reference, url=url)
        self.assertEqual(self.register(signature=signature).status, 201)
        for host in (None, "portal.example.net"):
            self.expect_refused(self.post("/session/key", self.wish(url=here), host=host))
            self.assertEqual(self.post("/session/key", self.wish(url=url), host=host).status, 201)

    def test_what_is_malformed_is_said_by_field(self):
        right = self.wish()
        for field, value in (("reference", "12345678"), ("key_sha256", "00" * 31), ("key_sha256", "x" * 64),
                             ("nonce", "00" * 17), ("signature", "!"), ("signature", "A" * 100)):
            answer = self.post("/session/key", {**right, field: value})
            self.assertEqual((answer.status, answer.json()["field"]), (400, field))
        self.assertEqual(self.post("/session/key", {}).status, 400)

    def test_a_removed_key_is_out_and_so_are_its_sessions(self):
        self.register()
        self.assertEqual(self.register(Key(self.world, "two")).status, 201)
        by_key = world.Api(self.world, self.log_in().json()["token"])
        by_pin = self.world.api("accepted")
        late = self.wish()
        stranger = self.world.api("tenant")
        self.assertEqual(stranger.ask("DELETE", "/enrolment/key/" + self.key.hash).status, 404)
        self.assertEqual(by_key.ask("GET", "/enrolment").status, 200)
        self.assertEqual(by_pin.ask("DELETE", "/enrolment/key/" + self.key.hash).status, 204)
        self.assertEqual(by_pin.ask("DELETE", "/enrolment/key/" + self.key.hash).status, 404)
        self.assertEqual(by_pin.ask("DELETE", "/enrolment/key/zz").status, 404)
        self.assertEqual(by_key.ask("GET", "/enrolment").status, 401)
        self.assertEqual(len(by_pin.ask("GET", "/enrolment").json()["keys"]), 1)
        self.expect_refused(self.post("/session/key", late))
        self.expect_refused(self.log_in())

    def test_a_withdrawn_application_and_an_ended_subscription_end_the_key_and_not_the_pin(self):
        self.register()
        self.change_own("UPDATE enrolment SET subscription_end = %d" % (int(time.time()) - 1))
        answer = self.log_in()
        self.assertEqual((answer.status, answer.json()["type"]), (403, "urn:ecert:problem:login.key_ended"))
        self.change_own("UPDATE enrolment SET subscription_end = %d" % (int(time.time()) + 1000))
        self.assertEqual(self.log_in().status, 201)
        self.world.change("UPDATE application SET state = 'withdrawn' WHERE id ="
                          " (SELECT application FROM enrolment WHERE reference = ?)", self.reference)
        answer = self.log_in()
        self.assertEqual((answer.status, answer.json()["type"]), (403, "urn:ecert:problem:login.key_withdrawn"))
        self.expect_refused(self.log_in(key=Key(self.world, "two")))
        self.assertEqual(self.world.api("accepted").ask("GET", "/enrolment").status, 200)

    def test_both_calls_are_throttled_with_the_log_ins_by_pin(self):
        for _ in range(2):
            window = int(time.time()) // 600
            self.world.change("DELETE FROM throttle")
            self.world.change("INSERT INTO throttle (bucket, count, window) VALUES ('login:127.9.9.0', ?, ?)",
                              NETWORK_BUDGET - 2, window * 600)
            nonce = self.nonce(source="127.9.9.1")
            refused = self.post("/session/key", self.wish(nonce=nonce), source="127.9.9.2").status
            both = [self.post("/session/nonce", {}, source="127.9.9.3").status,
                    self.post("/session/key", self.wish(nonce=nonce), source="127.9.9.4").status,
                    self.world.log_in_form("x.example.com", "999999999", "1" * 16, source="127.9.9.5").status]
            if int(time.time()) // 600 == window:
                break
        self.assertEqual((refused, both), (403, [429, 429, 429]))
        self.assertLess(len(self.world.rows("SELECT * FROM login_nonce")), 10)

    def test_the_store_and_the_log_tell_no_nonce(self):
        self.register()
        wish = self.wish()
        unspent = self.nonce()
        self.post("/session/key", wish)
        for nonce in (wish["nonce"], unspent):
            self.assertNotIn(nonce, self.world.log())
            for name in ("ecert.db", "ecert.db-wal"):
                with open(f"{self.world.dir}/store/{name}", "rb") as file:
                    content = file.read()
                self.assertNotIn(nonce.encode(), content)
                self.assertNotIn(bytes.fromhex(nonce), content)


class Page(KeyCase):
    def token(self, page):
        return re.search(r'name="csrf" value="([a-z2-7]+)"', page).group(1)

    def test_the_page_of_the_next_certificate_lists_and_removes_keys(self):
        browser = self.world.browser("accepted")
        self.assertNotIn("Registered keys", browser.get("/next").text)
        self.register()
        page = browser.get("/next").text
        for text in ("Registered keys", self.key.hash, "web-1.shop.example.com", "none yet", 'action="/keys/remove"',
                     "Remove the key of web-1.shop.example.com"):
            self.assertIn(text, page)
        for language, title in (("zh-HK", "已登記的密碼匙"), ("zh-CN", "已登记的密钥")):
            self.assertIn(title, self.world.browser("accepted", language).get("/next").text)
        gone = browser.post("/keys/remove", {"key": self.key.hash}, csrf=self.token(page))
        self.assertEqual((gone.status, gone.header("Location")), (303, "/next"))
        self.assertNotIn(self.key.hash, browser.get("/next").text)
        again = browser.post("/keys/remove", {"key": self.key.hash}, csrf=self.token(page))
        self.assertEqual(again.status, 303)

    def test_a_key_can_be_removed_while_its_next_certificate_is_being_made(self):
        self.register()
        world.Api(self.world, self.log_in().json()["token"]).ask("POST", "/enrolment/next")
        browser = self.world.browser("accepted")
        self.assertEqual(browser.get("/next").header("Location"), "/csr")
        page = browser.get("/keys").text
        self.assertIn(self.key.hash, page)
        gone = browser.post("/keys/remove", {"key": self.key.hash}, csrf=self.token(page))
        self.assertEqual(gone.header("Location"), "/keys")
        self.assertIn("No key is registered", browser.get("/keys").text)

    def test_nobody_removes_without_the_forms_token_or_from_another_enrolment(self):
        self.register()
        browser, stranger = self.world.browser("accepted"), self.world.browser("tenant")
        self.assertEqual(browser.post("/keys/remove", {"key": self.key.hash}, csrf="").status, 403)
        self.assertEqual(browser.post("/keys/remove", {"key": self.key.hash}, csrf=stranger.csrf()).status, 403)
        stranger.post("/keys/remove", {"key": self.key.hash})
        self.assertEqual(self.world.ask("POST", "/keys/remove", "key=" + self.key.hash,
                                        {"Content-Type": "application/x-www-form-urlencoded"}).status, 303)
        self.assertEqual(self.world.ask("GET", "/keys").header("Location"), "/")
        self.assertEqual(self.world.rows("SELECT count(*) FROM registered_key"), [(1,)])


if __name__ == "__main__":
    world.run()
