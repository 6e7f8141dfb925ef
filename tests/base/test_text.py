"""Text in the encodings that people's editors chose."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.base.subtitles import clean_webvtt, cues_of
from matinee.base.text import decoded

WORDS = {
    ("ja", "cp932"): "潮が満ちた。",
    ("ja", "euc_jp"): "ランプが灯る。階段に誰かいる。",
    ("zh", "gb18030"): "灯亮了。",
    ("zh-Hant", "big5"): "燈亮了。",
    ("zh-TW", "big5"): "樓梯上有人。",
    ("ko", "cp949"): "등불이 켜졌다.",
    ("ru", "cp1251"): "Лампа горит.",
    ("uk", "cp1251"): "Їжак іде.",
    ("pl", "cp1250"): "Świeci się latarnia.",
    ("cs", "cp1250"): "Příliv se obrátil.",
    ("el", "cp1253"): "Η λάμπα ανάβει.",
    ("tr", "cp1254"): "Işık yandı.",
    ("he", "cp1255"): "המנורה דולקת.",
    ("ar", "cp1256"): "المصباح مضاء.",
    ("lt", "cp1257"): "Šviesa dega ąžuole.",
    ("th", "cp874"): "โคมไฟสว่าง",
    ("fr-CA", "cp1252"): "La lampe est allumée.",
    ("", "cp1252"): "Ça va, señor?",
    ("ja", "utf-16-le"): "OK, the lamp. 灯。",
    ("", "utf-16-be"): "The lamp is lit.",
}
"""Language of the file's name, encoding, words."""


@pytest.mark.parametrize(("case", "words"), WORDS.items(), ids=lambda value: "-".join(value) if len(value) == 2 else "")
def test_subtitles_in_the_usual_encoding_of_their_language_are_read(case: tuple[str, str], words: str) -> None:
    language, encoding = case
    content = f"1\n00:00:01,000 --> 00:00:02,000\n{words}\n".encode(encoding)
    assert [cue.text for cue in cues_of(content, language=language)] == [words]
    assert words in clean_webvtt(content, language=language)


@pytest.mark.parametrize("language", ["", "ja", "ru", "zh", "el"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_mark_and_utf_8_count_for_more_than_the_language(language: str, encoding: str) -> None:
    assert decoded("Ça va? 潮".encode(encoding), language) == "Ça va? 潮"


@given(content=st.binary(max_size=60), language=st.sampled_from(["", "ja", "ru", "th", "xx"]))
def test_any_bytes_become_some_text(content: bytes, language: str) -> None:
    assert isinstance(decoded(content, language), str)


@given(text=st.text(max_size=40).filter(lambda text: "\0" not in text and not text.startswith("\ufeff")))
def test_utf_8_is_never_taken_for_anything_else(text: str) -> None:
    assert decoded(text.encode(), "ja") == text
