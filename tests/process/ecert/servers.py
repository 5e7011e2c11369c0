"""Real server programs on loopback addresses, each with a configuration of its own in a directory:
what they are given, `ecert deploy` puts there. Each has `address`, `port`, `starttls` (openssl's word
for it, or None), `certificate` and `key` paths, `config`, and `words`: the options that name all that."""
import os
import pwd
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time

SBIN = "/usr/sbin:/usr/bin:/sbin:/bin"


def program(name):
    return shutil.which(name, path=SBIN)


def free_port(address):
    with socket.socket() as one:
        one.bind((address, 0))
        return one.getsockname()[1]


def wait_for(what, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.05)
    raise RuntimeError("it never happened")


class Server:
    """One server program; `kind` is ecert's word for it."""
    kind, starttls, needs = "", None, ""

    def __init__(self, directory, address, name="www.shop.example.com"):
        self.directory, self.address, self.name = directory, address, name
        self.port = free_port(address)
        os.makedirs(directory, mode=0o755)
        os.chmod(directory, 0o755)
        self.certificate, self.key = self.path("site.crt"), self.path("site.key")
        self.config = self.path("config")
        self.pid_file = self.path("pid")
        self.write_config()

    def path(self, name):
        return os.path.join(self.directory, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="ascii") as file:
            file.write(text)

    def give(self, certificate, key):
        """A pair to begin with."""
        shutil.copy(certificate, self.certificate)
        shutil.copy(key, self.key)
        os.chmod(self.key, 0o600)

    @property
    def words(self):
        return ["--kind", self.kind, "--certificate", self.certificate, "--key", self.key, "--config",
                self.config, "--check", self.check]

    @property
    def check(self):
        protocol = self.starttls + "://" if self.starttls else ""
        return f"{protocol}{self.name}:{self.port}@{self.address}"

    def run(self, *command):
        """What it says goes to a file: a daemon that stays behind would hold a pipe open."""
        with open(self.path("said"), "w+", encoding="utf-8") as said:
            done = subprocess.run(command, stdout=said, stderr=said, check=False, stdin=subprocess.DEVNULL,
                                  env={"PATH": SBIN, "LANG": "C.UTF-8"}, timeout=60)
            said.seek(0)
            if done.returncode != 0:
                raise RuntimeError(f"{command}: {said.read()}")

    def sent(self):
        """PEM of the certificate that it answers with, or None."""
        try:
            with socket.create_connection((self.address, self.port), timeout=5) as raw:
                self.clear_words(raw)
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                with context.wrap_socket(raw, server_hostname=self.name) as tls:
                    return ssl.DER_cert_to_PEM_cert(tls.getpeercert(binary_form=True))
        except OSError:
            return None

    def clear_words(self, raw):
        """Before TLS."""

    def ready(self):
        wait_for(self.sent)


class Nginx(Server):
    kind, needs = "nginx", "nginx"

    def write_config(self):
        self.write("config", f"""pid {self.pid_file};
error_log {self.path('log')};
events {{ }}
http {{
  access_log off;
  client_body_temp_path {self.path('body')}; proxy_temp_path {self.path('proxy')};
  fastcgi_temp_path {self.path('fastcgi')}; uwsgi_temp_path {self.path('uwsgi')}; scgi_temp_path {self.path('scgi')};
  server {{
    listen {self.address}:{self.port} ssl;
    ssl_certificate {self.certificate}; ssl_certificate_key {self.key};
    location / {{ return 200 "hello"; }}
  }}
}}
""")

    def start(self):
        self.run(program("nginx"), "-c", self.config)
        self.ready()

    def stop(self):
        """Its configuration may have been spoilt meanwhile."""
        with open(self.pid_file, encoding="ascii") as file:
            os.kill(int(file.read()), signal.SIGTERM)
        wait_for(lambda: not os.path.exists(self.pid_file))


class Apache(Server):
    kind, needs = "apache", "apachectl"

    def write_config(self):
        modules = "/usr/lib/apache2/modules"
        self.write("config", f"""ServerRoot {self.directory}
PidFile {self.pid_file}
ErrorLog {self.path('log')}
ServerName {self.name}
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule ssl_module {modules}/mod_ssl.so
User www-data
Group www-data
Listen {self.address}:{self.port}
DocumentRoot {self.directory}
SSLEngine on
SSLCertificateFile {self.certificate}
SSLCertificateKeyFile {self.key}
""")

    def start(self):
        self.run(program("apachectl"), "-f", self.config, "-k", "start")
        self.ready()

    def stop(self):
        self.run(program("apachectl"), "-f", self.config, "-k", "stop")


