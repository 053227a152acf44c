"""How a key comes to be, whoever asks for it: its id, its material, its policy."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

from fogstead.kernel.conditions import PolicyFault
from fogstead.kernel.errors import AccessDenied
from fogstead.kernel.policies import compile_policy
from fogstead.kernel.tags import TAGS_MAX, Tags, checked
from fogstead.kernel.transaction import Transaction
from fogstead.services.kms import key_pairs, materials
from fogstead.services.kms.billing import hold
from fogstead.services.kms.keys import OWN_MATERIAL, Key
from fogstead.services.kms.materials import Material
from fogstead.services.kms.service import (
    POLICY_BYTES_MAX,
    LimitExceeded,
    MalformedPolicyDocument,
    TagFault,
    keys_max,
)
from fogstead.services.kms.specs import Spec, secret_bytes


def new_key_id(tx: Transaction, *, multi_region: bool) -> str:
    """A random id; multi-Region ones can be told by their beginning."""
    return f"mrk-{tx.random(16).hex()}" if multi_region else tx.new_id()


def make(tx: Transaction, key: Key) -> Key:
    """Keep a new key, with material of its own where it does not import it."""
    made = tx.create(key, quota=keys_max)
    hold(tx, made)
    if key.origin == OWN_MATERIAL:
        materials.put(tx, made, new_material(tx, made, 0, materials.CURRENT))
    return made


def new_material(tx: Transaction, key: Key, number: int, state: str) -> Material:
    """A fresh secret for a key."""
    plain = tx.random(secret_bytes(key.spec)) if not key.spec.is_pair else new_pair(tx, key.spec)
    return Material(
        id=key.material_id,
        number=number,
        state=state,
        sealed=materials.seal(tx, key, key.material_id, plain),
        public=public_half(key.spec, plain),
    )


def new_pair(tx: Transaction, spec: Spec) -> bytes:
    """A private key, made on a thread: its randomness is OpenSSL's own, and RSA takes its time."""
    made: bytes = tx.ask(("pair", spec.name), lambda _call: asyncio.to_thread(key_pairs.generate, spec))
    return made


def public_half(spec: Spec, plain: bytes) -> bytes:
    """The DER of the public key; empty for secrets that have none."""
    return key_pairs.public_der(key_pairs.load_private(plain)) if spec.is_pair else b""


def default_policy(account: str) -> str:
    """What a key gets that is given none. Source: KMS Developer Guide, "Default key policy"."""
    statement = {
        "Sid": "Enable IAM User Permissions",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    return json.dumps({"Version": "2012-10-17", "Id": "key-default-1", "Statement": [statement]}, indent=2)


def check_policy(tx: Transaction, key: Key, *, bypass: bool) -> None:
    """Whether a key may have the policy it is about to have: readable, and not locking its maker out."""
    if len(key.policy.encode("utf-8")) > POLICY_BYTES_MAX:
        raise LimitExceeded(f"A key policy has at most {POLICY_BYTES_MAX} bytes.")
    try:
        compile_policy(key.policy, "resource")
    except PolicyFault as fault:
        raise MalformedPolicyDocument(str(fault)) from None
    if bypass:
        return
    try:
        tx.authorise("kms:PutKeyPolicy", key, "", {"Policy": key.policy})
    except AccessDenied:
        raise MalformedPolicyDocument(
            "The new key policy will not allow you to update the key policy in the future."
        ) from None


def checked_tags(given: Sequence[Mapping[str, Any]], known: Mapping[str, str] | None = None) -> Tags:
    """Tags as the API writes them, added to those that are there. TagException, or LimitExceededException."""
    names = [tag["TagKey"] for tag in given]
    if len(set(names)) < len(names):
        raise TagFault("Duplicate tag keys are not allowed.")
    tags = {**(known or {}), **{tag["TagKey"]: tag["TagValue"] for tag in given}}
    if len(tags) > TAGS_MAX:
        raise LimitExceeded(f"A KMS key has at most {TAGS_MAX} tags.")
    return checked(tags, TagFault)


def shown_tags(tags: Mapping[str, str]) -> list[Any]:
    """Tags as the API writes them."""
    return [{"TagKey": name, "TagValue": value} for name, value in tags.items()]
