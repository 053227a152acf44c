"""Fogstead: a cloud on your own ground."""
