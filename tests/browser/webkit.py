"""WebKitGTK, Safari's engine, driven by WebDriver on a screen that nobody sees."""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from subprocess import DEVNULL, Popen
from typing import Any

from firefox import THERE

WEBKIT = os.environ.get("WEBKIT") or shutil.which("WebKitWebDriver")
SCREEN = shutil.which("Xvfb")
NARROW = 450  # about as narrow as its window gets
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # as WebDriver names an element
VALUE = """const [done] = arguments;
Promise.resolve({}).then(JSON.stringify).then(
  value => done({{value: value ?? 'null'}}), error => done({{error: String(error)}}))"""


class WebKit:
    """A window of WebKitGTK.

    What it does not do is a ``RuntimeError`` with WebKit's own words.
    """

    def __init__(self, port: int) -> None:
        self.port, self.session = port, ""
        started = self.ask("POST", "", capabilities={"alwaysMatch": {}})
        self.session = f"/{started['sessionId']}"
        self.ask("POST", "/timeouts", script=100_000)  # a cell is slow to start

    def ask(self, method: str, path: str, **parameters: Any) -> Any:
        """The result of a command."""
        wire = HTTPConnection("127.0.0.1", self.port, timeout=120)
        question = json.dumps(parameters) if method == "POST" else None
        wire.request(method, f"/session{self.session}{path}", question)
        answer = json.loads(wire.getresponse().read())["value"]
        wire.close()
        if isinstance(answer, dict) and "error" in answer:
            raise RuntimeError(f"{path}: {answer['error']}: {answer['message']}")
        return answer

    def open(self, url: str, width: int = 1280, height: int = 900) -> None:
        """Load the page in a window of this size."""
        self.ask("POST", "/window/rect", width=width, height=height)
        self.ask("POST", "/url", url=url)
        self.value("document.fonts.ready.then(() => true)")
        self.value(THERE)

    def value(self, expression: str) -> Any:
        """What an expression of JavaScript comes to, through JSON."""
        script = VALUE.format(expression)
        told = self.ask("POST", "/execute/async", script=script, args=[])
        if "error" in told:
            raise RuntimeError(told["error"])
        return json.loads(told["value"])

    def click(self, selector: str) -> None:
        """Click what a selector of CSS names."""
        found = self.ask("POST", "/element", using="css selector", value=selector)
        self.ask("POST", f"/element/{found[ELEMENT]}/click")

    def screenshot(self, path: Path) -> None:
        """Write what the window shows."""
        path.write_bytes(base64.b64decode(self.ask("GET", "/screenshot")))


@contextmanager
def screen() -> Iterator[str]:
    """A display that nobody sees, for as long as the block runs."""
    assert SCREEN
    read, write = os.pipe()
    command = [SCREEN, "-displayfd", str(write), "-screen", "0", "1600x1400x24"]
    with Popen(command, pass_fds=[write], stderr=DEVNULL) as child:
        try:
            os.close(write)
            with os.fdopen(read) as told:
                yield f":{told.readline().strip()}"
        finally:
            child.terminate()


@contextmanager
def webkit() -> Iterator[WebKit]:
    """A new window without a past, for as long as the block runs."""
    assert WEBKIT
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with screen() as display:
        there = {**os.environ, "DISPLAY": display, "GDK_BACKEND": "x11"}
        with Popen([WEBKIT, f"--port={port}"], env=there, stderr=DEVNULL) as child:
            try:
                listening(port)
                window = WebKit(port)
                yield window
                window.ask("DELETE", "")
            finally:
                child.terminate()


def listening(port: int, patience: float = 30) -> None:
    """Wait until somebody answers at this port; ``TimeoutError`` if nobody does."""
    end = time.monotonic() + patience
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            if time.monotonic() > end:
                raise TimeoutError(f"nobody listens at port {port}") from None
            time.sleep(0.05)
