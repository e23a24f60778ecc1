"""browser.py - Chromium without a screen, driven through WebDriver's plain HTTP protocol.

    with Browser() as browser:
        browser.open("/path/of/page.html#step3")
        browser.hover(".event.at")
        browser.text("#details"), browser.errors()
"""
import base64
import json
import os
import re
import shutil
import subprocess
import tempfile
import urllib.request

FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars",
         "--disable-background-networking", "--disable-component-update", "--disable-sync")
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # by which the protocol knows an element


class Browser:
    def __init__(self, width=1600, height=1300, *more):
        self.profile = tempfile.mkdtemp()
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE,
                                       stderr=subprocess.DEVNULL, universal_newlines=True)
        self.url = ""
        try:
            port = next(found.group(1) for found in (
                re.search(r"success.* on port (\d+)", line) for line in self.driver.stdout)
                if found)
            self.url = "http://127.0.0.1:%s/session" % port
            self.url += "/" + self._start(width, height, more)
        except Exception:
            self.close()
            raise

    def _start(self, width, height, more):
        flags = FLAGS + ("--user-data-dir=" + self.profile,
                         "--window-size=%d,%d" % (width, height)) + more
        wanted = {"browserName": "chrome", "goog:loggingPrefs": {"browser": "ALL"},
                  "goog:chromeOptions": {"args": flags}}
        return self.call("POST", "", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        try:
            if "/session/" in self.url:
                self.call("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait()
            shutil.rmtree(self.profile, ignore_errors=True)

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, method=method)
        # No proxy: the driver is on this host.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        limit = 60 * float(os.environ.get("TIME_SCALE") or 1)
        with opener.open(request, timeout=limit) as answer:
            return json.load(answer)["value"]

    def open(self, path):
        self.call("POST", "/url", {"url": "file://" + os.path.abspath(path)})

    def find(self, selector):
        found = self.call("POST", "/element", {"using": "css selector", "value": selector})
        return found[ELEMENT]

    def text(self, selector):
        return self.call("GET", "/element/%s/text" % self.find(selector))

    def script(self, text):
        """The value of a JavaScript expression."""
        return self.call("POST", "/execute/sync", {"script": "return " + text, "args": []})

    def hover(self, selector):
        element = self.find(selector)
        self.script("document.querySelector(%s).scrollIntoView({block: 'center'})"
                    % json.dumps(selector))
        move = {"type": "pointerMove", "duration": 0, "x": 0, "y": 0,
                "origin": {ELEMENT: element}}
        self.call("POST", "/actions", {"actions": [
            {"type": "pointer", "id": "mouse", "actions": [move]}]})

    def press(self, key):
        """A key, to whatever has the focus."""
        self.call("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": [
            {"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]}]})

    def screenshot(self, path):
        with open(path, "wb") as stream:
            stream.write(base64.b64decode(self.call("GET", "/screenshot")))

    def errors(self):
        """What the page has written to the console, and what it could not load."""
        return [entry["message"] for entry in self.call("POST", "/se/log", {"type": "browser"})]
