#!/usr/bin/env python3
"""Fetching revocation lists on the pages of `ecert console`: behind the page, which says how it goes. The server of the
lists answers when this test lets it.

    test_console_fetch.py ECERT
"""
import http.server
import threading
import unittest

from console_case import Console
from hierarchy import Hierarchy
from servers import wait_for
from tool import ToolTest

PAGE = "/lists/fetched"


class Lists:
    """Hands out a hierarchy's lists, each once it was let go."""
    def __init__(self, case):
        lists = self
        self.asked, self.files = [], {}
        self.free = {name: threading.Event() for name in ("root.crl", "partner.crl")}

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                name = self.path.rsplit("/", 1)[-1]
                lists.asked.append(name)
                lists.free[name].wait(60)
                content = lists.files.get(name)
                self.send_response(404 if content is None else 200)
                self.send_header("Content-Length", str(len(content or b"")))
                self.end_headers()
                self.wfile.write(content or b"")

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        case.addCleanup(self.server.server_close)
        case.addCleanup(self.server.shutdown)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def let_go(self, *names):
        for name in names or self.free:
            self.free[name].set()


class Fetch(ToolTest):
    def setUp(self):
        super().setUp()
        self.lists = Lists(self)
        self.addCleanup(self.lists.let_go)
        self.tree = Hierarchy(self.path("tree"), url=self.lists.url)
        for name in self.lists.free:
            with open(self.tree.path(name), "rb") as file:
                self.lists.files[name] = file.read()
        self.console = Console(self)
        self.console.enter()

    def trust(self):
        """Two roots, and a certificate below each that says where its list is."""
        for name in ("root", "partner"):
            self.json("chain", "install", self.tree.path(name + ".pem"), "--as", "root", "--fingerprint",
                      self.tree.fingerprint(name))
        for name in ("new", "cross"):
            self.json("chain", "install", self.tree.path(name + ".pem"))

    def begin(self):
        answer = self.console.post("/lists/refresh", status=303)
        self.assertEqual(answer.headers["Location"], self.console.desk + PAGE)

    def ended(self):
        wait_for(lambda: self.console.get(PAGE).headers["Refresh"] is None)
        return self.console.get(PAGE)

    def test_it_goes_on_behind_the_page_which_says_how_far_it_is(self):
        self.trust()
        self.begin()
        wait_for(lambda: self.lists.asked)
        page = self.console.get(PAGE)
        self.assertEqual(page.headers["Refresh"], "3")
        self.assertIn('role="status" aria-live="polite"', page.text)
        wait_for(lambda: "0 of 2 done" in self.console.get(PAGE).said)
        self.assertIn(PAGE, self.console.get("/lists").text)
        self.begin()  # it goes on already
        first, = self.lists.asked
        self.lists.let_go(first)
        wait_for(lambda: "1 of 2 done" in self.console.get(PAGE).said)
        self.assertIn(f"New: {self.lists.url}/{first}", self.console.get(PAGE).said)
        self.assertEqual(len(self.json("crl", "list")["lists"]), 1)
        self.lists.let_go()
        page = self.ended()
        for name in self.lists.free:
            self.assertIn(f"New: {self.lists.url}/{name}", page.said)
        self.assertEqual(sorted(self.lists.asked), sorted(self.lists.free))
        self.assertNotIn(PAGE, self.console.get("/lists").text)
        self.begin()
        page = self.ended()
        self.assertEqual(page.said.count("Here already:"), 2)
        self.assertNotIn("New:", page.said)

    def test_what_came_can_be_taken_back(self):
        self.trust()
        self.lists.let_go()
        self.begin()
        self.ended()
        self.assertEqual(len(self.json("crl", "list")["lists"]), 2)
        self.console.get("/undo")
        self.json("undo")
        self.assertEqual(self.json("crl", "list")["lists"], [])

    def test_one_that_fails_does_not_stop_the_others(self):
        self.trust()
        self.lists.let_go()
        del self.lists.files["root.crl"]
        self.lists.files["partner.crl"] += b"x"
        self.begin()
        page = self.ended()
        self.assertEqual(page.said.count("Failed:"), 2)
        self.assertIn("can’t be downloaded", page.said)
        self.assertEqual(self.json("crl", "list")["lists"], [])

    def test_before_anything_was_fetched_there_is_only_the_folder(self):
        answer = self.console.ask("GET", self.console.desk + PAGE)
        self.assertEqual((answer.status, answer.headers["Location"]), (303, self.console.desk + "/lists"))
        self.begin()
        self.assertIn("says where its revocation list is", self.ended().said)

    def test_it_needs_the_form_of_this_console(self):
        self.trust()
        self.console.post("/lists/refresh", csrf="0" * 64, status=403)
        self.assertEqual(self.console.get("/lists/refresh", status=405).status, 405)
        self.assertEqual(self.lists.asked, [])

    def test_the_console_ends_behind_the_list_that_is_on_its_way(self):
        self.trust()
        self.begin()
        wait_for(lambda: self.lists.asked)
        self.assertIn("only the one that is being fetched", self.console.post("/end", status=200).said)
        self.console.get(PAGE)
        first, = self.lists.asked
        self.lists.let_go()
        self.assertEqual(self.console.ended(), "page")
        self.assertEqual(self.lists.asked, [first])
        self.assertEqual(len(self.json("crl", "list")["lists"]), 1)


if __name__ == "__main__":
    unittest.main(argv=["test_console_fetch"])
