"""The installation steps, executed as they are printed.

The code blocks of each page are taken out of its HTML and run by bash, one after the other, in a
root of their own: private copies of /etc, /var and /run, a private network with nothing but a
loopback, the server's name in its /etc/hosts. What the last block then shows is a handshake with the
real server, verified against the root. Only `systemctl` is a stand-in there, for want of an init: it
starts, restarts or reloads the very program that the unit would.

Needs root (or a user who may make namespaces and be root in them), and the servers; what is missing
is skipped and said.
"""
import hashlib
import html
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import world

SYSTEMCTL = r"""#!/bin/bash
# systemctl ACTION UNIT, without an init.
set -eu
case "$2" in
nginx)   nginx -s reload 2>/dev/null || nginx ;;
apache2) apachectl -k graceful 2>/dev/null || apachectl -k start ;;
haproxy) haproxy -D -f /etc/haproxy/haproxy.cfg ;;
postfix) postfix reload 2>/dev/null || postfix start ;;
dovecot) doveadm reload 2>/dev/null || dovecot ;;
*) echo "no such unit: $2" >&2; exit 5 ;;
esac
"""

# Runs in the namespaces: a scratch root, the server as it is after its installation, then the blocks.
INSIDE = r"""
set -euo pipefail
scratch=$1 unit=$2
ip link set lo up
mkdir "$scratch"/{etc,run,spool,lib,log,cache,www}
cp -a /etc/. "$scratch/etc"
for folder in spool lib log cache www; do
    for part in nginx apache2 haproxy postfix dovecot mail; do
        if [ -e "/var/$folder/$part" ]; then cp -a "/var/$folder/$part" "$scratch/$folder/"; fi
    done
done
mkdir -p "$scratch/www/html" "$scratch"/log/{nginx,apache2}
mount --bind "$scratch/etc" /etc
mount --bind "$scratch/run" /run
for folder in spool lib log cache www; do
    mkdir -p "/var/$folder"
    mount --bind "$scratch/$folder" "/var/$folder"
done
mkdir -p /run/apache2 /run/haproxy /run/dovecot /run/lock
rm -f /etc/nginx/sites-enabled/* /etc/nginx/conf.d/*
if [ "$unit" = postfix ]; then
    [ -e /etc/postfix/main.cf ] || cp /usr/share/postfix/main.cf.debian /etc/postfix/main.cf
    postconf -e inet_interfaces=127.0.0.1 myhostname="$3" mydestination= maillog_file=/var/log/postfix.log
    postconf -e maillog_file_prefixes=/var
    newaliases || true
fi
echo "127.0.0.1 $3" >>/etc/hosts
PATH=$scratch/bin:$PATH
cd "$scratch/files"
for block in "$scratch"/blocks/*; do
    echo "== $(basename "$block")"
    bash -eu -o pipefail "$block" 2>&1 || { echo "== failed with $?"; exit 1; }
    sleep 0.3
done
"""


def blocks_of(page):
    """The shell blocks of a page, in their order, as somebody copies them."""
    found = re.findall(r'<div class="code" data-kind="(\w+)"><pre[^>]*>(.*?)</pre>', page, re.S)
    return [html.unescape(text) for kind, text in found if kind == "shell"]


def allowed():
    return subprocess.run(["unshare", "--mount", "--net", "--pid", "--fork", "true"],
                          capture_output=True).returncode == 0 and os.geteuid() == 0


