"""Ports on SQLite and folders: no server needed."""
