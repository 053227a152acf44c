"""The versions of managed policies: five at most, one of them the default, whose text counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from fogstead.kernel.pages import Page
from fogstead.kernel.transaction import Transaction
from fogstead.services.iam.managed_policies import ManagedPolicy, Version
from fogstead.services.iam.pages import page_of
from fogstead.services.iam.policies import check_managed
from fogstead.services.iam.service import DeleteConflict, LimitExceeded, iam, versions_per_policy_max

if TYPE_CHECKING:
    from fogstead.shapes.iam import (
        CreatePolicyVersionRequest,
        CreatePolicyVersionResponse,
        DeletePolicyVersionRequest,
        GetPolicyVersionRequest,
        GetPolicyVersionResponse,
        ListPolicyVersionsRequest,
        SetDefaultPolicyVersionRequest,
    )


@iam.operation(on=ManagedPolicy, at="PolicyArn")
def create_policy_version(tx: Transaction, req: CreatePolicyVersionRequest) -> CreatePolicyVersionResponse:
    """The oldest does not make room by itself; numbers are not used again."""
    policy: ManagedPolicy = tx.resource
    check_managed(req["PolicyDocument"])
    limit = tx.cloud.quotas.limit(tx.home.account, versions_per_policy_max)
    if len(policy.versions) >= limit:
        raise LimitExceeded(
            f"A managed policy can have up to {limit} versions. Before you create a new version, you must delete an "
            "existing version."
        )
    made = Version(policy.last + 1, req["PolicyDocument"], tx.now)
    kept = tx.replace(
        policy,
        versions=[*policy.versions, made],
        last=made.number,
        default=made.number if req.get("SetAsDefault") else policy.default,
        updated_at=tx.now,
    )
    return {"PolicyVersion": _shown(kept, made)}


@iam.operation(on=ManagedPolicy, at="PolicyArn")
def get_policy_version(tx: Transaction, req: GetPolicyVersionRequest) -> GetPolicyVersionResponse:
    """With its text, percent-encoded."""
    policy: ManagedPolicy = tx.resource
    return {"PolicyVersion": shown_with_text(policy, policy.version(req["VersionId"]))}


@iam.operation(on=ManagedPolicy, at="PolicyArn")
def list_policy_versions(tx: Transaction, req: ListPolicyVersionsRequest) -> Page:  # noqa: ARG001
    """The newest first."""
    policy: ManagedPolicy = tx.resource

    def newest_first(version: Version) -> str:
        return f"{policy.last - version.number:09}"

    return page_of(tx, policy.versions, key=newest_first, show=lambda version: _shown(policy, version))


@iam.operation(on=ManagedPolicy, at="PolicyArn")
def set_default_policy_version(tx: Transaction, req: SetDefaultPolicyVersionRequest) -> None:
    """It counts for all who use the policy from the commit on."""
    policy: ManagedPolicy = tx.resource
    tx.replace(policy, default=policy.version(req["VersionId"]).number, updated_at=tx.now)


@iam.operation(on=ManagedPolicy, at="PolicyArn")
def delete_policy_version(tx: Transaction, req: DeletePolicyVersionRequest) -> None:
    """Not the default one."""
    policy: ManagedPolicy = tx.resource
    doomed = policy.version(req["VersionId"])
    if doomed.number == policy.default:
        raise DeleteConflict("Cannot delete the default version of a policy.")
    tx.replace(policy, versions=[version for version in policy.versions if version != doomed], updated_at=tx.now)


def shown_with_text(policy: ManagedPolicy, version: Version) -> Any:
    """As whoever wants to read it sees one."""
    return {**_shown(policy, version), "Document": quote(policy.text_of(version), safe="")}


def _shown(policy: ManagedPolicy, version: Version) -> Any:
    return {
        "VersionId": version.version_id,
        "IsDefaultVersion": version.number == policy.default,
        "CreateDate": version.created_at,
    }
