"""Logging in: the rows P1 to P6 of the threat list, and what a person is told."""
import concurrent.futures
import glob
import time

import world

# What proc/portal/login.c grants: attempts per credential, log-ins per network and for everybody in
# ten minutes.
ATTEMPTS, NETWORK_BUDGET, EVERYBODY_BUDGET, QUIET_BUDGET = 10, 100, 5000, 10
WRONG = "9999 8888 7777 6666"


def wrong_logins(w, key, count, pin=WRONG, third=1):
    seed = w.seeds[key]
    return [w.log_in_form(seed["server_name"], seed["reference"], pin, source="127.%d.%d.1" % (third, i))
            for i in range(count)]


class Budget(world.Case):
    def test_p1_after_ten_wrong_pins_the_right_one_is_void(self):
        seed = self.world.seeds["plain"]
        for answer in wrong_logins(self.world, "plain", ATTEMPTS, third=1):
            self.assertEqual(answer.status, 422)
        right = self.world.log_in_form(seed["server_name"], seed["reference"], seed["pin"], source="127.1.99.1")
        self.assertEqual(right.status, 422)

    def test_p1_one_network_is_throttled_and_others_are_not(self):
        seed = self.world.seeds["open"]
        for network in (3, 5):
            # The budget is counted by ten minutes of the clock: in the middle of them, once more.
            window = int(time.time()) // 600
            statuses = [self.world.log_in_form("x.example.com", "999999%03d" % i, WRONG,
                                               source=f"127.2.{network}.{1 + i % 200}").status
                        for i in range(NETWORK_BUDGET + 5)]
            if int(time.time()) // 600 == window:
                break
        self.assertEqual(statuses.count(422), NETWORK_BUDGET)
        self.assertEqual(statuses[-5:], [429] * 5)
        self.assertIn("event=login.throttled", self.world.log())
        ok = self.world.log_in_form(seed["server_name"], seed["reference"], seed["pin"], source="127.2.4.1")
        self.assertEqual(ok.status, 303)

    def test_p1_a_million_guesses_from_anywhere_hit_nothing(self):
        # 10,000 credentials with 10 attempts each out of 10**16 PINs, whatever the addresses.
        self.assertLess(10000 * ATTEMPTS / 10**16, 1e-3)
        # A day at the pace that everybody together is allowed.
        self.assertLess(EVERYBODY_BUDGET * 144 / 10**16, 1e-9)

    def test_p2_parallel_logins_never_exceed_the_budget(self):
        seed = self.world.seeds["confirmed"]
        before = self.world.rows("SELECT count(*) FROM audit WHERE action = 'enrolment.attempt'")[0][0]

        def guess(i):
            return self.world.log_in_form(seed["server_name"], seed["reference"], WRONG,
                                          source="127.3.%d.1" % i).status
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            statuses = list(pool.map(guess, range(40)))
        self.assertEqual(set(statuses), {422})
        after = self.world.rows("SELECT count(*) FROM audit WHERE action = 'enrolment.attempt'")[0][0]
        self.assertEqual(after - before, ATTEMPTS)
        left = self.world.rows("SELECT attempts_left FROM enrolment WHERE reference = ?", seed["reference"])
        self.assertEqual(left, [(0,)])

    def test_p3_who_has_no_reference_number_changes_no_row(self):
        before = self.world.dump()
        for i in range(20):
            self.world.log_in_form("www.shop.example.com", "555%06d" % i, WRONG, source="127.4.%d.1" % i)
        self.assertEqual(self.world.dump(), before)

    def test_p3_a_flood_from_elsewhere_locks_no_holder_out(self):
        seed = self.world.seeds["open"]
        for _ in range(2):
            # What fifty networks of guesses leave; if the window has just ended, once more.
            window = int(time.time()) // 600
            self.world.change("INSERT OR REPLACE INTO throttle (bucket, count, window) VALUES"
                              " ('login:all', ?, ?)", EVERYBODY_BUDGET, window * 600)
            holder = self.world.log_in_form(seed["server_name"], seed["reference"], seed["pin"],
                                            source="127.6.1.1").status
            flood = [self.world.log_in_form("x.example.com", "999999%03d" % i, WRONG,
                                            source="127.6.2.1").status
                     for i in range(QUIET_BUDGET + 3)]
            if int(time.time()) // 600 == window:
                break
        self.world.change("DELETE FROM throttle")
        self.assertEqual(holder, 303)
        self.assertEqual(flood, [422] * QUIET_BUDGET + [429] * 3)

    def test_p3_a_voided_pin_ends_nothing_for_who_is_inside(self):
        holder = self.world.browser("told")
        wrong_logins(self.world, "told", ATTEMPTS + 1, third=5)
        self.assertEqual(holder.get("/dcv").status, 200)
        self.assertEqual(self.world.state("told"), "confirmed")


