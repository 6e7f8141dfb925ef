"""Titles, shows and episodes, their people, artwork and files on disk."""
