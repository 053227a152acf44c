"""Managed policies: made, shown, listed, deleted, tagged. Their versions are in `policy_versions.py`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

from fogstead.kernel.access_keys import unique_id
from fogstead.kernel.pages import Page
from fogstead.kernel.transaction import Transaction
from fogstead.services.iam import aws_managed
from fogstead.services.iam.managed_policies import ManagedPolicy, Version, as_policy
from fogstead.services.iam.names import create_named, delete_named, refuse_taken
from fogstead.services.iam.pages import page_of
from fogstead.services.iam.policy_documents import check_identity_policy, size_of
from fogstead.services.iam.policy_uses import count_uses, is_used
from fogstead.services.iam.service import DeleteConflict, LimitExceeded, iam, policies_max, room_in_account
from fogstead.services.iam.tagging import shown_tags, tag_operations, tags_of

if TYPE_CHECKING:
    from fogstead.shapes.iam import (
        CreatePolicyRequest,
        CreatePolicyResponse,
        DeletePolicyRequest,
        GetPolicyRequest,
        GetPolicyResponse,
        ListPoliciesRequest,
    )

SIZE_MAX = 6_144
"""Characters, without white space."""


@iam.operation(creates=ManagedPolicy, at="PolicyName", locate=ManagedPolicy.locate_new("PolicyName"))
def create_policy(tx: Transaction, req: CreatePolicyRequest) -> CreatePolicyResponse:
    """Names are used once, whatever their case and path."""
    name, tags = req["PolicyName"], tags_of(req.get("Tags", []))
    check_managed(req["PolicyDocument"])
    refuse_taken(tx, ManagedPolicy, name)
    room_in_account(tx, ManagedPolicy, policies_max)
    policy = ManagedPolicy(
        name=name,
        folded=name.lower(),
        path=req.get("Path", "/"),
        unique_id=unique_id("ANPA", tx.random),
        description=req.get("Description", ""),
        versions=[Version(1, req["PolicyDocument"], tx.now)],
        tags=tags,
        updated_at=tx.now,
    )
    made = create_named(tx, policy)
    shown: Any = shown_policy(tx, made)
    if made.tags:
        shown["Tags"] = shown_tags(made.tags)
    return {"Policy": shown}


def check_managed(document: str) -> None:
    """MalformedPolicyDocument or LimitExceeded unless it can be a managed policy's."""
    check_identity_policy(document, managed=True)
    if size_of(document) > SIZE_MAX:
        raise LimitExceeded(f"Cannot exceed quota for PolicySize: {SIZE_MAX}")


@iam.operation(on=ManagedPolicy, at="PolicyArn")
def get_policy(tx: Transaction, req: GetPolicyRequest) -> GetPolicyResponse:  # noqa: ARG001 - its place tells which
    """With its tags, and the description where it has one."""
    policy: ManagedPolicy = tx.resource
    shown: Any = {**shown_policy(tx, policy), "Tags": shown_tags(policy.tags)}
    if policy.description:
        shown["Description"] = policy.description
    return {"Policy": shown}


@iam.operation(lists=ManagedPolicy)
def list_policies(tx: Transaction, req: ListPoliciesRequest) -> Page:
    """The account's own by name, then AWS's by name."""
    scope, usage = req.get("Scope", "All"), req.get("PolicyUsageFilter")
    prefix, attached = req.get("PathPrefix", "/"), req.get("OnlyAttached", False)

    def wanted(policy: ManagedPolicy) -> bool:
        if not policy.path.startswith(prefix):
            return False
        if (attached or usage == "PermissionsPolicy") and not is_used(tx, policy.arn, "attached"):
            return False
        return usage != "PermissionsBoundary" or is_used(tx, policy.arn, "boundary")

    found = filter(wanted, chain(_own(tx, scope), _of_aws(scope)))
    return page_of(tx, found, key=_order, show=lambda policy: shown_policy(tx, policy))


def _own(tx: Transaction, scope: str) -> Iterator[ManagedPolicy]:
    return iter(()) if scope == "AWS" else tx.all(ManagedPolicy)


def _of_aws(scope: str) -> Iterator[ManagedPolicy]:
    return iter(()) if scope == "Local" else map(as_policy, aws_managed.every().values())


def _order(policy: ManagedPolicy) -> str:
    return ("2" if policy.is_aws else "1") + policy.folded


@iam.operation(on=ManagedPolicy, at="PolicyArn")
def delete_policy(tx: Transaction, req: DeletePolicyRequest) -> None:  # noqa: ARG001
    """Refused while it is used, or has other versions than the default one."""
    policy: ManagedPolicy = tx.resource
    if is_used(tx, policy.arn, "attached") or is_used(tx, policy.arn, "boundary"):
        raise DeleteConflict("Cannot delete a policy attached to entities.")
    if len(policy.versions) > 1:
        raise DeleteConflict(
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. "
            "The default version is deleted with the policy."
        )
    delete_named(tx, policy)


tag_operations(ManagedPolicy, at="PolicyArn", noun="Policy")


def shown_policy(tx: Transaction, policy: ManagedPolicy) -> Any:
    """As lists show one."""
    return {
        "PolicyName": policy.name,
        "PolicyId": policy.unique_id,
        "Arn": policy.arn,
        "Path": policy.path,
        "DefaultVersionId": f"v{policy.default}",
        "AttachmentCount": count_uses(tx, policy.arn, "attached"),
        "PermissionsBoundaryUsageCount": count_uses(tx, policy.arn, "boundary"),
        "IsAttachable": True,
        "CreateDate": policy.created_at,
        "UpdateDate": policy.updated_at,
    }