class OneAnswer(world.Case):
    def cpu(self):
        """Processor time of all the portal's threads, in milliseconds."""
        total = 0
        for path in glob.glob("/proc/%d/task/*/schedstat" % self.world.process.pid):
            with open(path) as stat:
                total += int(stat.read().split()[0])
        return total / 1e6

    def test_p4_every_wrong_input_has_one_answer_and_one_hash(self):
        seed, other = self.world.seeds["open"], self.world.seeds["plain"]
        void = self.world.seeds["idn"]
        wrong_logins(self.world, "idn", ATTEMPTS, third=6)
        cases = {
            "unknown reference": (seed["server_name"], "999999999", seed["pin"]),
            "wrong pin": (seed["server_name"], seed["reference"], WRONG),
            "wrong name": (other["server_name"], seed["reference"], seed["pin"]),
            "another's reference": (seed["server_name"], other["reference"], seed["pin"]),
            "no name at all": ("no name", seed["reference"], seed["pin"]),
            "void pin": (void["server_name"], void["reference"], void["pin"]),
        }
        seen = set()
        for what, (name, reference, pin) in cases.items():
            before = self.cpu()
            answer = self.world.log_in_form(name, reference, pin, source="127.6.200.1")
            # Filling 19 MiB twice costs at least this on any machine; all the rest is under 2 ms.
            self.assertGreater(self.cpu() - before, 6, what)
            page = answer.text.replace('value="%s"' % name, "").replace('value="%s"' % reference, "")
            seen.add((answer.status, page, tuple(sorted(
                k for k, _ in answer.headers))))
        self.assertEqual(len(seen), 1)

    def test_a_log_in_by_any_spelling_leads_to_the_page_of_the_state(self):
        seed = self.world.seeds["open"]
        spaced = " ".join(seed["pin"][i:i + 4] for i in range(0, 16, 4))
        answer = self.world.log_in_form(" WWW.Shop.Example.COM ", "018 564 000", spaced)
        self.assertEqual((answer.status, answer.header("Location")), (303, "/confirm"))
        self.assertIn("HttpOnly", answer.header("Set-Cookie"))
        self.assertIn("SameSite=Strict", answer.header("Set-Cookie"))

    def test_a_chinese_name_may_be_typed_as_it_is_written(self):
        seed = self.world.seeds["idn"]
        for name in ("例子.example.com", "例子。Example.com", "xn--fsqu00a.example.com"):
            self.assertEqual(self.world.log_in_form(name, seed["reference"], seed["pin"]).status, 303, name)
        wrong = self.world.log_in_form("例于.example.com", seed["reference"], seed["pin"])
        self.assertEqual(wrong.status, 422)

    def test_nothing_typed_is_lost_but_the_pin(self):
        answer = self.world.log_in_form("www.shop.example.com", "12345", "1234 5678 1234 5678")
        self.assertEqual(answer.status, 422)
        self.assertIn('value="www.shop.example.com"', answer.text)
        self.assertIn('href="#reference"', answer.text)
        self.assertNotIn("1234567812345678", answer.text)
        self.assertNotIn("1234 5678 1234 5678", answer.text)


class Notices(world.Case):
    def test_the_notices_of_today_stand_on_the_page_as_texts(self):
        for language, said in (("en", "the new one &lt;b&gt;first&lt;/b&gt;."), ("zh-HK", "<li>安裝新的。</li>"),
                               ("zh-CN", "<li>移除旧的；</li>")):
            page = self.world.ask("GET", "/", headers={"Accept-Language": language}).text
            self.assertIn(said, page)
        page = self.world.ask("GET", "/", headers={"Accept-Language": "en"}).text
        self.assertNotIn("yesterday", page)
        self.assertNotIn("tomorrow", page)
        self.assertEqual(page.count('class="said"'), 1)

    def test_without_notices_the_page_says_nothing_of_them(self):
        rows = self.world.rows("SELECT * FROM notice")
        self.world.change("DELETE FROM notice")
        try:
            self.assertNotIn('class="notice"', self.world.ask("GET", "/").text)
        finally:
            for row in rows:
                self.world.change("INSERT INTO notice VALUES (?, ?, ?, ?, ?, ?)", *row)


