"""Uploads in the browser: large files over a bad line, resumable by the tus 1.0.0 protocol."""
