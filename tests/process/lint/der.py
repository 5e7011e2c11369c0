"""DER as a tree that tests may bend: elements are read, changed in place and written out again with
right lengths, or with wrong ones where that is the point."""


class Element:
    """One element: `parts` where it is constructed, else `value`. `header` overrides tag and length."""

    def __init__(self, tag, value=b"", parts=None, header=None):
        self.tag, self.value, self.parts, self.header = tag, value, parts, header

    def content(self):
        return self.value if self.parts is None else b"".join(p.bytes() for p in self.parts)

    def bytes(self):
        content = self.content()
        if self.header is not None:
            return self.header(self.tag, len(content)) + content
        return bytes([self.tag]) + length(len(content)) + content

    def __getitem__(self, at):
        return self.parts[at]


def length(count):
    if count < 0x80:
        return bytes([count])
    octets = count.to_bytes((count.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(octets)]) + octets


def long_length(tag, count):
    """A header with one octet of length too many."""
    octets = count.to_bytes(3, "big")
    return bytes([tag, 0x83]) + octets


def read_all(data):
    elements = []
    while data:
        element, data = read(data)
        elements.append(element)
    return elements


def read(data):
    tag, count, at = data[0], data[1], 2
    if count & 0x80:
        at = 2 + (count & 0x7f)
        count = int.from_bytes(data[2:at], "big")
    content, rest = data[at:at + count], data[at + count:]
    if len(content) != count:
        raise ValueError("cut off")
    if tag & 0x20:
        return Element(tag, parts=read_all(content)), rest
    return Element(tag, content), rest


def parse(data):
    element, rest = read(data)
    assert not rest
    return element


def seq(*parts):
    return Element(0x30, parts=list(parts))


def set_of(*parts):
    return Element(0x31, parts=list(parts))


def explicit(number, *parts):
    return Element(0xa0 | number, parts=list(parts))


def implicit(number, value):
    return Element(0x80 | number, value)


def integer(number):
    if isinstance(number, bytes):
        return Element(0x02, number)
    return Element(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def boolean(truth):
    return Element(0x01, b"\xff" if truth else b"\x00")


def octets(value):
    return Element(0x04, value.bytes() if isinstance(value, Element) else value)


def bits(value, unused=0):
    return Element(0x03, bytes([unused]) + value)


def enumerated(number):
    return Element(0x0a, bytes([number]))


NULL = Element(0x05)


def oid(dotted):
    arcs = [int(arc) for arc in dotted.split(".")]
    out = b""
    for arc in [arcs[0] * 40 + arcs[1]] + arcs[2:]:
        octet = bytes([arc & 0x7f])
        while arc > 0x7f:
            arc >>= 7
            octet = bytes([0x80 | (arc & 0x7f)]) + octet
        out += octet
    return Element(0x06, out)


def utf8(text):
    return Element(0x0c, text.encode())


def printable(text):
    return Element(0x13, text.encode())


def ia5(text):
    return Element(0x16, text.encode())


def utc(text):
    return Element(0x17, text.encode())


def general(text):
    return Element(0x18, text.encode())


def extension(dotted, value, critical=False):
    parts = [oid(dotted)] + ([boolean(True)] if critical else []) + [octets(value)]
    return seq(*parts)


class Signed:
    """A certificate or a list, by its fields."""

    def __init__(self, data):
        self.root = parse(data)

    def bytes(self):
        return self.root.bytes()

    @property
    def tbs(self):
        return self.root[0]

    def wrapper(self):
        return next((p for p in self.tbs.parts if p.tag in (0xa3, 0xa0) and p.parts[0].tag == 0x30), None)

    @property
    def extensions(self):
        return self.wrapper()[0].parts

    def find(self, dotted):
        wanted = oid(dotted).value
        return next((e for e in self.extensions if e[0].value == wanted), None)

    def drop(self, dotted):
        self.extensions.remove(self.find(dotted))

    def put(self, dotted, value, critical=False):
        """Replaces the extension where it stands, or adds it at the end."""
        new, old = extension(dotted, value, critical), self.find(dotted)
        if old is None:
            self.extensions.append(new)
        else:
            self.extensions[self.extensions.index(old)] = new

    def value(self, dotted):
        return parse(self.find(dotted)[-1].value)

    def criticality(self, dotted, critical):
        self.put(dotted, self.find(dotted)[-1].value, critical)


class Certificate(Signed):
    """Fields of a version 3 certificate."""
    VERSION, SERIAL, ALGORITHM, ISSUER, VALIDITY, SUBJECT, KEY = range(7)

    def field(self, which):
        return self.tbs[which]

    def set(self, which, element):
        self.tbs.parts[which] = element

    @property
    def subject(self):
        return self.field(self.SUBJECT).parts

    def attribute(self, dotted):
        wanted = oid(dotted).value
        return next((rdn for rdn in self.subject if rdn[0][0].value == wanted), None)

    def put_attribute(self, dotted, value, at=None):
        new, old = set_of(seq(oid(dotted), value)), self.attribute(dotted)
        if old is not None:
            self.subject[self.subject.index(old)] = new
        else:
            self.subject.insert(len(self.subject) if at is None else at, new)

    def drop_attribute(self, dotted):
        self.subject.remove(self.attribute(dotted))


class List(Signed):
    """Fields of a version 2 list that has entries."""
    VERSION, ALGORITHM, ISSUER, THIS, NEXT, ENTRIES = range(6)

    @property
    def entries(self):
        return self.tbs[self.ENTRIES].parts
