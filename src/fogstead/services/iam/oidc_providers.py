"""OpenID Connect providers: whose tokens roles may be assumed with, and for which clients.

Without thumbprints a provider's certificate has to be trusted by the machine: AWS looks the thumbprint up itself, which
takes a connection that a call here does not make.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from fogstead.kernel.errors import ServiceError
from fogstead.kernel.resource import Located, Resource
from fogstead.kernel.tags import Tags
from fogstead.kernel.transaction import Transaction
from fogstead.services.iam.service import (
    EntityAlreadyExists,
    InvalidInput,
    LimitExceeded,
    NoSuchEntity,
    ValidationError,
    iam,
    oidc_providers_max,
    room_in_account,
)
from fogstead.services.iam.tagging import shown_tags, tag_operations, tags_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fogstead.primitives.store import Home
    from fogstead.shapes.iam import (
        AddClientIDToOpenIDConnectProviderRequest,
        CreateOpenIDConnectProviderRequest,
        CreateOpenIDConnectProviderResponse,
        DeleteOpenIDConnectProviderRequest,
        GetOpenIDConnectProviderRequest,
        GetOpenIDConnectProviderResponse,
        ListOpenIDConnectProvidersRequest,
        ListOpenIDConnectProvidersResponse,
        RemoveClientIDFromOpenIDConnectProviderRequest,
        UpdateOpenIDConnectProviderThumbprintRequest,
    )

CLIENTS_MAX = 100
THUMBPRINTS_MAX = 5
_SCHEME = "https://"
_KIND = "oidc-provider/"
_AT = "OpenIDConnectProviderArn"


class OIDCProvider(Resource, service=iam, arn="oidc-provider/{url}", missing=NoSuchEntity):
    """A provider by its URL without scheme."""

    url: str
    client_ids: list[str] = []
    thumbprints: list[str] = []
    tags: Tags = {}

    @property
    def resource_tags(self) -> dict[str, str]:
        return self.tags

    @classmethod
    def locate(cls, value: str, home: Home) -> Located:  # noqa: ARG003 - an ARN says where
        """InvalidInput unless it is the ARN of a provider."""
        parts = value.split(":", 5)
        if len(parts) != 6 or parts[2] != "iam" or not parts[5].startswith(_KIND):
            raise InvalidInput(f"Invalid ARN: {value}")
        return cls.locate_arn(value)

    @classmethod
    def not_found(cls, located: Located) -> ServiceError:
        return NoSuchEntity(f"OpenIDConnect Provider not found for arn {located.arn}")


def _locate_new(given: Mapping[str, Any], home: Home) -> Located:
    return OIDCProvider.at(OIDCProvider.home_for(home), _url(given["Url"]))


def _url(text: str) -> str:
    """Without scheme; ValidationError unless it is one that tokens can name as their issuer."""
    if not text.startswith(_SCHEME):
        raise ValidationError("Invalid Open ID Connect Provider URL")
    parts = urlsplit(text)
    if not parts.hostname or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValidationError("Invalid Open ID Connect Provider URL")
    return text.removeprefix(_SCHEME)


@iam.operation(creates=OIDCProvider, at="Url", locate=_locate_new)
def create_open_id_connect_provider(
    tx: Transaction, req: CreateOpenIDConnectProviderRequest
) -> CreateOpenIDConnectProviderResponse:
    """A URL is used once."""
    url, tags = _url(req["Url"]), tags_of(req.get("Tags", []))
    clients, thumbprints = req.get("ClientIDList", []), req.get("ThumbprintList", [])
    _check_thumbprints(thumbprints)
    _check_clients(clients)
    if tx.find(OIDCProvider, url) is not None:
        raise EntityAlreadyExists(f"Provider with url {req['Url']} already exists.")
    room_in_account(tx, OIDCProvider, oidc_providers_max)
    provider = OIDCProvider(url=url, client_ids=_once(clients), thumbprints=thumbprints, tags=tags)
    made = tx.create(provider)
    answer: CreateOpenIDConnectProviderResponse = {"OpenIDConnectProviderArn": made.arn}
    if tags:
        answer["Tags"] = shown_tags(tags)
    return answer


def _check_clients(clients: list[str]) -> None:
    if len(clients) > CLIENTS_MAX:
        raise LimitExceeded(f"Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: {CLIENTS_MAX}")


def _check_thumbprints(thumbprints: list[str]) -> None:
    if len(thumbprints) > THUMBPRINTS_MAX:
        raise InvalidInput("Thumbprint list must contain fewer than 5 entries.")


def _once(texts: list[str]) -> list[str]:
    return list(dict.fromkeys(texts))


@iam.operation(on=OIDCProvider, at=_AT)
def get_open_id_connect_provider(
    tx: Transaction,
    req: GetOpenIDConnectProviderRequest,  # noqa: ARG001 - its place tells which
) -> GetOpenIDConnectProviderResponse:
    """With its tags."""
    provider: OIDCProvider = tx.resource
    return {
        "Url": provider.url,
        "ClientIDList": provider.client_ids,
        "ThumbprintList": provider.thumbprints,
        "CreateDate": provider.created_at,
        "Tags": shown_tags(provider.tags),
    }


@iam.operation(lists=OIDCProvider)
def list_open_id_connect_providers(
    tx: Transaction,
    req: ListOpenIDConnectProvidersRequest,  # noqa: ARG001 - there is nothing to ask for
) -> ListOpenIDConnectProvidersResponse:
    """All of them: the account's quota bounds the list."""
    return {"OpenIDConnectProviderList": [{"Arn": provider.arn} for provider in tx.all(OIDCProvider)]}


@iam.operation(on=OIDCProvider, at=_AT)
def delete_open_id_connect_provider(tx: Transaction, req: DeleteOpenIDConnectProviderRequest) -> None:  # noqa: ARG001
    """Roles that trust it stay as they are."""
    tx.delete(tx.resource)


@iam.operation(on=OIDCProvider, at=_AT)
def add_client_id_to_open_id_connect_provider(tx: Transaction, req: AddClientIDToOpenIDConnectProviderRequest) -> None:
    """Doing it twice is harmless."""
    provider: OIDCProvider = tx.resource
    clients = _once([*provider.client_ids, req["ClientID"]])
    _check_clients(clients)
    tx.replace(provider, client_ids=clients)


@iam.operation(on=OIDCProvider, at=_AT)
def remove_client_id_from_open_id_connect_provider(
    tx: Transaction, req: RemoveClientIDFromOpenIDConnectProviderRequest
) -> None:
    """Removing one that is not there is harmless."""
    provider: OIDCProvider = tx.resource
    tx.replace(provider, client_ids=[client for client in provider.client_ids if client != req["ClientID"]])


@iam.operation(on=OIDCProvider, at=_AT)
def update_open_id_connect_provider_thumbprint(
    tx: Transaction, req: UpdateOpenIDConnectProviderThumbprintRequest
) -> None:
    """In the place of those there were."""
    _check_thumbprints(req["ThumbprintList"])
    tx.replace(tx.resource, thumbprints=req["ThumbprintList"])


tag_operations(OIDCProvider, at=_AT, noun="OpenIDConnectProvider")
