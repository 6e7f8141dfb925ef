"""Webhooks: other programs are told what became of titles, signed, and again until they have heard it."""
