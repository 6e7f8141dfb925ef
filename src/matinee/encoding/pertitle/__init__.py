"""Per-title encoding: how hard a title is, what trials say, the ladder and the rate factors that follow. Pure."""
