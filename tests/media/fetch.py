"""Ways to get a URL's bytes for the validators: from a folder, or over HTTP as a player does."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
from tests.media.track import Fetch, Range


def from_folder(base: str, folder: Path) -> Fetch:
    """URLs below `base` are files below `folder`."""

    def fetch(url: str, part: Range | None) -> bytes:
        assert url.startswith(base), f"{url} is not below {base}"
        data = (folder / url.removeprefix(base)).read_bytes()
        return data if part is None else data[part[0] : part[1] + 1]

    return fetch


def over_http(client: httpx.Client) -> Fetch:
    """Asks a server; a range must be answered by 206 with just that range."""

    def fetch(url: str, part: Range | None) -> bytes:
        if part is None:
            return client.get(url).raise_for_status().content
        answer = client.get(url, headers={"Range": f"bytes={part[0]}-{part[1]}"})
        assert answer.status_code == httpx.codes.PARTIAL_CONTENT, f"{url} {part}: {answer.status_code}"
        said = re.fullmatch(r"bytes (\d+)-(\d+)/\d+", answer.headers["Content-Range"])
        assert said and (int(said[1]), int(said[2])) == part, f"{url} {part}: {answer.headers['Content-Range']}"
        return answer.content

    return fetch
