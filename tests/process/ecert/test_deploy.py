#!/usr/bin/env python3
"""Certificates to real server programs, which are tested, reloaded and asked; and back again when the
new one doesn't answer.

    test_deploy.py ECERT
"""
import datetime
import os
import re
import shutil
import unittest

import servers
from deploy_case import DeployCase, public_key_of
from stand_in import run
from tool import NAME, public_key


class Kinds(DeployCase):
    """The same walk for each program."""
    def walk(self, kind, address):
        old, new = self.pair("old"), self.pair("new")
        self.trust()
        server = self.server(kind, address, old)
        self.expect_sent(server, old)
        said = self.json("deploy", "plan", new, *server.words)["targets"][0]
        self.assertEqual((said["answers_with"], said["due"]), (old, True))
        self.expect_sent(server, old)
        said = self.json("deploy", "run", new, *server.words)["targets"][0]
        self.assertEqual((said["state"], said["there"]), ("answers", new))
        self.expect_sent(server, new)
        self.expect_pair(server, new)
        self.json("deploy", "run", new, code=2)
        said = self.json("deploy", "status", "--live")["targets"][0]
        self.assertEqual((said["name"], said["answers_with"]), (server.kind, new))
        self.run_tool("deploy", "rollback", server.kind)
        servers.wait_for(lambda: server.sent() and public_key_of(server.sent()) == public_key(
            "key", self.authority.key("old")))
        self.expect_pair(server, old)

    def test_nginx(self):
        self.walk(servers.Nginx, "127.0.80.1")

    def test_apache(self):
        self.walk(servers.Apache, "127.0.80.2")

    def test_haproxy(self):
        self.walk(servers.Haproxy, "127.0.80.3")

    @unittest.skipIf(os.geteuid() != 0, "postfix wants root")
    def test_postfix(self):
        self.walk(servers.Postfix, "127.0.80.4")

    @unittest.skipIf(os.geteuid() != 0, "dovecot wants root")
    def test_dovecot(self):
        self.walk(servers.Dovecot, "127.0.80.5")


