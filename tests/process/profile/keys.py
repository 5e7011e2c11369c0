"""The keys of the matrix: good ones by OpenSSL, weak ones by arithmetic from a fixed seed.

Subjects are certificate requests, issuers private keys. A weak key's request may have any signature: keys are
looked at first."""
import functools
import hashlib
import os
import random
import re
import subprocess

from der import Element, bits, integer, oid, parse, seq, NULL

GOOD = ("rsa2048", "rsa3072", "rsa4096", "p256", "p384")
RSA = "1.2.840.113549.1.1.1"
EC = "1.2.840.10045.2.1"
P256 = "1.2.840.10045.3.1.7"
SMALL_PRIMES = [n for n in range(3, 750) if all(n % d for d in range(2, int(n ** 0.5) + 1))]


def run(*command, stdin=None):
    return subprocess.run(command, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True).stdout


def is_prime(number):
    if any(number % prime == 0 for prime in SMALL_PRIMES):
        return False
    return all(pow(base, number - 1, number) == 1 for base in (2, 3, 5, 7))


def next_prime(number, step=2):
    while not is_prime(number):
        number += step
    return number


class Weak:
    """Primes p, q of 1024 bits whose product has 2048."""

    def __init__(self):
        self.random = random.Random("weak keys of the profile matrix")

    def odd(self, size):
        return self.random.getrandbits(size) | 3 << (size - 2) | 1

    @functools.cached_property
    def p(self):
        return next_prime(self.odd(1024))

    def fermat(self):
        return self.p, next_prime(self.p + 2)

    def roca(self):
        """CVE-2017-15361: p = k * M + (65537^a mod M), M the product of the first primes."""
        product = 2
        for prime in SMALL_PRIMES[:125]:
            product *= prime
        primes = []
        while len(primes) < 2:
            start = self.odd(1024) // product * product + pow(65537, self.random.getrandbits(64), product)
            while start.bit_length() == 1024 and not is_prime(start):
                start += product
            if start.bit_length() == 1024:
                primes.append(start)
        return primes[0], primes[1]

    def factor(self):
        return 751 * next_prime(self.odd(2038))

    def power(self):
        """A prime's cube."""
        return next_prime(self.random.getrandbits(676) | 12 << 679 | 1) ** 3


def rsa_spki(modulus, exponent=65537):
    return seq(seq(oid(RSA), NULL), bits(seq(integer(modulus), integer(exponent)).bytes()))


def rsa_private(p, q, exponent=65537):
    d = pow(exponent, -1, (p - 1) * (q - 1))
    parts = (0, p * q, exponent, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p))
    return seq(*[integer(part) for part in parts]).bytes()


def ec_private(secret):
    """SEC 1, P-256; OpenSSL adds the point."""
    return seq(integer(1), Element(0x04, secret.to_bytes(32, "big")), Element(0xa0, parts=[oid(P256)])).bytes()


