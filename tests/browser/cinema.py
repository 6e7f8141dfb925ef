"""The server of the browser tests with its films, and what a test asks of it beside the browser."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
from playwright.sync_api import StorageState
from tests.end_to_end.server import Running

READY_TIMEOUT_S = 90
POSITION_TIMEOUT_S = 8
"""Less than the ten seconds after which a heartbeat comes anyway."""


@dataclass(frozen=True)
class Cinema:
    """A server that shows films; `ids` are those of its titles and episodes by their names."""

    url: str
    client: httpx.Client
    ids: Mapping[str, str]

    def forget(self, name: str) -> None:
        """Let the title begin at its beginning again."""
        self.client.delete(f"/v1/watching/{self.ids[name]}").raise_for_status()

    def card(self, name: str) -> Any:
        """What the server says of a title to this viewer."""
        return self.client.get(f"/v1/titles/{self.ids[name]}").raise_for_status().json()["title"]

    def wait_for_position(self, name: str, at_s: float, within_s: float) -> None:
        """Until the server knows that the viewer is there; what a page says as it is left arrives a little later."""
        deadline = time.monotonic() + POSITION_TIMEOUT_S
        while abs((known_s := self.card(name)["position_s"]) - at_s) > within_s:
            assert time.monotonic() < deadline, f"the server knows of {known_s} s, the viewer was at {at_s} s"
            time.sleep(0.05)

    def wait_for_title(self, name: str) -> str:
        """Until a title of this name can be played; its id."""
        deadline = time.monotonic() + READY_TIMEOUT_S
        while True:
            cards = self.client.get("/v1/titles").raise_for_status().json()["items"]
            for card in cards:
                if card["title"] == name and card["state"] == "ready":
                    return str(card["id"])
            assert time.monotonic() < deadline, f"{name} is not ready after {READY_TIMEOUT_S} s: {cards}"
            time.sleep(0.2)

    def signed_in(self) -> StorageState:
        """The state of a browser whose viewer has signed in."""
        host = urlsplit(self.url).hostname or ""
        (cookie,) = self.client.cookies.jar
        return {
            "cookies": [{"name": cookie.name, "value": cookie.value or "", "domain": host, "path": "/"}],
            "origins": [],
        }


def open_cinema(running: Running) -> Cinema:
    """Signs in, and looks up what is shown."""
    client = running.client()
    cards = client.get("/v1/titles").raise_for_status().json()["items"]
    shows = [client.get(f"/v1/titles/{card['id']}").json() for card in cards if card["kind"] == "show"]
    episodes = [episode for show in shows for season in show["seasons"] for episode in season["episodes"]]
    return Cinema(running.url, client, {card["title"]: card["id"] for card in [*cards, *episodes]})
