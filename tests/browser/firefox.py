"""Firefox as it is installed, driven by WebDriver BiDi, the protocol that it speaks."""

from __future__ import annotations

import base64
import itertools
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

FIREFOX = (
    os.environ.get("FIREFOX") or shutil.which("firefox-esr") or shutil.which("firefox")
)
ENTER, SHIFT, CONTROL = "\ue007", "\ue008", "\ue009"  # as WebDriver names them

# A page's scripts have run.
THERE = """new Promise(done => {
  const look = () => 'waiting' in document.documentElement.dataset
    ? setTimeout(look, 20) : done(true);
  look();
})"""


# Until what a new width sets in motion has come to rest, and is laid out.
STILL = """Promise.race([
  Promise.allSettled(document.getAnimations().map(moving => moving.finished)),
  new Promise(done => setTimeout(done, 1000)),
]).then(() => new Promise(done => requestAnimationFrame(() => setTimeout(done))))"""


class Firefox:
    """A window of Firefox.

    What it does not do is a ``RuntimeError`` with Firefox's own words.
    """

    def __init__(self, wire: ClientConnection) -> None:
        self.wire, self.numbers = wire, itertools.count(1)
        self.ask("session.new", capabilities={})
        tree = self.ask("browsingContext.getTree")
        self.window = tree["contexts"][0]["context"]

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The result of a command."""
        number = next(self.numbers)
        question = {"id": number, "method": method, "params": parameters}
        self.wire.send(json.dumps(question))
        while True:
            answer = json.loads(self.wire.recv(timeout=120))
            if answer.get("id") == number:
                break
        if answer["type"] == "error":
            raise RuntimeError(f"{method}: {answer['error']}: {answer['message']}")
        return dict(answer["result"])

    def open(self, url: str, width: int = 1280, ratio: float = 1) -> None:
        """Load the page in a window of this width."""
        self.resize(width, ratio)
        self.ask(
            "browsingContext.navigate", context=self.window, url=url, wait="complete"
        )
        self.value("document.fonts.ready.then(() => true)")
        self.value(THERE)

    def resize(self, width: int, ratio: float) -> None:
        """Give the window this width."""
        self.ask(
            "browsingContext.setViewport",
            context=self.window,
            viewport={"width": width, "height": 900},
            devicePixelRatio=ratio,
        )
        self.value(STILL)

    def value(self, expression: str) -> Any:
        """What an expression of JavaScript comes to, through JSON."""
        result = self.ask(
            "script.evaluate",
            expression=f"Promise.resolve({expression}).then(JSON.stringify)",
            target={"context": self.window},
            awaitPromise=True,
        )
        if result["type"] == "exception":
            raise RuntimeError(result["exceptionDetails"]["text"])
        return json.loads(result["result"].get("value", "null"))

    def press(self, *keys: str) -> None:
        """Press the keys in turn, and those of a longer text at once."""
        actions = []
        for key in keys:
            actions += [{"type": "keyDown", "value": letter} for letter in key]
            actions += [{"type": "keyUp", "value": letter} for letter in reversed(key)]
        source = {"type": "key", "id": "keyboard", "actions": actions}
        self.ask("input.performActions", context=self.window, actions=[source])

    def screenshot(self, path: Path) -> None:
        """Write a picture of the window into the file."""
        shot = self.ask("browsingContext.captureScreenshot", context=self.window)
        path.write_bytes(base64.b64decode(shot["data"]))


@contextmanager
def firefox(profile: Path) -> Iterator[Firefox]:
    """A new Firefox without a past, for as long as the block runs."""
    assert FIREFOX
    command = [FIREFOX, "--headless", "--no-remote", "--profile", str(profile)]
    command += ["--remote-debugging-port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as child:
        try:
            assert child.stderr is not None
            lines = (re.search(r"ws://\S+", line) for line in child.stderr)
            address = next(found[0] for found in lines if found)
            with connect(f"{address}/session", max_size=None, proxy=None) as wire:
                yield Firefox(wire)
        finally:
            child.terminate()
