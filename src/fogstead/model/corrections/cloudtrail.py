"""CloudTrail hands out these lists in pages, and botocore's paginators leave them out.

Source: CloudTrail API reference, ListEventDataStores, ListQueries, GetQueryResults: `NextToken` in input and output.
"""

from __future__ import annotations

from typing import Any

_LISTS = {
    "ListEventDataStores": ("MaxResults", "EventDataStores"),
    "ListQueries": ("MaxResults", "Queries"),
    "GetQueryResults": ("MaxQueryResults", "QueryResultRows"),
}


def correct(data: dict[str, Any]) -> dict[str, Any]:
    """The model with paginators for them."""
    pagination = {
        name: {"input_token": "NextToken", "output_token": "NextToken", "limit_key": limit, "result_key": result}
        for name, (limit, result) in _LISTS.items()
    }
    return {**data, "pagination": {**pagination, **data.get("pagination", {})}}
