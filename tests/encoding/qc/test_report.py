"""A title's report as a value: what it calls things, what it sums up, what people decided."""

from __future__ import annotations

import msgspec
from tests.encoding.film import STEREO, film, hdr_film, planned

from matinee.encoding.plan import Sidecar
from matinee.encoding.qc.report import Attempt, Decision, approved, cpu_by_stage, cpu_of, name_of, tops

SURROUND = msgspec.structs.replace(STEREO, index=2, channels=6, language="de")
SIDECARS = (Sidecar(text="subtitles/a", language="en", label="English"), Sidecar(text="b", language="de", label="D"))


def test_no_two_renditions_of_a_title_have_one_name() -> None:
    plan = planned(hdr_film(30.0), codecs="all")
    forms = planned(film(30.0, audio=(STEREO, SURROUND)), sidecars=SIDECARS)
    for renditions in ([*plan.video], [*forms.audio, *forms.subtitles]):
        names = [name_of(one) for one in renditions]
        assert len(renditions) > 3 and len(set(names)) == len(names), names
    assert "English (en), AAC 128 kb/s" in {name_of(one) for one in forms.audio}


def test_the_best_rung_of_each_ladder_is_its_last() -> None:
    plan = planned(hdr_film(30.0), codecs="all")
    best = tops(plan)
    assert {name_of(one) for one in plan.video if one.key in best} == {"1080p", "2160p HEVC", "2160p AV1"}


def test_what_all_attempts_took_is_told_by_stage_and_by_rendition() -> None:
    attempts = [
        Attempt(cpu_s={"inspect": 1.0, "chunk/a": 10.0, "check/a": 2.0}, log=()),
        Attempt(cpu_s={"chunk/a": 5.0, "package/a": 0.5, "chunk/b": 7.0, "new_thing": 1.0}, log=()),
    ]
    assert cpu_by_stage(attempts) == {"analyse": 1.0, "encode": 22.5, "check": 2.0, "new_thing": 1.0}
    assert cpu_of(attempts, "a") == (15.5, 2.0)


def test_what_is_to_be_made_again_is_approved_no_more() -> None:
    def decided(choice: str, *keys: str) -> Decision:
        return msgspec.convert({"choice": choice, "renditions": keys, "note": "", "at": 1.0}, Decision)

    assert approved([decided("approve", "a", "b"), decided("again", "b")]) == {"a"}
    assert approved([decided("again", "a"), decided("approve", "a")]) == {"a"}
    assert approved([decided("approve", "a"), decided("reject", "a")]) == set()
