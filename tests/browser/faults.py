"""What goes wrong in a page without anyone seeing it: errors on its console, policies violated, requests that fail."""

from __future__ import annotations

from dataclasses import dataclass, field

from playwright.sync_api import ConsoleMessage, Error, Page, Request, Response

LEFT_BEHIND = "net::ERR_ABORTED"
"""How a request ends that the page itself gave up, when it was left or when something else was typed."""


@dataclass
class Faults:
    """The faults of one page since it was watched."""

    found: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> Faults:
        """Note every fault of `page` from now on."""
        page.on("console", self._said)
        page.on("pageerror", self._threw)
        page.on("requestfailed", self._failed)
        page.on("response", self._answered)
        return self

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.found.append(f"console: {message.text}")

    def _threw(self, error: Error) -> None:
        self.found.append(f"exception: {error.message}")

    def _failed(self, request: Request) -> None:
        if request.failure != LEFT_BEHIND:
            self.found.append(f"{request.method} {request.url}: {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self.found.append(f"{response.request.method} {response.url}: {response.status}")
