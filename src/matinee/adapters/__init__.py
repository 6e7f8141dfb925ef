"""Implementations of the ports, embedded and distributed; only wiring and tests import them."""
