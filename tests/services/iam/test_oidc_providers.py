"""OpenID Connect providers."""

from __future__ import annotations

from typing import Any

import pytest

from .helpers import all_pages, refused

URL = "https://token.example.com/a"
PRINT = "0123456789" * 4


@pytest.fixture
def provider(iam: Any) -> str:
    """The ARN of a provider with one client."""
    made = iam.create_open_id_connect_provider(Url=URL, ClientIDList=["one"], ThumbprintList=[PRINT])
    arn: str = made["OpenIDConnectProviderArn"]
    return arn


def shown(iam: Any, arn: str) -> dict[str, Any]:
    answer: dict[str, Any] = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    return answer


def test_what_was_created_is_shown(iam: Any, provider: str, account: str) -> None:
    assert provider == f"arn:aws:iam::{account}:oidc-provider/token.example.com/a"
    found = shown(iam, provider)
    assert (found["Url"], found["ClientIDList"], found["ThumbprintList"]) == (URL[8:], ["one"], [PRINT])
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == [{"Arn": provider}]
    with refused("EntityAlreadyExists", f"Provider with url {URL} already exists.", status=409):
        iam.create_open_id_connect_provider(Url=URL)


@pytest.mark.parametrize("url", ["http://token.example.com", "token.example.com", "https://", "https://a.b/?x=1"])
def test_a_url_is_one_that_tokens_name(iam: Any, url: str) -> None:
    with refused("ValidationError", "Invalid Open ID Connect Provider URL", status=400):
        iam.create_open_id_connect_provider(Url=url, ThumbprintList=[PRINT])


def test_clients_and_thumbprints_are_changed(iam: Any, provider: str) -> None:
    for client in ("two", "two"):
        iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=provider, ClientID=client)
    assert shown(iam, provider)["ClientIDList"] == ["one", "two"]
    for client in ("one", "one"):
        iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=provider, ClientID=client)
    iam.update_open_id_connect_provider_thumbprint(OpenIDConnectProviderArn=provider, ThumbprintList=["a" * 40])
    assert (shown(iam, provider)["ClientIDList"], shown(iam, provider)["ThumbprintList"]) == (["two"], ["a" * 40])


def test_there_is_room_for_a_hundred_clients(iam: Any) -> None:
    with refused("LimitExceeded", "ClientIdsPerOpenIdConnectProvider: 100", status=409):
        iam.create_open_id_connect_provider(Url=URL, ClientIDList=[f"c{number}" for number in range(101)])


def test_tags_come_and_go(iam: Any, provider: str) -> None:
    tags = [{"Key": key, "Value": "1"} for key in "abc"]
    iam.tag_open_id_connect_provider(OpenIDConnectProviderArn=provider, Tags=tags)
    iam.untag_open_id_connect_provider(OpenIDConnectProviderArn=provider, TagKeys=["b"])
    found = all_pages(iam, "list_open_id_connect_provider_tags", "Tags", size=1, OpenIDConnectProviderArn=provider)
    assert found == shown(iam, provider)["Tags"] == [tags[0], tags[2]]


def test_a_deleted_provider_is_gone(iam: Any, provider: str) -> None:
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=provider)
    with refused("NoSuchEntity", f"OpenIDConnect Provider not found for arn {provider}", status=404):
        shown(iam, provider)
    with refused("InvalidInput", "Invalid ARN"):
        shown(iam, provider.replace("oidc-provider", "role"))