class Steps(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = world.World()
        cls.addClassCleanup(cls.world.close)

    def follow(self, software, key, command, host=None, broken=False):
        seed = self.world.seeds[key]
        if shutil.which(command, path="/usr/sbin:/usr/bin:/sbin:/bin") is None:
            self.skipTest("%s is not installed: script/bootstrap" % command)
        if shutil.which("ip", path="/usr/sbin:/usr/bin:/sbin:/bin") is None or not allowed():
            self.skipTest("only root, with leave to make namespaces, can install a server here")
        browser = self.world.browser(key)
        page = browser.get("/download/steps/" + software)
        self.assertEqual(page.status, 200)
        scratch = tempfile.mkdtemp(prefix="ecert-steps-")
        self.addCleanup(shutil.rmtree, scratch, True)
        for name in ("files", "blocks", "bin"):
            os.mkdir(os.path.join(scratch, name))
        os.chmod(scratch, 0o755)
        with open(scratch + "/all.zip", "wb") as file:
            file.write(browser.get("/download/all.zip").body)
        shutil.unpack_archive(scratch + "/all.zip", scratch + "/files")
        base = seed["server_name"].replace("*.", "wildcard.")
        source = self.world.dir + ("/accepted.key" if broken else "/%s.key" % key)
        shutil.copy(source, scratch + "/files/%s.key" % base)
        for i, block in enumerate(blocks_of(page.text)):
            with open("%s/blocks/%02d" % (scratch, i), "w", encoding="utf-8") as file:
                file.write(block + "\n")
        with open(scratch + "/bin/systemctl", "w", encoding="utf-8") as file:
            file.write(SYSTEMCTL)
        os.chmod(scratch + "/bin/systemctl", 0o755)
        # When the first process of the namespace ends, the kernel ends the servers with it.
        return subprocess.run(
            ["unshare", "--mount", "--net", "--pid", "--fork", "--mount-proc", "--kill-child", "bash", "-c",
             INSIDE, "steps", scratch, software, host or seed["server_name"]],
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": "/root"},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=90)

    def works(self, software, key, command, host=None):
        done = self.follow(software, key, command, host)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("\nmatch\n", done.stdout)
        self.assertIn("Verify return code: 0 (ok)", done.stdout)
        self.assertIn(host or self.world.seeds[key]["server_name"], done.stdout)

    def test_nginx(self):
        self.works("nginx", "many", "nginx")

    def test_nginx_with_a_wildcard(self):
        self.works("nginx", "wildcard", "nginx", host="wild.example.com")

    def test_apache(self):
        self.works("apache", "many", "apachectl")

    def test_apache_with_one_name(self):
        self.works("apache", "accepted", "apachectl")

    def test_haproxy(self):
        self.works("haproxy", "many", "haproxy")

    def test_postfix(self):
        self.works("postfix", "accepted", "postfix")

    def test_dovecot(self):
        self.works("dovecot", "accepted", "dovecot")

    def test_another_key_is_noticed_in_the_first_step(self):
        done = self.follow("nginx", "many", "nginx", broken=True)
        self.assertNotEqual(done.returncode, 0)
        self.assertNotIn("== 01", done.stdout)

    def test_the_servers_of_others_are_filled_in_too(self):
        browser = self.world.browser("many", "zh-HK")
        # Name and key of the old intermediate are the new one's, so the steps name its thumbprint.
        thumbprint = hashlib.sha1(self.world.ask("GET", "/root/ecert_ssl_ca_3-17_old.crt").body).hexdigest().upper()
        new = hashlib.sha1(self.world.ask("GET", "/root/ecert_ssl_ca_3-17.crt").body).hexdigest().upper()
        for software, needed in (("exchange", ["Import-ExchangeCertificate", "www.many.example.com.p7b"]),
                                 ("iis", ["certreq -accept -machine www.many.example.com.cer"]),
                                 ("tomcat", ["conf/www.many.example.com.p12"])):
            page = browser.get("/download/steps/" + software).text
            text = html.unescape(page)
            for part in needed:
                self.assertIn(part, text)
            self.assertNotIn("{{", text)
            self.assertNotIn("openssl", text)
            self.assertNotRegex(text, r"\bsteps\.[a-z]")
        exchange = browser.get("/download/steps/exchange").text
        ((serial,),) = self.world.rows(
            "SELECT c.serial FROM certificate c JOIN enrolment e ON e.id = c.enrolment WHERE e.reference = ?",
            self.world.seeds["many"]["reference"])
        self.assertIn(serial.hex().upper(), exchange)
        exchange = html.unescape(exchange)
        self.assertNotIn(new, exchange)
        # In the guide's order.
        order = ['-eq "%s" | Remove-Item' % thumbprint, "certutil -addstore CA ecert_ssl_ca_3-17.crt",
                 "certutil -addstore CA root_ca_3_x_trial_partner_r1.crt", "certutil -addstore CA RootCA3ARL.crl",
                 "Import-ExchangeCertificate", "Enable-ExchangeCertificate", "AuthenticateAsClient"]
        self.assertEqual(sorted(order, key=exchange.index), order)
        self.assertIn("-Services IIS,SMTP,IMAP,POP", exchange)
        self.assertRegex(self.world.browser("wildcard").get("/download/steps/exchange").text, "-Services IIS,SMTP<")

    def test_tomcat_s_keystore_takes_the_chain_and_the_certificate(self):
        """As the page prints it; what would follow is to start Tomcat."""
        if shutil.which("keytool") is None or shutil.which("openssl") is None:
            self.skipTest("keytool is not installed")
        browser = self.world.browser("many")
        page = browser.get("/download/steps/tomcat").text
        scratch = tempfile.mkdtemp(prefix="ecert-keystore-")
        self.addCleanup(shutil.rmtree, scratch, True)
        with open(scratch + "/all.zip", "wb") as file:
            file.write(browser.get("/download/all.zip").body)
        shutil.unpack_archive(scratch + "/all.zip", scratch)
        # The keystore as it is after the request: the key with a certificate of its own.
        key, store = self.world.dir + "/many.key", scratch + "/www.many.example.com.p12"
        world.openssl("req", "-x509", "-key", key, "-subj", "/CN=www.many.example.com", "-out", scratch + "/own.pem")
        world.openssl("pkcs12", "-export", "-inkey", key, "-in", scratch + "/own.pem", "-name", "tomcat",
                      "-passout", "pass:changeit", "-out", store)
        blocks = [html.unescape(text) for text in
                  re.findall(r'<div class="code" data-kind="keytool"><pre[^>]*>(.*?)</pre>', page, re.S)]
        said = ""
        for block in blocks[1:3]:
            for line in block.splitlines():
                done = subprocess.run(line.split() + ["-storepass", "changeit"], cwd=scratch, text=True,
                                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                self.assertEqual(done.returncode, 0, done.stdout)
                said += done.stdout
        self.assertIn("Certificate reply was installed in keystore", said)
        listed = subprocess.run(["keytool", "-list", "-v", "-alias", "tomcat", "-keystore", store, "-storepass",
                                 "changeit"], check=True, capture_output=True, text=True).stdout
        serial = re.search(r"serial number ([0-9a-f]+)", html.unescape(page)).group(1)
        self.assertIn("Serial number: " + serial.lstrip("0"), listed)
        self.assertRegex(listed, r"Certificate chain length: [23]")


if __name__ == "__main__":
    world.run()