class Failures(DeployCase):
    """What goes wrong leaves the server as it was."""
    def begin(self, kind=servers.Nginx, address="127.0.80.10"):
        """A server that answers with an old pair, a new pair, and what the old is."""
        old, new = self.pair("old"), self.pair("new")
        return self.server(kind, address, old), old, new

    def expect_untouched(self, server, old):
        self.expect_sent(server, old)
        self.expect_pair(server, old)

    def refused(self, *arguments, code=1):
        return self.json("deploy", "run", *arguments, code=code)["problem"]["type"].rsplit(":", 1)[1]

    def test_a_configuration_that_the_program_refuses_changes_nothing(self):
        server, old, new = self.begin()
        with open(server.config, "a", encoding="ascii") as file:
            file.write("nonsense;\n")
        said = self.json("deploy", "run", new, *server.words, code=1)["targets"][0]
        self.assertEqual((said["state"], said["reason"]), ("failed", "deploy.test"))
        self.assertIn("nonsense", said["seen"])
        self.expect_untouched(server, old)
        server.write_config()
        said = self.json("deploy", "run", new)["targets"][0]
        self.assertEqual((said["state"], said["attempts"], said["before"] if "before" in said else ""), ("answers", 0, ""))
        self.expect_sent(server, new)

    def test_a_server_that_reads_other_files_is_rolled_back(self):
        server, old, new = self.begin()
        words = [word.replace("site.", "elsewhere.") for word in server.words]
        for name in ("site.crt", "site.key"):
            shutil.copy(server.path(name), server.path(name.replace("site", "elsewhere")))
        said = self.json("deploy", "run", new, *words, "--wait", "1", code=1)["targets"][0]
        self.assertEqual((said["state"], said["reason"]), ("rolled_back", "deploy.other_certificate"))
        self.assertEqual(said["seen"], old)
        self.expect_untouched(server, old)
        self.assertEqual(public_key("key", server.path("elsewhere.key")), public_key("key", server.key))

    def test_a_chain_that_is_not_sent_whole_is_rolled_back(self):
        server, old, new = self.begin(servers.LeafOnly, "127.0.80.12")
        said = self.json("deploy", "run", new, *server.words, "--wait", "1", code=1)["targets"][0]
        self.assertEqual((said["state"], said["reason"]), ("rolled_back", "deploy.other_chain"))
        self.expect_untouched(server, old)

    def test_a_program_that_is_not_there_any_more_gets_its_files_back(self):
        server, old, new = self.begin(servers.Haproxy, "127.0.80.11")
        words = list(server.words)
        words[words.index("--pid-file") + 1] = server.path("none")
        said = self.json("deploy", "run", new, *words, "--wait", "1", code=1)["targets"][0]
        self.assertEqual((said["state"], said["reason"]), ("failed", "deploy.reload"))
        self.expect_untouched(server, old)

    def test_without_a_pair_before_the_new_one_stays_and_nothing_is_claimed(self):
        new = self.pair("new")
        server = self.server(servers.Nginx, "127.0.80.13")
        said = self.json("deploy", "run", new, *server.words, "--wait", "1", code=1)["targets"][0]
        self.assertEqual((said["state"], said["reason"]), ("failed", "deploy.reload"))
        self.expect_pair(server, new)
        server.start()
        self.addCleanup(server.stop)
        self.assertEqual(self.json("deploy", "run")["targets"][0]["state"], "answers")
        self.run_tool("deploy", "rollback", "nginx", code=1)
        self.expect_sent(server, new)

    def test_a_certificate_for_another_name_is_put_nowhere(self):
        server, old, _ = self.begin()
        other = self.pair("other", "www.example.net")
        self.assertEqual(self.refused(other, *server.words), "deploy.other_name")
        self.expect_untouched(server, old)

    def test_a_revoked_certificate_is_put_nowhere(self):
        server, old, new = self.begin()
        self.trust()
        self.run_tool("chain", "install", self.authority.path("issuer.pem"))
        serial = run("openssl", "x509", "-in", self.path("new.chain"), "-noout", "-serial").decode().strip()[7:]
        self.run_tool("crl", "install", self.list_of("issuer", serial))
        self.assertEqual(self.refused(new, *server.words), "deploy.not_valid")
        self.expect_untouched(server, old)

    def list_of(self, name, serial):
        config = self.write("list.config", f"[ca]\ndefault_ca=d\n[d]\ndatabase={self.path('list.index')}\n"
                            f"crlnumber={self.path('list.number')}\ndefault_md=sha256\n")
        self.write("list.index", f"R\t370101000000Z\t260601000000Z\t{serial}\tunknown\t/CN=x\n")
        self.write("list.number", "01\n")
        run("openssl", "ca", "-gencrl", "-config", config, "-keyfile", self.authority.key(name), "-cert",
            self.authority.path(name + ".pem"), "-crldays", "7", "-out", self.path("list.crl"))
        return self.path("list.crl")

    def test_targets_that_are_none_are_refused_before_anything_is_touched(self):
        new = self.pair("new")
        good = {"--kind": "files", "--certificate": self.path("x.crt"), "--key": self.path("x.key")}
        for change, reason in (
                ({"--kind": "iis"}, "deploy.kind"),
                ({"--certificate": "relative"}, "deploy.path"),
                ({"--certificate": "/tmp/a\nb"}, "deploy.path"),
                ({"--certificate": "/" + "x" * 600}, "deploy.long"),
                ({"--certificate": None}, "deploy.missing"),
                ({"--kind": "nginx", "--key": None}, "deploy.missing"),
                ({"--kind": "haproxy"}, "deploy.one_file"),
                ({"--key": self.path("x.crt")}, "deploy.same_file_either"),
                ({"--key": self.path("../" + os.path.basename(self.scratch) + "/x.crt")}, "deploy.same_file_either"),
                ({"--kind": "nginx", "--key": self.path("x.crt")}, "deploy.same_file"),
                ({"--kind": "apache", "--key": self.path("./x.crt")}, "deploy.same_file"),
                ({"--kind": "postfix", "--key": self.scratch + "//x.crt"}, "deploy.same_file"),
                ({"--kind": "dovecot", "--key": self.path("y/../x.crt")}, "deploy.same_file"),
                ({"--kind": "nginx", "--key": self.path("x.crt"), "--to": "root@web.example.com"}, "deploy.same_file"),
                ({"--to": "-oProxyCommand=x"}, "remote.host"),
                ({"--to": "host/x"}, "remote.host"),
                ({"--to": "a b"}, "remote.host"),
                ({"--check": "www.shop.example.com:0"}, "endpoint.form"),
                ({"--check": "www.shop.example.com:70000"}, "endpoint.form"),
                ({"--check": "www.shop.example.com@a b"}, "endpoint.form"),
                ({"--check": "www_shop.example.com"}, "name.underscore"),
                ({"--window": "tomorrow"}, "deploy.window"),
                ({"--window": "25:00-26:00"}, "deploy.window"),
                ({"--window": "Foo 01:00-02:00"}, "deploy.window"),
                ({"--target": "../x"}, "deploy.name"),
                ({"--target": ""}, "deploy.name"),
                ({"--only": "none"}, "deploy.unknown")):
            words = [word for pair in {**good, **change}.items() if pair[1] is not None for word in pair]
            self.assertEqual(self.refused(new, *words), reason, change)
        self.assertEqual(self.refused(new), "deploy.no_target")
        self.assertEqual(self.refused(new, "--wait", "0", code=64), "usage.number")
        self.assertFalse(os.path.exists(self.path("x.crt")))
        self.assertEqual(self.json("deploy", "status")["targets"], [])

    def test_outside_its_times_a_server_is_left_alone(self):
        server, old, new = self.begin()
        never = "Mon 00:00-00:01" if datetime.datetime.now().weekday() != 0 else "Wed 00:00-00:01"
        said = self.json("deploy", "run", new, *server.words, "--window", never, code=2)
        self.assertEqual((said["waiting"], said["targets"]), (1, []))
        self.expect_untouched(server, old)
        self.json("deploy", "run", new, *server.words, "--window", never, "--now")
        self.expect_sent(server, new)

    def test_a_file_describes_many_and_one_may_be_chosen(self):
        new = self.pair("new")
        text = "".join(f'target "{name}" {{\n  kind = "files"\n  certificate = "{self.path(name)}.crt"\n'
                       f'  key = "{self.path(name)}.key"\n}}\n' for name in ("one", "two"))
        file = self.write("targets", text)
        self.json("deploy", "run", new, "--targets", file, "--only", "two")
        self.assertEqual([os.path.exists(self.path(name + ".crt")) for name in ("one", "two")], [False, True])
        said = self.json("deploy", "run", new, "--targets", file)["targets"]
        self.assertEqual([(one["name"], one["state"]) for one in said], [("one", "installed")])
        for wrong in ('target "x" { kind = 1 }', 'target "x" { what = "x" }', 'target "x" {', 'nonsense'):
            self.assertIn(self.refused(new, "--targets", self.write("wrong", wrong)),
                          ("config.syntax", "deploy.kind", "deploy.missing"), wrong)
        self.assertEqual(self.refused(new, "--targets", self.path("none")), "config.file")

    def test_a_target_that_is_forgotten_keeps_its_files(self):
        new = self.pair("new")
        self.json("deploy", "run", new, "--kind", "files", "--certificate", self.path("both.pem"))
        with open(self.path("both.pem"), encoding="ascii") as file:
            text = file.read()
        self.assertEqual((text.count("BEGIN CERTIFICATE"), text.count("BEGIN PRIVATE KEY")), (2, 1))
        self.run_tool("deploy", "forget", "files")
        self.assertEqual(self.json("deploy", "status")["targets"], [])
        self.assertTrue(os.path.exists(self.path("both.pem")))
        self.run_tool("deploy", "forget", "files", code=1)

    def test_the_person_is_asked_where_nothing_is_said(self):
        self.pair("new")
        screen = self.at_terminal(["deploy", "run"], [
            ("Server program", "6"), ("Host,", ""), ("File of certificate", "relative"), ("File of certificate",
            self.path("site.crt")), ("File of the key", self.path("site.key")), ("Where it answers",
            f"{NAME}:1@127.0.80.9"), ("A name for this target", "mine"), ("Put it there now", "no")], code=2)
        self.assertIn("not an absolute path", screen)
        self.assertFalse(os.path.exists(self.path("site.crt")))

    def test_every_option_is_explained_in_every_language(self):
        for language in ("en", "zh-HK", "zh-CN"):
            for words in (["check"], ["crl", "write"]) + tuple(
                    ["deploy", verb] for verb in ("plan", "run", "script", "status", "rollback", "forget")):
                said = self.run_tool(*words, "--help", "--lang", language)
                self.assertNotIn("tool.", said, words)

    def test_each_language_says_what_failed(self):
        server, _, new = self.begin()
        with open(server.config, "a", encoding="ascii") as file:
            file.write("nonsense;\n")
        for language, text in (("en", "refuses its configuration"), ("zh-HK", "不接納其設定"), ("zh-CN", "不接受其配置")):
            self.assertIn(text, self.run_tool("deploy", "run", new, *server.words, "--lang", language, code=1))


