#!/usr/bin/env python3
"""Several servers at once by ssh: three real sshd hosts, each in a network namespace of its own, of which one lets
nobody in; web servers on them, of which one refuses its configuration or doesn't answer as it should.

    test_deploy_there.py ECERT
"""
import datetime
import os
import shutil
import unittest

import far
if __name__ == "__main__":
    far.enter(users=True)  # sshd and the servers' programs are started by root
import servers  # noqa: E402
from deploy_case import DeployCase  # noqa: E402
from tool import public_key  # noqa: E402


class There(far.FarTest, DeployCase):
    """Each host's nginx is on the host's own address."""
    def hosts_begin(self):
        self.old, self.new = self.pair("old"), self.pair("new")
        self.web = [self.server(servers.Nginx, f"10.79.{number}.2", self.old) for number in (1, 2, 3)]
        text = ""
        for host, web in zip(self.hosts, self.web):
            text += (f'target "{web.address}" {{\n  kind = "nginx"\n  to = "{host}"\n  ssh_config = "{self.config}"\n'
                     f'  certificate = "{web.certificate}"\n  key = "{web.key}"\n  config = "{web.config}"\n'
                     f'  check = "{web.check}"\n}}\n')
        self.targets = self.write("targets", text)

    def deploy(self, *arguments, code=0):
        said = self.json("deploy", "run", self.new, "--targets", self.targets, "--wait", "2", *arguments, code=code)
        return {one["name"]: one for one in said["targets"]}

    def expect(self, said, number, state, reason=None):
        one = said[f"10.79.{number}.2"]
        self.assertEqual((one["state"], one.get("reason")), (state, reason), one)

    def test_one_that_fails_does_not_stop_the_others_and_is_tried_again(self):
        self.hosts_begin()
        said = self.deploy(code=1)
        self.expect(said, 1, "answers")
        self.expect(said, 2, "answers")
        self.expect(said, 3, "failed", "deploy.ssh")
        self.assertIn("Permission denied", said["10.79.3.2"]["seen"])
        for web, item in zip(self.web, (self.new, self.new, self.old)):
            self.expect_sent(web, item)
            self.expect_pair(web, item)
        states = [one["state"] for one in self.json("deploy", "status", code=1)["targets"]]
        self.assertEqual(states, ["answers", "answers", "failed"])
        said = self.json("deploy", "run", self.new, code=1)["targets"]
        self.assertEqual([(one["name"], one["attempts"]) for one in said], [("10.79.3.2", 2)])
        self.run_tool("deploy", "rollback", "10.79.1.2")
        self.expect_sent(self.web[0], self.old)
        self.expect_pair(self.web[0], self.old)

    def test_each_host_is_one_of_its_own(self):
        """What stands at one's address is nowhere else, and no way leads from one to another."""
        self.hosts_begin()
        for web in self.web:
            with far.within(far.namespace(web.address)):
                self.assertEqual([bool(other.sent()) for other in self.web], [other is web for other in self.web])

    def test_a_host_whose_wire_is_cut_is_tried_again_by_itself(self):
        self.hosts_begin()
        far.ip("host2", "link set wire down")
        self.addCleanup(far.ip, "host2", "link set wire up")
        said = self.deploy("--only", "10.79.1.2", "--only", "10.79.2.2", code=1)
        self.expect(said, 1, "answers")
        self.expect(said, 2, "failed", "deploy.ssh")
        self.assertIn("10.79.2.2", said["10.79.2.2"]["seen"])
        self.expect_sent(self.web[0], self.new)
        far.ip("host2", "link set wire up")
        self.expect_sent(self.web[1], self.old)
        said = self.deploy("--only", "10.79.1.2", "--only", "10.79.2.2")
        self.assertEqual(list(said), ["10.79.2.2"])
        self.expect(said, 2, "answers")
        self.expect_sent(self.web[1], self.new)

    def test_a_configuration_that_is_refused_there_gets_its_files_back(self):
        self.hosts_begin()
        with open(self.web[1].config, "a", encoding="ascii") as file:
            file.write("nonsense;\n")
        said = self.deploy("--only", "10.79.1.2", "--only", "10.79.2.2", code=1)
        self.expect(said, 1, "answers")
        self.expect(said, 2, "failed", "deploy.test")
        self.assertIn("nonsense", said["10.79.2.2"]["seen"])
        self.expect_pair(self.web[1], self.old)
        self.expect_sent(self.web[1], self.old)

    def test_one_that_does_not_answer_as_it_should_is_rolled_back(self):
        self.hosts_begin()
        other = self.web[1].path("other.crt")
        with open(self.targets, encoding="ascii") as file:
            text = file.read().replace(self.web[1].certificate, other)
        self.targets = self.write("targets", text.replace(self.web[1].key, other + ".key"))
        said = self.deploy("--only", "10.79.2.2", code=1)
        self.expect(said, 2, "failed", "deploy.other_certificate")
        self.expect_sent(self.web[1], self.old)
        for name in (other, other + ".key"):
            with open(self.web[1].certificate if name == other else self.web[1].key, "rb") as pair:
                os.unlink(name)
                with open(name, "wb") as file:
                    file.write(pair.read())
        said = self.deploy("--only", "10.79.2.2", code=1)
        self.expect(said, 2, "rolled_back", "deploy.other_certificate")
        self.assertEqual(public_key("key", other + ".key"), public_key("certificate", other))
        self.assertEqual(public_key("key", other + ".key"), public_key("key", self.authority.key("old")))

    def test_each_has_its_own_end_and_its_own_next_time(self):
        """One takes it; one answers with other files, and goes back alone; one is outside its times. Then only those
        that haven't got it are tried again."""
        self.hosts_begin()
        other = self.web[1].path("other.crt")
        for name, path in ((self.web[1].certificate, other), (self.web[1].key, other + ".key")):
            shutil.copy(name, path)
        with open(self.targets, encoding="ascii") as file:
            first, second, _ = file.read().split("target ")[1:]
        second = second.replace(self.web[1].certificate, other).replace(self.web[1].key, other + ".key")
        days = "Mon Tue Wed Thu Fri Sat Sun".split()
        past = days[datetime.datetime.now(datetime.timezone.utc).weekday() - 3]
        third = first.replace(self.web[0].address + '"', 'later"', 1).replace("check =", f'window = "{past} 02:00-02:01"\n  check =')
        self.targets = self.write("targets", "".join("target " + one for one in (first, second, third)))
        said = self.deploy(code=1)
        self.expect(said, 1, "answers")
        self.expect(said, 2, "rolled_back", "deploy.other_certificate")
        self.assertEqual(sorted(said), ["10.79.1.2", "10.79.2.2"])
        self.expect_sent(self.web[0], self.new)
        self.expect_sent(self.web[1], self.old)
        self.assertEqual(public_key("key", other + ".key"), public_key("key", self.authority.key("old")))
        self.write("targets", "target " + first + "target " + second.replace(other + ".key", self.web[1].key).replace(other, self.web[1].certificate))
        said = self.deploy()
        self.assertEqual(sorted(said), ["10.79.2.2"])
        self.expect(said, 2, "answers")
        self.assertEqual(said["10.79.2.2"]["attempts"], 0)
        self.expect_sent(self.web[1], self.new)

    def test_both_ways_share_their_generations(self):
        """What was put there over ssh can be taken back on the host itself, and the other way round."""
        self.hosts_begin()
        self.deploy("--only", "10.79.1.2")
        here = ["--target", "here"] + self.web[0].words
        with far.within(far.namespace(self.web[0].address)):
            self.json("deploy", "run", self.new, *here)
            self.run_tool("deploy", "rollback", "here")
        self.expect_sent(self.web[0], self.old)
        self.run_tool("deploy", "run", self.new, "--targets", self.targets, "--only", "10.79.1.2", "--again")
        self.expect_sent(self.web[0], self.new)
        self.run_tool("deploy", "rollback", "10.79.1.2")
        self.expect_pair(self.web[0], self.old)

    def test_what_is_in_the_way_there_stays(self):
        new = self.pair("new")
        os.mkdir(self.path("d"), 0o755)
        os.symlink("/etc/passwd", self.path("d/link.crt"))
        os.mkdir(self.path("d/folder.crt"))
        for certificate, word in ((self.path("d/link.crt"), "link"), (self.path("d/folder.crt"), "in the way"),
                                  (self.path("none/x.crt"), "no such directory")):
            said = self.json("deploy", "run", new, "--kind", "files", "--certificate", certificate, "--key",
                             self.path("d/site.key"), "--to", self.hosts[0], "--ssh-config", self.config,
                             code=1)["targets"][0]
            self.assertEqual(said["reason"], "deploy.refused", said)
            self.assertIn(word, said["seen"])
        self.assertEqual(sorted(os.listdir(self.path("d"))), ["folder.crt", "link.crt"])

    def put(self, folder, code):
        """To one of the hosts, into a folder here."""
        return self.json("deploy", "run", self.item, "--kind", "files", "--certificate", self.path(folder + "/x.crt"),
                         "--key", self.path(folder + "/x.key"), "--to", self.hosts[0], "--ssh-config", self.config,
                         "--again", code=code)["targets"][0]

    def test_nothing_is_put_where_others_can_write(self):
        self.item = self.pair("new")
        os.mkdir(self.path("theirs"), 0o755)
        os.mkdir(self.path("theirs/away"), 0o755)
        for name in ("group", "everybody", "stranger", "folder", "link"):
            os.mkdir(self.path(name), 0o755)
        os.chmod(self.path("group"), 0o775)
        os.chmod(self.path("everybody"), 0o1777)
        os.chown(self.path("stranger"), 65534, 65534)
        os.mkdir(self.path("folder/.ecert-x.crt"))
        os.chown(self.path("folder/.ecert-x.crt"), 65534, 65534)
        os.symlink(self.path("theirs/away"), self.path("link/.ecert-x.crt"))
        for name in ("group", "everybody", "stranger", "folder", "link"):
            said = self.put(name, 1)
            self.assertEqual(said["reason"], "deploy.refused", (name, said))
            self.assertIn("others can write there", said["seen"], name)
        self.assertEqual(os.listdir(self.path("theirs/away")), [])

    def test_a_number_that_is_none_is_not_calculated_with(self):
        """Some shells run what stands in brackets there."""
        self.item = self.pair("new")
        for number, words in enumerate(("PATH[$(touch x)]", "1 + 1", "-1", "../away")):
            folder = f"f{number}"
            os.makedirs(self.path(folder + "/.ecert-x.crt"), 0o755)
            os.symlink(words, self.path(folder + "/.ecert-x.crt/current"))
            said = self.put(folder, 1)
            self.assertEqual(said["reason"], "deploy.refused", said)
            self.assertEqual(os.readlink(self.path(folder + "/.ecert-x.crt/current")), words)
            self.assertEqual(os.listdir(self.path(folder)), [".ecert-x.crt"])

    def test_nothing_of_ours_is_read_by_a_shell(self):
        new = self.pair("new")
        for name in ("$(touch x)", "a b'c\"d", "-rf", "`touch x`;touch y", "店"):
            os.mkdir(self.path(name), 0o755)
            paths = [self.path(name + "/" + file) for file in ("*.crt", "-n $key")]
            said = self.json("deploy", "run", new, "--kind", "files", "--certificate", paths[0], "--key", paths[1],
                             "--to", self.hosts[0], "--ssh-config", self.config, "--again")["targets"][0]
            self.assertEqual(said["state"], "installed")
            self.assertEqual(public_key("key", paths[1]), public_key("certificate", paths[0]))
        self.assertFalse(os.path.exists(self.path("x")) or os.path.exists("x"))


if __name__ == "__main__":
    unittest.main(argv=["test_deploy_there.py"], verbosity=1)
