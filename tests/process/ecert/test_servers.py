#!/usr/bin/env python3
"""Section G of the guide, by the tool: one backup restored onto several servers, each a real sshd on a
loopback address of its own; one of them fails.

    test_servers.py ECERT
"""
import getpass
import os
import unittest

from console_case import Console
from sshd import SshTest
from stand_in import Authority, run
from tool import NAME, public_key


class Servers(SshTest):
    def setUp(self):
        super().setUp()
        self.password = self.write("password", "right")
        self.authority = Authority(self.path("ca"))
        self.backup = self.make_backup("site")

    def make_backup(self, name):
        csr = run("openssl", "req", "-new", "-key", self.authority.key(name), "-subj", "/CN=x")
        leaf = self.write(name + ".pem", self.authority.leaf(csr, NAME))
        run("openssl", "pkcs12", "-export", "-inkey", self.authority.key(name), "-in", leaf, "-certfile",
            self.authority.path("issuer.pem"), "-out", self.path(name + ".pfx"), "-passout",
            "file:" + self.password)
        return self.path(name + ".pfx")

    def restore(self, *targets, code=0, backup=None):
        words = [word for target in targets for word in ("--to", target)]
        return self.json("key", "restore", backup or self.backup, "--password-file", self.password,
                         "--ssh-config", self.config, *words, code=code)

    def folder(self, name):
        os.mkdir(self.path(name), 0o755)
        return self.path(name)

    def expect_pair(self, folder, name="site"):
        key, chain = os.path.join(folder, "key.pem"), os.path.join(folder, "fullchain.pem")
        self.assertEqual(public_key("key", key), public_key("certificate", chain))
        self.assertEqual(public_key("key", key), public_key("key", self.authority.key(name)))
        self.assertEqual(os.stat(key).st_mode & 0o777, 0o600)
        with open(chain, encoding="ascii") as file:
            self.assertEqual(file.read().count("BEGIN CERTIFICATE"), 2)
        generations = [one for one in os.listdir(folder) if one.startswith(".ecert.")]
        self.assertLessEqual(len(generations), 2)

    def test_one_that_fails_does_not_stop_the_others(self):
        folders = [self.folder(name) for name in ("one", "two", "three")]
        targets = [f"{host}:{folder}" for host, folder in zip(self.hosts, folders)]
        said = self.restore(targets[0], targets[2], targets[1], code=1)["servers"]
        self.assertEqual([one["done"] for one in said], [True, False, True])
        self.assertEqual(said[1]["reason"], "remote.ssh")
        self.assertIn("Permission denied", said[1]["seen"])
        self.expect_pair(folders[0])
        self.expect_pair(folders[1])
        self.assertEqual(os.listdir(folders[2]), [])
        self.assertEqual([name for _, _, names in os.walk(self.store) for name in names if "key" in name], [])

    def test_a_second_pair_replaces_the_first_and_the_first_stays_to_go_back_to(self):
        folder = self.folder("one")
        target = f"{self.hosts[0]}:{folder}"
        for name in ("site", "next", "third"):
            self.restore(target, backup=self.make_backup(name))
            self.expect_pair(folder, name)

    def undone(self, code=0):
        return self.json("undo", "--yes", code=code)

    def test_a_first_pair_that_is_taken_back_leaves_nothing_and_a_second_leaves_the_first(self):
        folders = [self.folder("one"), self.folder("two of these")]
        targets = [f"{host}:{folder}" for host, folder in zip(self.hosts, folders)]
        self.restore(*targets)
        self.restore(targets[0], backup=self.make_backup("next"))
        would = self.json("undo", "--dry-run")["change"]
        self.assertEqual([(one["did"], one["store"], one["name"]) for one in would["steps"]],
                         [("added", "servers", targets[0])])
        self.assertTrue(would["loses_key"])
        self.assertEqual(self.json("undo", code=64)["problem"]["type"], "urn:ecert:problem:tool.needs_yes")
        self.expect_pair(folders[0], "next")
        self.undone()
        self.expect_pair(folders[0])
        self.assertEqual(len([one for one in os.listdir(folders[0]) if one.startswith(".ecert.")]), 1)
        self.assertIn("Other servers", self.run_tool("undo", "--list"))
        self.undone()
        self.assertEqual([os.listdir(folder) for folder in folders], [[], []])
        self.assertEqual(self.json("undo", "--list")["changes"], [])

    def test_a_dry_run_of_a_restore_writes_nothing_down(self):
        folder = self.folder("one")
        said = self.json("key", "restore", self.backup, "--password-file", self.password, "--ssh-config", self.config,
                         "--to", f"{self.hosts[0]}:{folder}", "--dry-run")
        self.assertTrue(said["dry_run"])
        self.assertEqual((os.listdir(folder), self.json("undo", "--list")["changes"]), ([], []))

    def test_taking_back_asks_again_only_who_failed(self):
        folders = [self.folder("one"), self.folder("two")]
        self.restore(*(f"{host}:{folder}" for host, folder in zip(self.hosts, folders)))
        os.rename(folders[0], self.path("away"))
        problem = self.undone(code=1)["problem"]
        self.assertEqual(problem["type"], "urn:ecert:problem:remote.back")
        self.assertEqual(os.listdir(folders[1]), [])
        os.rename(self.path("away"), folders[0])
        os.rmdir(folders[1])  # it would be refused now
        self.undone()
        self.assertEqual(os.listdir(folders[0]), [])

    def test_a_server_that_did_not_get_it_has_nothing_to_take_back(self):
        folder = self.folder("one")
        with open(os.path.join(folder, "key.pem"), "w", encoding="ascii") as file:
            file.write("another's")
        self.restore(f"{self.hosts[0]}:{folder}", code=1)
        said = self.run_tool("undo", "--yes")
        self.assertIn("nothing of it is at", said)
        self.assertEqual(os.listdir(folder), ["key.pem"])
        self.assertEqual(self.json("undo", "--list")["changes"], [])

    def test_a_page_of_the_console_names_the_command_and_asks_no_server(self):
        folder = self.folder("one")
        self.restore(f"{self.hosts[0]}:{folder}")
        console = Console(self)
        console.enter()
        for _ in range(2):
            page = console.get("/undo")
            self.assertIn("<code>ecert undo 1</code>", page.text)
            self.assertNotIn("<form method=\"post\" action=\"" + console.desk + "/undo", page.text)
            answer = console.post("/undo", {"number": "1"}, status=303)
            self.assertEqual(answer.headers["Location"], console.desk + "/undo")
            self.expect_pair(folder)
        self.json("undo", "1", "--yes")
        self.assertEqual(os.listdir(folder), [])

    def test_what_came_since_is_left_alone(self):
        folder = self.folder("one")
        target = f"{self.hosts[0]}:{folder}"
        self.restore(target)
        self.store, own = self.path("other store"), self.store
        self.restore(target, backup=self.make_backup("next"))
        self.store = own
        problem = self.undone(code=1)["problem"]
        self.assertEqual(problem["type"], "urn:ecert:problem:remote.back")
        self.assertIn("another pair", problem["seen"])
        self.expect_pair(folder, "next")
        self.json("undo", "--forget", "--yes")

    def test_a_pair_whose_forerunner_is_gone_stays(self):
        folder = self.folder("one")
        for name in ("site", "next", "third"):
            self.restore(f"{self.hosts[0]}:{folder}", backup=self.make_backup(name))
        self.undone()
        self.expect_pair(folder, "next")
        problem = self.undone(code=1)["problem"]  # two are kept there
        self.assertIn("no longer there", problem["seen"])
        self.expect_pair(folder, "next")

    def test_a_record_that_was_changed_leads_nowhere(self):
        folder = self.folder("one")
        self.restore(f"{self.hosts[0]}:{folder}")
        with open(self.path("store/changes/000001/0"), "w", encoding="ascii") as file:
            file.write('{"to": "-oProxyCommand=touch:/x"}')
        self.assertEqual(self.undone(code=1)["problem"]["type"], "urn:ecert:problem:certstore.undo_damaged")
        self.expect_pair(folder)

    def test_nothing_of_ours_is_read_by_a_shell(self):
        for name in ("$(touch x)", "a b'c\"d", "-rf", "`touch x`;touch y", "店"):
            folder = self.folder(name)
            self.restore(f"{self.hosts[0]}:{folder}")
            self.expect_pair(folder)
            self.undone()
            self.assertEqual(os.listdir(folder), [])
        self.assertFalse(os.path.exists(self.path("x")) or os.path.exists("x"))

    def test_what_is_in_the_way_stays_and_nothing_else_is_left(self):
        folder = self.folder("one")
        with open(folder + "/key.pem", "w", encoding="ascii") as file:
            file.write("mine")
        os.mkdir(self.path("two"), 0o755)
        os.symlink("/etc/passwd", self.path("two/fullchain.pem"))
        for target in (folder, self.path("two"), self.path("none"), self.backup):
            said = self.restore(f"{self.hosts[0]}:{target}", code=1)["servers"][0]
            self.assertEqual(said["reason"], "remote.refused", said)
            self.assertIn(target, said["seen"])
        self.assertEqual(os.listdir(folder), ["key.pem"])
        self.assertEqual(os.listdir(self.path("two")), ["fullchain.pem"])

    def test_k1_nothing_is_put_where_others_can_write(self):
        for name in ("group", "everybody", "stranger"):
            self.folder(name)
        os.chmod(self.path("group"), 0o775)
        os.chmod(self.path("everybody"), 0o1777)
        if os.geteuid() == 0:
            os.chown(self.path("stranger"), 65534, 65534)
        else:
            os.chmod(self.path("stranger"), 0o757)
        os.symlink(self.path("group"), self.path("link"))
        for name in ("group", "everybody", "stranger", "link"):
            said = self.restore(f"{self.hosts[0]}:{self.path(name)}", code=1)["servers"][0]
            self.assertEqual(said["reason"], "remote.refused", (name, said))
            self.assertIn("others can write there", said["seen"], name)
        for name in ("group", "everybody", "stranger"):
            self.assertEqual(os.listdir(self.path(name)), [])

    def test_targets_that_are_none_are_refused_before_any_server_is_touched(self):
        folder = self.folder("one")
        good = f"{self.hosts[0]}:{folder}"
        for bad in ("", "host", "host:relative", "-oProxyCommand=touch x:/tmp", "a@-b:/tmp", "@host:/tmp",
                    "user name@host:/tmp", "user@ho st:/tmp", "user@host;x:/tmp", ":/tmp", "user@:/tmp",
                    "user@host:/tmp\nx"):
            said = self.restore(good, bad, code=1)["problem"]
            self.assertEqual(said["type"], "urn:ecert:problem:remote.target", bad)
        self.assertEqual(os.listdir(folder), [])

    def test_an_unknown_server_is_not_trusted(self):
        folder = self.folder("one")
        self.start_host("127.0.79.9", "client")
        said = self.restore(f"{getpass.getuser()}@127.0.79.9:{folder}", code=1)["servers"][0]
        self.assertIn("verification failed", said["seen"])
        self.assertEqual(os.listdir(folder), [])

    def test_a_key_without_certificate_and_a_wrong_password_send_nothing(self):
        folder = self.folder("one")
        made = self.json("request", "new", "--name", NAME, "--key", "p256")
        self.json("key", "backup", made["id"], "--out", self.path("p.pfx"), "--password-file", self.password)
        said = self.restore(f"{self.hosts[0]}:{folder}", code=1, backup=self.path("p.pfx"))
        self.assertEqual(said["problem"]["type"], "urn:ecert:problem:tool.pfx_no_certificate")
        self.password = self.write("wrong", "wrong")
        said = self.restore(f"{self.hosts[0]}:{folder}", code=1)
        self.assertEqual(said["problem"]["type"], "urn:ecert:problem:pfx.password")
        self.assertEqual(os.listdir(folder), [])

    def test_each_language_says_what_failed(self):
        for language, text in (("en", "can’t be reached"), ("zh-HK", "無法以 ssh"), ("zh-CN", "无法用 ssh")):
            said = self.run_tool("key", "restore", self.backup, "--password-file", self.password,
                                 "--ssh-config", self.config, "--to", self.hosts[2] + ":/tmp", "--lang",
                                 language, code=1)
            self.assertIn(text, said)
            self.assertIn("Permission denied", said)


if __name__ == "__main__":
    unittest.main(argv=["test_servers.py"], verbosity=1)
