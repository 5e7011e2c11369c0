"""The trial's mailbox: takes every mail, but for webmaster@, which no domain of the trial has."""
from aiosmtpd.handlers import Mailbox


class Postman(Mailbox):
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("webmaster@"):
            return "550 5.1.1 There is no such mailbox here"
        envelope.rcpt_tos.append(address)
        return "250 OK"
