"""Pressing play: sessions, manifests, resume."""
