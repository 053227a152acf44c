"""Session tokens are secrets as the keys are that they come with, which botocore's model marks and them it does not.

Times are written to the second, as the examples of the API reference have them.
"""

from __future__ import annotations

from typing import Any


def correct(data: dict[str, Any]) -> dict[str, Any]:
    """The model with session tokens marked as sensitive, and times without fractions."""
    shapes = dict(data["shapes"])
    shapes["tokenType"] = {**shapes["tokenType"], "sensitive": True}
    shapes["dateType"] = {**shapes["dateType"], "timestampFormat": "iso8601Seconds"}
    return {**data, "shapes": shapes}
