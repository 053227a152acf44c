"""Session tokens are secrets as the keys are that they come with, which botocore's model marks and them it does not."""

from __future__ import annotations

from typing import Any


def correct(data: dict[str, Any]) -> dict[str, Any]:
    """The model with session tokens marked as sensitive."""
    shapes = data["shapes"]
    return {**data, "shapes": {**shapes, "tokenType": {**shapes["tokenType"], "sensitive": True}}}
