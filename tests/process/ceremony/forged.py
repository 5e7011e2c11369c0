"""Journals as somebody could write them who has the folder, and no administrator's key: the chain is made of hashes only."""
import base64
import hashlib
import struct
import time

CEREMONY = 9  # lib/journal/chain.h


def der(tag, content):
    length = len(content)
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag]) + (bytes([length]) if length < 128 else bytes([0x80 | len(octets)]) + octets) + content


def sequence(*parts):
    return der(0x30, b"".join(parts))


def integer(value):
    return der(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def octets(value):
    return der(0x04, value)


def text(value):
    return der(0x0c, value.encode())


def statement(path):
    """The DER of an approval's file."""
    with open(path, encoding="ascii") as file:
        return base64.b64decode("".join(line for line in file.read().split("\n") if not line.startswith("-----")))


def unsealed(record):
    """Its DER alone."""
    octets_of_length = record[1] & 0x7f if record[1] & 0x80 else 0
    length = int.from_bytes(record[2:2 + octets_of_length], "big") if octets_of_length else record[1]
    return record[:2 + octets_of_length + length]


def append(path, *made):
    """Records of a ceremony: (what, name, bytes), each hashed onto the one before."""
    with open(path, "rb") as file:
        whole = file.read()
    at, count, last = 0, 0, b""
    while at < len(whole):
        length = struct.unpack(">I", whole[at:at + 4])[0]
        last, at, count = unsealed(whole[at + 4:at + 4 + length]), at + 4 + length, count + 1
    with open(path, "ab") as file:
        for what, name, content in made:
            count += 1
            moment = der(0x18, time.strftime("%Y%m%d%H%M%SZ", time.gmtime()).encode())
            last = sequence(integer(count), moment, integer(CEREMONY), octets(hashlib.sha256(last).digest() if last else bytes(32)),
                            sequence(text(what), text(name), octets(content)))
            file.write(struct.pack(">I", len(last)) + last)


def begun(script, *approvals):
    with open(script, "rb") as file:
        return ("begun", "", sequence(octets(file.read()), sequence(*(statement(path) for path in approvals))))


def administrators(quorum, people):
    """people: (name, public key's file)."""
    def person(name, path):
        with open(path, "rb") as file:
            return sequence(text(name), text(name), octets(file.read()))
    return ("administrators", "administrators", sequence(integer(quorum), sequence(*(person(*one) for one in people))))


ENDED = ("ended", "", b"")
