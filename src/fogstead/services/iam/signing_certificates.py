"""Signing certificates of users and roots: X.509 in PEM, two for each, switched on and off."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from fogstead.kernel.pages import Page
from fogstead.kernel.transaction import Transaction
from fogstead.services.iam.belongings import Belonging, belongings, page_of_belongings, refuse_expiry
from fogstead.services.iam.certificates import NotReadable, fingerprint, read_certificate
from fogstead.services.iam.service import (
    DuplicateCertificate,
    MalformedCertificate,
    NoSuchEntity,
    iam,
    room_for_one_more,
    signing_certificates_max,
)
from fogstead.services.iam.users import User, subject, subject_id

if TYPE_CHECKING:
    from fogstead.shapes.iam import (
        DeleteSigningCertificateRequest,
        ListSigningCertificatesRequest,
        UpdateSigningCertificateRequest,
        UploadSigningCertificateRequest,
        UploadSigningCertificateResponse,
    )


class SigningCertificate(Belonging, service=iam, arn="signing-certificate/{owner}/{id}", missing=NoSuchEntity):
    """The certificate in PEM, and what it is known by."""

    noun = "Certificate"

    body: str = ""
    fingerprint: bytes = b""


@iam.operation(on=User, at="UserName")
def upload_signing_certificate(
    tx: Transaction, req: UploadSigningCertificateRequest
) -> UploadSigningCertificateResponse:
    """The same certificate is taken once."""
    user, owner = subject(tx), subject_id(tx)
    try:
        known_by = fingerprint(read_certificate(req["CertificateBody"]))
    except NotReadable:
        raise MalformedCertificate(
            "Unable to parse certificate. Please ensure the certificate is in PEM format."
        ) from None
    there = belongings(tx, SigningCertificate, owner)
    if any(one.fingerprint == known_by for one in there):
        raise DuplicateCertificate
    room_for_one_more(tx, signing_certificates_max, len(there))
    identity = _new_id(tx)
    made = SigningCertificate(owner=owner, id=identity, body=req["CertificateBody"], fingerprint=known_by)
    return {"Certificate": _shown(tx.create(made), user)}


@iam.operation(on=User, at="UserName")
def list_signing_certificates(tx: Transaction, req: ListSigningCertificatesRequest) -> Page:  # noqa: ARG001
    """The oldest first."""
    user = subject(tx)
    return page_of_belongings(tx, SigningCertificate, subject_id(tx), lambda one: _shown(one, user))


@iam.operation(on=User, at="UserName")
def update_signing_certificate(tx: Transaction, req: UpdateSigningCertificateRequest) -> None:
    """Active or inactive."""
    found = tx.get(SigningCertificate, subject_id(tx), req["CertificateId"])
    tx.replace(found, status=refuse_expiry(req["Status"]))


@iam.operation(on=User, at="UserName")
def delete_signing_certificate(tx: Transaction, req: DeleteSigningCertificateRequest) -> None:
    """Gone for good."""
    tx.delete(tx.get(SigningCertificate, subject_id(tx), req["CertificateId"]))


def _new_id(tx: Transaction) -> str:
    """Ids of certificates have 32 signs of base 32 and no prefix."""
    return base64.b32encode(tx.random(20)).decode("ascii")


def _shown(one: SigningCertificate, user: User | None) -> Any:
    shown = {
        "CertificateId": one.id,
        "CertificateBody": one.body,
        "Status": one.status,
        "UploadDate": one.created_at,
    }
    return shown if user is None else {"UserName": user.name, **shown}
