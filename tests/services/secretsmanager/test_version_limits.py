"""A hundred versions, and which of them go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sealed_services import refused


def test_a_secret_has_a_hundred_versions_and_the_oldest_go_after_a_day(
    timed: Callable[..., Any], days: Callable[[float], Any]
) -> None:
    secrets = timed()
    secrets.create_secret(Name="db", SecretString="first", ClientRequestToken="f" * 32)
    secrets.update_secret_version_stage(SecretId="db", VersionStage="kept", MoveToVersionId="f" * 32)
    for number in range(1, 100):
        secrets.put_secret_value(SecretId="db", SecretString=str(number), ClientRequestToken=f"{number:032}")
    with refused("LimitExceededException", "100 versions"):
        secrets.put_secret_value(SecretId="db", SecretString="one too many")
    days(1.1)
    secrets.put_secret_value(SecretId="db", SecretString="after a day")
    ids = {
        one["VersionId"]
        for page in (secrets.list_secret_version_ids(SecretId="db", IncludeDeprecated=True),)
        for one in page["Versions"]
    }
    assert len(ids) == 100
    assert "f" * 32 in ids
    assert f"{1:032}" not in ids
    assert f"{2:032}" in ids
    assert secrets.get_secret_value(SecretId="db", VersionStage="kept")["SecretString"] == "first"
