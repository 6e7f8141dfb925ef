"""The plan: whatever order tasks are done in, everything is done once, lowest rung first, and then published."""

from __future__ import annotations

import random
from collections import Counter
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.encoding.film import ENCODER, NTSC_FILM, ORDER, STEREO, SUBTITLES, film, planned, samples_of
from tests.playback.asset_sample import BARE, audio

from matinee.encoding.asset import VideoRendition
from matinee.encoding.pertitle.sample import WINDOW_SEGMENTS
from matinee.encoding.plan import (
    Plan,
    Rendition,
    Sidecar,
    Task,
    Text,
    audible,
    check_name,
    chunk_name,
    default_track,
    facts_name,
    is_passed,
    next_tasks,
    pictures_name,
    plan_of,
    publishable,
    subtitles_of,
    window_name,
    windows_of,
)
from matinee.encoding.recipe import AudioRecipe, SubtitleRecipe, VideoRecipe
from matinee.encoding.source import AudioStream, SubtitleStream
from matinee.encoding.timeline import timeline_of
from matinee.encoding.tracks.loudness import Loudness
from matinee.encoding.tracks.sound import FIRST_GROUP

PLAN = planned(film(700))
"""Three windows, 24 chunks, three rungs, one sound track, one subtitle track."""


def all_names(plan: Plan) -> list[str]:
    """Everything that tasks of this plan make, in an order in which it can be made."""
    tracks = [facts_name(track.key) for track in (*plan.audio, *plan.subtitles)]
    checked = [check_name(plan, track.key, 0) for track in (*plan.audio, *plan.subtitles)]
    names = [*tracks, *checked, pictures_name(plan.order)]
    for rung in plan.video:
        names += [chunk_name(plan, rung.key, chunk.number) for chunk in plan.chunks]
        names.append(facts_name(rung.key))
        names += [check_name(plan, rung.key, window.number) for window in plan.windows]
    return names


def work_through(plan: Plan, seed: int) -> tuple[list[Task], list[int]]:
    """Do what is to be done in an order of chance; answers the tasks, and how many rungs were to be watched after each.

    Intermediates of a rung that is packaged are deleted now and then: they are not needed any more.
    """
    chance, done, order, watchable = random.Random(seed), set[str](), list[Task](), list[int]()
    while tasks := next_tasks(plan, done):
        task = chance.choice(tasks)
        order.append(task)
        done.add(task.makes)
        if task.kind == "package" and chance.random() < 0.5:
            done -= {chunk_name(plan, task.rendition, chunk.number) for chunk in plan.chunks}
        watchable.append(len(publishable(plan, done)))
    return order, watchable


@settings(max_examples=30)
@given(seed=st.integers())
def test_any_order_ends_with_everything_published_and_nothing_done_twice(seed: int) -> None:
    order, watchable = work_through(PLAN, seed)
    made = Counter(task.makes for task in order)
    assert set(made.values()) == {1}
    assert set(made) == set(all_names(PLAN))
    assert watchable[-1] == len(PLAN.video)
    assert watchable == sorted(watchable), "what may be watched never becomes less"


@settings(max_examples=10)
@given(seed=st.integers())
def test_a_rung_is_chunks_then_packaging_then_checks(seed: int) -> None:
    order, _ = work_through(PLAN, seed)
    stages = {"chunk": 0, "package": 1, "check": 2}
    for rung in PLAN.video:
        mine = [stages[task.kind] for task in order if task.rendition == rung.key]
        assert mine == sorted(mine)


def test_by_priority_rungs_are_finished_lowest_first_and_watchable_as_they_are() -> None:
    done, finished = set[str](), list[str]()
    while tasks := next_tasks(PLAN, done):
        done.add(tasks[0].makes)
        finished += [rung.key for rung in PLAN.video if rung.key not in finished and is_passed(PLAN, rung, done)]
        assert [rung.key for rung in publishable(PLAN, done)] == finished
    assert finished == [rung.key for rung in PLAN.video]


@given(done=st.sets(st.sampled_from(all_names(PLAN))))
def test_whatever_is_done_tasks_are_unique_not_done_yet_and_most_urgent_first(done: set[str]) -> None:
    tasks = next_tasks(PLAN, done)
    names = [task.makes for task in tasks]
    assert len(set(names)) == len(names)
    assert not set(names) & done
    assert [task.priority for task in tasks] == sorted((task.priority for task in tasks), reverse=True)
    packaged = {rung.key for rung in PLAN.video if facts_name(rung.key) in done}
    assert not [task for task in tasks if task.kind == "chunk" and task.rendition in packaged]


