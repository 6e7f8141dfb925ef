"""`matinee marks`: what it reads, what it shows, and what stays."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.app.cli.test_catalogue import published, rung

from matinee.app.cli.main import run
from matinee.app.cli.marks import BadSpan, span_of
from matinee.app.settings import Settings
from matinee.encoding.tracks.marks import Span


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("1:05-1:40", (65.0, 100.0)),
        (" 65 - 100.5 ", (65.0, 100.5)),
        ("0:58:00-1:00:00", (3480.0, 3600.0)),
        ("0-12.25", (0.0, 12.25)),
    ],
)
def test_a_part_is_read_as_people_write_it(text: str, span: tuple[float, float]) -> None:
    assert span_of(text) == Span(start_s=span[0], end_s=span[1])
    assert span_of("None") is None


@pytest.mark.parametrize("text", ["", "1:05", "1:40-1:05", "5-5", "-5-6", "a-b", "1:2:3:4-5", "1-2-3", "nan-inf"])
def test_what_is_no_part_is_refused(text: str) -> None:
    with pytest.raises(BadSpan, match="write 1:05-1:40"):
        span_of(text)


@given(start=st.integers(0, 86_000), lasts=st.integers(1, 4_000))
def test_seconds_mean_themselves(start: int, lasts: int) -> None:
    assert span_of(f"{start}-{start + lasts}") == Span(start_s=start, end_s=start + lasts)


def test_marks_are_shown_and_one_of_them_may_be_said_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MATINEE_HOME", str(tmp_path))
    title_id = asyncio.run(published(Settings(home=tmp_path), rung("480p", 854, 358)))

    def answer(*arguments: str) -> object:
        assert run(["marks", title_id, *arguments, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    opening = {"start_s": 5.0, "end_s": 20.0}
    assert answer() == {"intro": None, "credits": None, "is_edited": False}
    assert answer("--intro", "0:05-0:20") == {"intro": opening, "credits": None, "is_edited": True}
    ending = {"start_s": 50.0, "end_s": 60.0}
    assert answer("--credits", "50-60") == {"intro": opening, "credits": ending, "is_edited": True}
    assert answer("--intro", "none") == {"intro": None, "credits": ending, "is_edited": True}
    assert run(["marks", title_id, "--credits", "50-61"]) == 1, "after the end"


def test_a_film_has_nothing_to_be_compared_with_and_keeps_what_was_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MATINEE_HOME", str(tmp_path))
    title_id = asyncio.run(published(Settings(home=tmp_path), rung("480p", 854, 358)))
    assert run(["marks", title_id, "--intro", "0:05-0:20"]) == 0
    assert run(["marks", title_id, "--find", "--intro", "0:06-0:20"]) != 0, "both at once mean nothing"
    assert run(["marks", title_id, "--find"]) == 1
    assert "no other episode of its season" in capsys.readouterr().err
    assert run(["marks", title_id, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["intro"] == {"start_s": 5.0, "end_s": 20.0}
