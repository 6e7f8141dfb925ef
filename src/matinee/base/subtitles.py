"""Subtitle files as people have them (SubRip, WebVTT, SubStation Alpha, TTML), made into clean WebVTT.

What comes out holds text, `<i>`, `<b>`, `<u>` and a line position, and nothing else: players put cues into pages.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import ParseError

import msgspec
import pysubs2

from matinee.base.errors import Invalid
from matinee.base.text import decoded
from matinee.base.units import Seconds

SUBTITLES_MAX_BYTES = 10 << 20  # the wordiest film has some 200 KB
CUES_MAX = 20_000  # five hours with more than one a second
CUE_MAX = 2_000  # characters: more than fits on a screen
_CUE_LASTS_MAX_S = 60.0 * 30  # a longer one is a broken end time

_TIMING = re.compile(r"^[ \t]*(?:\d+:)?\d{2}:\d{2}\.\d{2,3}[ \t]*-->.*$", re.MULTILINE)
_TAG = re.compile(r"</?\s*[a-zA-Z][^<>]*>|<\d[\d:.]*>")
_KEPT = re.compile(r"<(/?)\s*([ibu])\s*>", re.IGNORECASE)
_AT_TOP = re.compile(r"\{\\an[789]\}")
_OVERRIDE = re.compile(r"\{\\[^{}]*\}")
_STYLE_SWITCH = re.compile(r"\\([ibu])([01])(?!\d)")
_BLOCK = re.compile(r"\{[^{}]*\}")
_DRAWING = re.compile(r"\{[^{}]*\\p[1-9]")
_TOP_ALIGNMENTS = (7, 8, 9)
_ASS_START = re.compile(r"\s*(?:[;!][^\n]*\n\s*)*\[(?:script info|v4\+? styles|events)\]", re.IGNORECASE)
_TTML_START = re.compile(r"\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)*<(?:!DOCTYPE|(?:\w+:)?tt)\s", re.DOTALL)
_OLD_TTML = re.compile(r"http://www\.w3\.org/2006/(?:04|10)/ttaf1")  # DFXP, before it was called TTML
_DUR = re.compile(r"(\s)dur(?=\s*=\s*[\"'])")
_REMEDY = "save it as SubRip (.srt) or WebVTT (.vtt)"


class BadSubtitles(Invalid):
    """A subtitle file that cannot be used; the film it belongs to can."""

    code = "bad_subtitles"


class Cue(msgspec.Struct, frozen=True, kw_only=True):
    """One line of subtitles: WebVTT cue text, shown from `start_s` until before `end_s`."""

    start_s: float
    end_s: float
    text: str
    is_at_top: bool = False


def clean_webvtt(content: bytes, duration: Seconds | None = None, *, language: str = "") -> str:
    """The WebVTT made of a subtitle file; cues after the film's end are left out. Raises BadSubtitles."""
    return written(cues_of(content, duration, language=language))


def cues_of(
    content: bytes, duration: Seconds | None = None, origin_s: float = 0.0, *, language: str = ""
) -> Sequence[Cue]:
    """The cues of a subtitle file, in the order of their times; its time `origin_s` becomes 0. Raises BadSubtitles.

    Cues are cut where the film begins and ends. The `language` tells how old files of it are usually encoded.
    """
    if len(content) > SUBTITLES_MAX_BYTES:
        raise BadSubtitles(f"the subtitle file has {len(content)} bytes; at most {SUBTITLES_MAX_BYTES} are read")
    text = decoded(content, language).replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        raise BadSubtitles("the subtitle file is not text; save it as SubRip (.srt) or WebVTT (.vtt) in UTF-8")
    parsed = [_shifted(cue, origin_s, duration) for cue in _parsed(text)]
    if not parsed:
        raise BadSubtitles(
            "the subtitle file has no cue with a time (00:01:02,500 --> 00:01:04,000); "
            "save it as SubRip (.srt) or WebVTT (.vtt)"
        )
    if len(parsed) > CUES_MAX:
        raise BadSubtitles(f"the subtitle file has {len(parsed)} cues; at most {CUES_MAX} are read")
    kept = [cue for cue in parsed if cue.text and _is_on_timeline(cue, duration)]
    return sorted(kept, key=lambda cue: (cue.start_s, cue.end_s))


def written(cues: Sequence[Cue]) -> str:
    """The WebVTT file with `cues` (W3C WebVTT 4.1)."""
    blocks = [f"{_time(cue.start_s)} --> {_time(cue.end_s)}{' line:10%' * cue.is_at_top}\n{cue.text}" for cue in cues]
    return "\n\n".join(["WEBVTT", *blocks]) + "\n"


def _shifted(cue: Cue, origin_s: float, duration: Seconds | None) -> Cue:
    start_s, end_s = cue.start_s - origin_s, cue.end_s - origin_s
    # A broken end time is left as it is, so that it shows.
    if duration is not None and end_s - start_s <= _CUE_LASTS_MAX_S:
        end_s = min(end_s, duration)
    return msgspec.structs.replace(cue, start_s=max(0.0, start_s), end_s=end_s)


