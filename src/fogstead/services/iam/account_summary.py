"""The account in numbers: how many there are of each thing, and how many there may be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fogstead.kernel.quotas import Quota
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store import end_of
from fogstead.services.iam.access_keys import AccessKey
from fogstead.services.iam.belongings import belongings
from fogstead.services.iam.groups import Group
from fogstead.services.iam.instance_profiles import InstanceProfile
from fogstead.services.iam.managed_policies import ManagedPolicy
from fogstead.services.iam.mfa_devices import VirtualMFADevice
from fogstead.services.iam.oidc_providers import OIDCProvider
from fogstead.services.iam.roles import Role
from fogstead.services.iam.server_certificates import ServerCertificate
from fogstead.services.iam.service import (
    access_keys_max,
    groups_max,
    groups_per_user_max,
    iam,
    instance_profiles_max,
    policies_max,
    policies_per_group_max,
    policies_per_role_max,
    policies_per_user_max,
    roles_max,
    server_certificates_max,
    signing_certificates_max,
    users_max,
    versions_per_policy_max,
)
from fogstead.services.iam.signing_certificates import SigningCertificate
from fogstead.services.iam.users import User

if TYPE_CHECKING:
    from fogstead.kernel.resource import Resource
    from fogstead.shapes.iam import GetAccountSummaryResponse, NoInput

_COUNTED_MAX: Final = 100_000
_COUNTED: dict[str, type[Resource]] = {
    "Users": User,
    "Groups": Group,
    "MFADevices": VirtualMFADevice,
    "ServerCertificates": ServerCertificate,
    "Roles": Role,
    "Policies": ManagedPolicy,
    "InstanceProfiles": InstanceProfile,
    "Providers": OIDCProvider,
}
_QUOTAS: dict[str, Quota] = {
    "AccessKeysPerUserQuota": access_keys_max,
    "AttachedPoliciesPerGroupQuota": policies_per_group_max,
    "AttachedPoliciesPerRoleQuota": policies_per_role_max,
    "AttachedPoliciesPerUserQuota": policies_per_user_max,
    "GroupsPerUserQuota": groups_per_user_max,
    "GroupsQuota": groups_max,
    "InstanceProfilesQuota": instance_profiles_max,
    "PoliciesQuota": policies_max,
    "RolesQuota": roles_max,
    "ServerCertificatesQuota": server_certificates_max,
    "SigningCertificatesPerUserQuota": signing_certificates_max,
    "UsersQuota": users_max,
    "VersionsPerPolicyQuota": versions_per_policy_max,
}
_FIXED: dict[str, int] = {
    "AccountMFAEnabled": 0,
    "AccountPasswordPresent": 0,
    "AssumeRolePolicySizeQuota": 2_048,
    "GlobalEndpointTokenVersion": 1,
    "GroupPolicySizeQuota": 5_120,
    "PolicySizeQuota": 6_144,
    "PolicyVersionsInUseQuota": 10_000,
    "RolePolicySizeQuota": 10_240,
    "UserPolicySizeQuota": 2_048,
}
"""Roots have no password and no MFA device here."""


@iam.operation()
def get_account_summary(tx: Transaction, req: NoInput) -> GetAccountSummaryResponse:  # noqa: ARG001
    """By the names that IAM gives these numbers."""
    limits = {name: tx.cloud.quotas.limit(tx.home.account, quota) for name, quota in _QUOTAS.items()}
    counts = {name: _count(tx, cls) for name, cls in _COUNTED.items()}
    root = tx.home.account
    devices = sum(1 for device in tx.all(VirtualMFADevice) if device.owner)
    summary = {
        **_FIXED,
        **limits,
        **counts,
        "MFADevicesInUse": devices,
        "PolicyVersionsInUse": sum(len(policy.versions) for policy in tx.all(ManagedPolicy)),
        "AccountAccessKeysPresent": int(bool(belongings(tx, AccessKey, root))),
        "AccountSigningCertificatesPresent": int(bool(belongings(tx, SigningCertificate, root))),
    }
    return {"SummaryMap": dict(sorted(summary.items()))}


def _count(tx: Transaction, cls: type[Resource]) -> int:
    base = tx.home.prefix + cls.collection
    return tx.keys.count(base, end_of(base), limit=_COUNTED_MAX)
