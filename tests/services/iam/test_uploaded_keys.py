"""Signing certificates and SSH public keys of users."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from .certificate_files import pair
from .helpers import all_pages, refused

_SSH = (Encoding.OpenSSH, PublicFormat.OpenSSH)
_PEM = (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@lru_cache
def rsa_key(number: int, bits: int = 2048) -> rsa.RSAPublicKey:
    return rsa.generate_private_key(65537, bits).public_key()


def written(number: int, form: tuple[Any, Any] = _SSH, bits: int = 2048) -> str:
    return rsa_key(number, bits).public_bytes(*form).decode()


@pytest.fixture
def user(iam: Any) -> str:
    iam.create_user(UserName="bob")
    return "bob"


# ------------------------------------------------------------------------------------------------ SSH keys
def test_an_ssh_key_is_shown_in_both_forms(iam: Any, user: str) -> None:
    made = iam.upload_ssh_public_key(UserName=user, SSHPublicKeyBody=written(1) + " bob@home")["SSHPublicKey"]
    assert made["SSHPublicKeyId"].startswith("APKA")
    assert (made["Status"], made["SSHPublicKeyBody"]) == ("Active", written(1) + " bob@home")
    blob = base64.b64decode(written(1).split()[1])
    assert made["Fingerprint"] == hashlib.md5(blob).digest().hex(":")
    identity = made["SSHPublicKeyId"]
    for encoding, form in (("SSH", _SSH), ("PEM", _PEM)):
        shown = iam.get_ssh_public_key(UserName=user, SSHPublicKeyId=identity, Encoding=encoding)["SSHPublicKey"]
        assert shown == {**made, "SSHPublicKeyBody": written(1, form)}


def test_ssh_keys_are_listed_switched_off_and_deleted(iam: Any, user: str) -> None:
    ids = [
        iam.upload_ssh_public_key(UserName=user, SSHPublicKeyBody=written(number))["SSHPublicKey"]["SSHPublicKeyId"]
        for number in (1, 2)
    ]
    listed = all_pages(iam, "list_ssh_public_keys", "SSHPublicKeys", 1, UserName=user)
    assert [key["SSHPublicKeyId"] for key in listed] == ids
    assert set(listed[0]) == {"UserName", "SSHPublicKeyId", "Status", "UploadDate"}
    iam.update_ssh_public_key(UserName=user, SSHPublicKeyId=ids[0], Status="Inactive")
    assert iam.list_ssh_public_keys(UserName=user)["SSHPublicKeys"][0]["Status"] == "Inactive"
    with refused("DeleteConflict", "Cannot delete entity, must remove referenced objects first.", status=409):
        iam.delete_user(UserName=user)
    for identity in ids:
        iam.delete_ssh_public_key(UserName=user, SSHPublicKeyId=identity)
    with refused("NoSuchEntity", ids[0], status=404):
        iam.get_ssh_public_key(UserName=user, SSHPublicKeyId=ids[0], Encoding="SSH")
    iam.delete_user(UserName=user)


def test_ssh_keys_that_cannot_be_used_are_refused(iam: Any, user: str) -> None:
    ed25519 = Ed25519PrivateKey.generate().public_key().public_bytes(*_SSH).decode()
    for body, code in (
        ("hello", "UnrecognizedPublicKeyEncoding"),
        ("ssh-rsa AAAA", "InvalidPublicKey"),
        (ed25519, "InvalidPublicKey"),
        (written(3, bits=1024), "InvalidPublicKey"),
    ):
        with refused(code, status=400):
            iam.upload_ssh_public_key(UserName=user, SSHPublicKeyBody=body)
    iam.upload_ssh_public_key(UserName=user, SSHPublicKeyBody=written(1))
    with refused("DuplicateSSHPublicKey"):
        iam.upload_ssh_public_key(UserName=user, SSHPublicKeyBody=written(1, _PEM))


def test_a_user_has_five_ssh_keys_at_most(iam: Any, user: str) -> None:
    for number in range(1, 6):
        iam.upload_ssh_public_key(UserName=user, SSHPublicKeyBody=written(number))
    with refused("LimitExceeded", "Cannot exceed quota for SSHPublicKeysPerUser: 5"):
        iam.upload_ssh_public_key(UserName=user, SSHPublicKeyBody=written(6))


# ------------------------------------------------------------------------------------------------ signing certificates
def test_a_signing_certificate_is_uploaded_switched_off_and_deleted(iam: Any, user: str) -> None:
    made = iam.upload_signing_certificate(UserName=user, CertificateBody=pair("one").body)["Certificate"]
    assert (made["UserName"], made["Status"], made["CertificateBody"]) == ("bob", "Active", pair("one").body)
    identity = made["CertificateId"]
    iam.update_signing_certificate(UserName=user, CertificateId=identity, Status="Inactive")
    [listed] = iam.list_signing_certificates(UserName=user)["Certificates"]
    assert listed == {**made, "Status": "Inactive"}
    with refused("DeleteConflict", "Cannot delete entity, must delete certificates first.", status=409):
        iam.delete_user(UserName=user)
    iam.delete_signing_certificate(UserName=user, CertificateId=identity)
    with refused("NoSuchEntity", f"The Certificate with id {identity} cannot be found.", status=404):
        iam.delete_signing_certificate(UserName=user, CertificateId=identity)


def test_signing_certificates_that_are_none_or_too_many_are_refused(iam: Any, user: str) -> None:
    with refused("MalformedCertificate", "PEM format", status=400):
        iam.upload_signing_certificate(UserName=user, CertificateBody="hello")
    iam.upload_signing_certificate(UserName=user, CertificateBody=pair("one").body)
    with refused("DuplicateCertificate", status=409):
        iam.upload_signing_certificate(UserName=user, CertificateBody=pair("one").body)
    iam.upload_signing_certificate(UserName=user, CertificateBody=pair("two").body)
    with refused("LimitExceeded", "Cannot exceed quota for SigningCertificatesPerUser: 2"):
        iam.upload_signing_certificate(UserName=user, CertificateBody=pair("three").body)


def test_a_root_has_signing_certificates_of_its_own(iam: Any) -> None:
    made = iam.upload_signing_certificate(CertificateBody=pair("one").body)["Certificate"]
    assert iam.list_signing_certificates()["Certificates"] == [made]
    iam.delete_signing_certificate(CertificateId=made["CertificateId"])


# ------------------------------------------------------------------------------------------ for one service
def test_there_are_no_credentials_for_one_service_alone(iam: Any, user: str) -> None:
    listed = iam.list_service_specific_credentials(UserName=user)
    assert (listed["ServiceSpecificCredentials"], listed["IsTruncated"]) == ([], False)
    with refused("NoSuchEntity", "The user with name nobody cannot be found.", status=404):
        iam.list_service_specific_credentials(UserName="nobody")
    with refused("NotImplemented", status=501):
        iam.create_service_specific_credential(UserName=user, ServiceName="codecommit.amazonaws.com")
