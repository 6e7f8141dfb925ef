"""The camera: its moves are even, and it never looks beyond the still."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.app.demo.camera import SHAKE, between, breathe, nearer, view_at, window
from matinee.app.demo.film import Film, Shot, View
from matinee.app.demo.programme import PROGRAMME

place, zoom = st.floats(0.3, 0.7), st.floats(1.0, 2.5)
views = st.builds(View, place, place, zoom)


@given(views, views)
def test_a_take_begins_and_ends_where_it_says(start: View, end: View) -> None:
    for share, view in ((0.0, start), (1.0, end)):
        got = between(start, end, share)
        assert (got.x, got.y, got.zoom) == pytest.approx((view.x, view.y, view.zoom), abs=1e-6)


@given(views, views)
def test_the_edges_of_the_picture_move_along_straight_lines(start: View, end: View) -> None:
    lefts = [
        (v.x - 0.5 / v.zoom, v.y - 0.5 / v.zoom) for v in (between(start, end, share) for share in (0, 0.3, 0.7, 1))
    ]
    across = np.array(lefts) - np.array(lefts[0])
    assert abs(np.cross(np.append(across[1], 0), np.append(across[3], 0))[2]) < 1e-6


@given(views, st.integers(16, 4000), st.integers(16, 4000))
def test_the_window_is_always_on_the_plate(view: View, width: int, height: int) -> None:
    left, top, right, bottom = window(view, width, height)
    assert -1e-6 <= left < right <= width + 1e-6
    assert -1e-6 <= top < bottom <= height + 1e-6


@given(views, views, st.floats(0, 0.5))
def test_a_nearer_layer_moves_further_and_agrees_at_the_anchor(view: View, anchor: View, depth: float) -> None:
    assert nearer(anchor, anchor, depth) == anchor
    assert abs(nearer(view, anchor, depth).x - anchor.x) >= abs(view.x - anchor.x) - 1e-12


def test_takes_follow_each_other() -> None:
    shots = (Shot(View(0.4, 0.5, 1), View(0.5, 0.5, 1), 1), Shot(View(0.5, 0.5, 2), View(0.6, 0.5, 2), 3))
    assert [view_at(shots, share)[0] for share in (0, 0.24, 0.26, 1)] == [0, 0, 1, 1]


@pytest.mark.parametrize("film", PROGRAMME, ids=lambda film: film.slug)
def test_no_film_s_camera_is_stopped_by_the_edge_of_its_still(film: Film) -> None:
    for shot in film.look.shots:
        for share in np.linspace(0, 1, 9):
            view = between(shot.start, shot.end, float(share))
            half = 0.5 / view.zoom + 1.6 * SHAKE / view.zoom
            assert half <= view.x <= 1 - half, view
            assert half <= view.y <= 1 - half, view


def test_the_camera_breathes_but_does_not_tremble() -> None:
    path = np.array([breathe(View(0.5, 0.5, 1.0), number / 24).x for number in range(240)]) * 1920
    assert 1 < np.ptp(path) < 8
    assert np.abs(np.diff(path)).max() < 0.2  # pixels from frame to frame