class Windows(DeployCase):
    """What is taken to a Windows server."""
    def make(self, new, *arguments, code=0):
        self.write("password", "right")
        return self.run_tool("deploy", "script", new, "--password-file", self.path("password"), "--out",
                             self.path("out"), *arguments, code=code)

    def script(self):
        with open(self.path("out/setup.ps1"), "rb") as file:
            text = file.read().decode("utf-8-sig")
        self.assertEqual(text.count("\n"), text.count("\r\n"))
        return text.replace("\r\n", "\n")

    def thumbprint(self, name):
        said = run("openssl", "x509", "-in", self.path(name + ".chain"), "-noout", "-fingerprint", "-sha1").decode()
        return said.strip().split("=")[1].replace(":", "").lower()

    def test_exchange(self):
        new = self.pair("new")
        self.trust()
        self.make(new, "--kind", "exchange")
        script, thumbprint = self.script(), self.thumbprint("new")
        self.assertIn(f"Enable-ExchangeCertificate -Thumbprint '{thumbprint}' -Services 'IIS,SMTP,IMAP,POP' -Force", script)
        self.assertIn("Import-ExchangeCertificate -FileData $file -Password $password", script)
        self.assertLess(script.index("certutil -f -addstore CA"), script.index("Import-ExchangeCertificate"))
        self.assertNotIn("right", script)
        for name in os.listdir(self.path("out")):
            self.assertEqual(os.stat(self.path("out/" + name)).st_mode & 0o777, 0o600, name)
            self.assertIn(f"'{name}'", script + "'setup.ps1'")
        issuer = run("openssl", "x509", "-inform", "DER", "-in", self.path("out/CA-1.cer"))
        self.assertEqual(issuer.decode().strip(), self.authority.issuer.strip())
        run("openssl", "x509", "-inform", "DER", "-in", self.path("out/Root-2.cer"), "-noout")
        key = run("openssl", "pkcs12", "-in", self.path("out/site.pfx"), "-nocerts", "-nodes", "-passin",
                  "file:" + self.path("password"))
        self.assertEqual(run("openssl", "pkey", "-pubout", given=key), public_key("key", self.authority.key("new")))

    def test_what_a_certificate_calls_itself_stands_in_no_script(self):
        """A line end in a name would begin a command."""
        csr = run("openssl", "req", "-new", "-key", self.authority.key("odd"), "-subj", "/CN=x")
        with open(self.path("odd.chain"), "w", encoding="ascii") as file:
            file.write(self.authority.leaf(csr, NAME + "\nsubjectAltName=@odd\n[odd]\nDNS.1=a\\r\\ncalc.exe\n[default]")
                       + self.authority.issuer)
        new = self.json("cert", "import", self.path("odd.chain"), "--key", self.authority.key("odd"))["id"]
        self.make(new, "--kind", "windows")
        self.assertNotIn("calc", self.script())

    def test_windows(self):
        new = self.pair("new")
        self.make(new, "--kind", "windows")
        script = self.script()
        self.assertIn("Import-PfxCertificate -FilePath (Join-Path $here 'site.pfx')", script)
        self.assertIn(f"certutil -verifystore My '{self.thumbprint('new')}'", script)
        self.assertNotIn("Exchange", script)

    def test_the_script_says_which_password_it_wants(self):
        new = self.pair("new")
        for language, words in (("en", "Password of site.pfx"), ("zh-HK", "site.pfx 的密碼"), ("zh-CN", "site.pfx 的密码")):
            self.make(new, "--kind", "windows", "--lang", language)
            asked = re.search("(?m)^\\$password = Read-Host -AsSecureString -Prompt '([^'‘’]*)'$", self.script())
            self.assertIn(words, asked.group(1))
            shutil.rmtree(self.path("out"))

    def test_what_is_no_service_or_kind_or_new_directory_makes_nothing(self):
        new = self.pair("new")
        for words in (["--kind", "exchange", "--services", "IIS';calc;'"], ["--kind", "exchange", "--services", ""],
                      ["--kind", "exchange", "--services", "IIS,,SMTP"], ["--kind", "iis"], []):
            self.make(new, *words, code=64)
        self.assertFalse(os.path.exists(self.path("out")))
        os.mkdir(self.path("out"))
        self.make(new, "--kind", "windows", code=1)
        self.assertEqual(os.listdir(self.path("out")), [])


if __name__ == "__main__":
    unittest.main(argv=["test_deploy.py"], verbosity=1)