class Keys:
    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder)
        self.weak = Weak()
        self.private, self.spki = {}, {}
        self.make()

    def path(self, name):
        return os.path.join(self.folder, name)

    def make(self):
        generated = {"rsa1024": ("RSA", "rsa_keygen_bits:1024"), "rsa2047": ("RSA", "rsa_keygen_bits:2047"),
                     "rsa2048": ("RSA", "rsa_keygen_bits:2048"), "rsa3072": ("RSA", "rsa_keygen_bits:3072"),
                     "rsa4096": ("RSA", "rsa_keygen_bits:4096"), "rsa-pss": ("RSA-PSS", "rsa_keygen_bits:2048"),
                     "p256": ("EC", "ec_paramgen_curve:P-256"), "p384": ("EC", "ec_paramgen_curve:P-384"),
                     "p521": ("EC", "ec_paramgen_curve:P-521"), "p224": ("EC", "ec_paramgen_curve:P-224"),
                     "secp256k1": ("EC", "ec_paramgen_curve:secp256k1"), "ed25519": ("ED25519", None)}
        for name, (algorithm, option) in generated.items():
            self.keep(name, run("openssl", "genpkey", "-algorithm", algorithm, *(["-pkeyopt", option] if option else [])))
        for name, private in (("rsa2048-fermat", rsa_private(*self.weak.fermat())),
                              ("rsa2048-roca", rsa_private(*self.weak.roca()))):
            self.keep(name, run("openssl", "rsa", "-inform", "DER", stdin=private))
        self.keep("p256-small", run("openssl", "pkcs8", "-topk8", "-nocrypt", "-inform", "PEM",
                                    stdin=run("openssl", "ec", "-inform", "DER", stdin=ec_private(5))))
        template = self.requests()
        for name, spki in self.broken().items():
            request = parse(template)
            request[0].parts[2] = spki
            self.write(name + ".csr.der", request.bytes())

    def keep(self, name, pem):
        self.private[name] = pem
        self.spki[name] = run("openssl", "pkey", "-pubout", "-outform", "DER", stdin=pem)

    def requests(self):
        """Of each key that OpenSSL has; gives one to be bent."""
        for name, pem in self.private.items():
            key = self.write("key", pem)
            der = run("openssl", "req", "-new", "-key", key, "-subj", "/CN=www.shop.example.com", "-outform", "DER")
            os.unlink(key)
            self.write(name + ".csr.der", der)
        self.rsa8192()
        return der

    def rsa8192(self):
        """Four primes of two keys, since one of 4096 bits takes long to find."""
        modulus = 0
        while modulus.bit_length() != 8192:
            keys = [self.numbers(run("openssl", "genrsa", "4096")) for _ in range(2)]
            modulus = keys[0]["modulus"] * keys[1]["modulus"]
        phi = 1
        for key in keys:
            phi *= (key["prime1"] - 1) * (key["prime2"] - 1)
        self.sign_request("rsa8192", modulus, pow(65537, -1, phi))

    @staticmethod
    def numbers(pem):
        text = run("openssl", "rsa", "-text", "-noout", stdin=pem).decode()
        return {name: int("".join(digits.split()).replace(":", ""), 16)
                for name, digits in re.findall(r"^(modulus|prime1|prime2):\n((?: +[0-9a-f:]+\n)+)", text, re.M)}

    def sign_request(self, name, modulus, exponent):
        """PKCS #1 v1.5 with SHA-256, by hand."""
        spki = rsa_spki(modulus)
        self.spki[name] = spki.bytes()
        body = seq(integer(0), seq(), spki, Element(0xa0, parts=[]))
        digest = seq(seq(oid("2.16.840.1.101.3.4.2.1"), NULL), Element(0x04, hashlib.sha256(body.bytes()).digest()))
        size = (modulus.bit_length() + 7) // 8
        padded = b"\x00\x01" + b"\xff" * (size - 3 - len(digest.bytes())) + b"\x00" + digest.bytes()
        signature = pow(int.from_bytes(padded, "big"), exponent, modulus).to_bytes(size, "big")
        request = seq(body, seq(oid("1.2.840.113549.1.1.11"), NULL), bits(signature))
        self.write(name + ".csr.der", request.bytes())

    def broken(self):
        """SubjectPublicKeyInfos that no private key goes with, or none that is wanted."""
        good = parse(self.spki["p256"])
        point = good[1].value[1:]
        modulus = int.from_bytes(parse(parse(self.spki["rsa2048"])[1].value[1:])[0].value, "big")
        off = point[:-1] + bytes([point[-1] ^ 1])
        return {
            "rsa2048-e3": rsa_spki(modulus, 3),
            "rsa2048-even": rsa_spki(modulus - 1),
            "rsa2048-factor": rsa_spki(self.weak.factor()),
            "rsa2048-power": rsa_spki(self.weak.power()),
            "rsa2048-no-null": seq(seq(oid(RSA)), parse(self.spki["rsa2048"])[1]),
            "p256-off": seq(good[0], bits(off)),
            "p256-compressed": seq(good[0], bits(bytes([2 + (point[-1] & 1)]) + point[1:33])),
            "p256-infinity": seq(good[0], bits(b"\x00")),
        }

    def write(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content)
        return self.path(name)

    def issuers(self, names):
        for name in names:
            self.write(name + ".pem", self.private[name])