@given(done=st.sets(st.sampled_from(all_names(PLAN))), more=st.sampled_from(all_names(PLAN)))
def test_what_may_be_watched_only_grows(done: set[str], more: str) -> None:
    before, after = publishable(PLAN, done), publishable(PLAN, done | {more})
    assert after[: len(before)] == before
    assert before == PLAN.video[: len(before)]


def test_a_rung_may_not_be_watched_while_a_lower_one_is_missing() -> None:
    highest = PLAN.video[-1]
    done = set(all_names(PLAN)) - {check_name(PLAN, PLAN.video[0].key, 0)}
    assert is_passed(PLAN, highest, done)
    assert publishable(PLAN, done) == ()


@pytest.mark.parametrize(
    "missing",
    [
        check_name(PLAN, PLAN.audio[0].key, 0),
        facts_name(PLAN.subtitles[0].key),
        pictures_name(PLAN.order),
    ],
)
def test_nothing_may_be_watched_without_sound_subtitles_and_pictures(missing: str) -> None:
    everything = set(all_names(PLAN))
    assert publishable(PLAN, everything)
    assert publishable(PLAN, everything - {missing}) == ()


def test_nobody_is_offered_less_than_before() -> None:
    done = set(all_names(PLAN))
    before = [msgspec.structs.replace(BARE, video=BARE.video * 2)]
    lowest = {name for name in done if not any(other.key in name for other in PLAN.video[1:])}
    assert publishable(PLAN, lowest) == PLAN.video[:1]
    assert publishable(PLAN, lowest, before) == ()
    assert publishable(PLAN, done, before) == PLAN.video


def test_nothing_is_left_to_do_when_everything_is_done() -> None:
    assert next_tasks(PLAN, set(all_names(PLAN))) == []


def test_all_chunks_of_all_rungs_can_be_worked_on_at_once() -> None:
    chunks = [task for task in next_tasks(PLAN, set()) if task.kind == "chunk"]
    assert len(chunks) == len(PLAN.chunks) * len(PLAN.video)


def test_names_of_a_plan_are_unique() -> None:
    names = [*all_names(PLAN), *(window_name(PLAN.order, window.number) for window in PLAN.windows)]
    assert len(set(names)) == len(names)


@given(seconds=st.floats(0.5, 900), rate=st.sampled_from([NTSC_FILM, Fraction(25)]))
def test_windows_cover_every_frame_once_along_segments(seconds: float, rate: Fraction) -> None:
    inspection = film(seconds, rate)
    timeline = timeline_of(inspection)
    windows = windows_of(inspection, timeline)
    assert [frame for window in windows for frame in (window.start, window.end)][1:-1:2] == [
        window.start for window in windows[1:]
    ]
    assert (windows[0].start, windows[-1].end) == (0, timeline.frames)
    assert all(window.start % (timeline.segment_frames * WINDOW_SEGMENTS) == 0 for window in windows)


def test_the_same_film_has_the_same_plan() -> None:
    assert planned(film(700)) == PLAN


def first_forms(plan: Plan) -> list[AudioRecipe]:
    """The form of each track with which a title is published."""
    recipes = [track.recipe for track in plan.audio if isinstance(track.recipe, AudioRecipe)]
    return [recipe for recipe in recipes if recipe.group == FIRST_GROUP]


def test_every_sound_track_that_has_sound_becomes_a_rendition_and_one_is_the_default() -> None:
    silent = AudioStream(index=3, codec="aac", channels=2, sample_rate=48_000, packets=0)
    french = AudioStream(index=2, codec="ac3", channels=6, sample_rate=48_000, language="fr", title="VF", packets=5)
    plan = planned(film(30, audio=(STEREO, french, silent)))
    assert [(one.stream, one.language, one.label, one.channels, one.is_default) for one in first_forms(plan)] == [
        (1, "en", "English", 2, True),
        (2, "fr", "French", 2, False),
    ]


