"""Text as it lies beside films, in whatever encoding somebody's editor chose."""

from __future__ import annotations

import codecs

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark is the first half of this one
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


_BY_LANGUAGE = {
    "ja": ("cp932", "euc_jp"), "zh": ("gb18030", "big5"), "zh-Hant": ("big5", "gb18030"), "zh-TW": ("big5", "gb18030"),
    "ko": ("cp949",), "th": ("cp874",), "vi": ("cp1258",), "el": ("cp1253",), "he": ("cp1255",), "tr": ("cp1254",),
    **dict.fromkeys(("ru", "uk", "be", "bg", "mk", "sr"), ("cp1251",)),
    **dict.fromkeys(("pl", "cs", "sk", "hu", "ro", "sl", "hr", "bs", "sq"), ("cp1250",)),
    **dict.fromkeys(("ar", "fa", "ur"), ("cp1256",)),
    **dict.fromkeys(("lt", "lv", "et"), ("cp1257",)),
}  # fmt: skip
"""What editors on Windows wrote in a language (WHATWG Encoding, 4.2 and the table of locales), the likeliest first."""
_WESTERN = "cp1252"
_WIDE_SHARE = 0.3
"""UTF-16 without a mark: where so much of every second byte is 0, these are the upper halves of plain letters."""


def decoded(content: bytes, language: str = "") -> str:
    """The text: by its byte order mark, else UTF-8, else what is usual for `language` (a BCP 47 tag), else Windows-1252
    (bytes it leaves open become U+FFFD)."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content.decode(encoding, errors="replace")
    for encoding in (*_wide(content), "utf-8", *_usual(language), _WESTERN):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode(_WESTERN, errors="replace")


def _usual(language: str) -> tuple[str, ...]:
    return _BY_LANGUAGE.get(language) or _BY_LANGUAGE.get(language.partition("-")[0], ())


def _wide(content: bytes) -> tuple[str, ...]:
    half = len(content) // 2
    if half and content[1::2].count(0) > _WIDE_SHARE * half and not content[::2].count(0):
        return ("utf-16-le",)
    if half and content[::2].count(0) > _WIDE_SHARE * half and not content[1::2].count(0):
        return ("utf-16-be",)
    return ()
