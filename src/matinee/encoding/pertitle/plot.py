"""A title's trials as a picture (SVG): one curve a size, bitrate across, VMAF up, and the rungs that were chosen.

Rungs that are for small plans alone are smaller, with their names below.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, log10
from xml.sax.saxutils import escape

from matinee.encoding.pertitle.hull import Point, Trial, curves
from matinee.encoding.pertitle.ladder import Rung, box_height, leading_rungs

WIDTH, HEIGHT = 960, 560
LEFT, RIGHT, TOP, BOTTOM = 64, 24, 64, 56
COLOURS = ("#7aa2c8", "#7ec8b0", "#c8c07a", "#d9975b", "#d9705b", "#b07ac8", "#8f8f9a")
_STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#c9c7c3}.title{font-size:18px;fill:#f2f0ec}.axis{stroke:#34333a}"
    ".curve{fill:none;stroke-width:2}.trial{fill:#121214;stroke-width:2}.rung{fill:#ffb347}.name{fill:#f2f0ec}"
)


def hull_svg(title: str, trials: Sequence[Trial], rungs: Sequence[Rung]) -> str:
    """The picture, as the text of an SVG file."""
    found = curves(trials)
    bits = [point.bitrate_bps for curve in found.values() for point in curve]
    scale = _Scale(floor(log10(min(bits)) * 4) / 4, ceil(log10(max(bits)) * 4) / 4)
    marks = {trial.size: [one for one in trials if one.size == trial.size] for trial in trials}
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>{escape(title)}: bitrate and VMAF by size</title><style>{_STYLE}</style>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#121214"/>',
        f'<text class="title" x="{LEFT}" y="30">{escape(title)}</text>',
        *scale.grid(),
    ]
    for colour, (size, curve) in zip(COLOURS, found.items(), strict=False):
        parts += [scale.curve(curve, colour), *(scale.trial(one, colour) for one in marks[size])]
        end = curve[0]
        parts.append(
            f'<text x="{scale.x(end.bitrate_bps) + 6:.1f}" y="{scale.y(end.vmaf) - 6:.1f}" style="fill:{colour}">'
            f"{box_height(*size)}p</text>"
        )
    shown = leading_rungs(rungs)
    parts += [scale.rung(one, is_leading=one in shown) for one in rungs if one.vmaf is not None]
    return "\n".join([*parts, "</svg>", ""])


class _Scale:
    """Bits/s, logarithmic, and VMAF on the picture."""

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = low, max(high, low + 0.25)

    def x(self, bps: float) -> float:
        share = (log10(bps) - self.low) / (self.high - self.low)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(self, vmaf: float) -> float:
        return HEIGHT - BOTTOM - vmaf / 100 * (HEIGHT - TOP - BOTTOM)

    def grid(self) -> list[str]:
        lines = []
        for vmaf in range(0, 101, 20):
            y = self.y(vmaf)
            lines.append(f'<path class="axis" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>')
            lines.append(f'<text x="{LEFT - 10}" y="{y + 4:.1f}" text-anchor="end">{vmaf}</text>')
        for power in range(floor(self.low), ceil(self.high) + 1):
            for digit in (1, 2, 5):
                bps = digit * 10.0**power
                if self.low <= log10(bps) <= self.high:
                    x = self.x(bps)
                    lines.append(f'<path class="axis" d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}"/>')
                    lines.append(
                        f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{bps / 1e6:g}</text>'
                    )
        lines.append(f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 12}" text-anchor="end">Mb/s</text>')
        lines.append(f'<text x="{LEFT - 10}" y="{TOP - 14}" text-anchor="end">VMAF</text>')
        return lines

    def curve(self, points: Sequence[Point], colour: str) -> str:
        path = "L".join(f"{self.x(point.bitrate_bps):.1f} {self.y(point.vmaf):.1f}" for point in points)
        return f'<path class="curve" stroke="{colour}" d="M{path}"/>'

    def trial(self, trial: Trial, colour: str) -> str:
        x, y = self.x(trial.bitrate_bps), self.y(trial.vmaf)
        return f'<circle class="trial" stroke="{colour}" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>'

    def rung(self, rung: Rung, *, is_leading: bool) -> str:
        x, y = self.x(rung.bitrate_bps), self.y(rung.vmaf or 0.0)
        dx, dy, end = (-8, -10, "end") if is_leading else (8, 16, "start")
        kind = "name" if is_leading else "other"
        return (
            f'<circle class="rung" cx="{x:.1f}" cy="{y:.1f}" r="{6 if is_leading else 4}"/>'
            f'<text class="{kind}" x="{x + dx:.1f}" y="{y + dy:.1f}" text-anchor="{end}">{escape(rung.name)}</text>'
        )
