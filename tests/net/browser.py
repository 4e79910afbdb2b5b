#!/usr/bin/python3
"""browser.py COMMAND...: a headless Chromium that does what it is told on its standard input, one JSON
list a line, and answers each with a line of JSON:
  ["open", URL, WIDTH]      goes there, in a window so wide; true
  ["size", WIDTH]           makes it so wide; how wide what is on it is
  ["await", TEXT, SECONDS]  until an expression is true, without loading anew; whether it was
  ["value", TEXT]           of an expression
  ["picture", FILE]         of all of the page, as PNG; true
  ["script", "on" or "off"] of the pages that are opened from now on; true
  ["words"]                 what it has had to say (console, policies) since it was last asked
COMMAND is Chromium's with its options; it is spoken to over its debugging pipe."""

import base64
import json
import os
import subprocess
import sys
import time


class Browser:
    def __init__(self, command):
        self.number = 0
        self.rest = b""
        self.words = []
        self.session = None
        there, self.input = os.pipe()
        self.output, back = os.pipe()

        def arrange():
            os.dup2(os.dup(there), 3)
            os.dup2(os.dup(back), 4)

        low = [os.dup2(fd, fd + 20) for fd in (there, back)]
        there, back = low
        self.process = subprocess.Popen(
            command + ["--remote-debugging-pipe", "about:blank"],
            pass_fds=(3, 4), preexec_fn=arrange, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(there)
        os.close(back)
        targets = self.ask("Target.getTargets")["targetInfos"]
        page = next(i["targetId"] for i in targets if i["type"] == "page")
        self.session = self.ask("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.ask(f"{domain}.enable")

    def hear(self):
        while b"\0" not in self.rest:
            piece = os.read(self.output, 1 << 20)
            if not piece:
                sys.exit("the browser has gone")
            self.rest += piece
        text, _, self.rest = self.rest.partition(b"\0")
        message = json.loads(text)
        if message.get("method") == "Log.entryAdded":
            self.words.append(message["params"]["entry"]["text"])
        if message.get("method") == "Runtime.exceptionThrown":
            self.words.append(str(message["params"]["exceptionDetails"]))
        return message

    def ask(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.input, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.hear()
            if answer.get("id") == self.number:
                if "error" in answer:
                    sys.exit(f"{method}: {answer['error']}")
                return answer["result"]

    def value(self, text):
        answer = self.ask("Runtime.evaluate", expression=text, returnByValue=True, awaitPromise=True)
        return answer["result"].get("value", answer["result"].get("description"))

    def wait(self, text, seconds):
        end = time.monotonic() + seconds
        while self.value(text) is not True:
            if time.monotonic() > end:
                return False
            time.sleep(0.1)
        return True

    def size(self, width):
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=900,
                 deviceScaleFactor=1, mobile=width < 600)
        return self.value("document.documentElement.scrollWidth")

    def open(self, url, width):
        self.size(width)
        self.ask("Page.navigate", url=url)
        return self.wait("document.readyState === 'complete' && location.href !== 'about:blank'", 30)

    def picture(self, name):
        data = self.ask("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        with open(name, "wb") as file:
            file.write(base64.b64decode(data))
        return True

    def script(self, text):
        self.ask("Emulation.setScriptExecutionDisabled", value=text == "off")
        return True

    def said(self):
        words, self.words = self.words, []
        return words


browser = Browser(sys.argv[1:])
calls = {"open": browser.open, "size": browser.size, "await": browser.wait, "value": browser.value,
         "picture": browser.picture, "script": browser.script, "words": browser.said}
for line in sys.stdin:
    name, *arguments = json.loads(line)
    print(json.dumps(calls[name](*arguments)), flush=True)
browser.process.kill()
