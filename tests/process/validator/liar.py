"""A name server on whose way somebody stands who can't see the questions' numbers: before each true
answer, relayed from Knot, forged ones arrive with wrong numbers or from another port (doc/threats.md D1)."""
import socket
import struct
import threading

FORGERIES = 40


class Liar(threading.Thread):
    """Answers on its own port for the server at `truth`; `value` is what the forger wants believed."""

    def __init__(self, address, truth, value):
        super().__init__(daemon=True)
        self.truth, self.value, self.forged = truth, value.encode(), 0
        self.questions = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.questions.bind((address, 0))
        self.elsewhere = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.elsewhere.bind((address, 0))
        self.server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.server.settimeout(2)
        self.port = self.questions.getsockname()[1]

    def run(self):
        while True:
            question, client = self.questions.recvfrom(4096)
            if len(question) < 12:
                return
            number, = struct.unpack("!H", question[:2])
            for step in range(1, FORGERIES + 1):
                self.questions.sendto(self.forgery(question, number ^ step), client)
                self.elsewhere.sendto(self.forgery(question, number), client)
                self.forged += 2
            self.server.sendto(question, self.truth)
            self.questions.sendto(self.server.recv(4096), client)

    def stop(self):
        """An empty packet ends it."""
        self.server.sendto(b"", self.questions.getsockname())
        self.join(5)
        for one in (self.questions, self.elsewhere, self.server):
            one.close()

    def forgery(self, question, number):
        end = question.index(b"\0", 12) + 5
        header = struct.pack("!6H", number, 0x8580, 1, 1, 0, 0)
        text = bytes([len(self.value)]) + self.value
        record = b"\xc0\x0c" + struct.pack("!HHIH", 16, 1, 60, len(text)) + text
        return header + question[12:end] + record
