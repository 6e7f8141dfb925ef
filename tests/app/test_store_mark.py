"""A library touches no store that is not its own."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.app.platform import Intake, intake

from matinee.app.given import Given
from matinee.app.master import master_key
from matinee.app.store_mark import MARK, AnotherStore, StoreMark
from matinee.base import objects as store
from matinee.base.objects import folder_of
from matinee.catalog.title import Title


@pytest.fixture
async def library(tmp_path: Path) -> AsyncIterator[Intake]:
    async with intake(tmp_path) as made:
        yield made


def mark_of(library: Intake) -> StoreMark:
    return StoreMark(library.catalog, library.objects)


async def added(library: Intake, tmp_path: Path) -> Title:
    film = tmp_path / "film.mkv"
    film.write_bytes(b"\x1a\x45\xdf\xa3 film")
    return (await library.ingest.take(Given(path=film), lambda _: None)).title


def unmounted(library: Intake) -> Path:
    """The store's folder as it is where its disk is not mounted; answers where its content is meanwhile."""
    folder = folder_of(library.objects)
    assert folder is not None
    away = folder.with_name("away")
    folder.rename(away)
    folder.mkdir()
    return away


async def test_a_new_store_is_marked_once_and_known_again(library: Intake) -> None:
    await mark_of(library).check()
    mark = store.read(library.objects, MARK)
    await mark_of(library).check()
    assert store.read(library.objects, MARK) == mark


async def test_nothing_is_removed_while_the_store_is_not_mounted(library: Intake, tmp_path: Path) -> None:
    title = await added(library, tmp_path)
    await library.ingest.reconcile()
    away = unmounted(library)
    with pytest.raises(AnotherStore, match="mounted"):
        await library.ingest.reconcile()
    folder = folder_of(library.objects)
    assert folder is not None
    shutil.rmtree(folder)
    away.rename(folder)
    await library.ingest.reconcile()
    assert (await library.catalog.with_source(title.source)) is not None
    assert store.exists(library.objects, master_key(title.source))


async def test_a_fresh_database_does_not_sweep_the_store_of_another(library: Intake, tmp_path: Path) -> None:
    await mark_of(library).check()
    title = await added(library, tmp_path)
    folder = folder_of(library.objects)
    assert folder is not None
    (tmp_path / "fresh").mkdir()
    async with intake(tmp_path / "fresh") as fresh:
        other = folder_of(fresh.objects)
        assert other is not None
        shutil.copytree(folder, other, dirs_exist_ok=True)
        for _ in range(2):
            with pytest.raises(AnotherStore, match="another library"):
                await mark_of(fresh).check()
        assert store.exists(fresh.objects, master_key(title.source))
        known = await fresh.catalog.store_mark()
        assert known is not None
        store.write(fresh.objects, MARK, known.encode())
        await mark_of(fresh).check()


async def test_a_store_of_before_marks_is_known_by_its_films(library: Intake, tmp_path: Path) -> None:
    await added(library, tmp_path)
    await mark_of(library).check()
    assert store.exists(library.objects, MARK)


async def test_a_mark_that_was_written_before_a_crash_is_adopted(library: Intake) -> None:
    store.write(library.objects, MARK, b"0123")
    await mark_of(library).check()
    assert await library.catalog.store_mark() == "0123"
