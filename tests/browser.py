# SPDX-License-Identifier: LGPL-2.1-or-later
"""A headless chromium, driven over a pipe of its own: a page is opened, asked, typed into and photographed.

    with Browser(directory) as browser:
        browser.open("page.html")
        browser.ask("document.title")

What the page asks of the network, and what it complains of, is kept: `requests` and `complaints`.
"""
import base64
import json
import os
import select
import signal
import subprocess
import time

from harness import environment, need

SECONDS = 120


class Browser:
    def __init__(self, directory, width=1200, height=900):
        words = [need("chromium"), "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                 "--disable-background-networking", "--disable-component-update", "--no-first-run",
                 "--disable-breakpad", "--disable-crash-reporter", "--hide-scrollbars", "--mute-audio",
                 "--user-data-dir=" + os.path.join(directory, "chromium"), "--remote-debugging-pipe", "about:blank"]
        to_browser, self.output = os.pipe()
        self.input, from_browser = os.pipe()
        self.number, self.waiting, self.bytes = 0, [], b""
        self.requests, self.complaints = [], []
        self.session = None

        def place_pipes():
            ends = os.dup(to_browser), os.dup(from_browser)
            os.dup2(ends[0], 3)
            os.dup2(ends[1], 4)

        self.log = open(os.path.join(directory, "chromium.log"), "wb")
        self.process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, close_fds=False,
            preexec_fn=place_pipes, env=environment(HOME=directory, XDG_CONFIG_HOME=directory, XDG_CACHE_HOME=directory,
                                                    XDG_RUNTIME_DIR=directory, DBUS_SESSION_BUS_ADDRESS="disabled:"), start_new_session=True)
        os.close(to_browser)
        os.close(from_browser)
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(domain + ".enable")
        self.resize(width, height)

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        """The process and all that it started are its own group."""
        try:
            self.session = None
            self.call("Browser.close")
        except (AssertionError, OSError):
            pass
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        os.close(self.output)
        os.close(self.input)
        self.log.close()

    def receive(self, end):
        while b"\0" not in self.bytes:
            ready, _, _ = select.select([self.input], [], [], max(0, end - time.monotonic()))
            assert ready, "the browser does not answer"
            more = os.read(self.input, 1 << 20)
            assert more, "the browser has ended"
            self.bytes += more
        message, self.bytes = self.bytes.split(b"\0", 1)
        return json.loads(message)

    def note(self, message):
        method, words = message.get("method"), message.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(words["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(words["exceptionDetails"])[:2000])
        elif method == "Log.entryAdded" and words["entry"]["level"] == "error":
            self.complaints.append(words["entry"]["text"])
        elif method == "Runtime.consoleAPICalled" and words["type"] in ("error", "assert", "warning"):
            self.complaints.append(json.dumps(words["args"])[:2000])
        elif method:
            self.waiting.append(method)

    def call(self, method, **words):
        self.number += 1
        message = {"id": self.number, "method": method, "params": words}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.output, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + SECONDS
        while True:
            answer = self.receive(end)
            if answer.get("id") == self.number:
                assert "error" not in answer, (method, answer)
                return answer["result"]
            self.note(answer)

    def resize(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)

    def prefer(self, media="", **features):
        """The medium, and what the user prefers: prefer(scheme="dark")."""
        self.call("Emulation.setEmulatedMedia", media=media,
                  features=[{"name": "prefers-color-" + name, "value": value} for name, value in features.items()])

    def open(self, path):
        """Open a file, or what a server answers, and wait until its scripts have run."""
        self.waiting.clear()
        self.call("Page.navigate", url=path if "://" in path else "file://" + os.path.abspath(path))
        end = time.monotonic() + SECONDS
        while "Page.loadEventFired" not in self.waiting:
            self.note(self.receive(end))

    def ask(self, expression):
        """The value of an expression of JavaScript."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def press(self, key):
        """A key, to whatever has the focus."""
        codes = {"Enter": 13, "Escape": 27, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Tab": 9}
        text = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=codes[key], **text)

    def type(self, text):
        self.call("Input.insertText", text=text)

    def click(self, x, y, modifiers=0):
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1, modifiers=modifiers)

    def photograph(self, path):
        picture = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        with open(path, "wb") as file:
            file.write(base64.b64decode(picture["data"]))
