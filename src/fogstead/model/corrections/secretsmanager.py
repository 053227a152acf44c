"""botocore has no paginator for ListSecretVersionIds, which hands out pages all the same.

Source: Secrets Manager API reference, ListSecretVersionIds, `MaxResults` and `NextToken`.
"""

from __future__ import annotations

from typing import Any

_PAGES = {
    "input_token": "NextToken",
    "limit_key": "MaxResults",
    "output_token": "NextToken",
    "result_key": "Versions",
}


def correct(data: dict[str, Any]) -> dict[str, Any]:
    """The model with the pages it lacks."""
    return {**data, "pagination": {**data["pagination"], "ListSecretVersionIds": _PAGES}}
