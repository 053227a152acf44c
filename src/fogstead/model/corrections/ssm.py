"""Lists that are answered empty, though the model would have one thing in them at least.

Clients look for these members whether there is something in them or not. Source: the examples of the AWS CLI reference,
get-parameters, label-parameter-version and get-parameter-history, which show empty lists.
"""

from __future__ import annotations

from typing import Any

_MAYBE_EMPTY = (
    ("GetParametersResult", "InvalidParameters"),
    ("DeleteParametersResult", "DeletedParameters"),
    ("DeleteParametersResult", "InvalidParameters"),
    ("LabelParameterVersionResult", "InvalidLabels"),
    ("UnlabelParameterVersionResult", "RemovedLabels"),
    ("UnlabelParameterVersionResult", "InvalidLabels"),
    ("ParameterHistory", "Labels"),
)


def correct(data: dict[str, Any]) -> dict[str, Any]:
    """The model with lists of answers that may be empty."""
    shapes = dict(data["shapes"])
    for structure, member in _MAYBE_EMPTY:
        shape = shapes[structure]
        listed = shape["members"][member]["shape"]
        shapes[f"Answered{listed}"] = {name: value for name, value in shapes[listed].items() if name != "min"}
        members = {**shape["members"], member: {**shape["members"][member], "shape": f"Answered{listed}"}}
        shapes[structure] = {**shape, "members": members}
    return {**data, "shapes": shapes}