class Haproxy(Server):
    kind, needs = "haproxy", "haproxy"

    def write_config(self):
        self.certificate = self.path("site.pem")
        self.write("config", f"""global
  maxconn 100
defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
frontend site
  bind {self.address}:{self.port} ssl crt {self.certificate}
  http-request return status 200 content-type text/plain string hello
""")

    def give(self, certificate, key):
        with open(self.certificate, "w", encoding="ascii") as file:
            for path in (certificate, key):
                with open(path, encoding="ascii") as part:
                    file.write(part.read())
        os.chmod(self.certificate, 0o600)

    @property
    def words(self):
        return ["--kind", self.kind, "--certificate", self.certificate, "--config", self.config,
                "--pid-file", self.pid_file, "--check", self.check]

    def start(self):
        self.process = subprocess.Popen([program("haproxy"), "-W", "-db", "-f", self.config, "-p", self.pid_file],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        # haproxy -W writes no pid file without -D: its master is the process that was started.
        self.write("pid", f"{self.process.pid}\n")
        self.ready()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


class Postfix(Server):
    kind, starttls, needs = "postfix", "smtp", "postfix"

    def write_config(self):
        self.config = self.path("etc")
        os.mkdir(self.config)
        for name, owner in (("queue", "root"), ("data", "postfix")):
            os.mkdir(self.path(name))
            os.chown(self.path(name), pwd.getpwnam(owner).pw_uid, 0)
        self.write("etc/main.cf", f"""compatibility_level = 3.6
queue_directory = {self.path('queue')}
data_directory = {self.path('data')}
mail_owner = postfix
myhostname = {self.name}
mydestination =
inet_protocols = ipv4
maillog_file = {self.path('log')}
maillog_file_prefixes = {self.directory}
smtpd_tls_security_level = may
smtpd_tls_cert_file = {self.certificate}
smtpd_tls_key_file = {self.key}
smtp_tls_security_level = none
""")
        self.write("etc/master.cf", f"""{self.address}:{self.port} inet n - n - - smtpd
postlog unix-dgram n - n - 1 postlogd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
proxymap unix - - n - - proxymap
error unix - - n - - error
showq unix n - n - - showq
""")

    def start(self):
        self.run(program("postfix"), "-c", self.config, "start")
        self.ready()

    def stop(self):
        self.run(program("postfix"), "-c", self.config, "stop")

    def clear_words(self, raw):
        for words in ("", "EHLO [127.0.0.1]\r\n", "STARTTLS\r\n"):
            raw.sendall(words.encode())
            line = ""
            while not (line.endswith("\n") and line.splitlines()[-1][3] == " "):
                line += raw.recv(4096).decode()


class Dovecot(Server):
    kind, needs = "dovecot", "dovecot"

    def write_config(self):
        self.write("config", f"""protocols = imap
base_dir = {self.path('run')}
state_dir = {self.path('state')}
log_path = {self.path('log')}
ssl = yes
ssl_cert = <{self.certificate}
ssl_key = <{self.key}
service imap-login {{
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    address = {self.address}
    port = {self.port}
    ssl = yes
  }}
}}
passdb {{
  driver = static
  args = nopassword=y
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={self.path('home')}
}}
""")

    def start(self):
        self.run(program("dovecot"), "-c", self.config)
        self.ready()

    def stop(self):
        self.run(program("doveadm"), "-c", self.config, "stop")


class LeafOnly(Server):
    """One that reads its files for each connection, and sends the first certificate alone."""
    kind, needs = "files", "openssl"

    def write_config(self):
        """It has none."""

    @property
    def words(self):
        return ["--kind", "files", "--certificate", self.certificate, "--key", self.key, "--check", self.check]

    def start(self):
        self.socket = socket.create_server((self.address, self.port))
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()
        self.ready()

    def stop(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.socket.close()

    def serve(self):
        while True:
            try:
                raw, _ = self.socket.accept()
            except OSError:
                return
            with open(self.certificate, encoding="ascii") as file:
                leaf = file.read().split("-----END CERTIFICATE-----")[0] + "-----END CERTIFICATE-----\n"
            self.write("leaf", leaf)
            try:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(self.path("leaf"), self.key)
                raw.settimeout(5)
                context.wrap_socket(raw, server_side=True).close()
            except OSError:
                raw.close()
