"""The CDN: tokens and the edge that sends segments."""
