"""Films with subtitles inside, made with FFmpeg: text in two languages, and a track of pictures."""

from __future__ import annotations

from pathlib import Path

from tests.encoding.remake import remake

ENGLISH = """1
00:00:01,000 --> 00:00:02,500
{\\an8}<i>Fog</i> & salt

2
00:00:11,000 --> 00:00:59,000
It goes on
"""
GERMAN = """1
00:00:03,040 --> 00:00:04,000
Nebel

2
00:00:20,000 --> 00:00:21,000
Nach dem Film
"""


def with_text(film: Path, out: Path, *, kinds: tuple[str, str] = ("subrip", "ass"), start_s: float = 0.0) -> Path:
    """`film` with an English track, and a German one that is forced; all of it begins at `start_s`."""
    for name, text in (("en", ENGLISH), ("de", GERMAN)):
        out.with_suffix(f".{name}.txt").write_text(text, encoding="utf-8")
    return remake(
        film, out,
        "-f", "srt", "-i", str(out.with_suffix(".en.txt")), "-f", "srt", "-i", str(out.with_suffix(".de.txt")),
        "-map", "0:v", "-map", "0:a?", "-map", "1", "-map", "2", "-c:v", "copy", "-c:a", "copy",
        "-c:s:0", kinds[0], "-c:s:1", kinds[1],
        "-metadata:s:s:0", "language=eng", "-metadata:s:s:1", "language=ger", "-disposition:s:1", "forced",
        "-output_ts_offset", str(start_s),
    )  # fmt: skip


SIGNS = """[Script Info]
ScriptType: v4.00+

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:01.00,0:00:02.50,Default,,0,0,0,,{\\pos(1,2)}{\\i1}EXIT{\\i0}
Dialogue: 1,0:00:01.00,0:00:02.50,Default,,0,0,0,,{\\pos(3,4)}{\\i1}EXIT{\\i0}
Dialogue: 0,0:00:01.00,0:00:02.50,Default,,0,0,0,,{\\p1}m 0 0 l 9 9{\\p0}
"""


def with_signs(film: Path, out: Path) -> Path:
    """`film` with a track that puts a sign up in two layers, on a drawing."""
    signs = out.with_suffix(".ass")
    signs.write_text(SIGNS, encoding="utf-8")
    return remake(film, out, "-f", "ass", "-i", str(signs), "-map", "0:v", "-map", "1", "-c", "copy")


def with_pictures(film: Path, out: Path) -> Path:
    """`film` with a German track of pictures: one end-of-display-set segment of a Blu-ray's presentation graphics."""
    graphics = out.with_suffix(".sup")
    graphics.write_bytes(b"PG" + (90_000).to_bytes(4, "big") + bytes(4) + b"\x80" + bytes(2))
    return remake(
        film, out, "-f", "sup", "-i", str(graphics),
        "-map", "0:v", "-map", "1", "-c", "copy", "-metadata:s:s:0", "language=ger",
    )  # fmt: skip
