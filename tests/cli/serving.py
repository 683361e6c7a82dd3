# SPDX-License-Identifier: LGPL-2.1-or-later
"""`heaptally serve`, and what it is asked and told by clients of all kinds."""
import http.client
import socket
import subprocess
import time
import urllib.parse

from harness import COMMAND, end_child, environment, equal


class Server:
    """`heaptally serve` at a port of the loopback."""

    def __init__(self, *words, **variables):
        self.process = subprocess.Popen([COMMAND, "serve", *words, "127.0.0.1:0"], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(**variables))
        self.url = self.process.stdout.readline().decode().strip()
        assert self.url, self.process.stderr.read()
        self.port = urllib.parse.urlparse(self.url).port

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        end_child(self.process)
        self.process.stdout.close()
        self.process.stderr.close()

    def ask(self, path, method="GET", **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def ask_until_answered(self, path):
        """Where all connections are taken, one more is closed, or waits."""
        end = time.monotonic() + 60
        while True:
            try:
                return self.ask(path)
            except (ConnectionError, http.client.HTTPException):
                assert time.monotonic() < end, "nobody is cut off"
                time.sleep(0.2)

    def get(self, path, status=200):
        got, _headers, body = self.ask(path)
        equal(got, status, path)
        return body

    def say(self, data):
        """Bytes as they are; all that is answered until the connection is closed."""
        with socket.create_connection(("127.0.0.1", self.port), 60) as connection:
            connection.settimeout(60)
            answer = b""
            try:
                connection.sendall(data)
                while True:
                    more = connection.recv(65536)
                    if not more:
                        return answer
                    answer += more
            except ConnectionError:
                return answer
