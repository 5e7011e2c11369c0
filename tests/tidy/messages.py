#!/usr/bin/env python3
"""Every message id that the program can show has a text in every language.

    messages.py SOURCE_ROOT

Looked for: ids in templates ({{t id}}), and message ids in C: the families below, which are what
subscribers meet; ids of the other families go to logs and to the operator. What happened needs C, an
error also C.next (what to do). A text must hold the same placeholders in every language.
"""
import pathlib
import re
import sys

LANGUAGES = ["en", "zh_HK", "zh_CN"]
# First words of ids that reach a page, the API, a letter or a mail.
FAMILIES = {"api", "asset", "certstore", "console", "chain", "check", "deploy", "endpoint", "handshake", "crl", "install", "pfx", "remote", "tool", "tsig", "update", "usage", "watch", "ocsp",
            "caa", "certificate", "confirm", "csr", "dcv", "enrolment", "field", "form", "json", "key", "login", "name",
            "page", "preview", "quorum", "session", "step", "type", "warrant", "zone"}
# Ids with a family's word that are events of the log and the audit trail, or names of other things.
NOT_SHOWN = re.compile(
    r"^(certificate\.(issued|accepted|declined|refused|requested|reserved|abandoned|revok\w+|pem|cer|p7b|published)"
    r"|crl\.(entry_lost|issuer|window)|key\.file|chain\.(pem|before)|enrolment\.(advanced|attempt|login|opened|pin_made|rejected|moved|spki_hash)|key\.(pasted|blocked_add|registered|removed|login)|key\.pem"
    r"|login\.(all|throttled_network))$")
# What is no error has nothing to be done about.
FAMILIES_OF_ERRORS = {"certstore", "chain", "check", "deploy", "endpoint", "handshake", "crl", "install", "pfx", "remote", "tsig", "update", "usage", "watch", "ocsp", "csr", "form", "json", "key", "name", "session", "warrant"}
GOOD = re.compile(r"^(caa\.(absent|authorises|unrestricted|lookup_insecure)|dcv\.txt_found|csr\.(title|lead|paste|file|"
                  r"preview|name_rule|key_warning|signer_refused)|certificate\.(issued|none)?)$")


def catalogue(path):
    texts = {}
    name = None
    for line in path.read_text(encoding="utf-8").splitlines():
        if match := re.match(r'(msgid|msgstr) "(.*)"$', line):
            if match.group(1) == "msgid":
                name = match.group(2)
            else:
                texts[name] = match.group(2)
        elif (match := re.match(r'"(.*)"$', line)) and name:
            texts[name] += match.group(1)
    return texts


def wanted(root):
    """Yields (id, where) for every id in templates and C."""
    for path in sorted((root / "web/templates").glob("*.html")):
        for name in re.findall(r"\{\{t ([a-z][a-z0-9_.]*)\}\}", path.read_text(encoding="utf-8")):
            yield name, path.name
    for folder in ("lib", "proc", "cli/ecert"):
        for path in sorted((root / folder).rglob("*.c")):
            if "lint" in path.parts:
                continue  # a rule's id, told to operators
            source = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.S)
            source = re.sub(r"(log_event|log_failure|store_audit_add(_id)?)\s*\([^;]*;", "", source)
            for name in re.findall(r'"([a-z]+\.[a-z][a-z0-9_.-]*[a-z0-9])"', source):
                if name.split(".")[0] in FAMILIES and not NOT_SHOWN.match(name):
                    yield name, str(path.relative_to(root))


def options(root):
    """Yields (id, where) for every option of ecert."""
    for path in sorted((root / "cli/ecert").glob("*.c")):
        for name in re.findall(r'\{\s*"([a-z0-9-]+)",\s*OPTION_[A-Z]+,', path.read_text(encoding="utf-8")):
            yield "tool.option." + name, path.name


def commands(root):
    """Yields (id, where) for what a manual page says of each command of ecert, beside its summary."""
    path = root / "cli/ecert/commands.c"
    for name in re.findall(r'"tool\.help_([a-z_]+)"', path.read_text(encoding="utf-8")):
        yield "tool.manual_" + name, path.name


def main():
    root = pathlib.Path(sys.argv[1])
    texts = {language: catalogue(root / "web/po" / (language + ".po")) for language in LANGUAGES}
    faults = set()
    for name, where in [*wanted(root), *options(root), *commands(root)]:
        names = [name]
        if where.endswith(".c") and name.split(".")[0] in FAMILIES_OF_ERRORS and not GOOD.match(name):
            names.append(name + ".next")
        for language in LANGUAGES:
            faults |= {"%s: %s: no text (%s)" % (language, n, where) for n in names if not texts[language].get(n)}
    for name, english in texts["en"].items():
        if not name:
            continue  # the header
        for language in LANGUAGES[1:]:
            other = texts[language].get(name)
            if not other:
                faults.add("%s: %s: no text" % (language, name))
            elif set(re.findall(r"\{[a-z_.]+\}", other)) - set(re.findall(r"\{[a-z_.]+\}", english)):
                faults.add("%s: %s: a placeholder that English does not have" % (language, name))
    for language in LANGUAGES[1:]:
        faults |= {"en: %s: only in %s" % (n, language) for n in texts[language] if n not in texts["en"]}
    for fault in sorted(faults):
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
