#!/usr/bin/env python3
"""Requests that mean the same in BER and are not DER, each signed anew so that nothing but strictness
can refuse it; and what else people put into one (doc/threats.md D26).

    csr_laxity.py CSR_ANSWERS
"""
import os
import subprocess
import sys
import tempfile
import unittest

CONSTRUCTED = 0x20
EXTENSION_REQUEST = bytes.fromhex("06092a864886f70d01090e")
CHALLENGE_PASSWORD = bytes.fromhex("06092a864886f70d010907")
NAUGHTY = ["'; DROP TABLE enrolment; --", '" OR ""="', "<script>alert(1)</script>", "\u202egnp.exe", "%n%n%n%n",
           "../../../../etc/passwd", "${jndi:ldap://x.example.com}", "\r\nBcc: x@example.com", "\0", "\U0001f4a9",
           "{{7*7}}", "A" * 4000]


class Node:
    """One element: a tag, and children or bytes."""

    def __init__(self, tag, content):
        self.tag, self.content = tag, content

    @property
    def constructed(self):
        return isinstance(self.content, list)


def parse(data):
    nodes = []
    while data:
        tag, length, at = data[0], data[1], 2
        if length >= 0x80:
            at += length & 0x7f
            length = int.from_bytes(data[2:at], "big")
        content = data[at:at + length]
        nodes.append(Node(tag, parse(content) if tag & CONSTRUCTED else content))
        data = data[at + length:]
    return nodes


def length_of(count):
    if count < 128:
        return bytes([count])
    size = (count.bit_length() + 7) // 8
    return bytes([0x80 | size]) + count.to_bytes(size, "big")


def encode(node, odd=None, way=None):
    """DER, but for the one odd node, which is written in another way."""
    content = b"".join(encode(child, odd, way) for child in node.content) if node.constructed else node.content
    if node is odd:
        return way(node.tag, content)
    return bytes([node.tag]) + length_of(len(content)) + content


def every(node):
    yield node
    for child in node.content if node.constructed else ():
        yield from every(child)


def long_length(tag, content):
    return bytes([tag, 0x84]) + len(content).to_bytes(4, "big") + content


def indefinite(tag, content):
    return bytes([tag, 0x80]) + content + b"\0\0"


def with_more(tag, content):
    return bytes([tag]) + length_of(len(content) + 2) + content + b"\5\0"


def in_pieces(tag, content):
    inner = b"".join(bytes([tag]) + length_of(len(part)) + part for part in (content[:1], content[1:]))
    return bytes([tag | CONSTRUCTED]) + length_of(len(inner)) + inner


def with_zero(tag, content):
    return bytes([tag]) + length_of(len(content) + 1) + b"\0" + content


def with_padding(tag, content):
    return bytes([tag]) + length_of(len(content) + 1) + b"\x80" + content


# How an element may be written otherwise, and which elements it can be done to.
WAYS = [(long_length, lambda node: True), (indefinite, lambda node: node.constructed),
        (with_more, lambda node: node.constructed),
        (in_pieces, lambda node: node.tag in (0x03, 0x04, 0x0c, 0x13, 0x16) and len(node.content) > 1),
        (with_zero, lambda node: node.tag == 0x02), (with_padding, lambda node: node.tag == 0x06)]


class LaxityTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.key = folder.name + "/key"
        subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out",
                        cls.key], check=True, capture_output=True)
        der = subprocess.run(["openssl", "req", "-new", "-key", cls.key, "-subj", "/O=Shop/CN=www.shop.example.com",
                              "-addext", "subjectAltName=DNS:www.shop.example.com", "-outform", "DER"],
                             check=True, capture_output=True).stdout
        (cls.request,) = parse(der)
        cls.info, cls.algorithm, _ = cls.request.content

    def signed(self, info):
        signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.key], input=info, check=True,
                                   capture_output=True).stdout
        content = info + encode(self.algorithm) + b"\3" + length_of(len(signature) + 1) + b"\0" + signature
        return b"\x30" + length_of(len(content)) + content

    def answers(self, requests):
        return subprocess.run([PROGRAM], input="".join(one.hex() + "\n" for one in requests), check=True,
                              capture_output=True, text=True).stdout.split()

    def with_attributes(self, *attributes):
        """The request's information with these attributes in place of its own."""
        *fields, _ = self.info.content
        return self.signed(encode(Node(0x30, [*fields, Node(0xa0, list(attributes))])))

    @staticmethod
    def password(text, tag=0x0c):
        return Node(0x30, [Node(0x06, CHALLENGE_PASSWORD[2:]), Node(0x31, [Node(tag, text.encode())])])

    def test_d26_the_request_itself_is_accepted(self):
        self.assertEqual(self.answers([self.signed(encode(self.info)), encode(self.request)]), ["ok", "ok"])

    def test_d26_every_element_in_every_other_form_is_refused(self):
        requests, what = [], []
        for node in every(self.info):
            for way, applies in WAYS:
                if applies(node):
                    requests.append(self.signed(encode(self.info, node, way)))
                    what.append((way.__name__, hex(node.tag)))
        for node in every(self.request):
            if node not in list(every(self.info)):
                for way in (long_length, indefinite, with_more):
                    if applies_to(way, node):
                        requests.append(encode(self.request, node, way))
                        what.append((way.__name__, hex(node.tag), "outside"))
        requests += [encode(self.request) + b"\0", encode(self.request) * 2, b"\0" + encode(self.request)]
        said = self.answers(requests)
        self.maxDiff = None
        self.assertGreater(len(requests), 60)
        self.assertEqual([one for one in zip(what, said) if one[1] == "ok"], [])
        self.assertNotIn("ok", said)

    def test_d26_attributes_twice_or_out_of_order_are_refused(self):
        own = self.info.content[3].content[0]
        self.assertEqual(own.content[0].content, EXTENSION_REQUEST[2:])
        twice = [self.with_attributes(own, own),
                 self.with_attributes(Node(0x30, [own.content[0], Node(0x31, own.content[1].content * 2)])),
                 self.with_attributes(self.password("x"), own, self.password("x"))]
        self.assertNotIn("ok", self.answers(twice))

    def test_d26_what_people_write_into_a_request_harms_nobody(self):
        said = self.answers([self.with_attributes(self.info.content[3].content[0], self.password(text))
                             for text in NAUGHTY])
        self.assertLessEqual(set(said), {"ok", "csr.der", "csr.attributes", "csr.too_long"})


def applies_to(way, node):
    return dict(WAYS)[way](node)


PROGRAM = os.path.abspath(sys.argv.pop())
if __name__ == "__main__":
    unittest.main(verbosity=2)
