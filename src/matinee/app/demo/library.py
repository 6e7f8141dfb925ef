"""The demonstration library: its films enqueued once, made on workers, and given to Matinee like anyone's."""

from __future__ import annotations

from pathlib import Path

from matinee.app.demo.film import Film, subtitles
from matinee.app.demo.posters import poster, still
from matinee.app.demo.programme import PROGRAMME, SHOW_SYNOPSIS, SHOW_TAGLINE
from matinee.app.demo.render import render
from matinee.app.given import Given
from matinee.app.ingest import DEMO
from matinee.base.errors import NotFound
from matinee.base.process import Stopped
from matinee.catalog.lettering import Fonts
from matinee.catalog.naming import SubtitleName
from matinee.catalog.service import Catalog
from matinee.catalog.title import Metadata, Person
from matinee.work.compute import is_cancelled
from matinee.work.service import Jobs

MARKER = "demo-made"
"""In HOME: the films were enqueued once, and do not come back when a person removes them."""
POSTER, STILL, PROGRESS = "poster.webp", "still.webp", "progress"


class UnknownFilm(NotFound):
    """The programme has no such film (any more)."""

    code = "unknown_demo_film"


def film_of(slug: str) -> Film:
    """The film of that slug. Raises UnknownFilm."""
    for film in PROGRAMME:
        if film.slug == slug:
            return film
    raise UnknownFilm(f"the demonstration programme has no film {slug!r}")


async def enqueue_demo(catalog: Catalog, jobs: Jobs, home: Path, priority: int) -> int:
    """Enqueue the programme where the library is empty and always was; answers how many films."""
    marker = home / MARKER
    if marker.exists() or (await catalog.snapshot()).titles:
        return 0
    for film in PROGRAMME:
        name = f"{film.show}: {film.title}" if film.show else film.title
        await jobs.enqueue(DEMO, film.slug, {"title": name, "show": film.show}, priority)
    marker.touch()
    return len(PROGRAMME)


def make_film(film: Film, folder: Path, fonts: Path, ffmpeg: Path) -> str:
    """On a worker: the master, its subtitles, poster and still into `folder`; answers the master's name.

    Raises Stopped when nobody waits for it any more.
    """
    folder.mkdir(parents=True, exist_ok=True)
    faces = Fonts(fonts)

    def on_progress(share: float) -> None:
        if is_cancelled():
            raise Stopped(f"rendering {film.slug} was stopped")
        (folder / PROGRESS).write_text(f"{share:.3f}", encoding="ascii")

    (folder / POSTER).write_bytes(poster(film, faces).webp)
    (folder / STILL).write_bytes(still(film).webp)
    for language, text in subtitles(film).items():
        (folder / f"{language}.vtt").write_text(text, encoding="utf-8")
    return render(film, folder, ffmpeg, faces, on_progress=on_progress).name


def given_of(film: Film, folder: Path) -> Given:
    """What `make_film` left in `folder`, as a film to take; a series looks like its first episode."""
    is_first = film.episode == 1
    metadata = Metadata(
        title=film.title,
        year=film.year,
        synopsis=film.synopsis,
        tagline=film.tagline,
        genres=film.genres,
        language=film.language,
        people=_people(film),
        show=film.show,
        show_year=film.year if film.show else None,
        season=film.season if film.show else None,
        episode=film.episode if film.show else None,
    )
    return Given(
        path=folder / f"{film.slug}.mkv",
        metadata=metadata,
        subtitles=tuple((folder / f"{tag}.vtt", SubtitleName(language=tag)) for tag in subtitles(film)),
        poster=folder / POSTER,
        fanart=folder / STILL,
        focus=film.look.focus,
        ladder="fast",  # whoever tries Matinee out wants to see a film soon
        show=metadata_of_show(film) if film.show else None,
        show_poster=folder / POSTER if is_first else None,
        show_fanart=folder / STILL if is_first else None,
    )


def metadata_of_show(film: Film) -> Metadata:
    """What is said of the series that an episode belongs to."""
    return Metadata(
        show=film.show,
        show_year=film.year,
        synopsis=SHOW_SYNOPSIS,
        tagline=SHOW_TAGLINE,
        genres=film.genres,
        language=film.language,
        people=_people(film),
    )


def _people(film: Film) -> tuple[Person, ...]:
    cast = (Person(name=role.name, role="cast", character=role.character) for role in film.cast)
    return (Person(name=film.director, role="director"), *cast)
