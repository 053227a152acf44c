"""The models of this installation: botocore's, cached in the user's own cache folder."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from fogstead.model.loader import Models


def cache_folder() -> Path | None:
    """`FOGSTEAD_CACHE`, else the XDG cache folder; None where there is no home to keep one in."""
    chosen = os.environ.get("FOGSTEAD_CACHE")
    if chosen is not None:
        return Path(chosen) if chosen else None
    base = os.environ.get("XDG_CACHE_HOME")
    home = os.environ.get("HOME")
    if not base and not home:
        return None
    return (Path(base) if base else Path(str(home)) / ".cache") / "fogstead"


@lru_cache(maxsize=1)
def standard_models() -> Models:
    """Shared by everything in this process."""
    return Models(cache_folder())
