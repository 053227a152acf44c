"""ACLs as plain data: what they allow, how requests say them, how they are shown."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogstead.kernel.identity import canonical_id
from fogstead.model.standard import standard_models
from fogstead.services.s3 import acls
from fogstead.services.s3.acls import ALL_USERS, AUTHENTICATED_USERS, LOG_DELIVERY, Acl, Grant
from fogstead.services.s3.service import (
    AccessDenied,
    InvalidArgument,
    InvalidRequest,
    MalformedACLError,
    MethodNotAllowed,
    UnexpectedContent,
)

OWNER = canonical_id("000000000001")
OTHER = canonical_id("000000000002")
THIRD = canonical_id("000000000003")
FULL = Grant("id", OWNER, "FULL_CONTROL")

grants = st.builds(
    lambda grantee, permission: Grant(*grantee, permission),
    st.sampled_from([("id", OWNER), ("id", OTHER), ("id", THIRD), *(("uri", uri) for uri in sorted(acls.GROUPS))]),
    st.sampled_from(sorted(acls.PERMISSIONS)),
)
lists = st.builds(lambda given_grants: Acl(OWNER, tuple(given_grants)), st.lists(grants, max_size=100))


def policy_of(*granted: dict[str, Any], owner: str = OWNER) -> dict[str, Any]:
    return {"Owner": {"ID": owner}, "Grants": list(granted)}


def to_user(value: str, permission: str = "READ") -> dict[str, Any]:
    return {"Grantee": {"Type": "CanonicalUser", "ID": value}, "Permission": permission}


def test_canonical_ids_are_64_hexadecimal_digits_and_one_per_account() -> None:
    assert len(OWNER) == 64
    assert int(OWNER, 16) > 0
    assert canonical_id("000000000001") == OWNER != OTHER


# ------------------------------------------------------------- what an ACL allows
def test_a_grant_allows_its_grantee_its_permission_and_no_other() -> None:
    acl = Acl(OWNER, (Grant("id", OTHER, "READ"),))
    assert acls.allows(acl, OTHER, "READ")
    assert not acls.allows(acl, OTHER, "WRITE")
    assert not acls.allows(acl, THIRD, "READ")
    assert not acls.allows(acl, None, "READ")


@pytest.mark.parametrize("permission", sorted(acls.PERMISSIONS))
def test_full_control_allows_everything(permission: str) -> None:
    assert acls.allows(Acl(OWNER, (Grant("id", OTHER, "FULL_CONTROL"),)), OTHER, permission)


def test_all_users_are_everybody_and_authenticated_users_are_those_who_signed() -> None:
    everybody, signed = (Acl(OWNER, (Grant("uri", uri, "READ"),)) for uri in (ALL_USERS, AUTHENTICATED_USERS))
    assert acls.allows(everybody, None, "READ")
    assert acls.allows(everybody, OTHER, "READ")
    assert acls.allows(signed, OTHER, "READ")
    assert not acls.allows(signed, None, "READ")


def test_log_delivery_is_nobody_but_the_delivery_of_logs() -> None:
    acl = acls.canned("log-delivery-write", OWNER)
    assert acls.allows(acl, LOG_DELIVERY, "WRITE")
    assert not acls.allows(acl, LOG_DELIVERY, "READ")
    assert not acls.allows(acl, None, "WRITE")
    assert not acls.allows(acl, OTHER, "WRITE")


@given(lists)
def test_without_its_public_grants_a_list_is_not_public_and_allows_strangers_nothing(acl: Acl) -> None:
    rest = acls.without_public(acl)
    assert not acls.is_public(rest)
    assert not any(acls.allows(rest, None, permission) for permission in acls.PERMISSIONS)
    assert [grant for grant in acl.grants if grant in rest.grants] == list(rest.grants)
    assert acls.is_public(acl) == (rest != acl)


def test_a_grant_to_the_log_delivery_group_is_not_public() -> None:
    assert not acls.is_public(acls.canned("log-delivery-write", OWNER))
    assert acls.is_public(acls.canned("authenticated-read", OWNER))
    assert acls.is_public(acls.canned("public-read", OWNER))


def test_the_table_of_actions_names_permissions_that_exist() -> None:
    assert {permission for _, permission in acls.PERMISSION_OF.values()} <= acls.PERMISSIONS
    assert {on for on, _ in acls.PERMISSION_OF.values()} == {"bucket", "object"}
    assert acls.PERMISSION_OF["s3:ListBucketMultipartUploads"] == ("bucket", "READ")
    assert acls.PERMISSION_OF["s3:GetObjectVersion"] == ("object", "READ")
    assert not set(acls.OWNERS_ACTIONS) & set(acls.PERMISSION_OF)


# ------------------------------------------------------------- canned ACLs
@pytest.mark.parametrize(
    ("name", "added"),
    [
        ("private", ()),
        ("public-read", (Grant("uri", ALL_USERS, "READ"),)),
        ("public-read-write", (Grant("uri", ALL_USERS, "READ"), Grant("uri", ALL_USERS, "WRITE"))),
        ("authenticated-read", (Grant("uri", AUTHENTICATED_USERS, "READ"),)),
        ("aws-exec-read", (Grant("id", acls.EC2_ID, "READ"),)),
        ("log-delivery-write", (Grant("uri", LOG_DELIVERY, "WRITE"), Grant("uri", LOG_DELIVERY, "READ_ACP"))),
        ("bucket-owner-read", ()),
        ("bucket-owner-full-control", ()),
    ],
)
def test_a_canned_list_of_a_bucket_gives_the_owner_full_control_and_adds(name: str, added: tuple[Grant, ...]) -> None:
    assert acls.canned(name, OWNER) == Acl(OWNER, (FULL, *added))


@pytest.mark.parametrize(
    ("name", "permission"), [("bucket-owner-read", "READ"), ("bucket-owner-full-control", "FULL_CONTROL")]
)
def test_an_object_may_be_shared_with_the_owner_of_its_bucket(name: str, permission: str) -> None:
    assert acls.canned(name, OWNER, bucket_owner=OTHER).grants == (FULL, Grant("id", OTHER, permission))
    assert acls.canned(name, OWNER, bucket_owner=OWNER) == acls.private(OWNER)


def test_every_canned_list_of_the_model_is_known() -> None:
    shapes = standard_models().load("s3").shapes
    for name in {*shapes["ObjectCannedACL"]["enum"], *shapes["BucketCannedACL"]["enum"]}:
        assert acls.canned(name, OWNER, bucket_owner=OTHER).owner == OWNER


def test_an_unknown_canned_list_is_refused_without_a_sentence() -> None:
    with pytest.raises(InvalidArgument) as refused:
        acls.canned("privat", OWNER)
    assert refused.value.message == ""
    assert refused.value.members == {"ArgumentName": "x-amz-acl", "ArgumentValue": "privat"}


# ------------------------------------------------------------- headers
def test_headers_name_grantees_by_id_and_by_uri() -> None:
    acl = acls.requested({"GrantRead": f'id="{OTHER}", uri="{ALL_USERS}"', "GrantWriteACP": f"id={THIRD}"}, OWNER)
    assert acl == Acl(
        OWNER,
        (Grant("id", OTHER, "READ"), Grant("uri", ALL_USERS, "READ"), Grant("id", THIRD, "WRITE_ACP")),
    )


def test_an_id_in_capitals_is_the_same_id() -> None:
    assert acls.granted("x-amz-grant-read", f'id="{OTHER.upper()}"', "READ") == (Grant("id", OTHER, "READ"),)


@pytest.mark.parametrize("value", ["", "someone", 'id="', f'id="{"a" * 64}",', f'name="{"a" * 64}"', 'id="a"b'])
def test_a_header_that_is_no_list_of_grantees_is_refused(value: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        acls.granted("x-amz-grant-full-control", value, "FULL_CONTROL")
    assert refused.value.message == "Argument format not recognized"
    assert refused.value.members == {"ArgumentName": "x-amz-grant-full-control", "ArgumentValue": value}


@pytest.mark.parametrize(
    ("value", "sentence", "members"),
    [
        ('id="0123"', "Invalid id", {"ArgumentName": "id", "ArgumentValue": "0123"}),
        ('uri="http://x"', "Invalid group uri", {"ArgumentName": "uri", "ArgumentValue": "http://x"}),
    ],
)
def test_a_grantee_that_cannot_be_is_refused(value: str, sentence: str, members: dict[str, str]) -> None:
    with pytest.raises(InvalidArgument) as refused:
        acls.granted("x-amz-grant-read", value, "READ")
    assert (refused.value.message, refused.value.members) == (sentence, members)


@pytest.mark.parametrize(
    "value", ['emailAddress="a@b.c"', "emailaddress=a@b.c", f'id="{"a" * 64}", emailAddress="a@b.c"']
)
def test_a_grant_to_an_address_is_no_longer_allowed(value: str) -> None:
    with pytest.raises(MethodNotAllowed):
        acls.granted("x-amz-grant-read", value, "READ")


def test_a_request_says_its_list_in_one_way_only() -> None:
    with pytest.raises(InvalidRequest, match="Specifying both Canned ACLs and Header Grants is not allowed"):
        acls.requested({"ACL": "private", "GrantRead": f'id="{OTHER}"'}, OWNER)
    with pytest.raises(UnexpectedContent):
        acls.requested({"ACL": "private", "AccessControlPolicy": policy_of()}, OWNER)
    with pytest.raises(UnexpectedContent):
        acls.requested({"GrantRead": f'id="{OTHER}"', "AccessControlPolicy": policy_of()}, OWNER)


def test_a_request_that_says_nothing_asks_for_nothing() -> None:
    assert acls.requested({"Bucket": "b"}, OWNER) is None
    assert acls.requested({"ACL": "public-read"}, OWNER) == acls.canned("public-read", OWNER)
    assert acls.requested({"AccessControlPolicy": policy_of()}, OWNER) == Acl(OWNER, ())


# ------------------------------------------------------------- bodies
@given(lists)
def test_what_is_shown_can_be_put_back(acl: Acl) -> None:
    assert acls.from_policy(acls.shown(acl), OWNER) == acl


def test_a_list_shows_ids_and_groups_and_no_display_names() -> None:
    assert acls.shown(acls.canned("public-read", OWNER)) == {
        "Owner": {"ID": OWNER},
        "Grants": [
            {"Grantee": {"Type": "CanonicalUser", "ID": OWNER}, "Permission": "FULL_CONTROL"},
            {"Grantee": {"Type": "Group", "URI": ALL_USERS}, "Permission": "READ"},
        ],
    }


def test_a_resource_is_not_given_away_by_its_list() -> None:
    with pytest.raises(AccessDenied):
        acls.from_policy(policy_of(owner=OTHER), OWNER)


@pytest.mark.parametrize(
    "policy",
    [
        {},
        {"Grants": []},
        {"Owner": {"ID": OWNER}},
        {"Owner": {}, "Grants": []},
        policy_of({"Grantee": {"Type": "CanonicalUser", "ID": OTHER}}),
        policy_of({"Permission": "READ"}),
        policy_of(to_user(OTHER, "Read")),
        policy_of({"Grantee": {"Type": "Canonical User", "ID": OTHER}, "Permission": "READ"}),
        policy_of({"Grantee": {"Type": "CanonicalUser", "URI": ALL_USERS}, "Permission": "READ"}),
        policy_of({"Grantee": {"Type": "Group", "DisplayName": "Everyone"}, "Permission": "READ"}),
        policy_of(*[to_user(OTHER)] * 101),
    ],
)
def test_a_policy_that_breaks_the_schema_is_malformed(policy: dict[str, Any]) -> None:
    with pytest.raises(MalformedACLError):
        acls.from_policy(policy, OWNER)


def test_a_list_has_at_most_a_hundred_grants() -> None:
    assert len(acls.from_policy(policy_of(*[to_user(OTHER)] * 100), OWNER).grants) == 100
    with pytest.raises(MalformedACLError):
        acls.requested(
            {"GrantRead": ",".join([f'id="{OTHER}"'] * 60), "GrantWrite": ",".join([f'id="{OTHER}"'] * 41)}, OWNER
        )


@pytest.mark.parametrize(
    ("granted", "argument"),
    [
        (to_user("bad"), "CanonicalUser/ID"),
        ({"Grantee": {"Type": "Group", "URI": "http://x"}, "Permission": "READ"}, "Group/URI"),
    ],
)
def test_a_policy_names_the_grantee_that_cannot_be(granted: dict[str, Any], argument: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        acls.from_policy(policy_of(granted), OWNER)
    assert refused.value.members["ArgumentName"] == argument


def test_a_policy_with_an_address_is_no_longer_allowed() -> None:
    grantee = {"Type": "AmazonCustomerByEmail", "EmailAddress": "a@b.c"}
    with pytest.raises(MethodNotAllowed):
        acls.from_policy(policy_of({"Grantee": grantee, "Permission": "READ"}), OWNER)
