"""What is made of sound tracks: their forms, their roles, their names, and which of them goes with which rung."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.base.language import container_language
from matinee.encoding.tracks.sound import (
    GROUPS,
    SHARE_MAX,
    STEREO_GROUPS,
    AudioGroup,
    AudioRole,
    Described,
    Surround,
    forms_of,
    group_for,
    labels_of,
    layouts_of,
    nearest_group,
    role_of,
)


@given(channels=st.integers(1, 16), surround=st.sampled_from(["aac", "eac3", "none"]))
def test_a_track_has_one_form_a_group_and_never_more_channels_than_it_has(channels: int, surround: Surround) -> None:
    forms = forms_of(channels, surround)
    groups = [form.group for form in forms]
    assert len(set(groups)) == len(groups)
    assert groups[0] == "main", "the first form is what a title is published with"
    assert max(form.channels for form in forms) <= channels
    assert ("surround" in groups) == (channels >= 6 and surround != "none")
    assert set(layouts_of(channels, surround)) == {form.channels for form in forms}
    rates = {form.group: form.bitrate_bps for form in forms if form.group != "surround"}
    assert list(rates.values()) != sorted(rates.values()) and sorted(rates, key=lambda g: rates[g]) == [
        group for group in STEREO_GROUPS if group in rates
    ]


def test_surround_is_in_the_codec_that_was_chosen() -> None:
    assert [form.codec for form in forms_of(8, "eac3") if form.channels == 6] == ["eac3"]
    assert [form.codec for form in forms_of(6, "aac") if form.channels == 6] == ["aac"]


@pytest.mark.parametrize(
    ("title", "role"),
    [
        ("English Audio Description", "description"),
        ("Audio-described", "description"),
        ("Descriptive Service", "description"),
        ("English (AD)", "description"),
        ("The ad men", "main"),
        ("Director's Commentary", "commentary"),
        ("5.1 Surround", "main"),
        ("", "main"),
    ],
)
def test_a_title_says_what_a_track_is_for(title: str, role: AudioRole) -> None:
    assert role_of(title, is_dub=False, is_description=False, is_commentary=False) == role


def test_flags_say_what_a_track_is_for() -> None:
    assert role_of("", is_dub=True, is_description=True, is_commentary=False) == "description"
    assert role_of("", is_dub=True, is_description=False, is_commentary=True) == "commentary"
    assert role_of("Stereo", is_dub=True, is_description=False, is_commentary=False) == "dub"


def described(language: str, title: str = "", role: AudioRole = "main") -> Described:
    return Described(language=language, title=title, role=role)


def test_labels_say_the_language_and_the_purpose_and_the_title_where_two_are_alike() -> None:
    tracks = [
        described("en", "5.1"),
        described("en", "AD", "description"),
        described("en", "Director", "commentary"),
        described("en", "Cast", "commentary"),
        described("und", "Score"),
        described("und"),
    ]
    assert labels_of(tracks) == [
        "English",
        "English (audio description)",
        "English (commentary): Director",
        "English (commentary): Cast",
        "Score",
        "Track 6",
    ]


RATES: dict[AudioGroup, int] = {"low": 64_000, "main": 128_000, "high": 192_000}


@given(video_bps=st.integers(1, 100_000_000), rates=st.sampled_from([RATES, {"main": 96_000, "low": 48_000}]))
def test_sound_takes_its_share_at_most_or_is_the_cheapest(video_bps: int, rates: dict[AudioGroup, int]) -> None:
    chosen = rates[group_for(video_bps, rates)]
    assert chosen <= SHARE_MAX * video_bps or chosen == min(rates.values())
    assert not [bps for bps in rates.values() if chosen < bps <= SHARE_MAX * video_bps]


@given(video_bps=st.integers(1, 10_000_000), more=st.integers(0, 10_000_000))
def test_a_higher_rung_never_gets_worse_sound(video_bps: int, more: int) -> None:
    assert RATES[group_for(video_bps + more, RATES)] >= RATES[group_for(video_bps, RATES)]


@given(wanted=st.sampled_from(GROUPS), there=st.sets(st.sampled_from(GROUPS), min_size=1))
def test_a_track_without_a_form_stands_in_with_the_next_lower_one(wanted: AudioGroup, there: set[AudioGroup]) -> None:
    chosen = nearest_group(wanted, there)
    assert chosen in there
    if wanted in there:
        assert chosen == wanted
    ranks = {GROUPS.index(group) for group in there}
    below = {rank for rank in ranks if rank <= GROUPS.index(wanted)}
    assert GROUPS.index(chosen) == (max(below) if below else min(ranks))


@pytest.mark.parametrize(
    ("said", "tag"),
    [("eng", "en"), ("ger", "de"), ("pt-BR", "pt-BR"), ("fil", "fil"), ("qaa", "und"), ("und", "und"), ("", "und")],
)
def test_a_container_says_a_language_in_its_own_way(said: str, tag: str) -> None:
    assert container_language(said) == tag
