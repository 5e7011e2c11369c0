"""Three verifiers that share no code with ecert or with each other: OpenSSL, GnuTLS, NSS.

Each judge gets the chain a server would send, the root it trusts, a CRL and an ARL, and says yes or no.
They must be able to say no: certtool looks at CRLs only with --load-crl, vfychain only with -g and -m.
"""
import os
import re
import subprocess

PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", re.S)


class Case:
    """Chain, root and lists, written out as each judge wants them."""

    def __init__(self, directory, chain_pem, root_pem, lists_der):
        os.makedirs(directory, exist_ok=True)
        self.directory = directory
        self.openssl_check = "-crl_check_all"
        self.leaf, *self.others = PEM.findall(chain_pem)
        self.write("chain.pem", chain_pem)
        self.write("leaf.pem", self.leaf)
        self.write("others.pem", b"".join(self.others))
        self.write("root.pem", root_pem)
        for number, der in enumerate(lists_der):
            self.write(f"list{number}.der", der)
        self.lists = [self.path(f"list{number}.der") for number in range(len(lists_der))]
        self.write("lists.pem", b"".join(
            run("openssl", "crl", "-inform", "DER", "-in", path).stdout for path in self.lists))

    def path(self, name):
        return os.path.join(self.directory, name)

    def write(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content)


def run(*command):
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=60, check=False)


def openssl(case):
    said = run("openssl", "verify", "-x509_strict", case.openssl_check, "-purpose", "sslserver",
               "-CAfile", case.path("root.pem"), "-untrusted", case.path("others.pem"),
               "-CRLfile", case.path("lists.pem"), case.path("leaf.pem"))
    return said.returncode == 0, said.stdout.decode()


def gnutls(case):
    said = run("certtool", "--verify", "--verify-profile", "medium", "--verify-purpose",
               "1.3.6.1.5.5.7.3.1", "--load-ca-certificate", case.path("root.pem"),
               "--load-crl", case.path("lists.pem"), "--infile", case.path("chain.pem"))
    return said.returncode == 0, said.stdout.decode()


def nss(case):
    database = "sql:" + case.path("nss")
    os.makedirs(case.path("nss"), exist_ok=True)
    run("certutil", "-N", "-d", database, "--empty-password")
    run("certutil", "-A", "-d", database, "-n", "root", "-t", "C,,", "-i", case.path("root.pem"))
    certificates = []
    for number, pem in enumerate([case.leaf, *case.others]):
        case.write(f"{number}.pem", pem)
        run("openssl", "x509", "-in", case.path(f"{number}.pem"), "-outform", "DER",
            "-out", case.path(f"{number}.der"))
        certificates.append(case.path(f"{number}.der"))
        if number > 0:
            run("certutil", "-A", "-d", database, "-n", f"intermediate {number}", "-t", ",,",
                "-i", case.path(f"{number}.pem"))
    # The root's list first: an intermediate's can only be checked under a chain that holds.
    for path in reversed(case.lists):
        said = run("crlutil", "-I", "-d", database, "-t", "1", "-i", path)
        if said.returncode != 0:
            return False, "crlutil: " + said.stdout.decode()
    said = run("vfychain", "-d", database, "-pp", "-u", "1", "-g", "leaf", "-m", "crl",
               "-g", "chain", "-m", "crl", *certificates)
    return said.returncode == 0 and b"Chain is good!" in said.stdout, said.stdout.decode()


JUDGES = {"OpenSSL": openssl, "GnuTLS": gnutls, "NSS": nss}
