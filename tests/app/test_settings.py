"""Settings that are files: the limits of quality control, with a typo said to be one."""

from __future__ import annotations

from pathlib import Path

import pytest

from matinee.app.settings import BadSetting, Settings, UnknownSetting, quality_limits, read_settings
from matinee.encoding.qc.limits import QualityLimits


def limits_in(folder: Path, text: str) -> QualityLimits:
    """What the environment makes of a file with this text."""
    (folder / "limits.toml").write_text(text)
    return quality_limits(read_settings({"MATINEE_QC_LIMITS": str(folder / "limits.toml")}))


def test_limits_are_our_own_but_for_those_in_the_file(tmp_path: Path) -> None:
    assert quality_limits(Settings()) == QualityLimits()
    found = limits_in(tmp_path, "vmaf_below_hold = 30\nblack_frames_max = 3\n")
    assert found == QualityLimits(vmaf_below_hold=30.0, black_frames_max=3)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("vmaf_below_holt = 30", "vmaf_below_holt"),
        ('vmaf_below_hold = "much"', "vmaf_below_hold"),
        ("black_frames_max = 1.5", "black_frames_max"),
        ("vmaf_below_hold = ", "Invalid value"),
    ],
)
def test_a_typo_among_the_limits_is_an_error_that_lists_them(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadSetting, match=said) as caught:
        limits_in(tmp_path, text)
    assert "MATINEE_QC_LIMITS" in caught.value.message
    assert all(name in caught.value.message for name in QualityLimits.__struct_fields__)


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="No such file"):
        quality_limits(Settings(qc_limits=str(tmp_path / "none.toml")))
    with pytest.raises(UnknownSetting, match="did you mean MATINEE_QC_LIMITS"):
        read_settings({"MATINEE_QC_LIMIT": "x"})
