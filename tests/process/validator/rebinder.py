"""A name server whose names have a harmless address at one question and an internal one at the next,
both to be forgotten at once (doc/threats.md D8)."""
import itertools
import socket
import struct
import threading

A, SOA = 1, 6


class Rebinder(threading.Thread):
    def __init__(self, address, outside, inside):
        super().__init__(daemon=True)
        self.addresses = itertools.cycle((outside, inside))
        self.inside_address, self.inside = inside, 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 0))
        self.port = self.socket.getsockname()[1]

    def run(self):
        while True:
            question, client = self.socket.recvfrom(4096)
            end = question.index(b"\0", 12) + 5
            kind, = struct.unpack("!H", question[end - 4:end - 2])
            answers, authority, record = 0, 1, self.authority()
            if kind == A:
                answers, authority, record = 1, 0, self.address()
            header = question[:2] + struct.pack("!5H", 0x8580, 1, answers, authority, 0)
            self.socket.sendto(header + question[12:end] + record, client)

    def address(self):
        address = next(self.addresses)
        self.inside += address == self.inside_address
        return b"\xc0\x0c" + struct.pack("!HHIH", A, 1, 0, 4) + socket.inet_aton(address)

    @staticmethod
    def authority():
        data = b"\0\0" + struct.pack("!5I", 1, 1, 1, 1, 0)
        return b"\xc0\x0c" + struct.pack("!HHIH", SOA, 1, 0, len(data)) + data
