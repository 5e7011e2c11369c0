#!/usr/bin/env python3
"""--dry-run and `ecert undo`, as a table over all commands that change the store: said and not done, done and taken back.

    test_undo.py ECERT
"""
import os
import shutil
import stat
import subprocess
import threading
import unittest
from http.server import BaseHTTPRequestHandler, HTTPServer

from hierarchy import Hierarchy
from stand_in import Authority, run
from tool import NAME, PROGRAM, ToolTest


def possible():
    return os.geteuid() == 0 and subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode == 0


class Undo(ToolTest):
    def setUp(self):
        super().setUp()
        self.authority, self.tree = Authority(self.path("ca")), Hierarchy(self.path("tree"))

    def files(self):
        """Path: content and mode, of everything but the memory of changes."""
        found = {}
        for folder, _, names in os.walk(self.store):
            for name in names:
                path = os.path.join(folder, name)
                inside = os.path.relpath(path, self.store)
                if inside != "lock" and not inside.startswith("changes/"):
                    with open(path, "rb") as file:
                        found[inside] = (file.read(), os.stat(path).st_mode)
        return found

    def changes(self):
        return self.json("undo", "--list")["changes"]

    def problem(self, *words, code=1):
        return self.json(*words, code=code)["problem"]["type"].removeprefix("urn:ecert:problem:")

    def leaf(self, key):
        csr = run("openssl", "req", "-new", "-key", self.authority.key(key), "-subj", "/CN=x")
        return self.write(key + ".pem", self.authority.leaf(csr, NAME))

    def commands(self):
        """A store, and every command that would change it."""
        tree = self.tree
        one, two = self.leaf("one"), self.leaf("two")
        item = self.json("cert", "import", one, "--key", self.authority.key("one"))["id"]
        request = self.json("request", "new", "--name", NAME, "--key", "p256", "--out", self.path("r.csr"))["id"]
        with open(self.path("r.csr"), "rb") as file:
            leaf = self.write("leaf.pem", self.authority.leaf(file.read(), NAME))
        password = ["--password-file", self.write("password", "correct horse")]
        self.json("key", "backup", item, "--out", self.path("one.pfx"), *password)
        os.rename(self.store, self.path("aside"))
        self.json("request", "new", "--name", NAME, "--key", "p256")
        other = self.certificates()[0]["id"]
        self.json("key", "backup", other, "--out", self.path("pending.pfx"), *password)
        os.rename(self.store, self.path("unused"))
        os.rename(self.path("aside"), self.store)
        self.json("chain", "install", tree.path("root.pem"), "--as", "root", "--fingerprint", tree.fingerprint("root"))
        old = self.json("chain", "install", tree.path("old.pem"))["installed"][0]["thumbprint_sha256"]
        self.json("crl", "install", tree.path("ssl.crl"))
        os.mkdir(self.path("web"), 0o700)
        self.run_tool("deploy", "run", item, "--kind", "files", "--certificate", self.path("web/a.crt"),
                      "--key", self.path("web/a.key"))
        return [
            ["request", "new", "--name", NAME, "--key", "p256"],
            ["cert", "complete", leaf],
            ["cert", "import", two, "--key", self.authority.key("two")],
            ["cert", "import", self.path("pending.pfx"), *password],
            ["cert", "import", leaf],
            ["cert", "remove", item, "--yes"],
            ["cert", "remove", request, "--yes"],
            ["chain", "install", tree.path("new.pem")],
            ["chain", "install", tree.path("new.pem"), "--replace-old"],
            ["chain", "install", tree.path("old.pem"), "--as", "untrusted"],
            ["chain", "remove", old],
            ["crl", "install", tree.path("root.crl")],
            ["crl", "remove", self.json("crl", "list")["lists"][0]["thumbprint_sha256"]],
            ["key", "restore", self.path("pending.pfx"), *password],
            ["deploy", "forget", "files"],
        ]

    def test_every_command_says_what_it_would_do_does_it_and_takes_it_back(self):
        table = self.commands()
        changing = {command["command"] for command in self.json("--help")["commands"][1:]
                    if any(option["name"] == "dry-run" for option in command["options"])}
        tried = {" ".join(command[:2]) for command in table}
        self.assertEqual(changing - tried, {"enrol", "chain mirror", "crl refresh", "undo"})
        before, number = self.files(), self.changes()[0]["number"]
        for command in table:
            with self.subTest(command=command[:2]):
                said = self.json(*command, "--dry-run")
                self.assertTrue(said["dry_run"])
                self.assertNotIn("change", said)
                self.assertEqual(self.files(), before)
                self.assertEqual(self.changes()[0]["number"], number)
                screen = self.run_tool(*command, "--dry-run")
                self.assertIn("nothing has been changed", screen)
                done = self.json(*command)
                self.assertFalse(done["dry_run"])
                for name in ("names", "subject", "thumbprint_sha256", "installed", "removed", "issuer", "new"):
                    if name in done:
                        self.assertEqual(said[name], done[name], name)
                self.assertNotEqual(self.files(), before)
                newest = self.changes()[0]
                self.assertEqual((newest["number"], newest["command"]), (done["change"], " ".join(command[:2])))
                self.assertTrue(newest["steps"])
                would = self.json("undo", "--dry-run")
                self.assertEqual(would["change"], newest)
                self.assertNotEqual(self.files(), before)
                undone = self.json("undo", "--yes")
                self.assertEqual((undone["change"], undone["dry_run"]), (newest, False))
                self.assertEqual(self.files(), before)

    def test_a_first_run_that_changes_nothing_makes_no_store_either(self):
        """It says what it would say of a store that is there and empty."""
        password = ["--password-file", self.write("password", "correct horse")]
        leaf = self.leaf("one")
        self.json("cert", "import", leaf, "--key", self.authority.key("one"))
        self.json("key", "backup", self.certificates()[0]["id"], "--out", self.path("one.pfx"), *password)
        os.rename(self.store, self.path("aside"))
        table = [
            ["request", "new", "--name", NAME, "--key", "p256"],
            ["cert", "import", leaf, "--key", self.authority.key("one")],
            ["cert", "import", leaf],
            ["cert", "complete", leaf],
            ["cert", "remove", "0123456789abcdef", "--yes"],
            ["chain", "install", self.tree.path("root.pem"), "--as", "root", "--fingerprint", self.tree.fingerprint("root")],
            ["chain", "install", self.tree.path("new.pem")],
            ["chain", "remove", "0123456789abcdef"],
            ["crl", "install", self.tree.path("root.crl")],
            ["crl", "remove", "0123456789abcdef"],
            ["crl", "refresh"],
            ["key", "restore", self.path("one.pfx"), *password],
            ["deploy", "forget", "files"],
            ["undo"],
        ]
        varying = ("id", "csr", "key_sha256", "created")  # of a new key, and of the moment
        for words in table:
            with self.subTest(words=words[:2]):
                self.store = self.path("missing")
                said = self.json(*words, "--dry-run", code=None)
                self.assertFalse(os.path.exists(self.store))
                self.store = self.path("empty")
                self.run_tool("cert", "list")
                before = self.files()
                self.assertFalse(any(name.endswith((".pem", ".crl")) for name in before))
                there = self.json(*words, "--dry-run", code=None)
                self.assertEqual(self.files(), before)
                for one in (said, there) if words[0] in ("request", "key") else ():
                    for name in varying:
                        one.pop(name, None)
                self.assertEqual(said, there)
        self.assertEqual([name for name in os.listdir(self.scratch) if name.startswith("missing")], [])

    @unittest.skipUnless(possible(), "root and unshare are wanted")
    def test_a_first_run_needs_nothing_that_it_may_write(self):
        script = "mount --bind /tmp /tmp && mount -o remount,bind,ro /tmp && exec \"$@\""
        said = subprocess.run(
            ["unshare", "-m", "sh", "-c", script, "sh", PROGRAM, "request", "new", "--name", NAME, "--key", "p256", "--dry-run"],
            env=self.environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual(said.returncode, 0, said.stdout)
        self.assertIn("nothing has been changed", said.stdout)

    def test_nor_the_way_to_a_persons_own_store(self):
        os.mkdir(self.path("home"))
        environment = {name: value for name, value in self.environment(HOME=self.path("home")).items() if name != "ECERT_STORE"}
        words = ["request", "new", "--name", NAME, "--key", "p256"]
        for more, left in ((["--dry-run"], []), ([], [".local"])):
            subprocess.run([PROGRAM, *words, *more], env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=60)
            self.assertEqual(os.listdir(self.path("home")), left)

    def test_a_store_that_is_not_ours_is_refused_by_a_first_run_too(self):
        os.mkdir(self.store)
        os.chmod(self.store, 0o755)
        self.assertEqual(self.problem("request", "new", "--name", NAME, "--key", "p256", "--dry-run"), "certstore.directory")

    def test_lists_that_were_fetched_go_back_too(self):
        served = {}

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.end_headers()
                self.wfile.write(served["list"])

            def log_message(self, *_):
                pass
        server = HTTPServer(("127.0.0.77", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        tree = Hierarchy(self.path("published"), url=f"http://127.0.0.77:{server.server_port}")
        self.json("chain", "install", tree.path("root.pem"), "--as", "root", "--fingerprint", tree.fingerprint("root"))
        self.json("chain", "install", tree.path("new.pem"))
        before = self.files()
        with open(tree.path("root.crl"), "rb") as file:
            served["list"] = file.read()
        self.assertEqual(self.json("crl", "refresh", "--dry-run")["lists"][0]["state"], "new")
        self.assertEqual(self.files(), before)
        self.json("crl", "refresh")
        self.assertNotEqual(self.files(), before)
        self.json("undo")
        self.assertEqual(self.files(), before)

    def test_a_key_that_would_be_deleted_is_asked_about(self):
        self.json("request", "new", "--name", NAME, "--key", "p256")
        before = self.files()
        self.assertEqual(self.problem("undo", code=64), "tool.needs_yes")
        self.assertEqual(self.files(), before)
        self.assertTrue(self.json("undo", "--dry-run")["change"]["loses_key"])
        self.at_terminal(["undo"], [("deletes a key for good", "no")], code=1)
        self.assertEqual(self.files(), before)
        self.at_terminal(["undo"], [("deletes a key for good", "yes")])
        self.assertEqual(self.certificates(), [])

    def test_a_request_s_file_goes_with_it_where_it_is_as_it_was_given(self):
        def words(screen):
            return " ".join(screen.split())
        out = self.path("a file of 100%.csr")
        make = ["request", "new", "--name", NAME, "--key", "p256", "--out"]
        self.json(*make, out, "--dry-run")
        self.assertEqual(self.changes(), [])
        self.json(*make, out)
        self.assertEqual(self.changes()[0]["steps"][1], {"did": "added", "store": "files", "name": out, "id": ""})
        self.assertIn("deleted " + out, words(self.run_tool("undo", "--dry-run")))
        self.assertTrue(os.path.exists(out))
        self.json("undo", "--yes")
        self.assertFalse(os.path.exists(out))
        for change, said in (("mine", "stays, changed since"), (None, "no longer there")):
            self.json(*make, out)
            os.unlink(out)
            if change:
                self.write(os.path.basename(out), change)
            self.assertIn(f"{said} {out}", words(self.run_tool("undo", "--dry-run")))
            self.assertIn(f"{said} {out}", words(self.run_tool("undo", "--yes")))
            self.assertEqual(self.certificates(), [])
            if change:
                with open(out, encoding="ascii") as file:
                    self.assertEqual(file.read(), change)
                os.unlink(out)

    def test_a_file_by_that_name_which_is_a_link_or_a_pipe_stays(self):
        for make in (lambda path: os.symlink(self.path("kept"), path), os.mkfifo, os.mkdir):
            self.json("request", "new", "--name", NAME, "--key", "p256", "--out", self.path("r.csr"))
            os.rename(self.path("r.csr"), self.path("kept"))
            make(self.path("r.csr"))
            self.json("undo", "--yes")
            self.assertTrue(os.path.lexists(self.path("r.csr")) and os.path.exists(self.path("kept")))
            os.rename(self.path("r.csr"), self.path(f"other{len(os.listdir(self.scratch))}"))

    def test_a_file_named_from_another_folder_is_found_again(self):
        os.mkdir(self.path("work"))
        here = os.getcwd()
        self.addCleanup(os.chdir, here)
        os.chdir(self.path("work"))
        self.json("request", "new", "--name", NAME, "--key", "p256", "--out", "r.csr")
        os.chdir("/")
        self.json("undo", "--yes")
        self.assertEqual(os.listdir(self.path("work")), [])

    def test_a_request_has_its_name_whatever_became_of_it_since(self):
        made = self.json("request", "new", "--name", NAME, "--key", "p256")["id"]
        self.assertEqual(self.changes()[-1]["steps"][0]["name"], NAME)
        shutil.copy(self.path(f"store/requests/{made}/key.pem"), self.authority.key("own"))
        completed = self.json("cert", "complete", self.leaf("own"))["id"]
        self.assertEqual({change["steps"][0]["name"] for change in self.changes()}, {NAME})
        self.json("cert", "remove", completed, "--yes")
        self.assertEqual({change["steps"][0]["name"] for change in self.changes()}, {NAME})
        other = self.json("request", "new", "--name", "other.example.com", "--key", "p256")["id"]
        self.json("cert", "remove", other, "--yes")
        for change in self.changes()[:2]:
            self.assertIn("other.example.com", change["steps"][0]["name"])

    def test_a_removed_key_is_in_one_place_until_it_is_forgotten(self):
        made = self.json("request", "new", "--name", NAME, "--key", "p256")["id"]
        self.json("cert", "remove", made, "--yes")
        kept = self.path("store/changes/000002/0/key.pem")
        self.assertEqual(stat.S_IMODE(os.stat(kept).st_mode), 0o600)
        self.assertEqual(self.problem("undo", "--forget", code=64), "tool.needs_yes")
        self.assertEqual(self.json("undo", "--forget", "--dry-run"), self.json("undo", "--list"))
        self.assertIn("Would be forgotten: change 2, cert remove", self.run_tool("undo", "--forget", "--dry-run"))
        self.assertTrue(os.path.exists(kept))
        self.at_terminal(["undo", "--forget"], [("for good", "yes")])
        self.assertEqual([name for _, _, names in os.walk(self.store) for name in names], ["lock"])
        self.assertEqual(self.problem("undo", code=2), "certstore.nothing_to_undo")
        self.json("undo", "--forget", "--dry-run", code=2)

    def test_an_earlier_change_goes_back_where_no_later_one_needs_it(self):
        tree = self.tree
        self.json("chain", "install", tree.path("root.pem"), "--as", "root", "--fingerprint", tree.fingerprint("root"))
        self.json("chain", "install", tree.path("new.pem"))
        self.assertEqual([one["number"] for one in self.changes()], [2, 1])
        self.json("undo", "1")
        self.assertEqual([one["number"] for one in self.changes()], [2])
        self.assertNotIn("roots", [one["store"] for one in self.json("chain", "list")["authorities"]])
        self.json("chain", "remove", self.json("chain", "list")["authorities"][0]["thumbprint_sha256"])
        self.assertEqual(self.problem("undo", "2"), "certstore.undo_later")
        self.assertIn("ecert undo 3", self.run_tool("undo", "2", code=1))
        self.assertEqual(self.problem("undo", "1"), "certstore.no_change")

    def test_what_is_no_longer_as_it_was_left_is_refused(self):
        made = self.json("request", "new", "--name", NAME, "--key", "p256")["id"]
        with open(f"{self.store}/requests/{made}/progress", "w", encoding="ascii") as file:
            file.write("{}")
        os.chmod(f"{self.store}/requests/{made}/progress", 0o600)
        self.assertEqual(self.problem("undo", "--yes"), "certstore.undo_changed")
        self.assertEqual(self.problem("undo", "--dry-run"), "certstore.undo_changed")
        self.assertEqual(len(self.certificates()), 1)

    def test_wrong_words(self):
        for words in (["0"], ["-1"], ["x"], ["1x"], ["9999999"], ["--list", "1"], ["--forget", "1"],
                      ["--list", "--forget"], ["1", "2"]):
            self.json("undo", *words, code=64)
        self.json("chain", "undo", code=64)


if __name__ == "__main__":
    unittest.main(argv=["test_undo.py"], verbosity=1)
