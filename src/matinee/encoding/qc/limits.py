"""What quality control lets pass: every threshold, with its default. Pure, and light: settings hold one."""

from __future__ import annotations

import msgspec


class QualityLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From where on a rendition is warned about, or held. Every field can be set in the file that
    MATINEE_QC_LIMITS names."""

    psnr_least_db: float = 20.0
    """Of a second's 64 x 36 thumbnail: a rung starved of bits stays above 28 dB; a wrong frame falls below 18."""
    psnr_mean_least_db: float = 26.0
    """Of all thumbnails of a window."""
    difference_max: float = 24.0
    """Of any frame, averaged to 16 x 10, from the source's, in 8-bit steps: encodes stay below 10."""
    black_frames_max: int = 1
    """Frames in a second that are black where the source's are not."""
    frozen_s_max: float = 1.0
    """For how long the picture may stand still where the source's moves."""
    av_offset_ms: float = 5.0
    """Sound or pictures against the source's."""
    likeness_least: float = 0.5
    """Of sound, as its correlation with the source's, where both are heard: other sound has less than 0.1."""
    source_drift_ms: float = 40.0
    """The source's own sound against its own times: ITU-R BT.1359 calls 45 ms detectable."""
    duration_off_s: float = 0.05
    """Sound may end so much before or after the picture."""
    silence_s_max: float = 0.5
    """Seconds in all that may be silent where the source is heard, or be heard where it is silent."""
    loudness_off_lu: float = 2.0
    """Integrated loudness against what the source's and the gain come to: white noise loses 1.3 at 32 kb/s a channel,
    where AAC leaves out what is above some 10 kHz."""
    true_peak_warn_dbtp: float = 0.0
    """AAC adds up to 1 dB to the -1 dBTP that the limiter leaves."""
    true_peak_max_dbtp: float = 2.0
    """Above it players that have no headroom clip audibly."""
    full_scale_share_max: float = 0.001
    """Of all samples, those within 1 dB of full scale, more than the source has: clipping 10 dB makes 0.1 to 1 %, and
    the limiter with what AAC adds 0.03 %."""
    vmaf_below_warn: float = 5.0
    """VMAF of a rung below what the ladder expected of it."""
    vmaf_below_hold: float = 25.0
    """So far below it, that something else than the codec must be to blame."""
    vmaf_top_worst: float = 60.0
    """VMAF of the worst 5 s of the top rung, from which it is warned about."""
    xpsnr_top_least_db: float = 34.0
    """XPSNR of any scored segment of the top rung of an HDR ladder, which the ladder makes for 40 dB on average: below
    it highlights or deep shadow suffer that VMAF, which sees HDR mapped to SDR, does not tell of."""
    blockiness_factor: float = 3.0
    """Blockiness of a rung against that of the source at its size ..."""
    blockiness_least: float = 8.0
    """... which is not looked at below this."""
