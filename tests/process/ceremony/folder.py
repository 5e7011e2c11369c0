"""Ceremonies as people hold them: folders, scripts, approvals, by `ecertadm` and nothing else; and foreign judges of
what comes out."""
import hashlib
import os
import re
import shutil
import subprocess

SUBJECT = 'country = "HK" state_or_province = "Hong Kong" locality = "Hong Kong" organisation = "Trial Post"'
URL = "http://ca.example.com"
NAMES = ("ann", "ben", "cat")


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def openssl(*words, data=None):
    done = subprocess.run(["openssl", *words], input=data, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.stdout.decode()


class Desk:
    """Where scripts are written and keys of people lie; media are folders on it."""

    def __init__(self, ecertadm, folder):
        self.ecertadm, self.folder, self.count = ecertadm, folder, 0
        os.makedirs(folder, exist_ok=True)
        for name in (*NAMES, "dan", "eve"):
            self.adm("officer", "new", name, "--out", self.path(f"{name}.key"))
        for name in ("primary", "far"):
            openssl("genrsa", "-out", self.path(f"{name}.pem"), "2048")
            openssl("rsa", "-in", self.path(f"{name}.pem"), "-pubout", "-outform", "DER", "-out", self.path(f"{name}.spki"))

    def path(self, name):
        return os.path.join(self.folder, name)

    def adm(self, *words, code=0):
        done = subprocess.run([self.ecertadm, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=120, check=False)
        said = done.stdout.decode() + done.stderr.decode()
        assert done.returncode == code, (words, done.returncode, said)
        return said

    def refused(self, wanted, *words):
        """Exactly this code, in four parts."""
        said = self.adm(*words, code=1)
        assert f"({wanted})" in said, said
        assert said.startswith("ecertadm: ") and "\n  next:  " in said, said
        assert "level=" not in said, said
        return said

    def script(self, journal, *steps, title="A rehearsed ceremony", head=""):
        self.count += 1
        path = self.path(f"script-{self.count}.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f'title = "{title}"\njournal = "{journal}"\nurl = "{URL}"\n{head}\n' + "\n".join(steps) + "\n")
        return path

    def approve(self, script, *names):
        options = []
        for name in names:
            self.count += 1
            path = self.path(f"approval-{self.count}.pem")
            self.adm("ceremony", "approve", script, "--key", self.path(f"{name}.key"), "--out", path)
            options += ["--approval", path]
        return options

    def hold(self, medium, *steps, by=NAMES[:2], **more):
        script = self.script(self.head(medium), *steps, **more)
        self.adm("ceremony", "plan", medium, script)
        return self.adm("ceremony", "run", medium, script, *self.approve(script, *by))

    def head(self, medium):
        """What the journal's head is, as a person learns it."""
        script = self.script("ab" * 32, step("lists", "arl"))
        said = self.refused("ceremony.other_journal", "ceremony", "plan", medium, script)
        return re.search(r"  seen: +(\w+)", said)[1]

    def copy(self, medium, name):
        target = self.path(name)
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(medium, target)
        return target

    def person(self, section, name, more=""):
        return (f'{section} "{name}" {{ name = "{name.title()} Example" spki = "{name}.spki" '
                f'spki_sha256 = "{sha256(self.path(name + ".spki"))}" {more} }}')

    def administrators(self, *names, quorum=2):
        return step("administrators", "administrators", f"quorum = {quorum}",
                    *(self.person("administrator", name) for name in names))

    def roster(self, *issuers, officers=("ann", "ben")):
        listed = ", ".join(f'"{name}"' for name in issuers)
        return step("roster", "roster", f'policy_set = private caa_identity = "ca.example.com" issuers = {{{listed}}}',
                    *(self.person("officer", name) for name in officers),
                    *(f'perspective "{name}" {{ region = "apnic" primary = {primary} spki = "{name}.spki" '
                      f'spki_sha256 = "{sha256(self.path(name + ".spki"))}" }}'
                      for name, primary in (("primary", "true"), ("far", "false"))))

    def file(self, key, path):
        return f'{key} = "{path}" {key}_sha256 = "{sha256(self.path(path))}"'


def step(title, kind, *body):
    return f'step "{title}" {{\n    do = {kind}\n    ' + "\n    ".join(body) + "\n}"


def root(name="root_a", key="p384", common="Trial Root A", years=10):
    return step(f"root {name}", "new_root", f'id = "{name}" name = "{name}" crl_name = "{name}_arl" common_name = "{common}"',
                SUBJECT, f"key = {key} years = {years}")


def issuing_ca(name="ca_1", by="root_a", key="p256", common="Trial CA 1", policy="ov", years=3):
    return step(f"issuing CA {name}", "new_issuing_ca",
                f'id = "{name}" name = "{name}" crl_name = "{name}_crl" common_name = "{common}" by = "{by}"',
                SUBJECT, f"key = {key} years = {years} policy = {policy}")


def crl_pem(medium, name):
    return openssl("crl", "-inform", "DER", "-in", f"{medium}/ca/{name}.crl")


def judged(medium, leaf, roots, between=(), lists=()):
    """What OpenSSL and GnuTLS say of a path, each by itself: both "OK", or what OpenSSL said."""
    folder = os.path.join(os.path.dirname(medium), "judged")
    os.makedirs(folder, exist_ok=True)

    def bundle(name, paths):
        with open(os.path.join(folder, name), "w", encoding="ascii") as out:
            for path in paths:
                with open(path, encoding="ascii") as file:
                    out.write(file.read())
        return os.path.join(folder, name)

    def certificate(name):
        return name if name.endswith(".pem") else f"{medium}/ca/{name}.pem.crt"
    trusted = bundle("trusted", [certificate(name) for name in roots])
    untrusted = bundle("untrusted", [certificate(name) for name in between])
    with open(os.path.join(folder, "lists"), "w", encoding="ascii") as file:
        file.write("".join(crl_pem(medium, name) for name in lists))
    checks = ["-crl_check", "-CRLfile", os.path.join(folder, "lists")] if lists else []
    said = openssl("verify", "-x509_strict", *checks, "-CAfile", trusted, *(["-untrusted", untrusted] if between else []),
                   certificate(leaf))
    chain = bundle("chain", [certificate(name) for name in (leaf, *between)])
    crls = ["--load-crl", os.path.join(folder, "lists")] if lists else []
    second = subprocess.run(["certtool", "--verify", "--load-ca-certificate", trusted, *crls, "--infile", chain],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert (": OK" in said) == (second.returncode == 0), (said, second.stdout.decode())
    return "OK" if ": OK" in said else said
