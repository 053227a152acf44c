"""What Secrets Manager puts on the bill."""

from __future__ import annotations

from decimal import Decimal

from cloud import CloudProcess
from services.ce.bill import go_to, lines, month, next_month, today

DAY = 86_400


def test_secrets_are_paid_by_the_month_while_they_are_not_about_to_go(own_cloud: CloudProcess) -> None:
    go_to(own_cloud, next_month(today(own_cloud)))
    secrets, ce = own_cloud.client("secretsmanager"), own_cloud.client("ce")

    def held() -> Decimal:
        found = lines(ce, month(today(own_cloud)))
        return found["USE1-AWSSecretsManager-Secrets"][0]

    secrets.create_secret(Name="a", SecretString="x")
    own_cloud.advance(10 * DAY)
    ten_days = held()
    secrets.delete_secret(SecretId="a")
    own_cloud.advance(5 * DAY)
    assert abs(held() / ten_days - 1) < Decimal("0.02")
    secrets.restore_secret(SecretId="a")
    own_cloud.advance(5 * DAY)
    assert abs(held() / ten_days - Decimal("1.5")) < Decimal("0.02")
    assert lines(ce, month(today(own_cloud)))["USE1-AWSSecretsManagerAPIRequest"][0] == 3
