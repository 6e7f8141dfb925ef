"""A title that quality control holds, as values: its failed job, its report, and what lies in the store of it."""

from __future__ import annotations

import msgspec

from matinee.base import objects as store
from matinee.base.objects import Objects
from matinee.encoding.plan import KIND, moment_names, report_name
from matinee.encoding.qc.quality import Finding, Held
from matinee.encoding.qc.report import RenditionReport, Report
from matinee.work.job import Job
from matinee.work.service import Jobs

RENDITION = "v360"
REASON = "360p: a frame in second 4 is not the source's"


def report_of(job: Job, *, check: str = "picture", verdict: str = "hold") -> Report:
    """What the report of a title says of which one rung is held."""
    held = verdict == "hold"
    finding = Finding(check=check, rendition="360p", severity="hold" if held else "warn", message="a frame is not it")
    rung = RenditionReport(key=RENDITION, name="360p", kind="video", codecs="avc1.64001f", is_held=held)
    facts = {
        "title_id": job.subject, "source": job.payload["source"], "at": 1.0, "verdict": verdict, "reason": REASON,
        "duration_s": 60.0, "findings": (finding,), "renditions": (rung,), "cpu_s": {"encode": 12.0},
    }  # fmt: skip
    return msgspec.convert(facts, Report)


def put_report(objects: Objects, report: Report) -> None:
    """Store it, with the rendition that it holds and the pictures of its worst moment."""
    store.write(objects, report_name(report.source, report.title_id), msgspec.json.encode(report))
    for name in moment_names(report.source, report.title_id):
        store.write(objects, name, name.encode())
    store.write(objects, f"renditions/{RENDITION}/media.mp4", b"x")
    store.write(objects, f"work/{report.source}/{RENDITION}/checked-0000", b"x")


async def hold(jobs: Jobs, objects: Objects) -> Job:
    """Hold the title whose job is next; answers the job."""
    claimed = await jobs.claim([KIND], "one", 30)
    assert claimed is not None
    error = Held(REASON, claimed.subject)
    put_report(objects, report_of(claimed))
    return await jobs.fail(claimed, error.message, error.remedy, error.code)
