"""Labels of versions: names that move from one version to another.

Source: API reference, LabelParameterVersion and UnlabelParameterVersion.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fogstead.kernel.transaction import Transaction
from fogstead.services.ssm import versions
from fogstead.services.ssm.parameters import Parameter
from fogstead.services.ssm.service import LABELS_MAX, ParameterVersionLabelLimitExceeded, ssm

if TYPE_CHECKING:
    from fogstead.shapes.ssm import (
        LabelParameterVersionRequest,
        LabelParameterVersionResult,
        UnlabelParameterVersionRequest,
        UnlabelParameterVersionResult,
    )

_LABEL = re.compile(r"(?!\d|aws|ssm)[A-Za-z0-9_.-]{1,100}", re.IGNORECASE)


@ssm.operation(on=Parameter, at="Name")
def label_parameter_version(tx: Transaction, req: LabelParameterVersionRequest) -> LabelParameterVersionResult:
    """The newest version unless another is named; what is no label is told and left out."""
    parameter: Parameter = tx.resource
    number = req.get("ParameterVersion") or parameter.version
    if versions.find(tx, parameter, number) is None:
        raise versions.no_version(parameter, number)
    wanted = list(dict.fromkeys(req["Labels"]))
    good = [label for label in wanted if _LABEL.fullmatch(label)]
    labels = {**parameter.labels, **dict.fromkeys(good, number)}
    if list(labels.values()).count(number) > LABELS_MAX:
        raise ParameterVersionLabelLimitExceeded(
            f"An error occurred because the version {number} of {parameter.name} would have more than {LABELS_MAX} "
            "labels. Move or remove some and try again."
        )
    tx.replace(parameter, labels=labels)
    return {"InvalidLabels": [label for label in wanted if label not in good], "ParameterVersion": number}


@ssm.operation(on=Parameter, at="Name")
def unlabel_parameter_version(tx: Transaction, req: UnlabelParameterVersionRequest) -> UnlabelParameterVersionResult:
    """Labels that are on that version go; the others are told."""
    parameter: Parameter = tx.resource
    number = req["ParameterVersion"]
    if versions.find(tx, parameter, number) is None:
        raise versions.no_version(parameter, number)
    wanted = list(dict.fromkeys(req["Labels"]))
    gone = [label for label in wanted if parameter.labels.get(label) == number]
    tx.replace(parameter, labels={label: at for label, at in parameter.labels.items() if label not in gone})
    return {"RemovedLabels": gone, "InvalidLabels": [label for label in wanted if label not in gone]}
