#!/usr/bin/env python3
"""Every message that the courier's sources name is there in every language.

    test_messages.py SOURCES_OF_THE_COURIER PO_DIRECTORY
"""
import glob
import re
import sys

wanted = set()
for path in glob.glob(sys.argv[1] + "/*.c"):
    with open(path, encoding="utf-8") as file:
        # Names of events and codes of reasons look alike, and are no texts.
        lines = [line for line in file if not re.search("log_|LOG_|reason", line)]
    wanted |= set(re.findall(r'"((?:letter|mail)\.[a-z_-]+)"', "".join(lines)))
missing = []
for language in ("en", "zh_HK", "zh_CN"):
    with open(f"{sys.argv[2]}/{language}.po", encoding="utf-8") as file:
        there = set(re.findall(r'^msgid "(.+)"$', file.read(), re.M))
    missing += [f"{language}: {name}" for name in sorted(wanted - there)]
print("\n".join(missing))
sys.exit(bool(missing) or len(wanted) < 10)
