"""From a mezzanine to a checked, packaged asset: inspect, complexity, ladder, chunks, encode, QC, CMAF."""
