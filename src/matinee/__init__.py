"""Matinee turns a folder of films into a streaming service."""

__version__ = "0.1.0"
