#!/usr/bin/env python3
"""Holds the sources to the rules of the house that a machine can check.

    tidy.py CHECK ROOT

prints each offence as file:line: what, and exits 1 if there was one. The checks are the functions
named check_*; what may include what is data, in arrows.py.
"""
import os
import re
import subprocess
import sys

import arrows

FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 70
# clang-format keeps code within 100 columns; a comment's last word may hang over.
COLUMNS_MAX = 108
OURS = ("lib", "proc", "cli", "bench", "tests")
FORBIDDEN_NAMES = re.compile(r"(^|[_-])(util|utils|misc|common|helper|helpers|stuff)([_.-]|$)")
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
# Places on one machine, and addresses of registries, have no business in a repository.
FOREIGN_PLACES = re.compile(
    r"(?<![\w.])/(?:wo" + r"rk|ho" + r"me|Us" + r"ers)/[\w.]|registry\.npm" + r"js|deb\.deb" + r"ian")


def tracked(root):
    """All files that are, or could be, in the repository, as paths relative to its root."""
    try:
        listed = subprocess.run(
            ["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        names = [name for name in listed.decode().split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        names = walked(root)
    return sorted(name for name in names if os.path.isfile(os.path.join(root, name)))


def walked(root):
    """The same without git: for a source archive."""
    names = []
    for folder, folders, files in os.walk(root):
        folders[:] = [f for f in folders
                      if f not in (".git", "run", "node_modules", "__pycache__")
                      and not f.startswith("build")]
        names += [os.path.relpath(os.path.join(folder, file), root) for file in files]
    return names


def read_lines(root, name):
    try:
        with open(os.path.join(root, name), encoding="utf-8") as file:
            return file.read().split("\n")
    except UnicodeDecodeError:
        return []


def sources(root):
    for name in tracked(root):
        if name.endswith((".c", ".h")) and name.split("/")[0] in OURS:
            yield name, read_lines(root, name)


def folder_of(name):
    return "/".join(name.split("/")[:2])


def may_include_ours(folder, wanted):
    """`folder` is lib/x, proc/x or cli/x; `wanted` the included path from the root."""
    target = folder_of(wanted)
    if target == folder:
        return True
    if not target.startswith("lib/"):
        return False
    if folder.startswith("lib/"):
        allowed = arrows.LIBRARIES.get(folder[4:], [])
    else:
        allowed = arrows.PROGRAMS.get(folder, [])
    return target[4:] in allowed


def may_include_foreign(folder, header):
    for owner, headers in arrows.FOREIGN.items():
        for known in headers:
            if header == known or (not known.endswith(".h") and header.startswith(known)):
                return owner == folder
    return header in arrows.SYSTEM or header.startswith(arrows.SYSTEM_FOLDERS)


def check_includes(root):
    """Every #include against the arrows, every foreign header in its one folder."""
    for name, lines in sources(root):
        fenced = name.startswith(("lib/", "proc/", "cli/"))
        for number, line in enumerate(lines, 1):
            match = re.match(r'\s*#\s*include\s+(["<])([^">]+)[">]', line)
            if not match:
                continue
            quote, header = match.groups()
            if quote == '"' and not os.path.isfile(os.path.join(root, header)):
                yield name, number, f'"{header}" is not written from the root'
            elif fenced and quote == '"' and not may_include_ours(folder_of(name), header):
                yield name, number, f'{folder_of(name)} may not know "{header}"'
            elif fenced and quote == "<" and not may_include_foreign(folder_of(name), header):
                yield name, number, f"<{header}> has no place in {folder_of(name)}"


def check_own_header_first(root):
    """A .c file with a header of its own includes it first, which proves it self-contained."""
    for name, lines in sources(root):
        own = name[:-2] + ".h"
        if not name.endswith(".c") or not os.path.isfile(os.path.join(root, own)):
            continue
        first = next((line for line in lines if line.startswith("#include")), "")
        if first != f'#include "{own}"':
            yield name, 1, f'does not include "{own}" first'


def table_lines(lines):
    """The set of line numbers inside initialisers: tables are exempt from the length rules."""
    inside, numbers, indent = False, set(), ""
    for number, line in enumerate(lines, 1):
        if inside:
            numbers.add(number)
            inside = not (line.startswith(indent + "}") and line.rstrip().endswith(";"))
        elif line.rstrip().endswith("= {"):
            inside = True
            indent = line[:len(line) - len(line.lstrip())]
    return numbers


def check_lengths(root):
    """Files and functions a person can hold in mind; lines that fit a window."""
    for name, lines in sources(root):
        tables = table_lines(lines)
        if len(lines) - len(tables) > FILE_LINES_MAX:
            yield name, 1, f"{len(lines) - len(tables)} lines, more than {FILE_LINES_MAX}"
        begin = None
        for number, line in enumerate(lines, 1):
            if len(line) > COLUMNS_MAX and '"' not in line:
                yield name, number, f"{len(line)} columns, more than {COLUMNS_MAX}"
            if line == "{":
                begin = number
            elif line == "}" and begin is not None:
                length = len([n for n in range(begin, number + 1) if n not in tables])
                if length > FUNCTION_LINES_MAX:
                    yield name, begin, f"function of {length} lines, more than {FUNCTION_LINES_MAX}"
                begin = None


def check_names(root):
    """No drawer for what has no place."""
    for name in tracked(root):
        if FORBIDDEN_NAMES.search(os.path.basename(name)):
            yield name, 1, "a name that says nothing"


def check_essays(root):
    """Every source says at its top what it is for."""
    for name, lines in sources(root):
        if name.startswith(("tests/unit/", "tests/process/")):
            continue
        text = [line for line in lines if line.strip() and line != "#pragma once"]
        if not text or not text[0].startswith("/*"):
            yield name, 1, "does not begin by saying what it is for"
        if name.endswith(".h") and (not lines or lines[0] != "#pragma once"):
            yield name, 1, "has no #pragma once on its first line"


def check_process_essays(root):
    """A process states what it holds, whom it talks to and what it may do, before its code."""
    for name, lines in sources(root):
        if not re.fullmatch(r"proc/\w+/main\.c", name):
            continue
        essay = " ".join(lines[:40]).lower()
        for question in ("hold", "talk", "may"):
            if question not in essay:
                yield name, 1, f'its essay does not say what it "{question}"s'


def check_words(root):
    """Nothing unfinished, nothing that belongs to one machine."""
    for name in tracked(root):
        if name.startswith(("tests/fuzz/seeds/", "tests/vectors/")):
            continue
        for number, line in enumerate(read_lines(root, name), 1):
            if UNFINISHED.search(line):
                yield name, number, "unfinished: " + line.strip()[:60]
            if FOREIGN_PLACES.search(line):
                yield name, number, "a place on one machine, or a registry: " + line.strip()[:60]


def check_d14_contacts(root):
    """doc/threats.md D14: nobody asks a registry whom a name belongs to (dead since 2025-07-15)."""
    for name, lines in sources(root):
        for number, line in enumerate(lines, 1):
            if name.startswith(("lib/", "proc/", "cli/")) and re.search(r"whois|rdap", line, re.IGNORECASE):
                yield name, number, "a way to registry contacts: " + line.strip()[:60]


def check_commands(root):
    """Each command of ecert has examples, and a description of what it gives with --json."""
    table = "\n".join(read_lines(root, "cli/ecert/commands.c"))
    examples = "\n".join(read_lines(root, "cli/ecert/examples.c"))
    schema = "\n".join(read_lines(root, "doc/schema/ecert.schema.json"))
    for noun, verb in re.findall(r'\{ "([a-z]+)", (?:"([a-z]+)"|NULL), (?:NETWORK\()?command_(?!manual)', table):
        words = f"{noun} {verb}".strip()
        if f'{{ "{words}", "ecert {words}' not in re.sub(r",\s+", ", ", examples):
            yield "cli/ecert/examples.c", 1, f'no example of "ecert {words}"'
        if f'"{words}": {{' not in schema:
            yield "doc/schema/ecert.schema.json", 1, f'no schema of "ecert {words}"'


def check_conditionals(root):
    """Optional features are different files chosen by the build; only lib/base/os_* may ask."""
    for name, lines in sources(root):
        if not name.startswith(("lib/", "proc/", "cli/")) or name.startswith("lib/base/os_"):
            continue
        for number, line in enumerate(lines, 1):
            if re.match(r"\s*#\s*(if|ifdef|ifndef|elif)\b", line):
                yield name, number, "conditional compilation: " + line.strip()


def check_scripts(root):
    """Scripts stop at the first error, and are executable."""
    for name in tracked(root):
        lines = read_lines(root, name)
        if not lines or not re.match(r"#!.*\bbash$", lines[0]):
            continue
        if not any(line.startswith("set -euo pipefail") for line in lines):
            yield name, 1, "has no set -euo pipefail"
        if not os.access(os.path.join(root, name), os.X_OK):
            yield name, 1, "is not executable"


def check_threats(root):
    """Whoever cites a threat finds its row, and a row's tests exist; those of domains and signer are named for it."""
    page = "\n".join(read_lines(root, "doc/threats.md"))
    rows = set(re.findall(r"^\| ([DPSRK]\d+) \|", page, re.MULTILINE))
    paths = r"(?:unit|process|journey|fuzz|tidy)/[\w/]+\.(?:c|py)"
    for row in [f"D{number}" for number in range(1, 32) if number not in (10, 11)] + [f"S{number}" for number in range(1, 19)]:
        if row not in rows:
            yield "doc/threats.md", 1, f"there is no row {row}"
    for row, rest in re.findall(r"^\| ([DS]\d+) \|(.*)", page, re.MULTILINE):
        texts = "\n".join(line for path in re.findall(paths, rest)
                          for line in read_lines(root, "tests/" + path))
        if not re.search(rf"(?:void|def) (?:\w+_)?{row.lower()}_", texts):
            yield "doc/threats.md", 1, f"no test is named for {row}"
    for path in re.findall(paths, page):
        if not os.path.isfile(os.path.join(root, "tests", path)):
            yield "doc/threats.md", 1, f"no such test: {path}"
    for name, lines in sources(root):
        for number, line in enumerate(lines, 1):
            cited = re.search(r"doc/threats\.md ([DPSRK]\d+(?:(?:, | to | and )[DPSRK]\d+)*)", line)
            for row in re.findall(r"[DPSRK]\d+", cited.group(1)) if cited else []:
                if row not in rows:
                    yield name, number, f"doc/threats.md has no row {row}"


def main(check, root):
    offences = 0
    for name, number, what in globals()["check_" + check](root):
        print(f"{name}:{number}: {what}")
        offences += 1
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
