"""Headless Chromium, spoken to through a pipe: what a page logs, what it asks the network for, how it looks."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
SECONDS = 60.0


def program() -> str | None:
    """The browser; None where there is none."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Browser:
    """One page of a browser, asked through its own protocol."""

    def __init__(self, reading: int, writing: int) -> None:
        self._reading, self._writing = reading, writing
        self._rest, self._number = b"", 0
        self.session: str | None = None
        self.events: list[dict[str, Any]] = []

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Send one command and wait for its answer; what happens meanwhile is kept."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if self.session is not None:
            message["sessionId"] = self.session
        os.write(self._writing, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]
            self.events.append(answer)

    def wait_for(self, method: str) -> None:
        """Wait until an event has come."""
        while all(event.get("method") != method for event in self.events):
            self.events.append(self._read())

    def _read(self) -> dict[str, Any]:
        until = time.monotonic() + SECONDS
        while b"\0" not in self._rest:
            assert time.monotonic() < until
            part = os.read(self._reading, 1 << 20)
            assert part, "the browser has gone"
            self._rest += part
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)

    def named(self, method: str) -> list[dict[str, Any]]:
        """What came with the events of one name."""
        return [event["params"] for event in self.events if event.get("method") == method]

    def open(self, file: Path) -> None:
        """Load a page, and be told of everything it does from its first byte."""
        self.session, self.events = None, []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Log", "Runtime"):
            self.ask(f"{domain}.enable")
        self.ask("Page.navigate", url=file.as_uri())
        self.wait_for("Page.loadEventFired")

    def requests(self) -> list[str]:
        """Addresses the page asked for."""
        return [event["request"]["url"] for event in self.named("Network.requestWillBeSent")]

    def complaints(self) -> list[dict[str, Any]]:
        """What stands in the console, errors and warnings of the browser's own included."""
        names = ("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown")
        return [found for name in names for found in self.named(name)]

    def look(self, *, media: str = "screen", scheme: str = "light", width: int = 1100) -> None:
        """Show the page as this medium does, in this colour scheme; `width` in CSS pixels."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.ask("Emulation.setEmulatedMedia", media=media, features=features)
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)

    def picture(self) -> bytes:
        """The whole page as PNG."""
        shot = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        return base64.b64decode(shot["data"])

    def evaluate(self, expression: str) -> Any:
        """The value of an expression, evaluated by the tools of the browser, not by the page."""
        return self.ask("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def press(self, key: str) -> None:
        """Press and release one key."""
        for kind in ("keyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=9)

    def print_pdf(self) -> bytes:
        """The page as it would be printed on A4."""
        made = self.ask("Page.printToPDF", paperWidth=8.27, paperHeight=11.69, printBackground=False)
        return base64.b64decode(made["data"])


@contextlib.contextmanager
def started(profile: Path) -> Iterator[Browser]:
    """A browser with an empty profile; it is ended at the end."""
    own_read, its_write = os.pipe()
    its_read, own_write = os.pipe()
    command = f'exec "$0" "$@" 3<&{its_read} 4>&{its_write}'
    found = program()
    assert found is not None
    process = subprocess.Popen(
        ["bash", "-c", command, found, *OPTIONS, f"--user-data-dir={profile}"],
        pass_fds=(its_read, its_write),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    for descriptor in (its_read, its_write):
        os.close(descriptor)
    browser = Browser(own_read, own_write)
    try:
        yield browser
        browser.session = None
        browser.ask("Browser.close")
        process.wait(SECONDS)
    finally:
        process.kill()
        process.wait()
        os.close(own_read)
        os.close(own_write)
