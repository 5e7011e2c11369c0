"""Chromium for tests: visits of browser/main.mjs, and what they must have found."""
import json
import os
import re
import shutil
import subprocess

from world import ROOT

HERE = os.path.dirname(os.path.abspath(__file__))
LANGUAGES = ("en", "zh-HK", "zh-CN")


def why_not():
    """What is missing for a browser test, or None."""
    if shutil.which("node") is None:
        return "node is not installed"
    if not os.path.exists(os.environ.get("CHROMIUM", "/usr/bin/chromium-headless-shell")):
        return "Chromium is not installed"
    if not os.path.isdir(os.path.join(HERE, "node_modules/playwright-core")):
        return "playwright-core is not installed: script/bootstrap"
    return None


def visits(world, *rounds, **more):
    """What came of each visit, by its name."""
    registrar = str(world.process_pid("registrar"))
    office = ["ecertadm", "--control", world.path("sockets/control.sock")]
    officers = [word for number in (1, 2) for word in ("--key", world.path(f"service/officers/officer-{number}.key"))]
    trial = os.path.join(ROOT, "script/trial")
    asked = {
        "portal": world.portal, "rounds": rounds, "words": list(messages("en")),
        "pictures": os.environ.get("ECERT_PICTURES"), "languages": LANGUAGES,
        "commands": {
            "record": [os.path.join(trial, "txt")],
            "mailbox": [os.path.join(trial, "mailbox")],
            "page": [os.path.join(HERE, "publish"), world.path("web/pages")],
            "key": [os.path.join(HERE, "register_key"), world.portal],
            "halt": [*office, "stop", "--reason", "a drill"], "resume": [*office, "resume", *officers],
            "stop": ["kill", "-STOP", registrar], "continue": ["kill", "-CONT", registrar],
        }, **more}
    done = subprocess.run(
        ["node", os.path.join(HERE, "browser/main.mjs")], input=json.dumps(asked), text=True, cwd=ROOT,
        env=world.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=600, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{done.stdout}\n{done.stderr}\n{world.logs()}")
    return {found["name"]: found for found in json.loads(done.stdout)}


def visit(letter, name, language, *scenes, javascript=True, **more):
    """One visit by the holder of a letter; its downloads are in the letter's folder."""
    return {
        "name": name, "scenes": scenes, "language": language, "javascript": javascript,
        "server_name": letter.name, "reference": letter.reference, "pin": letter.pin,
        "folder": letter.folder, **more}


def messages(language):
    """The texts of one language by their message ids."""
    path = os.path.join(ROOT, "web/po", language.replace("-", "_") + ".po")
    with open(path, encoding="utf-8") as file:
        entries = re.findall(r'^msgid "(.+)"\nmsgstr ((?:".*"\n?)+)', file.read(), re.M)
    return {key: "".join(re.findall(r'"(.*)"', text)) for key, text in entries}
