"""Who is calling."""

from __future__ import annotations

import pytest

from fogstead.kernel.identity import ANONYMOUS, NoKeys, RootKeys, is_account, root_of, service_principal


def test_every_cloud_starts_with_the_roots_of_all_accounts() -> None:
    keys = RootKeys()
    default, other = keys.find("test"), keys.find("123456789012")
    assert default is not None
    assert other is not None
    assert (default.principal, default.secret) == (root_of("000000000000"), "test")
    assert (other.principal.arn, other.secret) == ("arn:aws:iam::123456789012:root", "test")
    assert keys.find("123456789012") is other


@pytest.mark.parametrize("key", ["", "root", "12345678901", "1234567890123", "AKIAIOSFODNN7EXAMPLE", "१२३४५६७८९०१२"])
def test_other_keys_are_nobodys(key: str) -> None:
    assert RootKeys().find(key) is None
    assert not is_account(key)


def test_there_may_be_no_keys_at_all() -> None:
    assert NoKeys().find("test") is None


def test_what_is_remembered_of_keys_is_bounded() -> None:
    keys = RootKeys()
    for number in range(5_000):
        assert keys.find(f"{number:012}") is not None
    assert len(keys._made) <= 4_096


def test_services_and_anonymous_callers_have_no_account() -> None:
    service = service_principal("s3.amazonaws.com")
    assert (service.account, service.is_root, service.arn) == ("", False, "s3.amazonaws.com")
    assert (ANONYMOUS.account, ANONYMOUS.is_root, ANONYMOUS.kind) == ("", False, "anonymous")
    assert root_of("111111111111").is_root