def _is_on_timeline(cue: Cue, duration: Seconds | None) -> bool:
    lasts = cue.end_s - cue.start_s
    return 0 < lasts <= _CUE_LASTS_MAX_S and (duration is None or cue.start_s < duration)


def _parsed(text: str) -> Iterator[Cue]:
    text = text.lstrip("\ufeff")
    if _ASS_START.match(text):
        return _from_substation(text)
    if _TTML_START.match(text):
        return _from_ttml(text)
    return _from_lines(text)


def _from_substation(text: str) -> Iterator[Cue]:
    """The cues of a SubStation Alpha file; comments and drawings are none, and a line in two layers is one."""
    kind = "ssa" if "[V4 Styles]" in text else "ass"
    file = _read(text, kind)
    seen: set[tuple[int, int, str]] = set()
    for event in file.events:
        if event.is_comment or _DRAWING.search(event.text):
            continue
        words = _clean(
            _BLOCK.sub(_switched, event.text.replace("\\N", "\n").replace("\\n", " ").replace("\\h", "\u00a0"))
        )
        if (event.start, event.end, words) in seen:
            continue
        seen.add((event.start, event.end, words))
        style = file.styles.get(event.style)
        is_top_style = style is not None and int(style.alignment) in _TOP_ALIGNMENTS and "\\an" not in event.text
        yield Cue(
            start_s=event.start / 1000,
            end_s=event.end / 1000,
            text=words,
            is_at_top=is_top_style or _AT_TOP.search(event.text) is not None,
        )


def _switched(block: re.Match[str]) -> str:
    """The tags for what an override block switches on and off."""
    return "".join(f"<{'/' * (state == '0')}{name}>" for name, state in _STYLE_SWITCH.findall(block[0]))


def _from_ttml(text: str) -> Iterator[Cue]:
    """The cues of a TTML or DFXP file. Times in frames or ticks are refused: their rate is not read."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise BadSubtitles(f"the subtitle file declares entities, which are not read; {_REMEDY}")
    for event in _read(_DUR.sub(r"\1duration", _OLD_TTML.sub("http://www.w3.org/ns/ttml", text)), "ttml").events:
        yield Cue(start_s=event.start / 1000, end_s=event.end / 1000, text=_clean(event.text.replace("\\N", "\n")))


def _read(text: str, kind: str) -> pysubs2.SSAFile:
    try:
        return pysubs2.SSAFile.from_string(text, format_=kind)
    except (ParseError, NotImplementedError, LookupError, ValueError, pysubs2.Pysubs2Error) as error:
        raise BadSubtitles(f"the subtitle file cannot be read as {kind.upper()} ({error}); {_REMEDY}") from error


def _from_lines(text: str) -> Iterator[Cue]:
    is_vtt = text.lstrip("\n ").startswith("WEBVTT")
    plain = _numbered(text) if is_vtt else text
    # The parser takes a number at the very end for that of the next cue: so there is one.
    kind = "vtt" if is_vtt else "srt"
    for event in pysubs2.SSAFile.from_string(plain + "\n\n0\n", format_=kind, keep_html_tags=True):
        raw = event.text.replace("\\N", "\n")
        yield Cue(
            start_s=event.start / 1000,
            end_s=event.end / 1000,
            text=_clean(raw),
            is_at_top=_AT_TOP.search(raw) is not None,
        )


def _numbered(text: str) -> str:
    """Only the cues of a WebVTT file, numbered: its notes, styles, regions and cue names left out."""
    blocks = [
        block for block in re.split(r"\n\s*\n", text) if not block.lstrip().startswith(("NOTE", "STYLE", "REGION"))
    ]
    cues = [block[match.start() :] for block in blocks if (match := _TIMING.search(block))]
    return "\n\n".join(f"{number}\n{cue}" for number, cue in enumerate(cues, 1))


def _clean(raw: str) -> str:
    """Cue text with its allowed tags balanced and everything else escaped (WebVTT 4.2.2)."""
    text = _OVERRIDE.sub("", raw)[:CUE_MAX]
    pieces: list[str] = []
    open_tags: list[str] = []
    position = 0
    for tag in _TAG.finditer(text):
        pieces.append(_escaped(text[position : tag.start()]))
        pieces.append(_kept_tag(tag[0], open_tags))
        position = tag.end()
    pieces += [_escaped(text[position:]), *(f"</{name}>" for name in reversed(open_tags))]
    lines = [line.strip() for line in "".join(pieces).split("\n")]
    return "\n".join(line for line in lines if line) if _has_words(lines) else ""


def _kept_tag(tag: str, open_tags: list[str]) -> str:
    match = _KEPT.fullmatch(tag)
    if match is None:
        return ""
    name = match[2].lower()
    if not match[1]:
        open_tags.append(name)
        return f"<{name}>"
    if open_tags and open_tags[-1] == name:
        open_tags.pop()
        return f"</{name}>"
    return ""


def _escaped(text: str) -> str:
    printable = "".join(char for char in html.unescape(text) if char.isprintable() or char in "\n\u00a0\u200e\u200f")
    return html.escape(printable, quote=False)


def _has_words(lines: Sequence[str]) -> bool:
    return any(_KEPT.sub("", line).strip() for line in lines)


def _time(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}.{rest % 1000:03}"
