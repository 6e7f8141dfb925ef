"""Sound tracks, their loudness, and the marks of openings and credits found by what they sound like."""
