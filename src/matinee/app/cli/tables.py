"""Tables for people: what an import takes for what, the catalogue, a title, jobs, settings, a check-up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from matinee.app.analyse import Ladder, Report
from matinee.app.cli.adding import Imported, said_of
from matinee.app.cli.catalogue import Details, Quality
from matinee.app.queue import EncodingQueue, QueuedTitle
from matinee.app.webhooks.delivery import shown
from matinee.base.language import language_name
from matinee.catalog.library import Find, Library
from matinee.catalog.title import Title, episode_code
from matinee.encoding.pertitle.ladder import CODEC_NAMES, box_height, leading_rungs
from matinee.encoding.qc.report import Report as EncodeReport
from matinee.work.job import Job, JobState, fraction

LOG_SHOWN = 20  # lines of an encode's log
ROW_MAX = 10_000  # columns: no row is wider
_GOOD, _BAD, _WAITS = "green", "red", "yellow"
_COLOURS = {"ready": _GOOD, "done": _GOOD, "failed": _BAD, "cancelled": _BAD}


def of_library(library: Library) -> RenderableType:
    """What was found in a folder, and what was left out and why."""
    found = _table("File", "Taken for", "Beside it")
    for find in library.finds:
        found.add_row(_plain(find.path), _plain(said_of(find.metadata)), _plain(_beside(find)))
    left = _table("Left out", "Why")
    for skip in library.skipped:
        left.add_row(_plain(skip.path), _plain(skip.reason))
    return Group(*([found] if library.finds else []), *([left] if library.skipped else []))


def of_imported(imported: Imported) -> RenderableType:
    """What became of each film."""
    table = _table("File", "Title", "State", "")
    for outcome in imported.taken:
        notes = outcome.error or "; ".join(outcome.warnings)
        table.add_row(_plain(outcome.path), _plain(outcome.title), _state(outcome.state), _plain(notes))
    return table


def of_titles(titles: Sequence[Title], qualities: Mapping[str, Quality]) -> RenderableType:
    """The catalogue; episodes stand below their show."""
    rows = []
    for title in titles:
        name = f"  {episode_code(title)} {title.title}" if title.show_id else title.title
        state = Text("") if title.kind == "show" else _state(title.state)
        facts = (str(title.year or ""), duration(title.duration_s), _picture(qualities.get(title.id)))
        rows.append((title.id, (_plain(name), *map(Text, facts), state)))
    return _Listed(("Title", "Year", "Length", "Picture", "State"), rows)


def of_details(details: Details) -> RenderableType:
    """All that is known of a title."""
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, value in _facts(details):
        if value:
            table.add_row(Text(name, style="dim"), value if isinstance(value, Text) else _plain(value))
    parts: list[RenderableType] = [table]
    if details.episodes:
        parts.append(of_titles(details.episodes, details.qualities))
    return Group(*parts)


def of_jobs(jobs: Sequence[Job]) -> RenderableType:
    """Jobs, the one that changed last first."""
    rows = []
    for job in jobs:
        what = f"{job.kind} {job.payload.get('title') or job.payload.get('name') or job.subject}"
        notes = "; ".join(part for part in (job.reason, job.remedy) if part) or job.progress.note
        share = Text(f"{fraction(job.progress):.0%}")
        rows.append((job.id, (_plain(what), _state(job.state.value), share, _plain(notes))))
    return _Listed(("What", "State", "Done", ""), rows)


def of_deliveries(jobs: Sequence[Job]) -> RenderableType:
    """Webhooks, the one that changed last first."""
    rows = []
    for job in jobs:
        message, url = job.payload["message"], shown(str(job.payload["url"]))
        notes = "; ".join(part for part in (job.reason, job.remedy) if part)
        tries = Text(str(max(job.attempt, job.retries)))
        rows.append((job.id, (_plain(message["name"]), _plain(url), _state(job.state.value), tries, _plain(notes))))
    return _Listed(("What", "To", "State", "Tries", ""), rows)


def of_queue(queue: EncodingQueue) -> RenderableType:
    """The encoding queue: the titles in their order, then those that failed, and who works."""
    rows = []
    for title in (*queue.titles, *queue.failed):
        notes = "; ".join(part for part in (title.reason, title.remedy) if part)
        doing = Text(title.stage if title.state is JobState.RUNNING else "")
        cells = (_plain(title.title), _state(title.state.value), doing, Text(f"{title.progress:.0%}"))
        rows.append((title.job_id, (*cells, Text(_left(title)), Text(str(title.priority)), _plain(notes))))
    work = f"{queue.workers_busy} of {queue.workers_total} worker(s) are busy"
    more = queue.running + queue.waiting + queue.paused - len(queue.titles)
    counted = f"{queue.running} run, {queue.waiting} wait, {queue.paused} paused, {queue.failed_count} failed; {work}."
    table = _Listed(("Title", "State", "Stage", "Done", "Left", "Priority", ""), rows)
    return Group(table, Text(counted), *([Text(f"{more} more wait behind these.")] if more > 0 else []))


def of_queued(title: QueuedTitle) -> RenderableType:
    """One title of the queue, with its stages."""
    stages = _table("Stage", "Done", "Of", "A task takes", "Left")
    for stage in title.stages:
        mean = f"{stage.mean_s:.1f} s" if stage.mean_s is not None else ""
        stages.add_row(stage.name, f"{stage.done:g}", f"{stage.total:g}", mean, _about(stage.eta_s))
    head = Text.assemble((_plain(title.title).plain, "bold"), "  ", _state(title.state.value))
    left = f"{_left(title) or 'the time that is left is not known yet'}, priority {title.priority}, {title.job_id}"
    notes = [_plain(part) for part in (title.reason, title.remedy) if part]
    return Group(head, Text(left), *notes, *([stages] if title.stages else []))


def _left(title: QueuedTitle) -> str:
    return _about(title.eta_s) if title.state in (JobState.RUNNING, JobState.QUEUED) else ""


def _about(seconds: float | None) -> str:
    return "" if seconds is None else "done" if seconds == 0 else f"about {duration(max(1.0, seconds))}"


def of_encode_report(report: EncodeReport) -> Sequence[RenderableType]:
    """How a title was encoded: the verdict and why, each rendition, what it all took, the last of the log."""
    colour = {"pass": _GOOD, "warn": _WAITS, "hold": _BAD}[report.verdict]
    waits = "; approve it, have it encoded again, or reject it" if report.is_waiting else ""
    verdict = Text.assemble(("Verdict: ", ""), (report.verdict, colour), _plain(f"  {report.reason}{waits}"))
    measures = ("VMAF", "Worst 5 s", "Expected", "XPSNR", "LUFS", "dBTP", "Late, ms")
    made = _table("Rendition", "Codec", "MB", "Mb/s", *measures, "CPU", "QC")
    for one in report.renditions:
        seen = (one.vmaf, one.worst_vmaf, one.expected_vmaf, one.xpsnr_db)
        scores = map(_number, (*seen, one.loudness_lufs, one.true_peak_dbtp, one.late_ms))
        size = (f"{one.size_bytes / 1e6:.1f}", f"{one.average_bps / 1e6:.2f}" if one.average_bps else "")
        costs = (cpu_time(one.encode_cpu_s), cpu_time(one.check_cpu_s))
        made.add_row(_plain(one.name + " (held)" * one.is_held), *map(Text, (one.codecs, *size, *scores, *costs)))
    found = _table("Finding", "Rendition", "Second", "")
    for each in report.findings:
        at = "" if each.at_s is None else f"{each.at_s:.1f}"
        found.add_row(_plain(f"{each.severity}: {each.check}"), _plain(each.rendition), Text(at), _plain(each.message))
    costs_by_stage = ", ".join(f"{stage} {cpu_time(seconds)}" for stage, seconds in report.cpu_s.items())
    log = [_plain(line.text) for line in report.log[-LOG_SHOWN:]]
    return [verdict, made, *([found] if report.findings else []), Text(f"CPU time: {costs_by_stage}"), *log]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def cpu_time(seconds: float) -> str:
    """`2.3 s`, `44.0 min`, `1.50 h`: what machines took, of which a short film takes little."""
    if seconds < 99.95:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 100 * 60 else f"{seconds / 3600:.2f} h"


def of_report(report: Report) -> RenderableType:
    """What a study found out about a film."""
    part = report.complexity
    return Group(
        Text.assemble((_plain(report.name).plain, "bold"), f"  {report.width}x{report.height}"),
        Text(
            f"Complexity {part.score:.2f}: detail {part.spatial:.2f}, motion {part.temporal:.2f}, "
            f"noise {part.noise:.2f}; {report.ladders[0].tried_s:.0f} s of it were tried"
        ),
        *(_of_ladder(ladder) for ladder in report.ladders),
    )


def _of_ladder(ladder: Ladder) -> RenderableType:
    rungs = _table(CODEC_NAMES[ladder.codec], "Size", "Mb/s", "At most", "CRF", "VMAF", "Worst 5 %", "For")
    shown = leading_rungs(ladder.rungs)
    for rung in ladder.rungs:
        rungs.add_row(
            rung.name,
            f"{rung.width}x{rung.height}",
            f"{rung.bitrate_bps / 1e6:.2f}",
            f"{(rung.maxrate_bps or 0) / 1e6:.2f}",
            f"{rung.crf:g}",
            f"{rung.vmaf:.1f}",
            f"{rung.vmaf_low:.1f}",
            "" if rung in shown else f"who sees {box_height(rung.width, rung.height)}p at most",
        )
    return Group(rungs, Text(_saved(ladder)))


def _saved(ladder: Ladder) -> str:
    if ladder.saving_percent is None or ladder.vmaf_range is None:
        return "It cannot be compared with the fixed ladder: the two share no quality."
    low, high = ladder.vmaf_range
    more = "fewer" if ladder.saving_percent >= 0 else "more"
    return f"{abs(ladder.saving_percent):.0f} % {more} bits than the fixed ladder at equal VMAF ({low:g} to {high:g})"


def of_settings(rows: Iterable[tuple[str, str, str]]) -> RenderableType:
    """Settings: name, value, where it is from."""
    table = _table("Setting", "Value", "From")
    for name, value, origin in rows:
        table.add_row(name, _plain(value), Text(origin, style="" if origin == "environment" else "dim"))
    return table


def duration(seconds: float) -> str:
    """`1:02:03`, `2:03`; empty for nothing."""
    if seconds <= 0:
        return ""
    hours, rest = divmod(round(seconds), 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def _facts(details: Details) -> list[tuple[str, str | Text]]:
    title = details.title
    people = "; ".join(f"{p.name} ({p.character or p.role})" for p in title.people)
    return [
        ("Title", title.title),
        ("Year", str(title.year or "")),
        ("Kind", " ".join((title.kind, episode_code(title)))),
        ("State", _state(title.state)),
        ("Reason", title.reason),
        ("Length", duration(title.duration_s)),
        ("Picture", _picture(details.qualities.get(title.id))),
        ("Sound", ", ".join(map(language_name, title.audio))),
        ("Subtitles", ", ".join(map(language_name, title.subtitles))),
        ("Genres", ", ".join(title.genres)),
        ("People", people),
        ("Synopsis", title.synopsis),
        ("From", title.source_name),
        ("SHA-256", title.source if title.kind != "show" else ""),
        ("Job", f"{details.job.id} ({details.job.state.value})" if details.job else ""),
        ("Watch at", details.url or ""),
        ("Id", title.id),
    ]


def _picture(quality: Quality | None) -> str:
    """`720p 1280x536`: both, because a wide film fills its box's width and a portrait one its height."""
    return f"{quality.name} {quality.width}x{quality.height}" if quality else ""


