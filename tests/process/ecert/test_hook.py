#!/usr/bin/env python3
"""The person's own program for the proof (doc/threats.md K4): what it is started with, how it ends, and a
portal that would like to say something else to it.

    test_hook.py ECERT DAY_MODULE
"""
import json
import os
import re
import shutil
import subprocess
import sys
import unittest

from tool import NAME, PROGRAM
from watch_case import PIN, WatchCase

HOST = "_ecert-validation." + NAME
EVIL = "$(touch evil);`id`|evil&\nvalue evil"


class Hook(WatchCase):
    """Fixed words, a clean environment, and nothing of the portal's but host and value."""
    def words(self, *more):
        return ["enrol", "--portal", self.portal.url, "--server-name", NAME, "--reference", "123456789",
                "--pin-file", self.write("pin", PIN), "--accept", "--hook", self.hook, "$(touch x)", "two words", ";", *more]

    def enrol_by(self, hook, code=0):
        self.hook = self.write("own", "#!/bin/sh\n" + hook, 0o700)
        self.json("request", "new", "--name", NAME, "--key", "p256")
        return self.json(*self.words(), code=code)

    def test_its_words_its_environment_and_its_input(self):
        self.enrol_by(f"""(printf '%s\\n' "$#" "$@"; env | sort; cat) >>'{self.path("seen")}'
test "$3" = remove || printf '%s\\n' "$(sed -n 's/^value //p' '{self.path("seen")}')" >'{self.path("zone/" + HOST)}'""")
        with open(self.path("seen"), encoding="utf-8") as file:
            lines = file.read().splitlines()
        half = len(lines) // 2
        for part, action in ((lines[:half], "place"), (lines[half:], "remove")):
            self.assertEqual(part[:4], ["3", "$(touch x)", "two words", action])
            names = [line.split("=")[0] for line in part[4:] if "=" in line and not line.startswith(("PWD=", "_=", "value"))]
            self.assertEqual(names, ["LANG", "PATH"])
            self.assertEqual(part[-3], "host " + HOST)
            self.assertRegex(part[-2], r"^value [a-z2-7]{52}$")
            self.assertEqual(part[-1], "ttl 3600")
        self.assertFalse(os.path.exists("x"))

    def test_one_that_fails_ends_the_walk_with_its_last_words_and_nothing_is_checked(self):
        said = self.enrol_by("echo it is broken >&2; exit 7", code=1)
        self.assertEqual(said["problem"]["type"], "urn:ecert:problem:tool.hook_failed")
        self.assertEqual((said["problem"]["field"], said["problem"]["seen"]), (self.hook, "it is broken"))
        self.assertEqual(self.portal.called("POST", "/enrolment/dcv/check"), [])

    def test_one_that_is_not_there_or_dies_is_a_failure(self):
        self.assertEqual(self.enrol_by("kill -9 $$", code=1)["problem"]["type"], "urn:ecert:problem:tool.hook_failed")
        os.remove(self.hook)
        self.assertEqual(self.json(*self.words(), code=1)["problem"]["type"], "urn:ecert:problem:tool.hook_failed")

    def test_one_that_cannot_remove_fails_nothing_and_is_asked_again_at_the_next_renewal(self):
        hook = f"""test "$3" = place || test -e '{self.path("able")}' || exit 1
while read -r key value; do case $key in host) host=$value;; value) text=$value;; esac; done
case $3 in place) echo "$text" >'{self.path("zone")}'/$host;; remove) rm '{self.path("zone")}'/$host;; esac"""
        self.enrol_by(hook)
        self.assertEqual(os.listdir(self.path("zone")), [HOST])
        self.write("able", "")
        self.pass_by(days=140)
        self.renew()
        self.assertEqual(os.listdir(self.path("zone")), [])

    def test_two_ways_of_proof_are_refused_before_anything(self):
        self.json("request", "new", "--name", NAME, "--key", "p256")
        said = self.json(*self.words("--webroot", self.scratch), code=64)
        self.assertEqual(said["problem"]["type"], "urn:ecert:problem:usage.one_of")
        self.assertEqual(self.portal.calls, [])

    def test_a_place_that_is_not_the_names_own_is_refused(self):
        wrong = ("_ecert-validation.example.net", "_acme-challenge." + NAME, NAME, "_ecert-validation.", "",
                 "_ecert-validation.hop.example.com", "_ecert-validation.x" + NAME, "_ecert-validation." + NAME + ".example.net",
                 "_ecert-validation.a b", "_ecert-validation.../x", HOST + "\nhost evil", HOST + ".", "_validation-persist." + NAME)
        self.json("request", "new", "--name", NAME, "--key", "p256")
        self.hook = self.write("own", f"#!/bin/sh\ntouch '{self.path('ran')}'\n", 0o700)
        real = self.portal.challenges
        for host in wrong:
            with self.subTest(host=host):
                self.portal.challenges = lambda host=host: [{**one, "host": host} for one in real()]
                said = self.json(*self.words(), code=1)
                self.assertEqual(said["problem"]["type"], "urn:ecert:problem:tool.record_foreign")
                self.assertFalse(os.path.exists(self.path("ran")))


