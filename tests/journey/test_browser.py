#!/usr/bin/env python3
"""The walk in Chromium: in each language, with JavaScript and without.

Pictures of every page, at 1280 and 390 pixels, are kept in $ECERT_PICTURES if it is set.
"""
import json
import os
import shutil
import subprocess
import sys
import unittest

from world import ROOT, World

HERE = os.path.dirname(os.path.abspath(__file__))
LANGUAGES = ("en", "zh-HK", "zh-CN")


def why_not():
    if shutil.which("node") is None:
        return "node is not installed"
    if not os.path.exists(os.environ.get("CHROMIUM", "/usr/bin/chromium")):
        return "Chromium is not installed"
    if not os.path.isdir(os.path.join(HERE, "node_modules/playwright-core")):
        return "playwright-core is not installed: script/bootstrap"
    return None


class Browser(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.world.__enter__()
        cls.addClassCleanup(cls.world.stop)

    def walk(self, language, javascript):
        world = self.world
        world.script("apply")
        reference = world.read("subscriber/reference")
        # No common name, no other names: all of that comes from the application.
        world.run("openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-batch", "-subj",
                  f"/CN={world.server_name}", "-keyout", world.path(f"{reference}.key"),
                  "-out", world.path(f"{reference}.csr"))
        pictures = os.environ.get("ECERT_PICTURES")
        mode = "with-javascript" if javascript else "without-javascript"
        asked = {
            "portal": world.read("subscriber/link"), "server_name": world.server_name,
            "reference": reference, "pin": world.read("subscriber/pin"),
            "csr": world.read(f"{reference}.csr"), "language": language, "javascript": javascript,
            "chinese": language != "en",
            "pictures": os.path.join(pictures, language, mode) if pictures else None,
            "place": [os.path.join(HERE, "place"), f"{world.net}.0.53", "5353",
                      world.path("subscriber/tsig.key")],
        }
        done = subprocess.run(
            ["node", os.path.join(HERE, "walk.mjs")], input=json.dumps(asked), text=True, cwd=ROOT,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300, check=False)
        self.assertEqual(done.returncode, 0, f"{done.stdout}\n{done.stderr}\n{world.logs()}")
        found = json.loads(done.stdout)
        self.assertGreaterEqual(found["files"], 6)


def walk_test(language, javascript):
    return lambda self: self.walk(language, javascript)


for LANGUAGE in LANGUAGES:
    for JAVASCRIPT in (True, False):
        NAME = f"test_walk_in_{LANGUAGE}_{'with' if JAVASCRIPT else 'without'}_javascript"
        setattr(Browser, NAME.replace("-", "_"), walk_test(LANGUAGE, JAVASCRIPT))


if __name__ == "__main__":
    if why_not():
        print("skip:", why_not())
        sys.exit(77)
    unittest.main(verbosity=2)
