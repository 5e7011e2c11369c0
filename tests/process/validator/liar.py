"""A name server on whose way somebody stands who lacks one thing each time: before each true answer,
relayed from Knot, forged ones arrive with a wrong number, from another port or address, with the
letters of the question in another case, or to another question; and the true one says more than it
was asked (doc/threats.md D1)."""
import select
import socket
import struct
import threading

TXT, CAA, OPT = 16, 257, 41
QUERY_HEADER = struct.Struct("!6H")


def encode(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.strip(".").split(".")) + b"\0"


def resource(owner, kind, data):
    return owner + struct.pack("!HHIH", kind, 1, 60, len(data)) + data


class Liar(threading.Thread):
    """Answers on its own port for the server at `truth`; `value` is what the forger wants believed, and
    `gift` are records (owner, type, data) of names that are not the server's to speak of."""

    def __init__(self, address, truth, value, port=0, elsewhere=None, gift=(), forgeries=40):
        super().__init__(daemon=True)
        self.truth, self.value, self.gift = truth, value.encode(), gift
        self.forgeries, self.forged, self.sizes = forgeries, 0, set()
        self.near = None   # how he gets the name wrong where he has number and port at once
        self.mixed = 0     # questions with letters of both cases
        self.questions = self.bound(address, port)
        self.sides = [self.bound(address, 0)] + ([self.bound(elsewhere, port)] if elsewhere else [])
        self.server = self.bound(address, 0)
        self.server.settimeout(2)
        self.streams = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.port = self.questions.getsockname()[1]
        self.streams.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.streams.bind((address, self.port))
        self.streams.listen()

    @staticmethod
    def bound(address, port):
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        one.bind((address, port))
        return one

    def run(self):
        while True:
            ready, _, _ = select.select([self.questions, self.streams], [], [])
            if self.streams in ready:
                threading.Thread(target=self.pass_stream, args=(self.streams.accept()[0],), daemon=True).start()
                continue
            question, client = self.questions.recvfrom(4096)
            if len(question) < 12:
                return
            self.sizes.add(self.payload_size(question))
            self.lie(question, client)
            self.server.sendto(question, self.truth)
            try:
                self.questions.sendto(self.generous(self.server.recv(4096)), client)
            except TimeoutError:
                pass

    def stop(self):
        """An empty packet ends it."""
        self.server.sendto(b"", self.questions.getsockname())
        self.join(5)
        for one in (self.questions, self.server, self.streams, *self.sides):
            one.close()

    def lie(self, question, client):
        number, = struct.unpack("!H", question[:2])
        name = self.name(question)
        self.mixed += name.lower() != name != name.upper()
        packets = [(self.questions, self.forgery(question, number ^ step, name))
                   for step in range(1, self.forgeries + 1)]
        packets += [(side, self.forgery(question, number, name)) for side in self.sides] * self.forgeries
        if self.near and (wrong := self.near(name)) != name:
            packets.append((self.questions, self.forgery(question, number, wrong)))
        for sender, packet in packets:
            sender.sendto(packet, client)
        self.forged += len(packets)

    def forgery(self, question, number, name):
        end = question.index(b"\0", 12) + 1
        kind, = struct.unpack("!H", question[end:end + 2])
        data = bytes([len(self.value)]) + self.value if kind == TXT else b"\0\5issueca.example.net"
        header = QUERY_HEADER.pack(number, 0x8580, 1, 1, 0, 0)
        return header + name + question[end:end + 4] + resource(
            b"\xc0\x0c", kind if kind in (TXT, CAA) else TXT, data)

    def generous(self, answer):
        number, flags, *counts = QUERY_HEADER.unpack(answer[:12])
        counts[3] += len(self.gift)
        return (QUERY_HEADER.pack(number, flags, *counts) + answer[12:]
                + b"".join(resource(encode(owner), kind, data) for owner, kind, data in self.gift))

    def pass_stream(self, client):
        with client, socket.create_connection(self.truth, 5) as server:
            while True:
                ready, _, _ = select.select([client, server], [], [], 5)
                piece = ready[0].recv(65536) if ready else b""
                if not piece:
                    return
                (server if ready[0] is client else client).sendall(piece)

    @staticmethod
    def name(question):
        return question[12:question.index(b"\0", 12) + 1]

    @staticmethod
    def payload_size(question):
        """What the question's OPT record says it can take; 0 without one."""
        end = question.index(b"\0", 12) + 5
        kind, size = struct.unpack("!HH", question[end + 1:end + 5]) if len(question) > end + 5 else (0, 0)
        return size if kind == OPT else 0
