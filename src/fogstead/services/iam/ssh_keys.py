"""SSH public keys of users: RSA keys for Git repositories, uploaded as OpenSSH or PEM and shown as either."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fogstead.kernel.access_keys import unique_id
from fogstead.kernel.pages import Page
from fogstead.kernel.transaction import Transaction
from fogstead.services.iam.belongings import Belonging, belongings, page_of_belongings, refuse_expiry
from fogstead.services.iam.service import (
    DuplicateSSHPublicKey,
    InvalidPublicKey,
    NoSuchEntity,
    UnrecognizedPublicKeyEncoding,
    iam,
    room_for_one_more,
    ssh_keys_max,
)
from fogstead.services.iam.users import User, subject, subject_id

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    from fogstead.shapes.iam import (
        DeleteSSHPublicKeyRequest,
        GetSSHPublicKeyRequest,
        GetSSHPublicKeyResponse,
        ListSSHPublicKeysRequest,
        UpdateSSHPublicKeyRequest,
        UploadSSHPublicKeyRequest,
        UploadSSHPublicKeyResponse,
    )

RSA_BITS_MIN: Final = 2048


class SSHPublicKey(Belonging, service=iam, arn="ssh-public-key/{owner}/{id}", missing=NoSuchEntity):
    """The key as it was uploaded, and its MD5 in pairs of hexadecimal digits."""

    noun = "Public Key"

    body: str = ""
    fingerprint: str = ""


@iam.operation(on=User, at="UserName")
def upload_ssh_public_key(tx: Transaction, req: UploadSSHPublicKeyRequest) -> UploadSSHPublicKeyResponse:
    """The same key is taken once, in whatever form."""
    user: User = tx.resource
    known_by = _fingerprint(_read(req["SSHPublicKeyBody"]))
    there = belongings(tx, SSHPublicKey, user.unique_id)
    if any(key.fingerprint == known_by for key in there):
        raise DuplicateSSHPublicKey
    room_for_one_more(tx, ssh_keys_max, len(there))
    made = SSHPublicKey(
        owner=user.unique_id,
        id=unique_id("APKA", tx.random),
        body=req["SSHPublicKeyBody"],
        fingerprint=known_by,
    )
    return {"SSHPublicKey": _shown_whole(tx.create(made), user, made.body)}


@iam.operation(on=User, at="UserName")
def get_ssh_public_key(tx: Transaction, req: GetSSHPublicKeyRequest) -> GetSSHPublicKeyResponse:
    """In the form that is asked for."""
    user: User = tx.resource
    key = tx.get(SSHPublicKey, user.unique_id, req["SSHPublicKeyId"])
    return {"SSHPublicKey": _shown_whole(key, user, _written(_read(key.body), req["Encoding"]))}


@iam.operation(on=User, at="UserName")
def list_ssh_public_keys(tx: Transaction, req: ListSSHPublicKeysRequest) -> Page:  # noqa: ARG001
    """The oldest first, without the keys themselves."""
    user = subject(tx)
    return page_of_belongings(tx, SSHPublicKey, subject_id(tx), lambda key: _shown(key, user))


@iam.operation(on=User, at="UserName")
def update_ssh_public_key(tx: Transaction, req: UpdateSSHPublicKeyRequest) -> None:
    """Active or inactive."""
    found = tx.get(SSHPublicKey, subject_id(tx), req["SSHPublicKeyId"])
    tx.replace(found, status=refuse_expiry(req["Status"]))


@iam.operation(on=User, at="UserName")
def delete_ssh_public_key(tx: Transaction, req: DeleteSSHPublicKeyRequest) -> None:
    """Gone for good."""
    tx.delete(tx.get(SSHPublicKey, subject_id(tx), req["SSHPublicKeyId"]))


def _read(text: str) -> RSAPublicKey:
    """The key in a text; UnrecognizedPublicKeyEncoding or InvalidPublicKey when it cannot be one."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - slow, and seldom needed
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 - as above
        load_pem_public_key,
        load_ssh_public_key,
    )

    raw = text.strip().encode("latin-1")
    if raw.startswith(b"-----BEGIN"):
        load = load_pem_public_key
    elif raw.startswith(b"ssh-"):
        load = load_ssh_public_key
    else:
        raise UnrecognizedPublicKeyEncoding
    try:
        key = load(raw)
    except (ValueError, UnsupportedAlgorithm):
        raise InvalidPublicKey from None
    if not isinstance(key, RSAPublicKey) or key.key_size < RSA_BITS_MIN:
        raise InvalidPublicKey(f"The key must be an RSA key of at least {RSA_BITS_MIN} bits.")
    return key


def _written(key: RSAPublicKey, encoding: str) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415 - as above

    if encoding == "SSH":
        return key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode("ascii")
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def _fingerprint(key: RSAPublicKey) -> str:
    """As `ssh-keygen -E md5` shows it."""
    from cryptography.hazmat.primitives.hashes import MD5  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.serialization import ssh_key_fingerprint  # noqa: PLC0415 - as above

    return ssh_key_fingerprint(key, MD5()).hex(":")  # noqa: S303 - that is what it is called by


def _shown(key: SSHPublicKey, user: User | None) -> Any:
    shown = {"SSHPublicKeyId": key.id, "Status": key.status, "UploadDate": key.created_at}
    return shown if user is None else {"UserName": user.name, **shown}


def _shown_whole(key: SSHPublicKey, user: User, body: str) -> Any:
    return {**_shown(key, user), "Fingerprint": key.fingerprint, "SSHPublicKeyBody": body}
