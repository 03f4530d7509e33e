"""A headless Chromium for tests, driven by its own protocol: no driver has to be installed.

https://chromedevtools.github.io/devtools-protocol/ describes the protocol.
"""

import base64
import contextlib
import itertools
import json
import os
import shutil
import subprocess
import time

import websocket

from course.app.testing import BROWSERS

KEYS = {"Enter": 13, "End": 35, "ArrowRight": 39, "a": 65}
CTRL, META, SHIFT = 2, 4, 8


def path():
    """Return where Chromium or Chrome is: CHROME_PATH, or on the PATH; None if nowhere."""
    candidates = [os.environ.get("CHROME_PATH", ""), *BROWSERS]
    return next(filter(None, map(shutil.which, candidates)), None)


def wait_for(condition, seconds, what):
    """Return what a function returns once that is true; fail after so many seconds."""
    end = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < end, f"{what} did not come in {seconds} seconds"
        time.sleep(0.1)
    return result


class Page:
    """A page in the browser. Elements are named by JavaScript that returns them."""

    def __init__(self, socket, url):
        self.socket = socket
        self.numbers = itertools.count()
        self.session = {}
        target = self.send("Target.createTarget", url=url)["targetId"]
        session = self.send("Target.attachToTarget", targetId=target, flatten=True)
        self.session = {"sessionId": session["sessionId"]}

    def send(self, method, **params):
        """Send a command of the protocol; return its result."""
        number = next(self.numbers)
        command = {"id": number, "method": method, "params": params, **self.session}
        self.socket.send(json.dumps(command))
        while (answer := json.loads(self.socket.recv())).get("id") != number:
            pass  # an event
        assert "error" not in answer, (method, answer)
        return answer["result"]

    def get(self, expression):
        """Return the value of a JavaScript expression, or what its promise ends with."""
        answer = self.send(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, (expression, answer["exceptionDetails"])
        return answer["result"].get("value")

    def wait(self, expression, seconds=30):
        """Wait until a JavaScript expression is true; return its value."""
        return wait_for(lambda: self.get(expression), seconds, expression)

    def click(self, element):
        """Click into the middle of an element, once it is still and nothing covers it."""
        script = f"""(async () => {{
            const element = {element};
            element?.scrollIntoView({{block: "center"}});
            const places = [];
            for (let frame = 0; element && frame < 3; frame++) {{
                await new Promise(requestAnimationFrame);
                const box = element.getBoundingClientRect();
                places.push([box.x + box.width / 2, box.y + box.height / 2].map(Math.round));
            }}
            const still = places.every(place => String(place) == String(places[0]));
            const hit = element && still && document.elementFromPoint(...places[0]);
            return element?.contains(hit || null) ? places[0] : null;
        }})()"""  # noqa: E501
        x, y = self.wait(script)
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            pressed = {} if kind == "mouseMoved" else {"button": "left", "clickCount": 1}
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, **pressed)

    def enter(self, element):
        """Click into an element that can be written in, until the cursor is there."""

        def entered():
            self.click(element)
            return self.get(f"{element}.contains(document.activeElement)")

        wait_for(entered, 30, f"the cursor in {element}")

    def press(self, key, modifiers=0):
        """Press a key of KEYS, with CTRL, META or SHIFT held down if wanted."""
        text = {"text": "\r"} if key == "Enter" and not modifiers else {}
        event = {"key": key, "windowsVirtualKeyCode": KEYS[key], "modifiers": modifiers}
        self.send("Input.dispatchKeyEvent", type="keyDown", **event, **text)
        self.send("Input.dispatchKeyEvent", type="keyUp", **event)

    def write(self, text):
        """Write a text where the cursor is."""
        self.send("Input.insertText", text=text)

    def save_picture(self, file):
        """Save what is seen as PNG."""
        png = base64.b64decode(self.send("Page.captureScreenshot")["data"])
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(png)


@contextlib.contextmanager
def opened(url, folder, picture, size=(1280, 1000)):
    """Open an address in a new browser and yield the page.

    Args:
        url: the address.
        folder: where the browser keeps its files; it is made.
        picture: the file for a picture of the page, taken if a test fails.
        size: of the window, in pixels.
    """
    folder.mkdir()
    command = [path(), "--headless", "--remote-debugging-port=0", "--no-sandbox"]
    command += ["--disable-dev-shm-usage", "--no-first-run", "--disable-gpu"]
    command += [f"--user-data-dir={folder}"]
    command += [f"--window-size={size[0]},{size[1]}", "about:blank"]
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        file = folder / "DevToolsActivePort"
        wait_for(
            lambda: file.exists() and len(file.read_text().split()) == 2, 60, "the browser"
        )
        port, where = file.read_text().split()
        # Without an origin in the request, the browser need not be told which to allow.
        socket = websocket.create_connection(
            f"ws://127.0.0.1:{port}{where}", timeout=60, suppress_origin=True
        )
        with contextlib.closing(socket):
            page = Page(socket, url)
            try:
                yield page
            except BaseException:
                page.save_picture(picture)
                raise
    finally:
        process.terminate()
        process.wait(30)