def _beside(find: Find) -> str:
    languages = [f"subtitles {track.name.label}" for track in find.beside.subtitles]
    files = [name for name in ("poster", "fanart", "nfo") if getattr(find.beside, name)]
    return ", ".join([*files, *languages])


def _state(state: str) -> Text:
    return Text(state, style=_COLOURS.get(state, _WAITS))


def _plain(text: str) -> Text:
    """Text of others, shown as it is: no markup, no control characters."""
    return Text("".join(char if char.isprintable() else "�" for char in text))


@dataclass(frozen=True)
class _Listed:
    """A table of things with ids: in the last column, or below the name where there is no room for all.

    An id is never broken over lines, so that it can be copied.
    """

    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Text]]]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        wide = _table(*self.columns, "Id")
        for identifier, cells in self.rows:
            wide.add_row(*cells, identifier)
        has_room = Measurement.get(console, options.update(width=ROW_MAX), wide).maximum <= options.max_width
        yield wide if has_room else self._narrow()

    def _narrow(self) -> Table:
        table = _table(*self.columns)
        table.columns[0].width = max((len(identifier) for identifier, _ in self.rows), default=0)  # others give way
        for identifier, (name, *others) in self.rows:
            table.add_row(Text("\n").join((name, Text(identifier, style="dim"))), *others)
        return table


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
