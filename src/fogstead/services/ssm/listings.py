"""DescribeParameters: what there is, without values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fogstead.kernel.pages import Page
from fogstead.kernel.transaction import Transaction
from fogstead.services.ssm import filters, policies
from fogstead.services.ssm.parameters import Parameter
from fogstead.services.ssm.service import InvalidFilterKey, ssm

if TYPE_CHECKING:
    from fogstead.shapes.ssm import DescribeParametersRequest

LISTED_MAX = 50


@ssm.operation(lists=Parameter, scan=True, refuses=("Shared",))
def describe_parameters(tx: Transaction, req: DescribeParametersRequest) -> Page:
    """In the order of their names."""
    if req.get("Filters") and req.get("ParameterFilters"):
        raise InvalidFilterKey("You can use either Filters or ParameterFilters in a single request.")
    older = filters.older(req.get("Filters", []))
    fits = filters.described(req.get("ParameterFilters", []))
    return tx.page(
        Parameter,
        show=_shown,
        keep=lambda parameter: older(parameter) and fits(parameter),
        size_default=LISTED_MAX,
        size_max=LISTED_MAX,
    )


def _shown(parameter: Parameter) -> dict[str, Any]:
    optional = {
        "KeyId": parameter.key_id,
        "Description": parameter.description,
        "AllowedPattern": parameter.allowed_pattern,
    }
    return {
        "Name": parameter.name,
        "ARN": parameter.arn,
        "Type": parameter.kind,
        "LastModifiedDate": parameter.modified_at,
        "LastModifiedUser": parameter.modified_by,
        "Version": parameter.version,
        "Tier": parameter.tier,
        "Policies": policies.shown(parameter.policies),
        "DataType": parameter.data_type,
        **{name: said for name, said in optional.items() if said},
    }
