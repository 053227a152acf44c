"""Grants: what they let one principal do, and how they end."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from typing import Any

from fogstead.kernel.identity import root_of

from .helpers import eventually, refused
from .kms_inside import ACCOUNT, OTHER, KmsInside, service, user

ANN, BOB = user("ann"), user("bob")
_GIVEN = {"GranteePrincipal": ANN.arn, "Operations": ["Encrypt", "Decrypt"]}


def _told(story: Callable[[KmsInside, str], Awaitable[None]]) -> None:
    async def run() -> None:
        inside = await KmsInside.start()
        await story(inside, await inside.key())
        await inside.close()

    asyncio.run(run())


def test_a_grant_lets_its_grantee_do_what_it_says_and_no_more() -> None:
    async def story(inside: KmsInside, key: str) -> None:
        use = {"KeyId": key, "Plaintext": b"x"}
        assert await inside.code("Encrypt", caller=ANN, **use) == "AccessDeniedException"
        made = await inside.ok("CreateGrant", KeyId=key, **_GIVEN)
        blob = (await inside.ok("Encrypt", caller=ANN, **use))["CiphertextBlob"]
        assert (await inside.ok("Decrypt", caller=ANN, CiphertextBlob=blob))["Plaintext"] == b"x"
        assert await inside.code("DescribeKey", caller=ANN, KeyId=key) == "AccessDeniedException"
        assert await inside.code("Encrypt", caller=BOB, **use) == "AccessDeniedException"
        await inside.ok("RevokeGrant", KeyId=key, GrantId=made["GrantId"])
        assert await inside.code("Encrypt", caller=ANN, **use) == "AccessDeniedException"

    _told(story)


def test_constraints_look_at_the_encryption_context() -> None:
    async def story(inside: KmsInside, key: str) -> None:
        exact, part = {"shop": "1"}, {"shop": "1", "more": "2"}
        await inside.ok("CreateGrant", KeyId=key, **_GIVEN, Constraints={"EncryptionContextEquals": exact})
        bob = {**_GIVEN, "GranteePrincipal": BOB.arn, "Operations": ["Encrypt", "DescribeKey"]}
        await inside.ok("CreateGrant", KeyId=key, **bob, Constraints={"EncryptionContextSubset": exact})
        use = {"KeyId": key, "Plaintext": b"x"}
        assert await inside.code("Encrypt", caller=ANN, **use, EncryptionContext=exact) == ""
        assert await inside.code("Encrypt", caller=ANN, **use, EncryptionContext=part) == "AccessDeniedException"
        assert await inside.code("Encrypt", caller=BOB, **use, EncryptionContext=part) == ""
        assert await inside.code("Encrypt", caller=BOB, **use) == "AccessDeniedException"
        assert await inside.code("DescribeKey", caller=BOB, KeyId=key) == ""

    _told(story)


def test_a_service_is_granted_something_for_one_resource() -> None:
    async def story(inside: KmsInside, key: str) -> None:
        source = f"arn:aws:s3:us-east-1:{ACCOUNT}:bucket"
        given = {"GranteeServicePrincipal": "s3.amazonaws.com", "Operations": ["Encrypt"]}
        assert await inside.code("CreateGrant", KeyId=key, **given) == "ValidationException"
        full = {**given, "Constraints": {"SourceArn": source}, "RetiringServicePrincipal": "s3.amazonaws.com"}
        made = await inside.ok("CreateGrant", KeyId=key, **full)
        s3 = service("s3.amazonaws.com")
        use = {"KeyId": key, "Plaintext": b"x", "caller": s3}
        assert await inside.code("Encrypt", **use, source_arn=source) == ""
        assert await inside.code("Encrypt", **use, source_arn=source + "2") == "AccessDeniedException"
        await inside.ok("RetireGrant", caller=s3, GrantToken=made["GrantToken"])
        assert await inside.code("Encrypt", **use, source_arn=source) == "AccessDeniedException"

    _told(story)


def test_those_whom_it_names_retire_a_grant() -> None:
    async def story(inside: KmsInside, key: str) -> None:
        async def grant(**more: Any) -> dict[str, str]:
            made = await inside.ok("CreateGrant", KeyId=key, **{**_GIVEN, **more})
            return {"KeyId": key, "GrantId": made["GrantId"]}

        plain = await grant()
        for caller in (ANN, BOB):
            assert await inside.code("RetireGrant", caller=caller, **plain) == "AccessDeniedException"
        await inside.ok("RetireGrant", **plain)
        assert await inside.code("RetireGrant", **plain) == "NotFoundException"
        await inside.ok("RetireGrant", caller=BOB, **await grant(RetiringPrincipal=BOB.arn))
        await inside.ok("RetireGrant", caller=ANN, **await grant(Operations=["RetireGrant", "Encrypt"]))
        assert (await inside.ok("ListGrants", KeyId=key))["Grants"] == []

    _told(story)


def test_a_grant_that_a_grant_permits_gives_no_more_than_it() -> None:
    async def story(inside: KmsInside, key: str) -> None:
        subset = {"EncryptionContextSubset": {"shop": "1"}}
        given = {**_GIVEN, "Operations": ["Decrypt", "CreateGrant"], "Constraints": subset}
        await inside.ok("CreateGrant", KeyId=key, **given)
        to_bob = {"KeyId": key, "GranteePrincipal": BOB.arn, "Operations": ["Decrypt"]}
        closer = {"EncryptionContextSubset": {"shop": "1", "more": "2"}}
        more = {**to_bob, "Operations": ["Decrypt", "Encrypt"], "Constraints": closer}
        assert await inside.code("CreateGrant", caller=ANN, **more) == "AccessDeniedException"
        assert await inside.code("CreateGrant", caller=ANN, **to_bob) == "AccessDeniedException"
        await inside.ok("CreateGrant", caller=ANN, **to_bob, Constraints=closer)

    _told(story)


def test_a_repeated_name_gives_the_same_grant_and_another_token(kms: Any, key: str) -> None:
    given = {"KeyId": key, "GranteePrincipal": "999999999998", "Operations": ["Decrypt"], "Name": "once"}
    first, second = kms.create_grant(**given), kms.create_grant(**given)
    assert first["GrantId"] == second["GrantId"]
    assert first["GrantToken"] != second["GrantToken"]
    assert kms.create_grant(**{**given, "Operations": ["Encrypt"]})["GrantId"] != first["GrantId"]
    unnamed = {name: value for name, value in given.items() if name != "Name"}
    assert kms.create_grant(**unnamed)["GrantId"] != kms.create_grant(**unnamed)["GrantId"]
    kms.retire_grant(GrantToken=second["GrantToken"])
    assert first["GrantId"] not in [one["GrantId"] for one in kms.list_grants(KeyId=key)["Grants"]]
    assert kms.create_grant(**given)["GrantId"] != first["GrantId"]


def test_grants_are_listed_with_all_that_they_say(kms: Any, key: str, account: str) -> None:
    given = {
        "GranteePrincipal": f"arn:aws:iam::{account}:user/ann",
        "RetiringPrincipal": f"arn:aws:iam::{account}:role/cleaner",
        "Operations": ["Decrypt", "GenerateDataKey"],
        "Constraints": {"EncryptionContextEquals": {"shop": "1"}},
        "Name": "of-ann",
    }
    made = kms.create_grant(KeyId=key, **given)
    (shown,) = kms.list_grants(KeyId=key, GranteePrincipal=given["GranteePrincipal"])["Grants"]
    assert {name: shown[name] for name in given} == given
    assert (shown["GrantId"], shown["KeyId"]) == (made["GrantId"], key)
    assert shown["IssuingAccount"] == f"arn:aws:iam::{account}:root"
    assert kms.list_grants(KeyId=key, GranteePrincipal="999999999998")["Grants"] == []
    assert kms.list_grants(KeyId=key, GrantId="0" * 64)["Grants"] == []
    refused("InvalidGrantIdException", kms.list_grants, KeyId=key, GrantId="garbage")
    (again,) = kms.list_retirable_grants(RetiringPrincipal=given["RetiringPrincipal"])["Grants"]
    assert again == shown
    kms.revoke_grant(KeyId=key, GrantId=made["GrantId"])
    assert kms.list_retirable_grants(RetiringPrincipal=given["RetiringPrincipal"])["Grants"] == []


def test_another_account_sees_what_it_may_retire(client: Callable[..., Any], key: str) -> None:
    kms, other = client("kms"), client("kms", account="555555555555")
    root = "arn:aws:iam::555555555555:root"
    made = kms.create_grant(KeyId=key, GranteePrincipal=root, RetiringPrincipal=root, Operations=["Decrypt"])

    def listed() -> list[str]:
        grants = other.list_retirable_grants(RetiringPrincipal=root)["Grants"]
        return [one["GrantId"] for one in grants if one["KeyId"] == key]

    eventually(lambda: listed() == [made["GrantId"]])
    refused("AccessDeniedException", kms.list_retirable_grants, RetiringPrincipal=root)
    other.retire_grant(KeyId=key, GrantId=made["GrantId"])
    eventually(lambda: listed() == [])
    refused("AccessDeniedException", other.retire_grant, KeyId=key, GrantId=made["GrantId"])


def test_grants_have_to_fit_their_key(kms: Any, key: str, account: str) -> None:
    given: dict[str, Any] = {"KeyId": key, "GranteePrincipal": account, "Operations": ["Decrypt"]}
    refused("ValidationException", kms.create_grant, **{**given, "Operations": ["Sign"]})
    refused("InvalidArnException", kms.create_grant, **{**given, "GranteePrincipal": "ann"})
    both = {"EncryptionContextEquals": {"a": "1"}, "EncryptionContextSubset": {"a": "1"}}
    many = {"EncryptionContextEquals": {str(number): "" for number in range(9)}}
    for constraints in (both, many):
        refused("ValidationException", kms.create_grant, **given, Constraints=constraints)
    signing = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    pair = {**given, "KeyId": signing, "Operations": ["Sign"]}
    refused("ValidationException", kms.create_grant, **pair, Constraints={"EncryptionContextEquals": {"a": "1"}})
    assert kms.create_grant(**pair)["GrantId"]


def test_tokens_that_were_not_given_out_are_refused(kms: Any, key: str) -> None:
    token = kms.create_grant(KeyId=key, GranteePrincipal="999999999998", Operations=["Encrypt"])["GrantToken"]
    kms.encrypt(KeyId=key, Plaintext=b"x", GrantTokens=[token])
    forged = token[:-8] + ("AAAAAAAA" if not token.endswith("AAAAAAAA") else "BBBBBBBB")
    for wrong in ("garbage!", "AAAA", forged):
        refused("InvalidGrantTokenException", kms.encrypt, KeyId=key, Plaintext=b"x", GrantTokens=[wrong])
    refused("InvalidGrantTokenException", kms.retire_grant, GrantToken="garbage")
    raw = bytearray(base64.urlsafe_b64decode(token))
    raw[5] ^= 1  # the seal, while the label behind it stays good
    unsealed = base64.urlsafe_b64encode(raw).decode()
    refused("InvalidGrantTokenException", kms.retire_grant, GrantToken=unsealed)
    refused("ValidationException", kms.retire_grant, KeyId=key)


def test_what_an_account_is_granted_its_own_policies_give_on() -> None:
    async def story(inside: KmsInside, key: str) -> None:
        await inside.ok("CreateGrant", KeyId=key, GranteePrincipal=OTHER, Operations=["Encrypt"])
        use = {"KeyId": key, "Plaintext": b"x"}
        assert await inside.code("Encrypt", caller=root_of(OTHER), **use) == ""
        assert await inside.code("Encrypt", caller=user("eve", OTHER), **use) == "AccessDeniedException"

    _told(story)
