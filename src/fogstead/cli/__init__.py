"""The command line."""

from fogstead.cli.root import main

__all__ = ["main"]
