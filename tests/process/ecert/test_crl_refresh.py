#!/usr/bin/env python3
"""Lists are fetched from a real server, nginx, which writes down how much it sent: a list that is here already costs a
question and no body.

    test_crl_refresh.py ECERT
"""
import datetime
import os
import shutil
import signal
import subprocess
import time
import unittest

from hierarchy import Hierarchy
from servers import program, wait_for
from tool import ToolTest

ADDRESS = "127.0.0.78"
PORT = 20000 + os.getpid() % 20000
CONFIG = """pid %(place)s/nginx.pid;
error_log %(place)s/log;
events { }
http {
  log_format sent '$status $body_bytes_sent';
  access_log %(place)s/sent sent;
  client_body_temp_path %(place)s/body; proxy_temp_path %(place)s/proxy;
  fastcgi_temp_path %(place)s/fastcgi; uwsgi_temp_path %(place)s/uwsgi; scgi_temp_path %(place)s/scgi;
  server { listen %(address)s:%(port)d; root %(place)s/public; %(more)s }
}
"""


@unittest.skipUnless(shutil.which("nginx") or os.path.exists("/usr/sbin/nginx"), "no nginx")
class Refresh(ToolTest):
    def setUp(self):
        super().setUp()
        self.tree = Hierarchy(self.path("tree"), url=f"http://{ADDRESS}:{PORT}")
        os.makedirs(self.path("nginx/public"))
        os.chmod(self.scratch, 0o755)
        self.publish()
        self.serve()
        self.json("chain", "install", self.tree.path("root.pem"), "--as", "root", "--fingerprint", self.tree.fingerprint("root"))
        self.json("chain", "install", self.tree.path("new.pem"))

    def publish(self, **more):
        """Each list is of another second, as a CA's are."""
        shutil.copy(self.tree.list("root", revoked=["10"], **more), self.path("nginx/public/root.crl"))
        self.stamp = getattr(self, "stamp", int(time.time()) - 1000) + 10
        os.utime(self.path("nginx/public/root.crl"), (self.stamp, self.stamp))
        os.chmod(self.path("nginx/public/root.crl"), 0o644)

    def serve(self, more=""):
        with open(self.path("nginx/config"), "w", encoding="ascii") as file:
            file.write(CONFIG % {"place": self.path("nginx"), "address": ADDRESS, "port": PORT, "more": more})
        subprocess.run([program("nginx"), "-c", self.path("nginx/config")], check=True, capture_output=True)
        self.addCleanup(self.stop)

    def stop(self):
        try:
            with open(self.path("nginx/nginx.pid"), encoding="ascii") as file:
                os.kill(int(file.read()), signal.SIGTERM)
            wait_for(lambda: not os.path.exists(self.path("nginx/nginx.pid")))
        except FileNotFoundError:
            pass

    def sent(self):
        """(status, bytes of the body) of every answer so far; a line is written when its answer has been."""
        wait_for(lambda: len(self.lines()) == self.asked)
        return [tuple(map(int, line.split())) for line in self.lines()]

    def lines(self):
        with open(self.path("nginx/sent"), encoding="ascii") as file:
            return file.read().splitlines()

    asked = 0

    def refresh(self, state, code=None):
        self.asked += 1
        said = self.json("crl", "refresh", code=code)
        self.assertEqual([one["state"] for one in said["lists"]], [state])
        return self.sent()[-1]

    def size(self):
        return os.path.getsize(self.path("nginx/public/root.crl"))

    def test_a_list_is_sent_once_until_there_is_another(self):
        self.assertEqual(self.refresh("new"), (200, self.size()))
        first = self.size()
        for _ in range(3):
            self.assertEqual(self.refresh("unchanged", code=2), (304, 0))
        self.publish(number=2)
        self.assertEqual(self.refresh("new"), (200, self.size()))
        self.assertEqual(self.refresh("unchanged", code=2), (304, 0))
        self.assertEqual(sum(bytes_sent for _, bytes_sent in self.sent()), first + self.size())

    def test_watching_asks_in_the_same_way(self):
        for _ in range(3):
            self.asked += 1
            self.json("watch", code=None)
        self.assertEqual([status for status, _ in self.sent()], [200, 304, 304])

    def test_a_list_that_is_gone_from_the_store_is_fetched_again(self):
        self.refresh("new")
        self.json("undo")
        self.assertEqual(self.json("crl", "list")["lists"], [])
        self.assertEqual(self.refresh("new"), (200, self.size()))

    def test_a_list_past_its_time_is_asked_for_whatever_the_server_says(self):
        old = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=9)
        self.publish(update=old, days=7)
        self.refresh("new")
        self.assertEqual(self.refresh("unchanged"), (200, self.size()))

    def test_a_server_that_says_nothing_of_its_files_sends_them_each_time(self):
        self.stop()
        self.serve("etag off; add_header Last-Modified ''; if_modified_since off;")
        self.refresh("new")
        self.assertEqual(self.refresh("unchanged", code=2)[0], 200)

    def test_what_is_kept_of_the_server_s_words_is_not_believed(self):
        self.refresh("new")
        place = self.path("store/fetched")
        name, = os.listdir(place)
        for text in ("", "x", "\n\n\n", "0" * 64 + "\n\"x\"\n\n", "\n".join(["a" * 200] * 3) + "\n"):
            with open(os.path.join(place, name), "w", encoding="ascii") as file:
                file.write(text)
            os.chmod(os.path.join(place, name), 0o600)
            self.assertEqual(self.refresh("unchanged", code=2), (200, self.size()), text)

    def test_a_rehearsal_keeps_nothing(self):
        self.asked += 1
        self.assertEqual(self.json("crl", "refresh", "--dry-run")["lists"][0]["state"], "new")
        self.assertEqual(os.listdir(self.path("store/fetched")), [])
        self.assertEqual(self.refresh("new"), (200, self.size()))


if __name__ == "__main__":
    unittest.main(argv=["test_crl_refresh.py"], verbosity=1)