def test_every_track_has_its_forms_and_the_others_come_after_the_lowest_rung() -> None:
    wide = AudioStream(index=2, codec="truehd", channels=8, sample_rate=48_000, language="en", packets=5)
    mono = msgspec.structs.replace(wide, index=3, channels=1)
    inspection = film(30, audio=(STEREO, wide, mono))
    plan = plan_of(ORDER, inspection, samples_of(inspection), ENCODER, surround="eac3")
    forms = [one.recipe for one in plan.audio if isinstance(one.recipe, AudioRecipe)]
    made = Counter((one.stream, one.group, one.codec, one.channels) for one in forms)
    assert set(made) == {
        *((1, group, "aac", 2) for group in ("low", "main", "high")),
        *((2, group, "aac", 2) for group in ("low", "main", "high")),
        (2, "surround", "eac3", 6),
        *((3, group, "aac", 1) for group in ("low", "main")),
    }
    assert set(made.values()) == {1}
    first = {track.key for track in plan.audio if track.recipe in first_forms(plan)}
    assert {task.rendition for task in next_tasks(plan, set()) if task.kind == "audio"} == first
    lowest = {name for name in all_names(plan) if plan.video[0].key in name}
    later = [
        task for task in next_tasks(plan, lowest) if task.kind in ("audio", "chunk") and task.rendition not in first
    ]
    kinds = [task.kind for task in later]
    assert kinds == sorted(kinds), "the other forms before the chunks of the next rung"
    assert kinds.count("audio") == len(plan.audio) - len(first)


def test_a_title_is_published_with_the_first_forms_and_later_versions_have_all() -> None:
    done = set(all_names(PLAN))
    others = {check_name(PLAN, track.key, 0) for track in PLAN.audio if track.recipe not in first_forms(PLAN)}
    assert audible(PLAN, done) == PLAN.audio
    assert [track.recipe for track in audible(PLAN, done - others)] == first_forms(PLAN)
    assert publishable(PLAN, done - others) == PLAN.video
    held, *passed = [track for track in PLAN.audio if track.recipe not in first_forms(PLAN)]
    more = audible(PLAN, done - {check_name(PLAN, held.key, 0)})
    assert passed and set(more) == set(PLAN.audio) - {held}, "a form that is held keeps no other back"
    missing = {check_name(PLAN, track.key, 0) for track in PLAN.audio if track.recipe in first_forms(PLAN)}
    assert audible(PLAN, done - missing) == ()
    heard = [msgspec.structs.replace(BARE, audio=tuple(audio(track.key, "en", "English") for track in PLAN.audio))]
    assert publishable(PLAN, done - others, heard) == (), "what has all of its sound is not made to lose some"
    assert publishable(PLAN, done - others, [BARE]) == PLAN.video, "a form that is held keeps no rung back"


def video_of(rendition: Rendition) -> VideoRendition:
    """What packaging would have made of a rung."""
    assert isinstance(rendition.recipe, VideoRecipe)
    size = {"width": rendition.recipe.rung.width, "height": rendition.recipe.rung.height}
    return msgspec.structs.replace(BARE.video[0], key=rendition.key, **size)


def test_further_codecs_do_not_take_the_large_pictures_away_for_a_while() -> None:
    before, after = planned(film(30, size=(3840, 2160))), planned(film(30, size=(3840, 2160)), codecs="efficient")
    assert len(before.video) == 5
    version = msgspec.structs.replace(BARE, video=tuple(video_of(one) for one in before.video))
    done = set(all_names(after))
    largest = after.video[-1]
    assert publishable(after, done, [version]) == after.video
    assert publishable(after, done - {facts_name(largest.key)}, [version]) == ()


def test_the_loudness_of_each_layout_counts_for_it_alone() -> None:
    wide = AudioStream(index=1, codec="ac3", channels=6, sample_rate=48_000, language="en", packets=5)
    inspection = film(30, audio=(wide,))
    sounds = [Loudness(stream=1, channels=2, lufs=-20.0), Loudness(stream=1, channels=6, lufs=-24.0, peak_dbtp=-3.0)]
    plan = plan_of(ORDER, inspection, samples_of(inspection), ENCODER, sounds=sounds, surround="aac")
    gains = {
        (one.recipe.channels, one.recipe.gain_db, one.recipe.is_limited)
        for one in plan.audio
        if isinstance(one.recipe, AudioRecipe)
    }
    assert gains == {(2, 4.0, False), (6, 8.0, True)}


def test_a_description_or_a_commentary_never_plays_unasked() -> None:
    described = msgspec.structs.replace(STEREO, index=1, role="description", is_default=True)
    talked = msgspec.structs.replace(STEREO, index=2, role="commentary", is_default=False)
    original = msgspec.structs.replace(STEREO, index=4, language="ja", is_default=False, is_original=True)
    dubbed = msgspec.structs.replace(STEREO, index=3, role="dub", is_default=False)
    tracks = [described, talked, dubbed, original]
    assert default_track(tracks) == original
    assert default_track(tracks[:3]) == dubbed
    assert default_track(tracks[:2]) == described
    assert default_track([]) is None


