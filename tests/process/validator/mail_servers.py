"""Postfix in the test's Internet: one that takes every domain's mail at every address of a namespace, and one
that is a place's own and mails what its programs give it, as the DNS of that place says."""
import contextlib
import mailbox
import os
import pwd
import re
import shutil
import subprocess
import tempfile

from internet import within

MAIN = """compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
mail_owner = postfix
myhostname = {name}
mydestination =
inet_protocols = all
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
biff = no
"""
MASTER = """{listen} inet n - n - - smtpd
postlog unix-dgram n - n - 1 postlogd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
showq unix n - n - - showq
smtp unix - - n - 40 smtp
virtual unix - n n - - virtual
"""


class Postfix:
    def __init__(self, namespace, name, listen, more):
        # Its users have to come in.
        self.folder = tempfile.mkdtemp(prefix="ecert-postfix-")
        os.chmod(self.folder, 0o755)
        self.namespace, user = namespace, pwd.getpwnam("postfix")
        for part, owner in (("etc", 0), ("queue", 0), ("data", user.pw_uid), ("box", user.pw_uid)):
            os.mkdir(f"{self.folder}/{part}")
            os.chown(f"{self.folder}/{part}", owner, 0)
        self.write("etc/main.cf", MAIN.format(folder=self.folder, name=name) + more.format(
            folder=self.folder, user=user.pw_uid, group=user.pw_gid))
        self.write("etc/master.cf", MASTER.format(listen=listen))

    def write(self, name, text):
        with open(f"{self.folder}/{name}", "w", encoding="ascii") as file:
            file.write(text)

    def start(self):
        self.run("start")

    def stop(self):
        self.run("stop")
        shutil.rmtree(self.folder)

    def run(self, word):
        with within(self.namespace):
            subprocess.run(["postfix", "-c", self.folder + "/etc", word], check=True,
                           stdin=subprocess.DEVNULL, capture_output=True)

    def log(self):
        with open(self.folder + "/log", encoding="utf-8", errors="replace") as file:
            return file.read()


class Destination(Postfix):
    """Everybody's mail server."""

    def __init__(self, namespace):
        super().__init__(namespace, "mx.example.com", "smtp", """inet_interfaces = all
smtpd_peername_lookup = no
virtual_mailbox_domains = static:all
virtual_mailbox_maps = static:all
virtual_mailbox_base = {folder}/box
virtual_uid_maps = static:{user}
virtual_gid_maps = static:{group}
""")

    def mails(self, recipient):
        if not os.path.exists(self.folder + "/box/all"):
            return []
        with contextlib.closing(mailbox.mbox(self.folder + "/box/all", create=False)) as box:
            return [mail for mail in box if mail["X-Original-To"] == recipient]


class Relay(Postfix):
    """A place's own, on its loopback. `dns_filter` is a regexp table's file."""

    def __init__(self, namespace, port, dns_filter):
        super().__init__(namespace, "relay.ca.example.net", f"127.0.0.1:{port}", f"""mynetworks = 127.0.0.0/8
smtp_host_lookup = dns
smtp_dns_reply_filter = regexp:{dns_filter}
smtp_connect_timeout = 5s
""")

    def fates(self):
        """By recipient what has become of a mail: who took it, or else how it stands."""
        lines = re.findall(r" to=<([^>]+)>,.* relay=([^,]+),.* status=(\w+)", self.log())
        return {to: relay if status == "sent" else status for to, relay, status in lines}
