"""The record of one title's job: what its checks found, what it took and told, and the report made of that.

All of it lies in the object store, so that an attempt that goes on where another stopped knows what that one knew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from matinee.base import objects as store
from matinee.base.clock import Clock
from matinee.base.objects import Objects
from matinee.encoding import plan as planning
from matinee.encoding.asset import AudioRendition, SubtitleTrack, VideoRendition
from matinee.encoding.pertitle.ladder import Codec, Rung
from matinee.encoding.pertitle.trial import Analysis
from matinee.encoding.plan import Order, Plan, Rendition
from matinee.encoding.qc.limits import QualityLimits
from matinee.encoding.qc.quality import (
    REMAKES_MAX,
    Evidence,
    Finding,
    QualityFailed,
    findings_of,
    is_curable,
    promise_kept,
)
from matinee.encoding.qc.report import (
    FINDINGS_MAX,
    LOG_MAX,
    Attempt,
    Decision,
    Ladder,
    LogLine,
    RenditionReport,
    Report,
    approved,
    cpu_by_stage,
    cpu_of,
    expected_vmaf,
    name_of,
    reason_of,
    rendition_report,
    tops,
    verdict_of,
    worst_moment,
)
from matinee.encoding.recipe import AudioRecipe, VideoRecipe

SAID_MAX = 60
"""Lines of what programs said that one attempt keeps: a damaged film has some in every chunk."""


@dataclass
class Record:
    """One attempt's record. Methods that touch the store block: they are called in a thread."""

    objects: Objects
    order: Order
    limits: QualityLimits
    clock: Clock
    attempt: int
    cpu_s: dict[str, float] = field(default_factory=dict)
    log: list[LogLine] = field(default_factory=list)
    said: set[str] = field(default_factory=set)
    evidence: dict[str, Evidence] = field(default_factory=dict)
    findings: dict[str, list[Finding]] = field(default_factory=dict)

    def spent(self, what: str, cpu_s: float) -> None:
        """A task took so much."""
        self.cpu_s[what] = self.cpu_s.get(what, 0.0) + cpu_s

    def note(self, text: str) -> None:
        """Something happened."""
        self.log.append(LogLine(at=self.clock(), text=text))

    def heard(self, of: str, lines: Iterable[str]) -> None:
        """A program said this of a stage; the same thing is kept once, and SAID_MAX in all."""
        for text in (f"{of}: {line}" for line in lines):
            if text not in self.said and len(self.said) < SAID_MAX:
                self.said.add(text)
                self.note(text)

    def save(self) -> None:
        """Keep what this attempt took and told so far."""
        if self.cpu_s or self.log:
            kept = Attempt(cpu_s=dict(self.cpu_s), log=tuple(self.log[-LOG_MAX:]))
            store.write(self.objects, planning.attempt_name(self.order.source, self.attempt), msgspec.json.encode(kept))

    # What checks found

    def judge(self, plan: Plan, names: Iterable[str]) -> None:
        """Read the evidence of the checks among `names`, unless it was read before.

        Raises QualityFailed for a rendition that is to be made anew.
        """
        for key, rendition in _renditions(plan).items():
            prefix = f"{plan.work}/{key}/checked-"
            for name in sorted(one for one in names if one.startswith(prefix) and one not in self.evidence):
                self._judge(plan, name, rendition)
                self._judge_whole(plan, rendition)

    def _judge(self, plan: Plan, name: str, rendition: Rendition) -> None:
        found = msgspec.json.decode(store.read(self.objects, name), type=Evidence)
        findings = findings_of(
            found,
            name_of(rendition),
            self.limits,
            is_top=rendition.key in tops(plan),
        )
        if is_curable(findings) and rendition.key not in self._approved() and not self.is_worn_out(rendition.key):
            raise QualityFailed(rendition.key, [one.message for one in findings if one.severity == "hold"])
        self.evidence[name] = found
        self._found(rendition, findings)

    def _judge_whole(self, plan: Plan, rendition: Rendition) -> None:
        """What only all windows of a rung together say, once the last of them is read."""
        evidence = self._evidence_of(rendition)
        if len(evidence) == len(plan.windows):
            promised = expected_vmaf(rendition)
            self._found(rendition, promise_kept(evidence, name_of(rendition), self.limits, promised))

    def _found(self, rendition: Rendition, findings: Sequence[Finding]) -> None:
        both = [*self.findings.get(rendition.key, ()), *findings]
        self.findings[rendition.key] = sorted(both, key=lambda one: one.severity != "hold")
        for one in findings:
            self.note(f"{one.rendition}: {one.severity}: {one.message}")

    def _evidence_of(self, rendition: Rendition) -> list[Evidence]:
        return [one for one in self.evidence.values() if one.rendition == rendition.key]

    def held(self) -> list[str]:
        """The renditions that wait for a person."""
        faulty = [key for key, found in self.findings.items() if any(one.severity == "hold" for one in found)]
        let_pass = self._approved() if faulty else frozenset()
        return [key for key in faulty if key not in let_pass]

    def fit(self, plan: Plan, done: Collection[str]) -> set[str]:
        """`done` without the checks of what is held: none of that may be published."""
        held = tuple(f"{plan.work}/{key}/checked-" for key in self.held())
        return {name for name in done if not name.startswith(held)} if held else set(done)

    def _approved(self) -> frozenset[str]:
        return approved(self.decisions())

    def decisions(self) -> tuple[Decision, ...]:
        """What people decided so far."""
        name = planning.decisions_name(self.order.source, self.order.title_id)
        found: tuple[Decision, ...] = read_or(self.objects, name, tuple[Decision, ...], ())
        return found

    # Making anew

    def is_worn_out(self, rendition: str) -> bool:
        """Whether making a rendition anew was tried often enough."""
        return self._remade(rendition) >= REMAKES_MAX

    def count_remake(self, rendition: str) -> None:
        """It is made anew once more."""
        count = self._remade(rendition) + 1
        store.write(self.objects, planning.remade_name(self.order.source, rendition), str(count).encode())

    def _remade(self, rendition: str) -> int:
        count: int = read_or(self.objects, planning.remade_name(self.order.source, rendition), int, 0)
        return count

    # The report

    def report(self, plan: Plan, analyses: Mapping[Codec, Analysis], extra: Sequence[Finding] = ()) -> Report:
        """The report as far as the job has come; `extra` is what no check could say."""
        self.save()
        attempts = self._attempts()
        findings = [*extra, *(one for found in self.findings.values() for one in found)]
        findings.sort(key=lambda one: one.severity != "hold")
        held, let_pass = self.held(), self._approved()
        reports = tuple(
            msgspec.structs.replace(self._of(one, attempts), is_held=key in held, is_approved=key in let_pass)
            for key, one in _renditions(plan).items()
        )
        return Report(
            title_id=self.order.title_id,
            source=self.order.source,
            at=self.clock(),
            verdict="hold" if extra else verdict_of(findings, held),
            reason="; ".join(f"{one.rendition}: {one.message}" for one in extra) or reason_of(self.findings, held),
            duration_s=float(plan.timeline.duration_s),
            findings=tuple(findings[:FINDINGS_MAX]),
            renditions=reports,
            cpu_s=cpu_by_stage(attempts),
            ladders=tuple(
                Ladder(codec=codec, trials=found.trials, rungs=_rungs(plan, codec)) for codec, found in analyses.items()
            ),
            decisions=self.decisions(),
            log=tuple(sorted((line for one in attempts for line in one.log), key=lambda line: line.at)[-LOG_MAX:]),
            worst=worst_moment(plan, reports, findings),
        )

    def put(self, report: Report) -> None:
        """Store the report."""
        name = planning.report_name(self.order.source, self.order.title_id)
        store.write(self.objects, name, msgspec.json.encode(report))

    def _of(self, rendition: Rendition, attempts: Sequence[Attempt]) -> RenditionReport:
        evidence = self._evidence_of(rendition)
        facts = read_or(self.objects, planning.facts_name(rendition.key), _kind(rendition), None)
        sizes = store.keys_under(self.objects, rendition.folder)
        media = sum(size for name, size in sizes.items() if name.endswith((".mp4", ".vtt")))
        return rendition_report(rendition, facts, media, evidence, cpu_of(attempts, rendition.key))

    def _attempts(self) -> list[Attempt]:
        prefix = f"{planning.work_folder(self.order.source)}/attempt-"
        names = sorted(
            one for one in store.keys_under(self.objects, planning.work_folder(self.order.source)) if
            one.startswith(prefix)
        )  # fmt: skip
        return [msgspec.json.decode(store.read(self.objects, name), type=Attempt) for name in names]


def read_or(objects: Objects, name: str, kind: Any, otherwise: Any) -> Any:
    """The JSON object of that name; `otherwise` where there is none."""
    try:
        return msgspec.json.decode(store.read(objects, name), type=kind)
    except FileNotFoundError:
        return otherwise


def _renditions(plan: Plan) -> dict[str, Rendition]:
    return {one.key: one for one in (*plan.video, *plan.audio, *plan.subtitles)}


def _kind(rendition: Rendition) -> type[VideoRendition] | type[AudioRendition] | type[SubtitleTrack]:
    if isinstance(rendition.recipe, VideoRecipe):
        return VideoRendition
    return AudioRendition if isinstance(rendition.recipe, AudioRecipe) else SubtitleTrack


def _rungs(plan: Plan, codec: Codec) -> tuple[Rung, ...]:
    recipes = (one.recipe for one in plan.video)
    return tuple(one.rung for one in recipes if isinstance(one, VideoRecipe) and one.coding.codec == codec)