def test_where_no_track_is_the_default_the_first_one_is() -> None:
    tracks = tuple(
        AudioStream(index=n, codec="aac", channels=1, sample_rate=48_000, packets=5, language="en") for n in (1, 2)
    )
    plan = planned(film(30, audio=tracks))
    assert [track.is_default for track in first_forms(plan)] == [True, False]


def test_a_film_without_sound_or_subtitles_has_neither() -> None:
    plan = planned(film(30, audio=()), sidecars=())
    assert (plan.audio, plan.subtitles) == ((), ())
    assert publishable(plan, set(all_names(plan))) == plan.video


def test_two_sidecars_of_the_same_language_are_two_tracks() -> None:
    sdh = type(SUBTITLES)(text=SUBTITLES.text, language="en", label="English", is_sdh=True)
    plan = planned(film(30), sidecars=(SUBTITLES, sdh))
    assert len({track.key for track in plan.subtitles}) == 2


ENGLISH = SubtitleStream(index=2, codec="subrip", language="en", packets=9)
GERMAN = SubtitleStream(index=3, codec="ass", language="de", title="Signs", is_forced=True, packets=9)


def read(track: SubtitleStream, sha256: str) -> Text:
    return Text(stream=track.index, text=f"work/abc/{sha256}.vtt", sha256=sha256)


def with_texts(*texts: tuple[SubtitleStream, str], sidecars: tuple[Sidecar, ...] = ()) -> list[tuple[str, str]]:
    """Label and text of each subtitle track of a film with these inside."""
    inspection = msgspec.structs.replace(film(30), subtitles=tuple(track for track, _ in texts))
    order = msgspec.structs.replace(ORDER, sidecars=sidecars)
    tracks = subtitles_of(order, inspection, [read(track, sha256) for track, sha256 in texts])
    assert len({track.key for track in tracks}) == len(tracks)
    return [(one.recipe.label, one.recipe.text) for one in tracks if isinstance(one.recipe, SubtitleRecipe)]


def test_subtitles_inside_the_film_are_named_and_flagged_like_sidecars() -> None:
    assert with_texts((ENGLISH, "e"), (GERMAN, "g")) == [
        ("English", "work/abc/e.vtt"),
        ("German (forced)", "work/abc/g.vtt"),
    ]


def test_a_sidecar_goes_first_and_a_track_that_says_the_same_is_left_out() -> None:
    sidecar = Sidecar(text="subtitles/e.vtt", language="en", label="English")
    assert with_texts((ENGLISH, "e"), sidecars=(sidecar,)) == [("English", "subtitles/e.vtt")]
    assert [text for _, text in with_texts((ENGLISH, "f"), sidecars=(sidecar,))] == [
        "subtitles/e.vtt",
        "work/abc/f.vtt",
    ]
    sdh = msgspec.structs.replace(sidecar, is_sdh=True)
    assert len(with_texts((ENGLISH, "e"), sidecars=(sdh,))) == 2, "it has other flags"


def test_two_tracks_of_a_kind_are_told_apart_by_their_titles_and_the_same_one_twice_is_one() -> None:
    full, signs = (msgspec.structs.replace(ENGLISH, index=n, title=title) for n, title in ((4, "Full"), (5, "Signs")))
    assert [label for label, _ in with_texts((full, "f"), (signs, "s"))] == ["English: Full", "English: Signs"]
    assert len(with_texts((full, "f"), (signs, "f"))) == 1


def test_a_track_without_cues_is_none() -> None:
    inspection = msgspec.structs.replace(film(30), subtitles=(ENGLISH,))
    assert subtitles_of(ORDER, inspection, [Text(stream=ENGLISH.index, fault="it is not text")]) == ()


def test_a_film_that_is_accepted_with_its_damage_has_renditions_of_its_own() -> None:
    inspection = film(30)
    damaged = type(ORDER)(
        title_id=ORDER.title_id,
        master=ORDER.master,
        source=ORDER.source,
        size_bytes=ORDER.size_bytes,
        is_damaged_accepted=True,
    )
    plan = plan_of(damaged, inspection, samples_of(inspection), ENCODER)
    ordinary = planned(inspection)
    assert all(isinstance(rung.recipe, VideoRecipe) and rung.recipe.is_damaged for rung in plan.video)
    assert not {rung.key for rung in plan.video} & {rung.key for rung in ordinary.video}
