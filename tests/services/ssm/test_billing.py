"""What parameters put on the bill."""

from __future__ import annotations

from decimal import Decimal

from cloud import CloudProcess
from services.ce.bill import go_to, lines, month, next_month, today


def test_advanced_parameters_are_paid_for_and_standard_ones_are_free(own_cloud: CloudProcess) -> None:
    go_to(own_cloud, next_month(today(own_cloud)))
    ssm, ce = own_cloud.client("ssm"), own_cloud.client("ce")
    ssm.put_parameter(Name="free", Value="x", Type="String")
    ssm.get_parameter(Name="free")
    ssm.put_parameter(Name="paid", Value="x", Type="String", Tier="Advanced")
    for _ in range(3):
        ssm.get_parameter(Name="paid")
    own_cloud.advance(15 * 86_400)
    found = lines(ce, month(today(own_cloud)))
    paid = {name.partition("-")[2]: quantity for name, (quantity, _) in found.items() if "PS-" in name}
    assert paid["PS-Param-Processed-Tier2"] >= 3
    assert Decimal("0.4") < paid["PS-Advanced-Param-Tier1"] < Decimal("0.6")
