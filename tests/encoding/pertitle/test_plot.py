"""The picture of a title's trials is well-formed, holds all of them, and says nothing but text."""

from __future__ import annotations

from xml.etree import ElementTree

from tests.encoding.pertitle.test_hull import trials_of

from matinee.encoding.pertitle.hull import quality_ladder
from matinee.encoding.pertitle.plot import HEIGHT, WIDTH, hull_svg

SVG = "{http://www.w3.org/2000/svg}"


def test_every_trial_and_rung_is_a_point_within_the_picture() -> None:
    trials = trials_of(1.0, 6.0)
    rungs = quality_ladder(trials)
    root = ElementTree.fromstring(hull_svg("The Quay", trials, rungs))
    points = [circle.attrib for circle in root.iter(f"{SVG}circle")]
    assert len(points) == len(trials) + len(rungs)
    assert all(0 <= float(one["cx"]) <= WIDTH and 0 <= float(one["cy"]) <= HEIGHT for one in points)
    words = [text.text for text in root.iter(f"{SVG}text")]
    assert words[0] == "The Quay"
    assert {rung.name for rung in rungs} <= set(words)


def test_more_bits_are_further_right_and_a_better_score_is_higher() -> None:
    trials = trials_of(1.0, 6.0, sizes=1)
    root = ElementTree.fromstring(hull_svg("x", trials, ()))
    points = [(float(one.attrib["cx"]), float(one.attrib["cy"])) for one in root.iter(f"{SVG}circle")]
    by_bits = [point for _, point in sorted(zip((one.bitrate_bps for one in trials), points, strict=True))]
    assert by_bits == sorted(by_bits, key=lambda point: (point[0], -point[1]))
    assert [y for _, y in by_bits] == sorted((y for _, y in by_bits), reverse=True)


def test_a_name_is_text_whatever_it_says() -> None:
    picture = hull_svg("<script>&", trials_of(1.0, 6.0), ())
    assert "<script>" not in picture
    assert ElementTree.fromstring(picture).find(f"{SVG}text").text == "<script>&"  # type: ignore[union-attr]