@unittest.skipIf(shutil.which("strace") is None, "strace is not here")
class Hostile(WatchCase):
    """A portal that fills every text with what a shell would run. Every execve is looked at."""
    def traced(self, *words):
        """The words of every program that was started, the tool's own first."""
        trace = self.path("trace")
        environment = {name: value for name, value in self.environment().items() if name not in ("LD_PRELOAD", "DAY_AT")}
        preload = [f"-E{name}={self.environment()[name]}" for name in ("LD_PRELOAD", "DAY_AT")]
        subprocess.run(["strace", "-f", "-qq", "-s", "4096", "-e", "trace=execve", "-o", trace, *preload, PROGRAM, *words],
                       env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=120)
        with open(trace, encoding="utf-8") as file:
            return [re.findall(r'"((?:[^"\\]|\\.)*)"', line.split("execve(", 1)[1].split("], ")[0])
                    for line in file if "execve(" in line and "ENOENT" not in line]

    def spoil(self, value):
        """Each text of the portal's but those that decide where the walk goes."""
        kept = {"state", "method", "name", "ascii", "host", "value", "created", "nonce", "application_hash", "key_sha256",
                "certificate", "root", "chain", "token", "end", "not_before", "not_after", "type", "methods", "spki_sha256"}
        if isinstance(value, dict):
            return {name: one if name in kept else self.spoil(one) for name, one in value.items()}
        if isinstance(value, list):
            return [self.spoil(one) for one in value]
        return EVIL if isinstance(value, str) else value

    def test_only_what_was_configured_is_started_and_no_word_is_the_portals(self):
        real = self.portal.answer

        def lying(method, path, body, headers):

            status, content = real(method, path, body, headers)
            plain = path.endswith(("nonce", "/key"))
            return status, content if plain else json.dumps(self.spoil(json.loads(content))).encode()
        self.portal.answer = lying
        self.json("request", "new", "--name", NAME, "--key", "p256")
        after = self.write("after", "#!/bin/sh\nexit 0\n", 0o700)
        started = self.traced("enrol", "--portal", self.portal.url, "--server-name", NAME, "--reference", "123456789", "--pin-file",
                              self.write("pin", PIN), "--accept", "--hook", self.hook, "dns", ";", "--after", after, "well", ";")
        ours = [one[1:] for one in started if one[0] in (self.hook, after)]
        self.assertEqual(ours, [[self.hook, "dns", "place"], [self.hook, "dns", "remove"], [after, "well"]])
        self.expect_only(started, (self.hook, after))
        self.assertEqual(self.certificates()[0]["names"], NAME)
        self.pass_by(days=140)
        mailer = self.write("mailer", "#!/bin/sh\ncat >/dev/null\n", 0o700)
        self.write("broken", "")
        self.expect_only(self.traced("watch", "--renew", "--notify", mailer, "root", ";"), (self.hook, mailer))
        os.remove(self.path("broken"))
        self.pass_by(hours=5)
        self.expect_only(self.traced("watch", "--renew", "--notify", mailer, "root", ";"), (self.hook, after, mailer))
        self.assertEqual(len(self.portal.issued), 2)

    def expect_only(self, started, configured):
        """The tool with its second half, those, and what those start themselves, which are the tests' own words."""
        self.assertEqual([one[0] for one in started[:2]], [PROGRAM, PROGRAM + "-network"])
        self.assertEqual(started[0][1:], started[1][1:])
        for one in started[2:]:
            self.assertIn(os.path.basename(one[0]), {os.path.basename(path) for path in configured} | {"rm", "cat", "sh"})
            for word in one:
                for hostile in ("evil", "touch", "`", HOST):
                    self.assertFalse(hostile in word and os.path.basename(one[0]) != "rm", one)


if __name__ == "__main__":
    unittest.main(argv=["test_hook", *sys.argv[3:]])
