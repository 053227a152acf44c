"""Fogstead: a cloud on your own ground."""

__version__ = "2026.11.0"
