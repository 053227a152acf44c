"""Server certificates: uploaded with their key and chain, shown, listed by path, renamed, tagged, deleted.

The key is sealed at rest and told to nobody through this API.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from fogstead.kernel.access_keys import unique_id
from fogstead.kernel.errors import ServiceError
from fogstead.kernel.pages import Page
from fogstead.kernel.tags import Tags
from fogstead.kernel.transaction import Transaction
from fogstead.services.iam.certificates import (
    NotReadable,
    belongs_to,
    expires_at,
    first_out_of_order,
    read_certificate,
    read_chain,
)
from fogstead.services.iam.names import Named, create_named, delete_named, refuse_taken, rename
from fogstead.services.iam.pages import ITEMS_DEFAULT
from fogstead.services.iam.service import (
    EntityAlreadyExists,
    KeyPairMismatch,
    MalformedCertificate,
    NoSuchEntity,
    iam,
    room_in_account,
    server_certificates_max,
)
from fogstead.services.iam.tagging import shown_tags, tag_operations, tags_of

if TYPE_CHECKING:
    from fogstead.shapes.iam import (
        DeleteServerCertificateRequest,
        GetServerCertificateRequest,
        GetServerCertificateResponse,
        ListServerCertificatesRequest,
        UpdateServerCertificateRequest,
        UploadServerCertificateRequest,
        UploadServerCertificateResponse,
    )

_PURPOSE: Final = "server key"
_NOT_PEM: Final = "Unable to parse {}. Please ensure the {} is in PEM format."
_BAD_CHAIN: Final = (
    "Unable to validate certificate chain. The certificate chain must start with the immediate signing certificate, "
    "followed by any intermediaries in order. The index within the chain of the invalid certificate is: {}"
)


class ServerCertificate(
    Named, service=iam, arn="server-certificate{path}{name}", key=("folded",), missing=NoSuchEntity
):
    """A certificate and its chain in PEM, and its key under seal."""

    noun = "Server Certificate"

    body: str = ""
    chain: str = ""
    sealed: bytes = b""
    expires_at: int = 0
    tags: Tags = {}

    @property
    def resource_tags(self) -> dict[str, str]:
        return self.tags

    @classmethod
    def taken(cls, name: str) -> ServiceError:
        return EntityAlreadyExists(f"The Server Certificate with name {name} already exists.")

    def private_key(self, tx: Transaction) -> str:
        """Its key in PEM."""
        return tx.cloud.vault.open(_PURPOSE, self.sealed, self.unique_id.encode()).decode("latin-1")


@iam.operation(
    creates=ServerCertificate,
    at="ServerCertificateName",
    locate=ServerCertificate.locate_new("ServerCertificateName"),
)
def upload_server_certificate(tx: Transaction, req: UploadServerCertificateRequest) -> UploadServerCertificateResponse:
    """The certificate must be the key's, and the chain must lead on from it."""
    name, tags = req["ServerCertificateName"], tags_of(req.get("Tags", []))
    refuse_taken(tx, ServerCertificate, name)
    room_in_account(tx, ServerCertificate, server_certificates_max)
    identity = unique_id("ASCA", tx.random)
    made = ServerCertificate(
        name=name,
        folded=name.lower(),
        path=req.get("Path", "/"),
        unique_id=identity,
        body=req["CertificateBody"],
        chain=req.get("CertificateChain", ""),
        sealed=tx.cloud.vault.seal(_PURPOSE, req["PrivateKey"].encode("latin-1"), identity.encode()),
        expires_at=_checked(req["CertificateBody"], req["PrivateKey"], req.get("CertificateChain", "")),
        tags=tags,
    )
    shown: Any = {"ServerCertificateMetadata": _shown(create_named(tx, made))}
    if tags:
        shown["Tags"] = shown_tags(tags)
    return cast("UploadServerCertificateResponse", shown)


@iam.operation(on=ServerCertificate, at="ServerCertificateName")
def get_server_certificate(
    tx: Transaction,
    req: GetServerCertificateRequest,  # noqa: ARG001 - its place tells which
) -> GetServerCertificateResponse:
    """Without its key."""
    found: ServerCertificate = tx.resource
    shown: Any = {"ServerCertificateMetadata": _shown(found), "CertificateBody": found.body}
    if found.chain:
        shown["CertificateChain"] = found.chain
    if found.tags:
        shown["Tags"] = shown_tags(found.tags)
    return {"ServerCertificate": shown}


@iam.operation(lists=ServerCertificate)
def list_server_certificates(tx: Transaction, req: ListServerCertificatesRequest) -> Page:
    """By name, those whose path begins as asked."""
    prefix = req.get("PathPrefix", "/")
    return tx.page(
        ServerCertificate, show=_shown, keep=lambda one: one.path.startswith(prefix), size_default=ITEMS_DEFAULT
    )


@iam.operation(on=ServerCertificate, at="ServerCertificateName")
def update_server_certificate(tx: Transaction, req: UpdateServerCertificateRequest) -> None:
    """Another name or path."""
    found: ServerCertificate = tx.resource
    rename(tx, found, req.get("NewServerCertificateName", found.name), req.get("NewPath", found.path))


@iam.operation(on=ServerCertificate, at="ServerCertificateName")
def delete_server_certificate(tx: Transaction, req: DeleteServerCertificateRequest) -> None:  # noqa: ARG001
    """Its key is gone with it."""
    delete_named(tx, tx.resource)


tag_operations(ServerCertificate, at="ServerCertificateName", noun="ServerCertificate")


def _checked(body: str, private_key: str, chain: str) -> int:
    """When the certificate ends; MalformedCertificate or KeyPairMismatch when something does not fit."""
    try:
        certificate = read_certificate(body)
    except NotReadable:
        raise MalformedCertificate(_NOT_PEM.format("certificate", "certificate")) from None
    try:
        if not belongs_to(certificate, private_key):
            raise KeyPairMismatch
    except NotReadable:
        raise MalformedCertificate(_NOT_PEM.format("private key", "private key")) from None
    if chain:
        try:
            wrong = first_out_of_order(certificate, read_chain(chain))
        except NotReadable:
            wrong = -1
        if wrong is not None:
            raise MalformedCertificate(_BAD_CHAIN.format(wrong))
    return expires_at(certificate)


def _shown(one: ServerCertificate) -> Any:
    return {
        "Path": one.path,
        "ServerCertificateName": one.name,
        "ServerCertificateId": one.unique_id,
        "Arn": one.arn,
        "UploadDate": one.created_at,
        "Expiration": one.expires_at,
    }