class Secrets(world.Case):
    def test_p5_the_pin_is_nowhere_but_in_the_letter(self):
        seed = self.world.seeds["issued"]
        self.world.browser("issued")
        self.world.api("issued")
        self.world.log_in_form(seed["server_name"], seed["reference"], seed["pin"][::-1])
        self.world.ask("POST", "/api/v1/session", '{"pin":"%s"' % seed["pin"], {"Content-Type": "application/json"})
        self.world.ask("POST", "/api/v1/session", '{"server_name":"a","reference":"1","pin":"%s","x":1}' % seed["pin"],
                       {"Content-Type": "application/json"})
        canaries = [seed["pin"].encode(), seed["pin"][::-1].encode(),
                    " ".join(seed["pin"][i:i + 4] for i in range(0, 16, 4)).encode()]
        places = glob.glob(self.world.dir + "/store/*") + [self.world.log_path] + [
            "/proc/%d/%s" % (self.world.process.pid, f) for f in ("environ", "cmdline")]
        for place in places:
            with open(place, "rb") as content:
                content = content.read()
            for canary in canaries:
                self.assertNotIn(canary, content, place)

    def test_p5_a_pin_in_an_address_is_not_looked_at_and_not_logged(self):
        seed = self.world.seeds["plain"]
        answer = self.world.ask("GET", "/?server_name=%s&reference=%s&pin=%s" % (
            seed["server_name"], seed["reference"], seed["pin"]))
        self.assertEqual(answer.status, 200)
        self.assertNotIn(seed["pin"], self.world.log())
        self.assertNotIn(seed["pin"], answer.text)

    def test_p6_only_an_argon2id_hash_is_at_rest(self):
        for (value,) in self.world.rows("SELECT pin_hash FROM enrolment"):
            self.assertTrue(value.startswith("$argon2id$v=19$m="), value)

    def test_a_session_token_is_at_rest_only_as_a_hash(self):
        token = self.world.browser("plain").cookie
        for place in glob.glob(self.world.dir + "/store/*"):
            with open(place, "rb") as content:
                self.assertNotIn(token.encode(), content.read(), place)
        self.assertNotIn(token, self.world.log())

    def test_p7_every_log_in_has_a_token_of_its_own_and_leaving_ends_it(self):
        first, second = self.world.browser("tenant"), self.world.browser("tenant")
        self.assertNotEqual(first.cookie, second.cookie)
        token = first.csrf()
        self.assertEqual(first.post("/leave", {}, csrf=token).status, 303)
        self.assertEqual(first.get("/download").status, 303)
        self.assertEqual(second.get("/download").status, 200)

    def test_a_session_ends_after_twenty_idle_minutes_and_the_enrolment_does_not(self):
        browser, api = self.world.browser("validated"), self.world.api("validated")
        self.world.change("UPDATE session SET seen = seen - 1190")
        self.assertEqual(browser.get("/csr").status, 200)
        self.world.change("UPDATE session SET seen = seen - 1201")
        self.assertEqual(browser.get("/csr").header("Location"), "/?ended=1")
        self.assertEqual(api.ask("GET", "/enrolment").status, 401)
        self.assertIn("Your session has ended", browser.get("/?ended=1").text)
        self.assertEqual(self.world.browser("validated").first, "/csr")

    def test_p7_no_session_is_kept_alive_for_ever(self):
        browser, api = self.world.browser("validated"), self.world.api("validated")
        self.world.change("UPDATE session SET created = created - 43100")
        self.assertEqual(browser.get("/csr").status, 200)
        self.world.change("UPDATE session SET created = created - 101")
        self.assertEqual(browser.get("/csr").header("Location"), "/?ended=1")
        self.assertEqual(api.ask("GET", "/enrolment").status, 401)
        self.world.api("validated")
        self.assertEqual(self.world.rows("SELECT count(*) FROM session WHERE created < ?", int(time.time()) - 40000),
                         [(0,)])

    def test_p7_a_planted_cookie_is_no_session(self):
        planted = "a" * 26
        answer = self.world.ask("GET", "/confirm", headers={"Cookie": "ecert=" + planted})
        self.assertEqual((answer.status, answer.header("Location")), (303, "/?ended=1"))


if __name__ == "__main__":
    world.run()
