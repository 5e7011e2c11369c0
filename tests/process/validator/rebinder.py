"""A name server whose names have a harmless address at one question and an internal one at the next,
both to be forgotten at once (doc/threats.md D8)."""
import itertools
import socket
import struct
import threading

A, SOA = 1, 6


class Rebinder(threading.Thread):
    def __init__(self, address, outside, inside, port=0):
        super().__init__(daemon=True)
        self.own_address, self.addresses = address, itertools.cycle((outside, inside))
        self.inside_address, self.inside = inside, 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, port))
        self.port = self.socket.getsockname()[1]

    def run(self):
        while True:
            question, client = self.socket.recvfrom(4096)
            end = question.index(b"\0", 12) + 5
            kind, = struct.unpack("!H", question[end - 4:end - 2])
            answers, authority, record = 0, 1, self.authority()
            if kind == A:
                own = question[12:16].lower() == b"\2ns\6"   # ns.rebind...: itself, and always there
                answers, authority, record = 1, 0, self.record(self.own_address) if own else self.address()
            header = question[:2] + struct.pack("!5H", 0x8580, 1, answers, authority, 0)
            self.socket.sendto(header + question[12:end] + record, client)

    def address(self):
        address = next(self.addresses)
        self.inside += address == self.inside_address
        return self.record(address)

    @staticmethod
    def record(address):
        return b"\xc0\x0c" + struct.pack("!HHIH", A, 1, 0, 4) + socket.inet_aton(address)

    @staticmethod
    def authority():
        data = b"\0\0" + struct.pack("!5I", 1, 1, 1, 1, 0)
        return b"\xc0\x0c" + struct.pack("!HHIH", SOA, 1, 0, len(data)) + data
