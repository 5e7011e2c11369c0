"""Runs `ecert console` for tests, with a browser that knows no more than cookies and forms."""
import html
import http.client
import json
import re
import subprocess
import urllib.parse

from tool import PROGRAM


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def text(self):
        return self.body.decode("utf-8")

    @property
    def said(self):
        """What a person reads."""
        return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", self.text)))


class Console:
    """A running console; `language` is what its browser asks for."""
    def __init__(self, case, *arguments, language="en"):
        self.language = language
        self.process = subprocess.Popen([PROGRAM, "console", "--json", *arguments], env=case.environment(),
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        case.addCleanup(self.stop)
        self.url = json.loads(self.process.stdout.readline())["url"]
        parts = urllib.parse.urlsplit(self.url)
        self.host, self.address, self.port, self.entry = parts.netloc, parts.hostname, parts.port, parts.path
        self.cookie = self.desk = None

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(timeout=60)
        self.process.stdout.close()

    def ended(self):
        """Why it says that it has ended, once it has."""
        said = self.process.stdout.read()
        self.process.wait(timeout=60)
        return json.loads(said)["ended"]

    def ask(self, method, path, body=None, headers=None, cookie=True):
        connection = http.client.HTTPConnection(self.address, self.port, timeout=60)
        sent = {"Host": self.host, "Accept-Language": self.language}
        if cookie and self.cookie:
            sent["Cookie"] = self.cookie
        sent.update(headers or {})
        connection.request(method, path, body, {name: value for name, value in sent.items() if value is not None})
        answer = Answer(connection.getresponse())
        connection.close()
        return answer

    def enter(self):
        answer = self.ask("GET", self.entry)
        assert answer.status == 303, answer.text
        self.cookie = answer.headers["Set-Cookie"].split(";")[0]
        self.desk = answer.headers["Location"].rstrip("/")
        return answer

    def get(self, path, status=200):
        answer = self.ask("GET", self.desk + path)
        assert answer.status == status, (path, answer.status, answer.said)
        return answer

    def csrf(self):
        return re.search(r'name="csrf" value="([^"]+)"', self.get("/").text).group(1)

    def post(self, path, fields=(), files=(), status=None, csrf=None):
        """A form as browsers send it; `files` are (field, content)."""
        parts = [*dict(fields).items()] if isinstance(fields, dict) else [*fields]
        parts.append(("csrf", csrf or self.csrf()))
        if files:
            mark = "----------0123456789"
            body = b"".join(
                b'--%s\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n' % (
                    mark.encode(), name.encode(), more, content)
                for name, more, content in
                [(name, b"", value.encode()) for name, value in parts]
                + [(name, b'; filename="f"', content) for name, content in files])
            body += b"--%s--\r\n" % mark.encode()
            kind = "multipart/form-data; boundary=" + mark
        else:
            body = urllib.parse.urlencode(parts)
            kind = "application/x-www-form-urlencoded"
        answer = self.ask("POST", self.desk + path, body,
                          {"Content-Type": kind, "Sec-Fetch-Site": "same-origin"})
        assert status is None or answer.status == status, (path, answer.status, answer.said)
        return answer
