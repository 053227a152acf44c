"""What is timed of KMS, Secrets Manager and the parameters of SSM.

A cell of KMS has a key of its own; its first answer is opened, or checked with the public key. What is kept is read
back by name, out of a hundred.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import os
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.replay import Load
from benchmarks.rows import Row, Work, static, text_of
from benchmarks.servers import KEYS, Server
from benchmarks.wire import Connection, Reply

TEXT_BYTES = 256
_DISTINCT = 1_000
_KEPT = 100
_SIGNING = {"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"}
_ALGORITHM = "ECDSA_SHA_256"
_names = itertools.count(1)


def plaintext(number: int) -> bytes:
    """Bytes that are different for every number."""
    return hashlib.shake_128(f"plain {number}".encode()).digest(TEXT_BYTES)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _blob(reply: Reply, name: str) -> bytes:
    return base64.b64decode(reply.json()[name], validate=True)


def _ask(server: Server, operation: str, **given: Any) -> Reply:
    return Connection(server.port).call(server.signer.kms(operation, **given))


def _new_key(server: Server, **given: str) -> str:
    return str(_ask(server, "CreateKey", **given).json()["KeyMetadata"]["KeyId"])


def _opens_to(server: Server, ciphertext: bytes, text: bytes) -> bool:
    """Whether a ciphertext hides this text and gives it back."""
    opened = _ask(server, "Decrypt", CiphertextBlob=_base64(ciphertext))
    return text not in ciphertext and _blob(opened, "Plaintext") == text


def _encrypt(server: Server, _load: Load) -> Work:
    key = _new_key(server)
    requests = [
        server.signer.kms("Encrypt", KeyId=key, Plaintext=_base64(plaintext(number))) for number in range(_DISTINCT)
    ]
    return static(server, requests, lambda reply: _opens_to(server, _blob(reply, "CiphertextBlob"), plaintext(0)))


def _decrypt(server: Server, _load: Load) -> Work:
    key, connection = _new_key(server), Connection(server.port)
    requests = []
    for number in range(_KEPT):
        made = connection.call(server.signer.kms("Encrypt", KeyId=key, Plaintext=_base64(plaintext(number))))
        requests.append(server.signer.kms("Decrypt", CiphertextBlob=made.json()["CiphertextBlob"]))
    return static(server, requests, lambda reply: _blob(reply, "Plaintext") == plaintext(0))


def _data_key(server: Server, _load: Load) -> Work:
    request = server.signer.kms("GenerateDataKey", KeyId=_new_key(server), KeySpec="AES_256")

    def good(reply: Reply) -> bool:
        made = _blob(reply, "Plaintext")
        again = _blob(Connection(server.port).call(request), "Plaintext")
        return len(made) == 32 and made != again and _opens_to(server, _blob(reply, "CiphertextBlob"), made)

    return static(server, [request], good)


def _sign(server: Server, _load: Load) -> Work:
    key = _new_key(server, **_SIGNING)
    public = _blob(_ask(server, "GetPublicKey", KeyId=key), "PublicKey")
    common = {"KeyId": key, "MessageType": "RAW", "SigningAlgorithm": _ALGORITHM}
    requests = [server.signer.kms("Sign", Message=_base64(plaintext(number)), **common) for number in range(_DISTINCT)]
    return static(server, requests, lambda reply: is_signed(public, _blob(reply, "Signature"), plaintext(0)))


def is_signed(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether it is a signature with this key; found out here, not by the server."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - only what is signed needs it
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_der_public_key  # noqa: PLC0415

    key = load_der_public_key(public)
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return False
    try:
        key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def _secret(server: Server, _load: Load) -> Work:
    connection, folder = Connection(server.port), _folder()
    for number in range(_KEPT):
        token = hashlib.md5(f"{folder}/{number}".encode()).hexdigest()  # what SDKs would choose at random
        given = {"Name": f"{folder}/{number}", "SecretString": text_of(number), "ClientRequestToken": token}
        connection.call(server.signer.secrets("CreateSecret", **given))
    requests = [server.signer.secrets("GetSecretValue", SecretId=f"{folder}/{number}") for number in range(_KEPT)]
    return static(server, requests, lambda reply: reply.json()["SecretString"] == text_of(0))


def _parameter(kind: str) -> Callable[[Server, Load], Work]:
    def prepare(server: Server, _load: Load) -> Work:
        connection, folder = Connection(server.port), f"/{_folder()}"
        for number in range(_KEPT):
            given = {"Name": f"{folder}/{number}", "Value": text_of(number), "Type": kind}
            connection.call(server.signer.ssm("PutParameter", **given))
        requests = [
            server.signer.ssm("GetParameter", Name=f"{folder}/{number}", WithDecryption=True) for number in range(_KEPT)
        ]
        return static(server, requests, lambda reply: reply.json()["Parameter"]["Value"] == text_of(0))

    return prepare


def _folder() -> str:
    return f"bench-{os.getpid()}-{next(_names)}"


def _row(name: str, title: str, prepare: Callable[[Server, Load], Work]) -> Row:
    return Row(name, title, prepare, KEYS)


ROWS: Sequence[Row] = (
    _row("encrypt", f"KMS Encrypt, {TEXT_BYTES} bytes", _encrypt),
    _row("decrypt", f"KMS Decrypt, {TEXT_BYTES} bytes", _decrypt),
    _row("data-key", "KMS GenerateDataKey, AES_256", _data_key),
    _row("sign", "KMS Sign, ECC_NIST_P256", _sign),
    _row("secret", "Secrets Manager GetSecretValue", _secret),
    _row("parameter", "SSM GetParameter, String", _parameter("String")),
    _row("secure-parameter", "SSM GetParameter, SecureString", _parameter("SecureString")),
)
