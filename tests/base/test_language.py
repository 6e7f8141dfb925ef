"""Languages as people write them."""

from __future__ import annotations

import pytest

from matinee.base.language import language_name, language_tag


@pytest.mark.parametrize(
    ("written", "tag"),
    [
        ("en", "en"),
        ("ENG", "en"),
        ("English", "en"),
        ("ger", "de"),
        ("deu", "de"),
        ("Deutsch", "de"),
        ("pt-br", "pt-BR"),
        ("por_BR", "pt-BR"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("es-419", "es-419"),
        ("日本語", "ja"),
        ("Norwegian Bokmål", "nb"),
    ],
)
def test_codes_and_names_are_recognised(written: str, tag: str) -> None:
    assert language_tag(written) == tag


@pytest.mark.parametrize("written", ["", "xx", "director", "en-XX", "en-Abcd", "--help", "english!"])
def test_what_is_no_language_is_none(written: str) -> None:
    assert language_tag(written) is None


def test_tags_are_named_for_people() -> None:
    assert language_name("pt-BR") == "Portuguese (Brazil)"
    assert language_name("zh-Hans") == "Chinese (simplified)"
    assert language_name("und") == "Unknown language"
    assert language_name("gsw") == "gsw"
