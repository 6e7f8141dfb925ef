"""The command about marks: where an episode's opening and credits are, and saying it better."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import typer

from matinee.app.cli.output import Json, Output, settings_now
from matinee.base.errors import Invalid

if TYPE_CHECKING:
    from matinee.app.settings import Settings
    from matinee.encoding.tracks.marks import Marks, Span

_TIME = re.compile(r"(?:(?:(\d{1,2}):)?(\d{1,3}):)?(\d{1,5}(?:\.\d{1,3})?)")
_NONE = "none"


class BadSpan(Invalid):
    """A part of a title that was not understood."""

    code = "bad_span"

    def __init__(self, text: str) -> None:
        super().__init__(f"{text!r} is no part of a title; write 1:05-1:40, 65-100, 0:58:00-1:00:00 or none")


def marks(
    title_id: Annotated[str, typer.Argument(metavar="ID")],
    intro: Annotated[str, typer.Option(help="Where the opening is: 1:05-1:40, or none.")] = "",
    credits_: Annotated[str, typer.Option("--credits", help="Where the credits are: 42:10-43:00, or none.")] = "",
    find: Annotated[
        bool, typer.Option("--find", help="Have them found anew by comparing the season, whatever was said before.")
    ] = False,
    json: Json = False,
) -> None:
    """Show where an episode's opening and credits are; with options, say it. What you say is not changed by Matinee."""
    import asyncio  # noqa: PLC0415

    if find and (intro or credits_):
        raise typer.BadParameter("--find looks for both marks; say them with --intro and --credits, or leave it out")
    found = asyncio.run(_marks(settings_now(), title_id, intro, credits_, is_sought=find))
    if find:
        Output(json).result(found, "They are looked for by the server that runs, or by the next one.")
        return
    said = "by a person" if found.is_edited else "found by comparing episodes, if at all"
    lines = (f"Opening: {_shown(found.intro)}", f"Credits: {_shown(found.credits)}", f"({said})")
    Output(json).result(found, *lines)


async def _marks(settings: Settings, title_id: str, intro: str, closing: str, *, is_sought: bool) -> Marks:
    from matinee.app.cli.session import opened  # noqa: PLC0415

    async with opened(settings) as platform:
        if is_sought:
            await platform.marking.find_again(title_id)
        known = await platform.marking.marks(title_id)
        if not (intro or closing):
            return known
        first = span_of(intro) if intro else known.intro
        last = span_of(closing) if closing else known.credits
        return await platform.marking.edit(title_id, first, last)


def span_of(text: str) -> Span | None:
    """The part that `1:05-1:40` means, None for `none`. Raises BadSpan."""
    from matinee.encoding.tracks.marks import Span  # noqa: PLC0415

    if text.strip().lower() == _NONE:
        return None
    times = [_TIME.fullmatch(part.strip()) for part in text.split("-")]
    if len(times) != 2 or times[0] is None or times[1] is None:
        raise BadSpan(text)
    start_s, end_s = (_seconds(match) for match in times if match)
    if start_s >= end_s:
        raise BadSpan(text)
    return Span(start_s=start_s, end_s=end_s)


def _seconds(time: re.Match[str]) -> float:
    hours, minutes, seconds = time.groups()
    return 3600 * int(hours or 0) + 60 * int(minutes or 0) + float(seconds)


def _shown(span: Span | None) -> str:
    return f"{_clock(span.start_s)}-{_clock(span.end_s)}" if span is not None else _NONE


def _clock(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02}:{rest:04.1f}"
